"""The simulator: what the periods ahead bring, with bands, and what would change it.

In:  what the periods are made of (`ahead`), the correlation of the market (`market`), a seed.
Out: `Answer`: measure by period, the mean and P10, P50, P90 of deals, backlog and open invoices, and the same with the deals to come; over all
     periods the same, with the chance to reach a target.

The same seed gives the same paths, so two scenarios differ by what was asked alone; the first answer draws, every further one does not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa
from scipy.special import ndtr, ndtri

from mdm.errors import BadInput
from mdm.forecast.simulator.ahead import MEASURES, Ahead, Doubles, Signed
from mdm.forecast.simulator.levers import MONTH, Kind, Lever, Scenario, change, total
from mdm.forecast.simulator.paths import PATHS, QUARTERS, Floats, Paths, later_by

BASE = Scenario("base")
ALL = (*MEASURES, "margin")
DRAWN = 2_000
"""Of invoices and lines, how many are drawn one by one, the largest ones."""
QUANTILES = (0.1, 0.5, 0.9)
TORNADO: Mapping[Kind, float] = {"price": 0.05, "cost": 0.05, "probability": 0.2, "start": 2, "terms": 15, "delay": 15, "new_deals": 0.2}
"""How far each lever is moved, both ways, to see which matters."""

BANDS = pa.schema(
    [("measure", pa.string()), ("period", pa.date32())]
    + [(f"{name}{suffix}", pa.float64()) for suffix in ("", "_with_new") for name in ("mean", "p10", "p50", "p90")]
)


@dataclass(frozen=True)
class Answer:
    """What a scenario brings.

    bands: a row for each measure and period. totals: the same columns over all periods, without period, and `reached`: the chance that the
    total with deals to come is the target or more, null without one.
    """

    scenario: Scenario
    bands: pa.Table
    totals: pa.Table


class Simulator:
    """A company's periods ahead on many paths, ready for questions."""

    def __init__(self, ahead: Ahead, rho: float, *, seed: int = 20_260, paths: int = PATHS) -> None:
        self.ahead, self.rho, self.seed = ahead, rho, seed
        self.deals = Paths(ahead.items, rho, seed=seed, paths=paths)
        self.paths = self.deals.paths

    def answer(self, scenario: Scenario = BASE, measures: Sequence[str] = ALL, targets: Mapping[str, float] | None = None) -> Answer:
        """What a scenario brings. Raises BadInput on a measure that there is not."""
        unknown = set(measures) - set(ALL)
        if unknown:
            raise BadInput(f"there is no measure {', '.join(sorted(unknown))}; there are {', '.join(ALL)}")
        bands, totals = [], []
        for measure in measures:
            known = self.money(measure, scenario)
            whole = known + self._fresh(measure, scenario)
            told = [_told(known), _told(whole)]
            for at, start in enumerate(self.ahead.calendar.starts):
                bands.append({"measure": measure, "period": start, **_row(told, at)})
            sums = [known.sum(axis=1, dtype=np.float64), whole.sum(axis=1, dtype=np.float64)]
            target = (targets or {}).get(measure)
            reached = None if target is None else float((sums[1] >= target).mean())
            totals.append({"measure": measure, **_row([_told(part[:, None]) for part in sums], 0), "reached": reached})
        schema = pa.schema([field for field in BANDS if field.name != "period"] + [pa.field("reached", pa.float64())])
        return Answer(scenario, pa.Table.from_pylist(bands, BANDS), pa.Table.from_pylist(totals, schema))

    def money(self, measure: str, scenario: Scenario = BASE) -> Floats:
        """Path by period, without the deals to come."""
        if measure == "margin":
            return self.money("revenue", scenario) - self.money("cost", scenario)
        days = self.ahead.calendar.usual_days
        asked = change(scenario, self.ahead.deals, self.ahead.items, days) if scenario.levers else None
        deals = self.deals.totals(measure) if asked is None else self.deals.totals(measure, asked)
        signed = self._signed_money[measure]
        if measure == "cost":
            signed = signed * np.float32(1 + total(scenario, "cost"))
        later = total(scenario, "start") * MONTH / days
        if measure == "cash":
            later += total(scenario, "delay") / days
        money = deals + (later_by(signed, later) if later else signed)
        return self._hired(measure, money, scenario) if any(lever.kind == "hire" for lever in scenario.levers) else money

    def tornado(self, measure: str = "margin", moves: Mapping[Kind, float] = TORNADO) -> pa.Table:
        """What each lever does to the total of a measure, moved down and up: lever, by, low, high (change of the mean); what matters most first."""
        known = self._mean(measure, BASE)
        rows = []
        for kind, by in moves.items():
            low, high = (self._mean(measure, Scenario(kind, [Lever(kind, side * by)])) - known for side in (-1, 1))
            rows.append({"lever": kind, "by": float(by), "low": low, "high": high})
        rows.sort(key=lambda row: (-max(abs(float(str(row["low"]))), abs(float(str(row["high"])))), str(row["lever"])))
        return pa.Table.from_pylist(
            rows, pa.schema([("lever", pa.string()), ("by", pa.float64()), ("low", pa.float64()), ("high", pa.float64())])
        )

    def seek(self, lever: Lever, low: float, high: float, measure: str, target: float, confidence: float) -> float | None:
        """The value of a lever between two at which the total of a measure reaches a target with a confidence; the nearest to `low`, None where none does."""

        def reached(value: float) -> bool:
            scenario = Scenario("seek", [replace(lever, value=value)])
            return bool((self._total(measure, scenario) >= target).mean() >= confidence)

        if reached(low):
            return low
        if not reached(high):
            return None
        for _ in range(20):
            middle = (low + high) / 2
            low, high = (low, middle) if reached(middle) else (middle, high)
        return high

    def drivers(self, measure: str = "margin") -> pa.Table:
        """Which deals the spread of a total comes from: the columns of deals, `swing` (what the deal brings if it is won), `share` of the variance."""
        sums = self._total(measure, BASE)
        spread = sums - sums.mean()
        brings = self._brings(measure)
        came = self.deals.came()
        variance = float((spread**2).mean())
        shares = (
            (spread.astype(np.float32) @ came.astype(np.float32)) / self.paths * brings / variance
            if variance > 0
            else np.zeros(len(brings))
        )
        told = self.ahead.deals.append_column("swing", pa.array(brings.astype(np.float64))).append_column(
            "share", pa.array(shares.astype(np.float64))
        )
        return told.sort_by([("share", "descending"), ("source", "ascending"), ("key", "ascending")])

    def _brings(self, measure: str) -> Doubles:
        yields = self.ahead.items.yields
        parts = [yields[name].sum(axis=1, dtype=np.float64) for name in (("revenue", "cost") if measure == "margin" else (measure,))]
        return np.asarray(parts[0] - parts[1] if measure == "margin" else parts[0])

    def _mean(self, measure: str, scenario: Scenario) -> float:
        return float(self._total(measure, scenario).mean())

    def _total(self, measure: str, scenario: Scenario) -> Doubles:
        """By path, over all periods, with the deals to come."""
        return np.asarray((self.money(measure, scenario) + self._fresh(measure, scenario)).sum(axis=1, dtype=np.float64))

    @cached_property
    def _signed_money(self) -> Mapping[str, Floats]:
        chance = np.random.default_rng([self.seed, 1])
        found = {measure: np.zeros((self.paths, self.ahead.calendar.count), np.float32) for measure in MEASURES}
        for measure, parts in self.ahead.signed.items():
            for part in parts:
                found[measure] += _drawn(part, self.paths, chance) if part.drawn else part.amount @ part.when
        rest, sigma, when = (self.ahead.unsure[name] for name in ("rest", "sigma", "when"))
        noise = chance.standard_normal((self.paths, len(rest)), dtype=np.float32) * sigma - sigma**2 / 2
        found["cost"] += ((rest * np.exp(noise)) @ when).astype(np.float32)
        return found

    @cached_property
    def _fresh_wins(self) -> Floats:
        """Path by period: orders of deals that nobody has created yet."""
        fresh, periods = self.ahead.fresh, self.ahead.calendar.count
        chance = np.random.default_rng([self.seed, 2])
        found = np.zeros((self.paths, periods), np.float32)
        for period, rates in enumerate(fresh.won):
            if (rate := float(rates.sum())) > 0:
                events = chance.poisson(rate * self._market(period))
                which = np.searchsorted(np.cumsum(rates) / rate, chance.random(events.sum()), side="right")
                amounts = fresh.amounts[np.minimum(which, len(rates) - 1)]
                found[:, period] = np.bincount(np.repeat(np.arange(self.paths), events), amounts, self.paths)
        return found

    def _market(self, period: int) -> Doubles:
        """By path, how many times the usual share of deals is won in a period, as the market of its quarter goes."""
        usual, rho = self.ahead.fresh.share, self.rho
        if not 0 < usual < 1 or rho <= 0:
            return np.ones(self.paths)
        quarter = min(int(period * self.ahead.calendar.usual_days // 91), QUARTERS - 1)
        going = (ndtri(usual) - np.sqrt(rho) * self.deals.market[:, quarter].astype(np.float64)) / np.sqrt(1 - rho)
        return np.asarray(ndtr(going) / usual)

    def _fresh(self, measure: str, scenario: Scenario) -> Floats:
        if measure == "margin":
            return self._fresh("revenue", scenario) - self._fresh("cost", scenario)
        days = self.ahead.calendar.usual_days
        scale = (1 + total(scenario, "new_deals")) * (1 + total(scenario, "probability"))
        scale *= 1 + total(scenario, "cost" if measure == "cost" else "price")
        spread = self.ahead.fresh.spread[measure] * scale
        later = total(scenario, "start") * MONTH / days + (total(scenario, "terms", "delay") / days if measure == "cash" else 0)
        periods = self.ahead.calendar.count
        turned = np.zeros((periods, periods))
        for at in range(periods):
            turned[at, at:] = spread[: periods - at]
        money = self._fresh_wins @ turned.astype(np.float32)
        return later_by(money, later) if later else money

    def _hired(self, measure: str, money: Floats, scenario: Scenario) -> Floats:
        """People who are hired cost from their first month on, and earn sooner what would be earned later, as far as they can deliver it."""
        months = self.ahead.calendar.usual_days / MONTH
        out = money.copy()
        for lever in scenario.levers:
            if lever.kind == "hire":
                first = int(lever.start / months)
                if measure == "cost":
                    out[:, first:] += np.float32(lever.value * lever.cost * months)
                elif measure == "cash":
                    out[:, first:] -= np.float32(lever.value * lever.cost * months)
                elif measure in {"revenue", "billing"}:
                    out = _sooner(out, lever.value * lever.revenue * months, first)
        return out


def _sooner(money: Floats, more: float, first: int) -> Floats:
    """Up to so much more in each period, taken from the nearest that follow."""
    out = money.copy()
    for at in range(first, out.shape[1] - 1):
        wanted = np.full(len(out), more, np.float32)
        for after in range(at + 1, out.shape[1]):
            taken = np.minimum(wanted, np.maximum(out[:, after], 0))
            out[:, at] += taken
            out[:, after] -= taken
            wanted -= taken
            if not wanted.any():
                break
    return out


def _drawn(part: Signed, paths: int, chance: np.random.Generator) -> Floats:
    """Path by period: amounts that each come whole, in one period. Beyond the largest ones, what is expected: of so many small ones no more is seen."""
    periods = part.when.shape[1]
    order = np.argsort(-np.abs(part.amount), kind="stable")
    sums = np.zeros((paths, periods + 1))
    sums[:, :periods] += part.amount[order[DRAWN:]] @ part.when[order[DRAWN:]]
    rows = np.arange(paths)
    for at in order[:DRAWN]:
        reached = np.cumsum(part.when[at], dtype=np.float64)
        sums[rows, np.searchsorted(reached, chance.random(paths), side="right")] += part.amount[at]
    return sums[:, :periods].astype(np.float32)


def _told(money: Floats | Doubles) -> Doubles:
    """mean, P10, P50, P90 by period."""
    ordered = np.ascontiguousarray(money.T)
    places = [min(int(share * money.shape[0]), money.shape[0] - 1) for share in QUANTILES]
    found = np.partition(ordered, places, axis=1)[:, places]
    return np.column_stack([ordered.mean(axis=1, dtype=np.float64), found])


def _row(told: Sequence[Doubles], at: int) -> dict[str, float]:
    names = ("mean", "p10", "p50", "p90")
    return {
        f"{name}{suffix}": float(value)
        for suffix, part in zip(("", "_with_new"), told, strict=True)
        for name, value in zip(names, part[at], strict=True)
    }
