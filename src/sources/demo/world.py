"""Builds the demo world from a seed: market, records, deals, projects, documents. Each stage draws from its own generator."""

from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Final

from . import (
    billing_clients,
    catalogue,
    collecting,
    crm_accounts,
    crm_contacts,
    delivery,
    faults,
    funnel,
    invoicing,
    labour,
    leaks,
    market,
    people,
    selling,
    staff,
)
from .dates import add_months
from .model import Account, Client, Deal, Fault, Invoice, Person, Project

MONTHS: Final = 28
"""How far back the deals go."""


@dataclass(frozen=True, slots=True)
class World:
    """Everything that is true, before it is written down with dirt."""

    seed: int
    start: date
    today: date
    staff: staff.Staff
    catalogue: catalogue.Catalogue
    market: market.Market
    accounts: list[Account]
    people: list[Person]
    contacts: list[crm_contacts.Contact]
    clients: list[Client]
    deals: list[Deal]
    projects: list[Project]
    invoices: list[Invoice]
    ledger: collecting.Ledger
    faults: list[Fault]


def build(seed: int, customers: int, today: date) -> World:
    """Live through 28 months of business."""
    start = add_months(today.replace(day=1), -MONTHS)
    team = staff.hire(stream(seed, "staff"), customers)
    shelves = catalogue.stock(stream(seed, "catalogue"))
    customers_ = market.populate(stream(seed, "market"), customers, start, today)
    accounts = crm_accounts.open_accounts(stream(seed, "accounts"), customers_)
    persons = people.employ(stream(seed, "people"), customers_)
    contacts = crm_contacts.note_down(stream(seed, "contacts"), persons, accounts)
    deals = selling.negotiate(stream(seed, "deals"), customers_, accounts, team, shelves, start, today)
    selling.introduce(stream(seed, "introductions"), deals, _by_employer(contacts))
    per_kind = leaks.per_kind(customers)
    leaks.spring(stream(seed, "leaks"), deals, per_kind, today)
    broken = leaks.break_identities(stream(seed, "identities"), customers_, deals, per_kind, today)
    funnel.advance(stream(seed, "funnel"), deals, today)
    clients = billing_clients.open_clients(stream(seed, "clients"), customers_, broken, today)
    projects = delivery.deliver(stream(seed, "projects"), deals, clients, today)
    labour.work(stream(seed, "labour"), projects, team.employees, today)
    invoices = invoicing.bill(stream(seed, "invoices"), projects, clients, shelves, per_kind, start, today)
    ledger = collecting.collect(stream(seed, "cash"), invoices, today)
    answer = faults.found(deals, projects, invoices, _pairs(clients), today)
    return World(
        seed, start, today, team, shelves, customers_, accounts, persons, contacts, clients, deals, projects, invoices, ledger, answer
    )


def stream(seed: int, name: str) -> Random:
    """A generator of its own for a stage: a change in one leaves the others' draws alone."""
    return Random(f"{seed}/{name}")  # noqa: S311 - a demo, not a secret


def _by_employer(contacts: list[crm_contacts.Contact]) -> dict[str, list[tuple[str, Person]]]:
    known: dict[str, list[tuple[str, Person]]] = {}
    for contact in contacts:
        known.setdefault(contact.person.entity.key, []).append((contact.id, contact.person))
    return known


def _pairs(clients: list[Client]) -> list[tuple[Client, Client]]:
    """Main and second account of the entities with a broken identity."""
    main = {client.entity.key: client for client in clients if client.kind == "main"}
    return [(main[client.entity.key], client) for client in clients if client.kind == "second"]
