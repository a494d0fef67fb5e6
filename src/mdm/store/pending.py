"""What waits to be matched: records that came, changed or went, and those of which something else has changed."""

from collections.abc import Collection

import pyarrow as pa
from sqlalchemy import Connection, delete, func, select, text

from mdm.store.bulk import temporary
from mdm.store.tables import pending, record


def add(db: Connection, entity: str, records: pa.ChunkedArray) -> None:
    """Records that wait from now on; those that do already wait once."""
    if not len(records):
        return
    temporary(db, "waiting", {"record_id": "bigint"}, pa.table({"record_id": records}))
    db.execute(
        text("INSERT INTO pending (record_id, entity) SELECT DISTINCT record_id, :entity FROM waiting ORDER BY 1 ON CONFLICT DO NOTHING"),
        {"entity": entity},
    )
    db.execute(text("DROP TABLE waiting"))


def count(db: Connection, entity: str) -> int:
    """How many records of an entity wait."""
    return int(db.execute(select(func.count()).select_from(pending).where(pending.c.entity == entity)).scalar_one())


def live(db: Connection, entity: str) -> int:
    """How many live records there are of an entity."""
    return int(db.execute(select(func.count()).select_from(record).where(record.c.entity == entity, ~record.c.deleted)).scalar_one())


def take(db: Connection, entity: str, only: Collection[int] | None = None) -> list[int]:
    """The records of an entity that wait, or some of them; they wait no longer."""
    taken = delete(pending).where(pending.c.entity == entity)
    if only is not None:
        taken = taken.where(pending.c.record_id.in_(only))
    return sorted(db.execute(taken.returning(pending.c.record_id)).scalars())


def clear(db: Connection, entity: str) -> None:
    """Nothing of an entity waits any more: all of it is matched in this transaction."""
    db.execute(delete(pending).where(pending.c.entity == entity))
