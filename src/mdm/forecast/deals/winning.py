"""Every open deal: the chance that it is won, in which month, and what speaks against it.

In:  the facts deal, deal_line and deal_change, the golden records of customer, product and salesperson.
Out: source, key, name, golden_customer_id, customer, golden_salesperson_id, salesperson, currency, amount, stage, days_in_stage, age_days,
     entered, recalibrated, probability, low, high (0 to 1; low and high bound 80 %), rung, closed (ended deals behind the model), similar
     (those in the same cell), closes_on (entered), expected_on (the middle of the time in which it is won, if it is), at_risk, why_fr, why_en,
     months (the chance to be won in the month of `as_of` and in each of the 23 that follow, the last one with all after it; they sum to
     the probability). By source and key. Amounts without tax, each in its currency.

`probability` is the answer of the ladder (`ladder`), `rung` the model that gave it; `recalibrated` what the salesperson entered, as past
entries came true. The months are those of competing risks (`timing`), seen through the closing date entered: deals that were to close so
many months ahead were won in such months. A deal that has not begun, where those that ended tell when they did, is won after all of them.
"""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from mdm.forecast.deals.features import Columns, columns, since
from mdm.forecast.deals.history import entries, known
from mdm.forecast.deals.ladder import Chances, Learnt, chances, learnt
from mdm.forecast.deals.risk import reasons
from mdm.forecast.deals.shrinkage import FEW
from mdm.forecast.deals.timing import MONTHS, WEEK, WEEKS, by_month
from mdm.forecast.frames import Frames, query, to_cents

Array = np.ndarray
SOON = np.array([0, 1, 2, 3, 5, 7, 9, 13, 17, 22, 30, 42, 56])
"""Weeks ahead from which a closing date is as far as others; before them it is past."""

_NAMED = """
    SELECT s.source, s.key, d.name, s.customer AS golden_customer_id, c.name AS customer, s.salesperson AS golden_salesperson_id,
        nullif(concat_ws(' ', p.given_name, p.family_name), '') AS salesperson, s.currency, s.amount, s.stage,
        (s.seen_on - s.stage_since)::INTEGER AS days_in_stage, (s.seen_on - s.created_on)::INTEGER AS age_days, s.entered,
        a.recalibrated, a.probability, a.low, a.high, a.rung, a.closed, a.similar, s.closes_on, a.expected_on, a.at_risk, a.why_fr, a.why_en,
        a.months
    FROM answer a JOIN state s USING (source, key) JOIN deal d USING (source, key)
    LEFT JOIN golden_customer c ON c.golden_id = s.customer
    LEFT JOIN golden_salesperson p ON p.golden_id = s.salesperson
    ORDER BY s.source, s.key"""


def winning(frames: Frames, as_of: date) -> pa.Table:
    """What to expect of every deal that is open on a day."""
    states, past = known(frames, as_of), entries(frames, as_of)
    open_now = states.filter(pa.compute.equal(states["status"], "open"))
    learning, now = learnt(past, states, as_of), columns(open_now)
    said = chances(learning, now, as_of)
    at_risk, french, english = reasons(past, now, as_of)
    weekly = won_by_week(said, learning, now)
    answer = {
        "source": pa.array(now["source"], pa.string()),
        "key": pa.array(now["key"], pa.string()),
        "recalibrated": _rounded(said.recalibrated),
        "probability": _rounded(said.chance),
        "low": _rounded(said.low),
        "high": _rounded(said.high),
        "rung": pa.array([said.rung] * len(now["key"]), pa.string()),
        "closed": pa.array([said.closed] * len(now["key"]), pa.int64()),
        "similar": pa.array(said.similar, pa.int64()),
        "expected_on": pa.array(_middle(weekly, as_of), pa.date32()),
        "at_risk": pa.array(at_risk, pa.bool_()),
        "why_fr": pa.array(french, pa.string()),
        "why_en": pa.array(english, pa.string()),
        "months": pa.array(list(by_month(weekly, as_of)), pa.list_(pa.float64(), MONTHS)),
    }
    return to_cents(query(frames, _NAMED, tables={"answer": pa.table(answer), "state": open_now}))


def won_by_week(said: Chances, past: Learnt, now: Columns) -> Array:
    """Deal by week ahead: the chance that it is won then; a row sums to the chance that it is won."""
    weeks = said.outlook.won[said.outlook.states(now["stage"], np.array(since(now, "stage_since"), dtype=int))]
    shape = weeks / np.maximum(weeks.sum(axis=1, keepdims=True), 1e-12)
    shape[_not_begun(past, now)] = np.eye(WEEKS)[-1]
    return np.asarray(_by_closing_date(shape, past, now) * said.chance[:, None])


def _not_begun(past: Learnt, now: Columns) -> Array:
    """Deals without a beginning where those that ended have one: nobody knows when their time starts to run."""
    return np.array([day is None and past.dated for day in now["created_on"]], dtype=bool)


def _by_closing_date(shape: Array, past: Learnt, now: Columns) -> Array:
    """The weeks in which deals were won that were to close as many weeks ahead; where few were, the shape and the date itself.

    Weeks and not months: on its first day a month has more ahead of it than on its last.
    """
    rows, size = past.rows, len(SOON) + 1
    won = np.flatnonzero((past.weight > 0) & (past.outcome > 0) & np.array([day is not None for day in rows["closes_on"]], dtype=bool))
    counts = np.zeros((size, WEEKS))
    for row in won:
        seen = rows["seen_on"][row]
        counts[_soon(seen, rows["closes_on"][row]), _ahead(seen, rows["closed_on"][row])] += past.weight[row]
    mixed = shape.copy()
    for at, (seen, day) in enumerate(zip(now["seen_on"], now["closes_on"], strict=True)):
        if day is not None:
            prior = shape[at].copy()
            if day >= seen:
                prior *= 0.5
                prior[_ahead(seen, day)] += 0.5
            cell = counts[_soon(seen, day)]
            mixed[at] = (cell + FEW * prior) / (cell.sum() + FEW)
    return mixed


def _ahead(seen: date, day: date) -> int:
    return min(max((day - seen).days // WEEK, 0), WEEKS - 1)


def _soon(seen: date, day: date) -> int:
    return 0 if day < seen else int(np.searchsorted(SOON, _ahead(seen, day), side="right"))


def _middle(weekly: Array, as_of: date) -> list[date | None]:
    """The day by which half of the chance to be won has come."""
    days: list[date | None] = []
    for row in weekly:
        so_far = np.cumsum(row)
        if not len(row) or so_far[-1] <= 0:
            days.append(None)
            continue
        at = int(np.searchsorted(so_far, so_far[-1] / 2))
        before = so_far[at - 1] if at else 0.0
        days.append(as_of + timedelta(round(WEEK * (at + (so_far[-1] / 2 - before) / max(row[at], 1e-12)))))
    return days


def _rounded(values: Array) -> pa.Array:
    found: list[Any] = [None if np.isnan(value) else round(float(value), 4) for value in values]
    return pa.array(found, pa.float64())
