"""Comparisons as data: a similarity, the cuts that make levels of it, and what the levels are worth untrained.

A level is a small integer: 0 missing on a side, 1 different, then one a cut that was reached, last the exact agreement.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from matching.forms import Forms

MISSING, DIFFERENT = 0, 1

Codes = NDArray[np.int32]
Floats = NDArray[np.float32]
Levels = NDArray[np.int8]


class Similarity(Protocol):
    """Likeness of pairs of normal forms, by code, in 0..1, not a number where nothing can be said; `fitted` is what `Comparison.fit` learnt from all forms."""

    def __call__(self, forms: Forms, left: Codes, right: Codes, fitted: Any) -> Floats:
        """One similarity a pair."""
        ...


@dataclass(frozen=True, kw_only=True)
class Scale:
    """The levels of a piece of evidence and what each is worth before anything was learnt."""

    labels: tuple[str, ...]
    """A phrase a level, from `different` to `exact`."""
    m: tuple[float, ...]
    """Untrained P(level | same thing), from `different` to `exact`."""
    u: tuple[float, ...]
    """Untrained P(level | different things), from `different` to `exact`."""
    damping: float = 0.7
    """How much of the term-frequency correction counts on exact agreement; 0 switches it off."""
    own: float = 1.0
    """How much of its evidence other fields do not say already: a description repeats the label."""
    contrary: int = 1
    """How many of the lowest levels speak against a match; the last of several is the branch of a group, which shares its premises."""

    def __post_init__(self) -> None:
        """Refuse a declaration whose parts do not have one entry a level."""
        if not len(self.m) == len(self.u) == len(self.labels):
            raise ValueError(f"labels, m and u must have one entry a level; {self.labels} has {len(self.m)} m and {len(self.u)} u")

    @property
    def exact(self) -> int:
        """The highest level."""
        return len(self.labels)


@dataclass(frozen=True, kw_only=True)
class Comparison(Scale):
    """How two values of a kind are compared."""

    similarity: Similarity
    cuts: tuple[float, ...]
    """Ascending; reaching cut i is level i + 2."""
    fit: Callable[[Forms], Any] | None = None
    """Learns from the distinct forms what the similarity needs (word weights)."""

    def __post_init__(self) -> None:
        """Refuse cuts that do not make the levels."""
        super().__post_init__()
        if len(self.cuts) + 2 != self.exact:
            raise ValueError(f"{len(self.cuts)} cuts make {len(self.cuts) + 2} levels, and {self.labels} are {self.exact}")

    def levels(self, forms: Forms, left: Codes, right: Codes, fitted: Any) -> Levels:
        """Levels of pairs of normal forms, by code, that are present and not equal."""
        similarity = self.similarity(forms, left, right, fitted)
        levels = np.searchsorted(np.asarray(self.cuts, np.float32), similarity, side="right") + DIFFERENT
        return np.where(np.isnan(similarity), MISSING, levels).astype(np.int8)
