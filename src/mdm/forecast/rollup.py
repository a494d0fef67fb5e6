"""What hangs on customers and projects, and what it comes to.

`hanging`: everything that was offered, delivered, billed and paid.
In:  the facts deal, invoice, amendment, payment and write_off, the golden records and members of project, the edges.
Out: kind (`project`, `deal`, `invoice`, `payment`), id (golden, of projects), source, key, name, status, on, amount, currency, of (what it
     hangs on: a golden id, or of a payment `source:key` of the invoice). By kind in that order, on, id, source, key.

`rollup`: a row for each currency; amounts of several are never added.
In:  the facts invoice, payment, write_off, deal, deal_line, deal_phase, cost and employee, the golden records of project.
Out: currency, invoiced (without tax, net of credit notes), paid and outstanding (with tax), pipeline and weighted (open deals), cost (of
     their projects), margin (invoiced - cost, both in that currency).
"""

from collections.abc import Collection
from datetime import date

import pyarrow as pa

from mdm.forecast.cash import open_documents
from mdm.forecast.frames import Frames, query, to_cents
from mdm.forecast.links import links
from mdm.forecast.phases import phases
from mdm.forecast.settlement import settlements

_HANGING = """
    WITH job AS (
        SELECT p.* FROM golden_project p WHERE p.golden_id IN (FROM chosen) OR p.customer IN (FROM chosen)
    ), bill AS (
        SELECT * FROM invoice WHERE (customer_id IN (FROM chosen) OR project_id IN (SELECT golden_id FROM job)) AND issued_on <= $as_of
    )
    SELECT 1 AS place, 'project' AS kind, golden_id AS id, NULL AS source, NULL AS key, label AS name, status, ordered_on AS "on", amount,
        currency, customer AS of
    FROM job
    UNION ALL
    SELECT 2, 'deal', NULL, d.source, d.key, d.name, d.status, coalesce(d.closes_on, d.created_on), d.amount, d.currency,
        coalesce(l.golden_project_id, d.customer_id)
    FROM deal d JOIN link l ON l.fact = 'deal' AND l.source = d.source AND l.key = d.key
    WHERE d.customer_id IN (FROM chosen) OR l.golden_project_id IN (SELECT golden_id FROM job)
    UNION ALL
    SELECT 3, 'invoice', NULL, source, key, reference, kind, issued_on, if(kind = 'credit_note', -abs(gross), gross), currency,
        coalesce(project_id, customer_id)
    FROM bill
    UNION ALL
    SELECT 4, 'payment', NULL, s.source, s.key, NULL, NULL, s."on", s.amount, b.currency, s.source || ':' || s.invoice
    FROM settlement s JOIN bill b ON b.source = s.source AND b.key = s.invoice WHERE s.kind = 'payment'
    ORDER BY place, "on", id, source, key, of"""

_ROLLUP = """
    WITH piece AS (
        SELECT currency, 'invoiced' AS part, if(kind = 'credit_note', -abs(net), net)::DECIMAL(38, 12) AS amount
        FROM invoice WHERE customer_id IN (FROM chosen) AND issued_on <= $as_of
        UNION ALL
        SELECT i.currency, 'paid', s.amount FROM settlement s JOIN invoice i ON i.source = s.source AND i.key = s.invoice
        WHERE i.customer_id IN (FROM chosen) AND s.kind = 'payment'
        UNION ALL SELECT currency, 'outstanding', open FROM receivable WHERE golden_customer_id IN (FROM chosen)
        UNION ALL SELECT currency, 'pipeline', amount FROM phases WHERE golden_customer_id IN (FROM chosen) AND status = 'open'
        UNION ALL SELECT currency, 'weighted', weighted FROM phases WHERE golden_customer_id IN (FROM chosen) AND status = 'open'
        UNION ALL
        SELECT if(c.amount IS NULL, $currency, c.currency), 'cost', coalesce(c.amount, c.hours * e.hourly_cost)
        FROM cost c JOIN golden_project p ON p.golden_id = c.project_id
        LEFT JOIN employee e ON e.source = c.source AND e.key = c.employee
        WHERE p.customer IN (FROM chosen) AND c.spent_on <= $as_of
    ), summed AS (
        SELECT currency, coalesce(sum(amount) FILTER (part = 'invoiced'), 0) AS invoiced, coalesce(sum(amount) FILTER (part = 'paid'), 0) AS paid,
            coalesce(sum(amount) FILTER (part = 'outstanding'), 0) AS outstanding,
            coalesce(sum(amount) FILTER (part = 'pipeline'), 0) AS pipeline, coalesce(sum(amount) FILTER (part = 'weighted'), 0) AS weighted,
            coalesce(sum(amount) FILTER (part = 'cost'), 0) AS cost
        FROM piece GROUP BY currency
    )
    SELECT *, invoiced - cost AS margin FROM summed ORDER BY currency"""


def hanging(frames: Frames, ids: Collection[str], as_of: date) -> pa.Table:
    """What hangs on golden customers, or on golden projects."""
    tables = {"chosen": _table(ids), "link": links(frames), "settlement": settlements(frames, as_of)}
    return query(frames, _HANGING, tables=tables, as_of=as_of).drop_columns("place")


def rollup(frames: Frames, customers: Collection[str], as_of: date, currency: str = "EUR") -> pa.Table:
    """What golden customers come to together; `currency` is that of hours."""
    settlement = settlements(frames, as_of)
    tables = {
        "chosen": _table(customers),
        "settlement": settlement,
        "receivable": open_documents(frames, settlement, as_of),
        "phases": phases(frames),
    }
    return to_cents(query(frames, _ROLLUP, tables=tables, as_of=as_of, currency=currency))


def _table(ids: Collection[str]) -> pa.Table:
    return pa.table({"golden_id": pa.array(sorted(ids), pa.string())})
