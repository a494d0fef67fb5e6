"""Landing: records as they came and clean, append-only, and the problems that were set aside."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, func, insert, select, text, update

from matching.frames import literal, query
from mdm.entities import MASTERS
from mdm.store import pending
from mdm.store.bulk import copy_in, read, reserve, temporary, weigh
from mdm.store.tables import load, problem

MATCHED = frozenset(entity.entity for entity in MASTERS)
HELD = pa.schema([("n", pa.int64()), ("record_id", pa.int64()), ("outcome", pa.string())])


@dataclass(frozen=True)
class Loading:
    """A load in progress."""

    id: int
    cursor: str | None


def begin(db: Connection, run_id: int, source: str, stream: str, entity: str, fingerprint: str, *, distinct: bool) -> Loading:
    """Start to load a stream, or go on where a load under the same mapping was interrupted."""
    same = (load.c.source == source) & (load.c.stream == stream) & (load.c.entity == entity)
    last = db.execute(select(load).where(same).order_by(load.c.id.desc()).limit(1)).one_or_none()
    if last is not None and last.status == "running" and last.fingerprint == fingerprint:
        return Loading(last.id, last.cursor)
    db.execute(update(load).where(same, load.c.status == "running").values(status="failed", finished_at=func.now()))
    values = {"run_id": run_id, "source": source, "stream": stream, "entity": entity, "fingerprint": fingerprint, "distinct": distinct}
    return Loading(db.execute(insert(load).values(values).returning(load.c.id)).scalar_one(), None)


def checkpoint(db: Connection, load_id: int, cursor: str, counts: Mapping[str, int]) -> None:
    """Remember how far a load has come, in the transaction of its rows."""
    db.execute(update(load).where(load.c.id == load_id).values(cursor=cursor, counts=dict(counts)))


def finish(db: Connection, load_id: int, counts: Mapping[str, int], status: str = "done") -> None:
    """Close a load."""
    weigh(db, counts.get("new", 0) + counts.get("changed", 0), "record", "record_version", "pending")
    db.execute(update(load).where(load.c.id == load_id).values(status=status, finished_at=func.now(), counts=dict(counts)))


def counted(db: Connection, load_id: int) -> dict[str, int]:
    """What an interrupted load had counted."""
    return dict(db.execute(select(load.c.counts).where(load.c.id == load_id)).scalar_one())


def outcomes(db: Connection, load_id: int, entity: str, source: str, rows: pa.Table) -> pa.Table:
    """What each row is to what is held.

    In:  n, key (unique), event_at (text or null), hash.
    Out: n, record_id or null, outcome: new, changed, unchanged, stale (older than what is held), doubled (seen in this load).
    """
    temporary(db, "arriving", {"n": "bigint", "key": "text", "event_at": "timestamptz", "hash": "text"}, rows)
    found = read(db, _OUTCOMES, HELD, {"entity": entity, "source": source, "load": load_id})
    db.execute(text("DROP TABLE arriving"))
    return found


_OUTCOMES = """
SELECT a.n, r.id, CASE
    WHEN r.id IS NULL THEN 'new'
    WHEN v.hash = a.hash THEN 'unchanged'
    WHEN v.load_id = %(load)s AND (a.event_at > v.event_at) IS NOT TRUE THEN 'doubled'
    WHEN a.event_at < v.event_at THEN
        CASE WHEN EXISTS (SELECT FROM record_version o WHERE o.record_id = r.id AND o.hash = a.hash) THEN 'unchanged' ELSE 'stale' END
    ELSE 'changed' END
FROM arriving a
LEFT JOIN record r ON r.entity = %(entity)s AND r.source = %(source)s AND r.key = a.key
LEFT JOIN record_version v ON v.id = r.version_id"""


def append(db: Connection, load_id: int, entity: str, source: str, rows: pa.Table) -> None:
    """Land rows.

    In: key, line, event_at, hash, deleted, raw, clean, record_id (null for a new record), current (whether the version wins).
    """
    if not rows.num_rows:
        return
    fresh = rows["record_id"].null_count
    ids = pa.table({"m": pa.array(range(1, fresh + 1), pa.int64()), "id": reserve(db, "record", fresh)})
    versions = pa.table({"m": pa.array(range(1, rows.num_rows + 1), pa.int64()), "id": reserve(db, "record_version", rows.num_rows)})
    numbered = query(_NUMBERED, rows=rows, ids=ids, versions=versions)
    new = query(_NEW.format(entity=literal(entity), source=literal(source)), rows=numbered)
    copy_in(db, "record", new)
    landed = numbered.select(["id", "record_id", "line", "event_at", "hash", "deleted", "current", "raw", "clean"])
    landed = landed.rename_columns({"current": "won"})
    copy_in(db, "record_version", landed.append_column("load_id", pa.array([load_id] * rows.num_rows, pa.int64())))
    if entity in MATCHED:
        pending.add(db, entity, query("SELECT record_id FROM rows WHERE current ORDER BY 1", rows=numbered)["record_id"])
    heads = query("SELECT record_id, id AS version_id, deleted FROM rows WHERE NOT fresh AND current", rows=numbered)
    _move_heads(db, heads)


_NUMBERED = """
WITH counted AS (SELECT *, row_number() OVER () AS v, record_id IS NULL AS fresh FROM rows),
     split AS (SELECT *, sum(fresh::INTEGER) OVER (ORDER BY v) AS f FROM counted)
SELECT split.* EXCLUDE (record_id, v, f), coalesce(split.record_id, ids.id) AS record_id, versions.id AS id
FROM split JOIN versions ON versions.m = split.v LEFT JOIN ids ON fresh AND ids.m = split.f ORDER BY v"""
_NEW = "SELECT record_id AS id, {entity} AS entity, {source} AS source, key, id AS version_id, deleted FROM rows WHERE fresh ORDER BY id"


def _move_heads(db: Connection, heads: pa.Table) -> None:
    if heads.num_rows:
        temporary(db, "heads", {"record_id": "bigint", "version_id": "bigint", "deleted": "boolean"}, heads)
        db.execute(text("UPDATE record r SET version_id = h.version_id, deleted = h.deleted FROM heads h WHERE r.id = h.record_id"))
        db.execute(text("DROP TABLE heads"))


def absent(db: Connection, entity: str, source: str, stream: str, keys: pa.Array) -> pa.Table:
    """Live records that this stream delivered before and does not list now. Out: record_id, key."""
    temporary(db, "listed", {"key": "text"}, pa.table({"key": keys}))
    found = read(
        db, _ABSENT, pa.schema([("record_id", pa.int64()), ("key", pa.string())]), {"entity": entity, "source": source, "stream": stream}
    )
    db.execute(text("DROP TABLE listed"))
    return found


_ABSENT = """
SELECT r.id, r.key FROM record r JOIN record_version v ON v.id = r.version_id JOIN load l ON l.id = v.load_id
WHERE r.entity = %(entity)s AND r.source = %(source)s AND l.stream = %(stream)s AND NOT r.deleted
  AND NOT EXISTS (SELECT FROM listed k WHERE k.key = r.key)"""


def set_aside(db: Connection, load_id: int, source: str, stream: str, entity: str, problems: pa.Table) -> None:
    """Keep problems; one that an earlier load has found is that one.

    In: severity, place, line, key, field, value, reason, fix.
    """
    if not problems.num_rows:
        return
    given: dict[str, Any] = {"source": source, "stream": stream, "entity": entity}
    fixed = ", ".join(f"{literal(value)} AS {name}" for name, value in given.items())
    rows = query(
        f"""SELECT any_value(columns(*)) FROM (
            SELECT md5(concat_ws(chr(31), {literal(source)}, {literal(stream)}, severity, place, coalesce(key, line::VARCHAR, ''), coalesce(field, ''),
                       coalesce(value, ''), reason)) AS fingerprint, {fixed}, * FROM p) GROUP BY fingerprint""",
        p=problems,
    ).rename_columns(["fingerprint", "source", "stream", "entity", *problems.column_names])
    rows = rows.append_column("first_load_id", pa.array([load_id] * rows.num_rows, pa.int64()))
    rows = rows.append_column("last_load_id", pa.array([load_id] * rows.num_rows, pa.int64()))
    columns = {column: str(problem.c[column].type.compile(db.dialect)) for column in rows.column_names}
    temporary(db, "found", columns, rows)
    chosen = ", ".join(columns)
    db.execute(
        text(
            f"INSERT INTO problem ({chosen}) SELECT {chosen} FROM found "
            "ON CONFLICT (fingerprint) DO UPDATE SET last_load_id = excluded.last_load_id, line = excluded.line"
        )
    )
    db.execute(text("DROP TABLE found"))


__all__ = ["Loading", "absent", "append", "begin", "checkpoint", "counted", "finish", "outcomes", "set_aside"]
