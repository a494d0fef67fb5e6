"""When deals are to be billed: their lines by phases, so that phases sum to lines and lines to deals.

In:  the facts deal, deal_line and deal_phase.
Out: source, deal, deal_line and phase (keys, null where there is none), status, golden_salesperson_id, golden_customer_id, currency,
     created_on, closes_on, last_activity_on, due_on, amount, weighted.

A line is worth its amount, a deal without lines its own. Phases that do not sum to their line are scaled to it, the last one takes what
rounding leaves; a line without phases is billed when the deal closes. `weighted` is the amount by the probability of the line, in its
absence of the deal, in its absence none.
"""

import pyarrow as pa

from mdm.forecast.frames import Frames, query

_PHASES = """
    WITH sold AS (
        SELECT l.source, l.key, l.deal, l.amount, l.probability FROM deal_line l
        UNION ALL
        SELECT d.source, NULL, d.key, d.amount, NULL
        FROM deal d
        WHERE d.amount IS NOT NULL AND NOT EXISTS (SELECT 1 FROM deal_line l WHERE l.source = d.source AND l.deal = d.key)
    ), phased AS (
        SELECT s.*, p.due_on, p.key AS phase, p.amount AS part,
            sum(p.amount) OVER line AS parts,
            row_number() OVER (PARTITION BY s.source, s.key ORDER BY p.due_on DESC, p.key DESC) AS from_last
        FROM sold s LEFT JOIN deal_phase p ON p.source = s.source AND p.deal_line = s.key
        WINDOW line AS (PARTITION BY s.source, s.key)
    ), scaled AS (
        SELECT *, CASE
            WHEN phase IS NULL OR parts = amount THEN coalesce(part, amount)
            WHEN parts <> 0 THEN round(part * (amount / parts)::DECIMAL(18, 12), 2)
            ELSE 0 END AS share
        FROM phased
    ), tied AS (
        SELECT *, if(phase IS NOT NULL AND from_last = 1, amount - sum(if(from_last = 1, 0, share)) OVER line, share) AS due
        FROM scaled WINDOW line AS (PARTITION BY source, key)
    )
    SELECT d.source, d.key AS deal, t.key AS deal_line, t.phase, d.status, d.salesperson_id AS golden_salesperson_id, d.customer_id AS golden_customer_id, d.currency,
        d.created_on, d.closes_on, d.last_activity_on, coalesce(t.due_on, d.closes_on) AS due_on, t.due::DECIMAL(24, 6) AS amount,
        (t.due * (coalesce(t.probability, d.probability, 0) * 0.01))::DECIMAL(24, 6) AS weighted
    FROM tied t JOIN deal d ON d.source = t.source AND d.key = t.deal
    ORDER BY d.source, d.key, due_on, t.phase"""


def phases(frames: Frames) -> pa.Table:
    """Every deal by the days on which it is to be billed."""
    return query(frames, _PHASES)
