"""The simulator at speed: `python benchmarks/simulator.py`.

Two thousand invented deals on five thousand paths of twenty-four months, in CPU and wall seconds, the median of seven: the first answer (random
numbers, three measures, their bands), then one lever at a time on the same paths. The floor in the same run draws as many normal numbers and
compares them with thresholds, which any simulation must do at least. Bars: 0.3 s, and 20 ms a lever.
"""

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from scipy.special import ndtri

from mdm.forecast.simulator.paths import NOTHING, PATHS, Change, Floats, Items, Paths

DEALS, MONTHS = 2_000, 24


def main() -> None:
    """Print it."""
    items = deals()
    everyone, some = np.ones(DEALS, np.float32), np.where(np.arange(DEALS) % 10 == 0, 1.05, 1).astype(np.float32)
    floor = measured("floor: draw and compare", lambda: drawn(items.chance))
    measured("first answer, three measures", lambda: first(items), floor)
    paths = Paths(items, 0.08, seed=1)
    asked = {
        "lever: win rates fall by a fifth": Change(chance=items.chance * np.float32(0.8)),
        "lever: prices rise by 5 %, one deal in ten": Change(scale={"": some}),
        "lever: all deals two months later": Change(later={"": everyone * 2}),
        "lever: one deal is won": Change(chance=np.where(np.arange(DEALS) == 7, 1, items.chance).astype(np.float32)),
    }
    for name in items.yields:
        paths.totals(name)
    for name, change in asked.items():
        measured(name, partial(_cash, paths, change), floor)


def _cash(paths: Paths, change: Change) -> object:
    return banded(paths.totals("cash", change))


def deals() -> Items:
    """Deals of an invented company, billed over half a year and paid later."""
    rng = np.random.default_rng(1)
    amount = rng.lognormal(10, 1, DEALS)

    def spread(first: int, last: int) -> Floats:
        shares = np.zeros((DEALS, MONTHS))
        shares[:, first:last] = rng.dirichlet(np.ones(last - first), DEALS)
        return (shares * amount[:, None]).astype(np.float32)

    when = rng.dirichlet(np.full(MONTHS, 0.5), DEALS).astype(np.float32)
    yields = {"bookings": spread(0, 1), "billing": spread(0, 6), "cash": spread(1, 9)}
    return Items(rng.beta(1, 2, DEALS).astype(np.float32), when, yields, rng.integers(0, 8, DEALS))


def first(items: Items) -> None:
    """Random numbers, then every measure."""
    paths = Paths(items, 0.08, seed=2)
    for name in items.yields:
        banded(paths.totals(name, NOTHING))


def banded(money: Floats) -> Floats:
    """P10, P50 and P90 of every month."""
    places = [PATHS // 10, PATHS // 2, PATHS * 9 // 10]
    return np.partition(np.ascontiguousarray(money.T), places, axis=1)[:, places]


def drawn(chance: Floats) -> Any:
    """What no simulation can do without."""
    return np.random.default_rng(3).standard_normal((PATHS, DEALS), dtype=np.float32) < ndtri(chance).astype(np.float32)


def measured(name: str, what: Callable[[], Any], floor: float | None = None) -> float:
    """The median of its CPU seconds, printed with its wall seconds and as a ratio to the floor."""
    what()
    cpu, wall = [], []
    for _ in range(7):
        started = time.process_time(), time.perf_counter()
        what()
        cpu.append(time.process_time() - started[0])
        wall.append(time.perf_counter() - started[1])
    found = statistics.median(cpu)
    print(
        f"{name:45} {found * 1000:7.1f} ms CPU {statistics.median(wall) * 1000:7.1f} ms wall"
        + (f" {found / floor:6.2f} x floor" if floor else "")
    )
    return found


if __name__ == "__main__":
    main()
