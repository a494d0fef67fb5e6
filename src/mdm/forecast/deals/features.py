"""What is known of a deal that may say how it ends, as columns of a regression.

Levels (stage and the time in it, product, salesperson, sort of sale) each have a column and a prior; measures (how often the customer
bought before beside how often not, amount beside others of its currency, age, how often it was put off, whether its closing
date is past) are standardised; what is not known is at their mean, for what is filled in when a deal is closed must not tell its end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

Array = np.ndarray
Columns = Mapping[str, list[Any]]
ON_MEAN = 0.05
"""Precision of the prior on the intercept."""
ON_STAGE = 0.25
"""Precision of the prior on a stage: stages differ much."""
ON_EFFECT = 4.0
"""Precision of the prior on any other level: half a unit of log-odds either way."""
ON_MEASURE = 16.0
"""Precision of the prior on a measure: a quarter of a unit for one standard deviation."""
TIMES = np.array([0, 30, 60, 90, 180])
"""Days in a stage from which it is another time."""
LEVELS = ("stage", "time", "product", "salesperson", "kind")
MEASURES = 5
OF_STATE = frozenset({"stage", "time"})
"""What competing risks know by themselves."""
AGE = 2


@dataclass(frozen=True)
class Encoding:
    """Columns as learnt from rows: the levels that there are, and the mean and spread of the measures."""

    levels: Mapping[str, Mapping[str, int]]
    medians: Mapping[str, float]
    mean: Array
    spread: Array
    kept: Array
    """Which measures count."""

    @classmethod
    def of(cls, rows: Columns, *, state: bool, wide: bool) -> "Encoding":
        """Learn the columns of rows; without `state`, stage, time and age are left out, unless `wide`, sort of sale and measures."""
        names = [name for name in LEVELS if (state or name not in OF_STATE) and (wide or name != "kind")]
        levels = {name: {level: at for at, level in enumerate(sorted(set(_levels(rows, name))))} for name in names}
        amounts: dict[str, list[float]] = {}
        for currency, amount in zip(rows["currency"], rows["amount"], strict=True):
            if amount is not None and amount > 0:
                amounts.setdefault(currency, []).append(float(amount))
        medians = {currency: float(np.median(known)) for currency, known in amounts.items()}
        measured = _measures(rows, medians)
        told = ~np.isnan(measured)
        count = np.maximum(told.sum(axis=0), 1)
        mean = np.where(told, measured, 0).sum(axis=0) / count
        spread = np.sqrt((np.where(told, measured - mean, 0) ** 2).sum(axis=0) / count)
        kept = (spread > 1e-9) & wide
        if not state:
            kept[AGE] = False
        return cls(levels, medians, mean, np.where(kept, spread, 1.0), kept)

    def features(self, rows: Columns) -> Array:
        """A row of columns for each row; a level that was never seen has none."""
        count = len(rows["key"])
        parts = [np.ones((count, 1))]
        for name, known in self.levels.items():
            part = np.zeros((count, len(known)))
            for at, level in enumerate(_levels(rows, name)):
                if level in known:
                    part[at, known[level]] = 1.0
            parts.append(part)
        parts.append(np.nan_to_num((_measures(rows, self.medians) - self.mean) / self.spread)[:, self.kept])
        return np.concatenate(parts, axis=1)

    def penalty(self) -> Array:
        """Precision of the prior of each column; the first one is the intercept."""
        parts = [np.array([ON_MEAN])]
        parts += [np.full(len(known), ON_STAGE if name == "stage" else ON_EFFECT) for name, known in self.levels.items()]
        return np.concatenate([*parts, np.full(int(self.kept.sum()), ON_MEASURE)])


def columns(table: pa.Table) -> Columns:
    """A table as lists."""
    found: Columns = table.to_pydict()
    return found


def _levels(rows: Columns, name: str) -> list[str]:
    if name != "time":
        return [level or "" for level in rows[name]]
    days = np.array(since(rows, "stage_since"))
    return [str(at) for at in np.searchsorted(TIMES, days, side="right")]


def since(rows: Columns, name: str) -> list[int]:
    """Days that have passed since a date, none where it is not known."""
    return [_passed(seen, day) for seen, day in zip(rows["seen_on"], rows[name], strict=True)]


def _passed(seen: date, day: date | None) -> int:
    return max((seen - day).days, 0) if day else 0


def _measures(rows: Columns, medians: Mapping[str, float]) -> Array:
    relative = [
        float(np.log(max(float(amount), 1.0) / medians[currency])) if amount is not None and amount > 0 and currency in medians else np.nan
        for currency, amount in zip(rows["currency"], rows["amount"], strict=True)
    ]
    won, lost = (np.array(rows[name], dtype=float) for name in ("won_before", "lost_before"))
    named = np.array([customer is not None for customer in rows["customer"]], dtype=bool)
    overdue = [float(day is not None and day < seen) for seen, day in zip(rows["seen_on"], rows["closes_on"], strict=True)]
    return np.column_stack(
        [
            np.where(named, np.log((won + 2) / (lost + 2)), np.nan),
            np.clip(np.array(relative, dtype=float), -4, 4),
            np.log1p(np.array(since(rows, "created_on"), dtype=float)),
            np.minimum(np.array(rows["slips"], dtype=float), 3),
            np.array(overdue, dtype=float),
        ]
    )
