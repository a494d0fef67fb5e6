"""When deals are won: discrete-time competing risks over the stages of a sale.

A deal is in a stage for so many weeks; in the next one it is won, lost, moves to another stage or stays. The chances of each are those of
the deals that were there (Aalen and Johansen, 1978, in discrete time), so open deals count for as long as they were seen and are never taken
for lost; and the weeks ahead follow by multiplying them out. Without stages the only one is the deal itself, and its weeks are its age.

Quotas make a rhythm of their own, so the chances are those of the month of the quarter. A week that few have seen in it leans on the same
week of all months, that on the week before it, the first one on all weeks of the stage, those on all stages. Deals that ended before the
first ending on file are not on file, so nobody is counted before it (delayed entry).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

Array = np.ndarray
WEEK = 7
WEEKS = 104
"""How far ahead."""
MONTHS = 24
"""Months of the answer: this one and those that follow."""
CELLS = np.array([*range(26), *range(26, 52, 4), 52])
"""First week of each cell: weeks alone at first, later several together."""
PRIOR = 8.0
"""Deal-weeks that what is leant on weighs as much as."""
LEAN = 1.0
"""Deals on past quarter days that the chain weighs as much as: it fills what none of them tells."""
USUAL = 1 / 13
"""Chance that a deal ends in a week where there is no history at all: half of them last two months."""


@dataclass(frozen=True)
class Outlook:
    """The chance to be won in the week so many weeks ahead, by state (a stage, and a cell of weeks in it) and week."""

    stages: tuple[str, ...]
    won: Array

    def states(self, stages: Sequence[str | None], days: Array) -> Array:
        """The state of deals by stage and days in it; a stage that nobody has a history of counts as the first, which is none."""
        return _state(self.stages, stages, days)


@dataclass(frozen=True)
class Chain:
    """Chances in one week, by month of the quarter and state: to be won, to be lost, to move to each stage."""

    stages: tuple[str, ...]
    won: Array
    lost: Array
    moves: Array
    """Month of the quarter by state by stage; who moves starts in the first cell."""

    def ahead(self, end: Array, as_of: date) -> Array:
        """State by week: the chance to end so in the week so many weeks ahead of a day. `end` is `won` or `lost`."""
        size, states = len(CELLS), end.shape[1]
        opening, place = np.arange(len(self.stages)) * size, np.arange(states)
        width = np.append(np.diff(CELLS), np.inf)[place % size]
        following = np.where(place % size == size - 1, place, place + 1)
        phases = _phase(np.datetime64(as_of) + WEEK * np.arange(WEEKS) + WEEK // 2)
        ahead = np.zeros((states, WEEKS))
        for week in range(WEEKS - 1, -1, -1):
            phase = phases[week]
            stay = (1 - self.won[phase] - self.lost[phase] - self.moves[phase].sum(axis=1))[:, None]
            # A cell of several weeks is left after as many, on average.
            onward = stay * (ahead + (ahead[following] - ahead) / width[:, None])
            ahead = self.moves[phase] @ ahead[opening] + onward
            ahead[:, week] = end[phase]
        return ahead


def outlook(entries: pa.Table, as_of: date, *, landmarks: bool) -> Outlook:
    """What lies ahead of each state, as the deals until a day have met it.

    With landmarks, deals that were in a state on the same day of past quarters tell what came of those in it, week by week (landmark
    Aalen-Johansen: Putter and Spitoni, 2018), which holds where the past of a deal matters beside its state; they lean on the chain.
    """
    stays = _stays(entries, as_of)
    weekly = chain(stays)
    won, lost = weekly.ahead(weekly.won, as_of), weekly.ahead(weekly.lost, as_of)
    if landmarks:
        won = _landmarked(weekly, stays, as_of, won, lost)
    return Outlook(weekly.stages, won)


def _landmarked(weekly: Chain, stays: dict[str, Array], as_of: date, won: Array, lost: Array) -> Array:
    left = 1 - np.cumsum(won + lost, axis=1) + won + lost
    by_chain = np.stack([won, lost]) / np.maximum(left, 1e-12)
    risk, ends = np.zeros(won.shape), np.zeros((2, *won.shape))
    start = np.arange(WEEKS) * WEEK
    for landmark in map(np.datetime64, _landmarks(stays, as_of)):
        there = np.flatnonzero((stays["since"] <= landmark) & (landmark < stays["until"]))
        days = (landmark - stays["since"][there]).astype(int)
        state = _state(weekly.stages, stays["stage"][there].tolist(), days)
        ended = stays["closed"][there]
        lasted = np.where(np.isnat(ended), np.iinfo(np.int32).max, (ended - landmark).astype(int))
        seen = (np.datetime64(as_of) - landmark).astype(int)
        at_risk = (lasted[:, None] > start) & (start + WEEK <= seen)
        closing = at_risk & (lasted[:, None] <= start + WEEK)
        np.add.at(risk, state, at_risk)
        for kind, name in enumerate(("won", "lost")):
            np.add.at(ends[kind], state, closing & (stays["status"][there] == name)[:, None])
    hazard = (ends + LEAN * by_chain) / (risk + LEAN)
    left = np.cumprod(np.concatenate([np.ones((len(won), 1)), 1 - hazard.sum(axis=0)], axis=1), axis=1)[:, :-1]
    return np.asarray(left * hazard[0])


def _landmarks(stays: dict[str, Array], as_of: date) -> list[date]:
    """The same day of past quarters, back to the first ending on file."""
    closed = stays["closed"][~np.isnat(stays["closed"])]
    first = closed.min() if len(closed) else np.datetime64(as_of)
    found: list[date] = []
    day = as_of
    while len(found) < 40:
        month = day.year * 12 + day.month - 4
        last = date(month // 12 + (month % 12 == 11), (month + 1) % 12 + 1, 1) - timedelta(1)
        day = last if as_of.day > last.day or (as_of + timedelta(1)).day == 1 else last.replace(day=as_of.day)
        if np.datetime64(day) < first:
            break
        found.append(day)
    return found


def _state(known: tuple[str, ...], stages: Sequence[str | None], days: Array) -> Array:
    place = {stage: at for at, stage in enumerate(known)}
    return np.asarray(np.array([place.get(stage or "", 0) for stage in stages], dtype=int) * len(CELLS) + cell_of(days))


def cell_of(days: Array) -> Array:
    """The cell of weeks in which so many days are."""
    return np.asarray(np.searchsorted(CELLS, days // WEEK, side="right") - 1)


def chain(stays: dict[str, Array]) -> Chain:
    """The chances of a week as deals have met them, by their stays in stages."""
    stages = ("", *sorted(set(stays["stage"].tolist()) - {""}))
    code = {stage: at for at, stage in enumerate(stages)}
    at, following = (np.array([code.get(stage, 0) for stage in stays[name].tolist()], dtype=int) for name in ("stage", "next"))
    size, count = len(CELLS), len(stages)
    weeks = np.minimum(stays["days"] // WEEK, CELLS[-1] + WEEKS)
    hidden, ended = np.minimum(stays["hidden"] // WEEK, weeks), stays["ends"] != ""
    # A stay is seen for every whole week that it lasts, and for the one in which it ends.
    lived = weeks - hidden + ended
    stay = np.repeat(np.arange(len(lived)), lived)
    week = np.arange(len(stay)) - np.repeat(np.cumsum(lived) - lived, lived) + hidden[stay]
    cell, phase = cell_of(week * WEEK), _phase(stays["since"][stay] + WEEK * week + WEEK // 2)
    shape = (3, count, size)
    exposure = np.zeros(shape)
    np.add.at(exposure, (phase, at[stay], cell), 1.0)
    last = np.flatnonzero(np.append(stay[1:] != stay[:-1], True)[: len(stay)]) if len(stay) else np.array([], dtype=int)
    outcomes = np.zeros((*shape, 2 + count))
    for column, kind in enumerate(("won", "lost", "moved")):
        here = last[stays["ends"][stay[last]] == kind]
        to = 2 + following[stay[here]] if kind == "moved" else np.full(len(here), column)
        np.add.at(outcomes, (phase[here], at[stay[here]], cell[here], to), 1.0)
    flat = _smoothed(outcomes, exposure).reshape(3, count * size, 2 + count)
    return Chain(stages, flat[:, :, 0], flat[:, :, 1], flat[:, :, 2:])


def _smoothed(outcomes: Array, exposure: Array) -> Array:
    """Chances of each cell: in a month of the quarter, leaning on all months, the cell before, the stage, all stages."""
    _, count, size, kinds = outcomes.shape
    every, exposed = outcomes.sum(axis=0), exposure.sum(axis=0)
    closed = every[:, :, :2].sum(axis=(0, 1))
    everywhere = np.zeros(kinds)
    everywhere[:2] = (closed + PRIOR * USUAL * (closed + 1) / (closed.sum() + 2)) / (exposed.sum() + PRIOR)
    chances = np.empty_like(every)
    for stage in range(count):
        before = (every[stage].sum(axis=0) + PRIOR * everywhere) / (exposed[stage].sum() + PRIOR)
        for cell in range(size):
            before = (every[stage, cell] + PRIOR * before) / (exposed[stage, cell] + PRIOR)
            chances[stage, cell] = before
    by_phase = (outcomes + PRIOR * chances) / (exposure + PRIOR)[..., None]
    return np.asarray(by_phase / np.maximum(by_phase.sum(axis=-1, keepdims=True) / 0.999, 1.0))


def _stays(entries: pa.Table, as_of: date) -> dict[str, Array]:
    """A row for every stay of a deal in a stage.

    Out: stage, next (stage), since, until, days, ends (`won`, `lost`, `moved`, empty while it lasts), hidden (days before the first ending on
         file), status and closed (of the deal, in the end).
    """
    rows = entries.filter(entries["first"]).select(["source", "key", "stage", "seen_on", "status", "closed_on"]).to_pydict()
    deals = list(zip(rows["source"], rows["key"], strict=True))
    first = min((day for day in rows["closed_on"] if day is not None), default=as_of)
    stays: dict[str, list[object]] = {
        name: [] for name in ("stage", "next", "since", "until", "days", "ends", "hidden", "status", "closed")
    }
    for at, deal in enumerate(deals):
        since, closed = rows["seen_on"][at], rows["closed_on"][at]
        on = rows["seen_on"][at + 1] if at + 1 < len(deals) and deals[at + 1] == deal else None
        until = on or closed or as_of
        if until < first:
            continue
        stays["stage"].append(rows["stage"][at] or "")
        stays["next"].append((rows["stage"][at + 1] or "") if on else "")
        stays["since"].append(since)
        stays["until"].append(on or closed or as_of + timedelta(1))
        stays["days"].append((until - since).days)
        stays["ends"].append("moved" if on else rows["status"][at] if closed else "")
        stays["status"].append(rows["status"][at])
        stays["closed"].append(closed)
        stays["hidden"].append(max((first - since).days, 0))
    kinds = {"days": np.int64, "hidden": np.int64} | dict.fromkeys(("since", "until", "closed"), "datetime64[D]")
    return {name: np.array(values, dtype=kinds.get(name, object)) for name, values in stays.items()}


def _phase(days: Array) -> Array:
    """The month of the quarter of days, from 0: sales close when the quarter does."""
    return np.asarray(days.astype("datetime64[M]").astype(int) % 3)


def by_month(weeks: Array, as_of: date) -> Array:
    """Weeks ahead gathered by calendar month; a week belongs to the month of its middle, what lies behind the last month to that one."""
    middles = [as_of + timedelta(days=WEEK * week + 4) for week in range(weeks.shape[1])]
    at = np.array([min((day.year - as_of.year) * 12 + day.month - as_of.month, MONTHS - 1) for day in middles])
    gathered = np.zeros((weeks.shape[0], MONTHS))
    for month in range(MONTHS):
        gathered[:, month] = weeks[:, at == month].sum(axis=1)
    return gathered
