"""Where records come from, and what is known of their sources."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from matching.comparison import Codes

Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Sources:
    """The source of every record."""

    of: NDArray[np.int32]
    """A number a record."""
    distinct: frozenset[int] = frozenset()
    """Sources that hold nothing twice: no cluster has two of their records."""
    across: bool = False
    """Whether only records of two different sources are compared."""

    @property
    def contest_all(self) -> bool:
        """Whether every pair has rivals, because all its sources hold nothing twice, or those across which pairs are made."""
        present = frozenset(np.unique(self.of).tolist())
        return bool(self.distinct) and (self.across or present <= self.distinct)

    def pairs(self) -> float:
        """How many pairs of records may be one thing."""
        sizes = np.bincount(self.of, minlength=1).astype(np.float64)
        inside = [] if self.across else [size * (size - 1) / 2 for at, size in enumerate(sizes) if at not in self.distinct]
        return max(float((sizes.sum() ** 2 - (sizes**2).sum()) / 2 + sum(inside)), 1.0)

    def may_meet(self, left: Positions, right: Positions) -> NDArray[np.bool_]:
        """The pairs of records that may be one thing."""
        if self.across:
            across: NDArray[np.bool_] = self.of[left] != self.of[right]
            return across
        if not self.distinct:
            return np.ones(len(left), np.bool_)
        one, other = self.of[left], self.of[right]
        return (one != other) | ~np.isin(one, list(self.distinct))  # type: ignore[no-any-return]

    def single(self) -> list[Codes]:
        """A column in which every record of a source that holds nothing twice has a value of its own."""
        return [np.where(self.of == source, np.arange(len(self.of)), -1).astype(np.int32) for source in sorted(self.distinct)]


def sources_of(names: pa.ChunkedArray, distinct: Collection[str]) -> Sources:
    """Sources by their names, of which some hold nothing twice."""
    encoded = names.combine_chunks().dictionary_encode()
    known = encoded.dictionary.to_pylist()
    return Sources(encoded.indices.to_numpy().astype(np.int32), frozenset(at for at, name in enumerate(known) if name in distinct))


def one_source(count: int) -> Sources:
    """Records of which nothing is known."""
    return Sources(np.zeros(count, np.int32))
