"""One transaction a request: nothing is acknowledged that is not committed, and many at once wait for each other without harm."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import OperationalError

from mdm.store import audit, keys
from tests.api.conftest import Copy
from tests.api.served import Api

RULING = {"entity": "customer", "left": {"source": "crm", "key": "a08"}, "right": {"source": "crm", "key": "a09"}, "verdict": "same"}
CROWD = 64
"""More requests than there are worker threads, and many more than connections."""

Given = TypeVar("Given")
Made = TypeVar("Made")


def at_once(work: Callable[[Given], Made], given: Iterable[Given]) -> list[Made]:
    """Do it for all of them at the same time."""
    listed = list(given)
    with ThreadPoolExecutor(len(listed)) as threads:
        return list(threads.map(work, listed))


@pytest.fixture
def lost(own: Api) -> Iterator[Api]:
    """An API whose commits fail where anything was written."""

    def fail(connection: Connection) -> None:
        if connection.execute(text("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")).scalar_one():
            raise OperationalError("COMMIT", {}, Exception("the connection was lost"))

    event.listen(own.hub.engine, "commit", fail)
    yield own
    event.remove(own.hub.engine, "commit", fail)


def test_a_commit_that_fails_is_not_acknowledged(lost: Api) -> None:
    answer = lost.post("/v1/decisions", RULING)
    assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
    assert "Location" not in answer.headers
    with lost.hub.engine.connect() as db:
        assert db.execute(text("SELECT count(*) FROM decision WHERE verdict = 'same' AND decided_by = 'a admin'")).scalar_one() == 0
        assert db.execute(text("SELECT count(*) FROM audit")).scalar_one() == 0


def test_a_crowd_is_served_without_a_deadlock(api: Api) -> None:
    golden_id = api.id_of("a00")
    answers = at_once(lambda _: api.get(f"/v1/golden/customer/{golden_id}"), range(CROWD))
    assert {answer.status_code for answer in answers} == {200}


def test_of_two_who_rule_at_once_one_is_told_of_the_other(own: Api) -> None:
    answers = at_once(lambda verdict: own.post("/v1/decisions", {**RULING, "verdict": verdict}), ["same", "different"] * 4)
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    with own.hub.engine.connect() as db:
        assert audit.verify(db) is None


def test_the_audit_holds_whoever_writes_at_once(own: Api) -> None:
    answers = at_once(lambda at: own.post("/v1/api-keys", {"name": f"key {at}", "role": "viewer"}), range(12))
    assert {answer.status_code for answer in answers} == {201}
    with own.hub.engine.connect() as db:
        assert db.execute(text("SELECT count(*), count(DISTINCT previous) FROM audit")).one() == (12, 12)
        assert audit.verify(db) is None


def test_of_processes_that_start_at_once_one_has_the_first_key(copies: Copy) -> None:
    with copies() as hub:
        found = at_once(first_key, [hub.engine] * 6)
    assert sorted(key is not None for key in found) == [False] * 5 + [True]


def first_key(engine: Engine) -> str | None:
    """What a process does that starts."""
    with engine.begin() as db:
        return keys.first_admin_key(db)
