"""Empirical Bayes on counts: how much a cell's own rate says beside what was expected of it.

Beta-binomial, moments after Kleinman (1973): rho is the correlation of outcomes within a cell, k = (1 - rho) / rho how many outcomes the
expectation weighs as much as.
"""

import numpy as np
from scipy.stats import beta

Array = np.ndarray
FEW = 8.0
"""k where there are too few cells to tell."""
BAND = (0.1, 0.9)
"""Quantiles of an 80 % interval."""


def strength(wins: Array, counts: Array, expected: Array) -> float:
    """k of cells: wins and counts, and the rate expected of each."""
    seen = counts > 0
    wins, counts, expected = wins[seen], counts[seen], np.clip(expected[seen], 0.01, 0.99)
    if len(counts) < 3 or counts.sum() <= len(counts):
        return FEW
    spread = counts * (wins / counts - expected) ** 2 / (expected * (1 - expected))
    rho = float(np.clip((spread.sum() - len(counts)) / (counts - 1).clip(0).sum(), 0.01, 0.5))
    return (1 - rho) / rho


def interval(chance: Array, weight: Array) -> tuple[Array, Array]:
    """80 % interval of a probability that is known as well as from so many outcomes."""
    chance = np.clip(chance, 1e-4, 1 - 1e-4)
    low, high = (beta.ppf(quantile, chance * weight, (1 - chance) * weight) for quantile in BAND)
    return np.asarray(low), np.asarray(high)
