"""How far a project is."""

from datetime import date

import pytest

from mdm.forecast.progress import progress
from tests.mdm.forecast.worlds import Row, frames, row

TODAY = date(2026, 7, 1)
PROJECT: Row = {"golden_id": "p", "label": "x", "starts_on": "2026-01-01", "ends_on": "2026-12-31"}


def line(key: str, planned: str, amount: int, status: str = "planned", kind: str = "Jalon", done: str | None = None) -> Row:
    """A line of the plan."""
    return {"key": key, "project_id": "p", "planned_on": planned, "amount": amount, "status": status, "kind": kind, "done_on": done}


def found(plan: list[Row], **project: str) -> tuple[float | None, str | None]:
    """Progress, and what told it."""
    answer = row(progress(frames(facts={"plan_line": plan}, golden={"project": [{**PROJECT, **project}]}), TODAY))
    return None if answer["progress"] is None else round(answer["progress"], 3), answer["progress_by"]


@pytest.mark.parametrize(
    ("status", "by"), [("Terminée", "closed"), ("Clôturée", "closed"), ("Closed Won", "calendar"), ("En cours", "calendar")]
)
def test_a_state_that_ends_a_project_ends_it(status: str, by: str) -> None:
    assert found([], status=status)[1] == by


def test_delivered_lines_count_whole_and_a_deposit_does_not_count() -> None:
    plan = [
        line("1", "2026-01-10", 300, "invoiced", "Acompte", "2026-01-10"),
        line("2", "2026-06-30", 500, "done", done="2026-07-01"),
        line("3", "2026-12-31", 200, kind="Solde"),
    ]
    assert found(plan) == (round(500 / 700, 3), "plan")


def test_the_line_in_work_counts_by_its_days_and_never_quite_whole() -> None:
    assert found([line("1", "2026-05-31", 100, "invoiced", done="2026-05-31"), line("2", "2026-08-01", 100)])[0] == 0.75
    assert found([line("1", "2026-06-01", 100)])[0] == 0.9


def test_a_period_billed_in_advance_counts_by_the_days_gone_by() -> None:
    plan = [line("1", "2026-01-01", 100, "invoiced", "Période"), line("2", "2026-07-01", 100, "invoiced", "Période")]
    assert found(plan, ends_on="2027-01-01") == (0.5, "plan")


def test_cancelled_lines_are_no_work() -> None:
    assert found([line("1", "2026-03-01", 100, "invoiced"), line("2", "2026-12-01", 900, "cancelled")])[0] == 1


def test_without_a_plan_the_calendar_tells_and_without_dates_nothing_does() -> None:
    assert found([], ends_on="2026-12-29") == (0.5, "calendar")
    empty = frames(golden={"project": [{"golden_id": "p", "label": "x"}]})
    assert row(progress(empty, TODAY))["progress"] is None
