"""Working days, months and French payment terms."""

from calendar import monthrange
from datetime import date, timedelta
from random import Random
from typing import Final

_HOLIDAYS: Final = {(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)}

TERMS: Final = {
    "30J": ("30 jours", "30 jours net", 30, False),
    "30FDM": ("30 jours fin de mois", "30 jours fin de mois", 30, True),
    "45FDM": ("45 jours fin de mois", "45 jours fin de mois", 45, True),
    "60J": ("60 jours", "60 jours net", 60, False),
    "COMPTANT": ("Comptant", "Comptant à réception", 0, False),
}
"""Code -> wording in the CRM, wording in billing, days, end of month."""


def after(day: date, days: int) -> date:
    """The day that many days later."""
    return day + timedelta(days=days)


def is_workday(day: date) -> bool:
    """Neither a week-end nor a holiday of fixed date."""
    return day.weekday() < 5 and (day.month, day.day) not in _HOLIDAYS


def workday(day: date) -> date:
    """That day, or the next working day."""
    while not is_workday(day):
        day = after(day, 1)
    return day


def monday(day: date) -> date:
    """That day, or the next Monday."""
    return after(day, -day.weekday() % 7)


def month_end(day: date) -> date:
    """The last day of its month."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or its last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def due_date(issued: date, terms: str) -> date:
    """When an invoice falls due: days, then the end of that month where the terms say so."""
    _, _, days, to_month_end = TERMS[terms]
    due = after(issued, days)
    return month_end(due) if to_month_end else due


def between(rng: Random, first: date, last: date) -> date:
    """A day from first to last, both included; `first` when they cross."""
    return after(first, rng.randint(0, max(0, (last - first).days)))
