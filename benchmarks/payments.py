"""How well the dates of payments are foretold: `python benchmarks/payments.py VILLAGE`.

Prints the back-test on the company of the folder, then the forecast of today beside the true future of its open invoices, which only this
script reads; with the floors: what one would score who knew the true delay and spread of every customer, and who knew how the true habits
are spread but not whose is which. Each line tells its CPU seconds.
"""

import sys
from datetime import date
from pathlib import Path
from time import process_time

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests.mdm.forecast.village import TODAY, truth, village

from mdm.forecast.backtest.distribution import crps_by_day, wape
from mdm.forecast.backtest.paying import Origin, backtest, forecast_of, given, on_days_seen, origins, weekly_cash
from mdm.forecast.payments import banking
from mdm.forecast.payments.expected import expectations, still_open
from mdm.forecast.payments.habits import DAYS, waiting
from mdm.forecast.payments.outcomes import outcomes
from mdm.forecast.payments.payers import learned
from mdm.forecast.settlement import settlements

Array = npt.NDArray[np.float64]


def main(folder: Path) -> None:
    """Print everything."""
    frames = village(folder)
    started = process_time()
    table = backtest(frames, TODAY).to_pylist()
    print(f"back-test: {process_time() - started:.1f} CPU s")
    for row in table:
        band = "" if row["low"] is None else f"  chance {row['low']:.2f}-{row['high']:.2f}"
        print(f"  {row['model']:14} {row['measure']:9} {row['value']:10.3f}  n {row['n']}{band}")
    scores = {(row["model"], row["measure"]): row["value"] for row in table}
    for other in ("due date", "segment"):
        print(f"  crps below {other}: {1 - scores['habits', 'crps'] / scores[other, 'crps']:.1%}")
    floors(folder, list(origins(frames, TODAY)))
    today(folder)


def floors(folder: Path, told: list[Origin]) -> None:
    """Scores of one who knows the truth of each customer."""
    known = {row["true_id"]: row for row in truth("customer_payment_behaviour", folder)}
    rng = np.random.default_rng(1)
    days, errors, came = [], [], []
    for origin in told:
        shares = given(on_days_seen(_true(origin, known), origin), origin.age)
        until = np.minimum(origin.until, origin.age + 180)
        days.append(crps_by_day(shares[:, :-1], DAYS, origin.came, origin.age, until))
        errors.append(weekly_cash(origin, shares, rng)[0])
        came.append(origin.cash)
    print(
        f"floor, knowing every customer: crps {np.concatenate(days).mean():.3f}, wape of weeks {wape(np.concatenate(errors), np.concatenate(came)):.3f}"
    )
    sums = [np.array([part.sum() for part in parts]) for parts in (errors, came)]
    print(f"  the same of four weeks together: {wape(*sums):.3f}")
    ours = [weekly_cash(origin, forecast_of("habits", origin), rng, origin.how)[0].sum() for origin in told]
    print(f"  habits, of four weeks together: {wape(np.array(ours), sums[1]):.3f}")


def _true(origin: Origin, known: dict[str, dict[str, str]]) -> Array:
    """The delay of every invoice by the true mean, spread and share of disputes of its customer."""
    rows = [known.get(name or "", {}) for name in origin.left["customer_id"].to_pylist()]
    mean, spread, disputes = (
        np.array([float(row.get(name) or usual) for row in rows])
        for name, usual in (("mean_delay_days", 7), ("spread_days", 5), ("dispute_rate", 0.02))
    )
    shape = np.exp(-0.5 * ((DAYS - mean[:, None]) / spread[:, None]) ** 2)
    shape /= shape.sum(1, keepdims=True)
    days = (1 - disputes[:, None]) * shape + disputes[:, None] * waiting(shape)
    return np.concatenate([days, np.maximum(1 - days.sum(1, keepdims=True), 0)], axis=1)


def today(folder: Path) -> None:
    """Forecasts of today beside the true dates."""
    frames = village(folder)
    started = process_time()
    past = outcomes(frames, settlements(frames, TODAY), TODAY)
    left = still_open(past)
    told = expectations(left, learned(past, TODAY), TODAY).to_pylist()
    print(f"today: {len(told)} open invoices, {process_time() - started:.1f} CPU s")
    true = {row["invoice_no"]: row for row in truth("open_invoices", folder)}
    late = dict(zip(left["key"].to_pylist(), left["due_on"].to_pylist(), strict=True))
    pairs = [(row, date.fromisoformat(day)) for row in told if (day := true.get(row["key"], {}).get("true_payment_date"))]
    off = [abs((row["expected_on"] - day).days) for row, day in pairs]
    plain = [abs((max(late[row["key"]], TODAY) - day).days) for row, day in pairs]
    inside = np.mean([row["expected_p10"] <= day <= row["expected_p90"] for row, day in pairs])
    print(
        f"  days off {np.mean(off):.1f} (due date {np.mean(plain):.1f}), median {np.median(off):.0f}, inside P10-P90 {inside:.1%} of {len(pairs)}"
    )
    dead = [row["never_probability"] for row in told if row["key"] in true and not true[row["key"]]["true_payment_date"]]
    print(
        f"  never paid: mean probability {np.mean(dead):.2f} of {len(dead)}; of those that are paid {np.mean([row['never_probability'] for row, _ in pairs]):.3f}"
    )
    weeks = np.array([(banking.number(day) - banking.number(TODAY) - 1) // 7 for _, day in pairs])
    print(f"  by the week of truth: {np.bincount(weeks)[:8].tolist()} invoices")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
