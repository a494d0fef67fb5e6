"""Projects: a won deal becomes one, with a label that may or may not name the deal, a client, a budget and an invoice plan."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from random import Random
from typing import Final

from . import dirt, plans
from .dates import after, workday
from .model import Client, Deal, Project
from .money import ZERO, euros
from .staff import GRADES

NATURES: Final = {"forfait": "Forfait", "regie": "Régie", "equip": "Négoce", "abo": "Contrat"}
_FATES: Final = {"forfait": 0.11, "equip": 0.06, "abo": 0.08, "regie": 0.06}
"""Share of projects of each kind that go badly."""


def deliver(rng: Random, deals: list[Deal], clients: list[Client], today: date) -> list[Project]:
    """A project for every won deal that has one, in order of opening, with amendments and plans."""
    of_entity: dict[str, list[Client]] = defaultdict(list)
    for client in clients:
        of_entity[client.entity.key].append(client)
    projects = [
        _project(rng, deal, _client(deal, of_entity[deal.entity.key], turn))
        for turn, deal in _with_turns(deals)
        if deal.outcome == "won" and deal.kind != "avenant" and deal.leak != "won_deal_without_project"
    ]
    projects = sorted((project for project in projects if project.created <= today), key=lambda one: (one.created, one.deal.key))
    _number(projects)
    _amend(projects, deals)
    for project in projects:
        _plan(rng, project)
    return projects


def _with_turns(deals: list[Deal]) -> Iterator[tuple[int, Deal]]:
    """Deals with how many their customer won before."""
    turns: dict[str, int] = defaultdict(int)
    for deal in deals:
        yield turns[deal.entity.key], deal
        turns[deal.entity.key] += deal.outcome == "won" and deal.kind != "avenant"


def _client(deal: Deal, clients: list[Client], turn: int) -> Client:
    """The billing account: of the deal's site where there is one; in turn where there are two of a kind."""
    if any(client.kind == "second" for client in clients):
        return [client for client in clients if client.kind in ("main", "second")][turn % 2]
    again = [client for client in clients if client.kind == "dup" and client.created <= deal.closes]
    if again and turn % 2:
        return again[0]
    same_site = [client for client in clients if client.site is deal.account.site and client.kind != "dup"]
    open_then = [client for client in clients if client.created <= deal.closes]
    return (same_site or open_then or clients)[0]


def _project(rng: Random, deal: Deal, client: Client) -> Project:
    created = workday(after(deal.closes, rng.randint(0, 7)))
    start, planned, end = plans.calendar(rng, deal, created)
    project = Project("", deal, client, created, start, planned, end)
    project.fate = "bad" if rng.random() < _FATES[deal.kind] and not deal.leak else ""
    project.budget_hours, project.budget_cost = budget(rng, deal)
    project.label, project.reference, project.how = _label(rng, deal, client, created)
    return project


def budget(rng: Random, deal: Deal) -> tuple[int, Decimal]:
    """Hours and cost foreseen: days sold at the grade's mean cost, goods at list cost, a little support on subscriptions."""
    hours, cost = 0, ZERO
    for line in deal.lines:
        if line.product.grade:
            hours += 8 * line.quantity
            cost += 8 * line.quantity * GRADES[line.product.grade]
        else:
            cost += line.quantity * line.product.cost
    if deal.kind == "abo":
        hours = max(2, int(deal.amount * Decimal(str(rng.uniform(0.08, 0.18))) / GRADES["CF"]))
        cost += hours * GRADES["CF"]
    return hours, euros(cost)


def _label(rng: Random, deal: Deal, client: Client, created: date) -> tuple[str, str, str]:
    """Label, reference and how the deal can be found from them."""
    if deal.leak == "project_without_deal":
        return _vague(rng, deal, client, created), "", "none"
    draw = rng.random()
    if draw < 0.3:
        label = _vague(rng, deal, client, created)
        return (f"{label} ({deal.reference})", "", "reference") if rng.random() < 0.4 else (label, deal.reference, "reference")
    if draw < 0.74:
        return _named(rng, deal), "", "name"
    return _vague(rng, deal, client, created), "", "amount_period"


def _vague(rng: Random, deal: Deal, client: Client, created: date) -> str:
    nature = dirt.shouted(NATURES[deal.kind])
    return rng.choice(
        (f"PRESTATIONS {created.year}", f"{nature} {created:%m/%Y}", f"AFFAIRE {client.name[:24]}", f"COMMANDE {client.name[:22]}")
    )


def _named(rng: Random, deal: Deal) -> str:
    label = deal.title if rng.random() < 0.7 else f"{deal.account.name} - {deal.title}"
    if rng.random() < 0.08:
        label = dirt.mistyped(rng, label)
    return (dirt.shouted(label) if rng.random() < 0.6 else label)[:60].strip()


def _number(projects: list[Project]) -> None:
    within_year: dict[int, int] = defaultdict(int)
    for number, project in enumerate(projects, 1):
        year = project.created.year
        within_year[year] += 1
        project.key = f"R{number:06d}"
        project.code = f"AF{year % 100:02d}-{within_year[year]:04d}"
        project.time_code = f"P{number + 1000}"


def _amend(projects: list[Project], deals: list[Deal]) -> None:
    of_deal = {id(project.deal): project for project in projects}
    for deal in deals:
        if deal.parent is not None and id(deal.parent) in of_deal:
            of_deal[id(deal.parent)].amendments.append(deal)


def _plan(rng: Random, project: Project) -> None:
    if project.deal.leak == "project_without_invoice_plan":
        return
    project.plan = plans.draw_up(rng, project)
    if project.deal.leak == "plan_differs_from_contract":
        last = project.plan[-1]
        last.amount -= euros(project.contract * rng.choice((8, 10, 12)) / 100)
