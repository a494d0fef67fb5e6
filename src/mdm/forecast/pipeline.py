"""The pipeline by month: what is offered, what it weighs, and what was won.

In:  the facts deal, deal_line and deal_phase, the golden records of salesperson.
Out: basis (`closing`: open deals by the month in which they are to close; `phase`: by the months in which they are to be billed; `won`:
     deals won, by the month in which they were), month (its first day, null where nobody said), currency, scope (`total`,
     `salesperson`), golden_salesperson_id, salesperson, deals, amount, weighted, overdue (of the amount: closing date past),
     stale (of the amount: no activity for 60 days). Amounts without tax, a row for each currency: they are never added.
"""

from datetime import date

import pyarrow as pa

from mdm.forecast.frames import Frames, query, to_cents
from mdm.forecast.phases import phases

STALE_DAYS = 60
"""Days without activity after which an open deal is stale."""

_BY_MONTH = """
    WITH dated AS (
        SELECT 'closing' AS basis, closes_on AS day, * FROM phases WHERE status = 'open'
        UNION ALL SELECT 'phase', due_on, * FROM phases WHERE status = 'open'
        UNION ALL SELECT 'won', closes_on, * REPLACE (amount AS weighted) FROM phases WHERE status = 'won' AND closes_on <= $as_of
    ), summed AS (
        SELECT basis, date_trunc('month', day)::DATE AS month, currency,
            if(grouping(golden_salesperson_id) = 1, 'total', 'salesperson') AS scope, golden_salesperson_id,
            count(DISTINCT source || ':' || deal) AS deals, sum(amount) AS amount, sum(weighted) AS weighted,
            coalesce(sum(amount) FILTER (status = 'open' AND closes_on < $as_of), 0) AS overdue,
            coalesce(sum(amount) FILTER (status = 'open' AND $as_of - coalesce(last_activity_on, created_on) >= $stale), 0) AS stale
        FROM dated
        GROUP BY GROUPING SETS ((basis, month, currency), (basis, month, currency, golden_salesperson_id))
    )
    SELECT basis, month, currency, scope, golden_salesperson_id, nullif(concat_ws(' ', p.given_name, p.family_name), '') AS salesperson,
        deals, amount, weighted, overdue, stale
    FROM summed s LEFT JOIN golden_salesperson p ON p.golden_id = s.golden_salesperson_id
    ORDER BY basis, month, currency, scope DESC, golden_salesperson_id"""


def pipeline(frames: Frames, as_of: date) -> pa.Table:
    """Open deals and won ones by month, in total and by salesperson."""
    return to_cents(query(frames, _BY_MONTH, tables={"phases": phases(frames)}, as_of=as_of, stale=STALE_DAYS))
