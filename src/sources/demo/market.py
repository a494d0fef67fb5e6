"""The customers: companies, groups, homonyms, successors, sole traders, public bodies, a few neighbours abroad."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Final

from . import dirt, identifiers, names, words
from .dates import after, between
from .model import Entity, Site

LATENESS: Final = ((1.0, 2.0), (6.0, 5.0), (14.0, 8.0), (28.0, 12.0), (50.0, 20.0))
_LATENESS_WEIGHTS: Final = (28, 30, 22, 14, 6)
_TERMS: Final = ("30J", "30FDM", "45FDM", "60J", "COMPTANT")
_TERMS_WEIGHTS: Final = (36, 24, 22, 13, 5)


@dataclass(slots=True)
class Market:
    """All entities, and the pairs that look alike and differ."""

    entities: list[Entity] = field(default_factory=list)
    alike: list[tuple[Entity, Entity, str]] = field(default_factory=list)


def populate(rng: Random, customers: int, start: date, today: date) -> Market:
    """Found as many legal entities as asked."""
    office = _Registry(rng, start, today)
    while len(office.market.entities) < customers:
        room = customers - len(office.market.entities)
        draw = rng.random()
        if draw < 0.045 and room >= 4:
            office.group(rng.randint(1, 3))
        elif draw < 0.07 and office.companies:
            office.homonym()
        elif draw < 0.08 and office.companies:
            office.successor()
        else:
            office.single()
    return office.market


class _Registry:
    """Founds entities one at a time and keeps names unique."""

    def __init__(self, rng: Random, start: date, today: date) -> None:
        self.rng, self.start, self.today = rng, start, today
        self.market = Market()
        self.companies: list[Entity] = []
        self._taken: set[str] = set()
        self._sites = 0

    def single(self) -> None:
        """An entity of any kind, on its own."""
        kinds = ("company", "foreign", "sole", "public", "sci", "association")
        kind = self.rng.choices(kinds, (79, 5, 5, 6, 3, 2))[0]
        if kind == "company":
            self.company()
        elif kind == "foreign":
            self.foreign()
        elif kind == "sole":
            self._french(kind, self._fresh(self._sole_name))
        elif kind == "public":
            entity = self._french(kind, self._fresh(lambda: names.public_body(self.rng)))
            entity.terms = "30J"
        elif kind == "sci":
            self._french(kind, self._fresh(lambda: names.property_company(self.rng)))
        else:
            self._french(kind, self._fresh(lambda: names.association(self.rng)))

    def company(self) -> Entity:
        """A commercial company, at times with other names."""
        rng = self.rng
        name = names.company(rng)
        while name.core in self._taken:
            name = names.company(rng)
        self._taken.add(name.core)
        entity = self._french("company", name.core, form=rng.choice(names.FORMS))
        entity.acronym = name.acronym if rng.random() < 0.6 else ""
        entity.trade_name = self._fresh(lambda: names.brand(rng) + " " + rng.choice(words.TRADES)) if rng.random() < 0.08 else ""
        entity.old_name = names.company(rng).core if rng.random() < 0.03 else ""
        if rng.random() < 0.012:
            entity.bankrupt_on = between(rng, after(self.start, 250), after(self.today, -60))
        self.companies.append(entity)
        return entity

    def group(self, subsidiaries: int) -> None:
        """A parent and its subsidiaries: one web site, nearly one name, several entities."""
        parent = self.company()
        parent.bankrupt_on = None
        endings = self.rng.sample(("Services", "Industrie", "France", "Distribution", "Énergies", "Ouest", "Rhône"), subsidiaries)
        members = [parent]
        for ending in endings:
            child = self._french("company", f"{parent.core} {ending}", form=self.rng.choice(names.FORMS))
            child.domain, child.parent = parent.domain, parent
            child.email = parent.email if self.rng.random() < 0.5 else f"{dirt.unaccented(ending).lower()}@{parent.domain}"
            for other in members:
                self.market.alike.append((other, child, "parent_subsidiary" if other is parent else "group_siblings"))
            members.append(child)

    def homonym(self) -> None:
        """A company of the same name in another town."""
        other = self.rng.choice(self.companies)
        entity = self._french("company", other.core, form=self.rng.choice(names.FORMS))
        self.market.alike.append((other, entity, "homonym"))

    def successor(self) -> None:
        """A new company at the same address that took over the business of an old one."""
        old = self.rng.choice(self.companies)
        entity = self._french("company", old.core, form="SAS" if old.form != "SAS" else "SARL")
        place = old.sites[0]
        head = entity.sites[0]
        head.street, head.postcode, head.town, head.phone = place.street, place.postcode, place.town, place.phone
        entity.domain, entity.email = old.domain, old.email
        self.market.alike.append((old, entity, "predecessor_successor"))

    def foreign(self) -> None:
        """A company of a neighbour country, with a VAT number and no SIREN."""
        rng = self.rng
        country = rng.choice(sorted(words.FOREIGN))
        _, form, towns, road = words.FOREIGN[country]
        core = self._fresh(lambda: f"{names.brand(rng)} {rng.choice(words.FOREIGN_TRADES)}")
        town, postcode = rng.choice(towns)
        site = self._site("", f"{road} {rng.randint(1, 90)}", postcode, town, phone="")
        self._found("foreign", core, form, country, "", identifiers.foreign_vat(rng, country), [site])

    def _french(self, kind: str, core: str, form: str = "") -> Entity:
        rng = self.rng
        siren = identifiers.siren(rng, "2" if kind == "public" else "345789")
        count = rng.choices((1, 2, 3, 4), (74, 16, 7, 3))[0] if kind in ("company", "public") else 1
        numbers = rng.sample(range(1, 30), count)
        sites = [self._french_site(identifiers.siret(siren, number)) for number in sorted(numbers)]
        return self._found(kind, core, form, "FR", siren, identifiers.french_vat(siren), sites)

    def _french_site(self, siret: str) -> Site:
        town, postcode = self.rng.choice(words.TOWNS)
        phone = identifiers.landline(self.rng, postcode)
        return self._site(siret, names.street(self.rng), postcode, town, phone)

    def _site(self, siret: str, street: str, postcode: str, town: str, phone: str) -> Site:
        self._sites += 1
        return Site(f"S{self._sites:06d}", siret, street, postcode, town, phone)

    def _found(self, kind: str, core: str, form: str, country: str, siren: str, vat: str, sites: list[Site]) -> Entity:
        rng = self.rng
        domain = self._domain(core)
        entity = Entity(
            key=f"E{len(self.market.entities) + 1:06d}",
            kind=kind,
            core=core,
            form=form,
            country=country,
            siren=siren,
            vat=vat,
            domain="" if kind in ("sole", "sci") else domain,
            email=self._mailbox(kind, domain),
            sites=sites,
            terms=rng.choices(_TERMS, _TERMS_WEIGHTS)[0],
            lateness=rng.choices(LATENESS, _LATENESS_WEIGHTS)[0],
            presence=rng.choices(("both", "crm", "billing"), (81, 10, 9))[0],
            since=self._since(),
            old_street=names.street(rng) if rng.random() < 0.06 else "",
            accountant=f"{rng.choice(('saisie', 'factures'))}@{rng.choice(words.ACCOUNTANTS)}" if rng.random() < 0.1 else "",
            fame=rng.lognormvariate(0, 0.9),
        )
        self.market.entities.append(entity)
        return entity

    def _since(self) -> date:
        if self.rng.random() < 0.78:
            return between(self.rng, after(self.start, -900), self.start)
        return between(self.rng, self.start, after(self.today, -300))

    def _domain(self, core: str) -> str:
        stem = "-".join(part for part in slug(core).split("-") if part not in ("de", "du", "des", "la", "et"))
        name = stem if len(stem) <= 28 else stem[:28].rsplit("-", 1)[0]
        while f"{name}.example" in self._taken:
            name = f"{stem[:20].strip('-')}{self.rng.randint(2, 99999)}"
        self._taken.add(f"{name}.example")
        return f"{name}.example"

    def _mailbox(self, kind: str, domain: str) -> str:
        if kind in ("sole", "sci") or self.rng.random() < 0.06:
            return f"{domain.removesuffix('.example')}@{self.rng.choice(words.FREE_MAIL)}"
        return f"{self.rng.choice(words.MAILBOXES)}@{domain}"

    def _sole_name(self) -> str:
        return f"{names.first_name(self.rng, self.rng.random() < 0.4)} {names.surname(self.rng)}"

    def _fresh(self, make: Callable[[], str]) -> str:
        for _ in range(20):
            name = make()
            if name not in self._taken:
                break
        else:
            name = f"{name} {names.surname(self.rng)}"
        self._taken.add(name)
        return name


def slug(text: str) -> str:
    """Lower-case letters and digits joined by hyphens."""
    plain = dirt.unaccented(text).lower()
    return "-".join("".join(char if char.isalnum() else " " for char in plain).split())
