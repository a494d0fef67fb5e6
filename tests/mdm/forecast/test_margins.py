"""Margins at completion with their doubt, and projects summed by whatever they belong to."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from mdm.errors import BadInput
from mdm.forecast.frames import Frames
from mdm.forecast.margins import AMOUNTS, DIMENSIONS, FLOWS, risk, rollup, shares
from mdm.forecast.profitability import profitability
from tests.mdm.forecast.test_village import beside
from tests.mdm.forecast.village import TODAY, village
from tests.mdm.forecast.worlds import Row, euros, frames, row, shuffled


def estimated(price: int, spent: int, rest: float, spread: float) -> Row:
    """A project whose rest lies by a factor of `spread` around its middle, 80 %."""
    low, high = Decimal(spent + rest / spread).quantize(Decimal("0.01")), Decimal(spent + rest * spread).quantize(Decimal("0.01"))
    eac = Decimal(spent + rest)
    return {
        "cost_to_date": Decimal(spent), "estimate_at_completion": eac, "eac_p10": low, "eac_p90": high, "margin_at_completion": price - eac,
    }  # fmt: skip


def test_the_chance_of_a_margin_below_the_floor_is_that_of_the_log_normal_rest() -> None:
    (found,) = risk([estimated(1000, 500, 400, 1.5)], 0.05)
    rest = np.random.default_rng(1).lognormal(np.log(400), np.log(1.5) / 1.2815515655, 200_000)
    assert found["below_floor"] == pytest.approx(float(np.mean(1000 - 500 - rest < 50)), abs=0.005)
    assert (found["margin_p10"], found["margin_p90"], found["floor"]) == (euros(-100), euros("233.33"), 0.05)


def test_at_the_middle_it_is_even_and_where_all_is_spent_it_is_certain() -> None:
    assert risk([estimated(900, 500, 400, 1.5)])[0]["below_floor"] == pytest.approx(0.5)
    closed = [estimated(price, 500, 0, 1) for price in (499, 500, 501)]
    assert [found["below_floor"] for found in risk(closed)] == [1.0, 0.0, 0.0]
    assert risk([estimated(400, 500, 100, 1.2)])[0]["below_floor"] == 1.0


def test_where_nobody_can_tell_nothing_is_told() -> None:
    unknown = {"cost_to_date": Decimal(5), "estimate_at_completion": None, "eac_p10": None, "eac_p90": None, "margin_at_completion": None}
    assert risk([unknown, estimated(900, 500, 400, 1.5)])[0] == {"margin_p10": None, "margin_p90": None, "floor": 0.0, "below_floor": None}
    assert risk([]) == []


def company() -> Frames:
    """Two customers of a group and one alone; a project of two products and one in pounds; one of nobody."""
    line = {"source": "crm", "deal": "D1"}
    return frames(
        facts={
            "employee": [{"source": "time", "key": "E", "name": "Ada", "hourly_cost": 60}],
            "deal": [{"source": "crm", "key": "D1", "name": "Ligne 3", "status": "won", "amount": 1000, "customer_id": "a"}],
            "deal_line": [
                {**line, "key": "1", "product_id": "x", "amount": 333}, {**line, "key": "2", "product_id": "y", "amount": 333},
                {**line, "key": "3", "product_id": "z", "amount": 334}, {**line, "key": "4", "product_id": "w", "amount": -10},
            ],
            "invoice": [
                {"key": "F1", "kind": "invoice", "issued_on": "2026-02-10", "net": "100.01", "gross": "120.01", "project_id": "p1"},
                {"key": "F2", "kind": "invoice", "issued_on": "2026-05-10", "net": "33.34", "gross": "40", "project_id": "p2", "currency": "GBP", "rate": "1.17"},
                {"key": "F3", "kind": "invoice", "issued_on": "2026-05-12", "net": "66.67", "gross": "80", "project_id": "p2", "currency": "GBP", "rate": "1.17"},
                {"key": "F4", "kind": "invoice", "issued_on": "2025-12-31", "net": 50, "gross": 60},
            ],
            "invoice_line": [{"key": "F2/1", "invoice": "F2", "amount": "33.34", "product_id": "x"}],
            "payment": [{"key": "P1", "received_on": "2026-03-01", "amount": "120.01", "invoices": "F1"}],
            "cost": [
                {"key": "C1", "kind": "purchase", "spent_on": "2026-01-31", "amount": "0.105", "project_id": "p1"},
                {"key": "C2", "kind": "purchase", "spent_on": "2026-02-28", "amount": "0.105", "project_id": "p1"},
                {"source": "time", "key": "C3", "kind": "labour", "spent_on": "2026-04-01", "hours": "1.7", "employee": "E", "project_id": "p3"},
            ],
        },
        golden={
            "customer": [
                {"golden_id": "a", "name": "Alpha", "parent": "g"}, {"golden_id": "b", "name": "Beta", "parent": "a"},
                {"golden_id": "g", "name": "Groupe"}, {"golden_id": "c", "name": "Seul"},
            ],
            "product": [{"golden_id": "x", "label": "Robot"}],
            "salesperson": [{"golden_id": "s", "given_name": "Eva", "family_name": "Roy"}],
            "project": [
                {"golden_id": "p1", "label": "Ligne 3", "customer": "a", "salesperson": "s", "nature": "Forfait", "amount": 1000, "currency": "EUR",
                 "ordered_on": "2026-01-15"},
                {"golden_id": "p2", "label": "Presse", "customer": "b", "nature": "Négoce", "amount": 200, "currency": "GBP",
                 "ordered_on": "2026-04-15"},
                {"golden_id": "p3", "label": "Divers"},
                {"golden_id": "p4", "label": "Étude", "customer": "c", "amount": 10, "currency": "EUR", "starts_on": "2025-11-02"},
            ],
        },
        members={"project": [{"golden_id": "p1", "source": "crm", "key": "D1"}, {"golden_id": "p1", "key": "A1"}, {"golden_id": "p2", "key": "A2"}]},
    )  # fmt: skip


TODAY_THERE = date(2026, 7, 1)


def summed(table: pa.Table, name: str) -> Decimal:
    return sum((amount for amount in table[name].to_pylist() if amount is not None), Decimal(0))


def ties(world: Frames, day: date) -> None:
    """Every dimension comes to what all projects come to, and every project to itself."""
    profit = profitability(world, day)
    own = {row["golden_project_id"]: row for row in profit.to_pylist()}
    for by in DIMENSIONS:
        split = shares(world, profit, by, day)
        amounts = FLOWS if by.startswith("revenue") else AMOUNTS
        assert {name: summed(rollup(split), name) for name in amounts} == {name: summed(profit, name) for name in amounts}, by
        each: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for part in split.to_pylist():
            for name in amounts:
                each[part["golden_project_id"]][name] += part[name] or 0
        assert {key: dict(found) for key, found in each.items()} == {
            key: {name: found[name] or 0 for name in amounts} for key, found in own.items()
        }, by


def test_whatever_projects_are_summed_by_it_comes_to_the_same_to_the_cent() -> None:
    ties(company(), TODAY_THERE)
    ties(Frames.of(), TODAY_THERE)


@beside
def test_the_village_comes_to_the_same_too() -> None:
    ties(village(), TODAY)


def by(name: str) -> dict[str | None, Row]:
    """The sums of the company by value."""
    profit = profitability(company(), TODAY_THERE)
    return {row["value"]: row for row in rollup(shares(company(), profit, name, TODAY_THERE)).to_pylist()}


def test_a_group_holds_the_projects_of_all_its_customers_and_nobodys_is_shown() -> None:
    found = by("group")
    assert {value: (row["label"], row["projects"]) for value, row in found.items()} == {
        "c": ("Seul", 1),
        "g": ("Groupe", 2),
        None: (None, 1),
    }
    assert found["g"]["contract"] == euros(1000) + euros("234.00")
    assert by("customer").keys() == {"a", "b", "c", None}
    assert by("salesperson")["s"]["label"] == "Eva Roy"


def test_products_share_a_project_by_what_was_sold_else_by_what_was_billed() -> None:
    """What was sold at less than nothing is no share."""
    profit = profitability(company(), TODAY_THERE)
    split = shares(company(), profit, "product", TODAY_THERE)
    first = {part["value"]: part["invoiced"] for part in split.to_pylist() if part["golden_project_id"] == "p1"}
    assert first == {"x": euros("33.30"), "y": euros("33.31"), "z": euros("33.40")}
    assert row(split, golden_project_id="p2")["value"] == "x"
    assert {part["golden_project_id"] for part in split.to_pylist() if part["value"] is None} == {"p3", "p4"}
    assert by("product")["x"]["label"] == "Robot"


def test_periods_of_order_and_of_revenue() -> None:
    assert {value: row["contract"] for value, row in by("order_quarter").items()} == {
        "2025-Q4": euros(10), "2026-Q1": euros(1000), "2026-Q2": euros(234), None: None,
    }  # fmt: skip
    months = by("revenue_month")
    assert (months["2026-02"]["invoiced"], months["2026-03"]["paid"], months["2026-05"]["invoiced"]) == (
        euros("100.01"),
        euros("120.01"),
        euros("117.01"),
    )
    # Half a cent in January and half a cent in February: the cent is counted once.
    assert months["2026-01"]["purchases"] + months["2026-02"]["purchases"] == euros("0.21")
    assert months["2026-02"]["contract"] is None
    assert by("revenue_year")["2026"]["margin_to_date"] == euros("114.81")


def test_only_projects_with_an_estimate_are_in_its_sums() -> None:
    found = by("customer")["a"]
    assert (found["estimated"], found["margin_at_completion"], found["taux_de_marque_at_completion"]) == (0, None, None)


def test_row_order_is_nothing() -> None:
    world = company()
    profit = profitability(world, TODAY_THERE)
    for name in DIMENSIONS:
        assert shares(shuffled(world), profit, name, TODAY_THERE).equals(shares(world, profit, name, TODAY_THERE))


def test_a_dimension_that_there_is_not() -> None:
    with pytest.raises(BadInput, match="there are customer, group"):
        shares(Frames.of(), profitability(Frames.of(), TODAY), "colour", TODAY)
