"""French payment terms: what a text says, and when an invoice falls due by it.

`30 jours`, `45 jours fin de mois`, `30 FDM le 10`, `comptant à réception`, `net 60 days`, `30 days end of month`.
Law: C. com. L441-10 I (30 days by default, at most 60 days after the invoice or 45 days end of month).
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from matching.normal import folded

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


def _month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _on(day: date, wanted: int | None) -> date:
    """The first day on or after `day` that has this number in its month."""
    if wanted is None:
        return day
    month = day if day.day <= wanted else _month_end(day) + timedelta(days=1)
    return month.replace(day=min(wanted, monthrange(month.year, month.month)[1]))
