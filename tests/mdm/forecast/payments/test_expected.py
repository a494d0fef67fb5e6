"""When open invoices should be paid, and what that rests on."""

from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest

from mdm.forecast.frames import HOLDS, Frames
from mdm.forecast.payments.expected import expected
from mdm.forecast.settlement import settlements
from tests.mdm.forecast.payments.companies import company, invoice, payment, with_facts
from tests.mdm.forecast.worlds import Row

TODAY = date(2026, 6, 30)


def told(world: Frames, as_of: date = TODAY) -> dict[str, Row]:
    return {row["key"]: row for row in expected(world, settlements(world, as_of), as_of).to_pylist()}


def with_open(world: Frames, *rows: tuple[str, str | None, date], **more: Any) -> Frames:
    """With open invoices: key, customer, due date."""
    return with_facts(world, invoice=[invoice(key, customer, due - timedelta(days=30), due, **more) for key, customer, due in rows])


@pytest.fixture(scope="module")
def world() -> Frames:
    return company({f"c{at}": (10.0, 4.0) for at in range(12)} | {"late": (40.0, 5.0)}, 12)


def test_the_band_is_in_order_after_today_and_on_days_of_business(world: Frames) -> None:
    due = TODAY + timedelta(days=20)
    found = told(
        with_open(world, ("new", "c0", due), ("slow", "late", due), ("old", "c1", date(2026, 5, 1)), ("older", "c2", date(2024, 1, 1)))
    )
    for row in found.values():
        assert TODAY < row["expected_p10"] <= row["expected_on"] <= row["expected_p90"]
        assert row["expected_on"].weekday() < 5
    assert abs((found["new"]["expected_on"] - due).days - 10) <= 4
    assert found["new"]["expected_p90"] < found["slow"]["expected_on"]
    never = [found[key]["never_probability"] for key in ("new", "old", "older")]
    assert never == sorted(never)
    assert never[0] < 0.05
    assert never[2] > 0.5


def test_it_is_told_what_it_rests_on(world: Frames) -> None:
    due = TODAY + timedelta(days=5)
    found = told(with_open(world, ("own", "c0", due), ("first", "stranger", due), ("nobody", None, due)))
    assert [(found[key]["rests_on"], found[key]["customer_invoices"]) for key in ("own", "first", "nobody")] == [
        ("customer", 12), ("segment", 0), ("segment", 0),
    ]  # fmt: skip
    little = told(with_open(company({"a": (5.0, 1.0)}, 3), ("x", "stranger", due)))
    assert little["x"]["rests_on"] == "all"
    nothing = told(with_open(Frames.of(), ("x", "stranger", due)))
    assert nothing["x"]["rests_on"] == "statutory default"
    assert due <= nothing["x"]["expected_on"] <= due + timedelta(days=15)


def test_disputes_and_what_was_paid_short_wait_longer(world: Frames) -> None:
    due = date(2026, 6, 25)
    plain = with_open(world, ("F", "c0", due))
    short = with_facts(plain, payment=[payment("F", date(2026, 6, 26), 97)])
    hold = {"source": "billing", "key": "F", "kind": "dispute", "set_on": due, "reason": "price", "set_by": "x"}
    held = Frames(plain.facts, plain.golden, plain.members, plain.edges, pa.Table.from_pylist([hold], schema=HOLDS))
    said = told(plain)["F"]
    for other in (told(short)["F"], told(held)["F"], told(with_open(world, ("F", "c0", due), status="Litige"))["F"]):
        assert other["expected_on"] > said["expected_p90"]
        assert other["never_probability"] > said["never_probability"]


def test_nothing_after_the_day_changes_an_answer(world: Frames) -> None:
    as_of = date(2025, 4, 15)
    known = told(world, as_of)
    later = with_facts(
        world,
        invoice=[invoice("later", "c0", as_of + timedelta(days=1), None)],
        payment=[payment(key, as_of + timedelta(days=1)) for key in known],
        write_off=[{"key": "W", "invoice": next(iter(known)), "on": as_of + timedelta(days=1), "amount": 100}],
    )
    assert told(later, as_of) == known
    assert known


def test_of_nothing_nothing_is_expected() -> None:
    assert told(Frames.of()) == {}
