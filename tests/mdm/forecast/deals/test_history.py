"""Deals as they were known: the future is not in the past."""

from datetime import date
from typing import Any

import pytest

from mdm.forecast.deals.history import entries, known
from mdm.forecast.frames import Frames
from tests.mdm.forecast.deals.sales import sales
from tests.mdm.forecast.worlds import Row, euros, frames, row, shuffled

TODAY = date(2026, 7, 15)


def deal(key: str, **more: Any) -> Row:
    """A deal of salesperson s1."""
    return {"source": "crm", "key": key, "name": key, "status": "open", "created_on": "2026-01-05", "salesperson_id": "s1", **more}


def change(key: str, deal: str, at: str, **more: Any) -> Row:
    """A change of a deal."""
    return {"source": "crm", "key": key, "deal": deal, "changed_at": f"{at}T10:00:00+00:00", **more}


WON = deal("D1", status="won", stage="Won", amount=900, probability=100, closes_on="2026-05-20")
WAY = [
    change("1", "D1", "2026-01-05", stage="Offer", amount=1000, probability=40, closes_on="2026-03-31"),
    change("2", "D1", "2026-03-30", stage="Offer", amount=1000, probability=50, closes_on="2026-04-30"),
    change("3", "D1", "2026-04-10", stage="Talks", amount=950, probability=70, closes_on="2026-05-15"),
    change("4", "D1", "2026-05-20", stage="Won", amount=900, probability=100, closes_on="2026-05-20"),
]


def test_a_deal_that_is_won_later_was_open_and_said_what_it_said() -> None:
    then = row(known(frames(facts={"deal": [WON], "deal_change": WAY}), date(2026, 4, 1)), key="D1")
    assert (then["status"], then["closed_on"], then["stage"], then["entered"]) == ("open", None, "Offer", 0.5)
    assert (then["amount"], then["closes_on"], then["slips"], then["slipped_days"]) == (euros(1000), date(2026, 4, 30), 1, 30)
    assert then["stage_since"] == date(2026, 1, 5)


def test_its_end_is_known_from_the_day_on_which_it_ends() -> None:
    world = frames(facts={"deal": [WON], "deal_change": WAY})
    assert row(known(world, date(2026, 5, 19)), key="D1")["status"] == "open"
    ended = row(known(world, date(2026, 5, 20)), key="D1")
    assert (ended["status"], ended["closed_on"], ended["stage"], ended["entered"]) == ("won", date(2026, 5, 20), "Talks", 0.7)


def test_there_is_an_entry_for_every_stage_and_for_every_month_in_it() -> None:
    rows = entries(frames(facts={"deal": [WON], "deal_change": WAY}), TODAY).to_pylist()
    assert [(one["seen_on"], one["stage"], one["first"]) for one in rows] == [
        (date(2026, 1, 5), "Offer", True),
        (date(2026, 2, 4), "Offer", False),
        (date(2026, 3, 6), "Offer", False),
        (date(2026, 4, 5), "Offer", False),
        (date(2026, 4, 10), "Talks", True),
        (date(2026, 5, 10), "Talks", False),
    ]
    assert {one["days"] for one in rows if one["first"]} == {135, 40}


def test_without_history_a_deal_that_ended_says_nothing_of_what_it_was() -> None:
    line = {"source": "crm", "key": "L1", "deal": "D1", "product_id": "p1", "quantity": 2, "list_price": 500, "amount": 900}
    world = frames(facts={"deal": [WON], "deal_line": [line]})
    then = row(known(world, date(2026, 4, 1)), key="D1")
    assert (then["status"], then["stage"], then["entered"], then["closes_on"], then["amount"]) == ("open", None, None, None, euros(1000))


def test_without_history_an_open_deal_is_as_it_is_unless_it_was_touched_since() -> None:
    still = deal("D1", stage="Offer", probability=30, closes_on="2026-09-01", last_activity_on="2026-03-01")
    assert row(known(frames(facts={"deal": [still]}), date(2026, 4, 1)), key="D1")["entered"] == 0.3
    touched = {**still, "last_activity_on": "2026-05-01"}
    assert row(known(frames(facts={"deal": [touched]}), date(2026, 4, 1)), key="D1")["entered"] is None


def test_a_deal_without_a_probability_has_that_of_its_lines() -> None:
    lines = [{"source": "crm", "key": str(at), "deal": "D1", "amount": 100 * at, "probability": 20 * at} for at in (1, 3)]
    found = row(known(frames(facts={"deal": [deal("D1")], "deal_line": lines}), TODAY), key="D1")
    assert found["entered"] == pytest.approx(0.5)


def test_a_deal_that_ended_nobody_knows_when_has_ended() -> None:
    found = known(frames(facts={"deal": [deal("D1", status="won", created_on=None), deal("D2", created_on=None)]}), TODAY)
    assert [(row(found, key=key)["status"], row(found, key=key)["closed_on"]) for key in ("D1", "D2")] == [("won", None), ("open", None)]


def test_a_stage_that_deals_leave_again_ends_none_of_them() -> None:
    """In a CRM that keeps the end apart from the stage, a deal is lost in the stage in which it was."""
    lost = deal("D2", status="lost", stage="Offer", closes_on="2026-03-01")
    way = [change("5", "D2", "2026-01-05", stage="Offer", probability=20)]
    world = frames(facts={"deal": [WON, lost], "deal_change": WAY + way})
    assert row(known(world, date(2026, 2, 1)), key="D2")["status"] == "open"
    assert row(known(world, date(2026, 3, 1)), key="D2")["closed_on"] == date(2026, 3, 1)


def test_nothing_after_a_day_changes_what_was_known_on_it() -> None:
    made, day = sales(3, 150), date(2025, 3, 10)
    for of in (known, entries):
        assert of(made.world(date(2027, 1, 1)), day).equals(of(made.world(day), day))


@pytest.mark.parametrize("of", [known, entries])
def test_row_order_is_nothing(of: Any) -> None:
    world = sales(4, 60).world(date(2026, 1, 1))
    assert of(shuffled(world), TODAY).equals(of(world, TODAY))


def test_nothing_is_known_of_nothing() -> None:
    assert known(Frames.of(), TODAY).num_rows == entries(Frames.of(), TODAY).num_rows == 0
