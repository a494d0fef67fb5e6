"""CRM accounts: which records an entity has there, and how a salesperson spelled them."""

from random import Random

from . import dirt, identifiers
from .market import Market
from .model import Account, Entity, Site


def open_accounts(rng: Random, market: Market) -> list[Account]:
    """About 1.15 account an entity: its own, some of its sites, some duplicates, some merged away."""
    ids = identifiers.RecordIds(rng, "001")
    accounts: list[Account] = []
    for entity in market.entities:
        if not entity.in_crm:
            continue
        accounts.append(_account(rng, ids, "main", entity, entity.sites[0]))
        accounts.extend(_account(rng, ids, "site", entity, site) for site in entity.sites[1:] if rng.random() < 0.45)
        if rng.random() < 0.09:
            accounts.append(_account(rng, ids, "dup", entity, entity.sites[0]))
        if rng.random() < 0.02:
            accounts.append(_account(rng, ids, "merged", entity, entity.sites[0]))
    return accounts


def _account(rng: Random, ids: identifiers.RecordIds, kind: str, entity: Entity, site: Site) -> Account:
    name = spell(rng, entity, other_names=kind != "merged")
    if kind == "site" and rng.random() < 0.5:
        name = f"{name} {rng.choice(('', 'agence ', 'site de '))}{site.town}"
    return Account(ids.next(), kind, entity, site, name)


def spell(rng: Random, entity: Entity, *, other_names: bool = True) -> str:
    """The name of an entity as a salesperson types it."""
    name = _which_name(rng, entity) if other_names else ""
    if not name:
        name = f"SCI {entity.core}" if entity.kind == "sci" else dirt.formed(rng, entity.core, entity.form)
    return _worn(rng, name)


def _which_name(rng: Random, entity: Entity) -> str:
    """A trade name, an acronym or an old name, where there is one and it is used."""
    if entity.old_name and rng.random() < 0.5:
        return entity.old_name
    if entity.trade_name and rng.random() < 0.5:
        return entity.trade_name
    return entity.acronym if entity.acronym and rng.random() < 0.3 else ""


def _worn(rng: Random, name: str) -> str:
    if rng.random() < 0.14:
        name = dirt.shortened(name)
    if rng.random() < 0.09:
        name = dirt.mistyped(rng, name)
    draw = rng.random()
    if draw < 0.08:
        return dirt.shouted(name)
    if draw < 0.11:
        return name.lower()
    if draw < 0.16:
        return dirt.unaccented(name)
    return dirt.mojibake(name) if draw < 0.166 else name
