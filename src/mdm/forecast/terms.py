"""French payment terms: what a text says, and when an invoice falls due by it.

`30 jours`, `45 jours fin de mois`, `30 FDM le 10`, `comptant à réception`, `net 60 days`, `30 days end of month`.
Law: C. com. L441-10 I (30 days where nothing is agreed; at most 60 days after the invoice, or 45 days end of month where the terms are of
ends of months; 45 days for invoices that sum up a period); CCP R2192-10 (public buyers: 30 days). Terms of some trades are shorter still.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Literal

from matching.normal import folded

STATUTORY_DAYS = 30
"""Where nothing was agreed: C. com. L441-10 I."""

MOST_DAYS, MOST_DAYS_MONTH_END, MOST_DAYS_PERIODIC, MOST_DAYS_PUBLIC = 60, 45, 45, 30
"""What may be agreed at most, after the date of the invoice."""

Buyer = Literal["company", "periodic", "public"]
"""For whom the ceiling is: an ordinary invoice, one that sums up a period, one to a public buyer."""

_DAYS = re.compile(r"(\d{1,3})\s*(?:j\b|jr|jour|d\b|day|fdm|eom|$)|(?:net|nets)\s*(\d{1,3})")
_MONTH_END = re.compile(r"fin de mois|\bfdm\b|\d+fdm\b|\beom\b|end of (?:the )?month")
_THE_DAY = re.compile(r"\ble (\d{1,2})\b|\bon the (\d{1,2})")
_AT_ONCE = re.compile(r"comptant|reception|due on receipt|immediat|a la commande|cash")


@dataclass(frozen=True)
class Terms:
    """Days after the invoice, then the end of the month where the terms say so, then a day of the month that follows."""

    days: int
    month_end: bool = False
    day: int | None = None


def read(text: str | None) -> Terms | None:
    """The terms that a text says, or None where it says none that is known."""
    plain = folded(text or "").strip()
    number, the_day = _DAYS.search(plain), _THE_DAY.search(plain)
    if number:
        day = int(next(filter(None, the_day.groups()))) if the_day else None
        return Terms(int(next(filter(None, number.groups()))), bool(_MONTH_END.search(plain)), day)
    return Terms(0) if _AT_ONCE.search(plain) else None


def due(issued: date, terms: Terms) -> tuple[date, ...]:
    """The days on which an invoice may fall due: `45 jours fin de mois` is read in two ways, and both are in use."""
    plain = issued + timedelta(days=terms.days)
    if not terms.month_end:
        return (plain,)
    ways = (_month_end(plain), _month_end(issued) + timedelta(days=terms.days))
    return tuple(dict.fromkeys(_on(way, terms.day) for way in ways))


def usual(text: str | None) -> Terms:
    """The terms that a text says, or those of the law."""
    return read(text) or Terms(STATUTORY_DAYS)


def ceiling(issued: date, buyer: Buyer = "company", *, month_end: bool = False) -> date:
    """The last day on which an invoice may be agreed to fall due; of ends of months, by the longer of both readings."""
    if buyer != "company":
        return issued + timedelta(days=MOST_DAYS_PUBLIC if buyer == "public" else MOST_DAYS_PERIODIC)
    plain = issued + timedelta(days=MOST_DAYS)
    return max(plain, *due(issued, Terms(MOST_DAYS_MONTH_END, True))) if month_end else plain


@cache
def excess(terms: Terms, buyer: Buyer = "company") -> int:
    """By how many days terms may go beyond what the law lets parties agree, on the worst day of a year, in their earlier reading; 0 if never."""
    year = (date(2023, 1, 1) + timedelta(days=at) for at in range(365))
    return max(0, *((min(due(day, terms)) - ceiling(day, buyer, month_end=terms.month_end)).days for day in year))


def _month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _on(day: date, wanted: int | None) -> date:
    """The first day on or after `day` that has this number in its month."""
    if wanted is None:
        return day
    month = day if day.day <= wanted else _month_end(day) + timedelta(days=1)
    return month.replace(day=min(wanted, monthrange(month.year, month.month)[1]))
