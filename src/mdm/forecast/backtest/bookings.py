"""Orders of past months beside what the simulator would have foretold: at the end of every month, by what was known then.

`rolled`: for every origin, the months that follow it.
Out: origin, ahead (1 for the first month), period, came (orders won, without tax, in the company's currency), p10, p50, p90, mean, and the baselines
     weighted (open deals by the probability entered, in the month of their closing date) and usual (the mean of the twelve months before).

`scored`: over all of them.
Out: model (`simulator`, `weighted`, `usual`), periods, wape, bias, and of the simulator coverage (share within P10 and P90) with low and high: where
     a true eighty in a hundred is found in so many periods (binomial; months foretold from several origins make it a little too narrow).
"""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from mdm.forecast.backtest.probability import binomial_range
from mdm.forecast.backtest.winning import month_ends
from mdm.forecast.deals.history import known
from mdm.forecast.exchange import exchange
from mdm.forecast.frames import Frames, query
from mdm.forecast.simulator.company import company
from mdm.forecast.simulator.periods import Calendar

AHEAD = 4
"""Months that are foretold from each origin."""
LEARNING = 365
"""Days of history before the first origin: deals to come are those of a past year."""
PATHS = 2_000
NUMBERS = ("came", "p10", "p50", "p90", "mean", "weighted", "usual")
_ROLLED = pa.schema([("origin", pa.date32()), ("ahead", pa.int64()), ("period", pa.date32()), *((name, pa.float64()) for name in NUMBERS)])
_SCORED = pa.schema(
    [("model", pa.string()), ("periods", pa.int64()), *((name, pa.float64()) for name in ("wape", "bias", "coverage", "low", "high"))]
)
_WON = """
    SELECT s.closed_on AS day, (s.amount * x.rate)::DOUBLE AS amount
    FROM (SELECT *, coalesce(closed_on, DATE '1990-01-01') AS priced_on FROM state WHERE status = 'won') s
    ASOF JOIN exchange x ON x.currency = s.currency AND s.priced_on >= x.since WHERE s.amount IS NOT NULL AND s.closed_on IS NOT NULL"""
_WEIGHTED = """
    SELECT closes_on AS day, (amount * coalesce(entered, 0) * x.rate)::DOUBLE AS amount
    FROM (SELECT *, coalesce(closes_on, DATE '1990-01-01') AS priced_on FROM state WHERE status = 'open') s
    ASOF JOIN exchange x ON x.currency = s.currency AND s.priced_on >= x.since WHERE amount IS NOT NULL AND closes_on IS NOT NULL"""


def origins(frames: Frames, as_of: date) -> list[date]:
    """The month ends that have a year of deals behind them and `AHEAD` months before them."""
    begun = [day for day in known(frames, as_of)["created_on"].to_pylist() if day is not None]
    return month_ends(min(begun) + timedelta(LEARNING), _first(as_of, -AHEAD + 1)) if begun else []


def rolled(frames: Frames, as_of: date, at: Sequence[date] | None = None, currency: str = "EUR") -> pa.Table:
    """What was foretold of every month, and what came."""
    rates = exchange(frames, currency)
    won = _by_month(query(frames, _WON, tables={"state": known(frames, as_of), "exchange": rates}))
    rows = []
    for origin in origins(frames, as_of) if at is None else at:
        start = origin + timedelta(1)
        found = company(frames, Calendar(start, "month", AHEAD), currency, paths=PATHS).answer(measures=["bookings"])
        bands = [row for row in found.bands.to_pylist() if row["measure"] == "bookings"]
        said = _by_month(query(frames, _WEIGHTED, tables={"state": known(frames, origin), "exchange": rates}))
        usual = float(np.mean([won.get(_first(start, -back), 0.0) for back in range(1, 13)]))
        for ahead, band in enumerate(bands, 1):
            period = _first(start, ahead - 1)
            told = {name: band[f"{name}_with_new"] for name in ("p10", "p50", "p90", "mean")}
            late = sum(amount for month, amount in said.items() if month < start) if ahead == 1 else 0.0
            rows.append({
                "origin": origin, "ahead": ahead, "period": period, "came": won.get(period, 0.0), **told,
                "weighted": said.get(period, 0.0) + late, "usual": usual,
            })  # fmt: skip
    return pa.Table.from_pylist(rows, _ROLLED)


def scored(table: pa.Table) -> pa.Table:
    """The measures of the simulator and of the baselines."""
    came = np.array(table["came"], dtype=float)
    rows = []
    for model, column in (("simulator", "mean"), ("weighted", "weighted"), ("usual", "usual")):
        off = np.array(table[column], dtype=float) - came
        total = came.sum()
        row = {
            "model": model,
            "periods": len(came),
            "wape": np.abs(off).sum() / total if total else None,
            "bias": off.sum() / total if total else None,
        }
        if model == "simulator" and len(came):
            inside = (came >= np.array(table["p10"], dtype=float)) & (came <= np.array(table["p90"], dtype=float))
            low, high = binomial_range(len(came), 0.8)
            row |= {"coverage": float(inside.mean()), "low": low, "high": high}
        rows.append(row)
    return pa.Table.from_pylist(rows, _SCORED)


def _by_month(rows: pa.Table) -> dict[date, float]:
    found: dict[date, float] = {}
    for day, amount in zip(rows["day"].to_pylist(), rows["amount"].to_pylist(), strict=True):
        month = _first(day, 0)
        found[month] = found.get(month, 0.0) + amount
    return found


def _first(day: date, months: int) -> date:
    """The first day of the month so many months after that of a day."""
    month = day.year * 12 + day.month - 1 + months
    return date(month // 12, month % 12 + 1, 1)
