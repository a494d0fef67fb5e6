"""Days on which euro payments are settled: neither weekends nor the closing days of the T2 system (ECB): 1 January, Good Friday, Easter
Monday, 1 May, 25 and 26 December.

Days are whole numbers since 1970-01-01, as `numpy` counts them; from 1980 to 2150.
"""

from datetime import date, timedelta
from functools import cache

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

_EPOCH = date(1970, 1, 1)
_FIRST_YEAR, _LAST_YEAR = 1980, 2150


def number(day: date) -> int:
    """A day as a number."""
    return (day - _EPOCH).days


def day_of(at: int) -> date:
    """A number as a day."""
    return _EPOCH + timedelta(days=int(at))


def next_open(days: Ints) -> Ints:
    """The days themselves, or where banks are closed the next one on which they are not."""
    return _calendar()[0][days - number(date(_FIRST_YEAR, 1, 1))]


def last_open(day: date) -> int:
    """The day itself, or the last one before it on which banks were not closed."""
    at = number(day)
    while is_closed(np.array([at]))[0]:
        at -= 1
    return at


def held(days: Ints) -> Ints:
    """How many closed days come right before; of a closed day, none."""
    return _calendar()[1][days - number(date(_FIRST_YEAR, 1, 1))]


def is_closed(days: Ints) -> npt.NDArray[np.bool_]:
    """Whether banks are closed."""
    return np.not_equal(next_open(days), days)


def is_weekend(days: Ints) -> npt.NDArray[np.bool_]:
    """Whether it is a Saturday or a Sunday."""
    return np.greater((days + 3) % 7, 4)


@cache
def _calendar() -> tuple[Ints, Ints]:
    """Of every day the next open one, and how many closed days come right before it."""
    days: Ints = np.arange(number(date(_FIRST_YEAR, 1, 1)), number(date(_LAST_YEAR, 12, 31)) + 1)
    weekday = (days + 3) % 7
    closings = np.array([number(day) for year in range(_FIRST_YEAR, _LAST_YEAR + 1) for day in _closings(year)])
    open_ = (weekday < 5) & ~np.isin(days, closings)
    at = np.arange(len(days))
    following = np.minimum.accumulate(np.where(open_, at, len(at) - 1)[::-1])[::-1]
    before = np.concatenate([[-1], np.maximum.accumulate(np.where(open_, at, -1))[:-1]])
    return days[following], np.where(open_, at - before - 1, 0)


def _closings(year: int) -> tuple[date, ...]:
    easter = _easter(year)
    movable = (easter - timedelta(days=2), easter + timedelta(days=1))
    return (date(year, 1, 1), *movable, date(year, 5, 1), date(year, 12, 25), date(year, 12, 26))


def _easter(year: int) -> date:
    """Easter Sunday by the Gregorian computus (Meeus/Jones/Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return date(year, f // 31, f % 31 + 1)
