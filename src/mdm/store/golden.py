"""Golden records read, as they are or as they were known: one, many, a page; members, lineage, history; crosswalk and aliases."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, Numeric, Row, Select, String, and_, bindparam, case, cast, func, null, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from matching.frames import literal
from mdm.store import ways
from mdm.store.bulk import read
from mdm.store.moment import NOW, Moment
from mdm.store.tables import golden, golden_version, member, record

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


def find(db: Connection, entity: str, golden_id: str, moment: Moment = NOW) -> Found | None:
    """A golden id of that entity with its newest version; the last one where it is merged or retired. None where it was not known yet."""
    if moment.known_at is None:
        return db.execute(_FIND_ONE, {"golden_id": golden_id, "entity": entity}).one_or_none()
    return next(iter(_known(db, [golden_id], moment.known_at, entity)), None)


def many(db: Connection, entity: str, ids: Collection[str], moment: Moment = NOW) -> dict[str, Found]:
    """By golden id, those of that entity that exist."""
    if moment.known_at is not None:
        return {row.id: row for row in _known(db, ids, moment.known_at, entity)}
    return {
        row.id: row for row in db.execute(_FIND.where(golden.c.id == func.any(cast(list(ids), ARRAY(String))), golden.c.entity == entity))
    }


def _known(db: Connection, ids: Collection[str], at: datetime, entity: str | None = None) -> Sequence[Found]:
    """Golden ids with the newest version of an instant, and what had become of them by then."""
    query = _known_then(ids, at, {}, entity)
    rows = db.execute(query).all()
    led = {row.id: into for row in rows if row.known_to is not None and (into := ways.way(db, row.id, at)) is not None}
    return db.execute(_known_then(ids, at, led, entity)).all() if led else rows


def _known_then(ids: Collection[str], at: datetime, led: Mapping[str, str], entity: str | None) -> Select[*tuple[Any, ...]]:
    newest = (
        select(*_then(at), golden_version.c.lineage)
        .where(golden_version.c.golden_id == golden.c.id, golden_version.c.known_from <= at)
        .order_by(golden_version.c.version.desc())
        .limit(1)
        .lateral("newest")
    )
    into = case(dict(led), value=golden.c.id) if led else null()
    status = case((newest.c.known_to.is_(None), "live"), (into.is_not(None), "merged"), else_="retired")
    told = (golden.c.id, status.label("status"), cast(into, String).label("merged_into"), golden.c.born_at)
    found = select(*told, newest).select_from(golden).join(newest, text("true")).where(golden.c.id.in_(sorted(ids)))
    return found if entity is None else found.where(golden.c.entity == entity)


def _then(at: datetime | None) -> list[ColumnElement[Any]]:
    """The columns of a version as they were at an instant, when it did not know its end."""
    if at is None:
        return list(_VERSION)
    ended = case((golden_version.c.known_to <= at, golden_version.c.known_to)).label("known_to")
    return [ended if column.name == "known_to" else column for column in _VERSION]


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


def page(
    db: Connection, entity: str, filters: Filters, order: Order, after: Position | None, limit: int, moment: Moment = NOW
) -> Sequence[Found]:
    """Golden records in force, sorted, behind a position; `place` is the value by which each is sorted."""
    value = _place(order)
    conditions = [*_in_force(entity, moment), *(_has(name, values) for name, values in filters.items())]
    if after is not None:
        conditions.append(_behind(value, order, after))
    tie: ColumnElement[Any] = golden_version.c.golden_id
    keys = [tie] if value is None else [value, tie]
    towards = [(key.desc() if order.descending else key.asc()).nulls_last() for key in keys]
    query = select(tie.label("id"), *_then(moment.known_at), keys[0].label("place")).where(*conditions).order_by(*towards).limit(limit)
    return db.execute(query).all()


def among(db: Connection, entity: str, ids: Collection[str], filters: Filters) -> dict[str, Found]:
    """By golden id, those of `ids` that are in force and pass the filters."""
    conditions = [*_in_force(entity), *(_has(name, values) for name, values in filters.items())]
    chosen = golden_version.c.golden_id == func.any(cast(list(ids), ARRAY(String)))
    return {row.id: row for row in db.execute(select(golden_version.c.golden_id.label("id"), *_VERSION).where(chosen, *conditions))}


def _in_force(entity: str, moment: Moment = NOW) -> list[ColumnElement[bool]]:
    return [golden_version.c.entity == entity, moment.among(golden_version)]


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


_LANDED = """r.id AS record_id, r.source, r.key, v.deleted, l.id AS load_id, l.stream, v.line, v.event_at, v.landed_at"""


def members(db: Connection, golden_id: str, moment: Moment = NOW) -> Sequence[Row[*tuple[Any, ...]]]:
    """Records that belong to a golden record, with where the version in force came from."""
    query = f"""SELECT {_LANDED}, m.known_from AS since
        FROM member m JOIN record r ON r.id = m.record_id {moment.version()} JOIN load l ON l.id = v.load_id
        WHERE m.golden_id = :golden_id AND {moment.in_force("m")} ORDER BY r.source, r.key"""
    return db.execute(text(query), {"golden_id": golden_id}).all()


def evidence(db: Connection, golden_id: str, also: Collection[int], moment: Moment = NOW) -> Sequence[Row[*tuple[Any, ...]]]:
    """Records that belong to a golden record, and those numbered in `also`, with their clean values."""
    query = f"""SELECT {_LANDED}, v.clean
        FROM (SELECT m.record_id AS id FROM member m WHERE m.golden_id = :golden_id AND {moment.in_force("m")}
              UNION SELECT unnest(CAST(:also AS bigint[]))) chosen
        JOIN record r USING (id) {moment.version()} JOIN load l ON l.id = v.load_id ORDER BY r.source, r.key"""
    return db.execute(text(query), {"golden_id": golden_id, "also": sorted(also)}).all()


Key = tuple[str, str, str]


def referred(db: Connection, keys: Collection[Key], moment: Moment = NOW) -> dict[Key, Row[*tuple[Any, ...]]]:
    """By (entity, source, key), the golden id and the name of records that others refer to."""
    query = f"""SELECT r.entity, r.source, r.key, m.golden_id, v.clean->>'name' AS name
        FROM unnest(CAST(:entities AS text[]), CAST(:sources AS text[]), CAST(:keys AS text[])) AS k (entity, source, key)
        JOIN record r USING (entity, source, key) {moment.version()}
        LEFT JOIN member m ON m.record_id = r.id AND {moment.in_force("m")}"""
    entities, sources, own = ([key[at] for key in keys] for at in range(3))
    rows = db.execute(text(query), {"entities": entities, "sources": sources, "keys": own}) if keys else ()
    return {(row.entity, row.source, row.key): row for row in rows}


def versions(db: Connection, golden_id: str, before: int | None, limit: int, moment: Moment = NOW) -> Sequence[Row[*tuple[Any, ...]]]:
    """Versions of a golden record, newest first, those numbered below `before`."""
    at = moment.known_at
    columns = (*_then(at), golden_version.c.golden_id, golden_version.c.run_id, golden_version.c.lineage)
    query = select(*columns).where(golden_version.c.golden_id == golden_id).order_by(golden_version.c.version.desc()).limit(limit)
    if at is not None:
        query = query.where(golden_version.c.known_from <= at)
    return db.execute(query if before is None else query.where(golden_version.c.version < before)).all()


@dataclass(frozen=True)
class Crossing:
    """A record of a source, and the golden record that it belongs to, or belonged to last."""

    deleted: bool
    golden_id: str | None
    """None where it was not matched yet."""
    merged_into: str | None
    since: datetime | None
    until: datetime | None


def crosswalk(db: Connection, entity: str, source: str, key: str, moment: Moment = NOW) -> Crossing | None:
    """The golden record of a record. None where there is no such record."""
    if moment.known_at is not None:
        return _crosswalk_then(db, entity, source, key, moment.known_at)
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
    row = db.execute(query).one_or_none()
    return None if row is None else Crossing(*row)


def _crosswalk_then(db: Connection, entity: str, source: str, key: str, at: datetime) -> Crossing | None:
    query = f"""SELECT v.deleted, last.golden_id, last.known_from, CASE WHEN last.known_to <= :at THEN last.known_to END AS until
        FROM record r {Moment(at).version()} LEFT JOIN LATERAL (
            SELECT m.* FROM member m WHERE m.record_id = r.id AND m.known_from <= :at AND m.known_from IS DISTINCT FROM m.known_to
            ORDER BY m.known_from DESC LIMIT 1) last ON true
        WHERE r.entity = :entity AND r.source = :source AND r.key = :key"""
    row = db.execute(text(query), {"entity": entity, "source": source, "key": key, "at": at}).one_or_none()
    if row is None:
        return None
    into = None if row.until is None else ways.way(db, row.golden_id, at)
    return Crossing(row.deleted, row.golden_id, into, row.known_from, row.until)


def identified(db: Connection, golden_id: str, moment: Moment = NOW) -> Row[*tuple[Any, ...]] | None:
    """What became of an id: id, entity, status, merged_into, born_at, and since when (of its last version: known_to)."""
    if moment.known_at is not None:
        return next(iter(_known(db, [golden_id], moment.known_at)), None)
    query = (
        select(*_ID, golden.c.entity, _NEWEST.c.known_to)
        .select_from(golden)
        .join(_NEWEST, text("true"), isouter=True)
        .where(golden.c.id == golden_id)
    )
    return db.execute(query).one_or_none()


def aliases(db: Connection, golden_id: str, moment: Moment = NOW) -> list[str]:
    """Ids that lead to this one, oldest first."""
    if moment.known_at is not None:
        return ways.led(db, golden_id, moment.known_at)
    return list(db.execute(select(golden.c.id).where(golden.c.merged_into == golden_id).order_by(golden.c.id)).scalars())


def survivors(db: Connection, ids: Collection[str]) -> dict[str, str]:
    """Of those of these ids that were merged, which they lead to."""
    query = select(golden.c.id, golden.c.merged_into).where(golden.c.id.in_(ids), golden.c.merged_into.is_not(None))
    return {row.id: row.merged_into for row in db.execute(query)}


def parts(db: Connection, golden_id: str, moment: Moment = NOW) -> list[str]:
    """The ids in use of all records that an id has ever held, as it was known."""
    known = "" if moment.known_at is None else " AND m.known_from <= :at"
    query = f"""SELECT DISTINCT n.golden_id FROM member m JOIN member n USING (record_id)
        WHERE m.golden_id = :golden_id{known} AND {moment.in_force("n")} ORDER BY 1"""
    return list(db.execute(text(query), {"golden_id": golden_id, "at": moment.known_at}).scalars())
