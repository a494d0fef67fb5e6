"""Search by name: every name of an entity weighed against the words asked for, typing errors and all, in memory.

A query word is worth its likeness (rapidfuzz's normalised indel) to the nearest word of a name, a word that it begins counting as good
as whole; words weigh by their length. The likeness of the whole text decides among names that hold the same words, and finds words
that were written together.

That finds names with a typing error or two in each word, in any order, in part. It does not find synonyms, initials, spellings of other
alphabets, nor words that share less than about two thirds of their letters. Every name is looked at, so no index loses any; 10,000
names take about 10 ms, and time and memory grow with their number.

The names are read again whenever the outbox has moved.
"""

from collections import defaultdict
from dataclasses import dataclass
from threading import Lock

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from sqlalchemy import Connection

from api.schemas import naming_fields
from matching.normal import words
from mdm.entities import Master
from mdm.store import changes, golden
from mdm.store.changes import Horizon

LEAST = 0.55
"""Below this score a name is not an answer."""
BEGINS = 0.95
"""How much a word is worth that begins with the one asked for."""
WORDS = 12
"""Words of a query that are looked at."""

Scores = NDArray[np.float32]


class Names:
    """The names of golden records, ready to be searched. In: golden_id, name."""

    def __init__(self, table: pa.Table) -> None:
        said: list[list[str]] = [words(name) or [""] for name in table["name"].to_pylist()]
        numbers: dict[str, int] = {}
        flat = [numbers.setdefault(word, len(numbers)) for name in said for word in name]
        self.ids: list[str] = table["golden_id"].to_pylist()
        self._whole = [" ".join(name) for name in said]
        self._vocabulary = list(numbers)
        self._words = np.array(flat, np.int64)
        self._starts = np.cumsum([0, *(len(name) for name in said[:-1])]) if said else np.zeros(0, np.int64)

    def find(self, query: str, most: int) -> list[tuple[str, float]]:
        """Golden ids and scores from 0 to 1, best first, ties by id."""
        asked = words(query)[:WORDS]
        if not asked or not self.ids:
            return []
        whole = process.cdist([" ".join(asked)], self._whole, scorer=fuzz.ratio, dtype=np.float32)[0] / 100
        scores = 0.6 * self._covered(asked) + 0.4 * whole
        best = np.argpartition(-scores, most)[:most] if most < len(scores) else np.arange(len(scores))
        ranked = sorted((-float(scores[at]), self.ids[at]) for at in best if scores[at] >= LEAST)
        return [(golden_id, round(-score, 4)) for score, golden_id in ranked]

    def _covered(self, asked: list[str]) -> Scores:
        """How much of what was asked for is in each name."""
        alike = process.cdist(asked, self._vocabulary, scorer=fuzz.ratio, dtype=np.float32) / 100
        total = np.zeros(len(self.ids), np.float32)
        for word, likeness in zip(asked, alike, strict=True):
            if len(word) > 2:
                begun = np.fromiter((known.startswith(word) for known in self._vocabulary), np.bool_, len(self._vocabulary))
                likeness[begun & (likeness < BEGINS)] = BEGINS
            nearest = np.maximum.reduceat(likeness[self._words], self._starts)
            total += np.float32(len(word)) * nearest**2
        return total / np.float32(sum(map(len, asked)))


@dataclass(frozen=True)
class _Kept:
    known: Horizon
    names: Names


class Search:
    """The names of every entity, kept until the outbox moves."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self._locks: dict[str, Lock] = defaultdict(Lock)

    def names(self, db: Connection, entity: type[Master]) -> Names:
        """The names as they are now; of several who ask at once, one reads them."""
        known = changes.horizon(db)
        kept = self._kept.get(entity.entity)
        if kept is not None and kept.known == known:
            return kept.names
        with self._locks[entity.entity]:
            kept = self._kept.get(entity.entity)
            if kept is None or kept.known != known:
                kept = _Kept(known, Names(golden.names(db, entity.entity, naming_fields(entity))))
                self._kept[entity.entity] = kept
        return kept.names
