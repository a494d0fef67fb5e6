"""Every kind of fault is there, shows in the files, and nothing else does."""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta

from sources.demo import dates, leaks

from .reading import Demo, Row, euros

CODES = {crm: code for code, (crm, _, _, _) in dates.TERMS.items()} | {billing: code for code, (_, billing, _, _) in dates.TERMS.items()}


def day(text: str) -> date:
    return datetime.strptime(text, "%d/%m/%Y").date()  # noqa: DTZ007 - a plain date


def seeded(demo: Demo, kind: str) -> list[Row]:
    return [row for row in demo.rows("truth/faults") if row["kind"] == kind]


def test_every_kind_is_there(demo: Demo) -> None:
    counts = Counter(int(row["kind_no"]) for row in demo.rows("truth/faults"))
    assert set(counts) == set(leaks.KINDS)
    assert min(counts.values()) >= 2
    assert all(leaks.KINDS[int(row["kind_no"])] == row["kind"] for row in demo.rows("truth/faults"))
    assert all(euros(row["amount_eur"]) > 0 for row in demo.rows("truth/faults"))


def test_won_deals_without_a_project(demo: Demo, today: date) -> None:
    linked = {row["crm_key"] for row in demo.rows("truth/deal_project_links")}
    old = (today - timedelta(days=12)).isoformat()
    lonely = {
        row["Id"]
        for row in demo.rows("crm/Opportunity")
        if row["StageName"] == "Closed Won" and row["CloseDate"] < old and row["Id"] not in linked
    }
    assert lonely == {row["crm_key"] for row in seeded(demo, "won_deal_without_project")}


def test_projects_without_plan(demo: Demo) -> None:
    planned = {row["Code affaire"] for row in demo.rows("billing/echeancier")}
    bare = {row["Code affaire"] for row in demo.rows("billing/affaires") if row["Code client"] and row["Code affaire"] not in planned}
    assert bare == {row["billing_key"] for row in seeded(demo, "project_without_invoice_plan")}


def test_done_and_not_invoiced(demo: Demo, today: date) -> None:
    waiting = {
        row["Code affaire"]
        for row in demo.rows("billing/echeancier")
        if row["Etat"] == "Réalisé" and (today - day(row["Date réalisation"])).days > 7
    }
    kinds = ("milestone_done_not_invoiced", "unbilled_time", "missed_recurrence_or_indexation")
    assert waiting == {row["billing_key"] for kind in kinds for row in seeded(demo, kind)}


def test_invoices_on_no_project(demo: Demo) -> None:
    loose = {row["N° pièce"] for row in demo.rows("billing/factures") if not row["Code affaire"]}
    assert loose == {row["invoices"] for row in seeded(demo, "invoice_without_deal_or_project")}


def test_discounts_over_authority(demo: Demo) -> None:
    authority = {row["Id"]: int(row["Discount_Authority__c"]) for row in demo.rows("crm/User")}
    deals = {row["Id"]: row for row in demo.rows("crm/Opportunity")}
    over = {
        line["OpportunityId"]
        for line in demo.rows("crm/OpportunityLineItem")
        if int(line["Discount"] or 0) > authority[deals[line["OpportunityId"]]["OwnerId"]]
    }
    approved = {key for key in over if deals[key]["Discount_Approved_By__c"]}
    assert approved, "decoys"
    assert over - approved == {row["crm_key"] for row in seeded(demo, "discount_over_authority")}


def test_terms_follow_the_account_but_for_the_faults(demo: Demo) -> None:
    terms = {row["Code client"]: row["Condition règlement"] for row in demo.rows("billing/clients")}
    odd = set()
    for row in demo.rows("billing/factures"):
        code = CODES[row["Condition règlement"]]
        assert day(row["Date échéance"]) == dates.due_date(day(row["Date"]), code)
        if terms[row["Code client"]] != row["Condition règlement"]:
            odd.add(row["N° pièce"])
    assert odd == {number for row in seeded(demo, "terms_mismatch") for number in row["invoices"].split(";")}


def test_late_issues(demo: Demo) -> None:
    issued = {row["N° pièce"]: day(row["Date"]) for row in demo.rows("billing/factures")}
    late = {
        row["N° facture"]
        for row in demo.rows("billing/echeancier")
        if row["N° facture"] and (issued[row["N° facture"]] - day(row["Date réalisation"])).days > 6
    }
    assert late == {row["invoices"] for row in seeded(demo, "late_issue")}


def test_duplicates_repeat_lines_and_stay_unpaid(demo: Demo) -> None:
    invoices = {row["N° pièce"]: row for row in demo.rows("billing/factures")}
    for fault in seeded(demo, "duplicate_invoice"):
        first, second = (invoices[number] for number in fault["invoices"].split(";"))
        assert first["Total TTC"] == second["Total TTC"]
        assert first["Code affaire"] == second["Code affaire"]
        assert second["Etat"] == "Ouverte"


def test_credit_notes_without_cause(demo: Demo) -> None:
    bare = {row["N° pièce"] for row in demo.rows("billing/avoirs") if not row["Facture d'origine"] or not row["Motif"]}
    assert bare == {row["invoices"] for row in seeded(demo, "credit_note_without_cause")}


def test_overdue_without_reminder(demo: Demo, today: date) -> None:
    reminded = {row["N° pièce"] for row in demo.rows("billing/relances")}
    silent = {
        row["N° pièce"]
        for row in demo.rows("billing/factures")
        if row["Etat"] != "Soldée" and (today - day(row["Date échéance"])).days > 30 and row["N° pièce"] not in reminded
    }
    assert silent == {row["invoices"] for row in seeded(demo, "overdue_without_reminder")}


def test_unmatched_and_short_payments(demo: Demo) -> None:
    loose = [row for row in demo.rows("billing/reglements") if not row["Pièces réglées"]]
    faults = seeded(demo, "unallocated_or_short_payment")
    assert len(loose) == sum("not matched" in row["note"] for row in faults) > 0
    assert any("short" in row["note"] for row in faults)


def test_stale_deals(demo: Demo, today: date) -> None:
    limit = (today - timedelta(days=60)).isoformat()
    stale = {
        row["Id"]
        for row in demo.rows("crm/Opportunity")
        if row["IsClosed"] == "false" and row["CloseDate"] < limit and row["LastActivityDate"] < limit
    }
    flagged = {row["crm_key"] for row in seeded(demo, "stale_or_inconsistent_deal")}
    assert stale
    assert stale < flagged


def test_out_of_scope_hours(demo: Demo) -> None:
    code = {row["time_key"]: row["billing_key"] for row in demo.rows("truth/projects")}
    outside = {code[row["projet"]] for row in demo.rows("temps/temps") if row["activite"] == "HORS PERIMETRE CLIENT"}
    assert outside == {row["billing_key"] for row in seeded(demo, "scope_creep")}


def test_broken_identities(demo: Demo) -> None:
    accounts: dict[str, set[str]] = defaultdict(set)
    terms = {row["Code client"]: row["Condition règlement"] for row in demo.rows("billing/clients")}
    for row in demo.rows("truth/entity_clusters"):
        if row["source"] == "billing":
            accounts[row["true_id"]].add(terms[row["key"]])
    broken = {key for key, known in accounts.items() if len(known) > 1}
    assert broken >= {row["true_id"] for row in seeded(demo, "identity_break")}
