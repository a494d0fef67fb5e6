"""How old what is owed is, and how many days of sales."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from mdm.forecast.ageing import ageing, ageing_history, count_back, days_back, dso
from mdm.forecast.frames import Frames
from tests.mdm.forecast.payments.companies import invoice, payment
from tests.mdm.forecast.worlds import euros, frames, row

TODAY = date(2026, 7, 15)
BUCKETS = ("not_due", "days_1_30", "days_31_60", "days_61_90", "days_over_90")


def world() -> Frames:
    """Of a: one of each age; of b: one not due, and a credit note; of a in dollars: one."""
    late = (-10, 0, 1, 30, 31, 60, 61, 90, 91)
    rows = [invoice(f"F{days}", "a", TODAY - timedelta(days=120), TODAY - timedelta(days=days), 10) for days in late]
    credit = {**invoice("A", "b", TODAY - timedelta(days=5), None, -4), "kind": "credit_note"}
    other = invoice("D", "a", TODAY - timedelta(days=40), TODAY - timedelta(days=10), 7, currency="USD")
    return frames(
        facts={
            "invoice": [*rows, invoice("B", "b", TODAY, None, 20), credit, other],
            "payment": [payment("F90", TODAY + timedelta(days=1), 10)],
        },
        golden={"customer": [{"golden_id": "a", "name": "A"}, {"golden_id": "b", "name": "B"}]},
    )


def test_by_customer_and_in_total_currencies_apart() -> None:
    found = ageing(world(), TODAY)
    total = row(found, golden_customer_id=None, currency="EUR")
    assert [total[name] for name in BUCKETS] == [euros(amount) for amount in (40, 16, 20, 20, 10)]
    assert (total["open"], total["overdue"], total["documents"], total["customer"]) == (euros(106), euros(66), 11, None)
    a, b, dollars = (row(found, golden_customer_id=who, currency=of) for who, of in (("a", "EUR"), ("b", "EUR"), ("a", "USD")))
    assert (a["open"], a["oldest_due_on"], a["customer"]) == (euros(90), TODAY - timedelta(days=91), "A")
    assert (b["open"], b["not_due"], b["days_1_30"]) == (euros(16), euros(20), euros(-4))
    assert dollars["open"] == euros(7)
    assert found["golden_customer_id"].to_pylist()[:2] == [None, None]


def test_the_past_is_told_by_what_was_known_of_it() -> None:
    now, later = ageing_history(world(), TODAY, 2), ageing_history(world(), TODAY + timedelta(days=1), 2)
    assert row(now, on=TODAY, currency="EUR")["open"] == euros(106)
    assert row(later, on=TODAY + timedelta(days=1), currency="EUR")["open"] == euros(96)
    assert row(now, on=date(2026, 5, 31), currency="EUR")["open"] == row(later, on=date(2026, 5, 31), currency="EUR")["open"] == euros(90)
    assert days_back(TODAY, 2) == [date(2026, 5, 31), date(2026, 6, 30), TODAY]
    assert days_back(date(2026, 6, 30), 1) == [date(2026, 5, 31), date(2026, 6, 30)]


@pytest.mark.parametrize(
    ("owed", "days"),
    [(0, 0.0), (50, 0.5), (100, 1.0), (150, 10.5), (200, 11.0), (250, 30.2), (550, None), (-5, 0.0)],
)
def test_sales_are_counted_back(owed: int, days: float | None) -> None:
    sales = [(TODAY, Decimal(100)), (TODAY - timedelta(days=10), Decimal(100)), (TODAY - timedelta(days=30), Decimal(300))]
    assert count_back(Decimal(owed), sales, TODAY) == days


def test_days_of_sales() -> None:
    """100 a day, due after 10 days, paid 15 days after the due date: 25 days outstanding, 10 of them at best."""
    days = [TODAY - timedelta(days=at) for at in range(80)]
    known = frames(
        facts={
            "invoice": [invoice(f"F{day}", "a", day, day + timedelta(days=10)) for day in days],
            "payment": [payment(f"F{day}", day + timedelta(days=25)) for day in days if day + timedelta(days=25) <= TODAY],
        }
    )
    found = row(dso(known, TODAY, 1), on=TODAY)
    assert (found["dso"], found["best_possible_dso"], found["average_days_delinquent"]) == (25.0, 11.0, 14.0)
    assert (found["receivable"], found["overdue"], found["sales"]) == (euros(2500), euros(1400), euros(8000))


def test_of_nothing_nothing() -> None:
    assert [report(Frames.of(), TODAY).num_rows for report in (ageing, ageing_history, dso)] == [0, 0, 0]
