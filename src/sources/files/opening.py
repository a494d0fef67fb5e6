"""Opening a file by the format that its name says."""

from pathlib import Path

from sources.config import Dialect
from sources.files.excel import ExcelTable
from sources.files.parquet import ParquetTable
from sources.files.table import Table, unreadable
from sources.files.text import TextTable

EXCEL = (".xlsx", ".xlsm")
PARQUET = (".parquet", ".pq")
REFUSED = {".xls": "the old Excel format; save it as .xlsx", ".ods": "OpenDocument; save it as .xlsx or .csv"} | dict.fromkeys(
    (".zip", ".gz", ".7z"), "packed; unpack it first"
)


def open_table(path: Path, place: str, dialect: Dialect) -> Table:
    """The table in a file. Raises StreamUnreadable where there is none."""
    suffix = path.suffix.lower()
    if suffix in REFUSED:
        raise unreadable(place, f"is {REFUSED[suffix].split('; ')[0]}", REFUSED[suffix].split("; ")[1])
    if path.stat().st_size == 0:
        raise unreadable(place, "is empty", "export it again, with its header")
    if suffix in EXCEL:
        return ExcelTable(path, place, dialect.sheet)
    return ParquetTable(path, place) if suffix in PARQUET else TextTable(path, place, dialect)
