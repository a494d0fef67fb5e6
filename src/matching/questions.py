"""Questions for stewards: the pairs whose rulings teach most.

Pairs that agree and differ in the same way are one pattern. How uncertain a pattern is follows from its weight and from what the corrections and its
own peculiarity leave open; one ruling narrows down all patterns that share something with it. The next question is the one that takes most doubt
away, where doubt counts with the root of how many pairs share it, and so on as if each had been answered (Bayesian experimental design). One in
five checks patterns of which the model is sure, so that a systematic fault shows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.clustering import Labels, components
from matching.engine import Resolution, Rulings
from matching.hashing import mixed
from matching.learning import NATS, Corrections, answers, before, contest, corrections, evidence
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
TRIED, NARROWED = 600, 1500
"""Patterns that are tried as the next question, and in which its effect is looked at."""


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
    design: NDArray[np.float64]
    weights: Weights
    """Mean of the pairs, rulings counted in."""


@dataclass
class Doubt:
    """What is open: the covariance of the corrections, and by pattern the variance of its own."""

    patterns: Patterns
    covariance: NDArray[np.float64]
    own: Weights

    def variances(self) -> Weights:
        """Of the weights of the patterns, in bits squared."""
        shared = np.einsum("ij,jk,ik->i", self.patterns.design, self.covariance, self.patterns.design)
        return np.maximum(shared, 0) + self.own  # type: ignore[no-any-return]

    def chances(self) -> Weights:
        """That pairs of a pattern are one thing, what is open counted in (MacKay 1992)."""
        flat = np.sqrt(1 + np.pi / 8 * NATS**2 * self.variances())
        return 1 / (1 + np.exp2(-np.clip(self.patterns.weights / flat, -60, 60)))

    def gains(self, tried: NDArray[np.intp], counted: Weights) -> Weights:
        """By tried pattern, how much of the counted variance one ruling on it takes away."""
        design, narrowed = self.patterns.design, np.argsort(-counted * self.variances(), kind="stable")[:NARROWED]
        shared = design[tried] @ self.covariance @ design[narrowed].T + (tried[:, None] == narrowed) * self.own[tried, None]
        return (shared**2 @ counted[narrowed]) / (self.variances() + self._noise())[tried]  # type: ignore[no-any-return]

    def answered(self, pattern: int) -> "Doubt":
        """What is open once a pair of the pattern is ruled on, whatever the ruling."""
        along = self.covariance @ self.patterns.design[pattern]
        total = (self.variances() + self._noise())[pattern]
        own = self.own.copy()
        own[pattern] -= own[pattern] ** 2 / total
        return Doubt(self.patterns, self.covariance - np.outer(along, along) / total, own)

    def _noise(self) -> Weights:
        chance = self.chances()
        return 1 / (np.maximum(chance * (1 - chance), LEAST_DOUBT) * NATS**2)


def questions(resolution: Resolution, rulings: Rulings, count: int) -> list[Question]:
    """The next pairs to ask a steward about, the most telling first; fewer where nothing else is open.

    No pair is ruled on, or follows from rulings; none of the answers follows from others. Records of other clusters than those that were asked
    about go first. Deterministic.
    """
    found = np.stack([resolution.pairs[name].to_numpy() for name in ("left", "right")], axis=1).astype(np.int64)
    if not len(found):
        return []
    known = corrections(resolution, rulings)
    doubt = _doubt(resolution, rulings, found, known)
    return list(_chosen(doubt, _Open(found, resolution.labels, rulings, resolution.pairs["weight"].to_numpy() > VETO), count))


def _chosen(doubt: Doubt, open_: "_Open", count: int) -> Iterator[Question]:
    patterns = doubt.patterns
    for number in range(1, count + 1):
        chance = doubt.chances()
        sure = np.maximum(chance, 1 - chance) >= SURE
        left = open_.patterns(patterns)
        check = number % CHECKED == 0 and bool((sure & left).any())
        counted = np.sqrt(patterns.sizes) * np.where(check, sure * 0.25, chance * (1 - chance))
        among = np.flatnonzero(left & sure if check else left)
        if not len(among):
            return
        tried = among[np.argsort(-(counted * doubt.variances())[among], kind="stable")[:TRIED]]
        pattern = int(tried[doubt.gains(tried, counted).argmax()])
        one, other = open_.take(patterns.of == pattern)
        yield Question(one, other, "check" if check else "uncertain", float(chance[pattern]), int(patterns.sizes[pattern]))
        doubt = doubt.answered(pattern)


def _doubt(resolution: Resolution, rulings: Rulings, found: Positions, known: Corrections) -> Doubt:
    kernel = before(resolution)
    levels = np.stack([resolution.pairs[feature.name].to_numpy() for feature in kernel.features], axis=1).astype(np.int8)
    rivals = contest(resolution, found)
    seen = evidence(kernel, resolution.columns, found, levels)
    _, first, of, sizes = np.unique(
        np.column_stack([levels, rivals < -CONTESTED]), axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    of = of.ravel()
    weights = np.bincount(of, seen.weights + rivals) / sizes + seen.design[first] @ known.likeliest
    doubt = Doubt(Patterns(of, sizes, seen.design[first], weights), known.covariance, np.full(len(sizes), PECULIAR**2))
    return _ruled(doubt, found, rulings, len(resolution.labels))


def _ruled(doubt: Doubt, found: Positions, rulings: Rulings, count: int) -> Doubt:
    """The peculiarities of patterns, narrowed down by the rulings that there are."""
    asked, _ = answers(rulings)
    met = np.isin(found[:, 0] * count + found[:, 1], asked[:, 0] * count + asked[:, 1])
    times = np.bincount(doubt.patterns.of[met], minlength=len(doubt.own))
    chance = doubt.chances()
    doubt.own = 1 / (1 / doubt.own + times * NATS**2 * np.maximum(chance * (1 - chance), LEAST_DOUBT))
    return doubt


class _Open:
    """The pairs that may still be asked about."""

    def __init__(self, found: Positions, labels: Labels, rulings: Rulings, allowed: NDArray[np.bool_]) -> None:
        asked, together = answers(rulings)
        self.found, self.labels, self.allowed = found, labels, allowed
        self.group = components(len(labels), *asked[together].T)
        self.touched = np.zeros(len(labels), np.bool_)
        self.touched[labels[asked]] = True
        self.order = np.argsort(mixed(*found.T.astype(np.uint64)), kind="stable")
        apart = np.sort(self.group[asked[~together]], axis=1).astype(np.int64) @ [len(labels), 1]
        groups = np.sort(self.group[found], axis=1).astype(np.int64)
        self.allowed = allowed & (groups[:, 0] != groups[:, 1]) & ~np.isin(groups @ [len(labels), 1], apart)

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
