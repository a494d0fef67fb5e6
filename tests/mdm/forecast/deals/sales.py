"""Invented sales whose true chances are known: deals go through stages, salespeople enter probabilities, some hope too much."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np

from mdm.forecast.frames import Frames
from tests.mdm.forecast.worlds import Row, frames

START = date(2024, 1, 1)
STAGES = ("Contact", "Offer", "Talks")


@dataclass(frozen=True)
class Sales:
    """Rows of a world, and the chance and the end that each deal has in truth."""

    deals: list[Row]
    changes: list[Row]
    lines: list[Row]
    people: list[str]
    optimism: dict[str, float]
    chance: dict[str, float]
    end: dict[str, tuple[str, date]]

    def world(self, today: date) -> Frames:
        """The facts as a CRM holds them on a day: what is to come is not there."""
        changes = [row for row in self.changes if row["changed_at"].date() <= today]
        deals = []
        for deal in self.deals:
            if deal["created_on"] > today:
                continue
            status, day = self.end[deal["key"]]
            last = max((row for row in changes if row["deal"] == deal["key"]), key=lambda row: row["changed_at"])
            now = {name: last[name] for name in ("stage", "amount", "probability", "closes_on")}
            deals.append({**deal, **now, "status": status if day <= today else "open"})
        lines = [line for line in self.lines if line["deal"] in {deal["key"] for deal in deals}]
        people = [{"golden_id": one, "given_name": "Ada", "family_name": one} for one in self.people]
        products = [{"golden_id": one, "label": one, "family": one} for one in ("goods", "work")]
        facts = {"deal": deals, "deal_change": changes, "deal_line": lines}
        return frames(facts=facts, golden={"salesperson": people, "product": products})


def sales(seed: int, count: int, *, days: int = 900, hopes: tuple[float, ...] = (-0.2, 0.3, 0.6, 1.0)) -> Sales:
    """So many deals, created one after another over so many days; `hopes` are what salespeople add to log-odds."""
    rng = np.random.default_rng(seed)
    people = len(hopes)
    names, skill = [f"s{number}" for number in range(people)], rng.normal(0, 0.6, people)
    made = Sales([], [], [], names, dict(zip(names, hopes, strict=True)), {}, {})
    for number in range(count):
        key, who, product = f"D{number:05}", int(rng.integers(people)), ("goods", "work")[int(rng.integers(2))]
        logit = -0.2 + skill[who] + (0.5 if product == "goods" else -0.5) + rng.normal(0, 0.7)
        chance = float(1 / (1 + np.exp(-logit)))
        won = rng.random() < chance
        reached = len(STAGES) if won else int(rng.integers(1, len(STAGES) + 1))
        created = START + timedelta(int(number * days / count))
        made.chance[key] = chance
        made.deals.append(
            {"source": "crm", "key": key, "name": key, "salesperson_id": names[who], "customer_id": f"c{number % 60}", "kind": "sale"}
            | {"created_on": created, "currency": "EUR"}
        )
        made.lines.append(
            {"source": "crm", "key": key, "deal": key, "product_id": product, "amount": 1000, "quantity": 1, "list_price": 1000}
        )
        day = created
        for stage in STAGES[:reached]:
            said = round(100 / (1 + np.exp(-(logit + hopes[who] + rng.normal(0, 0.4)))))
            _change(made, key, day, stage=stage, probability=min(max(said, 1), 99), closes_on=day + timedelta(45))
            day += timedelta(3 + int(rng.exponential(18)))
        end = "won" if won else "lost"
        made.end[key] = (end, day)
        _change(made, key, day, stage=end.capitalize(), probability=100 if won else 0, closes_on=day)
    return made


def _change(made: Sales, key: str, day: date, **said: Any) -> None:
    at = datetime.combine(day, time(9 + len(made.changes) % 8))
    number = f"H{len(made.changes):06}"
    made.changes.append({"source": "crm", "key": number, "deal": key, "changed_at": at.replace(tzinfo=UTC), "amount": 1000, **said})
