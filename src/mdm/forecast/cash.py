"""Who owes what since when, and when it should come in.

`open_documents`: every document that is open, and `receivables`: when it should come in, too.
In:  the facts invoice, payment and write_off, the golden records of customer.
Out: source, key, kind, golden_customer_id, customer, golden_project_id, currency, issued_on, due_on, gross, paid, credited, written_off,
     open (with tax; negative for a credit note that nobody used yet), days_overdue, bucket (`not due`, `1-30`, `31-60`, `61-90`, `> 90`),
     and of `receivables` terms (as the invoice says them), terms_excess (days by which they go beyond what the law lets parties agree, null
     where they cannot be read), expected_on, expected_p10, expected_p90, never_probability, customer_invoices, rests_on (those of `payments.expected`; of
     a credit note expected_on alone, its due date). By due date, source and key.

`cash`: by month.
Out: month (its first day), currency, received, due (open documents by due date), overdue (those past due, in the month of `as_of`),
     expected (all open documents by expected_on).

A document without a due date is due 30 days after its issue (C. com. L441-10 I). `expected_on` is never before `as_of`.
"""

from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from mdm.forecast.frames import Frames, query, to_cents
from mdm.forecast.payments.expected import expected
from mdm.forecast.settlement import settlements
from mdm.forecast.terms import STATUTORY_DAYS, Buyer, excess, read, usual

_BUYERS: tuple[Buyer, ...] = ("company", "public")

_OPEN = """
    WITH document AS (
        SELECT source, key, kind, customer_id, project_id, currency, issued_on,
            coalesce(due_on, issued_on + if(kind = 'credit_note', 0, $statutory)) AS due_on,
            if(kind = 'credit_note', -abs(gross), gross) AS gross
        FROM invoice WHERE issued_on <= $as_of
    ), settled AS (
        SELECT source, invoice AS key, sum(amount) AS amount,
            coalesce(sum(amount) FILTER (kind = 'payment'), 0) AS paid,
            coalesce(sum(amount) FILTER (kind = 'credit_note'), 0) AS credited,
            coalesce(sum(amount) FILTER (kind = 'write_off'), 0) AS written_off
        FROM settlement WHERE invoice IS NOT NULL GROUP BY ALL
    ), used AS (
        SELECT source, key, sum(amount) AS amount FROM settlement WHERE kind = 'credit_note' AND invoice IS NOT NULL GROUP BY ALL
    ), standing AS (
        SELECT d.*, coalesce(s.paid, 0) AS paid, coalesce(s.credited, 0) AS credited, coalesce(s.written_off, 0) AS written_off,
            d.gross - coalesce(s.amount, 0) + coalesce(u.amount, 0) AS open,
            greatest($as_of - d.due_on, 0) AS days_overdue
        FROM document d
        LEFT JOIN settled s USING (source, key)
        LEFT JOIN used u USING (source, key)
    )
    SELECT s.source, s.key, s.kind, s.customer_id AS golden_customer_id, c.name AS customer, s.project_id AS golden_project_id, s.currency,
        s.issued_on, s.due_on, s.gross, s.paid, s.credited, s.written_off, s.open, s.days_overdue,
        CASE WHEN s.days_overdue = 0 THEN 'not due' WHEN s.days_overdue <= 30 THEN '1-30' WHEN s.days_overdue <= 60 THEN '31-60'
            WHEN s.days_overdue <= 90 THEN '61-90' ELSE '> 90' END AS bucket
    FROM standing s LEFT JOIN golden_customer c ON c.golden_id = s.customer_id
    WHERE s.open <> 0
    ORDER BY s.due_on, s.source, s.key"""

_EXPECTED = """
    SELECT d.*, i.payment_terms AS terms, if(c.siren[1] IN ('1', '2'), t.public, t.company) AS terms_excess,
        coalesce(e.expected_on, greatest(d.due_on, $as_of)) AS expected_on, e.expected_p10, e.expected_p90, e.never_probability,
        e.customer_invoices, e.rests_on
    FROM open_document d
    JOIN invoice i USING (source, key)
    LEFT JOIN expectation e USING (source, key)
    LEFT JOIN agreed t ON t.terms = i.payment_terms
    LEFT JOIN golden_customer c ON c.golden_id = d.golden_customer_id
    ORDER BY d.due_on, d.source, d.key"""

PIECES = """
        SELECT 'invoice' AS entity, source, key, greatest(due_on, $as_of) AS day, currency, if(due_on < $as_of, 'overdue', 'due') AS sort, open AS amount FROM receivable
        UNION ALL SELECT 'invoice', source, key, expected_on, currency, 'expected', open FROM receivable
        UNION ALL SELECT 'payment', source, key, received_on, currency, 'received', amount FROM payment WHERE received_on <= $as_of"""
"""What a month is the sum of, a fact a row; `sort` is the column."""

_BY_MONTH = f"""
    WITH pieces AS ({PIECES})
    SELECT date_trunc('month', day)::DATE AS month, currency,
        coalesce(sum(amount) FILTER (sort = 'received'), 0) AS received,
        coalesce(sum(amount) FILTER (sort = 'due'), 0) AS due,
        coalesce(sum(amount) FILTER (sort = 'overdue'), 0) AS overdue,
        coalesce(sum(amount) FILTER (sort = 'expected'), 0) AS expected
    FROM pieces GROUP BY ALL ORDER BY month, currency"""


def open_documents(frames: Frames, settlement: pa.Table, as_of: date) -> pa.Table:
    """Every document that is open on a day; `settlement` is that of `settlements` for the day."""
    return to_cents(query(frames, _OPEN, tables={"settlement": settlement}, as_of=as_of, statutory=STATUTORY_DAYS))


def receivables(frames: Frames, as_of: date) -> pa.Table:
    """Every document that is open on a day, and when it should come in."""
    settlement = settlements(frames, as_of)
    tables = {"open_document": open_documents(frames, settlement, as_of), "expectation": expected(frames, settlement, as_of)}
    tables["agreed"] = _agreed(frames)
    return query(frames, _EXPECTED, tables=tables, as_of=as_of)


def _agreed(frames: Frames) -> pa.Table:
    """All terms that invoices say, and by how many days they go beyond the law, for a company and for a public buyer."""
    said = sorted(text for text in pc.unique(frames.facts["invoice"]["payment_terms"]).to_pylist() if text and read(text))
    beyond = [[excess(usual(text), buyer) for text in said] for buyer in _BUYERS]
    return pa.table([said, *beyond], schema=pa.schema([("terms", pa.string()), *((buyer, pa.int64()) for buyer in _BUYERS)]))


def cash(frames: Frames, as_of: date) -> pa.Table:
    """Cash received and to come by month."""
    return to_cents(query(frames, _BY_MONTH, tables={"receivable": receivables(frames, as_of)}, as_of=as_of))
