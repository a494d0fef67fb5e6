"""Golden records read: one, many, a page; their members, their lineage, their history; the crosswalk and the aliases."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, Numeric, Row, String, and_, bindparam, cast, func, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from matching.frames import literal
from mdm.store.bulk import read
from mdm.store.tables import golden, golden_version, load, member, record, record_version

Found = Row[*tuple[Any, ...]]
"""A golden id with its newest version: id, entity, status, merged_into, born_at, and the columns of golden_version."""

_ID = (golden.c.id, golden.c.status, golden.c.merged_into, golden.c.born_at)
_VERSION = [column for column in golden_version.c if column.name not in {"golden_id", "run_id", "lineage"}]
_NEWEST = (
    select(*_VERSION, golden_version.c.lineage)
    .where(golden_version.c.golden_id == golden.c.id)
    .order_by(golden_version.c.version.desc())
    .limit(1)
    .lateral("newest")
)
_FIND = select(*_ID, _NEWEST).select_from(golden).join(_NEWEST, text("true"))
_FIND_ONE = _FIND.where(golden.c.id == bindparam("golden_id"), golden.c.entity == bindparam("entity"))


def find(db: Connection, entity: str, golden_id: str) -> Found | None:
    """A golden id of that entity with its newest version; the last one where it is merged or retired."""
    return db.execute(_FIND_ONE, {"golden_id": golden_id, "entity": entity}).one_or_none()


def many(db: Connection, entity: str, ids: Collection[str]) -> dict[str, Found]:
    """By golden id, those of that entity that exist."""
    return {
        row.id: row for row in db.execute(_FIND.where(golden.c.id == func.any(cast(list(ids), ARRAY(String))), golden.c.entity == entity))
    }


@dataclass(frozen=True)
class Order:
    """By which field a page is sorted, the id behind it; those without a value come last."""

    field: str | None = None
    """None sorts by id."""
    descending: bool = False
    numeric: bool = False


@dataclass(frozen=True)
class Position:
    """The last row of the page before."""

    value: str | None
    golden_id: str


Filters = Mapping[str, Collection[str | None]]
"""By field, the clean values of which the record has one; None is none at all."""


def page(db: Connection, entity: str, filters: Filters, order: Order, after: Position | None, limit: int) -> Sequence[Found]:
    """Golden records in force, sorted, behind a position; `place` is the value by which each is sorted."""
    value = _place(order)
    conditions = [*_in_force(entity), *(_has(name, values) for name, values in filters.items())]
    if after is not None:
        conditions.append(_behind(value, order, after))
    tie: ColumnElement[Any] = golden_version.c.golden_id
    keys = [tie] if value is None else [value, tie]
    towards = [(key.desc() if order.descending else key.asc()).nulls_last() for key in keys]
    query = select(tie.label("id"), *_VERSION, keys[0].label("place")).where(*conditions).order_by(*towards).limit(limit)
    return db.execute(query).all()


def among(db: Connection, entity: str, ids: Collection[str], filters: Filters) -> dict[str, Found]:
    """By golden id, those of `ids` that are in force and pass the filters."""
    conditions = [*_in_force(entity), *(_has(name, values) for name, values in filters.items())]
    chosen = golden_version.c.golden_id == func.any(cast(list(ids), ARRAY(String)))
    return {row.id: row for row in db.execute(select(golden_version.c.golden_id.label("id"), *_VERSION).where(chosen, *conditions))}


def _in_force(entity: str) -> list[ColumnElement[bool]]:
    return [golden_version.c.entity == entity, golden_version.c.known_to.is_(None)]


def _has(name: str, values: Collection[str | None]) -> ColumnElement[bool]:
    """Written as containment, which a GIN index on `data` answers."""
    data = golden_version.c.data
    return or_(*(~data.has_key(name) if value is None else data.contains({name: value}) for value in values))


def _place(order: Order) -> ColumnElement[Any] | None:
    if order.field is None:
        return None
    value = golden_version.c.data[order.field].astext
    return cast(value, Numeric) if order.numeric else value


def _behind(value: ColumnElement[Any] | None, order: Order, after: Position) -> ColumnElement[bool]:
    tie = golden_version.c.golden_id
    beyond = tie < after.golden_id if order.descending else tie > after.golden_id
    if value is None:
        return beyond
    if after.value is None:
        return and_(value.is_(None), beyond)
    here = cast(after.value, Numeric if order.numeric else String)
    return or_(value < here if order.descending else value > here, and_(value == here, beyond), value.is_(None))


def names(db: Connection, entity: str, parts: Sequence[str]) -> pa.Table:
    """Golden records in force and what they are called, the parts joined by blanks: golden_id, name."""
    joined = ", ".join(f"data->>{literal(part)}" for part in parts)
    return read(
        db,
        f"""SELECT golden_id, concat_ws(' ', {joined}) FROM golden_version
            WHERE entity = %(entity)s AND known_to IS NULL ORDER BY golden_id""",
        pa.schema([("golden_id", pa.string()), ("name", pa.string())]),
        {"entity": entity},
    )


_LANDED = (
    record.c.id.label("record_id"), record.c.source, record.c.key, record.c.deleted,
    load.c.id.label("load_id"), load.c.stream, record_version.c.line, record_version.c.event_at, record_version.c.landed_at,
)  # fmt: skip


def members(db: Connection, golden_id: str) -> Sequence[Row[*tuple[Any, ...]]]:
    """Records that belong to a golden record now, with where the version in force came from."""
    query = (
        select(*_LANDED, member.c.known_from.label("since"))
        .join(record, record.c.id == member.c.record_id)
        .join(record_version, record_version.c.id == record.c.version_id)
        .join(load, load.c.id == record_version.c.load_id)
        .where(member.c.golden_id == golden_id, member.c.known_to.is_(None))
        .order_by(record.c.source, record.c.key)
    )
    return db.execute(query).all()


def evidence(db: Connection, golden_id: str, also: Collection[int]) -> Sequence[Row[*tuple[Any, ...]]]:
    """Records that belong to a golden record, and those numbered in `also`, with their clean values."""
    belongs = select(member.c.record_id).where(member.c.golden_id == golden_id, member.c.known_to.is_(None))
    query = (
        select(*_LANDED, record_version.c.clean)
        .join(record_version, record_version.c.id == record.c.version_id)
        .join(load, load.c.id == record_version.c.load_id)
        .where(or_(record.c.id.in_(belongs), record.c.id.in_(sorted(also))))
        .order_by(record.c.source, record.c.key)
    )
    return db.execute(query).all()


_REFERRED = text(
    """SELECT r.entity, r.source, r.key, m.golden_id, v.clean->>'name' AS name
       FROM unnest(CAST(:entities AS text[]), CAST(:sources AS text[]), CAST(:keys AS text[])) AS k (entity, source, key)
       JOIN record r USING (entity, source, key) JOIN record_version v ON v.id = r.version_id
       LEFT JOIN member m ON m.record_id = r.id AND m.known_to IS NULL"""
)


def referred(db: Connection, keys: Collection[tuple[str, str, str]]) -> dict[tuple[str, str, str], Row[*tuple[Any, ...]]]:
    """By (entity, source, key), the golden id and the name of records that others refer to."""
    entities, sources, own = ([key[at] for key in keys] for at in range(3))
    rows = db.execute(_REFERRED, {"entities": entities, "sources": sources, "keys": own}) if keys else ()
    return {(row.entity, row.source, row.key): row for row in rows}


def versions(db: Connection, golden_id: str, before: int | None, limit: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """Versions of a golden record, newest first, those numbered below `before`."""
    query = select(golden_version).where(golden_version.c.golden_id == golden_id).order_by(golden_version.c.version.desc()).limit(limit)
    return db.execute(query if before is None else query.where(golden_version.c.version < before)).all()


def crosswalk(db: Connection, entity: str, source: str, key: str) -> Row[*tuple[Any, ...]] | None:
    """A record of a source and the golden record that it belongs to, or belonged to last: deleted, golden_id, merged_into, since, until.

    None where there is no such record; golden_id is null where it was not matched yet.
    """
    last = (
        select(member.c.golden_id, member.c.known_from, member.c.known_to)
        .where(member.c.record_id == record.c.id)
        .order_by(member.c.known_to.desc().nulls_first())
        .limit(1)
        .lateral("last")
    )
    query = (
        select(record.c.deleted, last.c.golden_id, golden.c.merged_into, last.c.known_from.label("since"), last.c.known_to.label("until"))
        .select_from(record)
        .join(last, text("true"), isouter=True)
        .join(golden, golden.c.id == last.c.golden_id, isouter=True)
        .where(record.c.entity == entity, record.c.source == source, record.c.key == key)
    )
    return db.execute(query).one_or_none()


def identified(db: Connection, golden_id: str) -> Row[*tuple[Any, ...]] | None:
    """What became of an id: id, entity, status, merged_into, born_at, and since when (of its last version: known_to)."""
    query = (
        select(*_ID, golden.c.entity, _NEWEST.c.known_to)
        .select_from(golden)
        .join(_NEWEST, text("true"), isouter=True)
        .where(golden.c.id == golden_id)
    )
    return db.execute(query).one_or_none()


def aliases(db: Connection, golden_id: str) -> list[str]:
    """Ids that lead to this one, oldest first."""
    return list(db.execute(select(golden.c.id).where(golden.c.merged_into == golden_id).order_by(golden.c.id)).scalars())


def parts(db: Connection, golden_id: str) -> list[str]:
    """The ids in use of all records that an id has ever held."""
    now = member.alias("now")
    query = (
        select(now.c.golden_id)
        .distinct()
        .select_from(member.join(now, (now.c.record_id == member.c.record_id) & now.c.known_to.is_(None)))
        .where(member.c.golden_id == golden_id)
        .order_by(now.c.golden_id)
    )
    return list(db.execute(query).scalars())
