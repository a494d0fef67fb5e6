"""Excel workbooks: a sheet with a header, its cells as the text that a person sees, without loss."""

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
from openpyxl.utils.exceptions import InvalidFileException

from mdm.ports import Problem
from sources.files.table import ROWS, Chunk, distinct, unreadable

LARGEST = 2 << 30
"""Bytes of a workbook once unpacked."""
_TRUSTED = 64 << 20
"""Bytes that may be packed as tightly as they like."""
_TIGHTEST = 200
"""How many times smaller than unpacked a large one may be; real ones are 5 to 60 times smaller."""
_PADDED = re.compile(r"0{2,}")


class ExcelTable:
    """A sheet of a workbook."""

    def __init__(self, path: Path, place: str, sheet: str | None) -> None:
        refuse_bombs(path, place)
        self._path = path
        self._place = place
        self._sheet = sheet
        found = next(self._rows(), None)
        if found is None:
            raise unreadable(place, "has an empty sheet", "write the names of the columns on its first row, or name another sheet")
        self._header, cells = found
        names = [text_of(cell)[0] for cell in cells]
        while names and not names[-1]:
            names.pop()
        self.columns, problems = distinct(names, place, self._header)
        self.problems: tuple[Problem, ...] = tuple(problems)

    def count(self) -> int | None:
        """Not known without a read."""
        return None

    def chunks(self) -> Iterator[Chunk]:
        """Rows that are not empty; openpyxl reads them one by one."""
        width = len(self.columns)
        lines: list[int] = []
        rows: list[list[str | None]] = []
        problems: list[Problem] = []
        for line, cells in self._rows():
            if line == self._header:
                continue
            lines.append(line)
            row: list[str | None] = []
            for index in range(width):
                text, broken = text_of(cells[index]) if index < len(cells) else (None, False)
                row.append(text)
                if broken:
                    reason = "is an error of Excel"
                    problems.append(
                        Problem(
                            "quarantined",
                            self._place,
                            line,
                            None,
                            self.columns[index],
                            str(cells[index].value),
                            reason,
                            "correct its formula",
                        )
                    )
            rows.append(row)
            if len(rows) == ROWS:
                yield _chunk(lines, rows, width, problems)
                lines, rows, problems = [], [], []
        if rows:
            yield _chunk(lines, rows, width, problems)

    def _rows(self) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """Rows of the sheet that hold something, with their numbers."""
        try:
            book = openpyxl.load_workbook(self._path, read_only=True, data_only=True, keep_links=False)
        except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError) as error:
            raise unreadable(self._place, f"is not an Excel workbook ({error})", "save it again as .xlsx") from None
        try:
            if self._sheet is not None and self._sheet not in book.sheetnames:
                raise unreadable(self._place, f"has no sheet {self._sheet!r}", f"name one of {', '.join(map(repr, book.sheetnames))}")
            sheet = book[self._sheet] if self._sheet is not None else book.worksheets[0]
            sheet.reset_dimensions()
            for line, cells in enumerate(sheet.iter_rows(), start=1):
                if any(cell.value is not None for cell in cells):
                    yield line, cells
        finally:
            book.close()


def text_of(cell: Any) -> tuple[str | None, bool]:
    """The text of a cell as a person sees it, and whether it is an error of Excel."""
    value = cell.value
    if isinstance(value, str):
        return (None, True) if cell.data_type == "e" else (value or None, False)
    if value is None or isinstance(value, bool):
        return (None if value is None else str(value).lower()), False
    if isinstance(value, datetime):
        return (value.date() if value.time() == time() else value).isoformat(), False
    if isinstance(value, (date, time)):
        return value.isoformat(), False
    if isinstance(value, timedelta):
        return str(value), False
    return _number(value, str(cell.number_format)), False


def _number(value: float, form: str) -> str:
    """Fifteen figures, as Excel has them, without exponent; percentages as shown, and zeros in front where the format has them."""
    exact = Decimal(value if isinstance(value, int) else f"{value:.15g}")
    percent = "%" in form
    text = f"{(exact * 100 if percent else exact).normalize():f}"
    if _PADDED.fullmatch(form) and text.isdigit():
        return text.zfill(len(form))
    return f"{text}%" if percent else text


def _chunk(lines: list[int], rows: list[list[str | None]], width: int, problems: list[Problem]) -> Chunk:
    columns = [pa.array([row[index] for row in rows], pa.string()) for index in range(width)]
    return Chunk.of(pa.array(lines, pa.int64()), columns, problems)


def refuse_bombs(path: Path, place: str) -> None:
    """Raise StreamUnreadable for a workbook that unpacks to absurd sizes or declares XML entities."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            size = sum(part.file_size for part in parts)
            packed = max(1, sum(part.compress_size for part in parts))
            if size > LARGEST or (size > _TRUSTED and size / packed > _TIGHTEST):
                reason = f"unpacks from {packed:,} to {size:,} bytes, as an attack would"
                raise unreadable(place, reason, "save it as .csv if it is genuine")
            for part in parts:
                if part.filename.lower().endswith((".xml", ".rels")) and b"<!DOCTYPE" in archive.open(part).read(4096).upper():
                    raise unreadable(place, f"declares a document type in {part.filename}, as an attack would", "save it again in Excel")
    except zipfile.BadZipFile:
        raise unreadable(place, "is not an Excel workbook", "save it again as .xlsx") from None
