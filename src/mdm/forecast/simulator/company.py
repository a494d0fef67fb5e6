"""The simulator of a company, from its frames: chances of deals, how customers pay, how much the market moves.

`outlook`: the twelve months ahead as they stand, without levers.
Out: measure, month (its first day; of the first one, the day itself), currency, mean, p10, p50, p90 of open deals, signed projects and open
     invoices, and with `_with_new` behind them the same with deals that nobody has created yet. To the cent, though estimates.
"""

from collections import Counter
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mdm.forecast.deals.history import known
from mdm.forecast.deals.winning import winning
from mdm.forecast.frames import Frames, query
from mdm.forecast.payments.habits import FIRST
from mdm.forecast.payments.payers import payers
from mdm.forecast.simulator.ahead import Late, ahead
from mdm.forecast.simulator.market import Floats, correlation
from mdm.forecast.simulator.paths import PATHS
from mdm.forecast.simulator.periods import Calendar
from mdm.forecast.simulator.simulator import Simulator
from mdm.forecast.terms import STATUTORY_DAYS

SEED = 20_260
QUARTERS = 12
"""Past quarters that tell how much the market moves."""
LEANING = 8.0
"""Deals that the chance of a stage leans on that of all deals as if it had seen them."""

_TERMS = """
    SELECT customer_id, median(due_on - issued_on)::INTEGER AS days FROM invoice
    WHERE kind = 'invoice' AND due_on >= issued_on AND issued_on <= $as_of GROUP BY ROLLUP (customer_id)
    HAVING customer_id IS NOT NULL OR grouping(customer_id) = 1"""


def company(frames: Frames, calendar: Calendar, currency: str = "EUR", *, seed: int = SEED, paths: int = PATHS) -> Simulator:
    """The simulator of a company, as it is known on the first day of the calendar."""
    as_of = calendar.as_of
    contents = ahead(frames, calendar, winning(frames, as_of), late(frames, as_of), currency)
    return Simulator(contents, correlation(quarters(frames, as_of)), seed=seed, paths=paths)


def outlook(frames: Frames, as_of: date, currency: str = "EUR") -> pa.Table:
    """What the twelve months ahead bring, with bands; no row where nothing lies ahead."""
    bands = company(frames, Calendar(as_of, "month", 12), currency).answer().bands.rename_columns({"period": "month"})
    if not any(pc.any(pc.not_equal(bands[name], 0)).as_py() for name in ("mean", "mean_with_new")):
        bands = bands.slice(0, 0)
    bands = bands.add_column(2, "currency", pa.array([currency] * bands.num_rows, pa.string()))
    cents = pa.decimal128(24, 2)
    for at, field in enumerate(bands.schema):
        if pa.types.is_floating(field.type):
            bands = bands.set_column(at, field.name, pc.round(bands[field.name], 2).cast(cents))
    return bands


def late(frames: Frames, as_of: date) -> Late:
    """How late after its issue an invoice is paid: its customer's usual terms, and its delay after them."""
    terms = {row["customer_id"]: row["days"] for row in query(frames, _TERMS, as_of=as_of).to_pylist()}
    usual = terms.get(None)
    known_customers = [customer for customer in terms if customer is not None]
    of = payers(frames, as_of)
    rows = of.delays([*known_customers, None])
    named: list[str | None] = [*known_customers, None]
    days = [terms[customer] if customer is not None else usual if usual is not None else STATUTORY_DAYS for customer in named]
    return Late({customer: _from_issue(row[:-1], int(after)) for customer, row, after in zip(named, rows, days, strict=True)})


def _from_issue(delays: Floats, terms: int) -> Floats:
    """By days after the issue; what would be paid before it is paid that day."""
    start = terms + FIRST
    found = np.zeros(max(start, 0) + len(delays))
    found[max(start, 0) :] = delays
    if start < 0:
        found = np.concatenate([[delays[: 1 - start].sum()], delays[1 - start :]])
    return found


def quarters(frames: Frames, as_of: date) -> list[tuple[Floats, Floats]]:
    """By past quarter, the chances of the deals that were open at its start, by their stages, and whether they were won in it."""
    ends = _ended(known(frames, as_of))
    seen: list[list[tuple[str, bool]]] = []
    until = date(as_of.year, (as_of.month - 1) // 3 * 3 + 1, 1)
    for _ in range(QUARTERS):
        start = _three_months_before(until)
        states = known(frames, start)
        rows = zip(*(states[name].to_pylist() for name in ("source", "key", "status", "stage")), strict=True)
        open_then = [((source, key), stage or "") for source, key, status, stage in rows if status == "open"]
        seen.append([(stage, (day := ends.get(deal)) is not None and start < day <= until - timedelta(1)) for deal, stage in open_then])
        until = start
    told = [quarter for quarter in seen if len(quarter) > 1]
    count, won = (
        Counter(stage for quarter in told for stage, _ in quarter),
        Counter(stage for quarter in told for stage, one in quarter if one),
    )
    every = sum(won.values()) / max(sum(count.values()), 1)
    chance = {stage: (won[stage] + LEANING * every) / (count[stage] + LEANING) for stage in count}
    return [(np.array([chance[stage] for stage, _ in quarter]), np.array([float(one) for _, one in quarter])) for quarter in told]


def _ended(states: pa.Table) -> dict[tuple[str, str], date]:
    rows = zip(*(states[name].to_pylist() for name in ("source", "key", "status", "closed_on")), strict=True)
    return {(source, key): day for source, key, status, day in rows if status == "won" and day is not None}


def _three_months_before(day: date) -> date:
    month = day.year * 12 + day.month - 4
    return date(month // 12, month % 12 + 1, 1)
