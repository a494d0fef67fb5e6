"""Beliefs about pairs where a record has one partner at most: exact on trees, and near the truth where it can be counted out."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.rivals import contested
from matching.sources import Sources

Edges = dict[tuple[int, int], float]


def sources(left: int, right: int, distinct: frozenset[int] = frozenset({0, 1})) -> Sources:
    return Sources(np.repeat(np.array([0, 1], np.int32), [left, right]), distinct, across=True)


def told(edges: Edges, origin: Sources) -> list[float]:
    left, right = np.array(list(edges), np.int64).reshape(-1, 2).T
    return [float(weight) for weight in contested(left, right, np.array(list(edges.values())), origin)]


def counted(edges: Edges) -> list[float]:
    """Log2 odds of every pair, by the sum over every way to pair records off."""
    total, within = 0.0, dict.fromkeys(edges, 0.0)
    for size in range(len(edges) + 1):
        for chosen in combinations(edges, size):
            ends = [end for pair in chosen for end in pair]
            if len(set(ends)) == len(ends):
                odds = float(np.prod([2 ** edges[pair] for pair in chosen]))
                total += odds
                for pair in chosen:
                    within[pair] += odds
    return [float(np.log2(found / (total - found))) for found in within.values()]


def test_a_pair_without_rivals_keeps_its_weight() -> None:
    assert told({(0, 2): 3.0, (1, 3): -2.0}, sources(2, 2)) == [3.0, -2.0]


def test_nothing_is_taken_where_no_source_is_distinct() -> None:
    assert told({(0, 2): 3.0, (0, 3): 3.0}, sources(2, 2, frozenset())) == [3.0, 3.0]


def test_of_two_alike_neither_is_sure() -> None:
    assert told({(0, 1): 10.0, (0, 2): 10.0}, sources(1, 2)) == pytest.approx([0, 0], abs=0.02)


def test_a_rival_that_has_a_better_partner_hardly_counts() -> None:
    with_better = told({(0, 2): 8.0, (0, 3): 8.0, (1, 3): 20.0}, sources(2, 2))
    assert with_better[0] > 7.5
    assert with_better[1] < -10


def test_only_the_source_that_holds_nothing_twice_makes_rivals() -> None:
    assert told({(0, 2): 8.0, (1, 2): 8.0}, sources(2, 1, frozenset({1}))) == pytest.approx([8, 8])
    assert told({(0, 2): 8.0, (1, 2): 8.0}, sources(2, 1, frozenset({0}))) == pytest.approx([0, 0], abs=0.02)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(3, 5), st.floats(-6, 6)), min_size=1, max_size=6))
def test_beliefs_are_near_what_counting_says(edges: list[tuple[int, int, float]]) -> None:
    pairs = dict(sorted({(left, right): weight for left, right, weight in edges}.items()))
    said, true = np.array(told(pairs, sources(3, 3))), np.array(counted(pairs))
    chance, exact = 1 / (1 + 2.0**-said), 1 / (1 + 2.0**-true)
    assert np.abs(chance - exact).max() < 0.12


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(4, 7), st.floats(-6, 12)), min_size=1, max_size=9), st.integers(-6, 12))
def test_what_comes_of_a_component_depends_on_it_alone(edges: list[tuple[int, int, float]], other: int) -> None:
    pairs = dict(sorted({(left, right): weight for left, right, weight in edges}.items()))
    alone = told(pairs, Sources(np.array([0] * 4 + [1] * 4 + [0, 1, 1], np.int32), frozenset({0, 1}), across=True))
    beside = told(
        pairs | {(8, 9): float(other), (8, 10): 3.0},
        Sources(np.array([0] * 4 + [1] * 4 + [0, 1, 1], np.int32), frozenset({0, 1}), across=True),
    )
    assert beside[: len(alone)] == alone
