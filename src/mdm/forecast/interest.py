"""What late payment costs the customer by law: interest from the day after the due date, and 40 EUR an invoice.

Law: C. com. L441-10 II: without other terms, the refinancing rate of the European Central Bank in force on 1 January for the first half of a
year and on 1 July for the second, and 10 points; on what is due with tax, by day over 365. D441-5: 40 EUR for costs of collection, of each
late invoice between professionals. Both are due without a reminder, in addition to what is owed, free of value added tax. A public buyer
owes 8 points, on the rate in force when interest begins to run (CCP R2192-31), and 40 EUR too (CCP D2192-35).
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from mdm.errors import BadInput
from mdm.forecast.terms import Buyer

POINTS: Mapping[Buyer, Decimal] = {"company": Decimal(10), "periodic": Decimal(10), "public": Decimal(8)}
"""Percentage points above the refinancing rate."""
INDEMNITY = Decimal("40.00")
"""EUR, of each late invoice between professionals."""

_REFINANCING = (
    "2014-01-01 0.25", "2014-07-01 0.15", "2015-01-01 0.05", "2015-07-01 0.05", "2016-01-01 0.05", "2016-07-01 0.00", "2017-01-01 0.00",
    "2017-07-01 0.00", "2018-01-01 0.00", "2018-07-01 0.00", "2019-01-01 0.00", "2019-07-01 0.00", "2020-01-01 0.00", "2020-07-01 0.00",
    "2021-01-01 0.00", "2021-07-01 0.00", "2022-01-01 0.00", "2022-07-01 0.00", "2023-01-01 2.50", "2023-07-01 4.00", "2024-01-01 4.50",
    "2024-07-01 4.25", "2025-01-01 3.15", "2025-07-01 2.15", "2026-01-01 2.15",
)  # fmt: skip
REFINANCING: Mapping[date, Decimal] = {
    date.fromisoformat(day): Decimal(rate) for day, _, rate in (row.partition(" ") for row in _REFINANCING)
}
"""Percent, of the main refinancing operations of the ECB, fixed rate tenders, in force on that day (ecb.europa.eu, Key ECB interest rates)."""


class UnknownRate(BadInput):
    """The refinancing rate of a half-year is not known."""


def half_year(day: date) -> date:
    """The first day of its half-year."""
    return date(day.year, 1 if day.month < 7 else 7, 1)


def rate(day: date, more: Mapping[date, Decimal] | None = None, buyer: Buyer = "company") -> Decimal:
    """Late-payment interest in percent a year on a day; `more` are refinancing rates beside those known here. Raises UnknownRate."""
    start = half_year(day)
    known = {**REFINANCING, **(more or {})}
    if start not in known:
        raise UnknownRate(
            f"the ECB refinancing rate in force on {start} is not known here; say it in percent in MDM_REFINANCING_RATES, "
            f'as in {{"{start}": "2.15"}}'
        )
    return known[start] + POINTS[buyer]


def interest(
    amount: Decimal, due_on: date, until: date, more: Mapping[date, Decimal] | None = None, *, buyer: Buyer = "company"
) -> Decimal:
    """Interest on an amount with tax, from the day after its due date to a day, both included, in cents. Raises UnknownRate."""
    begins = due_on + timedelta(days=1)
    parts = (amount * rate(begins if buyer == "public" else first, more, buyer) * days / 36500 for first, days in _spans(begins, until))
    return sum(parts, Decimal(0)).quantize(Decimal("0.01"), ROUND_HALF_EVEN)


def _spans(first: date, last: date) -> Iterator[tuple[date, int]]:
    """Days from the first to the last by half-year: its first day in there, and how many."""
    while first <= last:
        start = half_year(first)
        following = date(start.year, 7, 1) if start.month == 1 else date(start.year + 1, 1, 1)
        yield first, (min(following, last + timedelta(days=1)) - first).days
        first = following
