"""How the customers of a company pay, learned from its invoices, and delays drawn from that.

`payers` learns; `Payers.delays` is the distribution of the delay of a new invoice, `Payers.sample` draws delays of invoices, open ones and
future ones together: one habit a customer and path, so that what a customer owes comes late together or not at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mdm.forecast.frames import Frames
from mdm.forecast.payments import banking
from mdm.forecast.payments.habits import DAYS, DISPUTE, FIRST, HABIT, LOST, NEVER, OPEN, PAID, Array, Habits, Ints, Observed, delays, fit
from mdm.forecast.payments.outcomes import SEGMENTS, outcomes
from mdm.forecast.settlement import settlements

NEVER_DAY = 32_767
"""The delay of what is never paid: the largest number of 16 bits."""
OLDEST = 300
"""An invoice that is overdue by more days is as likely to be paid as one overdue by these."""
RUN_SHARE = 0.9
"""How many of the payments of a customer with runs are on their days."""
RUN_ODDS = 1000.0
"""How much likelier runs have to be than chance."""
_AT_ONCE = 2_000
"""Invoices whose paths are drawn at once, which bounds the memory."""
ENOUGH = 10
"""Invoices of a segment from which it speaks for those of whom nothing is known."""
_OUTCOME = {"open": OPEN, "paid": PAID, "lost": LOST}
_WEEKEND_SHARE = 0.05
"""Where more of the payments than that are dated on weekends, days are not those of banks."""


@dataclass(frozen=True)
class Payers:
    """Customers and their habits. `row_of` leads from a golden id to the row of `habits`; those of segments and everybody follow."""

    habits: Habits
    row_of: dict[str, int]
    calendar: Ints
    """Of each row of `habits`, the calendar by which its money is seen: every day, days of business, or runs of a customer."""

    def rows(self, customers: Sequence[str | None], segments: Sequence[str] | None = None) -> Ints:
        """The rows of customers; of one that was never invoiced its segment's, where that is said, or everybody's."""
        everybody = len(self.habits.belief) - 1
        of_segment = {name: len(self.row_of) + at for at, name in enumerate(SEGMENTS)}
        unknown = [everybody] * len(customers) if segments is None else [of_segment[name] for name in segments]
        return np.array([self.row_of.get(one or "", other) for one, other in zip(customers, unknown, strict=True)], dtype=np.int64)

    def seen(self, rows: Ints) -> Ints:
        """How many invoices stand behind each row."""
        return self.habits.seen[rows]

    def delays(self, customers: Sequence[str | None], segments: Sequence[str] | None = None) -> Array:
        """The delay of a new invoice of each customer: how likely each of `habits.DAYS` after the due date is, and in the last column never.

        These are days of the calendar; `settled` moves a due date and a delay to the day on which the money is seen.
        """
        return delays(self.habits, self.rows(customers, segments))

    def settled(self, rows: Ints, days: Ints) -> Ints:
        """The days on which money is seen that was to be paid on these days, numbers since 1970-01-01; an invoice a line of `days`."""
        return banking.seen(self.calendar[rows].reshape(-1, *[1] * (days.ndim - 1)), days)

    def last_seen(self, rows: Ints, as_of: date) -> Ints:
        """Of each row the last day whose money has been seen until a day."""
        kinds, which = np.unique(self.calendar[rows], return_inverse=True)
        return np.array([banking.last_seen(int(kind), as_of) for kind in kinds], dtype=np.int64)[which.ravel()]

    def sample(
        self, rows: Ints, after: Ints, paths: int, rng: np.random.Generator, disputed: npt.NDArray[np.bool_] | None = None
    ) -> npt.NDArray[np.int16]:
        """Delays of invoices in days after their due dates, `NEVER_DAY` where never paid: an invoice a row, a path a column.

        rows: as `rows` gives them. after: the delay that an open invoice has reached already, a very small number for one to come.
        Every customer has one habit a path; rows of segments and of everybody have one each, too.
        """
        owners, which = np.unique(rows, return_inverse=True)
        drawn = _choices(self.habits.belief[owners], paths, rng)
        parts = self.habits.parts[rows]
        if disputed is not None:
            parts = np.where(disputed[:, None], parts * np.array([0.0, 1.0, 1.0]), parts)
        tables = _Cumulated.of(self.habits.shapes)
        found = np.empty((len(rows), paths), np.int16)
        for start in range(0, len(rows), _AT_ONCE):
            of = slice(start, start + _AT_ONCE)
            found[of] = tables.drawn(drawn[which.ravel()[of]], parts[of], after[of], rng)
        return found


@dataclass(frozen=True)
class _Cumulated:
    """Cumulated shapes. `sums`: part, habit, days before. `lifted`: all of them in one line, each above the one before, to be searched at once."""

    sums: Array
    lifted: Array

    @classmethod
    def of(cls, shapes: Array) -> "_Cumulated":
        sums = shapes.cumsum(2)
        lifted = sums.reshape(-1, len(DAYS)) + 2.0 * np.arange(sums.shape[0] * sums.shape[1])[:, None]
        return cls(np.concatenate([np.zeros((*sums.shape[:2], 1)), sums], axis=2), lifted.ravel())

    def drawn(self, habit: Ints, parts: Array, after: Ints, rng: np.random.Generator) -> npt.NDArray[np.int16]:
        """A delay for every invoice and path, by the habit of its customer there, later than what it has reached."""
        reached = np.minimum(after, OLDEST)
        before = self.sums[:, habit, np.clip(reached - FIRST + 1, 0, len(DAYS))[:, None]]
        alive = parts[:, : len(before)].T[:, :, None] * (1.0 - before)
        weight = np.cumsum([*alive, np.broadcast_to(parts[:, [NEVER]], habit.shape)], axis=0)
        u = rng.random(habit.shape) * weight[-1]
        disputed = u >= weight[HABIT]
        base = np.where(disputed, before[DISPUTE], before[HABIT])
        row = disputed * self.sums.shape[1] + habit
        wanted = 2.0 * row + base + rng.random(habit.shape) * (1.0 - base)
        place = np.searchsorted(self.lifted, wanted, side="right") - row * len(DAYS)
        delay = np.minimum(place + FIRST + (after - reached)[:, None], NEVER_DAY)
        return np.where((u >= weight[DISPUTE]) | (place >= len(DAYS)), NEVER_DAY, delay).astype(np.int16)


def payers(frames: Frames, as_of: date) -> Payers:
    """How customers pay, as it was known on a day."""
    return learned(outcomes(frames, settlements(frames, as_of), as_of), as_of)


def learned(known: pa.Table, as_of: date) -> Payers:
    """How customers pay by what became of their invoices, a table of `outcomes`."""
    told = known.filter(pc.and_(pc.is_valid(known["customer_id"]), pc.not_equal(known["outcome"], "cancelled")))
    customers = sorted(set(told["customer_id"].to_pylist()))
    row_of = {customer: at for at, customer in enumerate(customers)}
    owner = np.array([row_of[customer] for customer in told["customer_id"].to_pylist()], dtype=np.int64)
    outcome = np.array([_OUTCOME[name] for name in told["outcome"].to_pylist()], dtype=np.int64)
    due, paid = days_of(told["due_on"]), days_of(told["paid_on"])
    usual = banking.BANKS if _of_banks(paid[outcome == PAID]) else banking.PLAIN
    runs = _runs(owner[outcome == PAID], paid[outcome == PAID], len(customers), usual)
    held, last = np.zeros(len(owner), dtype=np.int64), np.zeros(len(owner), dtype=np.int64)
    for kind in np.unique(runs).tolist():
        mine = runs[owner] == kind
        on, before = banking.window(kind, paid[mine])
        held[mine] = np.where(on, before, banking.window(usual, paid[mine])[1])
        last[mine] = banking.last_seen(kind, as_of)
    held = np.where(outcome == PAID, np.maximum(held, 0), 0)
    delay = np.where(outcome == PAID, paid, last) - due
    segment_of = np.zeros(len(customers), dtype=np.int64)
    segment_of[owner] = [SEGMENTS.index(name) for name in told["segment"].to_pylist()]
    calendar = np.concatenate([runs, np.full(len(SEGMENTS) + 1, usual)])
    return Payers(fit(Observed(owner, outcome, delay, held), segment_of, len(SEGMENTS)), row_of, calendar)


def days_of(column: pa.ChunkedArray) -> Ints:
    """Days as numbers since 1970-01-01; 1980-01-01 where there is none."""
    filled = pc.fill_null(column.cast(pa.int32()), banking.number(date(1980, 1, 1)))
    found: Ints = filled.to_numpy().astype(np.int64)
    return found


def _of_banks(paid: Ints) -> bool:
    return len(paid) == 0 or float(banking.is_weekend(paid).mean()) <= _WEEKEND_SHARE


def _runs(owner: Ints, paid: Ints, customers: int, usual: int) -> Ints:
    """The calendar of each customer: runs where its payments say so against chance, else the usual one.

    A payment of a customer with runs is on one of their days nine times of ten, one of another as often as there are such days.
    """
    open_ = np.unique(banking.calendars()[usual])
    count = np.bincount(owner, minlength=customers)
    best, found = np.full(customers, np.log(RUN_ODDS * len(banking.RUNS))), np.full(customers, usual, dtype=np.int64)
    for kind in range(len(banking.RUNS)):
        calendar = banking.BANKS + 1 + kind
        chance = len(np.unique(banking.calendars()[calendar])) / len(open_)
        on = np.bincount(owner, banking.window(calendar, paid)[0], customers)
        weight = on * np.log(RUN_SHARE / chance) + (count - on) * np.log((1 - RUN_SHARE) / (1 - chance))
        found, best = np.where(weight > best, calendar, found), np.maximum(weight, best)
    return found


def _choices(weights: Array, count: int, rng: np.random.Generator) -> Ints:
    """For every row of weights, that many indices drawn by them."""
    sums = weights.cumsum(1)
    lifted = (sums / sums[:, -1:] + 2.0 * np.arange(len(weights))[:, None]).ravel()
    wanted = rng.random((len(weights), count)) + 2.0 * np.arange(len(weights))[:, None]
    found: Ints = np.minimum(
        np.searchsorted(lifted, wanted, side="right") - np.arange(len(weights))[:, None] * weights.shape[1], weights.shape[1] - 1
    )
    return found
