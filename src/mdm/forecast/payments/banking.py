"""Days on which money is seen: those of banks, and those on which a customer pays its bills.

Euro payments are settled neither weekends nor the closing days of the T2 system (ECB): 1 January, Good Friday, Easter
Monday, 1 May, 25 and 26 December. Some customers pay on some days of the month only; a run on a closed day comes on the next open one.

Days are whole numbers since 1970-01-01, as `numpy` counts them; from 1980 to 2150.
"""

from datetime import date, timedelta
from functools import cache
from itertools import combinations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

PLAIN, BANKS = 0, 1
"""Calendars: every day, and the days of banks. Those above are runs, `RUNS` in order."""
_RUN_DAYS = (1, 5, 10, 15, 20, 25, 31)
RUNS: tuple[tuple[int, ...], ...] = (*((day,) for day in _RUN_DAYS), *combinations(_RUN_DAYS, 2), (10, 20, 31))
"""Days of the month on which bills are paid; 31 is the last one."""

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
    return _open_days()[days - number(date(_FIRST_YEAR, 1, 1))]


def is_weekend(days: Ints) -> npt.NDArray[np.bool_]:
    """Whether it is a Saturday or a Sunday."""
    return np.greater((days + 3) % 7, 4)


def seen(calendar: Ints | int, days: Ints) -> Ints:
    """The days on which money is seen that was to be paid on these days, by calendars."""
    found: Ints = calendars()[calendar, days - number(date(_FIRST_YEAR, 1, 1))].astype(np.int64)
    return found


def window(calendar: int, days: Ints) -> tuple[npt.NDArray[np.bool_], Ints]:
    """Whether money is seen on these days, by a calendar, and how many days before them it may have been due to be paid."""
    start, table = number(date(_FIRST_YEAR, 1, 1)), calendars()[calendar]
    first = np.searchsorted(table, days, side="left")
    return np.equal(table[first], days), days - (first + start)


def last_seen(calendar: int, as_of: date) -> int:
    """The last day whose money has been seen until a day, by a calendar."""
    return int(np.searchsorted(calendars()[calendar], number(as_of), side="right")) - 1 + number(date(_FIRST_YEAR, 1, 1))


@cache
def calendars() -> npt.NDArray[np.int32]:
    """A row a calendar: of every day the one on which money is seen."""
    days: Ints = np.arange(number(date(_FIRST_YEAR, 1, 1)), number(date(_LAST_YEAR, 12, 31)) + 1)
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    of_month = (dates - months.astype("datetime64[D]")).astype(np.int64) + 1
    last = ((months + 1).astype("datetime64[D]") - 1) == dates
    banks = next_open(days)
    rows = [days, banks]
    for run in RUNS:
        on = np.isin(of_month, run) | (last & (31 in run))
        rows.append(banks[_next(on)])
    return np.array(rows, dtype=np.int32)


@cache
def _open_days() -> Ints:
    """Of every day the next one on which banks are not closed."""
    days: Ints = np.arange(number(date(_FIRST_YEAR, 1, 1)), number(date(_LAST_YEAR, 12, 31)) + 1)
    closings = np.array([number(day) for year in range(_FIRST_YEAR, _LAST_YEAR + 1) for day in _closings(year)])
    open_ = ~is_weekend(days) & ~np.isin(days, closings)
    found: Ints = days[_next(open_)]
    return found


def _next(marked: npt.NDArray[np.bool_]) -> Ints:
    """Of every place the next one that is marked, itself included; the last one where there is none."""
    found: Ints = np.minimum.accumulate(np.where(marked, np.arange(len(marked)), len(marked) - 1)[::-1])[::-1]
    return found


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
