"""The audit: who did what, as a chain of hashes in which any row that was changed, moved or taken out shows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, insert, select

from mdm.store.database import lock
from mdm.store.tables import audit

BEGINNING = bytes(32)
"""What the first row follows."""


@dataclass(frozen=True)
class Broken:
    """The first row that does not follow from the one before, or is not what was written."""

    id: int
    reason: str


def append(db: Connection, actor: str, action: str, object: str, detail: Mapping[str, Any], at: datetime) -> None:
    """Write down what was done, behind the newest row; others wait for this transaction to end.

    In: `detail` of texts, whole numbers, booleans, nulls, and lists and objects of them.
    """
    lock(db, "audit")
    previous = db.execute(select(audit.c.hash).order_by(audit.c.id.desc()).limit(1)).scalar_one_or_none() or BEGINNING
    values = {"at": at, "actor": actor, "action": action, "object": object, "detail": dict(detail)}
    db.execute(insert(audit).values(values | {"previous": previous, "hash": _hash(previous, at, actor, action, object, detail)}))


def verify(db: Connection) -> Broken | None:
    """The first row that breaks the chain, or None. That rows are missing at its end shows only against a copy of the newest hash."""
    previous = BEGINNING
    with db.execute(select(audit).order_by(audit.c.id).execution_options(yield_per=1000)) as rows:
        for row in rows:
            if row.previous != previous:
                return Broken(row.id, "it does not follow from the row before: one was taken out, put in or moved")
            if row.hash != _hash(previous, row.at, row.actor, row.action, row.object, row.detail):
                return Broken(row.id, "it is not what was written")
            previous = row.hash
    return None


def _hash(previous: bytes, at: datetime, actor: str, action: str, object: str, detail: Mapping[str, Any]) -> bytes:
    told = [at.astimezone(UTC).isoformat(), actor, action, object, detail]
    return sha256(previous + json.dumps(told, sort_keys=True, separators=(",", ":")).encode()).digest()
