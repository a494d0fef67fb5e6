"""Invented customers who pay by a habit that the test knows."""

from collections.abc import Mapping
from datetime import date, timedelta
from random import Random

import pyarrow as pa

from mdm.forecast.frames import Frames
from tests.mdm.forecast.worlds import Row, frames

START = date(2025, 1, 6)
Habit = tuple[float, float]
"""Mean and spread of the days after the due date."""


def company(
    habits: Mapping[str, Habit], invoices: int, *, seed: int = 7, currency: str = "EUR", until: date | None = None, **golden: str
) -> Frames:
    """Every customer has so many invoices of 100, one a week; what is paid after `until` is not paid yet."""
    rng, facts = Random(seed), {"invoice": list[Row](), "payment": list[Row]()}
    for customer, (mean, spread) in habits.items():
        for at in range(invoices):
            issued = START + timedelta(days=7 * at)
            key, due = f"{customer}-{at:03d}", issued + timedelta(days=30)
            facts["invoice"].append(invoice(key, customer, issued, due, currency=currency))
            paid = business(due + timedelta(days=round(rng.gauss(mean, spread))))
            if until is None or paid <= until:
                facts["payment"].append(payment(key, paid, currency=currency))
    return frames(facts=facts, golden={"customer": [{"golden_id": name, "name": name, "country": "FR", **golden} for name in habits]})


def invoice(key: str, customer: str | None, issued: date, due: date | None, gross: object = 100, **more: object) -> Row:
    """An invoice."""
    return {
        "key": key, "kind": "invoice", "issued_on": issued, "net": gross, "gross": gross, "due_on": due, "customer_id": customer, **more,
    }  # fmt: skip


def payment(invoice: str, on: date, amount: object = 100, **more: object) -> Row:
    """A payment of an invoice."""
    return {"key": f"P-{invoice}-{on}", "received_on": on, "amount": amount, "invoices": invoice, **more}


def business(day: date) -> date:
    """The next weekday."""
    return day + timedelta(days=(7 - day.weekday()) if day.weekday() > 4 else 0)


def with_facts(world: Frames, **more: list[Row]) -> Frames:
    """A company with further facts."""
    added = frames(facts=more).facts
    facts = {name: pa.concat_tables([table, added[name]]) for name, table in world.facts.items()}
    return Frames(facts, world.golden, world.members, world.edges, world.holds)
