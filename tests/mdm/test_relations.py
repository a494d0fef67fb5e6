"""Groups, whatever their references say; and from when to when a record referred to another."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdm.relations import Family, Reference, Span, family, spans


@pytest.mark.parametrize(
    ("parents", "of", "found"),
    [
        ({}, "a", Family("a", ("a",))),
        ({"b": "a", "c": "b", "x": "y"}, "b", Family("a", ("a", "b", "c"))),
        ({"a": "a", "b": "a"}, "b", Family("a", ("a", "b"))),
        ({"b": "c", "c": "b", "d": "b"}, "d", Family("b", ("b", "c", "d"), ("b", "c"))),
        ({"b": "gone"}, "b", Family("gone", ("gone", "b"))),
    ],
)
def test_a_group_is_all_below_the_one_above(parents: dict[str, str], of: str, found: Family) -> None:
    assert family(of, parents) == found


IDS = st.sampled_from("abcdefgh")


@given(st.dictionaries(IDS, IDS))
def test_all_of_a_group_say_the_same_group(parents: dict[str, str]) -> None:
    for of in "abcdefgh":
        group = family(of, parents)
        assert of in group.members
        assert all(family(one, parents) == group for one in group.members)


def day(number: int) -> datetime:
    """A day."""
    return datetime(2026, 1, number, tzinfo=UTC)


def version(at: int, to: str | None, record: int = 1) -> Reference:
    """What a record referred to from a day on."""
    return Reference(record, "crm", f"k{record}", "con", day(at), to)


def test_where_a_person_worked_from_when_to_when() -> None:
    found = spans([version(1, "a"), version(3, "a"), version(5, "b"), version(9, None), version(2, "a", record=2)])
    assert [(span.to, span.since, span.until) for span in found] == [("a", day(1), day(5)), ("b", day(5), day(9)), ("a", day(2), None)]
    assert [span.holds(day(5)) for span in found] == [False, True, True]


def test_what_is_said_and_taken_back_at_once_held_at_no_time() -> None:
    assert spans([version(1, "a"), version(1, "b")]) == [Span("crm", "k1", "con", "b", day(1), None)]
