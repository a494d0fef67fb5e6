"""Deals: what is offered to whom, by whom, for how much, and how it ends."""

import math
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random
from typing import Final

from . import identifiers
from .catalogue import Catalogue
from .dates import after, between, workday
from .market import Market
from .model import Account, Deal, Line, Person, Product, Salesperson
from .money import euros
from .staff import Staff

KINDS: Final = {"forfait": "Forfait", "regie": "Régie", "equip": "Équipement", "abo": "Abonnement", "avenant": "Avenant"}
LEADS: Final = ("Recommandation", "Site web", "Client existant", "Salon", "Appel d'offres", "Prospection")
REASONS: Final = ("Prix", "Délai", "Concurrent retenu", "Budget gelé", "Pas de réponse", "Projet abandonné", "Hors périmètre")
_SHARES: Final = (36, 14, 30, 20)
_BASE: Final = {"forfait": -0.35, "regie": 0.0, "equip": 0.1, "abo": 0.25}
_SUBJECTS: Final = {
    "forfait": (
        "Automatisation ligne de conditionnement", "Étude de rétrofit", "Application de traçabilité", "Plan de continuité",
        "Cloisonnement du réseau industriel", "Intranet production", "Reprise de programme automate", "Schéma directeur",
    ),
    "regie": ("Renfort bureau d'études", "Appui chef de projet", "Mise à disposition automaticien", "Tierce recette"),
    "equip": ("Armoire de commande", "Vision en sortie de ligne", "Baie et onduleurs", "Parc de tablettes", "Couverture sans fil"),
    "abo": ("Maintenance annuelle", "Hébergement et sauvegarde", "Pack assistance", "Licences de production", "Supervision"),
}  # fmt: skip
_PER_CUSTOMER: Final = 2.6
_MEDIAN_CYCLE: Final = {"forfait": 72, "regie": 55, "equip": 46, "abo": 50}


@dataclass(frozen=True, slots=True)
class _Desk:
    """What a salesperson has at hand."""

    rng: Random
    catalogue: Catalogue
    staff: Staff
    start: date
    today: date


def negotiate(
    rng: Random, market: Market, accounts: list[Account], staff: Staff, catalogue: Catalogue, start: date, today: date
) -> list[Deal]:
    """All deals between `start` and `today`, oldest first, amendments included, without their stage history."""
    desk = _Desk(rng, catalogue, staff, start, today)
    live = [account for account in accounts if account.kind != "merged"]
    weights = [_appetite(account) for account in live]
    count = round(_PER_CUSTOMER * len(market.entities))
    deals = [_deal(desk, account) for account in rng.choices(live, weights, k=count)] if live else []
    deals.extend(_amendments(desk, deals))
    deals.sort(key=lambda deal: (deal.created, deal.account.id, deal.title))
    _number(rng, deals)
    return deals


def _appetite(account: Account) -> float:
    """Relative number of deals of an account; prospects, unknown to billing, have few and win none."""
    main, client = account.kind == "main", account.entity.in_billing
    return account.entity.fame * (1.0 if main else 0.35) * (1.0 if client else 0.4)


def _deal(desk: _Desk, account: Account) -> Deal:
    rng, entity = desk.rng, account.entity
    kind = rng.choices(("forfait", "regie", "equip", "abo"), _SHARES)[0]
    owner = rng.choice(desk.staff.salespersons)
    created = workday(between(rng, max(desk.start, entity.since), after(desk.today, -1)))
    created = min(created, desk.today)
    cycle = min(240, max(6, round(rng.lognormvariate(math.log(_MEDIAN_CYCLE[kind]), 0.55))))
    ends = workday(after(created, cycle))
    chance = _chance(_BASE[kind] + owner.skill + rng.gauss(0.0, 0.9))
    won = rng.random() < chance and entity.in_billing and not (entity.bankrupt_on and ends >= entity.bankrupt_on)
    months, period = (rng.choice((12, 24, 24, 36)), rng.choice((1, 3, 3, 12))) if kind == "abo" else (0, 0)
    return Deal(
        key="",
        id="",
        reference="",
        kind=kind,
        title=_title(rng, kind, created, account),
        account=account,
        owner=owner,
        contact="",
        created=created,
        closes=ends,
        outcome="open" if ends > desk.today else ("won" if won else "lost"),
        chance=chance,
        lines=_LINES[kind](desk, owner, months),
        months=months,
        period=period,
        reason=rng.choice(REASONS),
    )


def _chance(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


def _title(rng: Random, kind: str, created: date, account: Account) -> str:
    title = rng.choice(_SUBJECTS[kind])
    if rng.random() < 0.4:
        title += f" - {account.site.town}"
    if rng.random() < 0.35:
        title += f" - {created.year}"
    return title


def _line(desk: _Desk, owner: Salesperson, product: Product, quantity: int) -> Line:
    rng = desk.rng
    allowed = [rate for rate in (3, 5, 8, 10, 12, 15) if rate <= owner.authority]
    discount = rng.choice(allowed) if rng.random() < 0.42 else 0
    return Line("", product, quantity, discount, discounted(product.price, discount))


def discounted(price: Decimal, rate: int) -> Decimal:
    """A price after a discount in %."""
    return euros(price * (100 - rate) / 100)


def _fixed_price(desk: _Desk, owner: Salesperson, months: int) -> list[Line]:
    rng = desk.rng
    grades = desk.catalogue.grades(rng.choice(desk.catalogue.lines))
    size = rng.lognormvariate(math.log(17), 0.75)
    picked = sorted(rng.sample(range(4), rng.choice((1, 2, 2, 3))))
    lines = [_line(desk, owner, grades[at], max(2, round(size * rng.uniform(0.5, 1.2) / len(picked)))) for at in picked]
    if rng.random() < 0.25:
        option = _line(desk, owner, rng.choice(desk.catalogue.services), rng.randint(1, 5))
        option.option = True
        lines.append(option)
    return lines


def _time_based(desk: _Desk, owner: Salesperson, months: int) -> list[Line]:
    rng = desk.rng
    grades = desk.catalogue.grades(rng.choice(desk.catalogue.lines))
    picked = sorted(rng.sample(range(4), rng.choice((1, 1, 2))))
    return [_line(desk, owner, grades[at], rng.randint(10, 48)) for at in picked]


def _equipment(desk: _Desk, owner: Salesperson, months: int) -> list[Line]:
    rng = desk.rng
    goods = rng.sample(desk.catalogue.equipment, rng.choice((1, 2, 2, 3, 4)))
    lines = [_line(desk, owner, product, rng.choice((1, 1, 2, 3, 4, 6))) for product in goods]
    if rng.random() < 0.55:
        grades = desk.catalogue.grades(rng.choice(desk.catalogue.lines))
        lines.append(_line(desk, owner, rng.choice(grades), rng.randint(1, 6)))
    if len(lines) > 1 and rng.random() < 0.2:
        lines[-1].option = True
    return lines


def _subscription(desk: _Desk, owner: Salesperson, months: int) -> list[Line]:
    rng = desk.rng
    picked = rng.sample(desk.catalogue.subscriptions, rng.choice((1, 1, 2, 3)))
    units = [rng.choice((5, 8, 10, 15, 25)) if product.price < 50 else rng.choice((1, 1, 2, 3)) for product in picked]
    return [_line(desk, owner, product, months * count) for product, count in zip(picked, units, strict=True)]


_LINES: Final = {"forfait": _fixed_price, "regie": _time_based, "equip": _equipment, "abo": _subscription}


def _amendments(desk: _Desk, deals: list[Deal]) -> list[Deal]:
    """Some won projects grow: one more deal each, won, on the same account."""
    grown = [
        deal
        for deal in deals
        if deal.outcome == "won" and deal.kind == "forfait" and after(deal.closes, 75) < desk.today and desk.rng.random() < 0.12
    ]
    return [_amendment(desk, deal) for deal in grown]


def _amendment(desk: _Desk, parent: Deal) -> Deal:
    rng = desk.rng
    created = workday(after(parent.closes, rng.randint(25, 50)))
    base = parent.lines[0]
    days = max(1, round(base.quantity * rng.uniform(0.08, 0.25)))
    line = Line("", base.product, days, base.discount, base.unit)
    return Deal(
        key="",
        id="",
        reference="",
        kind="avenant",
        title=f"Avenant 1 - {parent.title}",
        account=parent.account,
        owner=parent.owner,
        contact="",
        created=created,
        closes=workday(after(created, rng.randint(6, 16))),
        outcome="won",
        chance=0.85,
        lines=[line],
        parent=parent,
    )


def _number(rng: Random, deals: list[Deal]) -> None:
    """Give keys, ids and references in order of creation; an amendment repeats its parent's reference."""
    ids, line_ids = identifiers.RecordIds(rng, "006"), identifiers.RecordIds(rng, "00k")
    for number, deal in enumerate(deals, 1):
        deal.key, deal.id = f"D{number:06d}", ids.next()
        deal.reference = f"OPP-{deal.created:%y}{number:05d}"
        for line in deal.lines:
            line.id = line_ids.next()
    for deal in deals:
        if deal.parent is not None:
            deal.reference = f"{deal.parent.reference}-A1"


def introduce(rng: Random, deals: list[Deal], contacts: dict[str, list[tuple[str, Person]]]) -> None:
    """Put a contact of the customer on most deals. `contacts`: entity key -> contact ids with their person."""
    for deal in deals:
        known = [key for key, person in contacts.get(deal.entity.key, []) if not person.left]
        deal.contact = rng.choice(known) if known and rng.random() < 0.8 else ""


def title_in_crm(rng: Random, deal: Deal) -> str:
    """The name a salesperson gives the deal."""
    customer = deal.account.name
    return rng.choice((deal.title, f"{customer} / {deal.title}", f"{customer} - {deal.title}", f"{deal.title} {customer}"))
