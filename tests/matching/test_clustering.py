"""Clusters hold together by evidence, under constraints that no evidence overrules, in whatever order the pairs come."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from matching.clustering import Constraints, clusters

Edge = tuple[int, int, float]
NONE = Constraints()


def labels(count: int, edges: list[Edge], constraints: Constraints = NONE) -> list[int]:
    left, right, weight = (np.array([edge[at] for edge in edges]) for at in range(3)) if edges else (np.zeros(0, int),) * 3
    found = clusters(count, left.astype(np.int64), right.astype(np.int64), weight.astype(np.float64), constraints)
    return [int(label) for label in found]


def values(*codes: int) -> Constraints:
    return Constraints(single=[np.array(codes, np.int32)])


def test_records_alone_stay_alone() -> None:
    assert labels(3, []) == [0, 1, 2]
    assert labels(0, []) == []


def test_chains_hold_together() -> None:
    assert labels(4, [(0, 1, 5.0), (1, 2, 5.0)]) == [0, 0, 0, 3]


def test_two_values_of_a_vetoing_field_never_meet_and_the_strongest_pairs_stay() -> None:
    assert labels(3, [(0, 1, 9.0), (1, 2, 4.0)], values(7, -1, 8)) == [0, 0, 2]
    assert labels(3, [(0, 1, 4.0), (1, 2, 9.0)], values(7, -1, 8)) == [0, 1, 1]


def test_what_was_ruled_apart_stays_apart_through_third_records() -> None:
    assert labels(3, [(0, 1, 9.0), (1, 2, 4.0)], Constraints(apart=frozenset({(0, 2)}))) == [0, 0, 2]


def test_what_was_ruled_together_meets_without_evidence_and_against_values() -> None:
    together = frozenset({(0, 2)})
    assert labels(3, [], Constraints(together=together)) == [0, 1, 0]
    assert labels(3, [], Constraints(together=together, single=[np.array([7, -1, 8], np.int32)])) == [0, 1, 0]


EDGES = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 7), st.sampled_from([2.0, 3.0, 5.0, 8.0])).filter(lambda edge: edge[0] < edge[1]),
    max_size=14,
)


@given(EDGES, st.lists(st.integers(-1, 2), min_size=8, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_pairs_is_nothing_and_values_never_mix(edges: list[Edge], codes: list[int], random: Any) -> None:
    edges = list({edge[:2]: edge for edge in edges}.values())
    found = labels(8, edges, values(*codes))
    assert labels(8, random.sample(edges, len(edges)), values(*codes)) == found
    for label in set(found):
        assert len({code for code, at in zip(codes, found, strict=True) if at == label and code >= 0}) <= 1
        assert label == min(at for at, other in enumerate(found) if other == label)
