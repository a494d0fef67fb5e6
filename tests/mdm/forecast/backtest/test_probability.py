"""Scores of probabilities: known values."""

import numpy as np
import pytest
from scipy.stats import binom

from mdm.forecast.backtest.probability import binomial_range, brier, calibration, ece, log_loss, score, skill


def test_scores_have_their_textbook_values() -> None:
    chance, outcome = np.array([0.8, 0.3]), np.array([1.0, 0.0])
    assert brier(chance, outcome) == pytest.approx((0.04 + 0.09) / 2)
    assert log_loss(chance, outcome) == pytest.approx(-(np.log(0.8) + np.log(0.7)) / 2)
    assert skill(0.2, 0.25) == pytest.approx(0.2)
    assert ece(np.array([0.25, 0.25, 0.85]), np.array([0.0, 1.0, 1.0])) == pytest.approx((0.5 + 0.15) / 3)


@pytest.mark.parametrize(("steep", "shift"), [(1.0, 0.0), (0.5, 0.0), (1.0, 0.7)])
def test_slope_and_intercept_come_back(steep: float, shift: float) -> None:
    """Who doubles the log-odds has a slope of one half."""
    rng = np.random.default_rng(1)
    logit = rng.normal(0, 1.2, 20000)
    outcome = (rng.random(20000) < 1 / (1 + np.exp(-(steep * logit + shift)))).astype(float)
    assert calibration(1 / (1 + np.exp(-logit)), outcome) == pytest.approx((steep, shift), abs=0.06)


def test_of_nothing_and_of_one_sort_there_is_no_slope() -> None:
    assert np.isnan(score(np.array([]), np.array([])).brier)
    assert np.isnan(score(np.array([0.2, 0.4]), np.array([0.0, 0.0])).slope)


def test_with_few_periods_a_coverage_says_little() -> None:
    """FORECASTS: with 12 periods a true 80 % shows 58-100 %."""
    low, high = binomial_range(12, 0.8)
    assert (round(low, 2), high) == (0.58, 1.0)
    assert binom.cdf(round(low * 12) - 1, 12, 0.8) < 0.025
    assert binomial_range(0, 0.8) == (0.0, 1.0)
