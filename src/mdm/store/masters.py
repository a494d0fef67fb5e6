"""Masters in the database: records to be resolved, the crosswalk, golden records with their history."""

from collections.abc import Collection, Mapping
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, delete, func, insert, select, text

from matching.declaration import Field, fields
from matching.frames import literal, quoted
from matching.model import Model
from matching.saving import from_json
from mdm.entities import Master, NameOf, Refers, SameAs
from mdm.store.bulk import copy_in, read, temporary
from mdm.store.moment import NOW, Moment
from mdm.store.tables import blocking_key, decision, edge, load, member, model

MEMBERS = pa.schema([("record_id", pa.int64()), ("golden_id", pa.string())])


def records(db: Connection, entity: type[Master], only: Collection[int] | None = None, moment: Moment = NOW) -> pa.Table:
    """Live records of an entity, or only some, and those that the source has merged into another: record_id, source, key, event_at, and its fields as clean text.

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
    some = "" if only is None else f"AND r.id IN ({', '.join(str(int(one)) for one in only) or 'NULL'})"
    return read(
        db,
        f"""SELECT r.id, r.source, r.key, to_char(v.event_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), {chosen}
            FROM record r {moment.version()} {joins}
            WHERE r.entity = %(entity)s AND (NOT {"r" if moment.is_now else "v"}.deleted{merged}) {some} ORDER BY r.id""",
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


def members(db: Connection, entity: str) -> pa.Table:
    """Which golden record each record belongs to: record_id, golden_id."""
    return read(db, "SELECT record_id, golden_id FROM member WHERE known_to IS NULL AND entity = %(entity)s", MEMBERS, {"entity": entity})


def rulings(db: Connection, entity: str) -> list[tuple[int, int, str]]:
    """Rulings in force: left record, right record, verdict."""
    found = db.execute(
        select(decision.c.left_id, decision.c.right_id, decision.c.verdict).where(
            decision.c.entity == entity, decision.c.revoked_at.is_(None)
        )
    )
    return [(row.left_id, row.right_id, row.verdict) for row in found]


def merged_by_source(table: pa.Table, entity: type[Master]) -> list[tuple[int, int, str]]:
    """What a source says of its own records, as a ruling: that it has merged one into another. In: records as `records` gives them."""
    said = [item.name for item in fields(entity) if item.mark(SameAs)]
    pairs = (zip(table["record_id"].to_pylist(), table[name].to_pylist(), strict=True) for name in said)
    return [(record, int(into), "same") for pair in pairs for record, into in pair if into is not None and int(into) != record]


def watermark(db: Connection, entity: str) -> str:
    """Changes whenever records or rulings of an entity have changed."""
    touched = text(
        "coalesce((counts->>'new')::int, 0) + coalesce((counts->>'changed')::int, 0) + coalesce((counts->>'deleted')::int, 0) > 0"
    )
    landed = db.execute(select(func.max(load.c.id)).where(load.c.entity == entity, touched)).scalar_one()
    counts = db.execute(
        select(func.count(), func.count(decision.c.revoked_at)).select_from(decision).where(decision.c.entity == entity)
    ).one()
    return f"{landed or 0}.{counts[0]}.{counts[1]}"


def replace_matches(db: Connection, entity: str, keys: pa.Table, edges: pa.Table, trained: Mapping[str, Any]) -> None:
    """Store what matching found. In: keys (key, record_id), edges (left_id, right_id, weight, levels as JSON)."""
    db.execute(delete(edge).where(edge.c.entity == entity))
    own = db.execute(text("SELECT to_regclass(:name)"), {"name": f"blocking_key_{entity}"}).scalar_one()
    db.execute(text(f"TRUNCATE {quoted(f'blocking_key_{entity}')}") if own else delete(blocking_key).where(blocking_key.c.entity == entity))
    for name, rows in (("blocking_key", keys), ("edge", edges)):
        copy_in(db, name, rows.append_column("entity", pa.repeat(entity, rows.num_rows)))
    db.execute(
        text("UPDATE model SET content = content - 'frequencies' - 'words' #- '{blocking,common}' WHERE entity = :entity"),
        {"entity": entity},
    )
    db.execute(insert(model).values(entity=entity, content=dict(trained)))


def trained(db: Connection, entity: str) -> Model | None:
    """The model by which an entity was matched last; of those before, what people read is kept."""
    newest = select(model.c.content).where(model.c.entity == entity).order_by(model.c.id.desc()).limit(1)
    content = db.execute(newest).scalar_one_or_none()
    return None if content is None or "words" not in content else from_json(content)


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


def weight(db: Connection, left: int, right: int) -> float | None:
    """Bits of a pair of records beside its rivals, where it was worth a look."""
    return db.execute(
        select(edge.c.weight).where(edge.c.left_id == min(left, right), edge.c.right_id == max(left, right))
    ).scalar_one_or_none()


def rewrite(
    db: Connection, run_id: int, entity: str, crosswalk: pa.Table, golden: pa.Table, absorbed: pa.Table, retired: pa.Table
) -> dict[str, int]:
    """Bring membership and golden records to what was resolved; what has not changed is not touched. Counts by event.

    In: crosswalk (record_id, golden_id), golden (golden_id, fresh, data, lineage, members, hash), absorbed (golden_id, into),
    retired (golden_id).
    """
    temporary(db, "xw", {"record_id": "bigint", "golden_id": "text"}, crosswalk)
    columns = {"golden_id": "text", "fresh": "boolean", "data": "jsonb", "lineage": "jsonb", "members": "integer", "hash": "text"}
    temporary(db, "gd", columns, golden)
    temporary(db, "ab", {"golden_id": "text", "into": "text"}, absorbed)
    temporary(db, "rt", {"golden_id": "text"}, retired)
    given = {"entity": entity, "run": run_id}
    for statement in _REWRITE:
        db.execute(text(statement), given)
    counts = db.execute(text("SELECT event, count(*) AS n FROM outbox WHERE run_id = :run AND entity = :entity GROUP BY 1"), given)
    found = {str(row.event): int(row.n) for row in counts}
    for name in ("xw", "gd", "ab", "rt"):
        db.execute(text(f"DROP TABLE {quoted(name)}"))
    return found


_REWRITE = (
    "INSERT INTO golden (id, entity) SELECT golden_id, :entity FROM gd WHERE fresh",
    """UPDATE golden g SET status = 'merged', merged_into = a."into" FROM ab a WHERE g.id = a.golden_id""",
    """UPDATE golden g SET merged_into = a."into" FROM ab a WHERE g.merged_into = a.golden_id""",
    "UPDATE golden g SET status = 'retired' FROM rt WHERE g.id = rt.golden_id",
    # Membership: what is left or moved ends, what is new or moved begins.
    """UPDATE member m SET known_to = now() WHERE m.entity = :entity AND m.known_to IS NULL
       AND NOT EXISTS (SELECT FROM xw WHERE xw.record_id = m.record_id AND xw.golden_id = m.golden_id)""",
    """INSERT INTO member (record_id, golden_id, entity, run_id) SELECT xw.record_id, xw.golden_id, :entity, :run FROM xw
       WHERE NOT EXISTS (SELECT FROM member m WHERE m.record_id = xw.record_id AND m.known_to IS NULL)""",
    # Golden versions: one that is gone or different ends, with the number of the next one kept for its event.
    """CREATE TEMPORARY TABLE ended ON COMMIT DROP AS
       SELECT v.golden_id, v.version, gd.golden_id IS NULL AS gone FROM golden_version v LEFT JOIN gd USING (golden_id)
       WHERE v.entity = :entity AND v.known_to IS NULL AND v.hash IS DISTINCT FROM gd.hash""",
    """UPDATE golden_version v SET known_to = now() FROM ended e
       WHERE v.golden_id = e.golden_id AND v.version = e.version""",
    """INSERT INTO golden_version (golden_id, version, entity, data, lineage, members, hash, cause, run_id)
       SELECT gd.golden_id, coalesce(e.version, 0) + 1, :entity, gd.data, gd.lineage, gd.members, gd.hash,
              CASE WHEN gd.fresh THEN 'created' WHEN EXISTS (SELECT FROM ab WHERE ab."into" = gd.golden_id) THEN 'merged' ELSE 'updated' END,
              :run
       FROM gd LEFT JOIN ended e USING (golden_id) WHERE gd.fresh OR e.golden_id IS NOT NULL""",
    """INSERT INTO outbox (entity, golden_id, version, event, run_id)
       SELECT entity, golden_id, version, cause, run_id FROM golden_version WHERE run_id = :run AND entity = :entity ORDER BY golden_id""",
    """INSERT INTO outbox (entity, golden_id, version, event, run_id)
       SELECT :entity, e.golden_id, e.version, CASE WHEN ab.golden_id IS NULL THEN 'retired' ELSE 'absorbed' END, :run
       FROM ended e LEFT JOIN ab USING (golden_id) WHERE e.gone ORDER BY 2""",
    "DROP TABLE ended",
)
