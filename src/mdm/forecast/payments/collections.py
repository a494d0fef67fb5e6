"""What open invoices should bring in, by week and by month.

In:  the facts invoice, payment and write_off, the golden records of customer, the holds.
Out: period (`week`, which begins on Monday, or `month`), starts_on, currency, due (what falls due then, in the first one what is overdue too),
     mean, p10, p50, p90 (with tax, estimates), from the period of the next day on for a year. By period, currency and start.

Paths are drawn, with one habit for each customer and path, and their sums are taken before their quantiles; the quantiles of months are
therefore not sums of those of weeks. Credit notes that nobody used yet are left aside: they lower a payment that nobody knows.
"""

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mdm.forecast.frames import Frames
from mdm.forecast.payments import banking
from mdm.forecast.payments.expected import standing, still_open
from mdm.forecast.payments.outcomes import outcomes
from mdm.forecast.payments.payers import NEVER_DAY, days_of, learned
from mdm.forecast.settlement import settlements

PATHS = 1000
WEEKS, MONTHS = 52, 12
SEED = 20_260_101
SCHEMA = pa.schema(
    [("period", pa.string()), ("starts_on", pa.date32()), ("currency", pa.string())]
    + [(name, pa.float64()) for name in ("due", "mean", "p10", "p50", "p90")]
)
_AT_ONCE = 2_000

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def collections(frames: Frames, as_of: date, paths: int = PATHS, seed: int = SEED) -> pa.Table:
    """Cash from the invoices that are open on a day, with its band."""
    known = outcomes(frames, settlements(frames, as_of), as_of)
    left = still_open(known)
    how = learned(known, as_of)
    rows, after, disputed = standing(left, how, as_of)
    drawn = how.sample(rows, after, paths, np.random.default_rng(seed), disputed)
    due, amount = days_of(left["due_on"]), left["open"].cast(pa.float64()).to_numpy()
    currencies = np.array(left["currency"].to_pylist(), dtype=object)
    tables = []
    for period, starts in (("month", _months(as_of)), ("week", _weeks(as_of))):
        edges = np.array([banking.number(day) for day in starts])
        for currency in sorted(set(left["currency"].to_pylist())):
            mine = np.flatnonzero(currencies == currency)
            sums = np.zeros((len(edges), paths))
            for at in range(0, len(mine), _AT_ONCE):
                some = mine[at : at + _AT_ONCE]
                delay = drawn[some].astype(np.int64)
                day = np.where(
                    delay == NEVER_DAY, edges[-1], how.settled(rows[some], np.where(delay == NEVER_DAY, 0, delay) + due[some, None])
                )
                sums += _summed(np.searchsorted(edges, day, side="right") - 1, amount[some], len(edges))
            owed = _total(np.clip(np.searchsorted(edges, due[mine], side="right") - 1, 0, None), amount[mine], len(edges))
            tables.append(_told(period, starts[:-1], currency, owed[:-1], sums[:-1]))
    return pa.concat_tables(tables) if tables else SCHEMA.empty_table()


def _summed(place: Ints, amount: Array, count: int) -> Array:
    """Amounts by place and path."""
    paths = place.shape[1]
    flat = (place * paths + np.arange(paths)).ravel()
    return _total(flat, np.repeat(amount, paths), count * paths).reshape(count, paths)


def _total(place: Ints, amount: Array, count: int) -> Array:
    """Amounts by place."""
    return np.bincount(place, amount, count).astype(np.float64)


def _told(period: str, starts: list[date], currency: str, owed: Array, sums: Array) -> pa.Table:
    quantiles = np.quantile(sums, (0.1, 0.5, 0.9), axis=1)
    figures = [np.round(column, 2) for column in (owed, sums.mean(1), *quantiles)]
    return pa.table([[period] * len(starts), starts, [currency] * len(starts), *figures], schema=SCHEMA)


def _weeks(as_of: date) -> list[date]:
    """The Mondays of the weeks to come, and the one after them."""
    first = as_of + timedelta(days=1)
    monday = first - timedelta(days=first.weekday())
    return [monday + timedelta(days=7 * at) for at in range(WEEKS + 1)]


def _months(as_of: date) -> list[date]:
    """The first days of the months to come, and of the one after them."""
    first = as_of + timedelta(days=1)
    count = [first.year * 12 + first.month - 1 + at for at in range(MONTHS + 1)]
    return [date(at // 12, at % 12 + 1, 1) for at in count]
