"""Scores are what the literature says they are."""

import numpy as np
import pytest
from scipy.stats import norm

from mdm.forecast.backtest.distribution import bias, coverage, crps_by_day, crps_of_samples, pinball, wape

DAYS = np.arange(-50, 151)
ONE = np.array([1.0])


def by_day(shares: np.ndarray, came: float, since: float = -100, until: float = 500) -> float:
    return float(crps_by_day(shares[None, :], DAYS, ONE * came, ONE * since, ONE * until)[0])


def certain(day: int) -> np.ndarray:
    return np.where(np.equal(DAYS, day), 1.0, 0.0)


@pytest.mark.parametrize(("said", "came", "score"), [(10, 10, 0), (10, 17, 7), (17, 10, 7)])
def test_of_a_number_crps_is_the_absolute_error(said: int, came: float, score: float) -> None:
    assert by_day(certain(said), came) == score
    assert crps_of_samples(np.full((1, 9), float(said)), ONE * came)[0] == score


def test_of_a_normal_it_is_what_gneiting_and_raftery_say() -> None:
    """Of N(0, 1) scaled to 10 days, at z = .7: s [z (2 F(z) - 1) + 2 f(z) - 1 / sqrt(pi)]."""
    z = 0.7
    wanted = 10 * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi))
    shares = norm.cdf((DAYS + 0.5) / 10) - norm.cdf((DAYS - 0.5) / 10)
    assert by_day(shares, 7) == pytest.approx(wanted, abs=0.05)
    drawn = np.random.default_rng(1).normal(0, 10, (1, 100_000))
    assert crps_of_samples(drawn, ONE * 7)[0] == pytest.approx(wanted, abs=0.05)


def test_what_has_not_come_is_judged_until_it_is_known_no_more() -> None:
    assert by_day(certain(10), np.inf, until=30) == 21  # wrong on the days 10 to 30
    assert by_day(certain(40), np.inf, until=30) == 0
    assert by_day(certain(10), 20, since=15) == 4  # of the days 16 to 19
    assert by_day(certain(10), 20, until=12) == 3


def test_the_true_distribution_scores_best() -> None:
    rng = np.random.default_rng(2)
    came = np.round(rng.normal(20, 8, 4_000))
    scores = {}
    for mean, spread in ((20, 8), (25, 8), (20, 16), (20, 3)):
        shares = norm.pdf(DAYS, mean, spread)
        scores[mean, spread] = crps_by_day(np.tile(shares / shares.sum(), (4_000, 1)), DAYS, came, came * 0 - 100, came * 0 + 60).mean()
    assert min(scores, key=scores.__getitem__) == (20, 8)


def test_the_rest() -> None:
    forecast, came = np.array([10.0, 20.0]), np.array([20.0, 10.0])
    assert pinball(forecast, came, 0.9).tolist() == pytest.approx([9, 1])
    assert wape(forecast, came) == pytest.approx(20 / 30)
    assert bias(forecast, came) == 0
    assert bias(forecast * 2, came) == 1
    assert np.isnan(wape(np.empty(0), np.empty(0)))


def test_coverage_comes_with_the_range_of_chance() -> None:
    """With 12 periods a true 80 % shows 58 to 100 %."""
    came = np.arange(12.0)
    found = coverage(came - 1, np.where(came < 9, came + 1, came - 0.5), came)
    assert (found.inside, found.share, round(found.low, 2), found.high) == (9, 0.75, 0.58, 1.0)
    assert found.credible
    assert not coverage(came + 1, came + 2, came).credible
    assert not coverage(np.empty(0), np.empty(0), np.empty(0)).credible
