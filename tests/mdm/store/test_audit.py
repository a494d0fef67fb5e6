"""The audit: whatever is changed in it afterwards shows."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Connection, text

from mdm.store import audit

NOW = datetime(2026, 11, 23, 9, 30, 0, 123456, tzinfo=UTC)
DETAIL: dict[str, Any] = {"text": 'é \U0001f600 " \\', "number": 7, "yes": True, "nothing": None, "list": [1, {"b": 2, "a": []}]}


@pytest.fixture
def chain(db: Connection) -> Connection:
    for at in range(5):
        audit.append(db, f"actor {at}", "done", f"thing {at}", DETAIL | {"at": at}, NOW + timedelta(seconds=at))
    return db


def test_what_was_written_holds(chain: Connection) -> None:
    assert audit.verify(chain) is None


def test_nothing_holds(db: Connection) -> None:
    assert audit.verify(db) is None


def test_the_zone_of_a_time_is_nothing(db: Connection) -> None:
    audit.append(db, "somebody", "done", "thing", {}, NOW.astimezone(timezone(timedelta(hours=5))))
    db.execute(text("SET LOCAL TimeZone = 'Asia/Tokyo'"))
    assert audit.verify(db) is None


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'another'", "action = 'undone'", "object = 'another'", "at = at + interval '1 microsecond'", "detail = '{}'",
        """detail = jsonb_set(detail, '{at}', '"2"')""", r"hash = decode(repeat('00', 32), 'hex')", r"previous = decode(repeat('00', 32), 'hex')",
    ],
)  # fmt: skip
def test_a_row_that_was_changed_shows(chain: Connection, change: str) -> None:
    changed = chain.execute(text(f"UPDATE audit SET {change} WHERE object = 'thing 2' RETURNING id")).scalar_one()
    broken = audit.verify(chain)
    assert broken is not None
    assert broken.id == changed


def test_a_row_that_was_taken_out_or_moved_shows(chain: Connection) -> None:
    chain.execute(text("DELETE FROM audit WHERE object = 'thing 2'"))
    broken = audit.verify(chain)
    assert broken is not None
    assert "does not follow" in broken.reason


def test_rows_that_were_swapped_show(chain: Connection) -> None:
    ids = [row.id for row in chain.execute(text("SELECT id FROM audit ORDER BY id"))]
    for old, new in ((ids[1], -1), (ids[2], ids[1]), (-1, ids[2])):
        chain.execute(text("UPDATE audit SET id = :new WHERE id = :old"), {"old": old, "new": new})
    assert audit.verify(chain) == audit.Broken(ids[1], "it does not follow from the row before: one was taken out, put in or moved")


def test_the_first_row_that_was_taken_out_shows(chain: Connection) -> None:
    chain.execute(text("DELETE FROM audit WHERE object = 'thing 0'"))
    assert audit.verify(chain) is not None
