"""Monte Carlo of what may come: many paths of the same months, all measures on each, the same chance under every question.

An item (a deal, an invoice, a line of a plan) comes or does not, in one of the periods ahead, and brings money then and in the periods
that follow. What the market moves shares a factor: item i comes on a path where sqrt(rho) Z + sqrt(1 - rho) e_i < invnorm(chance_i), Z being the
market of its quarter (one-factor Gaussian copula: Vasicek, 1987). Without it the bands of many deals are far too narrow.

Random numbers are drawn once. Another question moves thresholds, amounts and dates under the same ones, so that what differs between two
answers is what was asked (common random numbers). Whether an item comes has a number of its own on every path; in which period, one of
`GROUPS` stratified draws, each shared by a block of paths (Latin hypercube over items).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
PATHS = 5_000
QUARTERS = 64
"""How far ahead there are any."""
GROUPS = 50
"""Draws of the period in which each item comes."""


@dataclass(frozen=True)
class Items:
    """What may come, a row an item.

    chance: that it comes at all. when: by period, the chance that it comes then if it comes; what is missing to 1 comes after the last one.
    yields: by measure, what it brings so many periods after it came, item by lag. market: the number of the quarter that moves it, -1 for
    none.
    """

    chance: Floats
    when: Floats
    yields: Mapping[str, Floats]
    market: Ints

    @property
    def count(self) -> int:
        """How many."""
        return len(self.chance)

    @property
    def periods(self) -> int:
        """How far ahead."""
        return int(self.when.shape[1])


@dataclass(frozen=True)
class Change:
    """What is asked: of some items another chance, amount or date. Arrays have an element an item.

    scale: by measure, or of all others under the empty name. later: by measure likewise, periods by which money comes later.
    """

    chance: Floats | None = None
    scale: Mapping[str, Floats] = field(default_factory=dict)
    later: Mapping[str, Floats] = field(default_factory=dict)


NOTHING = Change()


class Paths:
    """Items on many paths, ready for questions."""

    def __init__(self, items: Items, rho: float, *, seed: int, paths: int = PATHS) -> None:
        self.items, self.rho, self.seed = items, rho, seed
        self.groups = min(GROUPS, paths)
        self.paths = paths - paths % self.groups
        self._chance = np.random.default_rng(seed)
        self.market: Floats = self._chance.standard_normal((self.paths, QUARTERS), dtype=np.float32)
        """Path by quarter: how it goes; low is good."""
        self._latent = self._drawn()
        self._period = self._dated()
        self._ordered: dict[str, Floats] = {}
        self._asked: dict[str, Floats] = {}

    def _drawn(self) -> Floats:
        """Path by item: the number that must stay below the threshold of the chance."""
        count, rho = self.items.count, np.float32(self.rho)
        latent = _normals()[self._chance.integers(0, 1 << 16, (self.paths, count), dtype=np.uint16)]
        moved = self.items.market >= 0
        if rho > 0 and moved.any():
            shared = (self.market * np.sqrt(rho))[:, np.maximum(self.items.market, 0)]
            if not moved.all():
                shared[:, ~moved] = 0
            latent *= np.where(moved, np.sqrt(1 - rho), 1).astype(np.float32)
            latent += shared
        return latent

    def _dated(self) -> Ints:
        """Group by item: the period in which it comes if it comes, the number of periods where that is after all of them."""
        count = self.items.count
        strata = (np.argsort(self._chance.random((self.groups, count), dtype=np.float32), axis=0) + 0.5) / self.groups
        reached = np.cumsum(self.items.when, axis=1, dtype=np.float64)
        period = np.zeros((self.groups, count), np.int64)
        for at in range(self.items.periods):
            period += strata > reached[:, at]
        return period

    def totals(self, measure: str, change: Change = NOTHING) -> Floats:
        """Path by period: the money of a measure."""
        every = np.arange(self.items.count)
        if measure not in self._asked:
            self._asked[measure] = self._summed(measure, self._weights(measure, NOTHING, every), every)
        known, later = self._asked[measure], _of(change.later, measure)
        touched = every if later is not None and _same(later) else self._touched(measure, change)
        if change is NOTHING or not len(touched):
            return known
        if len(touched) > self.items.count / 2:
            found = self._summed(measure, self._weights(measure, change, every), every, None if later is None or _same(later) else later)
            return later_by(found, float(later[0])) if later is not None and _same(later) else found
        before, now = (self._weights(measure, asked, touched) for asked in (NOTHING, change))
        if later is None:
            return known + self._summed(measure, now - before, touched)
        return known - self._summed(measure, before, touched) + self._summed(measure, now, touched, later[touched])

    def came(self, change: Change = NOTHING) -> Mask:
        """Path by item: whether it comes."""
        return np.asarray(self._latent < self._threshold(self.items.chance if change.chance is None else change.chance))

    def period(self, path: int) -> Ints:
        """Of every item, the period in which it comes on a path, if it comes."""
        return np.asarray(self._period[path * self.groups // self.paths])

    def _touched(self, measure: str, change: Change) -> Ints:
        touched = np.zeros(self.items.count, np.bool_)
        if change.chance is not None:
            touched |= change.chance != self.items.chance
        scale, later = _of(change.scale, measure), _of(change.later, measure)
        touched |= False if scale is None else scale != 1
        touched |= False if later is None else later != 0
        return np.flatnonzero(touched)

    def _weights(self, measure: str, change: Change, some: Ints) -> Floats:
        """Path by item: how often each comes, times what its amount is multiplied by."""
        chance, scale = self.items.chance if change.chance is None else change.chance, _of(change.scale, measure)
        latent = self._latent if len(some) == self.items.count else self._latent[:, some]
        came = latent < self._threshold(chance[some])
        return came.astype(np.float32) if scale is None else came * scale[some]

    def _summed(self, measure: str, weights: Floats, some: Ints, later: Floats | None = None) -> Floats:
        brought = self._brought(measure)
        if len(some) < self.items.count:
            brought = brought[:, some]
        if later is not None:
            brought = _each_moved(brought, later)
        out = np.empty((self.paths, self.items.periods), np.float32)
        block = self.paths // self.groups
        for group in range(self.groups):
            paths = slice(group * block, (group + 1) * block)
            np.matmul(weights[paths], brought[group], out=out[paths])
        return out

    def _brought(self, measure: str) -> Floats:
        """Group by item by period: what an item brings where it comes."""
        if measure not in self._ordered:
            periods = self.items.periods
            yields = self.items.yields[measure]
            padded = np.concatenate([np.zeros((self.items.count, periods), np.float32), yields], axis=1)
            started = np.lib.stride_tricks.sliding_window_view(padded, periods, axis=1)
            self._ordered[measure] = started[np.arange(self.items.count), periods - self._period]
        return self._ordered[measure]

    @staticmethod
    def _threshold(chance: Floats) -> Floats:
        return np.asarray(ndtri(np.clip(chance, 0, 1)), np.float32)


def _of(by_measure: Mapping[str, Floats], measure: str) -> Floats | None:
    found = by_measure.get(measure)
    return by_measure.get("") if found is None else found


def _same(values: Floats) -> bool:
    return bool(len(values)) and bool((values == values[0]).all())


def later_by(money: Floats, later: float) -> Floats:
    """Money some periods later, parts of a period in proportion; earlier than the first period is the first."""
    moved, periods = np.zeros_like(money), money.shape[-1]
    low = int(np.floor(later))
    for whole, share in ((low, 1 - (later - low)), (low + 1, later - low)):
        part = np.float32(share) * money
        if share and 0 <= whole < periods:
            moved[..., whole:] += part[..., : periods - whole]
        elif share and whole < 0:
            early = min(-whole, periods)
            moved[..., : periods - early] += part[..., early:]
            moved[..., 0] += part[..., :early].sum(axis=-1)
    return moved


def _each_moved(brought: Floats, later: Floats) -> Floats:
    moved = np.empty_like(brought)
    for item_later in np.unique(later):
        some = np.flatnonzero(later == item_later)
        moved[:, some] = later_by(brought[:, some], float(item_later))
    return moved


@cache
def _normals() -> Floats:
    """The normal quantiles of 65,536 equal steps: to look one up is quicker than to draw it."""
    return np.asarray(ndtri((np.arange(1 << 16) + 0.5) / (1 << 16)), np.float32)
