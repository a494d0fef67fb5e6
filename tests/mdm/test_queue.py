"""What is asked first, and which golden records hang by a thread: truth tables."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdm.queue import FLOOR, bridges, rank, uncertainty


@pytest.mark.parametrize(("weight", "open_"), [(0, 1), (2, 0.4), (-2, 0.4), (3, 2 / 9), (-3, 2 / 9), (-1e9, 0), (float("inf"), 0)])
def test_a_question_is_as_open_as_the_likelier_answer_may_be_wrong(weight: float, open_: float) -> None:
    assert uncertainty(weight) == pytest.approx(open_)


@given(st.floats(-20, 20))
def test_it_is_twice_the_lesser_chance(weight: float) -> None:
    chance = 1 / (1 + 2**-weight)
    assert uncertainty(weight) == pytest.approx(1 - abs(2 * chance - 1))


def test_euros_times_openness_with_a_floor() -> None:
    assert rank(Decimal(48_200), uncertainty(0)) == 48_200
    assert rank(Decimal(48_200), uncertainty(2)) == pytest.approx(19_280)
    assert rank(Decimal(0), uncertainty(0)) == FLOOR
    assert rank(Decimal(0), 0.5) < rank(Decimal(0), 0.6) < rank(Decimal(1000), 0.5)


Edges = list[tuple[int, int, float]]
TRIANGLES: Edges = [(1, 2, 9), (2, 3, 9), (1, 3, 9), (4, 5, 9), (5, 6, 9), (4, 6, 9)]


@pytest.mark.parametrize(
    ("edges", "found"),
    [
        ([*TRIANGLES, (3, 4, 2.5)], [(3, 4)]),
        ([*TRIANGLES, (4, 3, 2.5)], [(3, 4)]),
        ([*TRIANGLES, (3, 4, 12)], []),  # strong: it may well be alone
        ([*TRIANGLES, (3, 4, 2.5), (1, 6, 2.5)], []),  # two of them hold
        ([*TRIANGLES, (3, 4, 2.5), (3, 4, 12)], []),  # ruled upon
        (TRIANGLES, []),
        ([(1, 2, 9), (2, 3, 2.5)], []),  # one record alone on a side is a pair's question
        ([(1, 2, 9), (2, 3, 2.5), (3, 4, 9)], [(2, 3)]),
        ([(1, 2, 3), (2, 3, 3), (3, 4, 2.5), (4, 5, 3), (5, 6, 3)], [(3, 4)]),
    ],
)
def test_a_pair_that_alone_holds_two_groups_is_a_bridge(edges: Edges, found: list[tuple[int, int]]) -> None:
    assert [(one.left_id, one.right_id) for one in bridges(("g", *edge) for edge in edges)] == found


def _parts(edges: set[tuple[int, int]], start: int) -> set[int]:
    reached, ahead = {start}, [start]
    while ahead:
        here = ahead.pop()
        new = {other for edge in edges if here in edge for other in edge} - reached
        reached |= new
        ahead += new
    return reached


@given(st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda edge: edge[0] < edge[1]), max_size=14))
def test_bridges_are_those_that_brute_force_finds(edges: set[tuple[int, int]]) -> None:
    cuts = {
        edge for edge in edges
        if edge[1] not in _parts(edges - {edge}, edge[0]) and all(len(_parts(edges - {edge}, end)) > 1 for end in edge)
    }  # fmt: skip
    found = bridges(("g", *edge, 2.5) for edge in sorted(edges, reverse=True))
    assert [(one.left_id, one.right_id) for one in found] == sorted(cuts)[:1]
