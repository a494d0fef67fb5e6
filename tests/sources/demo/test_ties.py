"""Every figure ties to its rows, to the cent; every key points somewhere."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from .reading import Demo, Row, euros

DEPOSITS = "419100"


def sums(rows: Iterable[Row], key: str, amount: str) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        totals[row[key]] += euros(row[amount])
    return totals


def day(text: str) -> date:
    return datetime.strptime(text, "%d/%m/%Y").date()  # noqa: DTZ007 - a plain date


def test_a_deal_is_the_sum_of_its_lines(demo: Demo) -> None:
    totals = sums(demo.rows("crm/OpportunityLineItem"), "OpportunityId", "TotalPrice")
    assert all(totals[row["Id"]] == euros(row["Amount"]) for row in demo.rows("crm/Opportunity"))


def test_a_line_is_quantity_times_price(demo: Demo) -> None:
    for row in demo.rows("crm/OpportunityLineItem"):
        assert euros(row["Quantity"]) * euros(row["UnitPrice"]) == euros(row["TotalPrice"])


def test_a_schedule_sums_to_its_line(demo: Demo) -> None:
    totals = sums(demo.rows("crm/OpportunityLineItemSchedule"), "OpportunityLineItemId", "Revenue")
    assert all(totals[row["Id"]] == euros(row["TotalPrice"]) for row in demo.rows("crm/OpportunityLineItem"))


def test_a_probability_is_the_roll_up_of_the_lines(demo: Demo) -> None:
    weighted: dict[str, Decimal] = defaultdict(Decimal)
    for row in demo.rows("crm/OpportunityLineItem"):
        weighted[row["OpportunityId"]] += euros(row["TotalPrice"]) * euros(row["Probability__c"])
    for row in demo.rows("crm/Opportunity"):
        assert round(weighted[row["Id"]] / euros(row["Amount"])) == int(row["Probability"])


def test_the_last_step_is_the_deal_as_it_stands(demo: Demo) -> None:
    last = {row["OpportunityId"]: row for row in demo.rows("crm/OpportunityHistory")}
    for deal in demo.rows("crm/Opportunity"):
        step = last[deal["Id"]]
        assert all(step[name] == deal[name] for name in ("StageName", "Amount", "Probability", "CloseDate"))


def test_a_history_goes_forward(demo: Demo) -> None:
    moments: dict[str, list[str]] = defaultdict(list)
    for row in demo.rows("crm/OpportunityHistory"):
        moments[row["OpportunityId"]].append(row["CreatedDate"][:10])
    assert all(days == sorted(days) for days in moments.values())


def test_an_invoice_is_the_sum_of_its_lines_plus_vat(demo: Demo) -> None:
    totals = sums(demo.rows("billing/lignes_factures"), "N° pièce", "Montant HT")
    for row in demo.rows("billing/factures") + demo.rows("billing/avoirs"):
        assert totals[row["N° pièce"]] == euros(row["Total HT"])
        assert euros(row["Total HT"]) + euros(row["Total TVA"]) == euros(row["Total TTC"])


def test_deposits_are_deducted_in_full_on_finished_projects(demo: Demo) -> None:
    project = {row["N° pièce"]: row["Code affaire"] for row in demo.rows("billing/factures")}
    doubled = {row["billing_key"] for row in demo.rows("truth/faults") if row["kind"] == "duplicate_invoice"}
    held: dict[str, Decimal] = defaultdict(Decimal)
    for row in demo.rows("billing/lignes_factures"):
        if row["Compte"] == DEPOSITS:
            held[project[row["N° pièce"]]] += euros(row["Montant HT"])
    states: dict[str, set[str]] = defaultdict(set)
    for row in demo.rows("billing/echeancier"):
        states[row["Code affaire"]].add(row["Etat"])
    assert all(held[code] == 0 for code, known in states.items() if known == {"Facturé"} and code not in doubled)


def test_a_plan_sums_to_the_contract_and_its_amendments(demo: Demo) -> None:
    planned = sums(demo.rows("billing/echeancier"), "Code affaire", "Montant HT")
    added = sums(demo.rows("billing/avenants"), "Code affaire", "Montant HT")
    off = {
        row["Code affaire"]
        for row in demo.rows("billing/affaires")
        if row["Code client"]
        and row["Code affaire"] in planned
        and planned[row["Code affaire"]] != euros(row["Montant marché HT"]) + added[row["Code affaire"]]
    }
    seeded = {row["billing_key"] for row in demo.rows("truth/faults") if row["kind"] == "plan_differs_from_contract"}
    assert off == seeded


def test_invoiced_plan_lines_point_to_an_invoice_of_their_amount(demo: Demo) -> None:
    invoices = {row["N° pièce"]: row for row in demo.rows("billing/factures")}
    odd = set()
    for line in demo.rows("billing/echeancier"):
        assert (line["Etat"] == "Facturé") == bool(line["N° facture"])
        if line["N° facture"]:
            invoice = invoices[line["N° facture"]]
            assert invoice["Code affaire"] == line["Code affaire"]
            if euros(invoice["Total HT"]) != euros(line["Montant HT"]):
                odd.add(invoice["N° pièce"])
    seeded = {
        number
        for row in demo.rows("truth/faults")
        if row["kind"] in ("price_below_contract", "over_billing")
        for number in row["invoices"].split(";")
    }
    assert odd == seeded


def test_payments_settle_their_invoices(demo: Demo) -> None:
    gross = {row["N° pièce"]: euros(row["Total TTC"]) for row in demo.rows("billing/factures") + demo.rows("billing/avoirs")}
    by_letter: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in demo.rows("billing/factures") + demo.rows("billing/avoirs"):
        if row["Lettrage"]:
            by_letter[row["Code client"], row["Lettrage"]] += gross[row["N° pièce"]]
    for row in demo.rows("billing/reglements"):
        if row["Lettrage"]:
            by_letter[row["Code client"], row["Lettrage"]] -= euros(row["Montant"])
    for row in demo.rows("billing/pertes"):
        by_letter[row["Code client"], row["Lettrage"]] -= euros(row["Montant TTC"])
    assert set(by_letter.values()) == {Decimal(0)}


def test_numbers_grow_with_dates(demo: Demo) -> None:
    for table in ("factures", "avoirs"):
        rows = demo.rows(f"billing/{table}")
        assert [row["N° pièce"] for row in rows] == sorted(row["N° pièce"] for row in rows)
        assert [day(row["Date"]) for row in rows] == sorted(day(row["Date"]) for row in rows)


def test_nothing_is_dated_after_today(demo: Demo, today: date) -> None:
    for table, column in (("factures", "Date"), ("avoirs", "Date"), ("reglements", "Date"), ("relances", "Date")):
        assert max(day(row[column]) for row in demo.rows(f"billing/{table}")) <= today
    assert max(row["date"] for row in demo.rows("temps/temps")) <= today.isoformat()
    assert max(row["LastModifiedDate"][:10] for row in demo.rows("crm/Opportunity")) <= today.isoformat()


def test_truth_knows_every_project_to_the_cent(demo: Demo) -> None:
    rate = {row["matricule"]: euros(row["cout_horaire"]) for row in demo.rows("temps/salaries")}
    labour: dict[str, Decimal] = defaultdict(Decimal)
    for row in demo.rows("temps/temps"):
        labour[row["projet"]] += euros(row["heures"]) * rate[row["matricule"]]
    bought = sums(demo.rows("temps/achats"), "projet", "montant_ht")
    billed = sums(demo.rows("billing/factures"), "Code affaire", "Total HT")
    for row in demo.rows("truth/projects"):
        assert labour[row["time_key"]] + bought[row["time_key"]] == euros(row["cost_to_date"])
        assert billed[row["billing_key"]] == euros(row["invoiced_ht"])


def test_keys_point_somewhere(demo: Demo) -> None:
    accounts = {row["Id"] for row in demo.rows("crm/Account")}
    contacts = {row["Id"] for row in demo.rows("crm/Contact")} | {""}
    clients = {row["Code client"] for row in demo.rows("billing/clients")}
    projects = {row["Code affaire"] for row in demo.rows("billing/affaires")}
    times = {row["projet"] for row in demo.rows("temps/projets")}
    articles = {row["Code article"] for row in demo.rows("billing/articles")} | {""}
    assert {row["AccountId"] for row in demo.rows("crm/Opportunity") + demo.rows("crm/Contact")} <= accounts
    assert {row["ContactId"] for row in demo.rows("crm/Opportunity")} <= contacts
    assert {row["Code client"] for row in demo.rows("billing/factures")} <= clients
    assert {row["Code affaire"] for row in demo.rows("billing/factures")} <= projects | {""}
    assert {row["projet"] for row in demo.rows("temps/temps") + demo.rows("temps/achats")} <= times
    assert {row["Code article"] for row in demo.rows("billing/lignes_factures")} <= articles
