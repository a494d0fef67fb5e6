"""Features: the pieces of evidence of a declaration, each a level for every pair of records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from matching.comparison import DIFFERENT, MISSING, Codes, Comparison, Levels, Scale
from matching.declaration import Field, Passing, Premises, Within
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
    def premises(self) -> bool:
        """Whether the branches of a group share it."""
        ...

    @property
    def scale(self) -> Scale:
        """Its levels."""
        ...

    def levels(self, pairs: Pairs, fitted: Any) -> Levels:
        """A level a pair."""
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

    def levels(self, pairs: Pairs, fitted: Any) -> Levels:
        """Missing, equal, or what the comparison says of each distinct pair of forms; silent where another field has said it."""
        levels = compared(pairs[self.name], self.scale, fitted)
        if self.passing:
            levels[levels == DIFFERENT] = MISSING
        if self.swaps_with in pairs:
            levels[_swapped(pairs[self.name], pairs[self.swaps_with], levels)] = self.scale.exact - 1
        if self.within is not None and self.within.field in pairs:
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
    premises: bool = False
    name: str = LOCATION

    @property
    def columns(self) -> tuple[str, ...]:
        """The fields that make it."""
        return (*((self.street.name,) if self.street else ()), *self.areas)

    @property
    def scale(self) -> Scale:
        """From elsewhere to the same street in the same place."""
        return _LOCATION

    def levels(self, pairs: Pairs, fitted: Any) -> Levels:
        """The best that is known: same street and area, near street, area with another street, area alone."""
        area = np.any([pairs[column].equal for column in self.areas], axis=0)
        area_missing = np.all([pairs[column].missing for column in self.areas], axis=0)
        street, street_missing = np.zeros_like(area, np.int8), np.ones_like(area)
        if self.street is not None:
            street, street_missing = compared(pairs[self.street.name], self.street.scale, fitted), pairs[self.street.name].missing
        exact = self.street.scale.exact if self.street else 99
        return np.select(
            [
                area_missing & street_missing,
                (street == exact) & (area | area_missing),
                (street >= exact - 1) & area,
                area & street_missing,
                area,
            ],
            [MISSING, 5, 4, 3, 2],
            default=DIFFERENT,
        ).astype(np.int8)


_LOCATION = Scale(
    labels=("elsewhere", "the same place, another street", "the same place", "nearly the same street", "the same street"),
    m=(0.15, 0.1, 0.15, 0.1, 0.5),
    u=(0.97, 0.02, 0.0085, 0.0005, 0.001),
)


def compared(column: Paired, comparison: Comparison, fitted: Any) -> Levels:
    """Levels of a column; each distinct pair of forms is compared once."""
    equal, missing = column.equal, column.missing
    levels = np.where(missing, MISSING, comparison.exact).astype(np.int8)
    rest = ~(missing | equal)
    left, right = column.left[rest].astype(np.int64), column.right[rest].astype(np.int64)
    distinct, inverse = np.unique(np.minimum(left, right) * len(column.forms) + np.maximum(left, right), return_inverse=True)
    if len(distinct):
        first, second = np.divmod(distinct, len(column.forms))
        levels[rest] = comparison.levels(column.forms, first.astype(np.int32), second.astype(np.int32), fitted)[inverse]
    return levels


def _swapped(one: Paired, other: Paired, levels: Levels) -> NDArray[np.intp]:
    """Pairs that differ, where each side holds in this field what the other side holds in the other field."""
    differ = np.flatnonzero((levels == DIFFERENT) & ~other.missing)
    crossed = (one.forms.values[one.left[differ]] == other.forms.values[other.right[differ]]) & (
        other.forms.values[other.left[differ]] == one.forms.values[one.right[differ]]
    )
    swapped: NDArray[np.intp] = differ[crossed.astype(bool)]
    return swapped


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
    areas = tuple(field.name for field in located if field.kind is not STREET)
    if not areas:
        return (*single, *(Single(field.name, field.kind.comparison) for field in located if field.kind.comparison))
    street = next((Single(field.name, field.kind.comparison) for field in located if field.kind is STREET and field.kind.comparison), None)
    return (*single, Location(street, areas, any(field.mark(Premises) for field in located)))
