"""CRM contacts: one record a job, and some duplicates with the names swapped, shortened or misspelt."""

from collections import defaultdict
from dataclasses import dataclass
from random import Random

from . import dirt, identifiers
from .model import Account, Person


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact record."""

    id: str
    person: Person
    account: Account
    first: str
    last: str
    copy: bool


def note_down(rng: Random, people: list[Person], accounts: list[Account]) -> list[Contact]:
    """About 1.15 contact a job, on an account of the employer."""
    of_entity: dict[str, list[Account]] = defaultdict(list)
    for account in accounts:
        if account.kind != "merged":
            of_entity[account.entity.key].append(account)
    ids = identifiers.RecordIds(rng, "003")
    contacts = []
    for person in people:
        known = of_entity[person.entity.key]
        home = next((account for account in known if account.site is person.site), known[0])
        first, last = _spelt(rng, person)
        contacts.append(Contact(ids.next(), person, home, first, last, copy=False))
        if rng.random() < 0.15:
            first, last = _respelt(rng, person)
            contacts.append(Contact(ids.next(), person, rng.choice(known), first, last, copy=True))
    return contacts


def _spelt(rng: Random, person: Person) -> tuple[str, str]:
    draw = rng.random()
    if draw < 0.15:
        return person.first, dirt.shouted(person.last)
    if draw < 0.19:
        return person.last, person.first
    if draw < 0.23:
        return dirt.unaccented(person.first), dirt.mistyped(rng, person.last)
    return person.first, person.last


def _respelt(rng: Random, person: Person) -> tuple[str, str]:
    return rng.choice(
        (
            (f"{person.first[0]}.", person.last),
            (person.last, person.first),
            (dirt.unaccented(person.first), dirt.shouted(person.last)),
            (person.first, dirt.mistyped(rng, person.last)),
            (person.first.lower(), person.last.lower()),
            (person.first, person.last),
        )
    )
