"""Who owes what, since when, and when it should come."""

from datetime import date
from typing import Any

import pytest

from mdm.forecast.cash import cash, receivables
from tests.mdm.forecast.worlds import Row, euros, frames, row

TODAY = date(2026, 7, 15)


def invoice(key: str, gross: Any, due: str | None = "2026-08-01", **more: Any) -> Row:
    """An invoice of customer c."""
    known = {"kind": "invoice", "issued_on": "2026-03-01", "net": gross, "gross": gross, "due_on": due, "customer_id": "c"}
    return {"key": key, **known, **more}


def paid(key: str, invoice: str, amount: Any, on: str) -> Row:
    """A payment."""
    return {"key": key, "received_on": on, "amount": amount, "invoices": invoice}


@pytest.mark.parametrize(
    ("due", "bucket", "days"),
    [
        ("2026-07-15", "not due", 0), ("2026-07-14", "1-30", 1), ("2026-06-15", "1-30", 30), ("2026-06-14", "31-60", 31),
        ("2026-05-16", "31-60", 60), ("2026-05-15", "61-90", 61), ("2026-04-16", "61-90", 90), ("2026-04-15", "> 90", 91),
        (None, "> 90", 106),
    ],
)  # fmt: skip
def test_documents_age_by_their_due_date(due: str | None, bucket: str, days: int) -> None:
    found = row(receivables(frames(facts={"invoice": [invoice("F1", 100, due)]}), TODAY))
    assert (found["bucket"], found["days_overdue"], found["open"]) == (bucket, days, euros(100))


def test_what_is_open_is_what_nothing_settled() -> None:
    world = frames(
        facts={
            "invoice": [
                invoice("F1", 100), invoice("F2", 100), invoice("A1", -30, origin="F1", kind="credit_note"),
                invoice("A2", -5, None, kind="credit_note"),
            ],
            "payment": [paid("P", "F1", 50, "2026-04-01"), paid("Q", "F2", 100, "2026-04-01")],
            "write_off": [{"key": "W", "invoice": "F1", "on": "2026-05-01", "amount": 15}],
        }
    )  # fmt: skip
    answer = receivables(world, TODAY)
    found = row(answer, key="F1")
    assert (found["gross"], found["paid"], found["credited"], found["written_off"], found["open"]) == tuple(
        map(euros, (100, 50, 30, 15, 5))
    )
    assert row(answer, key="A2")["open"] == euros(-5)
    assert answer.num_rows == 2


def test_cash_is_told_by_due_date_and_by_the_habit_of_the_customer() -> None:
    late = [invoice(f"F{at}", 10, "2026-04-01") for at in range(3)]
    world = frames(
        facts={
            "invoice": [
                *late,
                invoice("G1", 100, "2026-07-25"),
                invoice("G2", 7, "2026-06-01"),
                invoice("G3", 9, "2026-07-25", currency="USD"),
            ],
            "payment": [paid(f"P{at}", f"F{at}", 10, "2026-04-21") for at in range(3)],
        }
    )
    found = row(receivables(world, TODAY), key="G1")
    assert date(2026, 8, 10) <= found["expected_on"] <= date(2026, 8, 20)
    assert TODAY < found["expected_p10"] < found["expected_on"] < found["expected_p90"]
    assert (found["rests_on"], found["customer_invoices"]) == ("customer", 4)
    stuck = row(receivables(world, TODAY), key="G2")
    assert stuck["expected_on"] > found["expected_on"], "overdue by twice what its customer takes: something is wrong with it"
    answer = cash(world, TODAY)
    july, august = (row(answer, month=date(2026, month, 1), currency="EUR") for month in (7, 8))
    assert (july["due"], july["overdue"], july["expected"]) == (euros(100), euros(7), euros(0))
    assert (august["due"], august["expected"]) == (euros(0), euros(100))
    assert row(answer, month=stuck["expected_on"].replace(day=1), currency="EUR")["expected"] == euros(7)
    assert row(answer, month=date(2026, 4, 1))["received"] == euros(30)
    assert row(answer, month=date(2026, 7, 1), currency="USD")["due"] == euros(9)


def test_due_and_expected_sum_to_what_is_open() -> None:
    world = frames(
        facts={"invoice": [invoice("F1", "10.01", "2026-05-01"), invoice("F2", "20.02"), invoice("F3", "-0.5", kind="credit_note")]}
    )
    months = cash(world, TODAY).to_pylist()
    total = sum(found["open"] for found in receivables(world, TODAY).to_pylist())
    assert sum(found["due"] + found["overdue"] for found in months) == sum(found["expected"] for found in months) == total == euros("29.53")


@pytest.mark.parametrize(
    ("terms", "siren", "excess"),
    [
        ("60 jours", None, 0),
        ("90 jours net", None, 30),
        ("45 jours", "213500002", 15),
        ("45 jours", "924681075", 0),
        ("selon devis", None, None),
    ],
)
def test_terms_beyond_the_law_are_told(terms: str, siren: str | None, excess: int | None) -> None:
    golden = {"customer": [{"golden_id": "c", "name": "C", "siren": siren}]}
    found = row(receivables(frames(facts={"invoice": [invoice("F", 100, payment_terms=terms)]}, golden=golden), TODAY))
    assert (found["terms"], found["terms_excess"]) == (terms, excess)
