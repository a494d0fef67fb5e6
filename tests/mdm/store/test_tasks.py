"""The queue: its order, leases, and that two who take from it at once never get the same."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, text

from mdm.pipeline import Hub
from mdm.store import tasks
from mdm.store.tables import task
from mdm.store.tasks import Task, Wanted
from tests.mdm.store.questions_world import NOW

MINUTES = 15


def put(db: Connection, *ranks: float, kind: str = "pair", entity: str = "customer") -> list[int]:
    """Tasks of these ranks; their numbers."""
    made = []
    for rank in ranks:
        start = db.execute(text("SELECT count(*) FROM task")).scalar_one()
        values = {
            "entity": entity,
            "kind": kind,
            "subject": f"{kind} {start:03}",
            "stake": rank,
            "uncertainty": 1,
            "rank": rank,
            "created_at": NOW,
        }
        made.append(int(db.execute(insert(task).values(values).returning(task.c.id)).scalar_one()))
    return made


def taken(db: Connection, steward: str, limit: int = 1, kinds: Sequence[str] = (), minutes: int = 0) -> list[int]:
    """What a steward gets, so many minutes from the start."""
    return [one.id for one in tasks.claim(db, steward, kinds, (), limit, NOW + timedelta(minutes=minutes), MINUTES)]


def numbers(found: Sequence[Task]) -> list[int]:
    return [one.id for one in found]


def test_the_highest_rank_first_ties_by_subject_the_skipped_last(db: Connection) -> None:
    low, first, second, high = put(db, 1, 5, 5, 9)
    assert numbers(tasks.page(db, Wanted(), None, 10)) == [high, first, second, low]
    tasks.change(db, high, skips=1)
    whole = tasks.page(db, Wanted(), None, 10)
    assert numbers(whole) == [first, second, low, high]
    for at, one in enumerate(whole):
        rest = tasks.page(db, Wanted(), (one.skips, one.rank, one.subject), 10)
        assert numbers(rest) == numbers(whole[at + 1 :])
    assert taken(db, "ann", 2) == [first, second]


def test_what_one_looks_at_nobody_else_gets_until_the_lease_ends(db: Connection) -> None:
    a, b, c = put(db, 3, 2, 1)
    assert taken(db, "ann", 2) == [a, b]
    assert taken(db, "bob", 5) == [c]
    assert taken(db, "ann", 5) == [a, b]
    assert taken(db, "bob", 5, minutes=MINUTES - 1) == [c]
    assert taken(db, "bob", 5, minutes=MINUTES) == [a, b, c]
    assert taken(db, "ann", 5, minutes=MINUTES) == []


def test_what_is_kept_for_another_put_off_or_judged_by_oneself_is_passed_over(db: Connection) -> None:
    a, b, c, d, e = put(db, 5, 4, 3, 2, 1)
    tasks.change(db, a, assignee="bob")
    tasks.change(db, b, snoozed_until=NOW + timedelta(hours=1))
    tasks.change(db, d, status="done", closed_at=NOW)
    found = tasks.get(db, c)
    assert found is not None
    tasks.opine(db, found, "ann", "unsure", None, NOW)
    assert taken(db, "ann", 9) == [e]
    assert taken(db, "bob", 9) == [a, c]
    assert taken(db, "cyd", 9, minutes=60) == [b, c, e]
    tasks.change(db, c, round=2)
    assert taken(db, "ann", 9, minutes=120) == [b, c, e]


def test_by_kind_and_entity(db: Connection) -> None:
    (pair,), (value,) = put(db, 5), put(db, 9, kind="value")
    (product,) = put(db, 7, entity="product")
    assert taken(db, "ann", 9, kinds=["pair"]) == [product, pair]
    assert numbers(tasks.page(db, Wanted(entities=["customer"]), None, 9)) == [value, pair]
    assert numbers(tasks.page(db, Wanted(statuses=["gone"]), None, 9)) == []
    assert [(one[0], one[1], one[2]) for one in tasks.counts(db)] == [
        ("customer", "pair", 1),
        ("customer", "value", 1),
        ("product", "pair", 1),
    ]


STEPS = st.lists(st.tuples(st.sampled_from(["ann", "bob", "cyd"]), st.integers(1, 4), st.integers(0, 12), st.booleans()), max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_nobody_gets_a_task_that_is_leased(db: Connection, steps: list[tuple[str, int, int, bool]]) -> None:
    with db.begin_nested() as once:
        put(db, *range(6))
        held: dict[int, tuple[str, int]] = {}
        minute = 0
        for steward, limit, later, judges in steps:
            minute += later
            for one in taken(db, steward, limit, minutes=minute):
                holder, until = held.get(one, (steward, 0))
                assert holder == steward or until <= minute
                held[one] = steward, minute + MINUTES
                if judges:
                    tasks.change(db, one, status="done", closed_at=NOW)
        once.rollback()


@pytest.mark.parametrize("limit", [1, 3])
def test_stewards_who_race_get_different_tasks(hub: Hub, limit: int) -> None:
    with hub.engine.begin() as db:
        put(db, *range(20))
    stewards = [f"steward {at}" for at in range(5)]
    start = Barrier(len(stewards))

    def take(steward: str) -> list[int]:
        start.wait()
        found = []
        for _ in range(4):
            with hub.engine.begin() as db:
                got = taken(db, steward, limit)
                for one in got:
                    tasks.change(db, one, status="done", closed_at=NOW, leased_by=None, leased_until=None)
            found += got
        return found

    with ThreadPoolExecutor(len(stewards)) as pool:
        everything = [one for found in pool.map(take, stewards) for one in found]
    assert len(everything) == len(set(everything))
    assert len(everything) == 20
