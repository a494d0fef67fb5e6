"""Win probabilities of the past beside what came: at the end of every month, by what was known then.

`rolled`: every deal that was open at an origin and whose end is known by `as_of`.
Out: origin, source, key, stage, currency, amount, outcome (1 won), rung, and the probability by each way: model, recalibrated, entered, stage_rate
     (the share won of the deals that had been in that stage and had ended), rate (the share won of all that had ended).

`scored`: the measures of each way over all origins.
Out: model, origins, deals (rows), wins, brier, log_loss, skill (against the stage's rate, on the same rows), slope, intercept, ece, bias.

`quarters`: the value won in the three months after an origin, of deals that were open at it.
Out: origin, currency, open, listed (their amounts), won (what came), model, rate (amounts by the share won of all), stage_rate, entered.

The model is fitted anew at each origin. Deals that are still open have no end, unless they are older than all but one in a hundred that
ended: those count as not won. Origins of which too few have ended by now are left out: of what ended soon one learns nothing of the rest.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mdm.forecast.backtest.probability import score, skill
from mdm.forecast.deals.features import Columns, columns
from mdm.forecast.deals.history import entries, known
from mdm.forecast.deals.ladder import DEAD_QUANTILE, LEAST_DEAD, USUAL_RATE, Learnt, chances, learnt
from mdm.forecast.deals.timing import by_month
from mdm.forecast.deals.winning import won_by_week
from mdm.forecast.frames import Frames

Array = np.ndarray
WAYS = ("model", "recalibrated", "entered", "stage_rate", "rate")
ENDED = 0.8
"""Of an origin's deals, how many must have ended."""
LEAST = 1
"""Ended deals before there is an origin."""

_ROLLED = pa.schema(
    [
        ("origin", pa.date32()),
        *((name, pa.string()) for name in ("source", "key", "stage", "currency")),
        *((name, pa.float64()) for name in ("amount", "outcome")),
        ("rung", pa.string()),
        *((way, pa.float64()) for way in WAYS),
    ]
)
_SCORED = pa.schema(
    [("model", pa.string()), *((name, pa.int64()) for name in ("origins", "deals", "wins"))]
    + [(name, pa.float64()) for name in ("brier", "log_loss", "skill", "slope", "intercept", "ece", "bias")]
)
_QUARTERS = pa.schema(
    [("origin", pa.date32()), ("currency", pa.string()), ("open", pa.int64())]
    + [(name, pa.float64()) for name in ("listed", "won", "model", "rate", "stage_rate", "entered")]
)


def month_ends(first: date, last: date) -> list[date]:
    """The last day of every month from one day to before another."""
    found, at = [], first.year * 12 + first.month
    while (day := date(at // 12, at % 12 + 1, 1) - timedelta(1)) < last:
        if day >= first:
            found.append(day)
        at += 1
    return found


def origins(frames: Frames, as_of: date) -> list[date]:
    """The month ends at which one could have asked: from the first deal that had ended."""
    closed = [day for day in known(frames, as_of)["closed_on"].to_pylist() if day is not None]
    return month_ends(min(closed), as_of) if closed else []


def rolled(frames: Frames, as_of: date, at: Sequence[date] | None = None) -> pa.Table:
    """What would have been said of open deals at each origin, and what came of them by a day."""
    ends = _ends(frames, as_of)
    dead = _dead(entries(frames, as_of))
    rows: list[dict[str, Any]] = []
    for origin in origins(frames, as_of) if at is None else at:
        past, now, said = _at(frames, origin)
        outcomes = [_outcome(ends[deal], origin, as_of, dead) for deal in zip(now["source"], now["key"], strict=True)]
        if not outcomes or sum(outcome is not None for outcome in outcomes) < ENDED * len(outcomes):
            continue
        for row, outcome in enumerate(outcomes):
            if outcome is not None:
                amount = now["amount"][row]
                told = {"amount": None if amount is None else float(amount), "outcome": outcome, "rung": past, "origin": origin}
                told |= {name: now[name][row] for name in ("source", "key", "stage", "currency")}
                rows.append(told | {way: None if np.isnan(said[way][row]) else float(said[way][row]) for way in WAYS})
    return pa.Table.from_pylist(rows, schema=_ROLLED)


def _known_at(frames: Frames, origin: date) -> tuple[pa.Table, Learnt, Columns]:
    """All deals, what was to be learnt, and those that were open; of a deal without a beginning nobody knows whether it was there."""
    states, table = known(frames, origin), entries(frames, origin)
    there = pc.and_(pc.equal(states["status"], "open"), pc.is_valid(states["created_on"]))
    return states, learnt(table, states, origin), columns(states.filter(there))


def _at(frames: Frames, origin: date) -> tuple[str, Columns, dict[str, Array]]:
    states, past, now = _known_at(frames, origin)
    found = chances(past, now, origin)
    said = {"model": found.chance, "recalibrated": found.recalibrated, "entered": np.array(now["entered"], dtype=float)}
    return found.rung, now, said | _rates(past, states, now)


def _rates(past: Learnt, states: pa.Table, now: Columns) -> dict[str, Array]:
    """What stages and all deals came to, of those that had ended."""
    ended = [status for status in states["status"].to_pylist() if status != "open"]
    rate = sum(status == "won" for status in ended) / len(ended) if ended else USUAL_RATE
    first = np.array(past.rows["first"], dtype=bool) & np.array([status != "open" for status in past.rows["status"]], dtype=bool)
    stages = np.array([stage or "" for stage in past.rows["stage"]], dtype=object)
    known_rates = {stage: float(past.outcome[first & (stages == stage)].mean()) for stage in set(stages[first])}
    by_stage = np.array([known_rates.get(stage or "", rate) for stage in now["stage"]], dtype=float)
    return {"stage_rate": by_stage, "rate": np.full(len(by_stage), rate)}


def quarters(frames: Frames, as_of: date, at: Sequence[date]) -> pa.Table:
    """The value won in the three months after each origin, as it would have been foretold and as it came."""
    rows: list[dict[str, Any]] = []
    present = {(row["source"], row["key"]): row for row in frames.facts["deal"].select(["source", "key", "amount"]).to_pylist()}
    ends = _ends(frames, as_of)
    for origin in at:
        until = _months_after(origin, 3)
        states, past, now = _known_at(frames, origin)
        found = chances(past, now, origin)
        several = (until.year - origin.year) * 12 + until.month - origin.month + 1
        soon = by_month(won_by_week(found, past, now), origin)[:, :several].sum(axis=1)
        said = {"model": soon, "entered": np.nan_to_num(np.array(now["entered"], dtype=float))} | _rates(past, states, now)
        listed = np.array([float(amount or 0) for amount in now["amount"]], dtype=float)
        won = np.array(
            [_won(ends[deal], present[deal]["amount"], until) for deal in zip(now["source"], now["key"], strict=True)], dtype=float
        )
        for currency in sorted(set(now["currency"])):
            of = np.array([one == currency for one in now["currency"]], dtype=bool)
            told = {way: float((chance * listed)[of].sum()) for way, chance in said.items()}
            told |= {"listed": float(listed[of].sum()), "won": float(won[of].sum())}
            rows.append({"origin": origin, "currency": currency, "open": int(of.sum()), **told})
    return pa.Table.from_pylist(rows, schema=_QUARTERS)


def _won(end: tuple[str, date | None], amount: Any, until: date) -> float:
    status, day = end
    return float(amount or 0) if status == "won" and day is not None and day <= until else 0.0


def _months_after(day: date, count: int) -> date:
    """The end of the month that is so many months after one that ends on a day, or the same day of that month."""
    at = day.year * 12 + day.month - 1 + count
    last = date((at + 1) // 12, (at + 1) % 12 + 1, 1) - timedelta(1)
    return last if (day + timedelta(1)).day == 1 else min(last, last.replace(day=min(day.day, last.day)))


def _ends(frames: Frames, as_of: date) -> dict[tuple[str, str], tuple[str, date | None]]:
    rows = known(frames, as_of).select(["source", "key", "status", "closed_on"]).to_pylist()
    return {(row["source"], row["key"]): (row["status"], row["closed_on"]) for row in rows}


def _dead(table: pa.Table) -> float:
    days = [day for day in table["days"].to_pylist() if day is not None]
    return max(float(np.quantile(days, DEAD_QUANTILE)), LEAST_DEAD) if days else np.inf


def _outcome(end: tuple[str, date | None], origin: date, as_of: date, dead: float) -> float | None:
    status, _ = end
    if status != "open":
        return float(status == "won")
    return 0.0 if (as_of - origin).days >= dead else None


def scored(table: pa.Table) -> pa.Table:
    """The measures of each way of saying, on the rows of which it says something."""
    rows = []
    outcome = np.array(table["outcome"], dtype=float)
    for way in WAYS:
        said = np.array(table[way].to_pylist(), dtype=float)
        used = ~np.isnan(said)
        found = score(said[used], outcome[used])
        reference = score(np.array(table["stage_rate"].to_pylist(), dtype=float)[used], outcome[used])
        dates = {day for day, use in zip(table["origin"].to_pylist(), used, strict=True) if use}
        rows.append(
            {
                "model": way,
                "origins": len(dates),
                "deals": found.count,
                "wins": found.wins,
                "brier": found.brier,
                "log_loss": found.log_loss,
                "skill": skill(found.brier, reference.brier),
                "slope": found.slope,
                "intercept": found.intercept,
                "ece": found.ece,
                "bias": found.bias,
            }
        )
    return pa.Table.from_pylist(rows, schema=_SCORED)
