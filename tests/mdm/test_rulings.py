"""Rulings as a file: out of one hub and into another, and nothing that cannot stand."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from mdm import exports
from mdm.errors import BadInput
from mdm.exports import EXPORTS, Wanted
from mdm.pipeline import Hub
from mdm.rulings import Taken, take_over

HEAD = "entity,left_source,left_key,right_source,right_key,verdict,reason,decided_by,decided_at\n"


@pytest.fixture
def records(db: Connection) -> Connection:
    """A hub of six customers."""
    for key in ("1", "2", "3", "4", "-5", "6"):
        db.execute(text("INSERT INTO record (entity, source, key, version_id) VALUES ('customer', 'crm', :key, 0)"), {"key": key})
    return db


def taken(db: Connection, path: Path, *lines: str, head: str = HEAD) -> Taken:
    path.write_text(head + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return take_over(db, path, "importer")


def in_force(db: Connection) -> set[tuple[str, ...]]:
    query = """SELECT a.key, b.key, d.verdict, d.decided_by FROM decision d JOIN record a ON a.id = d.left_id JOIN record b ON b.id = d.right_id
               WHERE d.revoked_at IS NULL"""
    return {tuple(row) for row in db.execute(text(query))}


def test_a_file_is_taken_over_once_and_keeps_who_ruled_and_when(records: Connection, tmp_path: Path) -> None:
    lines = (
        'customer,crm,2,crm,1,same,"one firm, two names",Awa,2025-03-31T14:05:00+02:00',
        "customer,crm,3,crm,1,different,,,",
    )
    first, again = (taken(records, tmp_path / "rulings.csv", *lines) for _ in range(2))
    assert (first.made, first.known, first.problems) == (2, 0, [])
    assert (again.made, again.known, again.problems) == (0, 2, [])
    assert in_force(records) == {("1", "2", "same", "Awa"), ("1", "3", "different", "importer")}
    said = records.execute(text("SELECT reason, decided_at AT TIME ZONE 'UTC' FROM decision WHERE decided_by = 'Awa'")).one()
    assert (said[0], str(said[1])) == ("one firm, two names", "2025-03-31 12:05:00")


def test_what_cannot_stand_is_told_with_its_line_and_the_rest_goes_on(records: Connection, tmp_path: Path) -> None:
    found = taken(
        records,
        tmp_path / "rulings.csv",
        "customer,crm,1,crm,2,same,,,",
        "customer,crm,2,crm,3,same,,,",
        "customer,crm,1,crm,3,different,,,",
        "customer,crm,1,crm,99,same,,,",
        "customer,crm,1,crm,1,same,,,",
        "cousin,crm,1,crm,2,same,,,",
        "customer,crm,1,crm,4,perhaps,,,",
        "customer,crm,1,crm,4,same,,,yesterday",
        "customer,crm,1,crm,4,same,,,2025-03-31T14:05:00",
        "customer,crm,1,crm,2,different,,,",
        "customer,crm,3,crm,6,different,,,",
    )
    assert found.made == 3
    assert [problem.line for problem in found.problems] == [4, 5, 6, 7, 8, 9, 10, 11]
    assert all(problem.reason and problem.fix for problem in found.problems)
    assert found.problems[0].reason == "other rulings say otherwise: crm:1 - crm:2 - crm:3"
    assert in_force(records) == {("1", "2", "same", "importer"), ("2", "3", "same", "importer"), ("3", "6", "different", "importer")}


def test_a_spreadsheet_may_have_saved_it_since(records: Connection, tmp_path: Path) -> None:
    path = tmp_path / "rulings.csv"
    path.write_bytes("\ufeffentity;left_source;left_key;right_source;right_key;verdict\r\ncustomer;crm;1;crm;'-5;same\r\n".encode())
    assert take_over(records, path, "importer").made == 1


@pytest.mark.parametrize("content", [b"", b"left,right\n1,2\n", b"\xff\xfe\x00"])
def test_a_file_of_something_else_is_refused(records: Connection, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other.csv").write_bytes(content)
    with pytest.raises(BadInput, match="holds no rulings"):
        take_over(records, tmp_path / "other.csv", "importer")


def test_what_is_exported_can_be_taken_over_by_another_hub(records: Connection, hub: Hub, tmp_path: Path) -> None:
    taken(
        records,
        tmp_path / "first.csv",
        "customer,crm,1,crm,-5,same,=1+1,Awa,2025-03-31T14:05:00+02:00",
        "customer,crm,2,crm,3,different,,,",
    )
    wanted = Wanted(hub.settings, hub.now().date())
    exports.write(EXPORTS["rulings"](records, wanted), tmp_path / "out.csv")
    kept = in_force(records)
    records.execute(text("DELETE FROM decision"))
    assert take_over(records, tmp_path / "out.csv", "importer").made == 2
    assert in_force(records) == kept
    assert records.execute(text("SELECT reason FROM decision WHERE decided_by = 'Awa'")).scalar_one() == "=1+1"
