"""What may be asked of the months ahead: levers, on all deals or some, and scenarios made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mdm.errors import BadInput
from mdm.forecast.simulator.paths import Change, Floats, Items, Mask

Kind = Literal["price", "cost", "probability", "outcome", "start", "terms", "delay", "new_deals", "hire"]
KINDS: tuple[str, ...] = get_args(Kind)
SELECTS: Mapping[str, str] = {"salesperson": "golden_salesperson_id", "customer": "golden_customer_id", "kind": "kind", "deal": "deal"}
"""What deals may be chosen by, and the column of it; a deal is named `source:key`."""
MONTH = 365.25 / 12


@dataclass(frozen=True)
class Lever:
    """One thing that is moved.

    price, cost, probability, new_deals: the share by which it changes, -0.2 for a fifth less. outcome: 1 won, 0 lost. start: months by which
    deals, and where none are chosen projects too, come later. terms: days added to the terms of invoices to come. delay: days by which
    customers pay later, open invoices too. hire: people, each costing `cost` and able to deliver `revenue` a month, from `start` months on.
    """

    kind: Kind
    value: float
    where: Mapping[str, Sequence[str]] = field(default_factory=dict)
    cost: float = 0.0
    revenue: float = 0.0
    start: float = 0.0

    def __post_init__(self) -> None:
        unknown = set(self.where) - set(SELECTS)
        if unknown:
            raise BadInput(f"deals cannot be chosen by {', '.join(sorted(unknown))}; by {', '.join(SELECTS)} they can")
        if self.kind not in KINDS:
            raise BadInput(f"there is no lever {self.kind!r}; there are {', '.join(KINDS)}")
        if self.kind == "outcome" and self.value not in {0, 1}:
            raise BadInput("an outcome is 1, won, or 0, lost")
        if self.kind in {"price", "cost", "probability", "new_deals"} and self.value < -1:
            raise BadInput(f"{self.kind} cannot fall by more than all of it; -1 is all of it")
        if self.where and self.kind in {"new_deals", "hire", "delay"}:
            raise BadInput(f"{self.kind} is of the whole company; leave out what it is chosen by")


@dataclass(frozen=True)
class Scenario:
    """Levers moved together."""

    name: str
    levers: Sequence[Lever] = ()


def chosen(deals: pa.Table, where: Mapping[str, Sequence[str]]) -> Mask:
    """Which deals a lever is on."""
    some = np.ones(deals.num_rows, np.bool_)
    for name, values in where.items():
        column = pc.binary_join_element_wise(deals["source"], deals["key"], ":") if name == "deal" else deals[SELECTS[name]]
        some &= pc.fill_null(pc.is_in(column, value_set=pa.array(values, pa.string())), False).to_numpy(zero_copy_only=False)
    return some


def change(scenario: Scenario, deals: pa.Table, items: Items, days: float) -> Change:
    """What a scenario asks of deals; `days` is how long a period is."""
    chance = items.chance.copy()
    scale = {name: np.ones(items.count, np.float32) for name in ("", "cost")}
    later = {name: np.zeros(items.count, np.float32) for name in ("", "cash")}
    for lever in scenario.levers:
        some = chosen(deals, lever.where)
        if lever.kind == "price":
            scale[""][some] *= np.float32(1 + lever.value)
        elif lever.kind == "cost":
            scale["cost"][some] *= np.float32(1 + lever.value)
        elif lever.kind == "probability":
            chance[some] = np.minimum(chance[some] * np.float32(1 + lever.value), 1)
        elif lever.kind == "outcome":
            chance[some] = lever.value
        elif lever.kind == "start":
            for part in later.values():
                part[some] += np.float32(lever.value * MONTH / days)
        elif lever.kind in {"terms", "delay"}:
            later["cash"][some] += np.float32(lever.value / days)
    return Change(
        None if (chance == items.chance).all() else chance,
        _used(scale, 1),
        _used(later, 0),
    )


def _used(parts: Mapping[str, Floats], usual: float) -> Mapping[str, Floats]:
    return dict(parts) if any((part != usual).any() for part in parts.values()) else {}


def total(scenario: Scenario, *kinds: Kind) -> float:
    """The sum of the levers of some kinds that are on everything."""
    return sum(lever.value for lever in scenario.levers if lever.kind in kinds and not lever.where)
