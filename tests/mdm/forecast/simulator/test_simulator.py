"""The simulator: what is expected ties to the facts, levers do what they say, thin data gives sensible answers."""

from datetime import date

import numpy as np
import pytest

from mdm.errors import BadInput
from mdm.forecast.frames import Frames
from mdm.forecast.simulator.ahead import ahead
from mdm.forecast.simulator.levers import Kind, Lever, Scenario
from mdm.forecast.simulator.periods import Calendar
from mdm.forecast.simulator.simulator import ALL, Answer, Simulator
from tests.mdm.forecast.simulator.worlds import SOON, TODAY, chances, company, deal, made
from tests.mdm.forecast.worlds import Row

DEALS = [deal("a", customer="2", customer_id="c2", salesperson_id="s1", kind="Forfait"), deal("b", amount="5000", kind="abo")]
CHANCES = chances(DEALS, a=[0.0, 0.5], b=[0.1, 0.2, 0.1])


def simulator(**facts: list[Row]) -> Simulator:
    """Of the small company."""
    return Simulator(made(company(DEALS, **facts), CHANCES), 0.08)


def total(answer: Answer, measure: str, column: str = "mean") -> float:
    """Over all periods."""
    return float({row["measure"]: row for row in answer.totals.to_pylist()}[measure][column])


def band(answer: Answer, measure: str, period: date, column: str = "mean") -> float:
    """In one period."""
    (row,) = [row for row in answer.bands.to_pylist() if row["measure"] == measure and row["period"] == period]
    return float(row[column])


def test_what_is_expected_ties_to_deals_projects_and_invoices() -> None:
    """Deals: 500 and 2,000. The project: 4,000 and 2,000 to invoice on their days. Cash: all of it, and 7,200 open, less what is never paid."""
    answer = simulator().answer()
    assert total(answer, "bookings") == pytest.approx(2500, rel=0.05)
    assert total(answer, "billing") == pytest.approx(8500, rel=0.02)
    assert total(answer, "cash") == pytest.approx(7200 + (6000 + 2000) * 1.2 + 500 * 1.2 * 0.9, rel=0.02)
    assert band(answer, "billing", date(2027, 5, 1)) == pytest.approx(2000)
    assert band(answer, "bookings", date(2027, 4, 1)) == 0
    assert total(answer, "margin") == pytest.approx(total(answer, "revenue") - total(answer, "cost"), abs=0.5)


def test_an_open_invoice_is_paid_given_its_age() -> None:
    """Issued 22 days ago: half in 8 days, three in ten after 38, two after 68."""
    answer = Simulator(made(company(), chances()), 0.0).answer(measures=["cash"])
    cash = [band(answer, "cash", day) for day in (date(2026, 12, 1), date(2026, 11, 23))]
    assert cash[1] == 0
    assert cash[0] == pytest.approx(7200 * 0.8, rel=0.05)


def test_a_phase_is_billed_at_its_distance_from_the_closing_date() -> None:
    lines = [{"key": "l", "deal": "a", "amount": "1000", "source": "crm"}]
    parts = [
        {"key": "p1", "deal_line": "l", "due_on": "2027-01-15", "amount": "400", "source": "crm"},
        {"key": "p2", "deal_line": "l", "due_on": "2027-03-15", "amount": "600", "source": "crm"},
    ]
    world = company([DEALS[0]], deal_line=lines, deal_phase=parts, plan_line=[], invoice=[])
    answer = Simulator(made(world, chances(a=[0.0, 1.0])), 0.0).answer(measures=["billing", "revenue"])
    # The project without a plan is billed by the day, as long as it goes on.
    by_day = 12000 / 189
    assert band(answer, "billing", date(2026, 12, 1)) == pytest.approx(400 + 31 * by_day, rel=0.02)
    assert band(answer, "billing", date(2027, 1, 1)) == pytest.approx(31 * by_day, rel=0.03)
    assert total(answer, "billing") == pytest.approx(12000 + 1000, rel=0.01)


@pytest.mark.parametrize(
    ("lever", "measure", "ratio"),
    [
        (Lever("price", 0.1), "bookings", 1.1),
        (Lever("price", -1), "bookings", 0.0),
        (Lever("outcome", 1, {"deal": ["crm:a"]}), "bookings", 3000 / 2500),
        (Lever("outcome", 0, {"salesperson": ["s1"]}), "bookings", 2000 / 2500),
        (Lever("probability", -0.2), "bookings", 0.8),
        (Lever("probability", -0.5, {"kind": ["abo"]}), "bookings", 1500 / 2500),
        (Lever("start", 2), "bookings", 1.0),
        (Lever("price", 0.1, {"customer": ["nobody"]}), "bookings", 1.0),
    ],
)
def test_a_lever_does_what_it_says(lever: Lever, measure: str, ratio: float) -> None:
    some = simulator()
    before, after = (some.answer(scenario, [measure]) for scenario in (Scenario("base"), Scenario("asked", [lever])))
    assert total(after, measure) == pytest.approx(total(before, measure) * ratio, rel=0.04, abs=1)


def test_what_everybody_pays_later_comes_later_and_nothing_is_lost() -> None:
    some = simulator()
    before, after = some.answer(measures=["cash"]), some.answer(Scenario("late", [Lever("delay", 30)]), ["cash"])
    assert total(after, "cash") == pytest.approx(total(before, "cash"), rel=0.001)
    months = np.arange(24)
    centre = [np.average(months, weights=[row["mean"] for row in answer.bands.to_pylist()]) for answer in (before, after)]
    assert centre[1] - centre[0] == pytest.approx(30 / (365.25 / 12), abs=0.02)


def test_people_who_are_hired_cost_and_deliver_sooner() -> None:
    some = simulator()
    hired = some.answer(Scenario("two more", [Lever("hire", 2, cost=100, revenue=50, start=1)]))
    base = some.answer()
    assert total(hired, "cost") - total(base, "cost") == pytest.approx(2 * 100 * 23, rel=0.001)
    assert total(hired, "revenue") == pytest.approx(total(base, "revenue"), rel=0.001)
    assert band(hired, "revenue", date(2026, 12, 1)) > band(base, "revenue", date(2026, 12, 1)) + 90


def test_the_value_that_is_sought_reaches_the_target_and_little_less_does_not() -> None:
    some = simulator()
    lever = Lever("price", 0)
    found = some.seek(lever, -0.5, 1.0, "bookings", 5500, 0.35)
    assert found is not None
    assert found == pytest.approx(0.1, abs=0.001)
    reached = [some.answer(Scenario("", [Lever("price", value)]), ["bookings"], {"bookings": 5500}) for value in (found, found - 0.002)]
    assert total(reached[0], "bookings", "reached") >= 0.35 > total(reached[1], "bookings", "reached")
    assert some.seek(lever, -0.5, 0.0, "bookings", 1_000_000, 0.9) is None


def test_what_matters_most_comes_first() -> None:
    told = simulator().tornado("bookings").to_pylist()
    assert told[0]["lever"] == "probability"
    assert told[0]["high"] == pytest.approx(500, rel=0.1)
    drivers = simulator().drivers("bookings").to_pylist()
    assert [row["key"] for row in drivers] == ["b", "a"]
    assert sum(row["share"] for row in drivers) == pytest.approx(1, abs=0.1)


def test_deals_to_come_are_those_of_the_past_year_again() -> None:
    """Twelve deals a year, a third of them won after about two months."""
    past = [
        deal(f"o{at}", created_on=f"202{5 + (at > 12)}-{(at - 1) % 12 + 1:02d}-02", closes_on=f"202{5 + (at > 12)}-{(at - 1) % 12 + 1:02d}-28",
             status="lost" if at % 3 else "won", amount="900")
        for at in range(1, 23)
    ]  # fmt: skip
    answer = Simulator(made(company(past), chances()), 0.08).answer(measures=["bookings"])
    assert total(answer, "bookings") == 0
    assert total(answer, "bookings", "mean_with_new") == pytest.approx(2 * 12 * 900 / 3, rel=0.2)
    assert total(answer, "bookings", "p10_with_new") < total(answer, "bookings", "p90_with_new")


def test_a_deal_that_cannot_be_taken_in_is_told() -> None:
    deals = [deal("a", amount=None), deal("b", currency="CHF"), deal("c")]
    found = ahead(company(deals), Calendar(TODAY), chances(deals, a=[0.5], b=[0.5], c=[0.5]), SOON)
    assert found.left_out == [("crm:a", "unpriced"), ("crm:b", "no_rate")]
    assert found.deals["key"].to_pylist() == ["c"]


def test_a_line_that_is_later_than_any_was_brings_nothing_and_is_told() -> None:
    """Thirty lines were billed within a week of their days; one that waits since spring is forgotten, one of last week is not."""
    line = {"project": "1", "project_id": "p1", "amount": "1000"}
    past = [{**line, "key": f"P{at}", "planned_on": "2026-08-03", "status": "invoiced", "invoice": f"I{at}"} for at in range(30)]
    billed = [
        {"key": f"I{at}", "kind": "invoice", "issued_on": f"2026-08-{3 + at % 8:02d}", "net": 1000, "gross": 1200, "project_id": "p1"}
        for at in range(30)
    ]
    late = [
        {**line, "key": key, "planned_on": day, "status": "planned"} for key, day in (("spring", "2026-04-01"), ("last week", "2026-11-20"))
    ]
    found = made(company(plan_line=[*past, *late], invoice=billed), chances())
    assert found.left_out == [("billing:spring", "forgotten")]
    assert total(Simulator(found, 0.08).answer(measures=["billing"]), "billing") == pytest.approx(1000, rel=0.1)
    few = made(company(plan_line=[*past[:3], *late], invoice=billed[:3]), chances())
    assert not few.left_out
    assert total(Simulator(few, 0.08).answer(measures=["billing"]), "billing") == pytest.approx(2000)


def test_nothing_at_all_brings_nothing() -> None:
    found = Simulator(ahead(Frames.of(), Calendar(TODAY), chances(), SOON), 0.08).answer(targets={"cash": 1.0})
    assert {row["measure"]: (row["mean"], row["p90"]) for row in found.totals.to_pylist()} == dict.fromkeys(ALL, (0.0, 0.0))
    assert total(found, "cash", "reached") == 0


def test_weeks_add_up_to_months() -> None:
    """Up to the end of the year."""
    world = company(DEALS)
    by_week = Simulator(made(world, CHANCES, "week", 6), 0.08).answer(measures=["bookings", "cash"])
    by_month = Simulator(made(world, CHANCES, "month", 2), 0.08).answer(measures=["bookings", "cash"])
    assert total(by_week, "bookings") == pytest.approx(total(by_month, "bookings"), rel=0.15)
    assert total(by_week, "cash") == pytest.approx(total(by_month, "cash"), rel=0.15)


@pytest.mark.parametrize(
    ("kind", "value", "where"),
    [("price", -1.5, {}), ("outcome", 0.5, {}), ("price", 0.1, {"colour": ["red"]}), ("hire", 1, {"kind": ["abo"]}), ("magic", 1, {})],
)
def test_a_lever_that_means_nothing_is_refused(kind: Kind, value: float, where: dict[str, list[str]]) -> None:
    with pytest.raises(BadInput):
        Lever(kind, value, where)
