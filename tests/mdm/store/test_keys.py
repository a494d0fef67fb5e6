"""Keys: found by their hash, in force or not, and one first of them."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, text

from mdm.errors import BadInput, Conflict
from mdm.store import keys

LATER = datetime.now(UTC) + timedelta(days=1)


def test_a_key_is_found_by_itself_alone(db: Connection) -> None:
    key = keys.issue(db, "somebody", "analyst", LATER)
    assert keys.FORM.fullmatch(key)
    found = keys.find(db, key)
    assert found is not None
    assert (found.name, found.role, found.prefix, found.expires_at) == ("somebody", "analyst", key.split("_")[1], LATER)
    assert keys.find(db, key[:-1] + ("0" if key[-1] != "0" else "1")) is None
    assert keys.find(db, key.upper()) is None


def test_the_database_does_not_hold_the_key(db: Connection) -> None:
    key = keys.issue(db, "somebody", "viewer")
    held = str(db.execute(text("SELECT name, role, prefix, encode(hash, 'escape'), encode(hash, 'hex') FROM api_key")).all())
    assert key.split("_")[2] not in held


@pytest.mark.parametrize("role", ["", "king", "Admin"])
def test_a_role_that_there_is_not(db: Connection, role: str) -> None:
    with pytest.raises(BadInput, match="viewer"):
        keys.issue(db, "somebody", role)


def test_a_key_ends_when_it_expires_or_is_revoked(db: Connection) -> None:
    assert keys.find(db, keys.issue(db, "old", "viewer", datetime.now(UTC) - timedelta(days=1))) is None
    key = keys.issue(db, "new", "viewer")
    found = keys.find(db, key)
    assert found is not None
    ended = keys.revoke(db, found.id)
    assert ended is not None
    assert ended.revoked_at is not None
    assert keys.find(db, key) is None
    assert keys.revoke(db, found.id) is None
    assert keys.revoke(db, 1 << 62) is None
    assert [item.name for item in keys.listed(db)] == ["old", "new"]


def test_the_last_admin_key_in_force_stays(db: Connection) -> None:
    keys.issue(db, "expired", "admin", datetime.now(UTC) - timedelta(days=1))
    only = keys.find(db, keys.issue(db, "only", "admin"))
    assert only is not None
    with pytest.raises(Conflict):
        keys.revoke(db, only.id)
    keys.issue(db, "another", "admin")
    assert keys.revoke(db, only.id) is not None


def test_a_new_hub_has_one_first_key(db: Connection) -> None:
    first = keys.first_admin_key(db)
    assert first is not None
    found = keys.find(db, first)
    assert found is not None
    assert found.role == "admin"
    assert keys.first_admin_key(db) is None
