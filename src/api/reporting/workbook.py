"""A report as a workbook (Office Open XML): a sheet a table, real numbers and dates, frozen heads, filters; no cell is a formula."""

import re
from datetime import UTC
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell, MergedCell
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from api.reporting.report import Column, Language, Report, Row, Said, Sheet, totals
from api.reporting.writing import TOTAL, cell, standing

HEAD = 4
"""The row of the column titles."""
ABOUT = Said("Lisez-moi", "About")
_NOT_IN_TITLES = re.compile(r"[\[\]:*?/\\]")
_WIDEST = 60
_DATES = {"fr": "dd/mm/yyyy", "en": "yyyy-mm-dd"}
_MONTHS = {"fr": "mmm\\ yyyy", "en": "mmm\\ yyyy"}
_LINE = Border(bottom=Side(style="thin"))
_ABOVE = Border(top=Side(style="thin"))


Place = Cell | MergedCell


def write(report: Report, language: Language, out: Path) -> None:
    """Write a report; the file appears whole or not at all."""
    book = Workbook()
    about = book.active
    assert isinstance(about, Worksheet)
    _about(about, report, language)
    for sheet in report.sheets:
        _sheet(book.create_sheet(_title(book, sheet.title(language))), report, sheet, language)
    book.properties.title = report.title(language)
    book.properties.creator = "mdm"
    # A file of the same figures has the same dates: those of what it tells.
    book.properties.created = book.properties.modified = report.known_at.astimezone(UTC).replace(tzinfo=None)
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(out.name + ".partial")
    book.save(partial)
    partial.replace(out)


def _about(page: Worksheet, report: Report, language: Language) -> None:
    page.title = ABOUT(language)
    lines = [report.title(language), standing(language, report), "", *(line(language) for line in report.legend), ""]
    lines += [f"{sheet.title(language)}{f' – {sheet.note(language)}' if sheet.note else ''}" for sheet in report.sheets]
    for at, line in enumerate(lines, 1):
        _text(page.cell(at, 1), line)
    page["A1"].font = Font(bold=True, size=14)
    page.column_dimensions["A"].width = 110


def _sheet(page: Worksheet, report: Report, sheet: Sheet, language: Language) -> None:
    _text(page.cell(1, 1), sheet.title(language))
    page["A1"].font = Font(bold=True, size=14)
    _text(page.cell(2, 1), standing(language, report))
    for at, column in enumerate(sheet.columns, 1):
        head = page.cell(HEAD, at)
        _text(head, column.title(language))
        head.font, head.border = Font(bold=True), _LINE
        head.alignment = Alignment(horizontal="left" if column.kind == "text" else "right", vertical="top", wrap_text=True)
    for line, row in enumerate(sheet.rows, HEAD + 1):
        for at, column in enumerate(sheet.columns, 1):
            _put(page.cell(line, at), column, row, report.currency, language)
    last = HEAD + len(sheet.rows)
    for line, total in enumerate(totals(sheet, report.currency), last + 1):
        for at, column in enumerate(sheet.columns, 1):
            if column.name in total:
                _put(page.cell(line, at), column, total, report.currency, language)
            page.cell(line, at).font, page.cell(line, at).border = Font(bold=True), _ABOVE if line == last + 1 else Border()
        _text(page.cell(line, 1), TOTAL(language))
    page.freeze_panes = f"B{HEAD + 1}"
    page.auto_filter.ref = f"A{HEAD}:{get_column_letter(len(sheet.columns))}{last}"
    page.print_title_rows = f"{HEAD}:{HEAD}"
    page.page_setup.orientation, page.page_setup.fitToHeight = "landscape", 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    for at, column in enumerate(sheet.columns, 1):
        page.column_dimensions[get_column_letter(at)].width = _width(report, sheet, column, language)


def _put(place: Place, column: Column, row: Row, currency: str, language: Language) -> None:
    value = row.get(column.name)
    if value is None or isinstance(place, MergedCell):
        return
    if column.kind == "text":
        _text(place, str(value))
        return
    place.value = value
    match column.kind:
        case "money":
            place.number_format = _money(row.get("currency") or currency, language)
        case "rate":
            place.number_format = "0.0%"
        case "number":
            place.number_format = "#,##0"
        case "date":
            place.number_format = _DATES[language]
        case _:
            place.number_format = _MONTHS[language]


def _text(place: Place, text: str) -> None:
    """Text, whatever it begins with: a spreadsheet must not run what a customer is called (OWASP, CSV injection)."""
    assert isinstance(place, Cell)
    place.value = ILLEGAL_CHARACTERS_RE.sub("", text)
    place.data_type = "s"
    if text.startswith(("=", "+", "-", "@", "\t", "\r")):
        place.quotePrefix = True


def _money(currency: str, language: Language) -> str:
    """Spreadsheets write the separators as their own reader does; red below zero."""
    sign = {"EUR": "€", "GBP": "£", "USD": "$"}.get(currency, currency)
    form = f'#,##0.00\\ "{sign}"' if language == "fr" else f'"{sign}"#,##0.00' if len(sign) == 1 else f'"{sign}"\\ #,##0.00'
    return f"{form};[Red]-{form}"


def _title(book: Workbook, wanted: str) -> str:
    """A name that a sheet may have, and no other has."""
    name = _NOT_IN_TITLES.sub(" ", wanted)[:31].strip()
    taken = {title.casefold() for title in book.sheetnames}
    return next(one for one in (name, *(f"{name[:27]} ({at})" for at in range(2, 100))) if one.casefold() not in taken)


def _width(report: Report, sheet: Sheet, column: Column, language: Language) -> float:
    written: list[Any] = [cell(language, column, row, report.currency) for row in sheet.rows[:200]]
    written += [cell(language, column, total, report.currency) for total in totals(sheet, report.currency) if column.name in total]
    title = max((len(part) for part in column.title(language).split()), default=0)
    return float(min(_WIDEST, max([title, 8, *map(len, written)]) + 2))
