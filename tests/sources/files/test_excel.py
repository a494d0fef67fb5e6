"""Excel workbooks."""

import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path

import openpyxl
import pytest

from sources import StreamUnreadable
from sources.files import excel
from tests.sources.files.given import config as written
from tests.sources.files.given import over, problems, rows, told

FIELDS = {"name": '"Name"', "notes": '"Value"'}


def workbook(folder: Path, *lines: tuple[object, ...], formats: dict[str, str] | None = None, title: str = "Data") -> None:
    """A workbook whose second sheet holds lines."""
    book = openpyxl.Workbook()
    book.active.title = "Notes" if title != "Notes" else "Other"  # type: ignore[union-attr]
    sheet = book.create_sheet(title, 0)
    for line in lines:
        sheet.append(line)
    for cell, form in (formats or {}).items():
        sheet[cell].number_format = form
    book.save(folder / "a.xlsx")


def read(folder: Path, source: str = "") -> list[dict[str, object]]:
    """Rows of the workbook."""
    return rows(over(folder, written(file="a.xlsx", source=source, **FIELDS)))


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        ("text", "General", "text"),
        (" x ", "General", "x"),
        (12, "General", "12"),
        (552100554, "General", "552100554"),
        (55210055400013, "0", "55210055400013"),
        (1883.52, "General", "1883.52"),
        (0.1 + 0.2, "General", "0.3"),
        (5.0, "0.00", "5"),
        (1e21, "General", "1000000000000000000000"),
        (1e-7, "General", "0.0000001"),
        (-0.5, "General", "-0.5"),
        (1500, "00000", "01500"),
        (0.35, "0%", "35%"),
        (0.125, "0.00%", "12.5%"),
        (True, "General", "true"),
        (date(2026, 12, 31), "dd/mm/yyyy", "2026-12-31"),
        (datetime(2026, 12, 31, 14, 5), "dd/mm/yyyy hh:mm", "2026-12-31T14:05:00"),  # noqa: DTZ001
        (time(14, 5), "hh:mm", "14:05:00"),
        (timedelta(hours=30), "[h]:mm", "1 day, 6:00:00"),
        (None, "General", None),
    ],
)
def test_cells_are_the_text_that_a_person_sees(tmp_path: Path, value: object, form: str, text: str | None) -> None:
    workbook(tmp_path, ("Id", "Name", "Value"), (1, "a", value), formats={"C2": form})
    assert read(tmp_path)[0]["notes"] == text


def test_empty_rows_are_skipped_and_lines_are_rows_of_the_sheet(tmp_path: Path) -> None:
    workbook(tmp_path, (), (), ("Id", "Name", "Value", None), (), (1, "a"), (), ("é2", "b", "c", "beyond"))
    assert [(row["key"], row["line"], row["raw"]) for row in read(tmp_path)] == [
        ("1", 5, '{"Id":"1","Name":"a","Value":null}'),
        ("é2", 7, '{"Id":"é2","Name":"b","Value":"c"}'),
    ]


def test_an_error_of_excel_is_quarantined(tmp_path: Path) -> None:
    workbook(tmp_path, ("Id", "Name", "Value"), (1, "a", "#N/A"))
    found = over(tmp_path, written(file="a.xlsx", **FIELDS))
    assert rows(found)[0]["notes"] is None
    assert [(one.severity, one.line, one.field, one.value) for one in problems(found)] == [("quarantined", 2, "Value", "#N/A")]


def test_a_sheet_by_name(tmp_path: Path) -> None:
    workbook(tmp_path, ("Id", "Name", "Value"), (1, "a", "b"), title="Clients")
    assert len(read(tmp_path, 'sheet = "Clients"')) == 1
    with pytest.raises(StreamUnreadable, match="has no sheet 'Client'; name one of 'Clients', 'Notes'"):
        read(tmp_path, 'sheet = "Client"')
    with pytest.raises(StreamUnreadable, match="has an empty sheet"):
        read(tmp_path, 'sheet = "Notes"')


def test_a_header_without_rows_is_told(tmp_path: Path) -> None:
    workbook(tmp_path, ("Id", "Name", "Value"))
    assert list(told(over(tmp_path, written(file="a.xlsx", **FIELDS)))) == [("warning", None, "has a header and no rows")]


@pytest.mark.parametrize("content", [b"PK", b"Id;Name\n1;a\n", b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_workbook(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.xlsx").write_bytes(content)
    with pytest.raises(StreamUnreadable, match="is not an Excel workbook"):
        read(tmp_path)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/worksheets/sheet1.xml", "w") as part:
        for _ in range(80):
            part.write(bytes(1 << 20))
    with pytest.raises(StreamUnreadable, match="as an attack would"):
        read(tmp_path)


def test_a_workbook_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workbook(tmp_path, ("Id", "Name", "Value"))
    monkeypatch.setattr(excel, "LARGEST", 1000)
    with pytest.raises(StreamUnreadable, match="as an attack would"):
        read(tmp_path)


def test_xml_entities_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "b">]><a/>')
    with pytest.raises(StreamUnreadable, match="declares a document type"):
        read(tmp_path)
