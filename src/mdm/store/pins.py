"""Pins of stewards: values set on a field of a golden record, held by one of its records; made, revoked, expired; never deleted."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import pyarrow as pa
from sqlalchemy import Connection, Row, Select, insert, literal_column, select, text, update

from mdm.errors import Conflict
from mdm.pinning import PINS
from mdm.store import operations, pending
from mdm.store.bulk import read
from mdm.store.database import STAMP, lock
from mdm.store.decisions import RecordKey
from mdm.store.tables import member, pin, record, record_version

EXPIRY = "expiry"
"""Who revokes a pin whose time is over."""


@dataclass(frozen=True)
class Pin:
    """A pin with the record that holds it."""

    id: int
    entity: str
    record_id: int
    record: RecordKey
    field: str
    value: str | None
    """Clean text; None says that there is none."""
    said: Mapping[str, str]
    """What the records of its golden record said when it was made, by `source:key`."""
    reason: str
    pinned_by: str
    pinned_at: datetime
    expires_at: datetime | None
    revoked_by: str | None
    revoked_at: datetime | None
    operation: str | None
    """The operation that it is a part of."""
    origin: str | None
    """The operation that said it first."""


@dataclass(frozen=True)
class Drift:
    """A source that has said something else since a pin was made."""

    pin: Pin
    golden_id: str
    record: RecordKey
    was: str | None
    """What it said then."""
    says: str | None
    """What it says now."""
    verdict: Literal["agrees", "differs"]
    """Whether that is what the pin says, or something new again."""


def in_force(db: Connection, entity: str, known_at: datetime | None = None) -> pa.Table:
    """Pins in force, now or at an instant, as `survive` takes them."""
    return read(
        db,
        """SELECT id, record_id, field, value, to_char(pinned_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')
           FROM pin WHERE entity = %(entity)s AND pinned_at <= coalesce(%(at)s::timestamptz, 'infinity')
             AND (revoked_at IS NULL OR revoked_at > %(at)s::timestamptz) ORDER BY id""",
        PINS,
        {"entity": entity, "at": known_at},
    )


def anchor(db: Connection, golden_id: str) -> int | None:
    """The record that is to hold a pin on a golden record: the first of its records by source and key, one in force where there is one."""
    query = (
        select(record.c.id)
        .join(member, member.c.record_id == record.c.id)
        .where(member.c.golden_id == golden_id, member.c.known_to.is_(None))
        .order_by(record.c.deleted, record.c.source.collate("C"), record.c.key.collate("C"))
        .limit(1)
    )
    return db.execute(query).scalar_one_or_none()


def make(
    db: Connection,
    entity: str,
    record_id: int,
    field: str,
    value: str | None,
    reason: str,
    by: str,
    *,
    expires_at: datetime | None = None,
    at: datetime | None = None,
    operation_id: str | None = None,
    origin: str | None = None,
) -> Pin:
    """Pin a clean value on a field of the golden record to which a record belongs; pins that say otherwise there end with it.

    The record waits to be matched, unless an operation sees to the effect. `at` is when it was pinned, now where it is not said.
    """
    lock(db, f"pins {entity}")
    for before in on(db, entity, record_id, field):
        _end(db, before.id, by, operation_id)
    values: dict[str, Any] = {
        "entity": entity, "record_id": record_id, "field": field, "value": value, "said": _said(db, record_id, field), "reason": reason,
        "pinned_by": by, "expires_at": expires_at, "operation_id": operation_id, "origin_id": origin,
    }  # fmt: skip
    made = db.execute(
        insert(pin).values(values | {"pinned_at": literal_column(STAMP) if at is None else at}).returning(pin.c.id)
    ).scalar_one()
    if operation_id is None:
        _wait(db, entity, [record_id])
    return many(db, [made])[made]


def revoke(db: Connection, pin_id: int, by: str, operation_id: str | None = None) -> Pin | None:
    """End a pin; None where there is none. Its record waits to be matched, unless an operation sees to the effect. Raises Conflict where it was revoked before."""
    done = _end(db, pin_id, by, operation_id)
    found = many(db, [pin_id]).get(pin_id)
    if found is not None and not done:
        raise Conflict("this pin was revoked before")
    if found is not None and operation_id is None:
        _wait(db, found.entity, [found.record_id])
    return found


def parts(db: Connection, operation: str) -> tuple[list[Pin], list[Pin]]:
    """The pins in force that an operation made or said first, and those that it revoked, but of operations that were taken back since."""
    made, revoked = (
        _shown().where(pin.c.id.in_(query.with_only_columns(pin.c.id))).order_by(pin.c.id) for query in operations.parts(pin, operation)
    )
    return [_pin(row) for row in db.execute(made)], [_pin(row) for row in db.execute(revoked)]


def expire(db: Connection, now: datetime) -> int:
    """End the pins whose time is over; their records wait to be matched. How many there were."""
    over = (
        update(pin).where(pin.c.revoked_at.is_(None), pin.c.expires_at <= now).values(revoked_by=EXPIRY, revoked_at=literal_column(STAMP))
    )
    ended = db.execute(over.returning(pin.c.entity, pin.c.record_id)).all()
    for entity in sorted({row.entity for row in ended}):
        _wait(db, entity, [row.record_id for row in ended if row.entity == entity])
    return len(ended)


def many(db: Connection, ids: Collection[int]) -> dict[int, Pin]:
    """Pins by number, in force or not."""
    return {row.id: _pin(row) for row in db.execute(_shown().where(pin.c.id.in_(ids)))} if ids else {}


def on(db: Connection, entity: str, record_id: int, field: str | None = None) -> list[Pin]:
    """Pins in force on the golden record to which a record belongs, newest first; of one field, or of all."""
    own = select(member.c.golden_id).where(member.c.record_id == record_id, member.c.known_to.is_(None)).scalar_subquery()
    beside = select(member.c.record_id).where(member.c.golden_id == own, member.c.known_to.is_(None))
    query = _shown().where(pin.c.entity == entity, pin.c.revoked_at.is_(None), (pin.c.record_id == record_id) | pin.c.record_id.in_(beside))
    if field is not None:
        query = query.where(pin.c.field == field)
    return [_pin(row) for row in db.execute(query.order_by(pin.c.pinned_at.desc(), pin.c.id.desc()))]


def page(db: Connection, entity: str | None, before: int | None, limit: int) -> list[Pin]:
    """Pins in force, newest first, those numbered below `before`."""
    query = _shown().where(pin.c.revoked_at.is_(None)).order_by(pin.c.id.desc()).limit(limit)
    if entity is not None:
        query = query.where(pin.c.entity == entity)
    return [_pin(row) for row in db.execute(query if before is None else query.where(pin.c.id < before))]


def drifted(db: Connection, entity: str) -> list[Drift]:
    """Records that say something else of a pinned field than when it was pinned, with the pin in force, by its number.

    A record that has come since drifts where it says what no record said then. One that has fallen silent agrees with a pin that says
    that there is none, and else says nothing.
    """
    own, beside = member.alias("own"), member.alias("beside")
    said, says = record.alias("said"), record_version.c.clean[pin.c.field].astext
    query = (
        _shown()
        .add_columns(own.c.golden_id, said.c.source.label("by_source"), said.c.key.label("by_key"), says.label("says"))
        .join(own, (own.c.record_id == pin.c.record_id) & own.c.known_to.is_(None))
        .join(beside, (beside.c.golden_id == own.c.golden_id) & beside.c.known_to.is_(None))
        .join(said, (said.c.id == beside.c.record_id) & ~said.c.deleted)
        .join(record_version, record_version.c.id == said.c.version_id)
        .where(pin.c.entity == entity, pin.c.revoked_at.is_(None))
        .order_by(pin.c.id, said.c.source.collate("C"), said.c.key.collate("C"))
    )
    return [drift for row in db.execute(query) if (drift := _drift(row)) is not None]


def _drift(row: Row[*tuple[Any, ...]]) -> Drift | None:
    who = RecordKey(row.by_source, row.by_key)
    was = row.said.get(str(who))
    heard = {was} if str(who) in row.said else {*row.said.values(), None}
    if row.says in heard or (row.says is None and row.value is not None):
        return None
    return Drift(_pin(row), row.golden_id, who, was, row.says, "agrees" if row.says == row.value else "differs")


def exported(db: Connection, entity: str) -> pa.Table:
    """Pins in force by the keys of their records, as `mdm rule` takes them over."""
    names = ("entity", "source", "key", "field", "value", "reason", "pinned_by", "pinned_at", "expires_at")
    moment = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')"""
    return read(
        db,
        f"""SELECT p.entity, r.source, r.key, p.field, p.value, p.reason, p.pinned_by, {moment.format("p.pinned_at")},
                   {moment.format("p.expires_at")}
            FROM pin p JOIN record r ON r.id = p.record_id WHERE p.entity = %(entity)s AND p.revoked_at IS NULL ORDER BY p.id""",
        pa.schema([(name, pa.string()) for name in names]),
        {"entity": entity},
    )


def _said(db: Connection, record_id: int, field: str) -> dict[str, str]:
    """What the records of a golden record say of a field, those that say something."""
    found = db.execute(
        text(
            """SELECT r.source, r.key, v.clean ->> :field AS says FROM record r JOIN record_version v ON v.id = r.version_id
               WHERE NOT r.deleted AND v.clean ->> :field IS NOT NULL AND (r.id = :id OR r.id IN (
                   SELECT b.record_id FROM member o JOIN member b ON b.golden_id = o.golden_id AND b.known_to IS NULL
                   WHERE o.record_id = :id AND o.known_to IS NULL))"""
        ),
        {"field": field, "id": record_id},
    )
    return {str(RecordKey(row.source, row.key)): row.says for row in found}


def _end(db: Connection, pin_id: int, by: str, operation_id: str | None) -> bool:
    ended = update(pin).where(pin.c.id == pin_id, pin.c.revoked_at.is_(None))
    return db.execute(ended.values(revoked_by=by, revoked_at=literal_column(STAMP), revoked_in=operation_id)).rowcount > 0


def _wait(db: Connection, entity: str, records: Iterable[int]) -> None:
    pending.add(db, entity, pa.chunked_array([pa.array(list(records), pa.int64())]))


def _shown() -> Select[*tuple[Any, ...]]:
    return select(pin, record.c.source, record.c.key).join(record, record.c.id == pin.c.record_id)


def _pin(row: Row[*tuple[Any, ...]]) -> Pin:
    return Pin(
        row.id, row.entity, row.record_id, RecordKey(row.source, row.key), row.field, row.value, row.said, row.reason, row.pinned_by,
        row.pinned_at, row.expires_at, row.revoked_by, row.revoked_at, row.operation_id, row.origin_id or row.operation_id,
    )  # fmt: skip
