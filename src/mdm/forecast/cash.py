"""Who owes what since when, and when it should come in.

`receivables`: every document that is open.
In:  the facts invoice, payment and write_off, the golden records of customer.
Out: source, key, kind, golden_customer_id, customer, golden_project_id, currency, issued_on, due_on, gross, paid, credited, written_off,
     open (with tax; negative for a credit note that nobody used yet), days_overdue, bucket (`not due`, `1-30`, `31-60`, `61-90`, `> 90`),
     mean_delay (days), expected_on. By due date, source and key.

`cash`: by month.
Out: month (its first day), currency, received, due (open documents by due date), overdue (those past due, in the month of `as_of`),
     expected (all open documents by expected_on).

A document without a due date is due 30 days after its issue (C. com. L441-10 I). `expected_on` is the due date and the days by which the
customer has paid late so far, the mean of all customers counting as three more invoices; never before `as_of`.
"""

from datetime import date

import pyarrow as pa

from mdm.forecast.frames import Frames, query, to_cents
from mdm.forecast.settlement import settlements

STATUTORY_DAYS = 30
"""Where nothing was agreed: C. com. L441-10 I."""
PRIOR_INVOICES = 3
"""How many invoices the mean of all customers weighs as much as."""

_RECEIVABLES = """
    WITH document AS (
        SELECT source, key, kind, customer_id, project_id, currency, issued_on,
            coalesce(due_on, issued_on + if(kind = 'credit_note', 0, $statutory)) AS due_on,
            if(kind = 'credit_note', -abs(gross), gross) AS gross
        FROM invoice WHERE issued_on <= $as_of
    ), settled AS (
        SELECT source, invoice AS key, max("on") AS settled_on, sum(amount) AS amount,
            coalesce(sum(amount) FILTER (kind = 'payment'), 0) AS paid,
            coalesce(sum(amount) FILTER (kind = 'credit_note'), 0) AS credited,
            coalesce(sum(amount) FILTER (kind = 'write_off'), 0) AS written_off
        FROM settlement WHERE invoice IS NOT NULL GROUP BY ALL
    ), used AS (
        SELECT source, key, sum(amount) AS amount FROM settlement WHERE kind = 'credit_note' AND invoice IS NOT NULL GROUP BY ALL
    ), late AS (
        SELECT d.customer_id, s.settled_on - d.due_on AS days
        FROM document d JOIN settled s USING (source, key) WHERE d.kind = 'invoice' AND s.amount = d.gross AND s.paid > 0
    ), delay AS (
        SELECT customer_id, (sum(days) + $prior * (SELECT avg(days) FROM late)) / (count(*) + $prior) AS days
        FROM late GROUP BY ALL
    ), standing AS (
        SELECT d.*, coalesce(s.paid, 0) AS paid, coalesce(s.credited, 0) AS credited, coalesce(s.written_off, 0) AS written_off,
            d.gross - coalesce(s.amount, 0) + coalesce(u.amount, 0) AS open,
            greatest($as_of - d.due_on, 0) AS days_overdue,
            round(coalesce(y.days, (SELECT avg(days) FROM late), 0), 1) AS mean_delay
        FROM document d
        LEFT JOIN settled s USING (source, key)
        LEFT JOIN used u USING (source, key)
        LEFT JOIN delay y ON y.customer_id = d.customer_id
    )
    SELECT s.source, s.key, s.kind, s.customer_id AS golden_customer_id, c.name AS customer, s.project_id AS golden_project_id, s.currency,
        s.issued_on, s.due_on, s.gross, s.paid, s.credited, s.written_off, s.open, s.days_overdue,
        CASE WHEN s.days_overdue = 0 THEN 'not due' WHEN s.days_overdue <= 30 THEN '1-30' WHEN s.days_overdue <= 60 THEN '31-60'
            WHEN s.days_overdue <= 90 THEN '61-90' ELSE '> 90' END AS bucket,
        s.mean_delay, greatest(s.due_on + round(s.mean_delay)::INTEGER, $as_of) AS expected_on
    FROM standing s LEFT JOIN golden_customer c ON c.golden_id = s.customer_id
    WHERE s.open <> 0
    ORDER BY s.due_on, s.source, s.key"""

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


def receivables(frames: Frames, as_of: date, settlement: pa.Table | None = None) -> pa.Table:
    """Every document that is open on a day; with the settlements of that day where they are known already."""
    tables = {"settlement": settlements(frames, as_of) if settlement is None else settlement}
    return to_cents(query(frames, _RECEIVABLES, tables=tables, as_of=as_of, statutory=STATUTORY_DAYS, prior=PRIOR_INVOICES))


def cash(frames: Frames, as_of: date) -> pa.Table:
    """Cash received and to come by month."""
    return to_cents(query(frames, _BY_MONTH, tables={"receivable": receivables(frames, as_of)}, as_of=as_of))
