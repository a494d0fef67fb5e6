"""Rivals: where a source holds nothing twice, a record has one partner at most in it, so that its possible partners speak against each other."""

import numpy as np
from numpy.typing import NDArray

from matching.clustering import components
from matching.sources import Positions, Sources

Weights = NDArray[np.float64]

MOST_ROUNDS = 100
SETTLED = 0.01
"""Bits by which beliefs may still move."""


def contested(left: Positions, right: Positions, weight: Weights, sources: Sources) -> Weights:
    """Weights beside their rivals: log2 odds that two records are one thing, over that either has another partner or none.

    Belief propagation on the graph of pairs (Huang & Jebara 2009): a rival counts by how free its other record is. What comes of a component
    depends on its own pairs alone, in no order.
    """
    if not sources.distinct or not len(left):
        return weight
    component = components(len(sources.of), left, right)[left]
    told = np.zeros(len(weight))
    active, free = np.arange(len(weight)), np.zeros(2 * len(weight))
    odds, group, once = _directed(left, right, weight, sources)
    for _ in range(MOST_ROUNDS):
        before, free = free, (free - np.log2(1 + _rivals(odds, group, once, free))) / 2
        told[active] = free[: len(active)] + free[len(active) :]
        moved = np.zeros(component.max() + 1, np.bool_)
        moved[np.tile(component[active], 2)[np.abs(free - before) >= SETTLED]] = True
        if not moved.any():
            break
        if not (stays := moved[component[active]]).all():
            active, free = active[stays], free[np.tile(stays, 2)]
            odds, group, once = _directed(left[active], right[active], weight[active], sources)
    return weight + told


def _directed(left: Positions, right: Positions, weight: Weights, sources: Sources) -> tuple[Weights, Positions, NDArray[np.bool_]]:
    """Every pair from both its records: odds, a number for the record and the other's source, and whether that source holds nothing twice."""
    mine, theirs = np.concatenate([left, right]), np.concatenate([right, left])
    _, group = np.unique(mine * (sources.of.max() + 1) + sources.of[theirs], return_inverse=True)
    return np.tile(np.exp2(np.clip(weight, -60, 60)), 2), group, np.isin(sources.of[theirs], list(sources.distinct))


def _rivals(odds: Weights, group: Positions, once: NDArray[np.bool_], free: Weights) -> Weights:
    """Odds of the other partners of each record; `free`: log2 of how free a record of a pair is, were it not for the pair."""
    wanted = odds * np.exp2(np.roll(free, len(odds) // 2))
    return np.where(once, np.maximum(np.bincount(group, wanted)[group] - wanted, 0), 0)
