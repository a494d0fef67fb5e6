"""A small company with deals, a project under way and open invoices, and the chances that its deals are given."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import numpy as np
import pyarrow as pa

from mdm.forecast.frames import Frames
from mdm.forecast.simulator.ahead import Ahead, Late, ahead
from mdm.forecast.simulator.periods import Calendar, Step
from tests.mdm.forecast.worlds import Row, frames

TODAY = date(2026, 11, 23)
SOON = Late({None: np.bincount([30, 60, 90], [0.5, 0.3, 0.2]).astype(np.float64), "c2": np.bincount([0], [0.9]).astype(np.float64)})
"""Anybody pays after one to three months; the second customer at once, or never in one case of ten."""


def deal(key: str, **more: object) -> Row:
    """An open deal of 1,000."""
    given = {
        "name": f"Deal {key}",
        "status": "open",
        "amount": "1000",
        "created_on": "2026-09-01",
        "closes_on": "2027-01-15",
        "source": "crm",
    }
    return {**given, "key": key, **more}


def chances(deals: Iterable[Row] = (), **by_key: list[float]) -> pa.Table:
    """By deal, the chance to be won in this month and in those that follow, as `winning` has it."""
    months = [[*chance, *[0.0] * (24 - len(chance))] for chance in by_key.values()]
    said = {str(row["key"]): row for row in deals}
    of = [said.get(key, deal(key)) for key in by_key]
    text = {"name": "name", "currency": "currency", "golden_customer_id": "customer_id", "golden_salesperson_id": "salesperson_id"}
    return pa.table({
        "source": pa.array(["crm"] * len(of), pa.string()), "key": pa.array(list(by_key), pa.string()), "probability": [sum(row) for row in months],
        "months": pa.array(months, pa.list_(pa.float64())),
        "amount": pa.array([None if row["amount"] is None else Decimal(str(row["amount"])) for row in of], pa.decimal128(24, 6)),
        **{name: pa.array([row.get(field, "EUR" if name == "currency" else None) for row in of], pa.string()) for name, field in text.items()},
    })  # fmt: skip


def company(deals: Iterable[Row] = (), **facts: Iterable[Row]) -> Frames:
    """A project of 12,000 ordered this year, of which half was invoiced, and an open invoice."""
    project = {
        "golden_id": "p1", "label": "Under way", "customer": "c1", "amount": "12000", "starts_on": "2026-06-01", "ends_on": "2027-05-31",
        "ordered_on": "2026-05-15", "nature": "Forfait",
    }  # fmt: skip
    invoice = {
        "key": "F1", "kind": "invoice", "issued_on": "2026-11-01", "net": "6000", "gross": "7200", "customer": "1", "customer_id": "c1",
        "project": "1", "project_id": "p1", "due_on": "2026-12-01",
    }  # fmt: skip
    given = {
        "deal": list(deals),
        "invoice": [invoice],
        "plan_line": [
            {"key": "L1", "project": "1", "project_id": "p1", "planned_on": "2027-01-31", "amount": "4000", "status": "planned"},
            {"key": "L2", "project": "1", "project_id": "p1", "planned_on": "2027-05-31", "amount": "2000", "status": "planned"},
        ],
        "budget": [{"key": "B1", "project": "1", "project_id": "p1", "cost": "8000"}],
    }
    return frames(
        {**given, **facts}, {"project": [project], "customer": [{"golden_id": "c1", "name": "One"}, {"golden_id": "c2", "name": "Two"}]}
    )


def made(world: Frames, winning: pa.Table, step: Step = "month", count: int = 24) -> Ahead:
    """What its periods ahead are made of."""
    return ahead(world, Calendar(TODAY, step, count), winning, SOON)
