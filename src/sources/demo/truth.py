"""Writes the answers: what belongs together, what must not, what every project earns, and the faults put in.

For tests and benchmarks only: the hub never reads this folder.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from typing import Final

from .model import Entity, Fault, Invoice, PlanLine, Project
from .money import euros, total
from .tables import TRUTH, Row, write
from .world import World

COLUMNS: Final = {
    "entity_clusters": "source,key,record_kind,true_id,site_id",
    "contact_clusters": "source,key,person_id,job_id,true_id",
    "product_clusters": "source,key,true_id",
    "must_not_merge": "domain,source_a,key_a,source_b,key_b,true_a,true_b,reason",
    "deal_project_links": "deal_id,crm_key,project_id,billing_key,time_key,how",
    "projects": "project_id,billing_key,time_key,deal_id,true_id,site_id,kind,currency,start,end_planned,end_true,ended,"
    "contract_ht,amendments_ht,budget_hours,budget_cost,hours_to_date,labour_cost_to_date,purchases_to_date,cost_to_date,"
    "cost_at_completion_true,invoiced_ht,credit_ht,invoiced_net_ht,paid_ttc,billing_at_completion_true,margin_to_date,"
    "margin_at_completion_true,progress_by_cost,fault",
    "faults": "fault_id,kind_no,kind,true_id,deal_id,crm_key,project_id,billing_key,invoices,accounts,amount_eur,exposure_eur,since,note",
}


def export(world: World, folder: Path) -> dict[str, int]:
    """Write all tables; returns rows a table."""
    rows: dict[str, Iterator[Row]] = {
        "entity_clusters": _entities(world),
        "contact_clusters": (
            {
                "source": "crm",
                "key": contact.id,
                "person_id": contact.person.key,
                "job_id": contact.person.job,
                "true_id": contact.person.entity.key,
            }
            for contact in world.contacts
        ),
        "product_clusters": _products(world),
        "must_not_merge": _apart(world),
        "deal_project_links": _links(world),
        "projects": _projects(world),
        "faults": (_fault(number, fault) for number, fault in enumerate(world.faults, 1)),
    }
    return {table: write(folder / f"{table}.csv", COLUMNS[table], rows[table], TRUTH) for table in COLUMNS}


def _entities(world: World) -> Iterator[Row]:
    for account in world.accounts:
        yield _member("crm", account.id, account.kind, account.entity, account.site.key)
    for client in world.clients:
        yield _member("billing", client.code, client.kind, client.entity, client.site.key)
    for project in world.projects:
        yield _member("time", project.time_code, "project_label", project.deal.entity, "")


def _member(source: str, key: str, kind: str, entity: Entity, site: str) -> Row:
    return {"source": source, "key": key, "record_kind": kind, "true_id": entity.key, "site_id": site}


def _products(world: World) -> Iterator[Row]:
    for product in world.catalogue.products:
        yield {"source": "crm", "key": product.crm_id, "true_id": product.key}
        yield {"source": "billing", "key": product.article, "true_id": product.key}
    for product, code, _ in world.catalogue.retired:
        yield {"source": "billing", "key": code, "true_id": product.key}


def _apart(world: World) -> Iterator[Row]:
    """Pairs of records that look alike and differ: entities, relatives in one company, grades of a service."""
    records: dict[str, list[tuple[str, str]]] = {}
    for account in world.accounts:
        if account.kind != "merged":
            records.setdefault(account.entity.key, []).append(("crm", account.id))
    for client in world.clients:
        records.setdefault(client.entity.key, []).append(("billing", client.code))
    for one, other, reason in world.market.alike:
        for a in records.get(one.key, []):
            for b in records.get(other.key, []):
                yield _pair("entity", a, b, one.key, other.key, reason)
    yield from _relatives(world)
    for line in world.catalogue.lines:
        for low, high in combinations(world.catalogue.grades(line), 2):
            yield _pair("product", ("crm", low.crm_id), ("billing", high.article), low.key, high.key, "variant")
            yield _pair("product", ("crm", high.crm_id), ("billing", low.article), high.key, low.key, "variant")


def _relatives(world: World) -> Iterator[Row]:
    by_name: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for contact in world.contacts:
        person = contact.person
        by_name.setdefault((person.entity.key, person.last), []).append((contact.id, person.key))
    for group in by_name.values():
        for (one, a), (other, b) in combinations(group, 2):
            if a != b:
                yield _pair("contact", ("crm", one), ("crm", other), a, b, "same_surname_same_company")


def _pair(domain: str, a: tuple[str, str], b: tuple[str, str], true_a: str, true_b: str, reason: str) -> Row:
    return {
        "domain": domain,
        "source_a": a[0],
        "key_a": a[1],
        "source_b": b[0],
        "key_b": b[1],
        "true_a": true_a,
        "true_b": true_b,
        "reason": reason,
    }


def _links(world: World) -> Iterator[Row]:
    for project in world.projects:
        for deal in (project.deal, *project.amendments):
            hidden = deal.leak == "project_without_deal"
            yield {
                "deal_id": deal.key,
                "crm_key": "" if hidden else deal.id,
                "project_id": project.key,
                "billing_key": project.code,
                "time_key": project.time_code,
                "how": project.how if deal is project.deal else "amendment",
            }


def _projects(world: World) -> Iterator[Row]:
    documents: dict[int, list[Invoice]] = {}
    for invoice in world.invoices:
        if invoice.project is not None:
            documents.setdefault(id(invoice.project), []).append(invoice)
    for project in world.projects:
        yield {**_identity(project, world.today), **_money(project, documents.get(id(project), []), world.today)}


def _identity(project: Project, today: date) -> Row:
    deal = project.deal
    return {
        "project_id": project.key,
        "billing_key": project.code,
        "time_key": project.time_code,
        "deal_id": deal.key,
        "true_id": deal.entity.key,
        "site_id": deal.account.site.key,
        "kind": deal.kind,
        "currency": "EUR",
        "start": project.start,
        "end_planned": project.end_planned,
        "end_true": project.end,
        "ended": int(project.end <= today),
        "contract_ht": project.contract,
        "amendments_ht": total([one.amount for one in project.amendments]),
        "budget_hours": project.budget_hours,
        "budget_cost": project.budget_cost,
        "fault": deal.leak if deal.leak != "approved_discount" else "",
    }


def _money(project: Project, documents: list[Invoice], today: date) -> Row:
    """Costs and billing until today and at completion, to the cent."""
    hours = [entry for entry in project.hours if entry.on <= today]
    labour = total([entry.hours * entry.employee.cost for entry in hours])
    purchases = total([one.amount for one in project.purchases if one.on <= today])
    final_cost = total([entry.hours * entry.employee.cost for entry in project.hours])
    final_cost += total([one.amount for one in project.purchases])
    invoiced = total([one.net for one in documents if one.kind != "Avoir"])
    credit = total([one.net for one in documents if one.kind == "Avoir"])
    cost = labour + purchases
    final_billing = invoiced + credit + total([line.amount for line in project.plan if _to_come(line, today)])
    return {
        "hours_to_date": sum(entry.hours for entry in hours),
        "labour_cost_to_date": euros(labour),
        "purchases_to_date": purchases,
        "cost_to_date": euros(cost),
        "cost_at_completion_true": euros(final_cost),
        "invoiced_ht": invoiced,
        "credit_ht": credit,
        "invoiced_net_ht": invoiced + credit,
        "paid_ttc": total([one.paid for one in documents if one.kind != "Avoir"]),
        "billing_at_completion_true": final_billing,
        "margin_to_date": euros(invoiced + credit - cost),
        "margin_at_completion_true": euros(final_billing - final_cost),
        "progress_by_cost": f"{(cost / final_cost if final_cost else Decimal(1)):.4f}",
    }


def _to_come(line: PlanLine, today: date) -> bool:
    """Will be invoiced; lines forgotten for more than a week never are."""
    return line.invoice is None and (line.done > today or (today - line.done).days <= 7)


def _fault(number: int, fault: Fault) -> Row:
    deal, project = fault.deal, fault.project
    return {
        "fault_id": f"X{number:04d}",
        "kind_no": fault.number,
        "kind": fault.kind,
        "true_id": fault.entity.key,
        "deal_id": deal.key if deal else "",
        "crm_key": deal.id if deal else "",
        "project_id": project.key if project else "",
        "billing_key": project.code if project else "",
        "invoices": ";".join(invoice.number for invoice in fault.invoices),
        "accounts": ";".join(fault.accounts),
        "amount_eur": fault.amount,
        "exposure_eur": fault.exposure,
        "since": fault.since,
        "note": fault.note,
    }
