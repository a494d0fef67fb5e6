"""Payments, credit notes and write-offs find their invoices, oldest first, and nothing is lost on the way."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mdm.forecast.frames import Frames
from mdm.forecast.settlement import in_turn, settlements
from tests.mdm.forecast.worlds import Row, frames, shuffled

TODAY = date(2026, 11, 23)


def invoice(key: str, gross: Any, issued: str = "2026-01-10", **more: Any) -> Row:
    """An invoice of customer C1."""
    return {"key": key, "kind": "invoice", "issued_on": issued, "net": gross, "gross": gross, "customer": "C1", **more}


def credit(key: str, gross: Any, issued: str = "2026-01-20", **more: Any) -> Row:
    """A credit note of customer C1."""
    return invoice(key, gross, issued, **{"kind": "credit_note", **more})


def payment(key: str, amount: Any, invoices: str | None, received: str = "2026-02-10", **more: Any) -> Row:
    """A payment of customer C1."""
    return {"key": key, "received_on": received, "amount": amount, "invoices": invoices, "customer": "C1", **more}


def settled(world: Frames, day: date = TODAY) -> list[tuple[str, str | None, Decimal]]:
    """What settled what, by how much."""
    return [(row["key"], row["invoice"], row["amount"].normalize()) for row in settlements(world, day).to_pylist()]


def test_a_payment_of_several_invoices_fills_the_oldest_first() -> None:
    world = frames(
        facts={
            "invoice": [invoice("F2", 60, "2026-01-12"), invoice("F1", 40), invoice("F3", 30, "2026-01-14")],
            "payment": [payment("P", 110, "F3, F2;F1")],
        }
    )
    assert settled(world) == [("P", "F1", Decimal(40)), ("P", "F2", Decimal(60)), ("P", "F3", Decimal(10))]


def test_partial_payments_add_up_and_money_beyond_stays_on_account() -> None:
    world = frames(
        facts={"invoice": [invoice("F1", 100)], "payment": [payment("P1", 70, "F1"), payment("P2", 40, "F1", "2026-03-01")]},
    )
    assert settled(world) == [("P1", "F1", Decimal(70)), ("P2", "F1", Decimal(30)), ("P2", None, Decimal(10))]


def test_a_payment_that_names_nothing_known_is_left_over() -> None:
    world = frames(facts={"invoice": [invoice("F1", 100)], "payment": [payment("P1", 100, None), payment("P2", 5, "F9")]})
    assert settled(world) == [("P1", None, Decimal(100)), ("P2", None, Decimal(5))]


def test_a_credit_note_lowers_the_invoice_that_it_corrects() -> None:
    world = frames(
        facts={"invoice": [invoice("F1", 120), invoice("F2", 50), credit("A1", -20, origin="F1")], "payment": [payment("P", 150, "F1 F2")]},
    )
    assert settled(world) == [("A1", "F1", Decimal(20)), ("P", "F1", Decimal(100)), ("P", "F2", Decimal(50))]


def test_a_credit_note_that_is_listed_adds_to_the_payment() -> None:
    world = frames(facts={"invoice": [invoice("F1", 120), credit("A1", -20)], "payment": [payment("P", 100, "F1 A1")]})
    assert settled(world) == [("A1", "F1", Decimal(20)), ("P", "F1", Decimal(100))]


def test_without_a_list_the_lettering_of_the_account_tells() -> None:
    world = frames(
        facts={
            "invoice": [
                invoice("F1", 120, lettering="AA"),
                credit("A1", -20, lettering="AA"),
                invoice("F2", 100, lettering="AA", customer="C2"),
            ],
            "payment": [payment("P", 100, None, lettering="AA")],
        }
    )
    assert settled(world) == [("A1", "F1", Decimal(20)), ("P", "F1", Decimal(100))]


def test_a_write_off_closes_what_is_open_and_no_more() -> None:
    world = frames(
        facts={
            "invoice": [invoice("F1", 100)],
            "payment": [payment("P", 80, "F1")],
            "write_off": [{"key": "W", "invoice": "F1", "on": "2026-06-01", "amount": 100}],
        }
    )
    assert settled(world) == [("P", "F1", Decimal(80)), ("W", "F1", Decimal(20)), ("W", None, Decimal(80))]


def test_another_currency_settles_nothing() -> None:
    world = frames(facts={"invoice": [invoice("F1", 100, currency="USD", rate="0.9")], "payment": [payment("P", 90, "F1")]})
    assert settled(world) == [("P", None, Decimal(90))]


def test_what_is_to_come_has_not_settled_anything() -> None:
    world = frames(facts={"invoice": [invoice("F1", 100)], "payment": [payment("P1", 30, "F1"), payment("P2", 70, "F1", "2026-12-01")]})
    assert settled(world) == [("P1", "F1", Decimal(30))]


def test_sources_keep_their_own_keys() -> None:
    world = frames(facts={"invoice": [invoice("F1", 100), invoice("F1", 100, source="other")], "payment": [payment("P", 100, "F1")]})
    assert [row["source"] for row in settlements(world, TODAY).to_pylist()] == ["billing"]


AMOUNTS = st.integers(1, 300)


@given(
    gross=st.lists(AMOUNTS, min_size=1, max_size=5),
    credits=st.lists(st.tuples(AMOUNTS, st.integers(0, 5)), max_size=3),
    payments=st.lists(st.tuples(AMOUNTS, st.lists(st.integers(0, 7), max_size=4), st.integers(1, 28)), max_size=5),
)
@settings(max_examples=60, deadline=None)
def test_nothing_is_lost_nothing_is_settled_twice_and_order_is_nothing(
    gross: list[int], credits: list[tuple[int, int]], payments: list[tuple[int, list[int], int]]
) -> None:
    invoices = [invoice(f"F{at}", amount, f"2026-01-{at + 1:02}") for at, amount in enumerate(gross)]
    notes = [credit(f"A{at}", -amount, origin=f"F{origin}") for at, (amount, origin) in enumerate(credits)]
    world = frames(
        facts={
            "invoice": [*invoices, *notes],
            "payment": [
                payment(f"P{at}", amount, " ".join([f"F{key}" for key in keys] + [f"A{key}" for key in keys[:1]]), f"2026-02-{day:02}")
                for at, (amount, keys, day) in enumerate(payments)
            ],
        }
    )
    found = settled(world)
    for at, amount in enumerate(gross):
        assert 0 <= sum(part for _, key, part in found if key == f"F{at}") <= amount
    for at, (amount, _, _) in enumerate(payments):
        assert sum(part for key, _, part in found if key == f"P{at}") == amount
    for at, (amount, _) in enumerate(credits):
        assert sum(part for key, _, part in found if key == f"A{at}") <= amount
    assert settled(shuffled(world)) == found


LETTERS = st.sampled_from([None, "AA", "AB"])
CUSTOMERS = st.sampled_from(["C1", "C2"])
LISTS = st.sampled_from([None, "", "F0", "F1", "F2", "F3", " F4 ", "F0 F1", "A0", "F1,A1", "F9", "F2;"])


@given(
    invoices=st.lists(st.tuples(AMOUNTS, CUSTOMERS, LETTERS, st.sampled_from(["EUR", "USD"])), min_size=1, max_size=5),
    notes=st.lists(st.tuples(AMOUNTS, st.sampled_from([None, "F0", "F1"]), CUSTOMERS, LETTERS), max_size=2),
    payments=st.lists(st.tuples(st.integers(-20, 300), LISTS, CUSTOMERS, LETTERS, st.integers(1, 28)), max_size=6),
    losses=st.lists(st.sampled_from(["F0", "F3"]), max_size=1),
)
@settings(max_examples=60, deadline=None)
def test_the_short_way_and_the_long_one_are_the_same(
    invoices: list[tuple[int, str, str | None, str]],
    notes: list[tuple[int, str | None, str, str | None]],
    payments: list[tuple[int, str | None, str, str | None, int]],
    losses: list[str],
) -> None:
    """Payments that are settled at once, in SQL, come to what they would in turn."""
    bills = [
        invoice(f"F{at}", amount, f"2026-01-{at + 1:02}", customer=customer, lettering=letter, currency=currency)
        for at, (amount, customer, letter, currency) in enumerate(invoices)
    ]
    credits = [
        credit(f"A{at}", -amount, origin=origin, customer=who, lettering=letter) for at, (amount, origin, who, letter) in enumerate(notes)
    ]
    paid = [
        payment(f"P{at}", amount, keys, f"2026-02-{day:02}", customer=who, lettering=letter)
        for at, (amount, keys, who, letter, day) in enumerate(payments)
    ]
    lost = [{"key": f"W{key}", "invoice": key, "on": "2026-02-14", "amount": 50} for key in losses]
    world = frames(facts={"invoice": [*bills, *credits], "payment": paid, "write_off": lost})
    long = in_turn(world, TODAY).select(settlements(world, TODAY).column_names)
    assert settlements(world, TODAY).to_pylist() == long.to_pylist()


@pytest.mark.parametrize("separator", [" ", ",", ";", ", ", "\n"])
def test_keys_are_separated_as_people_do(separator: str) -> None:
    world = frames(facts={"invoice": [invoice("F1", 1), invoice("F2", 1)], "payment": [payment("P", 2, separator.join(("F1", "F2")))]})
    assert [key for _, key, _ in settled(world)] == ["F1", "F2"]
