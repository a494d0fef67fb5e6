"""The model card: how good every forecast was on this company's own past, beside what needs no model.

Out: part (`winning`, `payments`, `projects`, `orders`), model, measure, value (null where the past does not tell it), low, high (the range in
     which a coverage is found that is truly 80 %; else null), n (what it rests on: deals, invoices, projects or periods). In the order of the parts.
"""

import math
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from mdm.forecast.backtest import bookings, paying, winning
from mdm.forecast.backtest.completing import completing
from mdm.forecast.frames import Frames

CARD = pa.schema(
    [(name, pa.string()) for name in ("part", "model", "measure")]
    + [(name, pa.float64()) for name in ("value", "low", "high")]
    + [("n", pa.int64())]
)
Row = dict[str, Any]


def _winning(frames: Frames, as_of: date, currency: str) -> list[Row]:
    found = winning.scored(winning.rolled(frames, as_of)).to_pylist()
    measures = ("brier", "log_loss", "skill", "slope", "ece", "bias")
    return [{"model": row["model"], "measure": name, "value": row[name], "n": row["deals"]} for row in found for name in measures]


def _payments(frames: Frames, as_of: date, currency: str) -> list[Row]:
    return [dict(row) for row in paying.backtest(frames, as_of, currency=currency).to_pylist()]


def _projects(frames: Frames, as_of: date, currency: str) -> list[Row]:
    rows = []
    for row in completing(frames, as_of, currency).to_pylist():
        model = f"{row['model']} at {row['done_at']:.0%}"
        rows += [{"model": model, "measure": name, "value": row[name], "n": row["n"]} for name in ("mape", "bias")]
        if row["coverage"] is not None:
            bounds = {"low": row["coverage_low"], "high": row["coverage_high"]}
            rows.append({"model": model, "measure": "coverage", "value": row["coverage"], "n": row["n"], **bounds})
    return rows


def _orders(frames: Frames, as_of: date, currency: str) -> list[Row]:
    rows = []
    for row in bookings.scored(bookings.rolled(frames, as_of, currency=currency)).to_pylist():
        rows += [{"model": row["model"], "measure": name, "value": row[name], "n": row["periods"]} for name in ("wape", "bias")]
        if row["coverage"] is not None:
            rows.append(
                {
                    **{name: row[name] for name in ("low", "high")},
                    "model": row["model"],
                    "measure": "coverage",
                    "value": row["coverage"],
                    "n": row["periods"],
                }
            )
    return rows


PARTS: Mapping[str, Callable[[Frames, date, str], list[Row]]] = {
    "winning": _winning,
    "payments": _payments,
    "projects": _projects,
    "orders": _orders,
}


def card(frames: Frames, as_of: date, part: str, currency: str = "EUR") -> pa.Table:
    """How good one part was: each made with what was known at its origins, fitted anew at each."""
    rows = [{"part": part, "low": None, "high": None, **row} for row in PARTS[part](frames, as_of, currency) if row["n"]]
    return pa.Table.from_pylist([{**row, "value": _known(row["value"])} for row in rows], CARD)


def _known(value: float | None) -> float | None:
    """A measure that a past does not tell, as the slope where all deals were won, is null: NaN is no JSON."""
    return None if value is None or math.isnan(value) else value
