"""Questions for stewards: the pairs whose rulings teach most.

Pairs that agree and differ in the same way are one pattern. How doubtful a pattern is follows from its weight, and from what the corrections that
rulings teach, and its own peculiarity, leave open; one ruling narrows down all patterns that share something with it. The next question is the one
that takes most doubt away, where doubt counts with the root of how many pairs share it, and so on as if each had been answered (Bayesian
experimental design; MacKay 1992, "Information-based objective functions for active data selection"). One in five checks patterns of which the model
is sure, so that a systematic fault shows. Limit: only pairs that were kept for review are asked about, never those that blocking missed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.clustering import Labels, components
from matching.engine import Resolution, Rulings
from matching.hashing import mixed
from matching.learning import NATS, Matrix, answers, contest, corrections, evidence, unruled
from matching.model import VETO, Weights
from matching.sources import Positions

Why = Literal["uncertain", "check"]

PECULIAR = 2.0
"""Bits by which a pattern may differ from what its levels say."""
CHECKED = 5
"""One in so many questions is a check."""
SURE = 0.9
"""Probability, of a match or of none, from which a pattern is checked."""
LEAST_DOUBT = 0.02
"""Variance of an answer, at the least: nothing is certain."""
CONTESTED = 1.0
"""Bits by which rival partners speak against a pair that is another pattern for it."""
LOOKED_AT = 1000
"""Patterns that are tried as the next question, and patterns whose doubt it may take away: the most doubtful."""


class Question(NamedTuple):
    """A pair to rule on, by the positions of its records."""

    left: int
    right: int
    why: Why
    """Whether the model is in doubt, or sure and to be checked."""
    probability: float
    """That they are one thing, as far as the rulings so far tell."""
    alike: int
    """Pairs that agree and differ in the same way, this one among them."""


@dataclass(frozen=True)
class Patterns:
    """Pairs that agree in the same way, as one."""

    of: NDArray[np.int64]
    """The pattern of every pair."""
    sizes: NDArray[np.int64]
    design: Matrix
    weights: Weights
    """Mean of the pairs, rulings counted in."""


@dataclass(frozen=True)
class Doubt:
    """What is open: the covariance of the corrections, and by pattern the variance of its peculiarity."""

    patterns: Patterns
    covariance: Matrix
    own: Weights

    def variances(self) -> Weights:
        """Of the weights of the patterns, in bits squared."""
        design = self.patterns.design
        return np.maximum((design @ self.covariance * design).sum(axis=1), 0) + self.own  # type: ignore[no-any-return]

    def chances(self) -> Weights:
        """That pairs of a pattern are one thing, what is open counted in (MacKay 1992)."""
        flat = np.sqrt(1 + np.pi / 8 * NATS**2 * self.variances())
        return 1 / (1 + np.exp2(-np.clip(self.patterns.weights / flat, -60, 60)))

    def gains(self, tried: NDArray[np.intp], counted: Weights) -> Weights:
        """By tried pattern, how much of the counted variance one ruling on it takes away."""
        variances, design = self.variances(), self.patterns.design
        others = _most(np.arange(len(counted)), counted * variances)
        shared = design[tried] @ self.covariance @ design[others].T + (tried[:, None] == others) * self.own[tried, None]
        return (shared**2 @ counted[others]) / (variances + self.noise())[tried]  # type: ignore[no-any-return]

    def answered(self, pattern: int) -> "Doubt":
        """What is open once a pair of the pattern is ruled on, whatever the ruling."""
        along = self.covariance @ self.patterns.design[pattern]
        total = (self.variances() + self.noise())[pattern]
        own = self.own.copy()
        own[pattern] -= own[pattern] ** 2 / total
        return replace(self, covariance=self.covariance - np.outer(along, along) / total, own=own)

    def noise(self) -> Weights:
        """Variance of what one ruling says of the weight of a pattern, in bits squared."""
        chance = self.chances()
        return 1 / (np.maximum(chance * (1 - chance), LEAST_DOUBT) * NATS**2)


def questions(resolution: Resolution, rulings: Rulings, count: int) -> list[Question]:
    """The next pairs to ask a steward about, the most telling first; fewer where nothing else is open.

    No pair is ruled on, or follows from rulings; none of the answers follows from others. Records of other clusters than those that were asked
    about go first. Deterministic.
    """
    if not resolution.pairs.num_rows:
        return []
    found = np.stack([resolution.pairs[name].to_numpy() for name in ("left", "right")], axis=1).astype(np.int64)
    weighed = resolution.pairs["weight"].to_numpy() > VETO
    return list(_chosen(_doubt(resolution, rulings, found), _Open(found, resolution.labels, rulings, weighed), count))


def _chosen(doubt: Doubt, still: "_Open", count: int) -> Iterator[Question]:
    patterns = doubt.patterns
    for number in range(1, count + 1):
        chance = doubt.chances()
        sure, left = np.maximum(chance, 1 - chance) >= SURE, still.patterns(patterns)
        check = number % CHECKED == 0 and bool((sure & left).any())
        counted = np.sqrt(patterns.sizes) * np.where(check, sure * 0.25, chance * (1 - chance))
        among = np.flatnonzero(left & sure if check else left)
        if not len(among):
            return
        tried = _most(among, (counted * doubt.variances())[among])
        pattern = int(tried[doubt.gains(tried, counted).argmax()])
        one, other = still.take(patterns.of == pattern)
        yield Question(one, other, "check" if check else "uncertain", float(chance[pattern]), int(patterns.sizes[pattern]))
        doubt = doubt.answered(pattern)


def _most(among: NDArray[np.intp], much: Weights) -> NDArray[np.intp]:
    return among[np.argsort(-much, kind="stable")[:LOOKED_AT]]


def _doubt(resolution: Resolution, rulings: Rulings, found: Positions) -> Doubt:
    """What is open after the rulings that there are."""
    kernel, known = unruled(resolution), corrections(resolution, rulings)
    levels = np.stack([resolution.pairs[feature.name].to_numpy() for feature in kernel.features], axis=1).astype(np.int8)
    rivals = contest(resolution, found)
    seen = evidence(kernel, resolution.columns, found, levels)
    _, first, of, sizes = np.unique(
        np.column_stack([levels, rivals < -CONTESTED]), axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    of = of.ravel()
    weights = np.bincount(of, seen.weights + rivals) / sizes + seen.design[first] @ known.likeliest
    doubt = Doubt(Patterns(of, sizes, seen.design[first], weights), known.covariance, np.full(len(sizes), PECULIAR**2))
    asked, _ = answers(rulings)
    width = len(resolution.labels)
    times = np.bincount(of[np.isin(found @ [width, 1], asked @ [width, 1])], minlength=len(sizes))
    return replace(doubt, own=1 / (1 / doubt.own + times / doubt.noise()))


class _Open:
    """The pairs that may still be asked about."""

    def __init__(self, found: Positions, labels: Labels, rulings: Rulings, weighed: NDArray[np.bool_]) -> None:
        asked, together = answers(rulings)
        self.found, self.labels = found, labels
        self.group = components(len(labels), *asked[together].T)
        """Records that are one thing by rulings."""
        self.touched = np.zeros(len(labels), np.bool_)
        """Clusters that were asked about."""
        self.touched[labels[asked]] = True
        self.order = np.argsort(mixed(*found.T.astype(np.uint64)), kind="stable")
        apart = np.sort(self.group[asked[~together]], axis=1).astype(np.int64) @ [len(labels), 1]
        groups = np.sort(self.group[found], axis=1).astype(np.int64)
        self.allowed = weighed & (groups[:, 0] != groups[:, 1]) & ~np.isin(groups @ [len(labels), 1], apart)

    def patterns(self, patterns: Patterns) -> NDArray[np.bool_]:
        """The patterns of which there is a pair."""
        return np.bincount(patterns.of[self.allowed], minlength=len(patterns.sizes)) > 0

    def take(self, among: NDArray[np.bool_]) -> tuple[int, int]:
        """A pair among these, of clusters that were not asked about if there is one; then no other with its records."""
        ready = self.order[(among & self.allowed)[self.order]]
        fresh = ready[~self.touched[self.labels[self.found[ready]]].any(axis=1)]
        pair = self.found[fresh[0] if len(fresh) else ready[0]]
        self.touched[self.labels[pair]] = True
        self.allowed &= ~np.isin(self.group[self.found], self.group[pair]).any(axis=1)
        return int(pair[0]), int(pair[1])
