"""How far each project is, by its state, its invoice plan, or the calendar.

In:  the fact plan_line, the golden records of project.
Out: golden_id, progress (0..1, null where nothing tells), progress_by (`closed`, `plan`, `calendar`).

A closed project is done. Lines of the plan are weighed by amount: one that is delivered counts whole, the one in work by the days
between the line before and its own planned day, at most 90 %, for a plan is no proof. Deposits are money, not work. A period counts by the
days that have gone by, since it is billed in advance. A project without a plan is as far as the calendar between its start and its end.
"""

from datetime import date

import pyarrow as pa

from mdm.forecast.frames import Frames, query

CLOSED = "^(termin|clotur|sold|fini|acheve|archiv|clos|complete|finish|done|ended)"
"""States that end a project, folded; a CRM's `Closed Won` starts one."""
DEPOSIT = "acompte|deposit|avance|arrhes|down ?payment"
PERIOD = "period|abonnement|subscription|recurr|loyer|redevance"
UNPROVEN = 0.9

_SPANNED = """
    work AS (
        SELECT l.project_id, l.amount::DOUBLE AS amount, l.status IN ('done', 'invoiced') AS delivered, l.planned_on, l.source, l.key,
            coalesce(if(l.status IN ('done', 'invoiced'), l.done_on, NULL), l.planned_on) AS reached,
            regexp_matches(lower(strip_accents(coalesce(l.kind, l.label, ''))), $period) AS periodic
        FROM plan_line l
        WHERE l.status <> 'cancelled' AND l.amount > 0
            AND NOT regexp_matches(lower(strip_accents(coalesce(l.kind, l.label, ''))), $deposit)
    ), spanned AS (
        SELECT w.*, w.amount / sum(w.amount) OVER whole AS part, coalesce(sum(w.amount) OVER before / sum(w.amount) OVER whole, 0) AS so_far,
            lag(w.reached, 1, coalesce(p.starts_on, p.ordered_on)) OVER line AS reached_before,
            lead(w.planned_on, 1, p.ends_on) OVER line AS planned_next
        FROM work w JOIN golden_project p ON p.golden_id = w.project_id
        WINDOW whole AS (PARTITION BY w.project_id), line AS (PARTITION BY w.project_id ORDER BY w.planned_on, w.source, w.key),
            before AS (line ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    )"""
"""What a plan is paid for: its lines that are work, deposits aside, each with its part of all, that of the lines before, and their days."""

_PROGRESS = f"""
    WITH {_SPANNED}, shared AS (
        SELECT project_id, amount,
            CASE
                WHEN periodic AND planned_next > planned_on
                    THEN greatest(0, least(1, ($as_of - planned_on) / (planned_next - planned_on)))
                WHEN delivered THEN 1
                WHEN reached_before IS NULL OR planned_on <= reached_before THEN if($as_of >= planned_on, $unproven, 0)
                ELSE greatest(0, least($unproven, ($as_of - reached_before) / (planned_on - reached_before)))
            END AS share
        FROM spanned
    ), planned AS (
        SELECT project_id, sum(amount * share) / sum(amount) AS share FROM shared GROUP BY ALL
    )
    SELECT p.golden_id,
        CASE
            WHEN p.closed THEN 1.0
            WHEN w.share IS NOT NULL THEN w.share
            WHEN p.ends_on > p.starts_on
                THEN greatest(0, least($unproven, ($as_of - p.starts_on) / (p.ends_on - p.starts_on)))
        END AS progress,
        CASE
            WHEN p.closed THEN 'closed'
            WHEN w.share IS NOT NULL THEN 'plan'
            WHEN p.ends_on > p.starts_on THEN 'calendar'
        END AS progress_by
    FROM (
        SELECT *, regexp_matches(lower(strip_accents(status)), $ended) AND NOT regexp_matches(lower(status), 'won|gagn') AS closed
        FROM golden_project
    ) p
    LEFT JOIN planned w ON w.project_id = p.golden_id
    ORDER BY p.golden_id"""

_TOLD = f"""
    WITH {_SPANNED}, passing AS (
        SELECT *, unnest([0.2, 0.4, 0.6, 0.8]) AS share,
            if(periodic, planned_on, reached_before) AS since, if(periodic, planned_next, planned_on) AS until
        FROM spanned WHERE delivered
    ), occasion AS (
        SELECT project_id, reached AS day, so_far + part AS progress FROM spanned WHERE delivered AND NOT periodic
        UNION ALL
        SELECT project_id, since + round(share * (until - since))::INTEGER, so_far + share * part FROM passing
        WHERE until > since AND (periodic OR since + round(share * (until - since))::INTEGER < reached)
        UNION ALL
        SELECT project_id, planned_on, so_far + $unproven * part FROM spanned WHERE delivered AND NOT periodic AND planned_on < reached
    )
    SELECT project_id, day, max(progress) AS progress FROM occasion WHERE progress > 0 AND progress < 1 AND day IS NOT NULL GROUP BY ALL"""


def progress(frames: Frames, as_of: date) -> pa.Table:
    """How far each golden project is."""
    return query(frames, _PROGRESS, as_of=as_of, ended=CLOSED, deposit=DEPOSIT, period=PERIOD, unproven=UNPROVEN)


def told(frames: Frames) -> pa.Table:
    """What plans said on the way to every delivery and on its day: project_id, day, progress (between 0 and 1)."""
    return query(frames, _TOLD, deposit=DEPOSIT, period=PERIOD, unproven=UNPROVEN)
