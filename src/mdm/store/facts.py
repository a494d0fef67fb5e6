"""Facts and golden records read as typed Arrow frames; facts follow their masters through the crosswalk."""

import pyarrow as pa
from sqlalchemy import Connection

from matching.declaration import Field, fields
from matching.frames import literal
from mdm.entities import FACTS, MASTERS, Entity, Master, golden_fields
from mdm.forecast.frames import Frames, fact_schema, golden_schema, refers_to_master
from mdm.store import holds, ties
from mdm.store.bulk import read
from mdm.store.masters import referred
from mdm.store.moment import NOW, Moment

MEMBERS = pa.schema([("golden_id", pa.string()), ("source", pa.string()), ("key", pa.string()), ("record_id", pa.int64())])


def frames(db: Connection, moment: Moment = NOW) -> Frames:
    """Everything that reports and forecasts are made of, as it was known; of business time, each report has its own day."""
    known = Moment(moment.known_at)
    return Frames.of(
        facts={entity.entity: facts(db, entity, known) for entity in FACTS},
        golden={entity.entity: golden(db, entity, known) for entity in MASTERS},
        members={entity.entity: members(db, entity.entity, known) for entity in MASTERS},
        edges=ties.read(db, "project", known),
        holds=holds.table(db, known.known_at),
    )


def facts(db: Connection, entity: type[Entity], moment: Moment = NOW) -> pa.Table:
    """Live records of a fact: source, key, record_id, its typed fields, and X_id for every reference X to a master."""
    declared = fields(entity)
    referring = [field for field in declared if refers_to_master(field)]
    chosen = ", ".join([*(_typed("v.clean", field) for field in declared), *(f"m{at}.golden_id" for at in range(len(referring)))])
    joins = "".join(referred(at, field, moment) for at, field in enumerate(referring))
    return read(
        db,
        f"""SELECT r.source, r.key, r.id, {chosen} FROM record r {moment.version()} {joins}
            WHERE r.entity = %(entity)s AND NOT {"r" if moment.is_now else "v"}.deleted ORDER BY r.id""",
        fact_schema(entity),
        {"entity": entity.entity},
    )


def _typed(document: str, field: Field) -> str:
    value = f"{document}->>{literal(field.name)}"
    if pa.types.is_timestamp(field.kind.arrow):
        return f"to_char(({value})::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
    return f"({value})::boolean" if pa.types.is_boolean(field.kind.arrow) else f"({value})"


def golden(db: Connection, entity: type[Master], moment: Moment = NOW) -> pa.Table:
    """Golden records in force, as they were known: golden_id and the typed fields."""
    chosen = ", ".join(_typed("data", field) for field in golden_fields(entity))
    return read(
        db,
        f"SELECT golden_id, {chosen} FROM golden_version g WHERE entity = %(entity)s AND {moment.in_force('g')} ORDER BY golden_id",
        golden_schema(entity),
        {"entity": entity.entity},
    )


def members(db: Connection, entity: str, moment: Moment = NOW) -> pa.Table:
    """The crosswalk as it was known: golden_id, source, key, record_id."""
    return read(
        db,
        f"""SELECT m.golden_id, r.source, r.key, r.id FROM member m JOIN record r ON r.id = m.record_id
            WHERE m.entity = %(entity)s AND {moment.in_force("m")} ORDER BY r.source, r.key""",
        MEMBERS,
        {"entity": entity},
    )


def review(db: Connection, entity: str, most: float) -> pa.Table:
    """Pairs below the weight at which records are joined, not ruled upon and not in one golden record, likeliest first."""
    return read(
        db,
        """SELECT a.source || ':' || a.key, b.source || ':' || b.key, round((1 / (1 + power(2, -e.weight::float8)))::numeric, 4)
           FROM edge e JOIN record a ON a.id = e.left_id JOIN record b ON b.id = e.right_id
           JOIN member ma ON ma.record_id = a.id AND ma.known_to IS NULL JOIN member mb ON mb.record_id = b.id AND mb.known_to IS NULL
           WHERE e.entity = %(entity)s AND e.weight < %(most)s AND ma.golden_id <> mb.golden_id
             AND NOT EXISTS (SELECT FROM decision d WHERE d.left_id = e.left_id AND d.right_id = e.right_id AND d.revoked_at IS NULL)
           ORDER BY e.weight DESC, 1, 2""",
        pa.schema([("left", pa.string()), ("right", pa.string()), ("probability", pa.float64())]),
        {"entity": entity, "most": most},
    )


def rulings(db: Connection, entity: str, moment: Moment = NOW) -> pa.Table:
    """Rulings of stewards that were in force, by the keys of their records."""
    known = "%(at)s::timestamptz"
    in_force = "d.revoked_at IS NULL" if moment.known_at is None else f"d.decided_at <= {known} AND (d.revoked_at > {known}) IS NOT FALSE"
    names = ("entity", "left_source", "left_key", "right_source", "right_key", "verdict", "reason", "decided_by", "decided_at")
    return read(
        db,
        f"""SELECT d.entity, a.source, a.key, b.source, b.key, d.verdict, d.reason, d.decided_by,
                  to_char(d.decided_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')
           FROM decision d JOIN record a ON a.id = d.left_id JOIN record b ON b.id = d.right_id
           WHERE d.entity = %(entity)s AND {in_force} ORDER BY d.id""",
        pa.schema([(name, pa.string()) for name in names]),
        {"entity": entity, "at": moment.known_at},
    )
