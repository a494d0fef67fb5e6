"""What will be billed by month, and what was.

In:  the facts invoice, plan_line, deal, deal_line and deal_phase, the golden records of project.
Out: month (its first day), currency, invoiced (net of credit notes), planned (lines of invoice plans to come), overdue (lines whose day has
     passed and that are not delivered), done (lines delivered and not invoiced), pipeline (phases of open deals by their probability),
     pipeline_overdue (those whose day has passed). Without tax; a row for each month and currency.

What is late or ready can be billed now, so it stands in the month of `as_of`, in a column of its own. A line of a plan is in the currency
of its project.
"""

from datetime import date

import pyarrow as pa

from mdm.forecast.frames import Frames, query, to_cents
from mdm.forecast.phases import phases

PIECES = """
        SELECT 'invoice' AS entity, source, key, issued_on AS day, currency, 'invoiced' AS sort, if(kind = 'credit_note', -abs(net), net) AS amount
        FROM invoice WHERE issued_on <= $as_of
        UNION ALL
        SELECT 'plan_line', l.source, l.key, if(l.status = 'done', $as_of, greatest(l.planned_on, $as_of)), coalesce(p.currency, $currency),
            CASE WHEN l.status = 'done' THEN 'done' WHEN l.planned_on < $as_of THEN 'overdue' ELSE 'planned' END, l.amount
        FROM plan_line l LEFT JOIN golden_project p ON p.golden_id = l.project_id
        WHERE l.status IN ('planned', 'done')
        UNION ALL
        SELECT CASE WHEN phase IS NOT NULL THEN 'deal_phase' WHEN deal_line IS NOT NULL THEN 'deal_line' ELSE 'deal' END, source,
            coalesce(phase, deal_line, deal), greatest(due_on, $as_of), currency, if(due_on < $as_of, 'pipeline_overdue', 'pipeline'), weighted
        FROM phases WHERE status = 'open' AND due_on IS NOT NULL"""
"""What a month is the sum of, a fact a row; `sort` is the column."""

_BY_MONTH = f"""
    WITH pieces AS ({PIECES})
    SELECT date_trunc('month', day)::DATE AS month, currency,
        coalesce(sum(amount) FILTER (sort = 'invoiced'), 0) AS invoiced,
        coalesce(sum(amount) FILTER (sort = 'planned'), 0) AS planned,
        coalesce(sum(amount) FILTER (sort = 'overdue'), 0) AS overdue,
        coalesce(sum(amount) FILTER (sort = 'done'), 0) AS done,
        coalesce(sum(amount) FILTER (sort = 'pipeline'), 0) AS pipeline,
        coalesce(sum(amount) FILTER (sort = 'pipeline_overdue'), 0) AS pipeline_overdue
    FROM pieces GROUP BY ALL ORDER BY month, currency"""


def billing(frames: Frames, as_of: date, currency: str = "EUR") -> pa.Table:
    """Invoices of the past, plans and weighted phases of the months ahead; `currency` is that of projects that name none."""
    return to_cents(query(frames, _BY_MONTH, tables={"phases": phases(frames)}, as_of=as_of, currency=currency))
