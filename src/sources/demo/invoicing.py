"""Invoices: what is done on the plans, counter sales, credit notes; and the faults that billing makes."""

from datetime import date
from decimal import Decimal
from random import Random
from typing import Final

from .catalogue import Catalogue
from .dates import after, between, due_date, workday
from .model import Client, Invoice, Item, PlanLine, Product, Project
from .money import ZERO, euros, percent
from .plans import DEPOSIT

DEPOSIT_ACCOUNT: Final = "419100"
_ACCOUNTS: Final = {"Services": "706000", "Abonnements": "706200", "Matériel": "707000"}
_CAUSES: Final = ("Erreur de quantité", "Retour matériel", "Jours non réalisés", "Remise oubliée", "Geste commercial")
_COUNTER_SALES: Final = 0.17
"""A client and month, for one client in five."""


def bill(
    rng: Random, projects: list[Project], clients: list[Client], catalogue: Catalogue, loose: int, start: date, today: date
) -> list[Invoice]:
    """Every document until `today`, numbered in order of date. `loose`: counter sales booked on no project at all."""
    invoices: list[Invoice] = []
    for project in projects:
        invoices.extend(_invoice_plan(rng, project, today))
    counter = _counter_sales(rng, clients, catalogue, start, today)
    old = [one for one in counter if (today - one.on).days > 40]
    for invoice in rng.sample(old, min(loose, len(old))):
        invoice.code, invoice.leak = "", "invoice_without_deal_or_project"
    invoices.extend(counter)
    invoices.extend(_credits(rng, invoices, today))
    _number(invoices)
    return invoices


def _invoice_plan(rng: Random, project: Project, today: date) -> list[Invoice]:
    """Invoice the lines that are done; lines done in the last days may wait for the next run."""
    skipped = _forgotten(rng, project, today)
    late = _late_line(project, today)
    made: list[Invoice] = []
    for line in project.plan:
        if line.done > today:
            continue
        line.state = "Réalisé"
        issued = workday(after(line.done, rng.randint(34, 62) if line is late else rng.choice((0, 0, 0, 1, 2))))
        if line is skipped or issued > today:
            continue
        line.state = "Facturé"
        line.invoice = _plan_invoice(project, line, issued)
        made.append(line.invoice)
        if line is late:
            line.invoice.leak = "late_issue"
    return made + _mistakes(rng, project, made, today)


_FORGOTTEN: Final = {
    "milestone_done_not_invoiced": "Jalon",
    "unbilled_time": "Mensuel",
    "missed_recurrence_or_indexation": "Période",
}


def _forgotten(rng: Random, project: Project, today: date) -> PlanLine | None:
    kind = _FORGOTTEN.get(project.deal.leak)
    old = [line for line in project.plan if line.kind == kind and (today - line.done).days > 35]
    return rng.choice(old) if old else None


def _late_line(project: Project, today: date) -> PlanLine | None:
    if project.deal.leak != "late_issue":
        return None
    return next((line for line in project.plan if line.kind == "Jalon" and (today - line.done).days > 70), None)


def _plan_invoice(project: Project, line: PlanLine, issued: date) -> Invoice:
    deposit = line.kind == "Acompte"
    client = project.client
    terms = client.terms
    if project.deal.leak == "terms_mismatch" and not deposit:
        terms = "60J"
    return Invoice(
        kind="Facture d'acompte" if deposit else "Facture",
        on=issued,
        client=client,
        project=project,
        code=project.code,
        terms=terms,
        due=due_date(issued, terms),
        items=_items(project, line),
        reference=project.reference,
        leak="terms_mismatch" if terms != client.terms else "",
    )


def _items(project: Project, line: PlanLine) -> list[Item]:
    """Lines of the invoice of a plan line; the last one deducts the deposit on account 419100."""
    if line.kind == "Acompte":
        return [Item("", f"{line.label} - {project.deal.title}", 1, line.amount, DEPOSIT_ACCOUNT)]
    deposit = _deposit(project) if line.kind in ("Solde", "Livraison") else ZERO
    if line.sold:
        cheaper = percent(max(unit for _, _, unit in line.sold), 3) if project.deal.leak == "price_below_contract" else ZERO
        items = [_sale(product, count, unit, line, cheaper) for product, count, unit in line.sold]
    else:
        product = project.deal.lines[0].product
        label = f"{line.label} - {project.deal.title}"
        items = [Item(product.article, label, 1, line.amount + deposit, _ACCOUNTS[product.family])]
    if deposit:
        items.append(Item("", f"Déduction acompte {DEPOSIT}%", 1, -deposit, DEPOSIT_ACCOUNT))
    return items


def _deposit(project: Project) -> Decimal:
    return project.plan[0].amount if project.plan[0].kind == "Acompte" else ZERO


def _sale(product: Product, count: int, unit: Decimal, line: PlanLine, cheaper: Decimal) -> Item:
    suffix = {"Mensuel": f" {line.planned:%m/%Y}", "Période": f" du {line.planned:%m/%Y}"}.get(line.kind, "")
    price = unit - min(cheaper, percent(unit, 3))
    return Item(product.article, product.designation + suffix, count, price, _ACCOUNTS[product.family])


def _mistakes(rng: Random, project: Project, made: list[Invoice], today: date) -> list[Invoice]:
    """Over-billing, prices below contract and duplicates, on the invoices of a project."""
    leak = project.deal.leak
    sales = [invoice for invoice in made if invoice.kind == "Facture" and (today - invoice.on).days > 50]
    if not sales:
        return []
    if leak == "over_billing":
        extra = percent(project.contract, rng.randint(6, 9))
        sales[-1].items.append(Item("", "Travaux complémentaires", 1, extra, "706000"))
        sales[-1].leak = leak
    if leak == "price_below_contract":
        sales[-1].leak = leak
    if leak == "duplicate_invoice":
        return [_again(rng, rng.choice(sales))]
    return []


def _again(rng: Random, first: Invoice) -> Invoice:
    issued = workday(after(first.on, rng.randint(3, 30)))
    return Invoice(
        kind=first.kind,
        on=issued,
        client=first.client,
        project=first.project,
        code=first.code,
        terms=first.terms,
        due=due_date(issued, first.terms),
        items=list(first.items),
        reference=first.reference,
        origin=first,
        leak="duplicate_invoice",
    )


def _counter_sales(rng: Random, clients: list[Client], catalogue: Catalogue, start: date, today: date) -> list[Invoice]:
    """Parts sold over the counter, on the year's DIV project: no deal expected."""
    months = max(1, (today - start).days // 30)
    buyers = [client for client in clients if client.kind != "dup" and rng.random() < 0.2]
    made = []
    for client in buyers:
        for _ in range(rng.randint(0, round(2 * _COUNTER_SALES * months))):
            day = workday(between(rng, max(start, client.created), after(today, -2)))
            broke = client.entity.bankrupt_on
            if day <= today and (broke is None or day < broke):
                made.append(_counter_sale(rng, client, catalogue, day))
    return made


def _counter_sale(rng: Random, client: Client, catalogue: Catalogue, day: date) -> Invoice:
    goods = [product for product in catalogue.equipment if product.price < 900]
    items = [
        Item(product.article, product.designation, rng.randint(1, 4), product.price, _ACCOUNTS[product.family])
        for product in rng.sample(goods, rng.choice((1, 1, 2)))
    ]
    return Invoice("Facture", day, client, None, f"DIV-{day:%y}", client.terms, due_date(day, client.terms), items)


def _credits(rng: Random, invoices: list[Invoice], today: date) -> list[Invoice]:
    """Credit notes: some with a cause, and the seeded ones without origin nor cause."""
    made = []
    done: set[str] = set()
    for invoice in invoices:
        if invoice.kind != "Facture" or invoice.leak:
            continue
        leak = invoice.project.deal.leak if invoice.project else ""
        seeded = leak == "credit_note_without_cause" and invoice.code not in done and (today - invoice.on).days > 60
        if seeded:
            done.add(invoice.code)
        if seeded or (not leak and rng.random() < 0.018):
            day = workday(after(invoice.on, rng.randint(6, 26)))
            if day <= today:
                made.append(_credit(rng, invoice, day, caused=not seeded))
    return made


def _credit(rng: Random, invoice: Invoice, day: date, *, caused: bool) -> Invoice:
    first = next(item for item in invoice.items if item.amount > 0)
    cause = rng.choice(_CAUSES) if caused else ""
    amount = euros(min(first.amount, invoice.net) * rng.choice((4, 5, 8, 10)) / 100)
    item = Item(first.article, f"Avoir - {cause}" if cause else "Avoir", 1, -amount, first.account)
    return Invoice(
        kind="Avoir",
        on=day,
        client=invoice.client,
        project=invoice.project,
        code=invoice.code,
        terms=invoice.terms,
        due=day,
        items=[item],
        origin=invoice if caused else None,
        cause=cause,
        leak="" if caused else "credit_note_without_cause",
    )


def _number(invoices: list[Invoice]) -> None:
    """FAyy-nnnnn and AVyy-nnnnn by calendar year, growing with the date."""
    counts: dict[str, int] = {}
    invoices.sort(key=lambda one: (one.on, one.client.code, one.code, one.items[0].label, one.net))
    for invoice in invoices:
        series = f"{'AV' if invoice.kind == 'Avoir' else 'FA'}{invoice.on:%y}"
        counts[series] = counts.get(series, 0) + 1
        invoice.number = f"{series}-{counts[series]:05d}"
