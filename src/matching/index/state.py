"""All that an index knows at one moment, and the records that a new one may be."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from matching.clustering import Pair
from matching.comparison import Levels
from matching.encode import ABSENT, Column
from matching.engine import Rulings
from matching.forms import Forms
from matching.hashing import Hashes, hashed
from matching.index.storage import GONE, Growing, Pages, Run, Runs, growing, looked_up, objects, run
from matching.model import Weights
from matching.sources import Positions


class Pairs(NamedTuple):
    """Pairs of records, weighed by themselves."""

    left: Positions
    right: Positions
    weight: Weights
    """Bits."""
    levels: Levels

    def chosen(self, rows: NDArray[Any]) -> "Pairs":
        """Some of them."""
        return Pairs(self.left[rows], self.right[rows], self.weight[rows], self.levels[rows])

    def at(self, places: Positions) -> "Pairs":
        """The same, of the records that stand at places in an array."""
        left, right = places[self.left], places[self.right]
        return self._replace(left=np.minimum(left, right), right=np.maximum(left, right))

    def both_ways(self) -> Run:
        """Every pair under each of its records: the other one, weight, levels."""
        one, other = np.concatenate([self.left, self.right]), np.concatenate([self.right, self.left])
        return run(one.astype(np.uint64), other.astype(np.int32), np.tile(self.weight, 2), np.tile(self.levels, (2, 1)))


def no_pairs(features: int) -> Pairs:
    """No pairs, of so many features."""
    return Pairs(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros((0, features), np.int8))


def together(several: Sequence[Pairs]) -> Pairs:
    """Pairs and pairs."""
    left, right, weight, levels = zip(*several, strict=True)
    return Pairs(np.concatenate(left), np.concatenate(right), np.concatenate(weight), np.concatenate(levels))


@dataclass(frozen=True)
class State:
    """All that is known at one moment. Never written to."""

    forms: Mapping[str, Growing]
    """By field the normal form of each record, empty where it says nothing."""
    ids: Growing
    of: Growing
    """The source of each record."""
    named: Runs
    """Positions by the hash of the id."""
    filed: Runs
    """Positions by blocking key."""
    edges: Runs
    """By record: the other one, weight, levels; every pair twice."""
    labels: Pages = field(default_factory=Pages)
    rulings: Rulings = field(default_factory=Rulings)
    ruled: Mapping[int, Sequence[Pair]] = field(default_factory=dict)
    """The pairs ruled on, by each of their records."""

    def alive(self, places: Positions) -> NDArray[np.bool_]:
        """Which records are there."""
        there: NDArray[np.bool_] = self.labels.at(places) != GONE
        return there

    def near(self, keys: Hashes) -> Positions:
        """The records that are filed under one of these keys."""
        near: Positions = np.unique(looked_up(self.filed, keys)[1]).astype(np.int64)
        return near[self.alive(near)]

    def named_so(self, names: Sequence[str]) -> Positions:
        """The records that have one of these ids."""
        place, at = looked_up(self.named, hashed(pa.array(names, pa.string())))
        at = np.asarray(at, np.int64)
        named: Positions = at[(self.ids.values[at] == objects(names)[place]) & self.alive(at)]
        return named

    def pairs(self, members: Positions) -> Pairs:
        """Every pair of which a member is one, once."""
        place, other, weight, levels = looked_up(self.edges, members.astype(np.uint64), 3)
        mine, other = members[place], other.astype(np.int64)
        once = self.alive(other) & ((mine < other) | ~np.isin(other, members))
        mine, other = mine[once], other[once]
        return Pairs(np.minimum(mine, other), np.maximum(mine, other), weight[once], levels[once])

    def ruled_together(self, records: Positions) -> Positions:
        """The records of which a steward has ruled that they are one with some, and these themselves."""
        ruled = [pair for record in records.tolist() for pair in self.ruled.get(record, ()) if pair in self.rulings.together]
        return np.array(ruled, np.int64).reshape(-1)

    def closure(self, records: Positions, cut: float) -> Positions:
        """The records of every component in which some stand, sorted: those that pairs of at least `cut` bits, or rulings, join to them."""
        fresh = np.unique(records)
        seen = fresh = fresh[self.alive(fresh)]
        while len(fresh):
            _, other, weight = looked_up(self.edges, fresh.astype(np.uint64), 2)
            joined = np.unique(np.concatenate([other[weight >= cut].astype(np.int64), self.ruled_together(fresh)]))
            fresh = np.setdiff1d(joined[self.alive(joined)], seen, assume_unique=True)
            seen = np.union1d(seen, fresh)
        return seen


def empty(fields: Sequence[str], features: int) -> State:
    """The state without records."""
    nothing = run(np.zeros(0, np.uint64), np.zeros(0, np.int32))
    return State(
        forms={name: growing(np.zeros(0, object)) for name in fields},
        ids=growing(np.zeros(0, object)),
        of=growing(np.zeros(0, np.int32)),
        named=(nothing,),
        filed=(nothing,),
        edges=(no_pairs(features).both_ways(),),
    )


def by_record(rulings: Rulings) -> dict[int, list[Pair]]:
    """The pairs ruled on, by each of their records."""
    found: dict[int, list[Pair]] = {}
    for pair in rulings.together | rulings.apart:
        for record in pair:
            found.setdefault(record, []).append(pair)
    return found


def ends(pairs: Set[Pair]) -> Positions:
    """The records of pairs."""
    return np.array(sorted({record for pair in pairs for record in pair}), np.int64)


def column(forms: Sequence[str]) -> Column:
    """A column of a few records."""
    known: dict[str, int] = {}
    codes = [known.setdefault(form, len(known)) if form else ABSENT for form in forms]
    return Column(np.array(codes, np.int32), Forms(objects(list(known))))


def spelled(column: Column | None, count: int) -> NDArray[np.object_]:
    """The form of every record of a column, empty where it says nothing, or where there is no column."""
    if column is None:
        return objects([""] * count)
    spelled: NDArray[np.object_] = np.append(column.forms.values, objects([""]))[column.codes]
    return spelled
