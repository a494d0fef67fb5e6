"""What matching keeps: the model of each entity, the keys under which its records are filed, the pairs worth a look."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, delete, insert, select, text, update

from matching.declaration import fields
from matching.frames import literal, quoted
from matching.model import Model
from matching.saving import from_json
from mdm.entities import Master, SameAs
from mdm.store.bulk import copy_in, read, temporary, weigh
from mdm.store.masters import array
from mdm.store.tables import blocking_key, edge, model

PAIRS = pa.schema([("left_id", pa.int64()), ("right_id", pa.int64()), ("weight", pa.float64()), ("alone", pa.float64())])
RECORDS = pa.schema([("record_id", pa.int64())])
EDGE = {"left_id": "bigint", "right_id": "bigint", "weight": "float8", "alone": "float8", "levels": "jsonb"}


@dataclass(frozen=True)
class Trained:
    """The model in force, and what all records were matched under last."""

    id: int
    matched_under: str | None
    trained_on: int


def newest(db: Connection, entity: str) -> Trained | None:
    """Which model an entity was matched under last; None where it can no longer be read, or there is none."""
    wanted = (
        select(
            model.c.id,
            model.c.matched_under,
            model.c.content.has_key("words").label("whole"),
            model.c.content["trained_on"].as_integer().label("trained_on"),
        )
        .where(model.c.entity == entity)
        .order_by(model.c.id.desc())
        .limit(1)
    )
    row = db.execute(wanted).one_or_none()
    return Trained(row.id, row.matched_under, row.trained_on) if row is not None and row.whole else None


def trained(db: Connection, entity: str) -> Model | None:
    """The model by which an entity was matched last; of those before, what people read is kept."""
    content = db.execute(select(model.c.content).where(model.c.entity == entity).order_by(model.c.id.desc()).limit(1)).scalar_one_or_none()
    return None if content is None or "words" not in content else from_json(content)


def train(db: Connection, entity: str, content: Mapping[str, Any], matched_under: str) -> None:
    """A model that is in force from now on. Of those before, what only a machine needs is given up."""
    db.execute(
        text("UPDATE model SET content = content - 'frequencies' - 'words' #- '{blocking,common}' WHERE entity = :entity"),
        {"entity": entity},
    )
    db.execute(insert(model).values(entity=entity, content=dict(content), matched_under=matched_under))


def matched(db: Connection, trained: Trained, matched_under: str) -> None:
    """All records were matched under a model that is in force already."""
    db.execute(update(model).where(model.c.id == trained.id).values(matched_under=matched_under))


def weight(db: Connection, left: int, right: int) -> float | None:
    """Bits of a pair of records beside its rivals, where it was worth a look."""
    return db.execute(
        select(edge.c.weight).where(edge.c.left_id == min(left, right), edge.c.right_id == max(left, right))
    ).scalar_one_or_none()


def replace(db: Connection, entity: str, keys: pa.Table, edges: pa.Table) -> None:
    """Store what matching found of all records. In: keys (key, record_id), edges (left_id, right_id, weight, alone, levels as JSON)."""
    db.execute(delete(edge).where(edge.c.entity == entity))
    own = db.execute(text("SELECT to_regclass(:name)"), {"name": f"blocking_key_{entity}"}).scalar_one()
    db.execute(text(f"TRUNCATE {quoted(f'blocking_key_{entity}')}") if own else delete(blocking_key).where(blocking_key.c.entity == entity))
    for name, rows in (("blocking_key", keys), ("edge", edges)):
        copy_in(db, name, rows.append_column("entity", pa.repeat(entity, rows.num_rows)))
    weigh(db, keys.num_rows, "blocking_key", "edge")


def filed_near(db: Connection, entity: str, keys: pa.Table) -> pa.Table:
    """File records, and find the others that share a key with them, or once did. In: keys (key, record_id). Out: record_id."""
    temporary(db, "filing", {"key": "bigint", "record_id": "bigint"}, keys)
    found = read(
        db,
        """SELECT DISTINCT k.record_id FROM (SELECT DISTINCT key FROM filing) f JOIN blocking_key k USING (key)
           WHERE k.entity = %(entity)s AND NOT EXISTS (SELECT FROM filing o WHERE o.record_id = k.record_id)""",
        RECORDS,
        {"entity": entity},
    )
    db.execute(
        text(
            """INSERT INTO blocking_key (entity, key, record_id) SELECT DISTINCT :entity, f.key, f.record_id FROM filing f
               WHERE NOT EXISTS (SELECT FROM blocking_key k WHERE k.entity = :entity AND k.key = f.key AND k.record_id = f.record_id)"""
        ),
        {"entity": entity},
    )
    db.execute(text("DROP TABLE filing"))
    return found


def revise(db: Connection, entity: str, records: Iterable[int], edges: pa.Table) -> pa.Table:
    """Put the pairs of records in place of those that they had. Out: record_id of the others of which they had some."""
    mine = array(records)
    others = read(
        db,
        f"""SELECT right_id FROM edge WHERE left_id = ANY ({mine}) UNION SELECT left_id FROM edge WHERE right_id = ANY ({mine})""",
        RECORDS,
    )
    db.execute(text(f"DELETE FROM edge WHERE left_id = ANY ({mine}) OR right_id = ANY ({mine})"))
    copy_in(db, "edge", edges.append_column("entity", pa.repeat(entity, edges.num_rows)))
    return others


def around(db: Connection, entity: type[Master], records: Iterable[int], reach: float) -> list[int]:
    """The records of every component in which some stand: those that pairs of `reach` bits, rulings, their source or a golden record join to them."""
    said = "".join(_SAID.format(field=literal(item.name)) for item in fields(entity) if item.mark(SameAs))
    found = read(db, _AROUND.format(seeds=array(records), said=said), RECORDS, {"reach": reach, "entity": entity.entity})
    return [int(record) for record in found["record_id"].to_numpy()]


_AROUND = """
WITH RECURSIVE near (record_id) AS (
    SELECT unnest({seeds})
    UNION
    SELECT o.record_id FROM near n CROSS JOIN LATERAL (
        SELECT right_id AS record_id FROM edge WHERE left_id = n.record_id AND alone >= %(reach)s::float8
        UNION ALL SELECT left_id FROM edge WHERE right_id = n.record_id AND alone >= %(reach)s::float8
        UNION ALL SELECT right_id FROM decision WHERE left_id = n.record_id AND verdict = 'same' AND revoked_at IS NULL
        UNION ALL SELECT left_id FROM decision WHERE right_id = n.record_id AND verdict = 'same' AND revoked_at IS NULL
        UNION ALL SELECT s.record_id FROM member m JOIN member s ON s.golden_id = m.golden_id AND s.known_to IS NULL
                  WHERE m.record_id = n.record_id AND m.known_to IS NULL{said}
    ) o)
SELECT record_id FROM near ORDER BY 1"""

_SAID = """
        UNION ALL SELECT i.id FROM record r JOIN record_version v ON v.id = r.version_id
                  JOIN record i ON i.entity = r.entity AND i.source = r.source AND i.key = v.clean->>{field} WHERE r.id = n.record_id
        UNION ALL SELECT f.id FROM record r JOIN record_version v ON v.clean->>{field} = r.key AND v.clean ? {field}
                  JOIN record f ON f.id = v.record_id AND f.version_id = v.id AND f.entity = r.entity AND f.source = r.source
                  WHERE r.id = n.record_id"""


def within(db: Connection, records: Iterable[int]) -> pa.Table:
    """The pairs between some records: left_id, right_id, weight, alone."""
    some = array(records)
    return read(
        db,
        f"SELECT left_id, right_id, weight, alone FROM edge WHERE left_id = ANY ({some}) AND right_id = ANY ({some}) ORDER BY 1, 2",
        PAIRS,
    )


def every(db: Connection, entity: str) -> pa.Table:
    """All pairs of an entity: left_id, right_id, weight, alone."""
    return read(db, "SELECT left_id, right_id, weight, alone FROM edge WHERE entity = %(entity)s ORDER BY 1, 2", PAIRS, {"entity": entity})


def reweigh(db: Connection, pairs: pa.Table) -> None:
    """Give pairs another weight beside their rivals. In: left_id, right_id, weight."""
    if not pairs.num_rows:
        return
    temporary(db, "reweighed", {name: EDGE[name] for name in ("left_id", "right_id", "weight")}, pairs)
    db.execute(text("UPDATE edge e SET weight = w.weight FROM reweighed w WHERE e.left_id = w.left_id AND e.right_id = w.right_id"))
    db.execute(text("DROP TABLE reweighed"))
