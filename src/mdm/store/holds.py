"""Invoices of which customers are not reminded, since they are disputed or a payment was promised; released, never deleted."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

import pyarrow as pa
from sqlalchemy import Connection, Row, func, insert, select, text, update

from mdm.errors import Conflict, NotFound
from mdm.forecast.frames import HOLDS
from mdm.store.bulk import read
from mdm.store.database import lock
from mdm.store.tables import invoice_hold, record

Kind = Literal["dispute", "promise"]
KINDS: tuple[Kind, ...] = ("dispute", "promise")


@dataclass(frozen=True)
class Hold:
    """A hold as it is kept."""

    id: int
    source: str
    key: str
    kind: str
    until: date | None
    """The last day on which it holds; None until it is released."""
    reason: str
    set_by: str
    set_on: date
    set_at: datetime
    released_by: str | None
    released_on: date | None
    released_at: datetime | None


def table(db: Connection, known_at: datetime | None = None) -> pa.Table:
    """All holds, now or as they were known at an instant, as forecasts take them."""
    return read(
        db,
        """SELECT source, key, kind, until, set_on, CASE WHEN released_at <= coalesce(%(at)s::timestamptz, 'infinity') THEN released_on END,
                  reason, set_by
           FROM invoice_hold WHERE set_at <= coalesce(%(at)s::timestamptz, 'infinity') ORDER BY id""",
        HOLDS,
        {"at": known_at},
    )


def changes(db: Connection) -> int:
    """How often a hold was set or released: it changes whenever one is."""
    return int(db.execute(select(func.count() + func.count(invoice_hold.c.released_at)).select_from(invoice_hold)).scalar_one())


def put(db: Connection, source: str, key: str, kind: Kind, reason: str, by: str, on: date, until: date | None = None) -> Hold:
    """Hold an invoice; a hold of that kind on it ends with it. Raises NotFound."""
    known = select(record.c.id).where(record.c.entity == "invoice", record.c.source == source, record.c.key == key)
    if db.execute(known).scalar_one_or_none() is None:
        raise NotFound(f"there is no invoice {source}:{key}")
    lock(db, "holds")
    same = (invoice_hold.c.source == source, invoice_hold.c.key == key, invoice_hold.c.kind == kind, invoice_hold.c.released_at.is_(None))
    db.execute(update(invoice_hold).where(*same).values(released_by=by, released_on=on, released_at=text("now()")))
    values = {"source": source, "key": key, "kind": kind, "until": until, "reason": reason, "set_by": by, "set_on": on}
    return _hold(db.execute(insert(invoice_hold).values(values).returning(*invoice_hold.c)).one())


def release(db: Connection, hold: int, by: str, on: date) -> Hold:
    """Release a hold. Raises NotFound, and Conflict where it was released already."""
    lock(db, "holds")
    found = db.execute(select(invoice_hold).where(invoice_hold.c.id == hold)).one_or_none()
    if found is None:
        raise NotFound(f"there is no hold {hold}")
    if found.released_at is not None:
        raise Conflict(f"hold {hold} was released already, by {found.released_by} on {found.released_on}")
    ended = update(invoice_hold).where(invoice_hold.c.id == hold).values(released_by=by, released_on=on, released_at=text("now()"))
    return _hold(db.execute(ended.returning(*invoice_hold.c)).one())


def live(db: Connection) -> list[Hold]:
    """Holds that were not released, newest first."""
    query = select(invoice_hold).where(invoice_hold.c.released_at.is_(None)).order_by(invoice_hold.c.id.desc())
    return [_hold(row) for row in db.execute(query)]


def _hold(row: Row[*tuple[Any, ...]]) -> Hold:
    return Hold(**dict(row._mapping))
