"""What a project will have cost when it is done: the estimate at completion, with an interval.

In:  money (golden_project_id, contract, amendments, hours, labour, cost_to_date, purchases, budget_hours, budget_cost) and progress.
Out: golden_project_id, rest, rest_p10, rest_p90 (still to be spent; null where nothing tells).

Two witnesses speak about the cost of the whole work, W. The budget does, over the cost index that is usual (EV / AC of earned value,
ANSI/EIA-748): ln W is normal about ln(budget / index), with the spread from project to project. And what was spent so far does, AC: where
a plan says that a share p is done, AC is a part s of W, so that ln W is about ln(AC / s), with the spread d / s of what such a plan is worth,
or more where it is far from what budget and cost say (Student's t). The two are weighed by their variances, and W is no less than what was
spent: the estimate is the middle of that truncated log-normal, less AC, and the interval lies between its tenth and its ninetieth percentile.
With p taken at its word (d = 0) that is the plain AC / p.

All of that is learnt from the closed projects of the same nature, shrunk to what is usual without any: their index and its spread; what part s of
their work had been done when their plans said about p, and how sure that was; and how many of them had then spent all already, though their plan
went on. Plans run ahead of the work where goods are delivered first and fitted last, for instance.

Work earns by progress, goods do not: they are bought ahead. So where a budget tells hours, these are valued at what an hour of the project has
cost so far, or of the company, and goods are what the budget holds beyond, or all of it where the closed projects of the same nature say that
its cost was that of goods alone; a budget that holds none is all work. Goods still to come are that less what was bought, and as uncertain as
those of closed projects were. Amendments raise a budget in proportion to the contract. A closed project has nothing left. Without a budget the
cost goes on as it went, AC / p, where a plan tells p.
"""

from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from mdm.forecast.frames import Frames, query
from mdm.forecast.progress import told as plans_told

Doubles = NDArray[np.float64]

EIGHTY = 1.2815515655446004
"""Standard normal quantile of .9: between its two sides lie 80 %."""


@dataclass(frozen=True)
class Usual:
    """What is known before any project was closed; measured in docs/forecasts.md."""

    index: float = 0.93
    """EV / AC in the middle."""
    spread: float = 0.15
    """Standard deviation of its logarithm from project to project."""
    doubt: float = 0.1
    """Standard deviation of a progress that a plan tells, as a share of the whole."""
    goods: float = 0.1
    """Standard deviation of the logarithm of the cost of goods over their budget."""


WEIGHT = 4
"""How many closed projects what is usual weighs as much as."""
TAIL = 5
"""Degrees of freedom of Student's distribution, by which a plan that is far from what was spent is doubted more than others."""
ALIKE = 0.15
"""Plans that are no further apart in progress than that are worth the same."""
LEAST = 0.05
"""Progress from which on a cost without a budget is carried on."""
WIDEST = 1.5
"""Standard deviation of the logarithm of what remains, at most, where a cost is carried on."""
HOURS_THAT_TELL = 8
"""Hours on a project from which on what they cost is typical of it."""

_SIZED = """
    WITH sized AS (
        SELECT m.golden_project_id, m.nature, g.progress AS done, g.progress_by, m.cost_to_date::DOUBLE AS spent,
            m.purchases::DOUBLE AS bought, m.labour::DOUBLE AS labour, m.hours >= $telling AS tells,
            if(m.hours >= $telling, m.labour / m.hours, (SELECT sum(labour) / sum(hours) FROM money)) AS hour,
            m.budget_cost::DOUBLE * growth AS budget, nullif(m.budget_hours::DOUBLE * growth, 0) AS hours
        FROM (SELECT *, if(contract > 0, greatest(0, 1 + amendments / contract), 1) AS growth FROM money) m
        JOIN progress g ON g.golden_id = m.golden_project_id
    ), habit AS (
        SELECT nature, avg(abs(ln(budget / bought))) < avg(abs(ln(budget / spent))) AS goods_only
        FROM sized WHERE progress_by = 'closed' AND budget > 0 AND bought > 0 AND spent > 0 AND hours > 0 GROUP BY ALL
    ), split AS (
        SELECT s.*, coalesce(h.goods_only, false) AS goods_only,
            if(tells OR goods_only, hours * hour, least(hours * hour, budget)) AS by_hours,
            coalesce(greatest(if(goods_only, budget, budget - by_hours), 0), 0) AS goods
        FROM sized s LEFT JOIN habit h ON h.nature IS NOT DISTINCT FROM s.nature
    ), weighed AS (
        SELECT *, coalesce(goods > $trifle * budget, false) AS stocked, if(stocked, by_hours, coalesce(budget, by_hours)) AS work,
            if(stocked, labour, spent) AS worked, progress_by = 'closed' AS closed, coalesce(worked > 0 AND work > 0, false) AS showing
        FROM split
    ), learnt AS (
        SELECT nature, count(*) AS n, avg(index) AS middle, var_pop(index) AS variance
        FROM (SELECT nature, greatest(-$outlier, least($outlier, ln(work / worked))) AS index FROM weighed WHERE closed AND showing) GROUP BY ALL
    ), stocked AS (
        SELECT nature, count(*) AS n, var_pop(greatest(-$outlier, least($outlier, ln(greatest(bought, 1) / goods)))) AS variance
        FROM weighed WHERE closed AND stocked GROUP BY ALL
    ), seen AS (
        SELECT w.nature, w.golden_project_id, d.progress AS done,
            greatest(0, least(1, coalesce(sum(p.size) FILTER (p.spent_on <= d.day), 0) / sum(p.size))) AS share
        FROM plans_told d
        JOIN weighed w ON w.golden_project_id = d.project_id AND w.closed AND w.showing
        JOIN (
            SELECT c.project_id, c.spent_on, coalesce(c.amount, c.hours * w.hour)::DOUBLE AS size
            FROM cost c JOIN weighed w ON w.golden_project_id = c.project_id WHERE NOT w.stocked OR c.kind = 'labour'
        ) p ON p.project_id = d.project_id
        GROUP BY w.nature, w.golden_project_id, d.progress, d.day HAVING sum(p.size) > 0
    ), alike AS (
        SELECT w.golden_project_id, count(DISTINCT s.golden_project_id) AS n, avg(s.share) AS share, var_pop(s.share) AS variance,
            avg((s.share >= $over)::INTEGER) AS over
        FROM weighed w
        JOIN seen s ON s.nature IS NOT DISTINCT FROM w.nature AND abs(s.done - w.done) <= $alike AND NOT w.closed
        GROUP BY ALL
    )
    SELECT w.golden_project_id, w.done, w.progress_by = 'plan' AS planned, w.closed OR w.done = 1 AS ended, w.spent, w.worked, w.work, w.bought,
        w.goods, w.stocked,
        (coalesce(l.n * l.middle, 0) + $weight * ln($index)) / (coalesce(l.n, 0) + $weight) AS log_index,
        (coalesce(l.n * l.variance, 0) + $weight * $spread * $spread) / (coalesce(l.n, 0) + $weight) * (1 + 1 / (coalesce(l.n, 0) + $weight))
            AS variance,
        sqrt((coalesce(g.n * g.variance, 0) + $weight * $goods * $goods) / (coalesce(g.n, 0) + $weight)) AS goods_spread,
        (coalesce(a.n * a.share, 0) + $weight * w.done) / (coalesce(a.n, 0) + $weight) AS share,
        (coalesce(a.n * a.variance, 0) + $weight * $doubt * $doubt) / (coalesce(a.n, 0) + $weight) AS doubted,
        least(coalesce(a.n * a.over, 0) / (coalesce(a.n, 0) + $weight), $half) AS over
    FROM weighed w
    LEFT JOIN learnt l ON l.nature IS NOT DISTINCT FROM w.nature
    LEFT JOIN stocked g ON g.nature IS NOT DISTINCT FROM w.nature
    LEFT JOIN alike a USING (golden_project_id)
    ORDER BY w.golden_project_id"""
_CONSTANTS = {"telling": HOURS_THAT_TELL, "weight": WEIGHT, "alike": ALIKE, "outlier": 1.0, "trifle": 0.02, "over": 0.99, "half": 0.45}


def completion(frames: Frames, money: pa.Table, progress: pa.Table, usual: Usual) -> pa.Table:
    """What every project still has to spend."""
    tables = {"money": money, "progress": progress, "plans_told": plans_told(frames)}
    sized = query(frames, _SIZED, tables=tables, **asdict(usual), **_CONSTANTS)
    told = {name: sized[name].to_numpy(zero_copy_only=False) for name in sized.column_names if name != "golden_project_id"}
    rests = _rests({name: values.astype(np.float64) for name, values in told.items()}, usual)
    names = ("rest", "rest_p10", "rest_p90")
    columns = [pa.array(rest, mask=np.isnan(rest)) for rest in rests]
    return pa.table({"golden_project_id": sized["golden_project_id"], **dict(zip(names, columns, strict=True))})


def spread(rest: Doubles, high: Doubles) -> Doubles:
    """The standard deviation of the logarithm of what remains, by the side on which it costs more; 0 where nothing or all is known."""
    doubted = (rest > 0) & (high > rest)
    return np.asarray(np.where(doubted, np.log(np.where(doubted, high, 1) / np.where(doubted, rest, 1)) / EIGHTY, 0.0))


def _rests(told: dict[str, Doubles], usual: Usual) -> list[Doubles]:
    """The middle, and what lies a tenth from either side."""
    ended, budgeted = told["ended"] == 1, np.nan_to_num(told["work"]) > 0
    work = [_work(told, chance) for chance in (0.5, 0.1, 0.9)]
    goods = [_goods(told, z) for z in (0.0, -EIGHTY, EIGHTY)]
    carried = _carried(told, usual)
    middle = work[0] + goods[0]
    low = np.where(told["over"] >= 0.1, 0, np.maximum(middle - np.hypot(work[0] - work[1], goods[0] - goods[1]), 0))
    high = middle + np.hypot(work[2] - work[0], goods[2] - goods[0])
    found = zip((middle, low, high), carried, strict=True)
    return [np.where(ended, 0.0, np.where(budgeted, ours, went)) for ours, went in found]


def _work(told: dict[str, Doubles], chance: float) -> Doubles:
    """The quantile of the work that is still to be paid: of the truncated log-normal, or nothing where all may be done already."""
    with np.errstate(divide="ignore", invalid="ignore"):
        spent, share, budget = np.log(np.maximum(told["worked"], 0)), told["share"], np.log(told["work"]) - told["log_index"]
        testified = np.nan_to_num((told["worked"] > 0) & (share > 0)) == 1
        odd = np.where(told["doubted"] > 0, (TAIL * told["doubted"] + (share - np.exp(spent - budget)) ** 2) / (TAIL + 1), 0)
        w = np.where(testified, told["variance"] / (told["variance"] + odd / share**2), 0.0)
        center = np.where(testified, w * (spent - np.log(share)) + (1 - w) * budget, budget)
        wide = np.sqrt(told["variance"] * (1 - w))
        below = ndtr((spent - center) / wide)
        rank = (chance - told["over"]) / (1 - told["over"])
        at = ndtri(np.clip(below + (1 - below) * rank, 0, 1 - 1e-12))
        whole = np.exp(center + np.where(wide > 0, wide * at, 0))
    return np.asarray(np.where(rank > 0, np.maximum(whole - told["worked"], 0), 0.0))


def _goods(told: dict[str, Doubles], z: float) -> Doubles:
    """Goods that are still to be bought, as far from the middle as that; none where the budget holds none."""
    goods = told["goods"] * np.exp(z * told["goods_spread"]) - told["bought"]
    return np.asarray(np.where(told["stocked"] == 1, np.maximum(goods, 0), 0.0))


def _carried(told: dict[str, Doubles], usual: Usual) -> tuple[Doubles, Doubles, Doubles]:
    """Without a budget: as it went, with the doubt about the progress."""
    done = np.where((told["planned"] == 1) & (told["done"] >= LEAST), told["done"], np.nan)
    rest = told["spent"] / done - told["spent"]
    with np.errstate(divide="ignore"):
        unsure = np.minimum(usual.doubt / (done * (1 - done)), WIDEST)
    return rest, rest * np.exp(-EIGHTY * unsure), rest * np.exp(EIGHTY * unsure)
