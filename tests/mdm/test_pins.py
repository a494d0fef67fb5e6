"""Pins end to end, and as a file: they follow their record, end, and go from one hub to another."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from mdm import exports, pipeline
from mdm.entities import Customer, Project
from mdm.errors import BadInput
from mdm.exports import EXPORTS, Wanted
from mdm.pinning import checked
from mdm.pins import take_over
from mdm.pipeline import Hub
from mdm.rulings import Taken
from mdm.store import decisions, pins
from mdm.store.decisions import RecordKey
from sources import open_sources
from tests.rulings import revoked, ruled

CONFIG = """
[sources.crm]
folder = "crm"
[[sources.crm.streams]]
file = "accounts.csv"
entity = "customer"
key = "id"
[sources.crm.streams.fields]
name = "name"
phone = "phone"
city = "city"
"""
ACCOUNTS = "id,name,phone,city\na,Roussel,0199001122,Rennes\nb,Keller,0353014455,Metz\nc,Ferrand,,Nantes\n"
NOW = datetime(2026, 11, 24, tzinfo=UTC)
LATER = datetime(2126, 11, 24, tzinfo=UTC)
HEAD = "entity,source,key,field,value,reason,pinned_by,pinned_at,expires_at\n"
Golden = Callable[[str], tuple[dict[str, Any], dict[str, Any]]]


@pytest.fixture
def company(hub: Hub, tmp_path: Path) -> Hub:
    """Three customers that have nothing to do with each other."""
    (tmp_path / "crm").mkdir()
    (tmp_path / "sources.toml").write_text(CONFIG)
    (tmp_path / "crm" / "accounts.csv").write_text(ACCOUNTS)
    pipeline.load(hub, open_sources(tmp_path / "sources.toml"))
    pipeline.resolve(hub)
    return hub


def golden(hub: Hub, key: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Data and lineage of the golden record to which a record belongs, everything rebuilt."""
    pipeline.resolve(hub, force=True)
    query = """SELECT v.data, v.lineage FROM golden_version v JOIN member m USING (golden_id) JOIN record r ON r.id = m.record_id
               WHERE r.key = :key AND m.known_to IS NULL AND v.known_to IS NULL"""
    with hub.engine.connect() as db:
        row = db.execute(text(query), {"key": key}).one()
    return row.data, row.lineage


def number(db: Connection, key: str) -> int:
    found = decisions.record_id(db, "customer", RecordKey("crm", key))
    assert found is not None
    return found


def pin(hub: Hub, key: str, field: str, value: str | None) -> int:
    with hub.engine.begin() as db:
        return pins.make(db, "customer", number(db, key), field, value, "because", "Awa").id


def rule(hub: Hub, left: str, right: str) -> int:
    with hub.engine.begin() as db:
        return ruled(hub, db, (number(db, left), number(db, right)), "same")


def test_a_pin_goes_with_its_record_through_merge_and_split(company: Hub) -> None:
    pinned = pin(company, "b", "city", "Colmar")
    assert golden(company, "b")[0]["city"] == "Colmar"
    ruling = rule(company, "a", "b")
    data, lineage = golden(company, "a")
    assert (data["city"], lineage["city"]) == ("Colmar", {"pin": pinned})
    with company.engine.begin() as db:
        revoked(company, db, ruling)
    assert golden(company, "a")[0]["city"] == "Rennes"
    assert golden(company, "b")[0]["city"] == "Colmar"


def test_where_two_pins_meet_the_newest_wins_until_it_is_revoked(company: Hub) -> None:
    older, newer = pin(company, "a", "city", "Brest"), pin(company, "b", "city", "Colmar")
    rule(company, "a", "b")
    data, lineage = golden(company, "a")
    assert (data["city"], lineage["city"]) == ("Colmar", {"pin": newer, "over": [older]})
    for held, expected in ((newer, "Brest"), (older, "Rennes")):
        with company.engine.begin() as db:
            pins.revoke(db, held, "Awa")
        assert golden(company, "a")[0]["city"] in {expected, "Metz"}


def test_what_was_pinned_is_as_before_once_it_is_revoked_or_over(company: Hub) -> None:
    before = golden(company, "a")
    pinned = pin(company, "a", "phone", None)
    assert "phone" not in golden(company, "a")[0]
    with company.engine.begin() as db:
        pins.revoke(db, pinned, "Awa")
    assert golden(company, "a") == before
    with company.engine.begin() as db:
        pins.make(db, "customer", number(db, "a"), "city", "Brest", "because", "Awa", expires_at=LATER)
    assert golden(company, "a")[0]["city"] == "Brest"
    with company.engine.begin() as db:
        assert pins.expire(db, LATER) == 1
    assert golden(company, "a") == before


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("nam", "x", r"no field 'nam' in customer; there are name"),
        ("merged_into", "x", "no field 'merged_into'"),
        ("siren", "732829321", "siren: .*wrong check digit"),
        ("name", None, "needs its name"),
        ("salesperson", "sal_1", "leads to a salesperson"),
    ],
)
def test_what_cannot_be_pinned_is_refused(field: str, value: str | None, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        checked(Customer, field, value)


def test_a_value_is_pinned_as_sources_are_cleaned() -> None:
    assert checked(Customer, "phone", "01 99 00 11 22") == "+33199001122"
    assert checked(Customer, "phone", " ") is None
    assert checked(Project, "amount", "1 234,50") == "1234.5"


@pytest.fixture
def records(db: Connection) -> Connection:
    """Customers that are nothing but their keys."""
    for key in ("1", "2", "-5"):
        db.execute(text("INSERT INTO record (entity, source, key, version_id) VALUES ('customer', 'crm', :key, 0)"), {"key": key})
    return db


def taken(db: Connection, path: Path, *lines: str) -> Taken:
    path.write_text(HEAD + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return take_over(db, path, "importer", NOW)


def in_force(db: Connection) -> set[tuple[Any, ...]]:
    return {
        (pin.record.key, pin.field, pin.value, pin.reason, pin.pinned_by, pin.pinned_at, pin.expires_at)
        for pin in pins.page(db, None, None, 99)
    }


def test_a_file_is_taken_over_once_and_keeps_who_pinned_and_when(records: Connection, tmp_path: Path) -> None:
    lines = (
        "customer,crm,1,phone,01 99 00 11 22,they called,Awa,2026-03-31T14:05:00+02:00,2027-01-01T00:00:00Z",
        "customer,crm,2,phone,,they have none,,,",
    )
    first, again = (taken(records, tmp_path / "pins.csv", *lines) for _ in range(2))
    assert (first.made, first.known, first.problems) == (2, 0, [])
    assert (again.made, again.known, again.problems) == (0, 2, [])
    made = {row[0]: row for row in in_force(records)}
    assert made["1"][2:5] == ("+33199001122", "they called", "Awa")
    assert made["1"][5] == datetime(2026, 3, 31, 12, 5, tzinfo=UTC)
    assert made["2"][2:5] == (None, "they have none", "importer")


def test_what_cannot_stand_is_told_with_its_line_and_the_rest_goes_on(records: Connection, tmp_path: Path) -> None:
    found = taken(
        records,
        tmp_path / "pins.csv",
        "customer,crm,1,city,Brest,moved,,,",
        "customer,crm,1,city,Lyon,moved,,,",
        "customer,crm,99,city,Lyon,moved,,,",
        "cousin,crm,1,city,Lyon,moved,,,",
        "customer,crm,1,town,Lyon,moved,,,",
        "customer,crm,1,siren,732829321,moved,,,",
        "customer,crm,1,name,,moved,,,",
        "customer,crm,1,name,Roussel,,,,",
        "customer,crm,1,name,Roussel,why,,yesterday,",
        "customer,crm,1,name,Roussel,why,,,2026-11-24T00:00:00",
        "customer,crm,1,name,Roussel,why,,,2026-11-24T00:00:00Z",
        "customer,crm,2,city,Lyon,moved,,,",
    )
    assert found.made == 2
    assert [problem.line for problem in found.problems] == [3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    assert all(problem.reason and problem.fix for problem in found.problems), found.problems
    assert found.problems[0].reason == "a pin in force on crm:1 says 'Brest'"


def test_a_file_of_something_else_is_refused(records: Connection, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("left,right\n1,2\n")
    with pytest.raises(BadInput, match="holds no pins"):
        take_over(records, tmp_path / "other.csv", "importer", NOW)


def test_what_is_exported_can_be_taken_over_by_another_hub(records: Connection, hub: Hub, tmp_path: Path) -> None:
    taken(
        records,
        tmp_path / "first.csv",
        "customer,crm,1,phone,+33199001122,=1+1,Awa,2026-03-31T14:05:00+02:00,2027-01-01T00:00:00Z",
        "customer,crm,-5,city,,none,Bea,2026-03-31T14:05:00+02:00,",
    )
    exports.write(EXPORTS["pins"](records, Wanted(hub.settings, NOW.date())), tmp_path / "out.csv")
    kept = in_force(records)
    records.execute(text("DELETE FROM pin"))
    assert take_over(records, tmp_path / "out.csv", "importer", NOW).made == 2
    assert in_force(records) == kept
