"""One company in which every project is sound but for one fault: every check finds its own, and nothing else."""

from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any

import pytest

from mdm.forecast.checks import CHECKS
from mdm.forecast.leakage import leakage
from tests.mdm.forecast.worlds import Row, euros, frames, row, shuffled

TODAY = date(2026, 11, 23)


class Company:
    """Rows by table, filled project by project: deal D, project A, two plan lines, two invoices F/1 and F/2, paid, ten hours worked."""

    def __init__(self) -> None:
        self.facts: dict[str, list[Row]] = {
            "employee": [{"source": "time", "key": "E", "name": "Ada", "hourly_cost": 50}],
            "reminder": [{"key": "R", "invoice": "F0/1", "sent_on": "2026-03-01", "level": 1}],
        }
        self.golden: dict[str, list[Row]] = {
            "salesperson": [{"golden_id": "s", "given_name": "Eva", "family_name": "Roy", "discount_authority": 15}],
            "product": [{"golden_id": "day", "label": "Jour", "unit": "jour"}],
        }
        self.members: dict[str, list[Row]] = {"project": []}

    def fact(self, entity: str, **values: Any) -> None:
        """Add a fact."""
        self.facts.setdefault(entity, []).append(values)

    def customer(self, name: str) -> None:
        """Add a customer."""
        self.golden.setdefault("customer", []).append({"golden_id": f"c{name}", "name": f"Client {name}"})

    def sell(self, name: str, **deal: Any) -> None:
        """A won deal of ten days at 100."""
        known = {"name": f"Affaire {name}", "status": "won", "amount": 1000, "probability": 100, "closes_on": "2026-01-10"}
        people = {"customer_id": f"c{name}", "salesperson_id": "s", "payment_terms": "30 jours"}
        self.fact("deal", source="crm", key=f"D{name}", **{**known, **people, **deal})
        line = {"deal": f"D{name}", "product_id": "day", "quantity": 10, "unit_price": 100, "list_price": 100, "amount": 1000}
        self.fact("deal_line", source="crm", key=f"L{name}", **line)

    def open(self, name: str, deal: bool = True, **project: Any) -> None:
        """A project, in billing and in the time tool."""
        dates = {"ordered_on": "2026-01-15", "starts_on": "2026-01-15", "ends_on": "2026-06-30"}
        known = {"golden_id": f"p{name}", "label": f"Projet {name}", "customer": f"c{name}", "amount": 1000, "currency": "EUR"}
        self.golden.setdefault("project", []).append({**known, **dates, **project})
        records = [("billing", f"A{name}"), ("time", f"T{name}"), *([("crm", f"D{name}")] if deal else [])]
        self.members["project"] += [{"golden_id": f"p{name}", "source": source, "key": key} for source, key in records]
        self.fact("budget", key=f"A{name}", project_id=f"p{name}", cost=500, hours=10)
        self.work(name, 10)

    def work(self, name: str, hours: int, category: str = "PRODUCTION") -> None:
        """Hours on a project."""
        known = {"kind": "labour", "spent_on": "2026-03-01", "employee": "E", "project_id": f"p{name}"}
        self.fact("cost", source="time", key=f"H{name}/{category}", hours=hours, category=category, **known)

    def plan(self, name: str, number: int, amount: int, on: str, **line: Any) -> None:
        """A line of the plan that is invoiced on its day."""
        known = {"status": "invoiced", "done_on": on, "invoice": f"F{name}/{number}", "kind": "Jalon", "label": f"Jalon {number}"}
        keyed = {"key": f"A{name}/{number}", "project": f"A{name}", "project_id": f"p{name}"}
        self.fact("plan_line", planned_on=on, amount=amount, **keyed, **{**known, **line})

    def invoice(self, name: str, number: int, amount: int, on: str = "2026-03-02", due: str = "2026-04-01", **more: Any) -> None:
        """An invoice with a line of its own."""
        to = {"project": f"A{name}", "project_id": f"p{name}", "customer": f"K{name}", "customer_id": f"c{name}"}
        known = {"kind": "invoice", "issued_on": on, "due_on": due, "net": amount, "gross": amount, "payment_terms": "30 jours net"}
        self.fact("invoice", key=f"F{name}/{number}", **{**to, **known, **more})
        line = {"amount": amount, "label": f"Jalon {number}", "quantity": 1, "unit_price": amount}
        self.fact("invoice_line", key=f"F{name}/{number}/1", invoice=f"F{name}/{number}", **line)

    def pay(self, name: str, number: int, amount: int, on: str = "2026-04-02", invoices: str | None = "") -> None:
        """A payment of an invoice."""
        listed = f"F{name}/{number}" if invoices == "" else invoices
        self.fact("payment", key=f"P{name}/{number}", received_on=on, amount=amount, invoices=listed, customer_id=f"c{name}")

    def sound(self, name: str, *, sold: bool = True, planned: bool = True, billed: bool = True, paid: bool = True) -> None:
        """A customer with a deal that became a project, was billed in two and paid."""
        self.customer(name)
        if sold:
            self.sell(name)
        self.open(name, deal=sold)
        for number, amount in ((1, 400), (2, 600)):
            if planned:
                self.plan(name, number, amount, "2026-03-01")
            if billed:
                self.invoice(name, number, amount)
            if billed and paid:
                self.pay(name, number, amount)


def faulty() -> Company:
    """A fault of each kind, in the project of its number."""
    company = Company()
    company.sound("0")
    company.customer("1")
    company.sell("1")
    company.sound("2", sold=False)
    company.sound("3", planned=False, billed=False)
    company.customer("4")
    company.sell("4")
    company.open("4")
    company.plan("4", 1, 900, "2026-12-01", status="planned", invoice=None, done_on=None)
    for name, kind in (("5", "Jalon"), ("6", "Mensuel"), ("12", "Période")):
        company.sound(name, planned=False, billed=False)
        company.plan(name, 1, 1000, "2026-11-01", status="done", invoice=None, kind=kind)
    company.customer("7")
    company.invoice("7", 1, 70, project=None, project_id=None)
    company.pay("7", 1, 70)
    company.sound("8", billed=False)
    for number, quantity, price in ((1, 4, 100), (2, 6, 90)):
        company.invoice("8", number, quantity * price)
        company.pay("8", number, quantity * price)
        company.facts["invoice_line"][-1].update(product_id="day", quantity=quantity, unit_price=price)
    company.sound("9")
    company.facts["deal_line"][-1].update(discount=25)
    company.sound("10")
    company.invoice("10", 3, 80)
    company.pay("10", 3, 80)
    company.sound("11")
    company.work("11", 8, "HORS PERIMETRE CLIENT")
    company.sound("13")
    company.facts["invoice"][-1].update(due_on="2026-05-01")
    company.sound("14")
    company.facts["plan_line"][-1].update(done_on="2026-01-16")
    company.sound("15")
    company.invoice("15", 3, 600, "2026-03-20", "2026-04-19")
    company.facts["invoice_line"][-1].update(label="Jalon 2")
    company.pay("15", 3, 600)
    company.sound("16")
    company.fact("invoice", key="A16", kind="credit_note", issued_on="2026-05-01", net=-33, gross=-33, project_id="p16", customer_id="c16")
    company.sound("17", paid=False)
    company.pay("17", 1, 400)
    company.sound("18", paid=False)
    company.pay("18", 1, 390)
    company.pay("18", 2, 600, invoices=None)
    company.fact("reminder", key="R18", invoice="F18/2", sent_on="2026-05-01", level=1)
    company.customer("19")
    company.sell("19", status="open", closes_on="2026-08-01", created_on="2026-06-01", last_activity_on="2026-08-01", probability=60)
    company.sound("20")
    company.facts["invoice"][-1].update(customer="K20b", payment_terms="60 jours net", due_on="2026-05-01")
    decoys(company)
    return company


def decoys(company: Company) -> None:
    """Look-alikes that are in order."""
    company.sound("approved")
    company.facts["deal_line"][-1].update(discount=25)
    company.facts["deal"][-1].update(discount_approved_by="Claire")
    company.sound("caused")
    known = {"kind": "credit_note", "issued_on": "2026-02-01", "project_id": "pcaused", "customer_id": "ccaused"}
    company.fact("invoice", key="A1", net=-10, gross=-10, reason="Retour", **known)
    company.sound("overrun")
    company.work("overrun", 5, "SUPPORT")
    company.customer("counter")
    company.golden["project"].append({"golden_id": "counter", "label": "Ventes au comptoir"})
    for number, on in ((1, "2026-03-02"), (2, "2026-03-09")):
        company.invoice("counter", number, 50, on, project="DIV", project_id="counter")
        company.pay("counter", number, 50)
        company.facts["invoice_line"][-1].update(label="Câble")
    company.sound("recent", planned=False, billed=False)
    company.plan("recent", 1, 1000, "2026-11-20", status="done", invoice=None)


@cache
def findings() -> list[Row]:
    """What leaks there."""
    company = faulty()
    return list(leakage(frames(company.facts, company.golden, company.members), TODAY).to_pylist())


EXPECTED: dict[int, tuple[str, str | int]] = {
    1: ("crm:D1", 1000), 2: ("billing:A2;time:T2", 1000), 3: ("billing:A3;crm:D3;time:T3", 1000), 4: ("billing:A4;crm:D4;time:T4", 100),
    5: ("billing:A5/1", 1000), 6: ("billing:A6/1", 1000), 7: ("billing:F7/1", 70), 8: ("billing:F8/2;crm:D8", 60), 9: ("crm:D9;crm:L9", 100),
    10: ("billing:F10/3;billing:A10;crm:D10;time:T10", 80), 11: ("billing:A11;crm:D11;time:T11", 100), 12: ("billing:A12/1", 1000),
    13: ("billing:F13/2", "2.47"), 14: ("billing:F14/2", "3.70"), 15: ("billing:F15/2;billing:F15/3", 600), 16: ("billing:A16", 33),
    17: ("billing:F17/2", 600), 19: ("crm:D19", 1000), 20: ("billing:K20;billing:K20b", "2.47"),
}  # fmt: skip


@pytest.mark.parametrize("number", EXPECTED)
def test_every_check_finds_its_fault_and_nothing_else(number: int) -> None:
    evidence, amount = EXPECTED[number]
    assert [(found["evidence"], found["amount"]) for found in findings() if found["check"] == number] == [(evidence, euros(amount))]


def test_short_and_unallocated_payments_are_told_with_the_invoice_that_they_may_settle() -> None:
    found = {(row["evidence"], row["amount"]) for row in findings() if row["check"] == 18}
    assert found == {("billing:F18/1", euros(10)), ("billing:P18/2;billing:F18/2", euros(600))}


def test_every_check_was_tried() -> None:
    assert {check.number for check in CHECKS} == {*EXPECTED, 18} == {found["check"] for found in findings()}


def sentences() -> Iterator[str]:
    """All that is said."""
    for found in findings():
        yield from (found["fr"], found["en"])


def test_sentences_are_whole() -> None:
    assert all("{" not in text and "None" not in text and "?" not in text for text in sentences())


def test_a_sentence_speaks_the_language_of_its_reader() -> None:
    found = next(found for found in findings() if found["check"] == 1)
    assert found["fr"] == (
        "L'affaire « Affaire 1 » (Client 1), gagnée le 10/01/2026, n'a pas de projet : 1\u202f000,00\u00a0€ qui ne seront pas facturés."
    )
    assert found["en"] == "Deal “Affaire 1” (Client 1), won on 2026-01-10, has no project: 1,000.00 EUR that nobody will invoice."


def test_a_lost_deal_whose_project_runs_is_inconsistent_not_missing() -> None:
    company = Company()
    company.sound("1", sold=False)
    company.sell("1", status="lost")
    found = leakage(frames(company.facts, company.golden, company.members), TODAY)
    assert row(found)["check"] == 19
    assert "perdue" in row(found)["fr"]


def test_a_price_that_was_not_indexed_after_a_year_is_told_once() -> None:
    company = Company()
    company.customer("1")
    company.sell("1")
    company.open("1", indexation=2, starts_on="2025-01-01", amount=1000)
    company.plan("1", 1, 600, "2025-03-01", kind="Période")
    company.plan("1", 2, 400, "2026-03-01", kind="Période")
    company.invoice("1", 1, 600, "2025-03-01", "2025-03-31")
    company.invoice("1", 2, 400, "2026-03-01", "2026-03-31")
    company.pay("1", 1, 600)
    company.pay("1", 2, 400)
    found = row(leakage(frames(company.facts, company.golden, company.members), TODAY))
    assert (found["check"], found["evidence"], found["amount"]) == (12, "billing:F1/2", euros(8))


def test_row_order_is_nothing() -> None:
    company = faulty()
    world = frames(company.facts, company.golden, company.members)
    assert leakage(shuffled(world), TODAY).to_pylist() == findings()
