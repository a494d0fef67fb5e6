"""Legal interest to the cent."""

from datetime import date
from decimal import Decimal

import pytest

from mdm.forecast.interest import INDEMNITY, REFINANCING, UnknownRate, interest, rate
from mdm.forecast.terms import Buyer


@pytest.mark.parametrize(
    ("amount", "due_on", "until", "buyer", "owed"),
    [
        ("1200.00", "2025-06-30", "2025-07-30", "company", "11.98"),  # 30 days at 12.15 %
        ("1200.00", "2025-06-15", "2025-07-10", "company", "10.48"),  # 15 days at 13.15 %, 10 at 12.15 %
        ("10000.00", "2023-12-01", "2024-07-15", "company", "896.64"),  # 30 days at 14 %, 182 at 14.5 %, 15 at 14.25 %
        ("1200.00", "2025-06-15", "2025-06-16", "company", "0.43"),
        ("1200.00", "2025-06-15", "2025-06-15", "company", "0.00"),
        ("1200.00", "2025-06-15", "2025-06-01", "company", "0.00"),
        ("1200.00", "2025-06-15", "2025-07-10", "public", "9.16"),  # 25 days at 3.15 + 8 %
        ("0.01", "2025-01-01", "2025-12-31", "company", "0.00"),
    ],
)  # fmt: skip
def test_interest_runs_from_the_day_after_the_due_date(amount: str, due_on: str, until: str, buyer: Buyer, owed: str) -> None:
    assert interest(Decimal(amount), date.fromisoformat(due_on), date.fromisoformat(until), buyer=buyer) == Decimal(owed)


def test_rates_are_those_of_the_half_year() -> None:
    assert [rate(date.fromisoformat(day)) for day in ("2024-06-30", "2024-07-01", "2024-12-31", "2025-01-01")] == [
        Decimal("14.50"), Decimal("14.25"), Decimal("14.25"), Decimal("13.15"),
    ]  # fmt: skip
    assert INDEMNITY == 40
    assert all(day.day == 1 and day.month in (1, 7) for day in REFINANCING)


def test_an_unknown_half_year_is_refused_and_it_is_told_how_to_add_it() -> None:
    far = date(2099, 8, 1)
    with pytest.raises(UnknownRate, match=r"2099-07-01.*MDM_REFINANCING_RATES"):
        interest(Decimal(100), date(2099, 7, 1), far)
    assert interest(Decimal(100), date(2099, 7, 31), far, {date(2099, 7, 1): Decimal("26.5")}) == Decimal("0.10")
