"""What is read of an instant is what was seen then, whatever was under way."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, text

from mdm.entities import Cost
from mdm.pipeline import Hub
from mdm.store import facts, moment
from mdm.store.database import lock
from mdm.store.moment import Moment
from mdm.store.tables import record, record_version
from tests.api import world


def spend(db: Connection, key: str) -> None:
    """A cost lands."""
    number = db.execute(insert(record).values(entity="cost", source="billing", key=key, version_id=0).returning(record.c.id)).scalar_one()
    clean = {"kind": "purchase", "spent_on": "2026-04-01", "amount": "1.00"}
    version = db.execute(
        insert(record_version).values(record_id=number, load_id=1, hash=key, raw={}, clean=clean).returning(record_version.c.id)
    ).scalar_one()
    db.execute(record.update().where(record.c.id == number).values(version_id=version))


def keys(db: Connection, known_at: datetime | None) -> list[str]:
    """The costs that were known."""
    found: list[str] = facts.facts(db, Cost, Moment(known_at))["key"].to_pylist()
    return found


@contextmanager
def beginning(hub: Hub) -> Iterator[Connection]:
    """A transaction whose instant is fixed."""
    with hub.engine.begin() as db:
        db.execute(text("SELECT now()"))
        yield db


def test_what_is_under_way_is_in_no_report_of_before_its_end(hub: Hub) -> None:
    with hub.engine.connect() as reader:
        with beginning(hub) as slow:
            spend(slow, "slow")
            with beginning(hub) as quick:
                spend(quick, "quick")
            clock, at = moment.now(reader), moment.settled(reader)
            started = slow.execute(text("SELECT now()")).scalar_one()
            seen = keys(reader, at)
            assert at < started < clock
            assert (seen, keys(reader, clock), keys(reader, None)) == ([], ["quick"], ["quick"])
        assert keys(reader, at) == seen
        assert keys(reader, clock) == ["slow", "quick"], "by the clock alone, the same report would be another one"
        later = moment.settled(reader)
        assert later > clock
        assert keys(reader, later) == ["slow", "quick"]


def test_so_is_what_has_begun_and_written_nothing_yet(hub: Hub) -> None:
    with hub.engine.connect() as reader:
        with beginning(hub) as idle:
            at = moment.settled(reader)
            seen = keys(reader, at)
            spend(idle, "late")
        assert keys(reader, at) == seen == []


@pytest.mark.parametrize(("locked", "counts"), [(False, False), (True, True)])
def test_one_that_is_old_counts_where_it_holds_a_lock(hub: Hub, monkeypatch: pytest.MonkeyPatch, locked: bool, counts: bool) -> None:
    monkeypatch.setattr(moment, "YOUNG", 0)
    with hub.engine.connect() as reader, beginning(hub) as old:
        if locked:
            lock(old, "resolve customer")
        started = old.execute(text("SELECT now()")).scalar_one()
        assert (moment.settled(reader) < started) is counts


def test_a_record_is_what_its_newest_version_said(hub: Hub) -> None:
    with hub.engine.begin() as db:
        spend(db, "k")
    with hub.engine.connect() as db:
        first = moment.settled(db)
    with hub.engine.begin() as db:
        number = db.execute(text("SELECT id FROM record WHERE key = 'k'")).scalar_one()
        changed = {"kind": "purchase", "spent_on": "2026-04-01", "amount": "2.00"}
        new = {"record_id": number, "load_id": 2, "hash": "y", "raw": {}, "clean": changed}
        stale = db.execute(insert(record_version).values(new | {"hash": "z", "won": False}).returning(record_version.c.id)).scalar_one()
        won = db.execute(insert(record_version).values(new).returning(record_version.c.id)).scalar_one()
        db.execute(record.update().where(record.c.id == number).values(version_id=won))
        assert stale < won
    with hub.engine.connect() as db:
        second = moment.settled(db)
        amounts = [str(facts.facts(db, Cost, Moment(at))["amount"][0]) for at in (first, second, None)]
        assert amounts == ["1.000000", "2.000000", "2.000000"]
        assert keys(db, first - timedelta(days=1)) == []


def test_as_of_goes_by_event_time_those_that_came_late_included(hub: Hub) -> None:
    with hub.engine.begin() as db:
        spend(db, "k")
        number = db.execute(text("SELECT id FROM record WHERE key = 'k'")).scalar_one()
        for day, amount, won in (("2026-03-01", "3.00", True), ("2026-02-01", "2.00", False)):
            clean = {"kind": "purchase", "spent_on": "2026-04-01", "amount": amount}
            values = {"record_id": number, "load_id": 1, "hash": day, "raw": {}, "clean": clean, "event_at": f"{day}T00:00Z", "won": won}
            db.execute(insert(record_version).values(values))
    with hub.engine.connect() as db:
        for day, amount in (("2026-02-15", "2.000000"), ("2026-03-15", "3.000000")):
            table = facts.facts(db, Cost, Moment(as_of=datetime.fromisoformat(f"{day}T00:00Z")))
            assert [str(value) for value in table["amount"]] == [amount]
        assert facts.facts(db, Cost, Moment(as_of=datetime.fromisoformat("2026-01-15T00:00Z"))).num_rows == 0


def test_now_reads_no_history(hub: Hub, tmp_path: Path) -> None:
    """What is read of now is read as if there were no past, and is what is read of this very instant."""
    world.write(tmp_path)
    world.read(hub, tmp_path)
    with hub.engine.connect() as db:
        now, then = facts.frames(db), facts.frames(db, Moment(moment.settled(db)))
        assert now == then
        assert now.facts["invoice"].num_rows == 2
    assert Moment().version() == "JOIN record_version v ON v.id = r.version_id"
    assert Moment().in_force("m") == "m.known_to IS NULL"
