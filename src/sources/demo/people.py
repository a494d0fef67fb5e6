"""The people who work at the customers: about two a company, some pairs of one surname, some who change employer."""

from random import Random

from . import dirt, identifiers, names, words
from .market import Market, slug
from .model import Entity, Person, Site


def employ(rng: Random, market: Market) -> list[Person]:
    """Everyone the CRM may know."""
    registry = _Registry(rng)
    for entity in market.entities:
        if entity.in_crm:
            registry.staff(entity)
    registry.move(0.02)
    return registry.people


class _Registry:
    """Numbers people and jobs."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.people: list[Person] = []
        self._persons = 0

    def staff(self, entity: Entity) -> None:
        """The contacts of an entity."""
        if entity.kind == "sole":
            first, last = entity.core.split(" ", 1)
            self._person(entity, first in words.WOMEN, first, last, "Gérant")
            return
        for _ in range(self.rng.choices((1, 2, 3, 4), (30, 40, 22, 8))[0]):
            woman = self.rng.random() < 0.45
            title = self.rng.choice(words.TITLES)[woman]
            self._person(entity, woman, names.first_name(self.rng, woman), names.surname(self.rng), title)
        if self.rng.random() < 0.03:
            self._relative(self.people[-1])

    def move(self, share: float) -> None:
        """Some people now work elsewhere: same person, another job."""
        for person in self.rng.sample(self.people, int(share * len(self.people))):
            target = self.rng.choice(self.people)
            if target.entity is person.entity or "sole" in (person.entity.kind, target.entity.kind):
                continue
            person.left = True
            self._job(person.key, target.entity, person.woman, person.first, person.last, person.title, person.mobile)

    def _relative(self, person: Person) -> None:
        woman = not person.woman
        title = self.rng.choice(words.TITLES)[woman]
        self._person(person.entity, woman, names.first_name(self.rng, woman), person.last, title)

    def _person(self, entity: Entity, woman: bool, first: str, last: str, title: str) -> None:
        self._persons += 1
        mobile = identifiers.mobile(self.rng) if self.rng.random() < 0.6 else ""
        self._job(f"P{self._persons:06d}", entity, woman, first, last, title, mobile)

    def _job(self, key: str, entity: Entity, woman: bool, first: str, last: str, title: str, mobile: str) -> None:
        site: Site = self.rng.choice(entity.sites)
        email = _address(self.rng, entity, first, last)
        job = f"J{len(self.people) + 1:06d}"
        self.people.append(Person(key, job, entity, site, woman, first, last, title, email, mobile))


def _address(rng: Random, entity: Entity, first: str, last: str) -> str:
    """A personal address on the company's domain, or its shared mailbox."""
    if not entity.domain or rng.random() < 0.12:
        return entity.email
    one, two = slug(first), slug(last)
    local = rng.choice((f"{one}.{two}", f"{one}.{two}", f"{one[0]}.{two}", f"{one[0]}{two}", f"{two}.{one}"))
    return f"{dirt.unaccented(local)}@{entity.domain}"
