"""Masters in the database: the records to be resolved, what is ruled on them, and the golden records that they belong to."""

from collections.abc import Collection, Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select, text

from matching.declaration import Field, fields
from matching.frames import literal
from mdm.entities import Master, NameOf, Refers, SameAs, collected_fields
from mdm.store.bulk import read
from mdm.store.moment import NOW, Moment
from mdm.store.tables import decision, member

MEMBERS = pa.schema([("record_id", pa.int64()), ("golden_id", pa.string())])


def records(db: Connection, entity: type[Master], only: Iterable[int] | None = None, moment: Moment = NOW) -> pa.Table:
    """Live records of an entity, or only some, and those that the source has merged into another: record_id, source, key, event_at, and its fields as clean text.

    They come by source and key: whatever ends in their order does not depend on which was loaded first.

    A field that refers to another entity holds the golden id of the record referred to; one that refers to its own entity holds the
    record's number, for the golden ids are not settled yet. A name that another record carries stands in where the record has none.
    """
    declared = fields(entity)
    joins = "".join(referred(at, field, moment) for at, field in enumerate(declared) if field.mark(Refers))
    schema = pa.schema(
        [("record_id", pa.int64()), *((name, pa.string()) for name in ("source", "key", "event_at", *(field.name for field in declared)))]
    )
    merged = "".join(f" OR v.clean ? {literal(field.name)}" for field in declared if field.mark(SameAs))
    chosen = ", ".join(_value(field, declared, entity) for field in declared)
    some = "" if only is None else f"AND r.id = ANY ({array(only)})"
    return read(
        db,
        f"""SELECT r.id, r.source, r.key, to_char(v.event_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), {chosen}
            FROM record r {moment.version()} {joins}
            WHERE r.entity = %(entity)s AND (NOT {"r" if moment.is_now else "v"}.deleted{merged}) {some}
            ORDER BY r.source COLLATE "C", r.key COLLATE "C" """,
        schema,
        {"entity": entity.entity},
    )


def distinct(db: Connection, entity: str) -> frozenset[str]:
    """The sources that hold nothing twice: by their own word, when the one stream that they have of the entity was loaded last."""
    last = text(
        """SELECT source FROM (SELECT DISTINCT ON (source, stream) source, "distinct" FROM load
                               WHERE entity = :entity AND status <> 'failed' ORDER BY source, stream, id DESC) AS last
           GROUP BY source HAVING count(*) = 1 AND bool_and("distinct")"""
    )
    return frozenset(db.execute(last, {"entity": entity}).scalars())


def referred(at: int, field: Field, moment: Moment = NOW) -> str:
    """Joins the record that a field of version `v` refers to as r{at}, its version in force as v{at}, its membership as m{at}."""
    refers = field.mark(Refers)
    assert refers is not None
    return f"""
        LEFT JOIN record r{at} ON r{at}.entity = {literal(refers.to)} AND r{at}.source = r.source AND r{at}.key = v.clean->>{literal(field.name)}
        {moment.version(f"r{at}", f"v{at}", join="LEFT JOIN")}
        LEFT JOIN member m{at} ON m{at}.record_id = r{at}.id AND {moment.in_force(f"m{at}")}"""


def _value(field: Field, declared: tuple[Field, ...], entity: type[Master]) -> str:
    places = [other.name for other in declared]
    if refers := field.mark(Refers):
        at = places.index(field.name)
        return f"r{at}.id" if refers.to == entity.entity else f"m{at}.golden_id"
    named = field.mark(NameOf)
    own = f"v.clean->>{literal(field.name)}"
    return f"coalesce({own}, v{places.index(named.field)}.clean->>'name')" if named else own


def array(numbers: Iterable[int]) -> str:
    """Numbers as an array in SQL; as one text it is read at once, however many they are."""
    return f"'{{{','.join(str(int(number)) for number in numbers)}}}'::bigint[]"


def members(db: Connection, entity: str, only: Iterable[int] | None = None) -> pa.Table:
    """Which golden record each record belongs to, or only some: record_id, golden_id."""
    some = "" if only is None else f"AND record_id = ANY ({array(only)})"
    query = f"SELECT record_id, golden_id FROM member WHERE known_to IS NULL AND entity = %(entity)s {some}"
    return read(db, query, MEMBERS, {"entity": entity})


def collected(db: Connection, entity: type[Master], moment: Moment = NOW) -> pa.Table:
    """The lists of golden records in force: golden_id, and by the name of each list its values, best first."""
    lists = collected_fields(entity)
    names = [("golden_id", pa.string()), *((name, pa.string()) for name in lists)]
    chosen = "".join(
        f""", coalesce((SELECT string_agg(said, chr(31) ORDER BY place) FROM jsonb_array_elements_text(data->{literal(name)})
                                WITH ORDINALITY AS list (said, place)), data->>{literal(field.name)})"""
        for name, field in lists.items()
    )
    found = read(
        db,
        f"SELECT golden_id{chosen} FROM golden_version g WHERE entity = %(entity)s AND {moment.in_force('g')} ORDER BY golden_id",
        pa.schema(names),
        {"entity": entity.entity},
    )
    return pa.table({name: pc.split_pattern(found[name], "\x1f") if name in lists else found[name] for name in found.column_names})


def past(db: Connection, entity: str, only: Iterable[int] | None = None) -> pa.Table:
    """What ids that are out of use held last, of all records or only some: record_id, golden_id."""
    some = "" if only is None else f"AND l.record_id = ANY ({array(only)})"
    return read(
        db,
        f"""SELECT l.record_id, l.golden_id FROM member l JOIN golden g ON g.id = l.golden_id AND g.status <> 'live'
            WHERE l.entity = %(entity)s AND l.known_to IS NOT NULL {some}
              AND NOT EXISTS (SELECT FROM member x WHERE x.golden_id = l.golden_id AND x.known_to > l.known_to)""",
        MEMBERS,
        {"entity": entity},
    )


def rulings(db: Connection, entity: str, only: Iterable[int] | None = None) -> list[tuple[int, int, str]]:
    """Rulings in force, or only those between some records: left record, right record, verdict."""
    wanted = select(decision.c.left_id, decision.c.right_id, decision.c.verdict).where(
        decision.c.entity == entity, decision.c.revoked_at.is_(None)
    )
    if only is not None:
        some = text(array(only))
        wanted = wanted.where(decision.c.left_id == func.any(some), decision.c.right_id == func.any(some))
    return [(row.left_id, row.right_id, row.verdict) for row in db.execute(wanted)]


def merged_by_source(table: pa.Table, entity: type[Master]) -> list[tuple[int, int, str]]:
    """What a source says of its own records, as a ruling: that it has merged one into another. In: records as `records` gives them."""
    said = [item.name for item in fields(entity) if item.mark(SameAs)]
    pairs = (zip(table["record_id"].to_pylist(), table[name].to_pylist(), strict=True) for name in said)
    return [(record, int(into), "same") for pair in pairs for record, into in pair if into is not None and int(into) != record]


def places(ids: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where records stand among those read, -1 where they do not."""
    if not len(ids):
        return np.full(len(wanted), -1, np.int64)
    order = np.argsort(ids)
    at = order[np.minimum(np.searchsorted(ids, wanted, sorter=order), len(ids) - 1)]
    return np.where(ids[at] == wanted, at, -1)


def golden_of(db: Connection, ids: Collection[int], moment: Moment = NOW) -> dict[int, str]:
    """The golden record of some records."""
    rows = db.execute(select(member.c.record_id, member.c.golden_id).where(member.c.record_id.in_(ids), moment.among(member)))
    return {row.record_id: row.golden_id for row in rows}


def held(db: Connection, golden_ids: Collection[str], moment: Moment = NOW) -> pa.Table:
    """The records of some golden records: record_id, golden_id."""
    return read(
        db,
        f"SELECT record_id, golden_id FROM member m WHERE golden_id = ANY(%(ids)s) AND {moment.in_force('m')} ORDER BY record_id",
        MEMBERS,
        {"ids": sorted(golden_ids)},
    )
