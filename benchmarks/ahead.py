"""The months ahead against what came of them: `python benchmarks/ahead.py VILLAGE`.

VILLAGE is a sample company with its truth, which tells what deals, plans and invoices of today bring in the months after (deals that nobody has created
yet are not in it, so they are left out of the forecast too). Prints by measure, over twelve months and, for the cash of open invoices, over eight
weeks: CRPS (euros a period), WAPE, bias, how many periods lie in the 80 % band, and the whole beside its own band; and the same of what needs no
model: deals by the probability entered on the day they are to close, plans by their days, invoices on their due dates.
"""

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path = [*(entry for entry in sys.path if Path(entry).resolve() != PROJECT / "benchmarks"), str(PROJECT)]

import numpy as np
import numpy.typing as npt
from tests.mdm.forecast.village import TODAY, truth, village

from mdm.forecast.backtest.distribution import bias, coverage, crps_of_samples, wape
from mdm.forecast.billing import billing
from mdm.forecast.cash import cash, receivables
from mdm.forecast.frames import Frames
from mdm.forecast.payments.collections import collections
from mdm.forecast.pipeline import pipeline
from mdm.forecast.simulator.company import company
from mdm.forecast.simulator.periods import Calendar

MONTHS, WEEKS = 12, 8
TAX = 1.2
Array = npt.NDArray[np.float64]
TRUE = {
    "bookings": ("future_won_open_deals",),
    "billing": ("future_billing_backlog", "future_billing_open_deals"),
    "cash": ("future_cash_open_invoices", "future_cash_future_invoices"),
}
"""The columns that tell of each measure."""


def main() -> None:
    """Print all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("village", type=Path)
    folder = parser.parse_args().village.resolve()
    frames, started = village(folder), time.process_time()
    calendar = Calendar(TODAY, "month", MONTHS)
    simulator = company(frames, calendar)
    came = {row["month"]: row for row in truth("monthly", folder)}
    months = [f"{start:%Y-%m}" for start in calendar.starts]
    plain = by_the_book(frames)
    print(f"{MONTHS} months from {TODAY}, known deals, plans and invoices")
    for measure, columns in TRUE.items():
        true = np.array([sum(float(came[month][column]) for column in columns) for month in months])
        show(measure, simulator.money(measure).astype(float), true, np.array([plain[measure].get(month, 0.0) for month in months]))
    chances = sum(float(row["true_win_prob"]) * float(row["amount"]) for row in truth("open_deals", folder))
    print(f"  one who knew the true chance of every open deal would expect bookings of {chances:,.0f}")
    weeks(frames, folder)
    print(f"  {time.process_time() - started:.1f} s of CPU")


def show(name: str, paths: Array, came: Array, plain: Array) -> None:
    """A measure: ours, and what needs no model."""
    middle = np.median(paths, axis=0)
    low, high = np.quantile(paths, [0.1, 0.9], axis=0)
    held, whole = coverage(low, high, came), np.quantile(paths.sum(axis=1), [0.1, 0.5, 0.9])
    print(
        f"  {name:9} CRPS {crps_of_samples(paths.T, came).mean():9,.0f}  WAPE {wape(paths.mean(axis=0), came):5.2f} (of medians {wape(middle, came):.2f})"
        f"  bias {bias(paths.mean(axis=0), came):+5.0%}  in the band {held.inside} of {held.periods} ({held.low:.0%}-{held.high:.0%})"
        f"  whole {came.sum():11,.0f} in {whole[0]:,.0f} | {whole[1]:,.0f} | {whole[2]:,.0f}"
    )
    print(f"  {'plain':>9} CRPS {np.abs(plain - came).mean():9,.0f}  WAPE {wape(plain, came):5.2f}  bias {bias(plain, came):+5.0%}")


def by_the_book(frames: Frames) -> Mapping[str, Mapping[str, float]]:
    """Euros by month as they are entered, planned and due; of invoices to come, thirty days after their plan and with tax."""
    now = f"{TODAY:%Y-%m}"
    closing, billed, due = defaultdict[str, float](float), defaultdict[str, float](float), defaultdict[str, float](float)
    for row in pipeline(frames, TODAY).to_pylist():
        if row["basis"] == "closing" and row["scope"] == "total" and row["currency"] == "EUR" and row["month"]:
            closing[max(f"{row['month']:%Y-%m}", now)] += float(row["weighted"])
    for row in billing(frames, TODAY).to_pylist():
        if row["currency"] == "EUR":
            ahead = sum(float(row[name] or 0) for name in ("planned", "overdue", "done", "pipeline", "pipeline_overdue"))
            billed[month := f"{row['month']:%Y-%m}"] += ahead
            due[max(f"{row['month'] + timedelta(45):%Y-%m}", month)] += ahead * TAX
    for row in cash(frames, TODAY).to_pylist():
        if row["currency"] == "EUR":
            due[f"{row['month']:%Y-%m}"] += float(row["due"] or 0)
    return {"bookings": closing, "billing": billed, "cash": due}


def weeks(frames: Frames, folder: Path) -> None:
    """The cash of open invoices by week: the mean, the band, and due dates."""
    told = [row for row in collections(frames, TODAY).to_pylist() if row["period"] == "week" and row["currency"] == "EUR"][:WEEKS]
    starts = [row["starts_on"] for row in told]
    came, due = defaultdict[date, float](float), defaultdict[date, float](float)
    for row in truth("open_invoices", folder):
        if row["currency"] == "EUR" and row["true_payment_date"]:
            came[_week(date.fromisoformat(row["true_payment_date"]), starts)] += float(row["true_payment_amount"])
    for row in receivables(frames, TODAY).to_pylist():
        if row["currency"] == "EUR":
            due[_week(max(row["due_on"] or TODAY, TODAY), starts)] += float(row["open"])
    true, plain = (np.array([found[start] for start in starts], dtype=float) for found in (came, due))
    mean, low, high = (np.array([float(row[name]) for row in told]) for name in ("mean", "p10", "p90"))
    held = coverage(low, high, true)
    print(
        f"{WEEKS} weeks, open invoices: WAPE {wape(mean, true):.2f}  bias {bias(mean, true):+.0%}  in the band {held.inside} of {held.periods}"
    )
    print(f"  plain     WAPE {wape(plain, true):.2f}  bias {bias(plain, true):+.0%}")


def _week(day: date, starts: list[date]) -> date:
    """The start of the period that holds a day; the day itself beyond them."""
    found = [start for start in starts if start <= day]
    return max(found) if found and day < starts[-1] + timedelta(7) else starts[0] if not found else day


if __name__ == "__main__":
    main()
