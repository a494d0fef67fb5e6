"""Reports and forecasts for the API: worked out once for a day and a state of the hub, then answered from memory."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from math import isfinite
from threading import RLock
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from mdm.forecast.ageing import ageing, ageing_history, dso
from mdm.forecast.billing import billing
from mdm.forecast.cash import cash, receivables
from mdm.forecast.deals import process
from mdm.forecast.deals.calibration import calibration
from mdm.forecast.deals.winning import winning
from mdm.forecast.findings import findings
from mdm.forecast.frames import Frames
from mdm.forecast.margins import DIMENSIONS, shares
from mdm.forecast.negotiation import Habits
from mdm.forecast.payments.collections import collections
from mdm.forecast.pipeline import pipeline
from mdm.forecast.profitability import profitability
from mdm.forecast.simulator.company import company, late, outlook
from mdm.forecast.simulator.periods import Calendar
from mdm.forecast.simulator.simulator import Simulator
from mdm.pipeline import Hub
from mdm.store import changes, facts, holds, moment, status
from mdm.store.changes import Horizon
from mdm.store.moment import Moment

Row = dict[str, Any]
Key = TypeVar("Key")
Value = TypeVar("Value")

FINDING = "id"
"""The column by which a leak is known."""
DEAL = "deal"
"""The column by which a deal is known: `source:key`."""
DOCUMENT = "document"
"""The column by which an open document is known."""


def _shares(by: str) -> Callable[[Frames, date, str], pa.Table]:
    return lambda frames, as_of, currency: shares(frames, profitability(frames, as_of, currency), by, as_of, currency)


def open_deals(frames: Frames, as_of: date) -> pa.Table:
    """What to expect of open deals, each with the name by which it is known."""
    found = winning(frames, as_of)
    names = [f"{source}:{key}" for source, key in zip(found["source"].to_pylist(), found["key"].to_pylist(), strict=True)]
    return found.add_column(0, DEAL, pa.array(names, pa.string()))


def documents(frames: Frames, as_of: date) -> pa.Table:
    """Open documents, each with `document`, by which it is known: source:key."""
    found = receivables(frames, as_of)
    return found.add_column(0, DOCUMENT, pc.binary_join_element_wise(found["source"], found["key"], ":"))


REPORTS: dict[str, Callable[[Frames, date, str], pa.Table]] = {
    "profitability": lambda frames, as_of, currency: profitability(frames, as_of, currency),
    "pipeline": lambda frames, as_of, currency: pipeline(frames, as_of),
    "billing": lambda frames, as_of, currency: billing(frames, as_of, currency),
    "cash": lambda frames, as_of, currency: cash(frames, as_of),
    "outlook": lambda frames, as_of, currency: outlook(frames, as_of, currency),
    "collections": lambda frames, as_of, currency: collections(frames, as_of),
    "receivables": lambda frames, as_of, currency: documents(frames, as_of),
    "ageing": lambda frames, as_of, currency: ageing(frames, as_of),
    "ageing_history": lambda frames, as_of, currency: ageing_history(frames, as_of),
    "dso": lambda frames, as_of, currency: dso(frames, as_of),
    "leakage": lambda frames, as_of, currency: findings(frames, as_of, currency),
    "deals": lambda frames, as_of, currency: open_deals(frames, as_of),
    "salespeople": lambda frames, as_of, currency: calibration(frames, as_of),
    "stages": lambda frames, as_of, currency: process.stages(frames, as_of),
    "slips": lambda frames, as_of, currency: process.slips(frames, as_of),
    "conformance": lambda frames, as_of, currency: process.conformance(frames, as_of),
    **{f"by_{dimension}": _shares(dimension) for dimension in DIMENSIONS},
}
KEPT = 16
"""Reports that are kept."""
KEPT_SIMULATORS = 3
"""Simulators that are kept: each holds its random numbers, some hundred megabytes for two thousand deals."""
KEPT_FRAMES = 2
"""Frames that are kept: those of now, and of the instant of the past that was asked for last."""


@cache
def columns(report: str) -> pa.Schema:
    """The columns of a report, as it has them of nothing."""
    return REPORTS[report](Frames.of(), date(2026, 1, 1), "EUR").schema


@dataclass(frozen=True)
class State:
    """What a report was made of: loads that have come to their end, how far the outbox was known, holds set and released."""

    loads: int
    outbox: Horizon
    holds: int


@dataclass(frozen=True)
class Made:
    """A report, and the instant of the hub's knowledge at which it was made: asked for at it again, it is the same."""

    rows: list[Row]
    known_at: datetime


class Figures:
    """The reports of a hub.

    They are worked out anew when a load has come to its end or the outbox has moved, not with every batch of a load under way. Each is made
    at an instant of which is settled what was known then, so while something is being written that began earlier, of before that.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._lock = RLock()
        self._seen: tuple[State, datetime] | None = None
        """The newest state, and an instant when it was there already."""
        self._newest: tuple[State, datetime] | None = None
        """The newest state, and a settled instant that holds all of it."""
        self._frames: OrderedDict[datetime, Frames] = OrderedDict()
        self._reports: OrderedDict[tuple[str, date, datetime], list[Row]] = OrderedDict()
        self._simulators: OrderedDict[tuple[Calendar, datetime], Simulator] = OrderedDict()
        self._habits: OrderedDict[tuple[date, datetime], Habits] = OrderedDict()

    def made(self, db: Connection, report: str, as_of: date, known_at: datetime | None = None) -> Made:
        """A report on a day, as of what was known at an instant or is known now; of several who ask at once, one works it out."""
        at = self.settled(db, known_at)
        currency = self._hub.settings.currency
        rows = self._once(self._reports, (report, as_of, at), lambda: REPORTS[report](self.frames(at), as_of, currency).to_pylist(), KEPT)
        return Made(rows, at)

    def simulator(self, db: Connection, calendar: Calendar, known_at: datetime | None = None) -> tuple[Simulator, datetime]:
        """The simulator of some periods, and the instant of the knowledge behind it; drawn once."""
        at = self.settled(db, known_at)
        currency = self._hub.settings.currency
        return self._once(self._simulators, (calendar, at), lambda: company(self.frames(at), calendar, currency), KEPT_SIMULATORS), at

    def habits(self, db: Connection, as_of: date, known_at: datetime | None = None) -> tuple[Habits, datetime]:
        """What past projects and payments tell a negotiation, and the instant of the knowledge behind it."""
        at = self.settled(db, known_at)

        def make() -> Habits:
            frames = self.frames(at)
            return Habits(frames, as_of, late(frames, as_of), self._hub.settings.currency)

        return self._once(self._habits, (as_of, at), make, KEPT_SIMULATORS), at

    def _once(self, kept: OrderedDict[Key, Value], wanted: Key, make: Callable[[], Value], most: int) -> Value:
        """What was made before, or is made now; of several who ask at once, one makes it."""
        found = kept.get(wanted)
        if found is None:
            with self._lock:
                found = kept.get(wanted)
                if found is None:
                    found = kept[wanted] = make()
                    _keep(kept, most)
        return found

    def settled(self, db: Connection, known_at: datetime | None = None) -> datetime:
        """The instant at which a report is made: the one asked for, or the newest one, as far as it is settled."""
        if known_at is not None:
            return min(known_at, moment.settled(db))
        state = State(status.loads_finished(db), changes.horizon(db), holds.changes(db))
        if self._newest is not None and self._newest[0] == state:
            return self._newest[1]
        if self._seen is None or self._seen[0] != state:
            self._seen = (state, moment.now(db))
        seen, at = self._seen, moment.settled(db)
        if seen[0] == state and at >= seen[1]:
            self._newest = (state, at)
        return at

    def frames(self, known_at: datetime) -> Frames:
        """Everything that reports are made of, as it was known at a settled instant."""
        with self._lock:
            found = self._frames.get(known_at)
            if found is None:
                with self._hub.engine.connect() as db, db.begin():
                    found = self._frames[known_at] = facts.frames(db, Moment(known_at))
                    _keep(self._frames, KEPT_FRAMES)
            return found


def _keep(kept: OrderedDict[Any, Any], most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)


def shown(row: Row) -> Row:
    """A row as it goes over the wire: decimals as text, days in ISO 8601."""
    return {name: _shown(value) for name, value in row.items()}


def _shown(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    return None if isinstance(value, float) and not isfinite(value) else value
