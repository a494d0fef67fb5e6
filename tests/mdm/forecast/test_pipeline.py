"""The pipeline by month: sums tie, lines weigh by their own probability, currencies stay apart."""

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mdm.forecast.phases import phases
from mdm.forecast.pipeline import pipeline
from tests.mdm.forecast.worlds import Row, euros, frames, row, shuffled

TODAY = date(2026, 7, 15)


def deal(key: str, **more: Any) -> Row:
    """An open deal of salesperson s1."""
    known = {"status": "open", "amount": 1000, "probability": 50, "closes_on": "2026-09-10", "last_activity_on": "2026-07-01"}
    return {"source": "crm", "key": key, "name": key, "salesperson_id": "s1", **known, **more}


def line(key: str, deal: str, amount: Any, **more: Any) -> Row:
    """A line of a deal."""
    return {"source": "crm", "key": key, "deal": deal, "amount": amount, **more}


def phase(key: str, line: str, due: str, amount: Any) -> Row:
    """A phase of a line."""
    return {"source": "crm", "key": key, "deal_line": line, "due_on": due, "amount": amount}


SALES = {"salesperson": [{"golden_id": "s1", "given_name": "Ada", "family_name": "Roy"}]}


def test_lines_weigh_by_their_own_probability_then_by_the_deals() -> None:
    world = frames(facts={"deal": [deal("D1")], "deal_line": [line("1", "D1", 600, probability=80), line("2", "D1", 400)]}, golden=SALES)
    total = row(pipeline(world, TODAY), basis="closing", scope="total")
    assert (total["month"], total["deals"], total["amount"], total["weighted"]) == (date(2026, 9, 1), 1, euros(1000), euros(680))
    assert row(pipeline(world, TODAY), basis="closing", scope="salesperson")["salesperson"] == "Ada Roy"


def test_phases_are_scaled_to_their_line_and_tie_to_the_cent() -> None:
    world = frames(
        facts={
            "deal": [deal("D1")],
            "deal_line": [line("1", "D1", 100, probability=100)],
            "deal_phase": [phase("a", "1", "2026-10-01", 1), phase("b", "1", "2026-11-01", 1), phase("c", "1", "2026-12-01", 1)],
        }
    )
    months = [found for found in pipeline(world, TODAY).to_pylist() if found["basis"] == "phase" and found["scope"] == "total"]
    assert [found["amount"] for found in months] == [euros("33.33"), euros("33.33"), euros("33.34")]


def test_overdue_and_stale_deals_have_columns_of_their_own() -> None:
    deals = [
        deal("D1", closes_on="2026-07-10"),
        deal("D2", closes_on="2026-07-20", last_activity_on="2026-05-01"),
        deal("D3", closes_on=None),
    ]
    answer = pipeline(frames(facts={"deal": deals}), TODAY)
    july = row(answer, basis="closing", scope="total", month=date(2026, 7, 1))
    assert (july["amount"], july["overdue"], july["stale"]) == (euros(2000), euros(1000), euros(1000))
    assert row(answer, basis="closing", scope="total", month=None)["amount"] == euros(1000)


def test_currencies_are_never_added() -> None:
    answer = pipeline(frames(facts={"deal": [deal("D1"), deal("D2", currency="USD", amount=70)]}), TODAY)
    assert row(answer, basis="closing", scope="total", currency="EUR")["amount"] == euros(1000)
    assert row(answer, basis="closing", scope="total", currency="USD")["amount"] == euros(70)


def test_won_deals_are_history_and_lost_ones_nothing() -> None:
    answer = pipeline(frames(facts={"deal": [deal("D1", status="won", closes_on="2026-06-10"), deal("D2", status="lost")]}), TODAY)
    assert {found["basis"] for found in answer.to_pylist()} == {"won"}
    assert row(answer, scope="total")["weighted"] == euros(1000)


@given(st.lists(st.tuples(st.integers(1, 99_999), st.lists(st.integers(0, 500), max_size=4), st.integers(0, 100)), min_size=1, max_size=6))
@settings(max_examples=8, deadline=None)
def test_phases_sum_to_lines_whatever_they_say(lines: list[tuple[int, list[int], int]]) -> None:
    world = frames(
        facts={
            "deal": [deal("D1")],
            "deal_line": [line(f"L{at}", "D1", Decimal(amount) / 100, probability=chance) for at, (amount, _, chance) in enumerate(lines)],
            "deal_phase": [
                phase(f"L{at}/{number}", f"L{at}", f"2026-{9 + number:02}-01", part)
                for at, (_, parts, _) in enumerate(lines)
                for number, part in enumerate(parts)
            ],
        }
    )
    assert sum(found["amount"] for found in phases(world).to_pylist()) == sum(Decimal(amount) for amount, _, _ in lines) / 100


def test_row_order_is_nothing() -> None:
    lines = [line("1", "D1", 10, probability=30), line("2", "D1", 20), line("3", "D2", 5)]
    parts = [phase("a", "1", "2026-10-01", 1), phase("b", "1", "2026-10-01", 2), phase("c", "1", "2026-11-01", 3)]
    world = frames(facts={"deal": [deal("D1"), deal("D2"), deal("D3", currency="USD")], "deal_line": lines, "deal_phase": parts})
    assert pipeline(shuffled(world), TODAY).equals(pipeline(world, TODAY))
