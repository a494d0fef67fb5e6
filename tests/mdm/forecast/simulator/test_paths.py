"""Paths: chances come true, the market moves deals together, questions differ by what was asked alone."""

from math import asin, pi, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from mdm.forecast.simulator.market import USUAL, correlation
from mdm.forecast.simulator.paths import Change, Items, Paths, later_by

PERIODS = 12


def items(count: int, chance: float | np.ndarray = 0.5, seed: int = 1, market: int = 0) -> Items:
    """Deals of about a thousand each, won in any period, billed over three."""
    rng = np.random.default_rng(seed)
    amount = rng.lognormal(7, 1, count)
    booked, billed = np.zeros((count, PERIODS)), np.zeros((count, PERIODS))
    booked[:, 0] = amount
    billed[:, :3] = amount[:, None] / 3
    return Items(
        np.broadcast_to(np.asarray(chance, np.float32), (count,)).copy(),
        rng.dirichlet(np.ones(PERIODS), count).astype(np.float32) * np.float32(0.9),
        {"bookings": booked.astype(np.float32), "billing": billed.astype(np.float32)},
        np.full(count, market),
    )


def test_what_is_expected_comes_on_average() -> None:
    some = items(300, np.random.default_rng(2).random(300))
    found = Paths(some, 0.1, seed=3).totals("bookings")
    expected = some.yields["bookings"][:, 0] * some.chance @ some.when
    spread = found.std(axis=0) / sqrt(len(found))
    # Groups share the periods, so a period's mean has their error too.
    assert (np.abs(found.mean(axis=0) - expected) < 4 * spread + 0.05 * expected).all()
    assert abs(found.sum(axis=1).mean() / expected.sum() - 1) < 0.02


@pytest.mark.parametrize("rho", [0.0, 0.05, 0.2])
def test_deals_vary_together_as_the_market_says(rho: float) -> None:
    """At a chance of one half two deals are both won with 1/4 + asin(rho) / 2 pi (Sheppard, 1899)."""
    count = 200
    won = Paths(items(count), rho, seed=4, paths=20_000).came().sum(axis=1)
    variance = count / 4 + count * (count - 1) * asin(rho) / (2 * pi)
    assert won.var() == pytest.approx(variance, rel=0.06)


def test_what_no_market_moves_is_independent() -> None:
    won = Paths(items(200, market=-1), 0.2, seed=4, paths=20_000).came().sum(axis=1)
    assert won.var() == pytest.approx(50, rel=0.06)


def test_the_same_seed_is_the_same_answer_and_another_one_is_not() -> None:
    first, again, other = (Paths(items(40), 0.1, seed=seed).totals("billing") for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize("count", [3, 40])
def test_a_question_is_answered_as_if_it_had_been_so_from_the_start(count: int) -> None:
    """Whether it touches few items or most."""
    some = items(60)
    chance, scale = some.chance.copy(), np.ones(60, np.float32)
    chance[:count], scale[:count] = 0.8, 1.1
    asked = Paths(some, 0.1, seed=5).totals("billing", Change(chance, {"": scale}))
    yields = {name: part * scale[:, None] for name, part in some.yields.items()}
    anew = Paths(Items(chance, some.when, yields, some.market), 0.1, seed=5).totals("billing")
    assert np.allclose(asked, anew, rtol=1e-4, atol=0.05)


def test_a_better_chance_takes_nothing_away_on_any_path() -> None:
    some = items(50)
    paths = Paths(some, 0.1, seed=6)
    assert (paths.totals("bookings", Change(some.chance * np.float32(1.3))) >= paths.totals("bookings") - 0.01).all()


@pytest.mark.parametrize("count", [1, 50])
def test_what_comes_later_comes_later(count: int) -> None:
    some = items(50)
    paths = Paths(some, 0.0, seed=7)
    later = np.zeros(50, np.float32)
    later[:count] = 2
    found, before = paths.totals("bookings", Change(later={"": later})), paths.totals("bookings")
    if count == 50:
        assert np.allclose(found[:, 2:], before[:, :-2], atol=0.01)
        assert not found[:, :2].any()
    else:
        only = Paths(
            Items(some.chance, some.when, {"bookings": some.yields["bookings"] * (np.arange(50) == 0)[:, None]}, some.market), 0.0, seed=7
        )
        part = only.totals("bookings")
        assert np.allclose(found - before, later_by(part, 2) - part, atol=0.05)


@given(
    money=st.lists(st.integers(0, 1000), min_size=4, max_size=8),
    later=st.floats(-10, 10, allow_nan=False),
)
def test_money_that_moves_is_not_lost_but_behind_the_end(money: list[int], later: float) -> None:
    row = np.array([money], np.float32)
    moved = later_by(row, later)
    assert (moved >= 0).all()
    kept = [amount * min(max(len(money) - at - later, 0), 1) for at, amount in enumerate(money)]
    assert moved.sum() == pytest.approx(sum(kept), abs=0.01 * (1 + sum(money)))
    if later <= 0:
        assert moved.sum() == pytest.approx(sum(money), rel=1e-4, abs=0.01)


def test_the_market_is_found_in_past_quarters() -> None:
    rng = np.random.default_rng(8)

    def quarters(rho: float, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
        made = []
        for _ in range(count):
            chance = rng.uniform(0.2, 0.6, 150)
            latent = sqrt(rho) * rng.standard_normal() + sqrt(1 - rho) * rng.standard_normal(150)
            made.append((chance, (latent < ndtri(chance)).astype(float)))
        return made

    assert correlation(quarters(0.15, 400)) == pytest.approx(0.15, abs=0.03)
    assert correlation(quarters(0.0, 400)) < 0.02
    assert correlation([]) == USUAL


def test_bands_of_a_moved_market_hold_where_independent_ones_do_not() -> None:
    """Eighty in a hundred quarters end in the band, within what chance allows; without the common factor far fewer."""
    truth = Paths(items(150), 0.15, seed=9, paths=400).totals("bookings").sum(axis=1)
    inside = {}
    for rho in (0.15, 0.0):
        low, high = np.quantile(Paths(items(150), rho, seed=10).totals("bookings").sum(axis=1), (0.1, 0.9))
        inside[rho] = float(((truth >= low) & (truth <= high)).mean())
    assert 0.74 <= inside[0.15] <= 0.86
    assert inside[0.0] < 0.7
