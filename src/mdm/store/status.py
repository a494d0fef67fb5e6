"""How the hub stands: what it holds, how sure it is, what it did last."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, func, select, text

from mdm.store.tables import golden, load, record, run


class EntityCount(NamedTuple):
    """Of one entity: live records, golden records, pairs that wait for a steward."""

    entity: str
    records: int
    golden: int
    waiting: int


class Certainty(NamedTuple):
    """How sure the joined pairs of an entity are."""

    entity: str
    certain: int
    likely: int
    probable: int


def entities(db: Connection, match_bits: float) -> list[EntityCount]:
    """A row an entity that has records."""
    found = db.execute(
        text(
            """SELECT r.entity, r.records, coalesce(g.golden, 0), coalesce(e.waiting, 0)
               FROM (SELECT entity, count(*) AS records FROM record WHERE NOT deleted GROUP BY 1) r
               LEFT JOIN (SELECT entity, count(*) AS golden FROM golden_version WHERE known_to IS NULL GROUP BY 1) g USING (entity)
               LEFT JOIN (SELECT edge.entity, count(*) AS waiting FROM edge JOIN member a ON a.record_id = left_id AND a.known_to IS NULL
                          JOIN member b ON b.record_id = right_id AND b.known_to IS NULL
                          WHERE weight < :bits AND a.golden_id <> b.golden_id
                            AND NOT EXISTS (SELECT FROM decision d WHERE d.left_id = edge.left_id AND d.right_id = edge.right_id AND d.revoked_at IS NULL)
                          GROUP BY 1) e USING (entity)
               ORDER BY g.golden IS NULL, r.entity"""
        ),
        {"bits": match_bits},
    )
    return [EntityCount(*row) for row in found]


def certainty(db: Connection, match_bits: float) -> list[Certainty]:
    """Pairs of records that are in one golden record, by how sure their evidence is: above 99.9 %, above 95 %, the rest."""
    found = db.execute(
        text(
            """SELECT e.entity, count(*) FILTER (WHERE weight >= 9.96), count(*) FILTER (WHERE weight < 9.96 AND weight >= 4.25),
                      count(*) FILTER (WHERE weight < 4.25)
               FROM edge e JOIN member a ON a.record_id = left_id AND a.known_to IS NULL JOIN member b ON b.record_id = right_id AND b.known_to IS NULL
               WHERE a.golden_id = b.golden_id AND weight >= :bits GROUP BY 1 ORDER BY 1"""
        ),
        {"bits": match_bits},
    )
    return [Certainty(*row) for row in found]


def telling_example(db: Connection, entity: str) -> list[tuple[str, str, str, str | None]]:
    """The records of the golden record whose records are written in the most different ways: source, key, name, city."""
    found = db.execute(
        text(
            """WITH told AS (
                 SELECT m.golden_id, r.source, r.key, v.clean->>'name' AS name, v.clean->>'city' AS city
                 FROM member m JOIN record r ON r.id = m.record_id JOIN record_version v ON v.id = r.version_id
                 WHERE m.entity = :entity AND m.known_to IS NULL),
               chosen AS (
                 SELECT golden_id FROM told GROUP BY 1 HAVING count(*) BETWEEN 3 AND 6 AND count(DISTINCT source) > 1
                 ORDER BY count(DISTINCT lower(name)) DESC, sum(length(name)) DESC, golden_id LIMIT 1)
               SELECT source, key, name, city FROM told JOIN chosen USING (golden_id) ORDER BY source, key"""
        ),
        {"entity": entity},
    )
    return [(row[0], row[1], row[2], row[3]) for row in found]


def records(db: Connection) -> Sequence[Row[*tuple[Any, ...]]]:
    """Records by entity and source: live, deleted."""
    by = (record.c.entity, record.c.source)
    states = (func.count().filter(~record.c.deleted).label("live"), func.count().filter(record.c.deleted).label("deleted"))
    return db.execute(select(*by, *states).group_by(*by).order_by(*by)).all()


def ids(db: Connection) -> Sequence[Row[*tuple[Any, ...]]]:
    """Golden ids by entity: live, merged, retired."""
    states = [func.count().filter(golden.c.status == state).label(state) for state in ("live", "merged", "retired")]
    return db.execute(select(golden.c.entity, *states).group_by(golden.c.entity).order_by(golden.c.entity)).all()


def last_runs(db: Connection, limit: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """What the pipeline did last, newest first."""
    shown = (run.c.id, run.c.kind, run.c.status, run.c.started_at, run.c.finished_at)
    return db.execute(select(*shown).order_by(run.c.id.desc()).limit(limit)).all()


def loads_finished(db: Connection) -> int:
    """How many loads have come to their end: it changes whenever one does."""
    return int(db.execute(select(func.count()).where(load.c.finished_at.is_not(None))).scalar_one())


def answers(db: Connection) -> bool:
    """Whether the database answers; raises what it raises where it does not."""
    return bool(db.execute(select(1)).scalar_one())
