"""The chance that an open deal is won: a ladder by how many deals have ended, each rung resting on the one below.

| ended deals | rung | model |
| --- | --- | --- |
| none | `no_history` | the mean of what was entered, or the usual rate |
| < 30 | `stage_table` | the rate of the stage, Beta(k p0, k (1 - p0)), k = 8 |
| < 150 | `logit` | ridge logit of stage and time in it, product, salesperson |
| < 1,000 | `empirical_bayes` | the same with sort of sale and measures, its cells (stage, product, salesperson) shrunk to it, and then what the salesperson entered |
| more | `competing_risks` | the same around the chance by stage and time in it that competing risks give, deals still open counted |

On the lower rungs the chance is halfway, in log-odds, between the model's and what was entered, where something was.

Outcomes are those of stage entries. Those of deals that are still open are not known, so those that ended as late weigh for them (inverse
probability of censoring: Robins and Rotnitzky, 1992), all together as much as they are; what is open longer than all but one in a hundred took is as good as lost.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zlib import crc32

import numpy as np
import pyarrow as pa

from mdm.forecast.deals.features import ON_EFFECT, Columns, Encoding, columns, since
from mdm.forecast.deals.ridge import ESTIMATED, Fit, expit, fit, logit
from mdm.forecast.deals.shrinkage import FEW, interval, strength
from mdm.forecast.deals.timing import Outlook, outlook

Array = np.ndarray
RUNGS = (("no_history", 1), ("stage_table", 30), ("logit", 150), ("empirical_bayes", 1000), ("competing_risks", None))
"""The rungs, and the number of ended deals from which the next one is taken."""
USUAL_RATE = 0.3
"""Of deals won where there is no history and nothing was entered."""
MOST = 10.0
"""How much an outcome weighs at most."""
FOLDS = 5
OFFSET_FROM = 50
"""Ended deals above which a salesperson's entry is read in a way of its own."""
DEAD_QUANTILE = 0.99
LEAST_DEAD = 90


@dataclass(frozen=True)
class Chances:
    """What is said of open deals: the chance, its 80 % interval, the rung, ended deals behind the model and in the same cell."""

    chance: Array
    low: Array
    high: Array
    rung: str
    closed: int
    similar: Array
    recalibrated: Array
    """The probability entered as past entries came true; NaN where nothing was entered."""
    outlook: Outlook


@dataclass(frozen=True)
class Learnt:
    """Rows to learn from."""

    rows: Columns
    table: pa.Table
    outcome: Array
    weight: Array
    """Zero where the outcome is not known."""
    closed: int
    dated: bool
    """Whether deals that ended tell when they began, nine in ten at least."""
    repeated: float
    """Rows a deal: what is known of one is not known as many times."""

    @property
    def folds(self) -> Array:
        """A part for every deal, so that none is judged by what was learnt from itself."""
        return np.array(
            [crc32(f"{one}:{other}".encode()) % FOLDS for one, other in zip(self.rows["source"], self.rows["key"], strict=True)]
        )


def rung_of(closed: int) -> str:
    """The rung for so many ended deals."""
    return next(name for name, most in RUNGS if most is None or closed < most)


def learnt(entries: pa.Table, known: pa.Table, as_of: date) -> Learnt:
    """Stage entries with their outcomes as known on a day."""
    rows = columns(entries)
    closed = sum(status != "open" for status in known["status"].to_pylist())
    outcome = np.array([status == "won" for status in rows["status"]], dtype=float)
    followed = np.array([(as_of - day).days for day in rows["seen_on"]], dtype=float)
    lasted = np.array([np.inf if days is None else days for days in rows["days"]], dtype=float)
    ended = np.isfinite(lasted)
    dead = max(float(np.quantile(lasted[ended], DEAD_QUANTILE)), LEAST_DEAD) if ended.any() else np.inf
    until = np.where(ended, lasted, dead)
    known_outcome = ended | (followed >= dead)
    seen_as_long = 1 - np.searchsorted(np.sort(followed), until, side="left") / max(len(followed), 1)
    weight = np.where(known_outcome, np.minimum(1 / np.maximum(seen_as_long, 1 / MOST), MOST), 0.0)
    first = np.array(rows["first"], dtype=bool)
    for alike in (first, ~first):
        weight[alike] *= np.count_nonzero(weight[alike]) / max(float(weight[alike].sum()), 1e-12)
    begun = [
        day is not None
        for day, status in zip(known["created_on"].to_pylist(), known["status"].to_pylist(), strict=True)
        if status != "open"
    ]
    deals = len({*zip(rows["source"], rows["key"], strict=True)})
    return Learnt(rows, entries, outcome, weight, closed, sum(begun) > 0.9 * len(begun), max(len(outcome) / max(deals, 1), 1.0))


def chances(past: Learnt, now: Columns, as_of: date) -> Chances:
    """What past deals say of those that are open now."""
    rung, seen = rung_of(past.closed), set(past.rows["stage"])
    # A stage that no history tells of is none, as it is of the deals that one learns from.
    now = {**now, "stage": [stage if stage in seen else None for stage in now["stage"]]}
    ahead = outlook(past.table, as_of, landmarks=rung == "competing_risks")
    recalibrated = _recalibrated(past, now)
    if rung in {"no_history", "stage_table"}:
        chance, weight, similar = _stage_table(past, now)
    else:
        chance, weight, similar = _modelled(past, now, rung, ahead)
    if rung in {"no_history", "stage_table", "logit"}:
        chance = _averaged(chance, recalibrated)
    low, high = interval(chance, weight)
    return Chances(chance, low, high, rung, past.closed, similar, recalibrated, ahead)


def _averaged(chance: Array, recalibrated: Array) -> Array:
    """Both halfway, in log-odds: as long as it cannot be learnt what each is worth, they are worth the same (Clemen, 1989)."""
    return np.where(np.isnan(recalibrated), chance, expit((logit(chance) + logit(np.nan_to_num(recalibrated, nan=0.5))) / 2))


def _stage_table(past: Learnt, now: Columns) -> tuple[Array, Array, Array]:
    counts, wins = _by_cell(past, ("stage",))
    ended = sum(counts.values())
    usual = (sum(wins.values()) + FEW * _expected(past.rows, now)) / (ended + FEW)
    cells = _cells(now, ("stage",))
    count, won = (np.array([found[cell] for cell in cells], dtype=float) for found in (counts, wins))
    return (won + FEW * usual) / (count + FEW), count + FEW, _similar(past, now, ("stage",))


def _expected(*several: Columns) -> float:
    """The share of deals won before many have ended: the mean of what was entered, for salespeople know more than nobody."""
    entered = np.concatenate([_entered(rows) for rows in several])
    return USUAL_RATE if np.isnan(entered).all() else float(np.nanmean(entered))


def _by_cell(past: Learnt, by: Sequence[str]) -> tuple[Counter[tuple[str, ...]], Counter[tuple[str, ...]]]:
    """Outcomes and wins of stage entries by cell."""
    counts: Counter[tuple[str, ...]] = Counter()
    wins: Counter[tuple[str, ...]] = Counter()
    for cell, first, weight, outcome in zip(_cells(past.rows, by), past.rows["first"], past.weight, past.outcome, strict=True):
        if first and weight:
            counts[cell] += weight
            wins[cell] += weight * outcome
    return counts, wins


def _similar(past: Learnt, now: Columns, by: Sequence[str]) -> Array:
    """How many deals that ended were in the same cell."""
    ended = {
        (cell, *deal)
        for cell, status, *deal in zip(_cells(past.rows, by), *(past.rows[name] for name in ("status", "source", "key")), strict=True)
        if status != "open"
    }
    counts = Counter(cell for cell, *_ in ended)
    return np.array([counts[cell] for cell in _cells(now, by)], dtype=int)


def _cells(rows: Columns, by: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(level or "" for level in cell) for cell in zip(*(rows[name] for name in by), strict=True)]


@dataclass(frozen=True)
class _Model:
    """A logit and, above it, what its cells add."""

    encoding: Encoding
    fit: Fit
    ahead: Outlook | None
    cells: dict[tuple[str, ...], float]
    counts: dict[tuple[str, ...], float]
    k: float

    def logits(self, rows: Columns) -> Array:
        """Log-odds of rows."""
        said = expit(self.fit.logit(self.encoding.features(rows), _offset(self.ahead, rows)))
        return logit(
            np.array([chance + self.cells.get(cell, 0.0) for chance, cell in zip(said, _cells(rows, _CELL), strict=True)]), ESTIMATED
        )


_CELL = ("stage", "product", "salesperson")


def _offset(ahead: Outlook | None, rows: Columns) -> Array | float:
    if ahead is None:
        return 0.0
    return logit(ahead.won.sum(axis=1)[ahead.states(rows["stage"], np.array(since(rows, "stage_since"), dtype=int))], ESTIMATED)


def _model(past: Learnt, used: Array, rung: str, ahead: Outlook) -> _Model:
    at = np.flatnonzero(used & (past.weight > 0))
    rows = {name: [values[row] for row in at] for name, values in past.rows.items()}
    base = ahead if rung == "competing_risks" else None
    encoding = Encoding.of(rows, state=base is None, wide=rung != "logit")
    features, offset = encoding.features(rows), _offset(base, rows)
    outcome, weight = past.outcome[at], past.weight[at]
    found = fit(features, outcome, weight, encoding.penalty() * past.repeated, offset=offset)
    expected = expit(found.logit(features, offset))
    if base is not None:
        # How many are won is what competing risks say; what is learnt is who wins more than others.
        found = Fit(np.concatenate([[0.0], found.coefficients[1:]]), found.covariance)
    if rung == "logit":
        return _Model(encoding, found, base, {}, {}, FEW)
    first = np.array(rows["first"], dtype=bool)
    cells = _cells(rows, _CELL)
    names = sorted(set(cells))
    place = {name: number for number, name in enumerate(names)}
    of = np.array([place[cell] for cell in cells], dtype=int)[first]
    counts, wins, hoped = (
        np.bincount(of, weights=values, minlength=len(names))
        for values in (weight[first], (weight * outcome)[first], weight[first] * expected[first])
    )
    k = strength(wins, counts, hoped / np.maximum(counts, 1e-9))
    return _Model(
        encoding, found, base, dict(zip(names, (wins - hoped) / (counts + k), strict=True)), dict(zip(names, counts, strict=True)), k
    )


def _modelled(past: Learnt, now: Columns, rung: str, ahead: Outlook) -> tuple[Array, Array, Array]:
    everything = np.ones(len(past.weight), dtype=bool)
    if rung == "competing_risks":
        everything = _on_file(past)
    model = _model(past, everything, rung, ahead)
    said = model.logits(now)
    variance = model.fit.variance(model.encoding.features(now)) * past.repeated
    chance = expit(said)
    weight = 1 / np.maximum(chance * (1 - chance) * variance, 1e-9)
    by = ("stage",) if rung == "logit" else _CELL
    similar = _similar(past, now, by)
    if rung != "logit":
        chance = expit(_stacked(past, now, everything, rung, ahead, said))
        weight = 1 / (1 / weight + 1 / (similar + model.k))
    return chance, np.maximum(weight, 1.0), similar


def _on_file(past: Learnt) -> Array:
    """Rows since the first ending on file: of earlier ones, those that ended before it are missing."""
    closed = [day for day in past.rows["closed_on"] if day is not None]
    first = min(closed, default=date.min)
    return np.array([day >= first for day in past.rows["seen_on"]], dtype=bool)


def _stacked(past: Learnt, now: Columns, everything: Array, rung: str, ahead: Outlook, said: Array) -> Array:
    """Log-odds of the model and of what was entered together, as they came true on deals that the model had not seen."""
    entered, entered_now = _entered(past.rows), _entered(now)
    used = everything & (past.weight > 0) & ~np.isnan(entered)
    if used.sum() < 30 * past.repeated or np.isnan(entered_now).all():
        return said
    folds, alone = past.folds, np.zeros(len(entered))
    for fold in range(FOLDS):
        apart = np.flatnonzero((folds == fold) & used)
        if len(apart):
            held = {name: [values[row] for row in apart] for name, values in past.rows.items()}
            alone[apart] = _model(past, everything & (folds != fold), rung, ahead).logits(held)
    offsets = _offsets(past)
    of_past, of_now = (_own(offsets, rows) for rows in (past.rows, now))
    features = np.column_stack([np.ones(len(entered)), _said(past.rows), alone, of_past])[used]
    penalty = np.array([0.25, *[ON_EFFECT] * (2 + len(offsets))]) * past.repeated
    prior = np.array([0.0, 0.5, 0.5, *[0.0] * len(offsets)])
    found = fit(features, past.outcome[used], past.weight[used], penalty, prior)
    both = found.logit(np.column_stack([np.ones(len(said)), _said(now), said, of_now]))
    return np.where(np.isnan(entered_now), said, both)


def _recalibrated(past: Learnt, now: Columns) -> Array:
    """What was entered, as entries came true: pooled, and by salesperson where there is enough of each."""
    entered, entered_now = _entered(past.rows), _entered(now)
    used, offsets = (past.weight > 0) & ~np.isnan(entered), _offsets(past)
    features, wanted = (
        np.column_stack([np.ones(len(said)), logit(np.nan_to_num(said, nan=0.5)), _own(offsets, rows)])
        for said, rows in ((entered, past.rows), (entered_now, now))
    )
    penalty = np.array([1.0, 1.0, *[ON_EFFECT] * len(offsets)]) * past.repeated
    prior = np.array([0.0, 1.0, *[0.0] * len(offsets)])
    found = fit(features[used], past.outcome[used], past.weight[used], penalty, prior)
    return np.where(np.isnan(entered_now), np.nan, expit(found.logit(wanted)))


def _entered(rows: Columns) -> Array:
    """Probabilities entered; 0 and 100 % on an open deal are no estimate."""
    return np.array([np.nan if said is None or not 0 < said < 1 else said for said in rows["entered"]], dtype=float)


def _said(rows: Columns) -> Array:
    """Log-odds of what was entered, halfway to the mean of all that was so far: a guess repeated is a better one."""
    entered = _entered(rows)
    last = logit(np.nan_to_num(entered, nan=0.5))
    before = np.array([np.nan if said is None else said for said in rows["entered_so_far"]], dtype=float)
    return np.where(np.isnan(before), last, (last + logit(np.nan_to_num(before, nan=0.5))) / 2)


def _offsets(past: Learnt) -> list[str]:
    """Salespeople with so many ended deals that their way of entering can be told."""
    ended = {
        (*deal, who or "")
        for *deal, who, status in zip(past.rows["source"], past.rows["key"], past.rows["salesperson"], past.rows["status"], strict=True)
        if status != "open"
    }
    return sorted(who for who, count in Counter(who for *_, who in ended).items() if who and count > OFFSET_FROM)


def _own(offsets: Sequence[str], rows: Columns) -> Array:
    return np.array([[who == name for name in offsets] for who in rows["salesperson"]], dtype=float).reshape(len(rows["key"]), len(offsets))
