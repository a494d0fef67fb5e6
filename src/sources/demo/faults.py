"""The faults as they came out, with what each is worth: the answer sheet of the leakage checks."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from .dates import after, due_date
from .leaks import KINDS
from .model import Client, Deal, Entity, Fault, Invoice, Project
from .money import ZERO, euros, total

_COST_OF_CASH: Final = Decimal("0.05")
_NUMBER: Final = {kind: number for number, kind in KINDS.items()}
_SOLD_HOURS: Final = 8


def found(
    deals: list[Deal], projects: list[Project], invoices: list[Invoice], broken: list[tuple[Client, Client]], today: date
) -> list[Fault]:
    """Every seeded fault that took effect by `today`, by kind."""
    of_project: dict[int, list[Invoice]] = {}
    for invoice in invoices:
        if invoice.project is not None:
            of_project.setdefault(id(invoice.project), []).append(invoice)
    faults = [
        *_of_deals(deals, projects, today),
        *_of_projects(projects, of_project, today),
        *_of_invoices(invoices, today),
        *_of_identities(invoices, broken),
    ]
    return sorted(faults, key=lambda fault: (fault.number, fault.since, fault.entity.key))


def _fault(kind: str, entity: Entity, amount: Decimal, since: date, note: str, **more: object) -> Fault:
    fault = Fault(_NUMBER[kind], kind, entity, None, None, (), (), euros(amount), euros(amount), since, note)
    return replace(fault, **more)  # type: ignore[arg-type]


def _financing(amount: Decimal, days: int) -> Decimal:
    return euros(amount * _COST_OF_CASH * days / 365)


def _of_deals(deals: list[Deal], projects: list[Project], today: date) -> Iterator[Fault]:
    of_deal = {id(project.deal): project for project in projects}
    for deal in deals:
        amount, entity, project = deal.amount, deal.entity, of_deal.get(id(deal))
        if deal.leak == "won_deal_without_project":
            yield _fault(deal.leak, entity, amount, deal.closes, "won, no project, never invoiced", deal=deal)
        elif deal.leak == "discount_over_authority":
            line = max(deal.lines, key=lambda line: line.discount)
            lost = line.quantity * line.product.price * (line.discount - deal.owner.authority) / 100
            note = f"discount {line.discount}% above authority {deal.owner.authority}% without approval"
            yield _fault(deal.leak, entity, lost, deal.closes, note, deal=deal, project=project, exposure=amount)
        elif deal.leak == "inconsistent_lost":
            note = "marked lost in the CRM while its project runs and is billed"
            yield _fault(KINDS[19], entity, amount, deal.closes, note, deal=deal, project=project)
        elif deal.leak == "stale":
            yield _fault(KINDS[19], entity, amount, deal.touched or today, "open, close date past and no activity", deal=deal)
        elif deal.leak == "inconsistent":
            note = f"open at stage {deal.stage} with probability {deal.probability}"
            yield _fault(KINDS[19], entity, amount, deal.touched or today, note, deal=deal)


def _of_projects(projects: list[Project], of_project: dict[int, list[Invoice]], today: date) -> Iterator[Fault]:
    for project in projects:
        deal, entity, leak = project.deal, project.deal.entity, project.deal.leak
        if leak == "project_without_deal":
            note = "project running without any CRM deal"
            yield _fault(leak, entity, project.contract, project.created, note, project=project)
        elif leak == "project_without_invoice_plan":
            note = "project opened without an invoice plan; nothing invoiced"
            yield _fault(leak, entity, project.contract, project.created, note, deal=deal, project=project)
        elif leak == "plan_differs_from_contract":
            agreed = project.contract + total([one.amount for one in project.amendments])
            short = agreed - total([line.amount for line in project.plan])
            note = "sum of the invoice plan is below the contract"
            yield _fault(leak, entity, short, project.created, note, deal=deal, project=project, exposure=agreed)
        elif leak in ("milestone_done_not_invoiced", "unbilled_time", "missed_recurrence_or_indexation"):
            for line in project.plan:
                if line.state == "Réalisé" and after(line.done, 7) < today:
                    note = f"plan line {line.number} done on {line.done}, not invoiced"
                    yield _fault(leak, entity, line.amount, line.done, note, deal=deal, project=project)
        elif leak == "scope_creep":
            yield from _creep(project, today)


def _creep(project: Project, today: date) -> Iterator[Fault]:
    outside = [entry for entry in project.hours if entry.activity == "HORS PERIMETRE CLIENT" and entry.on <= today]
    if not outside:
        return
    hours = sum(entry.hours for entry in outside)
    worth = project.deal.lines[0].unit * hours / _SOLD_HOURS
    since = min(entry.on for entry in outside)
    note = f"{hours} h outside scope at the contract day rate, no amendment"
    yield _fault("scope_creep", project.deal.entity, worth, since, note, deal=project.deal, project=project, exposure=project.contract)


def _of_invoices(invoices: list[Invoice], today: date) -> Iterator[Fault]:
    """Faults that sit on a document; terms mismatches are told once a project."""
    mismatched: dict[int, list[Invoice]] = {}
    for invoice in invoices:
        if invoice.leak == "terms_mismatch":
            mismatched.setdefault(id(invoice.project), []).append(invoice)
        elif invoice.leak:
            yield _of_invoice(invoice, today)
    for group in mismatched.values():
        yield _terms(group)


def _of_invoice(invoice: Invoice, today: date) -> Fault:
    kind, amount, exposure, since, note = _assessed(invoice, today)
    documents = (invoice.origin, invoice) if invoice.leak == "duplicate_invoice" and invoice.origin else (invoice,)
    project = invoice.project
    return Fault(
        _NUMBER[kind],
        kind,
        invoice.client.entity,
        project.deal if project and project.deal.leak != "project_without_deal" else None,
        project,
        documents,
        (),
        euros(amount),
        euros(exposure),
        since,
        note,
    )


def _assessed(invoice: Invoice, today: date) -> tuple[str, Decimal, Decimal, date, str]:
    """Kind, loss, exposure, since and note of the fault of an invoice."""
    leak, net, gross = invoice.leak, invoice.net, invoice.gross
    if leak == "invoice_without_deal_or_project":
        return leak, net, gross, invoice.on, "invoice with neither project nor deal (not a counter sale on a DIV project)"
    if leak == "price_below_contract":
        return leak, _short_of_plan(invoice), net, invoice.on, "unit price below the contract line"
    if leak == "over_billing":
        return leak, invoice.items[-1].amount, invoice.items[-1].amount, invoice.on, "invoiced above the contract, no amendment"
    if leak == "late_issue":
        line = _plan_line(invoice)
        days = (invoice.on - line).days
        return leak, _financing(net, days), net, line, f"issued {days} days after the milestone was done"
    if leak == "duplicate_invoice":
        return leak, net, gross, invoice.on, "same customer, project, lines and amount invoiced twice"
    if leak == "credit_note_without_cause":
        return leak, -net, -net, invoice.on, "credit note without origin invoice nor reason"
    if leak == "overdue_without_reminder":
        return leak, gross, gross, invoice.due, "overdue for more than 60 days, no reminder sent"
    if leak == "short_payment":
        return KINDS[18], gross - invoice.paid, gross, invoice.due, "short payment never claimed"
    if leak == "unallocated_payment":
        return KINDS[18], gross, gross, invoice.due, "payment received but not matched to its invoice"
    raise ValueError(f"no assessment for leak {leak!r} of {invoice.number!r} on {today}")


def _plan_line(invoice: Invoice) -> date:
    plan = invoice.project.plan if invoice.project else []
    return next(line.done for line in plan if line.invoice is invoice)


def _short_of_plan(invoice: Invoice) -> Decimal:
    plan = invoice.project.plan if invoice.project else []
    return next(line.amount for line in plan if line.invoice is invoice) - invoice.net


def _terms(group: list[Invoice]) -> Fault:
    first = group[0]
    exposure = total([invoice.gross for invoice in group])
    days = [(invoice.due - due_date(invoice.on, first.client.terms)).days for invoice in group]
    cost = sum((_financing(invoice.gross, gap) for invoice, gap in zip(group, days, strict=True)), ZERO)
    note = f"{len(group)} invoices on {first.terms}, agreed terms {first.client.terms}"
    deal = first.project.deal if first.project else None
    fault = _fault("terms_mismatch", first.client.entity, cost, first.on, note, deal=deal, project=first.project)
    return replace(fault, invoices=tuple(group), exposure=exposure)


def _of_identities(invoices: Iterable[Invoice], broken: list[tuple[Client, Client]]) -> Iterator[Fault]:
    """Two accounts with other terms for one entity, where both were invoiced."""
    for main, second in broken:
        documents = tuple(invoice for invoice in invoices if invoice.client in (main, second) and invoice.kind != "Avoir")
        used = {invoice.client.code for invoice in documents}
        if len(used) < 2:
            continue
        gaps = [
            _financing(one.gross, abs((due_date(one.on, main.terms) - due_date(one.on, second.terms)).days))
            for one in documents
            if one.client is second
        ]
        note = f"accounts {main.code} ({main.terms}) and {second.code} ({second.terms}) are one legal entity"
        fault = _fault("identity_break", main.entity, total(gaps), documents[0].on, note)
        exposure = total([one.gross for one in documents])
        yield replace(fault, invoices=documents, accounts=(main.code, second.code), exposure=exposure)
