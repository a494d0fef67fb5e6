"""Billing clients: which accounts an entity has there, and how the package stores their names."""

from datetime import date
from random import Random
from typing import Final

from . import dirt
from .dates import after, between
from .market import Market
from .model import Client, Entity, Site

WIDTH: Final = 35
"""The package cuts names here."""


def open_clients(rng: Random, market: Market, broken: list[Entity], today: date) -> list[Client]:
    """About 1.05 client an entity; entities with a broken identity get a second account on other terms."""
    split = set(map(id, broken))
    drafts: list[tuple[date, str, Entity, Site]] = []
    for entity in market.entities:
        if not entity.in_billing:
            continue
        opened = between(rng, after(entity.since, -5), after(entity.since, 40))
        drafts.append((opened, "main", entity, entity.sites[0]))
        drafts.extend((opened, "site", entity, site) for site in entity.sites[1:] if rng.random() < 0.3)
        if rng.random() < 0.05:
            drafts.append((min(after(opened, 200), today), "dup", entity, entity.sites[0]))
        if id(entity) in split:
            drafts.append((opened, "second", entity, entity.sites[0]))
    drafts.sort(key=lambda draft: (draft[0], draft[2].key, draft[1], draft[3].key))
    return [_client(rng, number, *draft) for number, draft in enumerate(drafts, 1)]


def _client(rng: Random, number: int, opened: date, kind: str, entity: Entity, site: Site) -> Client:
    terms = entity.terms
    if kind == "second":
        terms = "60J" if entity.terms != "60J" else "30J"
    name = spell(rng, entity)
    if kind == "site" and rng.random() < 0.4:
        name = f"{name} {dirt.shouted(site.town)}"
    return Client(f"C{number:05d}", kind, entity, site, name[:WIDTH].strip(), terms, opened)


def spell(rng: Random, entity: Entity) -> str:
    """The name of an entity as the package stores it, not yet cut."""
    other = entity.old_name or entity.trade_name or entity.acronym
    if other and rng.random() < 0.35:
        name = other
    elif entity.kind == "sci":
        name = f"SCI {entity.core}"
    else:
        name = dirt.formed(rng, entity.core, entity.form)
    if rng.random() < 0.25:
        name = dirt.shortened(name)
    if rng.random() < 0.04:
        name = dirt.reordered(rng, name)
    if rng.random() < 0.1:
        name = dirt.mistyped(rng, name)
    draw = rng.random()
    if draw < 0.68:
        return dirt.shouted(name)
    return dirt.mojibake(name) if draw < 0.73 else name
