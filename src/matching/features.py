"""Features: the pieces of evidence of a declaration, each a level for every pair of records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler

from matching.comparison import DIFFERENT, MISSING, Codes, Comparison, Levels, Scale
from matching.declaration import Field, Passing, Premises, Within
from matching.encode import Columns
from matching.forms import Forms
from matching.kinds.location import LOCATION, STREET


@dataclass(frozen=True)
class Paired:
    """One column of pairs of records: codes of both sides into the same forms."""

    left: Codes
    right: Codes
    forms: Forms

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Pairs in which a side says nothing."""
        return (self.left < 0) | (self.right < 0)

    @property
    def equal(self) -> NDArray[np.bool_]:
        """Pairs whose forms are the same."""
        equal: NDArray[np.bool_] = (self.left == self.right) & (self.left >= 0)
        return equal


Pairs = Mapping[str, Paired]

SWAPPED = 0.9
"""Jaro-Winkler from which a name in the other field is the same name."""


class Feature(Protocol):
    """A piece of evidence."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """The fields that make it."""
        ...

    @property
    def looks_at(self) -> tuple[str, ...]:
        """Every field that has a say in its levels."""
        ...

    @property
    def depends(self) -> bool:
        """Whether other fields may silence it."""
        ...

    @property
    def premises(self) -> bool:
        """Whether the branches of a group share it."""
        ...

    @property
    def scale(self) -> Scale:
        """Its levels."""
        ...

    def filled(self, pairs: Pairs) -> int:
        """In how many pairs both sides say something, be it silenced by another field or not."""
        ...

    def levels(self, pairs: Pairs, fitted: Any, *, hopeful: bool = False) -> Levels:
        """A level a pair; `hopeful` ones are the best that could come out, without looking at forms that are not equal."""
        ...


@dataclass(frozen=True)
class Single:
    """The comparison of one field."""

    name: str
    scale: Comparison
    within: Within | None = None
    passing: bool = False
    swaps_with: str = ""
    """The field with which its values are swapped at times."""
    premises: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The field."""
        return (self.name,)

    @property
    def depends(self) -> bool:
        """Whether it comes with another field, or passes."""
        return self.within is not None or self.passing

    @property
    def looks_at(self) -> tuple[str, ...]:
        """The field, the one that it is swapped with, the one that it comes with."""
        return (self.name, *([self.swaps_with] if self.swaps_with else []), *([self.within.field] if self.within else []))

    def filled(self, pairs: Pairs) -> int:
        """Pairs in which both have a value."""
        return int((~pairs[self.name].missing).sum())

    def levels(self, pairs: Pairs, fitted: Any, *, hopeful: bool = False) -> Levels:
        """Missing, equal, or what the comparison says of each distinct pair of forms; silent where another field has said it."""
        levels = compared(pairs[self.name], self.scale, fitted, hopeful=hopeful)
        if self.passing:
            levels[levels == DIFFERENT] = MISSING
        if self.swaps_with in pairs and not hopeful:
            levels[_swapped(pairs[self.name], pairs[self.swaps_with], levels)] = self.scale.exact - 1
        if self.within is not None and self.within.field in pairs and not hopeful:
            other = pairs[self.within.field]
            said = (levels == DIFFERENT) & ~other.missing & ~other.equal
            if self.within.shared:
                said |= (levels == self.scale.exact) & other.equal
            levels[said] = MISSING
        return levels


@dataclass(frozen=True)
class Location:
    """Street, postcode and city as one piece of evidence, so that a shared town is not counted three times."""

    street: Single | None
    areas: tuple[str, ...]
    comparisons: tuple[Comparison, ...]
    premises: bool = False
    name: str = LOCATION

    @property
    def columns(self) -> tuple[str, ...]:
        """The fields that make it."""
        return (*((self.street.name,) if self.street else ()), *self.areas)

    @property
    def depends(self) -> bool:
        """Whether equal values may come to less: the same street lies elsewhere where the towns differ."""
        return True

    @property
    def looks_at(self) -> tuple[str, ...]:
        """The fields that make it."""
        return self.columns

    @property
    def scale(self) -> Scale:
        """From elsewhere to the same street in the same place."""
        return _LOCATION

    def filled(self, pairs: Pairs) -> int:
        """Pairs in which both have a street, or both a place."""
        return int((~np.all([pairs[column].missing for column in self.columns], axis=0)).sum())

    def levels(self, pairs: Pairs, fitted: Any, *, hopeful: bool = False) -> Levels:
        """The best that is known: same street and place, near street, same or near place, another street in it."""
        area = np.any([pairs[column].equal for column in self.areas], axis=0)
        area_missing = np.all([pairs[column].missing for column in self.areas], axis=0)
        street, street_missing, exact = np.zeros_like(area, np.int8), np.ones_like(area), 99
        if self.street is not None:
            street = compared(pairs[self.street.name], self.street.scale, fitted, hopeful=hopeful)
            street_missing, exact = pairs[self.street.name].missing, self.street.scale.exact
        near = self._near(pairs, np.flatnonzero(~(area | area_missing) & ((street >= exact - 1) | street_missing)), hopeful=hopeful)
        return np.select(
            [
                area_missing & street_missing,
                (street == exact) & (area | near | area_missing),
                (street >= exact - 1) & (area | near),
                area & street_missing,
                near & street_missing,
                area,
            ],
            [MISSING, 6, 5, 4, 3, 2],
            default=DIFFERENT,
        ).astype(np.int8)

    def _near(self, pairs: Pairs, rows: NDArray[np.intp], *, hopeful: bool) -> NDArray[np.bool_]:
        """Whether postcode or city are mistyped, for some rows; false for the others."""
        near = np.zeros(len(pairs[self.areas[0]].left), np.bool_)
        for column, comparison in zip(self.areas, self.comparisons, strict=True):
            some = Paired(pairs[column].left[rows], pairs[column].right[rows], pairs[column].forms)
            near[rows] |= compared(some, comparison, None, hopeful=hopeful) == comparison.exact - 1
        return near


_LOCATION = Scale(
    labels=(
        "elsewhere",
        "the same place, another street",
        "nearly the same place",
        "the same place",
        "nearly the same street",
        "the same street",
    ),
    m=(0.15, 0.1, 0.03, 0.14, 0.1, 0.48),
    u=(0.9695, 0.02, 0.001, 0.008, 0.0005, 0.001),
)


def compared(column: Paired, comparison: Comparison, fitted: Any, *, hopeful: bool = False) -> Levels:
    """Levels of a column; each distinct pair of forms is compared once."""
    equal, missing = column.equal, column.missing
    levels = np.where(missing, MISSING, comparison.exact).astype(np.int8)
    rest = np.flatnonzero(~(missing | equal))
    if hopeful or not comparison.cuts:
        levels[rest] = comparison.exact - 1
    elif len(rest):
        left, right = column.left[rest].astype(np.int64), column.right[rest].astype(np.int64)
        packed = np.minimum(left, right) * len(column.forms) + np.maximum(left, right)
        order = np.argsort(packed)
        ordered = packed[order]
        fresh = np.diff(ordered, prepend=-1) != 0
        first, second = np.divmod(ordered[fresh], len(column.forms))
        found = comparison.levels(column.forms, first.astype(np.int32), second.astype(np.int32), fitted)
        levels[rest[order]] = found[np.cumsum(fresh) - 1]
    return levels


def taken(columns: Columns, left: NDArray[np.int64], right: NDArray[np.int64], names: Sequence[str] | None = None) -> dict[str, Paired]:
    """The columns of pairs of records, or some of them."""
    chosen = columns if names is None else {name: columns[name] for name in names if name in columns}
    return {name: Paired(column.codes[left], column.codes[right], column.forms) for name, column in chosen.items()}


def _swapped(one: Paired, other: Paired, levels: Levels) -> NDArray[np.intp]:
    """Pairs that differ, where each side holds in this field what the other side holds in the other field, or nearly."""
    differ = np.flatnonzero((levels == DIFFERENT) & ~other.missing)
    firsts = one.forms.firsts, other.forms.firsts
    crossed = firsts[0][one.left[differ]] == firsts[1][other.right[differ]]
    crossed &= firsts[1][other.left[differ]] == firsts[0][one.right[differ]]
    rows: NDArray[np.intp] = differ[crossed]
    for mine, theirs in ((one.left, other.right), (one.right, other.left)):
        alike = process.cpdist(
            one.forms.texts(mine[rows]), other.forms.texts(theirs[rows]), scorer=JaroWinkler.normalized_similarity, dtype=np.float32
        )
        rows = rows[np.flatnonzero(alike >= SWAPPED)]
    return rows


def features(declared: Sequence[Field]) -> tuple[Feature, ...]:
    """The features of a declaration: one a field that can be compared, one for each family of fields."""
    by_kind = {field.kind.name: field.name for field in declared}
    single = [
        Single(
            field.name,
            field.kind.comparison,
            field.mark(Within),
            field.mark(Passing) is not None,
            by_kind.get(field.kind.swaps_with, ""),
            field.mark(Premises) is not None,
        )
        for field in declared
        if field.kind.comparison and not field.kind.family
    ]
    located = [field for field in declared if field.kind.family == LOCATION]
    areas = {field.name: field.kind.comparison for field in located if field.kind is not STREET and field.kind.comparison}
    if not areas:
        return (*single, *(Single(field.name, field.kind.comparison) for field in located if field.kind.comparison))
    street = next((Single(field.name, field.kind.comparison) for field in located if field.kind is STREET and field.kind.comparison), None)
    return (*single, Location(street, tuple(areas), tuple(areas.values()), any(field.mark(Premises) for field in located)))
