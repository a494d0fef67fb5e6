"""What a report is made of: sheets of columns and rows with their totals, plots, and what was known when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

Language = Literal["fr", "en"]
Row = Mapping[str, Any]
Kind = Literal["text", "money", "rate", "number", "date", "month"]


@dataclass(frozen=True)
class Said:
    """A text in French and in English."""

    fr: str
    en: str

    def __call__(self, language: Language) -> str:
        """In a language."""
        return self.fr if language == "fr" else self.en


@dataclass(frozen=True)
class Column:
    """A column: what rows have under its name, and how it is written."""

    name: str
    title: Said
    kind: Kind = "text"
    total: bool = False
    """Whether it is summed."""
    brief: bool = True
    """Whether there is room for it on a terminal."""


@dataclass(frozen=True)
class Bars:
    """Amounts by label, those of several series on top of each other. None is no bar."""

    title: Said
    labels: Sequence[str]
    series: Sequence[tuple[Said, Sequence[float | None]]]
    unit: str


@dataclass(frozen=True)
class Ranks:
    """Amounts by label, each on a line of its own, longest first as given."""

    title: Said
    labels: Sequence[str]
    values: Sequence[float]
    unit: str


@dataclass(frozen=True)
class Intervals:
    """A point with its interval by label, against a line that should not be crossed; shares, and beside each a share in words."""

    title: Said
    labels: Sequence[str]
    points: Sequence[tuple[float, float, float]]
    """Low, middle, high."""
    beside: Sequence[float | None]
    line: float
    line_title: Said


@dataclass(frozen=True)
class Band:
    """What is expected by label with the band that holds 80 %."""

    title: Said
    labels: Sequence[str]
    low: Sequence[float]
    middle: Sequence[float]
    high: Sequence[float]
    unit: str


Plot = Bars | Ranks | Intervals | Band


@dataclass(frozen=True)
class Sheet:
    """A table. Amounts are in the currency that rows have under `currency`, else in that of the report; those of several are never added."""

    name: str
    title: Said
    columns: Sequence[Column]
    rows: Sequence[Row]
    plots: Sequence[Plot] = ()
    note: Said | None = None


@dataclass(frozen=True)
class Report:
    """Sheets of a day and of what was known at an instant."""

    name: str
    title: Said
    as_of: date
    known_at: datetime
    currency: str
    sheets: Sequence[Sheet]
    legend: Sequence[Said] = field(default=())


def totals(sheet: Sheet, currency: str) -> list[dict[str, Any]]:
    """The sums of a sheet, a row for each currency, by its code; none where nothing is summed or there are no rows."""
    summed = [column.name for column in sheet.columns if column.total]
    if not summed or not sheet.rows:
        return []
    found: dict[str, dict[str, Any]] = {}
    for row in sheet.rows:
        of = found.setdefault(row.get("currency") or currency, dict.fromkeys(summed, Decimal(0)))
        for name in summed:
            of[name] += row[name] or 0
    return [{**found[code], "currency": code} for code in sorted(found)]
