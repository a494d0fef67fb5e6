"""Workbooks as a spreadsheet reads them: numbers are numbers, sums are right to the cent, nothing runs."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from api.reporting import workbook
from api.reporting.contents import REPORTS, report
from api.reporting.report import Language, Sheet, totals
from mdm.forecast.frames import Frames
from tests.api.reporting.told import DANGEROUS, company, told

HEAD = workbook.HEAD


def opened(name: str, folder: Path, world: Frames, language: Language = "en") -> tuple[list[Sheet], list[Worksheet]]:
    """The sheets of a report and of the workbook that was written of it."""
    made = report(name, told(world, language))
    workbook.write(made, language, folder / "report.xlsx")
    assert [path.name for path in folder.iterdir()] == ["report.xlsx"]
    book = load_workbook(folder / "report.xlsx")
    _, *pages = book.worksheets
    return list(made.sheets), [page for page in pages if isinstance(page, Worksheet)]


@pytest.mark.parametrize("name", REPORTS)
def test_every_cell_is_what_the_report_says_and_sums_are_right_to_the_cent(name: str, tmp_path: Path) -> None:
    sheets, pages = opened(name, tmp_path, company())
    assert len(sheets) == len(pages)
    for sheet, page in zip(sheets, pages, strict=True):
        for line, row in enumerate(sheet.rows, HEAD + 1):
            for at, column in enumerate(sheet.columns, 1):
                found, value = page.cell(line, at).value, row.get(column.name)
                if isinstance(value, Decimal):
                    assert Decimal(str(found)) == value
                elif isinstance(value, date):
                    assert isinstance(found, datetime)
                    assert found.date() == value
                else:
                    assert found == (value or None) or found == value
        for line, total in enumerate(totals(sheet, "EUR"), HEAD + 1 + len(sheet.rows)):
            for at, column in enumerate(sheet.columns, 1):
                if column.total:
                    own = [row for row in sheet.rows if (row.get("currency") or "EUR") == total["currency"]]
                    cells = [page.cell(HEAD + 1 + sheet.rows.index(row), at).value or 0 for row in own]
                    assert Decimal(str(page.cell(line, at).value)) == sum((Decimal(str(cell)) for cell in cells), Decimal(0))


def test_currencies_are_never_added(tmp_path: Path) -> None:
    sheets, pages = opened("cash", tmp_path, company())
    (sheet,), (page,) = sheets, pages
    last = HEAD + len(sheet.rows)
    assert [page.cell(last + at, 2).value for at in (1, 2)] == ["EUR", "GBP"]
    assert "€" in page.cell(last + 1, 3).number_format
    assert "£" in page.cell(last + 2, 3).number_format


def test_heads_are_frozen_rows_can_be_filtered_and_numbers_are_formatted(tmp_path: Path) -> None:
    sheets, pages = opened("profitability", tmp_path, company(), "fr")
    assert pages[0].freeze_panes == "B5"
    assert pages[0].auto_filter.ref == f"A4:{get_column_letter(len(sheets[0].columns))}{4 + len(sheets[0].rows)}"
    contract = next(at for at, column in enumerate(sheets[0].columns, 1) if column.name == "contract")
    assert pages[0].cell(4, contract).value == "Marché HT"
    assert pages[0].cell(5, contract).number_format.startswith('#,##0.00\\ "€"')
    assert pages[0]["A2"].value == "Au 23 nov. 2026, tel que connu le 2026-11-23T09:00:00.000005+00:00"


def test_a_name_that_looks_like_a_formula_is_text(tmp_path: Path) -> None:
    _, pages = opened("profitability", tmp_path, company())
    cells = [cell for page in pages for row in page.iter_rows() for cell in row]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    dangerous = [cell for cell in cells if cell.value in (DANGEROUS, "+44 London")]
    assert len(dangerous) > 2
    assert all(cell.data_type == "s" and cell.quotePrefix for cell in dangerous)


def test_control_characters_do_no_harm(tmp_path: Path) -> None:
    made = company()
    names = made.golden["customer"]
    changed = names.set_column(1, "name", [["Nul\x00 et \x0b onglet"] * names.num_rows])
    world = Frames(made.facts, {**made.golden, "customer": changed}, made.members, made.edges)
    _, pages = opened("profitability", tmp_path, world)
    assert "Nul et  onglet" in {cell.value for row in pages[0].iter_rows() for cell in row}


@pytest.mark.parametrize("name", REPORTS)
def test_of_nothing_there_is_a_workbook_too(name: str, tmp_path: Path) -> None:
    sheets, pages = opened(name, tmp_path, Frames.of())
    assert all(page.max_row == HEAD for page in pages)
    assert len(sheets) == len(pages)


def test_the_same_report_is_the_same_figures(tmp_path: Path) -> None:
    first, second = (opened("leakage", made, company())[1] for made in (_folder(tmp_path, "a"), _folder(tmp_path, "b")))
    for one, other in zip(first, second, strict=True):
        assert [[cell.value for cell in row] for row in one.iter_rows()] == [[cell.value for cell in row] for row in other.iter_rows()]


def _folder(root: Path, name: str) -> Path:
    (root / name).mkdir()
    return root / name
