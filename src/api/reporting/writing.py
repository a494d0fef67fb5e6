"""How the cells of a report are written in a language."""

from datetime import date
from decimal import Decimal
from typing import Any

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent

from api.reporting.report import Column, Language, Report, Row, Said

NOTHING = "–"
TOTAL = Said("Total", "Total")
AS_OF = Said("Au {day}, tel que connu le {at}", "As of {day}, as known at {at}")


def cell(language: Language, column: Column, row: Row, currency: str) -> str:
    """What a row has in a column; amounts with their cents."""
    value = row.get(column.name)
    return NOTHING if value is None or value == "" else _written(language, column, value, row.get("currency") or currency)


def _written(language: Language, column: Column, value: Any, currency: str) -> str:
    match column.kind:
        case "money":
            return str(format_currency(value, currency, locale=language))
        case "rate":
            return percent(language, value)
        case "number":
            return str(format_decimal(value, locale=language))
        case "date":
            return day(language, value)
        case "month":
            return str(format_date(value, "MMM yyyy", locale=language))
    return str(value)


def day(language: Language, value: date) -> str:
    """`23 nov. 2026`, `23 Nov 2026`."""
    return str(format_date(value, "d MMM yyyy", locale=language))


def percent(language: Language, value: float | Decimal) -> str:
    """A share."""
    return str(format_percent(value, locale=language, format="#,##0.0 %" if language == "fr" else "#,##0.0%"))


def amount(language: Language, value: float, unit: str) -> str:
    """An amount on a plot: thousands from a hundred thousand on, no cents."""
    shown, thousand = (value / 1000, "k") if abs(value) >= 100_000 else (value, "")
    sign = "€" if unit == "EUR" else unit
    return f"{format_decimal(round(shown), locale=language)} {thousand}{sign}".rstrip()


def standing(language: Language, report: Report) -> str:
    """The day of a report, and what was known."""
    return AS_OF(language).format(day=day(language, report.as_of), at=report.known_at.isoformat(timespec="microseconds"))
