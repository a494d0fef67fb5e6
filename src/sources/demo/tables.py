"""The files to write: columns of each table, and the three systems' ways of writing CSV."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Final

Cell = str | int | date | Decimal
Row = Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a system writes its files."""

    encoding: str
    delimiter: str
    line_end: str
    french: bool = False
    """Decimal comma and dd/mm/yyyy."""


CRM: Final = Dialect("utf-8", ",", "\n")
BILLING: Final = Dialect("cp1252", ";", "\r\n", french=True)
TIMESHEETS: Final = Dialect("utf-8-sig", ",", "\n")
TRUTH: Final = Dialect("utf-8", ",", "\n")


def write(path: Path, columns: str, rows: Iterable[Row], dialect: Dialect) -> int:
    """Write a table; `columns` is its header line, cells missing from a row are empty. Returns the number of rows."""
    names = columns.split(dialect.delimiter)
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=dialect.delimiter, lineterminator=dialect.line_end)
    writer.writerow(names)
    count = 0
    for row in rows:
        writer.writerow([_text(row.get(name, ""), french=dialect.french) for name in names])
        count += 1
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue().encode(dialect.encoding))
    return count


def _text(cell: Cell, *, french: bool) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, date):
        return f"{cell:%d/%m/%Y}" if french else cell.isoformat()
    return str(cell).replace(".", ",") if french else str(cell)


def stamp(rng: Random, day: date) -> str:
    """A date and time as the CRM exports it, within office hours."""
    return f"{day}T{rng.randint(7, 18):02d}:{rng.randint(0, 59):02d}:{rng.randint(0, 59):02d}.000Z"


def flag(value: bool) -> str:
    """A CRM boolean."""
    return "true" if value else "false"
