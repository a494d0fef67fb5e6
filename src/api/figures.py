"""Reports and forecasts for the API: worked out once for a day and a state of the hub, then answered from memory."""

from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from hashlib import sha256
from math import isfinite
from threading import Lock
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection

from mdm.forecast.billing import billing
from mdm.forecast.cash import cash
from mdm.forecast.frames import Frames
from mdm.forecast.leakage import leakage
from mdm.forecast.pipeline import pipeline
from mdm.forecast.profitability import profitability
from mdm.pipeline import Hub
from mdm.store import changes, facts, status
from mdm.store.changes import Horizon

Row = dict[str, Any]

FINDING = "id"
"""The column by which a leak is known."""


def findings(frames: Frames, as_of: date, currency: str) -> pa.Table:
    """Leaks, each with an id that stays the same as long as its check and its evidence do."""
    found = leakage(frames, as_of, currency)
    seen: Counter[tuple[str, str]] = Counter()
    ids = []
    for about in zip(found["slug"].to_pylist(), found["evidence"].to_pylist(), strict=True):
        ids.append(f"leak_{sha256(repr((*about, seen[about])).encode()).hexdigest()[:20]}")
        seen[about] += 1
    return found.add_column(0, FINDING, pa.array(ids, pa.string()))


REPORTS: dict[str, Callable[[Frames, date, str], pa.Table]] = {
    "profitability": lambda frames, as_of, currency: profitability(frames, as_of, currency),
    "pipeline": lambda frames, as_of, currency: pipeline(frames, as_of),
    "billing": lambda frames, as_of, currency: billing(frames, as_of, currency),
    "cash": lambda frames, as_of, currency: cash(frames, as_of),
    "leakage": findings,
}
KEPT = 16
"""Reports that are kept."""


@cache
def columns(report: str) -> pa.Schema:
    """The columns of a report, as it has them of nothing."""
    return REPORTS[report](Frames.of(), date(2026, 1, 1), "EUR").schema


@dataclass(frozen=True)
class State:
    """What a report was made of: loads that have come to their end, and how far the outbox was known."""

    loads: int
    outbox: Horizon


class Figures:
    """The reports of a hub.

    They are worked out anew when a load has come to its end or the outbox has moved, not with every batch of a load under way.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._lock = Lock()
        self._frames: tuple[State, Frames] | None = None
        self._reports: OrderedDict[tuple[str, date, State], list[Row]] = OrderedDict()

    def rows(self, db: Connection, report: str, as_of: date) -> list[Row]:
        """The rows of a report on a day, in its order; of several who ask at once, one works it out."""
        wanted = (report, as_of, State(status.loads_finished(db), changes.horizon(db)))
        found = self._reports.get(wanted)
        if found is not None:
            return found
        with self._lock:
            found = self._reports.get(wanted)
            if found is None:
                table = REPORTS[report](self._read(wanted[2]), as_of, self._hub.settings.currency)
                found = self._reports[wanted] = table.to_pylist()
                while len(self._reports) > KEPT:
                    self._reports.popitem(last=False)
        return found

    def _read(self, state: State) -> Frames:
        """Everything that reports are made of, in one snapshot."""
        if self._frames is None or self._frames[0] != state:
            with self._hub.engine.connect().execution_options(isolation_level="REPEATABLE READ") as db, db.begin():
                self._frames = (state, facts.frames(db))
        return self._frames[1]


def shown(row: Row) -> Row:
    """A row as it goes over the wire: decimals as text, days in ISO 8601."""
    return {name: _shown(value) for name, value in row.items()}


def _shown(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    return None if isinstance(value, float) and not isfinite(value) else value
