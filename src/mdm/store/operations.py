"""What stewards did: each operation with its rulings and pins, what came of it, and what was taken back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Row, Select, Table, func, insert, literal_column, select, update

from mdm.store.bulk import read
from mdm.store.database import STAMP
from mdm.store.masters import MEMBERS
from mdm.store.tables import operation, outbox, run


@dataclass(frozen=True)
class Operation:
    """Something that a steward did."""

    id: str
    entity: str
    kind: str
    actor: str
    reason: str | None
    at: datetime
    run_id: int
    detail: Mapping[str, Any]
    reverts: str | None
    reverted_by: str | None


@dataclass(frozen=True)
class Event:
    """What became of a golden record."""

    entity: str
    golden_id: str
    version: int
    event: str
    detail: Mapping[str, Any] | None


def begin(
    db: Connection,
    number: str,
    entity: str,
    kind: str,
    actor: str,
    reason: str | None,
    detail: Mapping[str, Any],
    reverts: str | None = None,
) -> int:
    """Write an operation down, and the run in which its effects are: the number of the run."""
    run_id = int(
        db.execute(
            insert(run).values(kind="steward", status="done", finished_at=func.now(), detail={"operation": number}).returning(run.c.id)
        ).scalar_one()
    )
    values: dict[str, Any] = {
        "id": number,
        "entity": entity,
        "at": literal_column(STAMP),
        "kind": kind,
        "actor": actor,
        "reason": reason,
        "run_id": run_id,
        "detail": dict(detail),
    }
    db.execute(insert(operation).values(values | {"reverts": reverts}))
    if reverts is not None:
        taken = update(operation).where(operation.c.id == reverts, operation.c.reverted_by.is_(None)).values(reverted_by=number)
        if db.execute(taken).rowcount:  # what it had taken back itself is in force again
            db.execute(update(operation).where(operation.c.reverted_by == reverts).values(reverted_by=None))
    return run_id


def parts(said: Table, number: str) -> tuple[Select[*tuple[Any, ...]], Select[*tuple[Any, ...]]]:
    """Rulings, or pins, that end where an operation is taken back, and those that are in force again then.

    The first are in force, and it made them or said them first. The others it revoked; what said them first was not taken back since.
    """
    made = select(said).where((said.c.operation_id == number) | (said.c.origin_id == number), said.c.revoked_at.is_(None))
    first = operation.alias()
    stands = select(first.c.id).where(first.c.id == func.coalesce(said.c.origin_id, said.c.operation_id), first.c.reverted_by.is_not(None))
    return made, select(said).where(said.c.revoked_in == number, ~stands.exists())


def get(db: Connection, number: str) -> Operation | None:
    """An operation."""
    row = db.execute(_SHOWN.where(operation.c.id == number)).one_or_none()
    return None if row is None else _operation(row)


def page(db: Connection, entity: str | None, before: str | None, limit: int) -> list[Operation]:
    """Operations, newest first, those whose id is below `before`."""
    query = _SHOWN.order_by(operation.c.id.desc()).limit(limit)
    if entity is not None:
        query = query.where(operation.c.entity == entity)
    if before is not None:
        query = query.where(operation.c.id < before)
    return [_operation(row) for row in db.execute(query)]


def events(db: Connection, run_id: int) -> Sequence[Event]:
    """What came of an operation, in order."""
    wanted = select(outbox.c.entity, outbox.c.golden_id, outbox.c.version, outbox.c.event, outbox.c.detail)
    return [Event(*row) for row in db.execute(wanted.where(outbox.c.run_id == run_id).order_by(outbox.c.seq))]


def before(db: Connection, run_id: int) -> pa.Table:
    """Membership before an operation, of all golden records that it touched: record_id, golden_id."""
    return read(
        db,
        """SELECT m.record_id, m.golden_id FROM operation o JOIN member m ON m.entity = o.entity
           AND m.golden_id IN (SELECT golden_id FROM outbox WHERE run_id = %(run)s)
           WHERE o.run_id = %(run)s AND m.known_from < o.at AND (m.known_to IS NULL OR m.known_to >= o.at)""",
        MEMBERS,
        {"run": run_id},
    )


_SHOWN: Select[*tuple[Any, ...]] = select(operation)


def _operation(row: Row[*tuple[Any, ...]]) -> Operation:
    return Operation(
        row.id, row.entity, row.kind, row.actor, row.reason, row.at, row.run_id, row.detail, row.reverts, row.reverted_by
    )  # fmt: skip
