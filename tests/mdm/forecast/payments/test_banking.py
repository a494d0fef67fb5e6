"""Days on which banks settle."""

from datetime import date

import numpy as np
import pytest

from mdm.forecast.payments.banking import BANKS, RUNS, day_of, last_seen, next_open, number, seen, window


@pytest.mark.parametrize(
    ("day", "shown", "before"),
    [
        ("2026-11-23", "2026-11-23", 2), ("2026-11-24", "2026-11-24", 0), ("2026-11-21", "2026-11-23", 0), ("2026-04-03", "2026-04-07", 0),
        ("2026-04-07", "2026-04-07", 4), ("2026-05-01", "2026-05-04", 0), ("2026-12-25", "2026-12-28", 0), ("2027-01-01", "2027-01-04", 0),
        ("2024-03-29", "2024-04-02", 0), ("2038-04-26", "2038-04-27", 0),
    ],
)  # fmt: skip
def test_money_is_seen_on_the_next_day_of_business(day: str, shown: str, before: int) -> None:
    at = np.array([number(date.fromisoformat(day))])
    assert day_of(next_open(at)[0]) == date.fromisoformat(shown)
    on, days = window(BANKS, at)
    assert bool(on[0]) == (day == shown)
    assert not on[0] or days[0] == before


def test_the_last_day_of_which_money_has_been_seen() -> None:
    """On Easter Monday what was to be paid on Good Friday has not been seen; on Tuesday all of it has."""
    assert day_of(last_seen(BANKS, date(2026, 4, 6))) == date(2026, 4, 2)
    assert day_of(last_seen(BANKS, date(2026, 4, 7))) == date(2026, 4, 7)


@pytest.mark.parametrize(
    ("run", "day", "shown"),
    [
        ((10, 25), "2026-07-11", "2026-07-27"), ((10, 25), "2026-07-10", "2026-07-10"), ((31,), "2026-02-03", "2026-03-02"),
        ((31,), "2026-03-31", "2026-03-31"), ((1, 15), "2026-11-16", "2026-12-01"), ((1,), "2025-12-02", "2026-01-02"),
    ],
)  # fmt: skip
def test_runs_are_on_their_days_or_the_next_open_one(run: tuple[int, ...], day: str, shown: str) -> None:
    calendar = BANKS + 1 + RUNS.index(run)
    at = np.array([number(date.fromisoformat(day))])
    assert day_of(seen(calendar, at)[0]) == date.fromisoformat(shown)
    on, before = window(calendar, np.array([number(date.fromisoformat(shown))]))
    assert on[0]
    assert before[0] >= number(date.fromisoformat(shown)) - at[0]
