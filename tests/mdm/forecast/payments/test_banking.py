"""Days on which banks settle."""

from datetime import date

import numpy as np
import pytest

from mdm.forecast.payments.banking import day_of, held, is_closed, last_open, next_open, number


@pytest.mark.parametrize(
    ("day", "seen", "before"),
    [
        ("2026-11-23", "2026-11-23", 2), ("2026-11-24", "2026-11-24", 0), ("2026-11-21", "2026-11-23", 0), ("2026-04-03", "2026-04-07", 0),
        ("2026-04-07", "2026-04-07", 4), ("2026-05-01", "2026-05-04", 0), ("2026-12-25", "2026-12-28", 0), ("2027-01-01", "2027-01-04", 0),
        ("2024-03-29", "2024-04-02", 0), ("2038-04-26", "2038-04-27", 0),
    ],
)  # fmt: skip
def test_money_is_seen_on_the_next_day_of_business(day: str, seen: str, before: int) -> None:
    at = np.array([number(date.fromisoformat(day))])
    assert day_of(next_open(at)[0]) == date.fromisoformat(seen)
    assert held(at)[0] == before
    assert bool(is_closed(at)[0]) == (day != seen)


def test_the_last_day_of_business() -> None:
    assert day_of(last_open(date(2026, 4, 6))) == date(2026, 4, 2)
    assert day_of(last_open(date(2026, 4, 7))) == date(2026, 4, 7)
