"""The process of selling: stages, closing dates put off, the chain behind a won deal."""

from datetime import date
from itertools import pairwise
from typing import Any

import pytest

from mdm.forecast.deals.process import conformance, slips, stages
from mdm.forecast.frames import Frames
from tests.mdm.forecast.deals.sales import STAGES, sales
from tests.mdm.forecast.deals.test_history import WAY, WON, change, deal
from tests.mdm.forecast.worlds import Row, frames, row, shuffled

TODAY = date(2026, 7, 15)


def test_stages_come_in_their_order_and_add_up() -> None:
    made, day = sales(12, 300), date(2027, 6, 1)
    together = [found for found in stages(made.world(day), day).to_pylist() if found["golden_salesperson_id"] is None]
    assert [found["stage"] for found in together] == list(STAGES)
    for before, after in pairwise(together):
        assert before["moved_on"] == after["entered"]
        assert before["entered"] == before["moved_on"] + before["won"] + before["lost"] + before["open"]
    assert together[-1]["won"] == sum(end == "won" for end, _ in made.end.values())
    assert together[0]["median_days"] < together[0]["p90_days"]
    assert together[0]["low"] < together[0]["moved_on"] / together[0]["entered"] < together[0]["high"]


def test_a_stage_that_deals_are_still_in_takes_longer_than_those_that_left_say() -> None:
    """Two left after ten days, two are there for a hundred: half have left by then, and nobody knows when nine in ten will have."""
    deals = [deal(f"D{at}", status="won", created_on="2026-01-01", closes_on="2026-01-11") for at in range(2)]
    deals += [deal(f"O{at}", created_on="2026-04-06") for at in range(2)]
    found = row(stages(frames(facts={"deal": deals}), TODAY), golden_salesperson_id=None)
    assert (found["median_days"], found["p90_days"], found["open"]) == (10, None, 2)


def test_shares_of_a_few_lean_on_those_of_all() -> None:
    deals = [deal(f"D{at}", status="won" if at % 2 else "lost", closes_on="2026-03-01") for at in range(40)]
    deals += [deal("D99", status="won", closes_on="2026-03-01", salesperson_id="s2")]
    found = stages(frames(facts={"deal": deals}), TODAY)
    assert row(found, golden_salesperson_id="s1")["conversion"] == pytest.approx(0.5, abs=0.02)
    assert 0.5 < row(found, golden_salesperson_id="s2")["conversion"] < 0.65


def test_closing_dates_that_were_put_off_are_counted_once_a_deal() -> None:
    quiet = [deal("D2"), deal("D3")]
    changes = [*WAY, change("9", "D2", "2026-01-05", closes_on="2026-06-01"), change("10", "D3", "2026-01-05", closes_on="2026-06-01")]
    changes.append(change("11", "D3", "2026-02-05", closes_on="2026-05-01"))
    found = row(slips(frames(facts={"deal": [WON, *quiet], "deal_change": changes}), TODAY), golden_salesperson_id="s1")
    assert (found["deals"], found["put_off"], found["times"], found["days"]) == (3, 1, 2.0, 45.0)


def chain(**more: Any) -> dict[str, list[Row]]:
    """Facts behind a won deal: its project, invoice and payment."""
    won = {"contact": "C1", **WON, "customer_id": "c1"}
    invoice = {
        "key": "F1",
        "kind": "invoice",
        "issued_on": "2026-06-01",
        "due_on": "2026-06-30",
        "net": 900,
        "gross": 900,
        "project_id": "p1",
    }
    payment = {"key": "Y1", "received_on": "2026-06-20", "amount": 900, "invoices": "F1"}
    return {"deal": [won], "deal_change": WAY, "invoice": [invoice], "payment": [payment]} | more


MASTERS = {"project": [{"golden_id": "p1", "label": "job", "ordered_on": "2026-05-25", "customer": "c1"}]}
MEMBERS = {"project": [{"golden_id": "p1", "source": "crm", "key": "D1"}, {"golden_id": "p1", "source": "billing", "key": "A1"}]}


def deviations(facts: dict[str, list[Row]], golden: Any = MASTERS, members: Any = MEMBERS) -> set[tuple[str, str]]:
    """The steps that are not as they should be."""
    answer = conformance(frames(facts=facts, golden=golden, members=members), TODAY).to_pylist()
    return {(found["step"], found["deviation"]) for found in answer if found["deals"]}


def test_a_chain_in_order_is_complete() -> None:
    assert deviations(chain()) == {("chain", "complete")}


def test_steps_that_are_missing_are_named() -> None:
    assert deviations(chain(), members={}) == {("project", "missing")}
    assert deviations(chain(deal=[{**WON, "customer_id": "c1"}])) == {("contact", "missing")}
    assert deviations(chain(payment=[])) == {("payment", "missing")}
    late = {"project": [{**MASTERS["project"][0], "ordered_on": "2026-01-20"}]}
    old = [{"contact": "C1", **deal("D1", status="won", closes_on="2026-01-15")}]
    assert deviations(chain(deal=old, deal_change=[], invoice=[], payment=[]), golden=late) == {("invoice", "missing")}


def test_steps_out_of_order_are_named() -> None:
    early = {"project": [{**MASTERS["project"][0], "ordered_on": "2026-04-25"}]}
    assert deviations(chain(), golden=early) == {("project", "out_of_order")}
    invoice = {**chain()["invoice"][0], "issued_on": "2026-05-02"}
    assert deviations(chain(invoice=[invoice])) == {("invoice", "out_of_order")}
    payment = {**chain()["payment"][0], "received_on": "2026-05-28"}
    assert deviations(chain(payment=[payment])) == {("payment", "out_of_order")}


def test_examples_name_deals() -> None:
    found = row(conformance(frames(facts=chain(payment=[]), golden=MASTERS, members=MEMBERS), TODAY), step="payment", deviation="missing")
    assert (found["deals"], found["of"], found["share"], found["examples"]) == (1, 1, 1.0, "crm:D1")
    assert found["en"] == "1 won deals of 1 are billed, past the due date, and nothing is paid."


@pytest.mark.parametrize("of", [stages, slips, conformance])
def test_row_order_is_nothing(of: Any) -> None:
    world = sales(13, 80).world(TODAY)
    assert of(shuffled(world), TODAY).equals(of(world, TODAY))
    assert sum(found.get("deals") or 0 for found in of(Frames.of(), TODAY).to_pylist()) == 0
