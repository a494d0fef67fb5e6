"""Pins in the database: held by a record, in force until they are revoked or their time is over, and told where sources move on."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, text

from mdm.errors import Conflict
from mdm.store import pending, pins
from mdm.store.pins import Pin

NOW = datetime(2026, 11, 24, tzinfo=UTC)
Numbers = dict[str, int]


@pytest.fixture
def numbers(db: Connection) -> Numbers:
    """Customers: a and b are one golden record, c is another."""
    found = {}
    for key, phone in (("a", "1"), ("b", "2"), ("c", "3")):
        record = db.execute(
            text("INSERT INTO record (entity, source, key, version_id) VALUES ('customer', 'crm', :key, 0) RETURNING id"), {"key": key}
        ).scalar_one()
        found[key] = record
        say(db, record, phone)
        belong(db, record, "g2" if key == "c" else "g1")
    return found


def say(db: Connection, record: int, phone: str | None) -> None:
    clean = "{}" if phone is None else f'{{"phone": "{phone}"}}'
    version = db.execute(
        text(
            "INSERT INTO record_version (record_id, load_id, hash, raw, clean) VALUES (:id, 0, '', '{}', CAST(:clean AS jsonb)) RETURNING id"
        ),
        {"id": record, "clean": clean},
    ).scalar_one()
    db.execute(text("UPDATE record SET version_id = :version WHERE id = :id"), {"version": version, "id": record})


def belong(db: Connection, record: int, golden_id: str) -> None:
    db.execute(text("UPDATE member SET known_to = now() WHERE record_id = :id AND known_to IS NULL"), {"id": record})
    db.execute(
        text("INSERT INTO member (record_id, golden_id, entity, run_id) VALUES (:id, :golden_id, 'customer', 0)"),
        {"id": record, "golden_id": golden_id},
    )


def pinned(db: Connection, record: int, value: str | None = "9", expires_at: datetime | None = None) -> Pin:
    return pins.make(db, "customer", record, "phone", value, "they called", "Awa", expires_at=expires_at)


def drift(db: Connection) -> list[tuple[str, str | None, str | None, str]]:
    return [(one.record.key, one.was, one.says, one.verdict) for one in pins.drifted(db, "customer")]


def test_a_pin_is_held_by_the_first_record_and_keeps_what_was_said(db: Connection, numbers: Numbers) -> None:
    assert pins.anchor(db, "g1") == numbers["a"]
    assert pins.anchor(db, "nothing") is None
    made = pinned(db, numbers["a"])
    assert (made.value, made.said, made.reason, made.pinned_by) == ("9", {"crm:a": "1", "crm:b": "2"}, "they called", "Awa")
    assert pins.in_force(db, "customer").select(["pin_id", "record_id", "field", "value"]).to_pylist() == [
        {"pin_id": made.id, "record_id": numbers["a"], "field": "phone", "value": "9"}
    ]
    assert pending.count(db, "customer") == 1


def test_a_deleted_record_holds_a_pin_only_where_there_is_no_other(db: Connection, numbers: Numbers) -> None:
    db.execute(text("UPDATE record SET deleted = true WHERE id = :id"), {"id": numbers["a"]})
    assert pins.anchor(db, "g1") == numbers["b"]


def test_a_new_pin_ends_the_one_before_wherever_it_is_held(db: Connection, numbers: Numbers) -> None:
    first = pinned(db, numbers["b"])
    second = pinned(db, numbers["a"], None)
    assert [pin.id for pin in pins.on(db, "customer", numbers["b"])] == [second.id]
    ended = pins.many(db, [first.id])[first.id]
    assert (ended.revoked_by, ended.revoked_at is not None) == ("Awa", True)


def test_a_pin_is_revoked_once_and_kept(db: Connection, numbers: Numbers) -> None:
    made = pinned(db, numbers["a"])
    ended = pins.revoke(db, made.id, "Bea")
    assert ended is not None
    assert ended.revoked_by == "Bea"
    assert not pins.in_force(db, "customer").num_rows
    with pytest.raises(Conflict, match="revoked before"):
        pins.revoke(db, made.id, "Bea")
    assert pins.revoke(db, 0, "Bea") is None


def test_pins_whose_time_is_over_end_and_their_records_wait(db: Connection, numbers: Numbers) -> None:
    over = pinned(db, numbers["a"], expires_at=NOW)
    kept = pinned(db, numbers["c"], expires_at=NOW + timedelta(seconds=1))
    pending.clear(db, "customer")
    assert pins.expire(db, NOW) == 1
    assert pins.expire(db, NOW) == 0
    assert pins.many(db, [over.id])[over.id].revoked_by == "expiry"
    assert pins.many(db, [kept.id])[kept.id].revoked_by is None
    assert db.execute(text("SELECT record_id FROM pending")).scalars().all() == [numbers["a"]]


@pytest.mark.parametrize(
    ("says", "expected"),
    [("1", []), ("9", [("a", "1", "9", "agrees")]), ("7", [("a", "1", "7", "differs")]), (None, [])],
)
def test_a_source_that_moves_on_is_told(db: Connection, numbers: Numbers, says: str | None, expected: list[object]) -> None:
    pinned(db, numbers["a"])
    assert drift(db) == []
    say(db, numbers["a"], says)
    assert drift(db) == expected


def test_a_source_that_falls_silent_agrees_that_there_is_none(db: Connection, numbers: Numbers) -> None:
    pinned(db, numbers["a"], None)
    say(db, numbers["b"], None)
    assert drift(db) == [("b", "2", None, "agrees")]


def test_a_record_that_has_come_since_is_told_where_it_says_something_new(db: Connection, numbers: Numbers) -> None:
    pinned(db, numbers["a"])
    belong(db, numbers["c"], "g1")
    assert drift(db) == [("c", None, "3", "differs")]
    say(db, numbers["c"], "2")
    assert drift(db) == []


def test_a_pin_that_has_ended_drifts_no_more(db: Connection, numbers: Numbers) -> None:
    made = pinned(db, numbers["a"])
    say(db, numbers["a"], "7")
    pins.revoke(db, made.id, "Bea")
    assert drift(db) == []


def test_pins_come_in_pages_newest_first(db: Connection, numbers: Numbers) -> None:
    made = [pinned(db, numbers["a"]), pinned(db, numbers["c"])]
    assert [pin.id for pin in pins.page(db, None, None, 1)] == [made[1].id]
    assert [pin.id for pin in pins.page(db, "customer", made[1].id, 9)] == [made[0].id]
    assert pins.page(db, "contact", None, 9) == []
