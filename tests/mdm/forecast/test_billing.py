"""What will be billed, and what was."""

from datetime import date
from typing import Any

from mdm.forecast.billing import billing
from tests.mdm.forecast.worlds import Row, euros, frames, row

TODAY = date(2026, 7, 15)


def line(key: str, planned: str, amount: int, status: str, **more: Any) -> Row:
    """A line of the plan of p."""
    return {"key": key, "project_id": "p", "planned_on": planned, "amount": amount, "status": status, **more}


def test_late_and_ready_lines_stand_apart_in_the_month_of_today() -> None:
    plan = [
        line("1", "2026-05-01", 1, "invoiced"),
        line("2", "2026-06-01", 20, "planned"),
        line("3", "2026-06-02", 300, "done", done_on="2026-07-10"),
        line("4", "2026-07-20", 4000, "planned"),
        line("5", "2026-09-01", 50000, "planned"),
        line("6", "2026-09-01", 9, "cancelled"),
    ]
    answer = billing(frames(facts={"plan_line": plan}, golden={"project": [{"golden_id": "p", "label": "x", "currency": "EUR"}]}), TODAY)
    july = row(answer, month=date(2026, 7, 1))
    assert (july["overdue"], july["done"], july["planned"]) == (euros(20), euros(300), euros(4000))
    assert row(answer, month=date(2026, 9, 1))["planned"] == euros(50000)
    assert answer.num_rows == 2


def test_credit_notes_lower_the_month_whatever_their_sign() -> None:
    invoices = [
        {"key": "F1", "kind": "invoice", "issued_on": "2026-06-01", "net": 100},
        {"key": "A1", "kind": "credit_note", "issued_on": "2026-06-20", "net": -30},
        {"key": "A2", "kind": "credit_note", "issued_on": "2026-06-21", "net": 5},
        {"key": "F2", "kind": "invoice", "issued_on": "2026-06-21", "net": 7, "currency": "USD"},
    ]
    answer = billing(frames(facts={"invoice": invoices}), TODAY)
    assert row(answer, currency="EUR")["invoiced"] == euros(65)
    assert row(answer, currency="USD")["invoiced"] == euros(7)


def test_open_deals_add_their_weighted_phases_in_columns_of_their_own() -> None:
    known = {"source": "crm", "name": "x", "amount": 1000, "probability": 40}
    deals = [
        {**known, "key": "D1", "status": "open", "closes_on": "2026-08-01"},
        {**known, "key": "D2", "status": "open", "closes_on": "2026-06-01"},
        {**known, "key": "D3", "status": "won", "closes_on": "2026-08-01"},
    ]
    answer = billing(frames(facts={"deal": deals}), TODAY)
    assert row(answer, month=date(2026, 8, 1))["pipeline"] == euros(400)
    assert row(answer, month=date(2026, 7, 1))["pipeline_overdue"] == euros(400)
