"""Rule sets in the database: each change is a version, the newest is in force; a new one lets every golden record wait to be rebuilt."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from mdm.entities import Master
from mdm.rules import RuleSet
from mdm.store import masters, pending
from mdm.store.database import lock
from mdm.store.tables import load, rule_set
from mdm.survivorship import DECLARED, Rules


@dataclass(frozen=True)
class Version:
    """A rule set as it was put in force."""

    id: int
    entity: str
    rules: RuleSet
    reason: str | None
    made_by: str
    known_from: datetime


def version(db: Connection, entity: str, known_at: datetime | None = None) -> Version | None:
    """The version in force, or that at a past instant; None while the declarations are."""
    query = select(rule_set).where(rule_set.c.entity == entity).order_by(rule_set.c.id.desc()).limit(1)
    row = db.execute(query if known_at is None else query.where(rule_set.c.known_from <= known_at)).one_or_none()
    return None if row is None else _version(row)


def in_force(db: Connection, entity: type[Master], known_at: datetime | None = None) -> Rules:
    """How the fields of an entity survive now, or did at a past instant."""
    found = version(db, entity.entity, known_at)
    return DECLARED if found is None else found.rules.of(entity)


def put(db: Connection, entity: type[Master], rules: RuleSet, reason: str | None, by: str) -> Version | None:
    """Put a rule set in force, and let every record wait that has a golden record; where it says what is in force, nothing happens.

    In: rules in which `mdm.rules.checked` found nothing wrong. Out: the version in force; None where the declarations still are.
    """
    lock(db, f"rules {entity.entity}")
    wanted, before = rules.but_declared(entity), version(db, entity.entity)
    if wanted == (before.rules if before else RuleSet()):
        return before
    values = {"entity": entity.entity, "rules": wanted.model_dump(mode="json")["rules"], "reason": reason, "made_by": by}
    row = db.execute(insert(rule_set).values(values).returning(*rule_set.c)).one()
    pending.add(db, entity.entity, masters.members(db, entity.entity)["record_id"])
    return _version(row)


def sources(db: Connection, entity: str) -> frozenset[str]:
    """The sources from which an entity was ever loaded."""
    return frozenset(db.execute(select(load.c.source).where(load.c.entity == entity)).scalars())


def _version(row: Row[*tuple[Any, ...]]) -> Version:
    return Version(row.id, row.entity, RuleSet(rules=row.rules), row.reason, row.made_by, row.known_from)
