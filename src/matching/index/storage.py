"""Arrays that grow while others read them: what a reader has found stays as it was."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching.hashing import Hashes
from matching.sources import Positions

GONE = -1
"""The number in a page of what is not there, or not there any more."""
PAGE = 4096


@dataclass(frozen=True)
class Run:
    """Rows in the order of their keys."""

    keys: Hashes
    rows: tuple[NDArray[Any], ...]


Runs = tuple[Run, ...]
"""The same rows as one run, in a few of unlike size: small batches then leave the large ones alone."""


def run(unordered: Hashes, *rows: NDArray[Any]) -> Run:
    """Rows put in the order of their keys."""
    order = np.argsort(unordered, kind="stable")
    return Run(unordered[order], tuple(row[order] for row in rows))


def with_run(runs: Runs, more: Run) -> Runs:
    """Runs and one more; those of like size become one, so that each row is moved a few times however often rows come."""
    while runs and len(runs[-1].keys) <= 2 * len(more.keys):
        last = runs[-1]
        both = [np.concatenate(pair) for pair in zip(last.rows, more.rows, strict=True)]
        more, runs = run(np.concatenate([last.keys, more.keys]), *both), runs[:-1]
    return (*runs, more) if len(more.keys) or not runs else runs


def looked_up(runs: Runs, wanted: Hashes, columns: int = 1) -> list[NDArray[Any]]:
    """The rows under the wanted keys: places in `wanted`, and the first `columns` of the rows."""
    several = []
    for each in runs:
        first = np.searchsorted(each.keys, wanted)
        counts = np.searchsorted(each.keys, wanted, side="right") - first
        place = np.repeat(np.arange(len(wanted)), counts)
        at = np.arange(len(place)) + np.repeat(first - np.cumsum(counts) + counts, counts)
        several.append((place, *(row[at] for row in each.rows[:columns])))
    return [np.concatenate(parts) for parts in zip(*several, strict=True)]


@dataclass(frozen=True)
class Growing:
    """An array with room behind it. Only the latest of those that share a room may be grown."""

    room: NDArray[Any]
    count: int

    @property
    def values(self) -> NDArray[Any]:
        """What is there."""
        return self.room[: self.count]

    def grown(self, more: NDArray[Any]) -> "Growing":
        """The same and more behind it."""
        count, room = self.count + len(more), self.room
        if count > len(room):
            room = np.empty(count + count // 4 + 64, self.room.dtype)
            room[: self.count] = self.values
        room[self.count : count] = more
        return Growing(room, count)


def growing(values: NDArray[Any]) -> Growing:
    """A copy with room behind it."""
    return Growing(values[:0], 0).grown(values)


@dataclass(frozen=True)
class Pages:
    """Numbers by position, in pages; a copy with other numbers shares the pages in which none is."""

    pages: tuple[NDArray[np.int64], ...] = ()

    @property
    def values(self) -> NDArray[np.int64]:
        """All numbers; `GONE` behind the last."""
        return np.concatenate([np.zeros(0, np.int64), *self.pages])

    def at(self, places: Positions) -> NDArray[np.int64]:
        """The numbers at places."""
        if len(places) > PAGE:
            return self.values[places]
        return np.array([self.pages[place // PAGE][place % PAGE] for place in places.tolist()], np.int64)

    def put(self, places: Positions, numbers: NDArray[np.int64]) -> "Pages":
        """Other numbers at places, behind the last ones too."""
        pages = list(self.pages)
        pages += [np.full(PAGE, GONE, np.int64) for _ in range(len(pages), int(places.max(initial=-1)) // PAGE + 1)]
        order = np.argsort(places, kind="stable")
        page, inside, numbers = *np.divmod(places[order], PAGE), numbers[order]
        touched, starts = np.unique(page, return_index=True)
        for each, start, end in zip(touched.tolist(), starts, np.append(starts, len(page))[1:], strict=True):
            pages[each] = pages[each].copy()
            pages[each][inside[start:end]] = numbers[start:end]
        return Pages(tuple(pages))


def objects(values: Sequence[str]) -> NDArray[np.object_]:
    """Texts as an array."""
    out = np.empty(len(values), object)
    out[:] = values
    return out
