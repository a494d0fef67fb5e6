"""The back-test of the estimate at completion: nothing is known before its day, and the bars hold."""

from datetime import date
from typing import Any

import pytest

from mdm.forecast.backtest.completing import completing, replayed
from mdm.forecast.backtest.probability import binomial_range
from mdm.forecast.frames import Frames
from tests.mdm.forecast.test_village import beside
from tests.mdm.forecast.village import TODAY, village
from tests.mdm.forecast.worlds import Row, frames, row


def jobs(**later: Any) -> Frames:
    """A project of 100 days, at 100 a day where 80 were planned; closed; `later` is a cost that came after it was 20 % done."""
    spent = [
        {"key": f"C{at}", "kind": "purchase", "spent_on": f"2026-0{1 + at // 28}-{1 + at % 28:02}", "amount": 100, "project_id": "p"}
        for at in range(100)
    ]
    return frames(
        facts={
            "cost": [*spent, *([{"key": "late", "kind": "purchase", "project_id": "p", **later}] if later else [])],
            "budget": [{"key": "B", "project_id": "p", "cost": 8000}],
            "invoice": [{"key": "F", "kind": "invoice", "issued_on": "2026-04-20", "net": 12_000, "gross": 14_400, "project_id": "p"}],
            "plan_line": [
                {
                    "key": "L", "project_id": "p", "planned_on": "2026-04-12", "amount": 12_000, "status": "invoiced",
                    "done_on": "2026-04-16", "invoice": "F",
                }
            ],
        },
        golden={
            "project": [
                {
                    "golden_id": "p", "label": "Ligne", "amount": 12_000, "currency": "EUR", "status": "Terminée", "nature": "Forfait",
                    "ordered_on": "2025-12-20", "starts_on": "2026-01-01", "ends_on": "2026-04-12",
                }
            ]
        },
    )  # fmt: skip


LATER = date(2026, 11, 1)


def origin(world: Frames) -> Row:
    return row(replayed(world, LATER, shares=(0.2,)))


def test_a_project_is_estimated_as_it_stood_when_it_was_so_far_done() -> None:
    found = origin(jobs())
    assert date(2026, 1, 20) <= found["day"] <= date(2026, 1, 29)
    assert 0.2 <= found["progress"] < 0.28
    assert found["spent"] < 3000 < 10_000 == found["final"]
    assert found["budget"] == 8000
    assert found["low"] < found["estimate"] < found["high"]


def test_what_came_later_changes_the_final_cost_and_nothing_else() -> None:
    before, after = origin(jobs()), origin(jobs(spent_on="2026-04-10", amount=5000))
    assert after.pop("final") == before.pop("final") + 5000
    assert after == before


def test_measures_are_by_share_and_model_and_thin_data_is_told() -> None:
    found = completing(jobs(), LATER)
    assert [(one["done_at"], one["model"], one["n"]) for one in found.to_pylist()] == [
        (share, model, 1) for share in (0.1, 0.2, 0.5) for model in ("shrunk", "bac/cpi", "budget")
    ]
    assert row(found, done_at=0.2, model="budget")["mape"] == pytest.approx(0.2)
    nothing = completing(Frames.of(), LATER, shares=(0.2,))
    assert [(one["n"], one["mape"], one["coverage"]) for one in nothing.to_pylist()] == [(0, None, None)] * 3


@beside
def test_estimates_are_better_than_earned_value_and_the_budget_and_their_intervals_hold() -> None:
    shares = (0.2, 0.5, 0.8)
    found = completing(village(), TODAY, shares=shares)
    held = count = 0.0
    for share in shares:
        ours, theirs, budget = (row(found, model=model, done_at=share) for model in ("shrunk", "bac/cpi", "budget"))
        assert ours["n"] > 200
        assert ours["mape"] < 0.75 * theirs["mape"]
        assert ours["mape"] < 0.8 * budget["mape"]
        assert share > 0.2 or ours["coverage_low"] <= ours["coverage"] <= ours["coverage_high"]
        held, count = held + ours["coverage"] * ours["n"], count + ours["n"]
    low, high = binomial_range(int(count), 0.8)
    assert low <= held / count <= high
