"""The company is believable: sizes, margins, an open pipeline, a year of plan ahead, dirt in loose bounds."""

from collections import Counter
from datetime import date, timedelta

from sources.demo import Summary, leaks

from .reading import Demo, euros


def share(hits: int, total: int) -> float:
    return hits / total


def test_sizes(summary: Summary) -> None:
    assert 1.05 <= summary.accounts / 300 <= 1.25
    assert 0.98 <= summary.clients / 300 <= 1.15
    assert 55 <= summary.open_deals <= 90
    assert summary.projects > 250
    assert summary.invoices > 900


def test_most_entities_are_in_both_systems(demo: Demo) -> None:
    seen: dict[str, set[str]] = {}
    for row in demo.rows("truth/entity_clusters"):
        seen.setdefault(row["true_id"], set()).add(row["source"])
    assert len(seen) == 300
    assert 0.72 <= share(sum({"crm", "billing"} <= sources for sources in seen.values()), len(seen)) <= 0.9


def test_most_projects_earn_and_some_lose(demo: Demo) -> None:
    margins = [
        (float(row["margin_at_completion_true"]) / float(euros(row["contract_ht"]) + euros(row["amendments_ht"])))
        for row in demo.rows("truth/projects")
    ]
    assert share(sum(0.15 <= margin <= 0.45 for margin in margins), len(margins)) > 0.6
    assert 0.04 <= share(sum(margin < 0 for margin in margins), len(margins)) <= 0.13


def test_the_coming_months_are_full(demo: Demo, today: date) -> None:
    open_deals = [row for row in demo.rows("crm/Opportunity") if row["IsClosed"] == "false"]
    ahead = [row for row in open_deals if row["CloseDate"] > today.isoformat()]
    assert len(open_deals) - len(ahead) == leaks.per_kind(300), "only the stale deals lie in the past"
    assert len({row["CloseDate"][:7] for row in ahead}) >= 4
    months = {row["Date prévue"][3:] for row in demo.rows("billing/echeancier") if row["Etat"] == "A venir"}
    assert {f"{today + timedelta(days=30 * month):%m/%Y}" for month in range(1, 13)} <= months
    assert any(row["Etat"] == "Ouverte" for row in demo.rows("billing/factures"))


def test_nobody_works_more_than_a_long_day_often(demo: Demo) -> None:
    load: Counter[tuple[str, str]] = Counter()
    for row in demo.rows("temps/temps"):
        load[row["matricule"], row["date"]] += int(row["heures"])
    assert share(sum(hours > 8 for hours in load.values()), len(load)) < 0.002


def test_identifiers_are_missing_in_a_large_share(demo: Demo) -> None:
    accounts = demo.rows("crm/Account")
    numbered = sum(bool(row["SIREN__c"] or row["SIRET__c"] or row["VAT_Number__c"]) for row in accounts)
    assert 0.35 <= share(numbered, len(accounts)) <= 0.7
    assert sum("SIREN" in row["Description"] for row in accounts) >= 3
    clients = demo.rows("billing/clients")
    assert 0.55 <= share(sum(bool(row["SIREN/SIRET"]) for row in clients), len(clients)) <= 0.85


def test_names_are_spoilt_in_billing(demo: Demo) -> None:
    names = [row["Raison sociale"] for row in demo.rows("billing/clients")]
    assert max(map(len, names)) == 35
    assert 0.5 <= share(sum(name == name.upper() for name in names), len(names)) <= 0.85
    assert any("Ã" in name for name in names), "some mojibake"


def test_emails_are_shared(demo: Demo) -> None:
    mails = Counter(row["E-mail"] for row in demo.rows("billing/clients") if row["E-mail"])
    assert any(count >= 3 and mail.startswith(("saisie@", "factures@")) for mail, count in mails.items())
    assert all(mail.endswith(".example") for mail in mails)


def test_must_not_merge_has_every_reason(demo: Demo) -> None:
    assert {row["reason"] for row in demo.rows("truth/must_not_merge")} == {
        "group_siblings",
        "homonym",
        "parent_subsidiary",
        "predecessor_successor",
        "same_surname_same_company",
        "variant",
    }
    assert all(row["true_a"] != row["true_b"] for row in demo.rows("truth/must_not_merge"))


def test_contacts_are_doubled(demo: Demo) -> None:
    jobs = Counter(row["job_id"] for row in demo.rows("truth/contact_clusters"))
    assert 0.08 <= share(sum(count > 1 for count in jobs.values()), len(jobs)) <= 0.25
    people: dict[str, set[str]] = {}
    for row in demo.rows("truth/contact_clusters"):
        people.setdefault(row["person_id"], set()).add(row["job_id"])
    assert any(len(held) > 1 for held in people.values()), "someone changed employer"


def test_products_are_told_twice(demo: Demo) -> None:
    named = {row["Id"]: row["Name"] for row in demo.rows("crm/Product2")}
    priced = {row["Code article"]: euros(row["PV HT"]) for row in demo.rows("billing/articles") if row["Actif"] == "O"}
    both = Counter(row["true_id"] for row in demo.rows("truth/product_clusters"))
    assert min(both.values()) == 2
    assert len(named) == len(priced) == 60


def test_links_are_of_every_kind(demo: Demo) -> None:
    kinds = Counter(row["how"] for row in demo.rows("truth/deal_project_links"))
    assert set(kinds) == {"reference", "name", "amount_period", "amendment", "none"}
    references = {row["Id"]: row["Reference__c"] for row in demo.rows("crm/Opportunity")}
    projects = {row["Code affaire"]: row for row in demo.rows("billing/affaires")}
    for row in demo.rows("truth/deal_project_links"):
        project = projects[row["billing_key"]]
        if row["how"] == "reference":
            assert references[row["crm_key"]] in (project["Référence"] or project["Libellé"])
