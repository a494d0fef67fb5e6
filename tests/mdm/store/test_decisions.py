"""Rulings never say the opposite of each other, however many it takes to say it."""

from collections.abc import Callable, Collection
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from mdm.errors import Conflict, NotFound
from mdm.pipeline import Hub
from mdm.settings import Settings
from mdm.store import decisions
from mdm.store.decisions import RecordKey, Standing, Verdict, contradiction
from tests.rulings import revoked, ruled

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


Rule = Callable[[int, int, Verdict], int]


@pytest.fixture
def rule(db: Connection, tmp_path: Path) -> Rule:
    """A steward rules on two records: the number of the ruling."""
    hub = Hub(db.engine, Settings(home=tmp_path))
    return lambda left, right, verdict: ruled(hub, db, (left, right), verdict)


def test_a_ruling_is_of_the_pair_and_not_of_its_order(db: Connection, numbers: dict[str, int], rule: Rule) -> None:
    made = decisions.get(db, rule(numbers["b"], numbers["a"], "same"))
    assert made is not None
    assert {made.left, made.right} == {RecordKey("crm", "a"), RecordKey("crm", "b")}
    with pytest.raises(Conflict, match="in force"):
        rule(numbers["a"], numbers["b"], "different")


def test_a_revoked_ruling_makes_room_for_another_and_is_kept(db: Connection, numbers: dict[str, int], rule: Rule, tmp_path: Path) -> None:
    hub = Hub(db.engine, Settings(home=tmp_path))
    first = rule(numbers["a"], numbers["b"], "same")
    revoked(hub, db, first)
    ended = decisions.get(db, first)
    assert ended is not None
    assert (ended.decided_by, ended.revoked_by) == ("a steward", "a steward")
    with pytest.raises(Conflict, match="revoked before"):
        revoked(hub, db, first)
    second = rule(numbers["a"], numbers["b"], "different")
    assert [item.id for item in decisions.page(db, "customer", None, 10)] == [second, first]
    assert [item.id for item in decisions.page(db, None, second, 10)] == [first]
    assert decisions.page(db, "product", None, 10) == []


def test_a_conflict_names_the_records_between(numbers: dict[str, int], rule: Rule) -> None:
    for left, right in ("ab", "bc"):
        rule(numbers[left], numbers[right], "same")
    with pytest.raises(Conflict, match="crm:a - crm:b - crm:c"):
        rule(numbers["c"], numbers["a"], "different")
    rule(numbers["c"], numbers["d"], "different")
    with pytest.raises(Conflict, match="crm:a - crm:b - crm:c - crm:d"):
        rule(numbers["a"], numbers["d"], "same")


def test_what_there_is_not(db: Connection) -> None:
    assert decisions.get(db, 1 << 60) is None
    with pytest.raises(NotFound):
        decisions.pair(db, 1 << 60)
    assert decisions.record_id(db, "customer", RecordKey("crm", "none")) is None
