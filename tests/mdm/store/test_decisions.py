"""Rulings never say the opposite of each other, however many it takes to say it."""

from collections.abc import Collection
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from mdm.errors import Conflict
from mdm.store import decisions
from mdm.store.decisions import RecordKey, Standing, contradiction

Said = tuple[int, int, str]
NUMBERS = st.integers(0, 6)
PAIRS = st.tuples(NUMBERS, NUMBERS).filter(lambda pair: pair[0] != pair[1])
RULINGS = st.lists(st.builds(lambda pair, verdict: (*pair, verdict), PAIRS, st.sampled_from(["same", "different"])), max_size=12)


def consistent(said: Collection[Said]) -> bool:
    """Whether the records can be put into groups so that every ruling holds: joined by brute force."""
    group = {at: at for at in range(7)}
    for left, right, verdict in said:
        if verdict == "same":
            old, new = group[left], group[right]
            group = {at: new if its == old else its for at, its in group.items()}
    return all(group[left] != group[right] for left, right, verdict in said if verdict == "different")


@given(RULINGS)
def test_a_ruling_is_contradicted_exactly_where_both_cannot_hold(rulings: list[Said]) -> None:
    kept: list[Said] = []
    for left, right, verdict in rulings:
        found = contradiction(kept, left, right, verdict)
        assert (found is None) is consistent([*kept, (left, right, verdict)])
        if found is None:
            kept.append((left, right, verdict))
    assert consistent(kept)


@given(RULINGS)
def test_standing_rulings_allow_what_contradicts_none(rulings: list[Said]) -> None:
    kept: list[Said] = []
    standing = Standing()
    for left, right, verdict in rulings:
        allowed = standing.allows(left, right, "same" if verdict == "same" else "different")
        assert allowed is (contradiction(kept, left, right, verdict) is None)
        if allowed:
            kept.append((left, right, verdict))
            standing.add(left, right, "same" if verdict == "same" else "different")


@given(RULINGS, PAIRS, st.sampled_from(["same", "different"]))
def test_the_chain_leads_from_one_to_the_other_by_rulings_in_force(rulings: list[Said], pair: tuple[int, int], verdict: str) -> None:
    kept: list[Said] = []
    for ruling in rulings:
        if contradiction(kept, *ruling) is None:
            kept.append(ruling)
    chain = contradiction(kept, *pair, verdict)
    if chain is None:
        return
    assert (chain[0], chain[-1]) == pair
    said = {frozenset((left, right)): told for left, right, told in kept}
    links = [said[frozenset(link)] for link in pairwise(chain)]
    assert links.count("different") == (1 if verdict == "same" else 0)


def test_the_order_of_rulings_is_nothing() -> None:
    rulings = [(1, 2, "same"), (2, 3, "same"), (3, 4, "different")]
    for left, right in combinations(range(1, 5), 2):
        for verdict in ("same", "different"):
            assert (contradiction(rulings, left, right, verdict) is None) is (contradiction(rulings[::-1], right, left, verdict) is None)


@pytest.fixture
def numbers(db: Connection) -> dict[str, int]:
    insert = text("INSERT INTO record (entity, source, key, version_id) VALUES ('customer', 'crm', :key, 0) RETURNING id")
    return {key: db.execute(insert, {"key": key}).scalar_one() for key in "abcd"}


def test_a_ruling_is_of_the_pair_and_not_of_its_order(db: Connection, numbers: dict[str, int]) -> None:
    made = decisions.decide(db, "customer", (numbers["b"], numbers["a"]), "same", "a reason", "somebody")
    assert {made.left, made.right} == {RecordKey("crm", "a"), RecordKey("crm", "b")}
    assert decisions.get(db, made.id) == made
    with pytest.raises(Conflict, match="in force"):
        decisions.decide(db, "customer", (numbers["a"], numbers["b"]), "different", None, "another")


def test_a_revoked_ruling_makes_room_for_another_and_is_kept(db: Connection, numbers: dict[str, int]) -> None:
    pair = (numbers["a"], numbers["b"])
    first = decisions.decide(db, "customer", pair, "same", None, "somebody")
    ended = decisions.revoke(db, first.id, "another")
    assert ended is not None
    assert (ended.decided_by, ended.revoked_by) == ("somebody", "another")
    with pytest.raises(Conflict, match="revoked before"):
        decisions.revoke(db, first.id, "another")
    second = decisions.decide(db, "customer", pair, "different", None, "somebody")
    assert [item.id for item in decisions.page(db, "customer", None, 10)] == [second.id, first.id]
    assert [item.id for item in decisions.page(db, None, second.id, 10)] == [first.id]
    assert decisions.page(db, "product", None, 10) == []


def test_a_conflict_names_the_records_between(db: Connection, numbers: dict[str, int]) -> None:
    for left, right in ("ab", "bc"):
        decisions.decide(db, "customer", (numbers[left], numbers[right]), "same", None, "somebody")
    with pytest.raises(Conflict, match="crm:a - crm:b - crm:c"):
        decisions.decide(db, "customer", (numbers["c"], numbers["a"]), "different", None, "somebody")
    decisions.decide(db, "customer", (numbers["c"], numbers["d"]), "different", None, "somebody")
    with pytest.raises(Conflict, match="crm:a - crm:b - crm:c - crm:d"):
        decisions.decide(db, "customer", (numbers["a"], numbers["d"]), "same", None, "somebody")


def test_what_there_is_not(db: Connection) -> None:
    assert decisions.get(db, 1 << 60) is None
    assert decisions.revoke(db, 1 << 60, "somebody") is None
    assert decisions.record_id(db, "customer", RecordKey("crm", "none")) is None


def test_what_is_confirmed_is_one_thing_through_its_first_record(db: Connection, numbers: dict[str, int]) -> None:
    decisions.decide(db, "customer", (numbers["a"], numbers["c"]), "same", None, "somebody")
    made = decisions.confirm(db, "customer", [numbers[key] for key in "dbca"], "seen", "a steward")
    assert {frozenset((ruling.left.key, ruling.right.key)) for ruling in made} == {frozenset("ab"), frozenset("ad")}
    assert {(ruling.verdict, ruling.reason, ruling.decided_by) for ruling in made} == {("same", "seen", "a steward")}
    assert decisions.confirm(db, "customer", list(numbers.values()), None, "a steward") == []
    assert decisions.confirm(db, "customer", [numbers["a"]], None, "a steward") == []


def test_what_rulings_keep_apart_cannot_be_confirmed(db: Connection, numbers: dict[str, int]) -> None:
    decisions.decide(db, "customer", (numbers["b"], numbers["c"]), "different", None, "somebody")
    with pytest.raises(Conflict, match=r"crm:b - crm:c|crm:c - crm:b|crm:a - crm:b"):
        decisions.confirm(db, "customer", [numbers[key] for key in "abc"], None, "a steward")
