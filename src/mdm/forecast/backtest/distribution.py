"""Scores of forecasts that are distributions, and of those that are numbers.

CRPS is the continuous ranked probability score (Gneiting and Raftery 2007), in the unit of what is forecast; of a single number it is the
absolute error. Lower is better, and no other distribution than the true one does better on average.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mdm.forecast.backtest.probability import binomial_range

Array = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.float64] | npt.NDArray[np.int64]


def crps_by_day(shares: Array, days: Numbers, came: Array, since: Numbers, until: Numbers) -> Array:
    """CRPS in days of distributions over days, one a row of `shares`, each day of `days` a column.

    Only the days after `since` and up to `until` count: what had not come by `until` is censored there, and a forecast is judged by how
    little it had expected until then (threshold weighting, which keeps the score proper). `came` is infinite where nothing came.
    """
    below = shares.cumsum(1)
    counted = (days > since[:, None]) & (days <= until[:, None])
    found: Array = (np.square(below - (days >= came[:, None])) * counted).sum(1)
    return found


def crps_of_samples(samples: Array, came: Array) -> Array:
    """CRPS of distributions of which each row of `samples` is a sample, without bias for its size (Ferro 2014)."""
    ordered = np.sort(samples, axis=1)
    count = samples.shape[1]
    off = np.abs(ordered - came[:, None]).mean(1)
    ranks = 2.0 * np.arange(1, count + 1) - count - 1
    found: Array = off - (ordered * ranks).sum(1) / (count * max(count - 1, 1))
    return found


def pinball(forecast: Array, came: Array, level: float) -> Array:
    """Loss of a quantile."""
    off = came - forecast
    return np.maximum(level * off, (level - 1.0) * off)


def wape(forecast: Array, came: Array) -> float:
    """Weighted absolute percentage error: errors summed, by what came. Not a number where nothing came."""
    return _share(float(np.abs(forecast - came).sum()), came)


def bias(forecast: Array, came: Array) -> float:
    """By how much more was forecast than came, by what came. Not a number where nothing came."""
    return _share(float((forecast - came).sum()), came)


def _share(off: float, came: Array) -> float:
    whole = float(np.abs(came).sum())
    return off / whole if whole else float("nan")


@dataclass(frozen=True)
class Coverage:
    """How often what came lay inside a band, and between which shares that lies by chance in 19 of 20 such back-tests of a true band."""

    inside: int
    periods: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """The share inside; not a number of no periods."""
        return self.inside / self.periods if self.periods else float("nan")

    @property
    def credible(self) -> bool:
        """Whether the share is within the range of chance."""
        return self.periods > 0 and self.low <= self.share <= self.high


def coverage(low: Array, high: Array, came: Array, level: float = 0.8) -> Coverage:
    """How often what came lay inside bands that are to hold it with that probability; independent periods are assumed in the range."""
    inside, count = int(((low <= came) & (came <= high)).sum()), len(came)
    return Coverage(inside, count, *binomial_range(count, level))
