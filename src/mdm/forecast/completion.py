"""What a project will have cost when it is done: the estimate at completion, with an interval.

In:  money (golden_project_id, contract, amendments, hours, labour, cost_to_date, purchases, budget_hours, budget_cost) and progress.
Out: golden_project_id, rest, rest_p10, rest_p90 (still to be spent; null where nothing tells).

Earned value (ANSI/EIA-748): with BAC the budget, EV = progress x BAC and AC the cost, the cost index is EV / AC and EAC = AC + (BAC - EV) /
index. Early on an index is noise, so its logarithm is shrunk to what is usual, by w = s0^2 / (s0^2 + s^2 x .1 / p + (d / p)^2) with p the
progress, s0 the spread from project to project, s the noise of the work and d the doubt about p. What is usual is learnt from the closed
projects of the same nature. So the whole is BAC / index*, and AC is another part of it than p says: by so much of the difference as d has
in the variance, p was misread, and what remains is the whole less that progress. It is uncertain by what is not known of the whole, by the
noise of the work still to be done and by what is left of the doubt; the interval is log-normal and is to hold 80 %.

Work earns by progress, goods do not: they are bought ahead. So hours are budgeted at what an hour of the project has cost so far, or of the
company, and goods are what the budget holds beyond, or all of it where the closed projects of the same nature say that its cost was that of
goods alone; goods still to come are that less what was bought. Amendments raise a budget in proportion to the contract. A closed project
has nothing left. Without a budget the cost goes on as it went, cost / progress, where a plan tells the progress.
"""

from dataclasses import asdict, dataclass

import pyarrow as pa

from mdm.forecast.frames import Frames, query

EIGHTY = 1.2815515655446004
"""Standard normal quantile of .9: between its two sides lie 80 %."""


@dataclass(frozen=True)
class Usual:
    """What is known of cost indices before a project has told anything."""

    index: float = 0.93
    """EV / AC in the middle."""
    spread: float = 0.15
    """Standard deviation of its logarithm from project to project."""
    noise: float = 0.25
    """Standard deviation of the logarithm that a tenth of a project shows."""
    doubt: float = 0.2
    """Standard deviation of a progress that a plan tells, as a share of the whole."""


WEIGHT = 8
"""How many closed projects what is usual weighs as much as."""
LEAST = 0.05
"""Progress from which on a cost without a budget is carried on."""
WIDEST = 1.5
"""Standard deviation of the logarithm of what remains, at most."""
MOST = 0.95
"""Progress that a project has at most before it is closed."""
HOURS_THAT_TELL = 8
"""Hours on a project from which on what they cost is typical of it."""

_REST = """
    WITH sized AS (
        SELECT m.golden_project_id, m.nature, g.progress AS done, g.progress_by, m.cost_to_date::DOUBLE AS spent,
            m.purchases::DOUBLE AS bought, m.labour::DOUBLE AS labour, m.hours >= $telling AS tells,
            if(m.hours >= $telling, m.labour / m.hours, (SELECT sum(labour) / sum(hours) FROM money)) AS hour,
            m.budget_cost::DOUBLE * growth AS budget, nullif(m.budget_hours::DOUBLE * growth, 0) AS hours
        FROM (SELECT *, if(contract > 0, greatest(0, 1 + amendments / contract), 1) AS growth FROM money) m
        JOIN progress g ON g.golden_id = m.golden_project_id
    ), habit AS (
        SELECT nature, avg(abs(ln(budget / bought))) < avg(abs(ln(budget / spent))) AS goods_only
        FROM sized WHERE progress_by = 'closed' AND budget > 0 AND bought > 0 AND hours > 0 GROUP BY ALL
    ), split AS (
        SELECT s.*, coalesce(h.goods_only, false) AS goods_only,
            if(hours IS NULL OR hour IS NULL, budget, if(tells OR goods_only, hours * hour, least(hours * hour, budget))) AS work,
            if(hours IS NULL OR hour IS NULL, spent, labour) AS worked
        FROM sized s LEFT JOIN habit h ON h.nature IS NOT DISTINCT FROM s.nature
    ), weighed AS (
        SELECT *, coalesce(worked > 0 AND work * done > 0, false) AS showing,
            greatest(if(goods_only, budget, budget - work), bought, 0) - bought AS goods
        FROM split
    ), learnt AS (
        SELECT nature, count(*) AS n, avg(ln(work / worked)) AS middle, coalesce(var_pop(ln(work / worked)), 0) AS variance
        FROM weighed WHERE progress_by = 'closed' AND showing GROUP BY ALL
    ), usual AS (
        SELECT w.*,
            (coalesce(n * middle, 0) + $weight * ln($index)) / (coalesce(n, 0) + $weight) AS log_index,
            sqrt((coalesce(n * variance, 0) + $weight * $spread * $spread) / (coalesce(n, 0) + $weight)) AS spread
        FROM weighed w LEFT JOIN learnt l ON l.nature IS NOT DISTINCT FROM w.nature
    ), doubted AS (
        SELECT *,
            $noise * $noise * 0.1 / nullif(done, 0) AS by_work, pow($doubt / nullif(done, 0), 2) AS by_doubt,
            if(showing, ln(work * done / worked), 0) AS told
        FROM usual
    ), shrunk AS (
        SELECT *,
            coalesce(if(showing, spread * spread / (spread * spread + by_work + by_doubt), 0), 0) AS w,
            coalesce(by_doubt / nullif(by_work + by_doubt, 0), 0) AS misread
        FROM doubted
    ), whole AS (
        SELECT *, work / exp(w * told + (1 - w) * log_index) AS in_all FROM shrunk
    ), reached AS (
        SELECT *, if(done * in_all > 0, least(done * pow(worked / (done * in_all), misread), $most), 0) AS reached FROM whole
    ), estimated AS (
        SELECT *,
            least($widest, sqrt(
                spread * spread * (1 - w) * pow(1 + misread * odds, 2) + $noise * $noise * 0.1 / (1 - reached)
                + coalesce(by_doubt * (1 - misread) * odds * odds, 0))) AS unsure,
            CASE
                WHEN progress_by = 'closed' OR done = 1 THEN 0
                WHEN work IS NOT NULL AND done IS NULL THEN greatest(coalesce(budget, work) - spent, 0)
                WHEN work IS NOT NULL THEN in_all * (1 - reached) + if(hours IS NULL, 0, coalesce(goods, 0))
                WHEN progress_by = 'plan' AND done >= $least THEN spent / done - spent
            END AS rest
        FROM (SELECT *, reached / (1 - reached) AS odds FROM reached)
    )
    SELECT golden_project_id, rest, rest * exp(-$z * unsure) AS rest_p10, rest * exp($z * unsure) AS rest_p90
    FROM estimated ORDER BY golden_project_id"""


def completion(frames: Frames, money: pa.Table, progress: pa.Table, usual: Usual) -> pa.Table:
    """What every project still has to spend."""
    tables = {"money": money, "progress": progress}
    constants = {"telling": HOURS_THAT_TELL, "weight": WEIGHT, "z": EIGHTY, "least": LEAST, "most": MOST, "widest": WIDEST}
    return query(frames, _REST, tables=tables, **asdict(usual), **constants)
