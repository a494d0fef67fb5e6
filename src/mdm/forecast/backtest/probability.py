"""How good probabilities were: scores of what was said beside what came.

Brier (1950); calibration slope and intercept after Cox (1958): the log-odds of what came on those of what was said, 1 and 0 where it is right.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from mdm.forecast.deals.ridge import expit

Array = np.ndarray
BINS = 10
KEPT_OFF = 1e-3
"""Nobody is punished without end for having been certain."""


@dataclass(frozen=True)
class Score:
    """Measures of probabilities against outcomes; without outcomes there are none (NaN)."""

    count: int
    wins: int
    brier: float
    log_loss: float
    slope: float
    intercept: float
    ece: float
    bias: float
    """Mean of what was said less the share that came."""


def score(chance: Array, outcome: Array) -> Score:
    """All measures at once."""
    if not len(chance):
        return Score(0, 0, *[float("nan")] * 6)
    slope, intercept = calibration(chance, outcome)
    bias = float(chance.mean() - outcome.mean())
    return Score(
        len(chance), int(outcome.sum()), brier(chance, outcome), log_loss(chance, outcome), slope, intercept, ece(chance, outcome), bias
    )


def brier(chance: Array, outcome: Array) -> float:
    """Mean squared error, 0 at best."""
    return float(np.mean((chance - outcome) ** 2))


def log_loss(chance: Array, outcome: Array) -> float:
    """Mean surprise in nats."""
    kept = np.clip(chance, KEPT_OFF, 1 - KEPT_OFF)
    return float(-np.mean(outcome * np.log(kept) + (1 - outcome) * np.log(1 - kept)))


def skill(loss: float, reference: float) -> float:
    """What share of the reference's loss is saved: 1 at best, 0 where nothing is."""
    return 1 - loss / reference if reference > 0 else float("nan")


def calibration(chance: Array, outcome: Array) -> tuple[float, float]:
    """Slope and intercept of the outcome's log-odds on those said."""
    if outcome.min() == outcome.max() or np.ptp(chance) < 1e-9:
        return float("nan"), float("nan")
    kept = np.clip(chance, KEPT_OFF, 1 - KEPT_OFF)
    rows = np.column_stack([np.ones(len(kept)), np.log(kept / (1 - kept))])
    at = np.array([0.0, 1.0])
    for _ in range(50):
        expected = expit(rows @ at)
        curvature = (rows * (expected * (1 - expected))[:, None]).T @ rows + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, rows.T @ (outcome - expected))
        at = at + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-9:
            break
    return float(at[1]), float(at[0])


def ece(chance: Array, outcome: Array) -> float:
    """Expected calibration error: what tenths of the scale said less what came in them, by how many they hold."""
    at = np.minimum((chance * BINS).astype(int), BINS - 1)
    gap = np.bincount(at, weights=chance - outcome, minlength=BINS)
    return float(np.abs(gap).sum() / len(chance))


def binomial_range(count: int, share: float, level: float = 0.95) -> tuple[float, float]:
    """Where a coverage that is truly `share` is found in so many periods."""
    if not count:
        return 0.0, 1.0
    low, high = binom.interval(level, count, share)
    return float(low) / count, float(high) / count
