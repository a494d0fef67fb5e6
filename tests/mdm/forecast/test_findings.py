"""What it takes to act on a leak: an id that lasts, whose it is, what to do; first the link where that is doubtful; and what came back."""

from datetime import date
from typing import Any

from mdm.forecast.checks import CHECKS
from mdm.forecast.checks.acting import ACTIONS, NAMES
from mdm.forecast.findings import SCHEMA, findings, recovered
from mdm.forecast.frames import Frames
from tests.mdm.forecast.test_leakage import TODAY, Company, faulty
from tests.mdm.forecast.worlds import Row, euros, frames, shuffled


def world(company: Company, edges: list[Row] | None = None) -> Frames:
    return frames(company.facts, company.golden, company.members, edges)


def found(company: Company, **wanted: Any) -> list[Row]:
    rows = findings(world(company), TODAY).to_pylist()
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def test_every_check_says_who_acts_and_what_is_to_be_done() -> None:
    assert {check.slug for check in CHECKS} == ACTIONS.keys() == NAMES.keys()


def test_whose_it_is_follows_from_the_check() -> None:
    rows = {row["slug"]: row for row in findings(world(faulty()), TODAY).to_pylist()}
    assert (rows["won_deal_without_project"]["owner_role"], rows["won_deal_without_project"]["owner"]) == ("salesperson", "Eva Roy")
    assert (rows["scope_creep"]["owner_role"], rows["scope_creep"]["owner"]) == ("lead", "Ada")
    assert (rows["duplicate_invoice"]["owner_role"], rows["duplicate_invoice"]["owner"]) == ("accounting", None)
    assert rows["milestone_done_not_invoiced"]["age_days"] == (TODAY - date(2026, 11, 1)).days
    assert rows["milestone_done_not_invoiced"]["action_en"] == "Invoice the milestone."


def test_an_id_lasts_while_other_evidence_comes_and_row_order_is_nothing() -> None:
    before, company = {row["slug"]: row["id"] for row in findings(world(faulty()), TODAY).to_pylist()}, faulty()
    company.invoice("13", 4, 1, due="2026-06-01")
    company.pay("13", 4, 1)
    (again,) = found(company, slug="terms_mismatch")
    assert again["evidence"] == "billing:F13/2;billing:F13/4"
    assert again["id"] == before["terms_mismatch"]
    ids = findings(world(faulty()), TODAY)["id"].to_pylist()
    assert len(set(ids)) == len(ids)
    assert findings(shuffled(world(faulty())), TODAY)["id"].to_pylist() == ids


def test_below_the_certainty_of_a_finding_the_pair_is_to_be_reviewed_first() -> None:
    company = faulty()
    edge = {"left_source": "crm", "left_key": "D8", "right_source": "billing", "right_key": "A8", "levels": "{}"}
    for weight, doubtful in ((9.0, False), (3.0, True)):
        rows = findings(world(company, [{**edge, "weight": weight}]), TODAY).to_pylist()
        (row,) = [row for row in rows if row["slug"] == "price_below_contract"]
        assert (row["link_first"], row["pair"]) == (doubtful, "crm:D8;billing:A8" if doubtful else None)
        assert sum(other["link_first"] for other in rows) == doubtful


def test_nothing_leaks_from_nothing() -> None:
    assert findings(Frames.of(), TODAY).equals(SCHEMA.empty_table())
    assert recovered(Frames.of(), [], TODAY) == {}


def gone(slug: str) -> Row:
    """The finding of a check as it was, a while ago."""
    (row,) = [row for row in findings(world(faulty()), TODAY).to_pylist() if row["slug"] == slug][:1]
    return {**row, "first_seen": date(2026, 11, 1)}


def back(company: Company, slug: str) -> Any:
    was = gone(slug)
    assert was["id"] not in {row["id"] for row in found(company)}
    return recovered(world(company), [was], TODAY).get(was["id"])


def test_what_was_invoiced_of_a_milestone_came_back() -> None:
    company = faulty()
    company.invoice("5", 1, 990, "2026-11-10", "2026-12-10")
    (line,) = [line for line in company.facts["plan_line"] if line["key"] == "A5/1"]
    line.update(status="invoiced", invoice="F5/1", done_on="2026-11-09")
    assert back(company, "milestone_done_not_invoiced") == euros(990)


def test_what_was_credited_of_a_duplicate_came_back() -> None:
    company = faulty()
    known = {"kind": "credit_note", "issued_on": "2026-11-20", "project_id": "p15", "customer_id": "c15"}
    company.fact("invoice", key="A15c", net=-600, gross=-600, origin="F15/3", **known)
    assert back(company, "duplicate_invoice") == euros(600)


def test_what_was_paid_since_came_back_and_not_what_was_paid_before() -> None:
    company = faulty()
    company.pay("17", 2, 600, on="2026-11-15")
    assert back(company, "overdue_without_reminder") == euros(600)


def test_a_payment_that_is_allocated_now_came_back() -> None:
    company = faulty()
    (payment,) = [one for one in company.facts["payment"] if one["key"] == "P18/2"]
    payment["invoices"] = "F18/2"
    was = next(row for row in findings(world(faulty()), TODAY).to_pylist() if row["evidence"].startswith("billing:P18/2"))
    assert recovered(world(company), [{**was, "first_seen": date(2026, 11, 1)}], TODAY) == {was["id"]: euros(600)}


def test_of_what_was_only_corrected_nothing_is_told() -> None:
    company = faulty()
    (note,) = [row for row in company.facts["invoice"] if row["key"] == "A16"]
    note["reason"] = "Retour"
    assert back(company, "credit_note_without_cause") is None
