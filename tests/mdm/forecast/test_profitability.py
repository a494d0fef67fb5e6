"""What a project earns, to the cent."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from mdm.forecast.completion import Usual
from mdm.forecast.frames import Frames
from mdm.forecast.profitability import profitability
from tests.mdm.forecast.worlds import Row, euros, frames, row, shuffled

TODAY = date(2026, 7, 1)


def invoice(key: str, net: Any, gross: Any, **more: Any) -> Row:
    """An invoice of project p."""
    return {"key": key, "kind": "invoice", "issued_on": "2026-02-01", "net": net, "gross": gross, "project_id": "p", **more}


def work(key: str, hours: Any, **more: Any) -> Row:
    """Hours of employee E1."""
    return {
        "source": "time",
        "key": key,
        "kind": "labour",
        "spent_on": "2026-02-15",
        "hours": hours,
        "employee": "E1",
        "project_id": "p",
        **more,
    }


def purchase(key: str, amount: Any, **more: Any) -> Row:
    """Something bought."""
    return {"source": "time", "key": key, "kind": "purchase", "spent_on": "2026-02-15", "amount": amount, "project_id": "p", **more}


def world(project: Row | None = None, **facts: list[Row]) -> Frames:
    """One project, at 60 an hour."""
    return frames(
        facts={"employee": [{"source": "time", "key": "E1", "name": "Ada", "hourly_cost": "60"}], **facts},
        golden={
            "project": [{"golden_id": "p", "label": "Ligne 3", "customer": "c", "currency": "EUR", "amount": 10_000, **(project or {})}],
            "customer": [{"golden_id": "c", "name": "Solitis"}],
        },
        members={"project": [{"golden_id": "p", "source": "time", "key": "T1"}, {"golden_id": "p", "key": "A1"}]},
    )


def figures(frames: Frames, day: date = TODAY) -> Row:
    """The only row."""
    return row(profitability(frames, day))


def test_deposit_balance_credit_note_and_payments_in_parts() -> None:
    found = figures(
        world(
            invoice=[
                invoice("F1", 3000, 3600, issued_on="2026-01-10"),
                invoice("F2", 7000, 8400, issued_on="2026-03-10"),
                {**invoice("A1", -500, -600, origin="F2", issued_on="2026-03-20"), "kind": "credit_note"},
                invoice("F3", 999, 999, issued_on="2026-07-02"),
            ],
            payment=[
                {"key": "P1", "received_on": "2026-02-10", "amount": 3600, "invoices": "F1"},
                {"key": "P2", "received_on": "2026-04-10", "amount": 4000, "invoices": "F2"},
                {"key": "P3", "received_on": "2026-05-10", "amount": 123, "invoices": None},
            ],
            write_off=[{"key": "W", "invoice": "F2", "on": "2026-06-10", "amount": 3800}],
            cost=[work("1", "10.25"), work("2", 4, approved=False), purchase("3", "1234.56"), work("4", 1, amount=75)],
        )
    )
    assert found["invoiced"] == euros(9500)
    assert found["paid"] == euros(7600)
    assert (found["labour"], found["purchases"], found["hours"]) == (euros("930.00"), euros("1234.56"), Decimal("15.25"))
    assert (found["cost_to_date"], found["margin_to_date"]) == (euros("2164.56"), euros("7335.44"))
    assert found["source_keys"] == "billing:A1;time:T1"
    assert (found["customer"], found["currency"], found["problems"]) == ("Solitis", "EUR", None)


def test_only_signed_amendments_count() -> None:
    amendments = [
        {"key": str(at), "project_id": "p", "amount": amount, "signed": signed, "signed_on": on}
        for at, (amount, signed, on) in enumerate(
            [(500, True, "2026-02-01"), (-200, None, "2026-02-01"), (900, False, "2026-02-01"), (70, True, "2027-01-01")]
        )
    ]
    assert figures(world(amendment=amendments))["amendments"] == euros(300)


def test_the_two_margin_rates_are_told_apart() -> None:
    found = figures(world(invoice=[invoice("F1", 1000, 1200)], cost=[purchase("1", 800)]))
    assert (found["taux_de_marque_to_date"], found["taux_de_marge_to_date"]) == (0.2, 0.25)


def test_a_margin_may_be_negative_and_nothing_is_divided_by_nothing() -> None:
    found = figures(world({"amount": None}, cost=[purchase("1", "0.10"), purchase("2", "0.20")]))
    assert (found["margin_to_date"], found["contract"], found["taux_de_marque_to_date"]) == (euros("-0.30"), None, None)
    assert (found["margin_at_completion"], found["to_invoice"], found["backlog"]) == (None, euros(0), euros(0))


def test_other_currencies_are_converted_by_the_rates_of_their_invoices_as_the_books_do() -> None:
    found = figures(
        world(
            {"currency": "GBP", "amount": "1466.39", "ordered_on": "2026-01-01"},
            invoice=[
                invoice("F1", "1466.39", "1466.39", currency="GBP", rate="1.17"),
                invoice("F2", "10.01", "10.01", currency="GBP", rate="1.2", issued_on="2026-03-01"),
            ],
            payment=[{"key": "P", "received_on": "2026-04-10", "amount": "1466.39", "currency": "GBP", "invoices": "F1"}],
            cost=[purchase("1", 100)],
        )
    )
    assert found["contract"] == euros("1715.68")
    assert found["invoiced"] == euros("1715.68") + euros("12.01")
    assert found["paid"] == euros("1715.68")
    assert found["margin_to_date"] == euros("1627.69")
    assert (found["currency"], found["contract_currency"]) == ("EUR", "GBP")


def test_what_has_no_rate_is_told_and_never_added() -> None:
    found = figures(world(invoice=[invoice("F1", 100, 120), invoice("F2", 100, 120, currency="USD")], cost=[work("1", 2, employee="E9")]))
    assert found["invoiced"] == euros(100)
    assert found["problems"] == "F2 has no exchange rate for USD; 1 costs have no amount"
    assert figures(world({"currency": "USD"}))["problems"] == "no exchange rate for USD"


def plan(*lines: tuple[str, int, str]) -> list[Row]:
    """Lines by planned day, amount and state."""
    return [
        {"key": f"A1/{at}", "project_id": "p", "planned_on": on, "done_on": on, "amount": amount, "status": status}
        for at, (on, amount, status) in enumerate(lines)
    ]


def test_work_earned_and_not_billed_is_wip_and_the_rest_is_backlog() -> None:
    lines = plan(("2026-02-01", 4000, "invoiced"), ("2026-06-01", 2000, "done"), ("2026-07-01", 4000, "planned"))
    found = figures(world({"starts_on": "2026-01-01"}, plan_line=lines, invoice=[invoice("F1", 4000, 4800)]), date(2026, 6, 1))
    assert (found["progress"], found["earned"], found["wip"], found["billed_in_advance"]) == (0.6, euros(6000), euros(2000), euros(0))
    assert (found["to_invoice"], found["backlog"]) == (euros(6000), euros(4000))


def test_a_closed_project_costs_what_it_cost() -> None:
    found = figures(world({"status": "Terminée"}, cost=[purchase("1", 700)], budget=[{"key": "A1", "project_id": "p", "cost": 9000}]))
    assert found["estimate_at_completion"] == found["eac_p10"] == found["eac_p90"] == euros(700)
    assert found["margin_at_completion"] == euros(9300)


HALF_DONE = plan(("2026-02-01", 5000, "invoiced"), ("2026-02-02", 5000, "planned"))


def test_an_index_is_shrunk_to_what_is_usual() -> None:
    lines = plan(("2026-06-30", 5000, "invoiced"), ("2027-07-01", 5000, "planned"))
    found = figures(
        world(plan_line=lines, cost=[purchase("1", 4000)], budget=[{"key": "A1", "project_id": "p", "cost": 4000}]), date(2026, 6, 30)
    )
    naive, usual = Decimal(8000), euros("4301.08")
    assert usual < found["estimate_at_completion"] < naive
    assert found["eac_p10"] < found["estimate_at_completion"] < found["eac_p90"]
    assert found["eac_p10"] > found["cost_to_date"]


def test_without_doubt_the_index_is_the_projects_own() -> None:
    lines = plan(("2026-06-30", 5000, "invoiced"), ("2027-07-01", 5000, "planned"))
    budget = [{"key": "A1", "project_id": "p", "cost": 4000}]
    sure = profitability(world(plan_line=lines, cost=[purchase("1", 4000)], budget=budget), date(2026, 6, 30), usual=Usual(doubt=0))
    assert row(sure)["estimate_at_completion"] == euros(8000)


def test_hours_that_are_not_booked_were_not_worked_whatever_the_plan_says() -> None:
    """A plan that says 90 % beside a tenth of the hours is misread more than the work is cheap."""
    lines = plan(("2026-06-30", 9000, "planned"), ("2026-07-30", 1000, "planned"))
    world_ = world(
        {"starts_on": "2026-01-01"},
        plan_line=lines,
        cost=[work("1", 10)],
        budget=[{"key": "A1", "project_id": "p", "cost": 6000, "hours": 100}],
    )
    found = figures(world_, date(2026, 6, 30))
    assert found["progress"] > 0.8
    assert euros(3000) < found["estimate_at_completion"] < euros(6500)
    assert found["eac_p90"] > euros(4000)


@pytest.mark.parametrize(("cost", "estimate"), [([purchase("1", 1000)], euros(2000)), ([], euros(0))])
def test_without_a_budget_the_cost_goes_on_as_it_went(cost: list[Row], estimate: Decimal) -> None:
    lines = plan(("2026-06-30", 5000, "invoiced"), ("2027-07-01", 5000, "planned"))
    assert figures(world(plan_line=lines, cost=cost), date(2026, 6, 30))["estimate_at_completion"] == estimate


def test_without_budget_or_plan_nobody_can_tell() -> None:
    found = figures(world(cost=[purchase("1", 1000)]))
    assert (found["estimate_at_completion"], found["margin_at_completion"], found["progress"]) == (None, None, None)


def test_a_plan_that_ran_ahead_of_the_work_of_closed_projects_is_read_so() -> None:
    """Six closed projects had spent a fifth when their plans said half: a seventh that has spent a fifth of its budget by then is on course."""
    past = [f"q{at}" for at in range(6)]
    done = plan(("2026-03-01", 5000, "invoiced"), ("2026-06-30", 5000, "invoiced"))
    own = plan(("2026-06-30", 5000, "invoiced"), ("2026-12-31", 5000, "planned"))
    spent = (("2026-02-01", 1000), ("2026-05-01", 4000))
    several = frames(
        facts={
            "plan_line": [{**line, "key": f"{key}/{line['key']}", "project_id": key} for key in past for line in done] + own,
            "cost": [purchase(f"{key}/{day}", euro, project_id=key, spent_on=day) for key in past for day, euro in spent]
            + [purchase("1", 1000, spent_on="2026-02-01")],
            "budget": [{"key": f"B/{key}", "project_id": key, "cost": 5000} for key in [*past, "p"]],
        },
        golden={
            "project": [
                {"golden_id": key, "status": "Terminée", "amount": 10_000, "currency": "EUR", "starts_on": "2026-01-01"} for key in past
            ]
            + [{"golden_id": "p", "amount": 10_000, "currency": "EUR", "starts_on": "2026-01-01"}]
        },
    )
    alone = world(
        {"starts_on": "2026-01-01"}, plan_line=own, cost=[purchase("1", 1000)], budget=[{"key": "B", "project_id": "p", "cost": 5000}]
    )
    found, blind = row(profitability(several, date(2026, 6, 30)), golden_project_id="p"), figures(alone, date(2026, 6, 30))
    assert abs(found["estimate_at_completion"] - 5000) < 250
    assert blind["estimate_at_completion"] < found["estimate_at_completion"]
    assert found["eac_p90"] - found["eac_p10"] < blind["eac_p90"] - blind["eac_p10"]


@pytest.mark.parametrize("amount", [-100, 0])
def test_a_project_whose_cost_was_refunded_still_costs_its_budget(amount: int) -> None:
    own = plan(("2026-06-30", 5000, "invoiced"), ("2026-12-31", 5000, "planned"))
    budget = [{"key": "B", "project_id": "p", "cost": 5000}]
    found = figures(world({"starts_on": "2026-01-01"}, plan_line=own, cost=[purchase("1", amount)], budget=budget), date(2026, 6, 30))
    assert found["estimate_at_completion"] == euros("5376.34")
    assert found["eac_p10"] < found["estimate_at_completion"] < found["eac_p90"]


def test_nonsense_in_closed_projects_does_not_spread() -> None:
    """A budget of one euro, one that was never spent, costs that were paid back, hours without a worth."""
    own = plan(("2026-06-30", 5000, "invoiced"), ("2026-12-31", 5000, "planned"))
    closed = ("typo", "unspent", "refunded", "unpriced")
    lines = [{**line, "key": f"{key}/{line['key']}", "project_id": key, "status": "invoiced"} for key in closed for line in own]
    budgets = {"typo": 1, "unspent": 5000, "refunded": 5000, "unpriced": 5000, "p": 5000}
    odd = frames(
        facts={
            "plan_line": [*lines, *own],
            "cost": [
                purchase("1", 2500), purchase("2", 5000, project_id="typo"), purchase("3", -700, project_id="refunded"),
                work("4", 50, employee="nobody", project_id="unpriced"),
            ],
            "budget": [{"key": f"B/{key}", "project_id": key, "cost": cost, "hours": 100} for key, cost in budgets.items()],
        },
        golden={
            "project": [
                {"golden_id": key, "amount": 10_000, "currency": "EUR", "starts_on": "2026-01-01", "status": "Terminée" if key in closed else None}
                for key in budgets
            ]
        },
    )  # fmt: skip
    found = row(profitability(odd, date(2026, 6, 30)), golden_project_id="p")
    assert euros(4000) < found["estimate_at_completion"] < euros(9000)
    assert euros(2500) <= found["eac_p10"] < found["estimate_at_completion"] < found["eac_p90"] < euros(20_000)


def test_goods_bought_ahead_do_not_make_the_work_dear() -> None:
    lines = plan(("2026-06-30", 5000, "invoiced"), ("2027-07-01", 5000, "planned"))
    found = figures(
        world(
            plan_line=lines,
            cost=[purchase("1", 4000), work("2", 50)],
            budget=[{"key": "A1", "project_id": "p", "cost": 10_000, "hours": 100}],
        ),
        date(2026, 6, 30),
    )
    assert euros(10_000) <= found["estimate_at_completion"] <= euros(10_300)


def test_row_order_is_nothing() -> None:
    several = world(
        invoice=[invoice("F1", "100.10", "120.12"), invoice("F2", "50.05", "60.06")],
        cost=[work("1", "1.5"), work("2", "2.25"), purchase("3", "9.99")],
        plan_line=HALF_DONE,
    )
    assert profitability(shuffled(several), TODAY).equals(profitability(several, TODAY))
