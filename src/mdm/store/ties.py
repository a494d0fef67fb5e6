"""Ties: the weighed pairs inside golden records on which links rest, with their history, so that a past report says why as it did.

Edges are replaced whenever records are matched, and are not kept. Of the pairs that reports speak of, those of two records of one golden
project, what the edge said is.
"""

from collections.abc import Collection

import pyarrow as pa
from sqlalchemy import Connection, text

from mdm.store import bulk
from mdm.store.database import STAMP
from mdm.store.moment import NOW, Moment

TIED = ("project",)
"""The masters whose ties reports speak of."""
SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("left_source", "left_key", "right_source", "right_key")]
    + [("weight", pa.float64()), ("levels", pa.string())]
)


def read(db: Connection, entity: str, moment: Moment = NOW) -> pa.Table:
    """Ties as they were known: both records, weight in bits, levels as JSON."""
    return bulk.read(
        db,
        f"""SELECT a.source, a.key, b.source, b.key, t.weight, t.levels
            FROM tie t JOIN record a ON a.id = t.left_id JOIN record b ON b.id = t.right_id
            WHERE t.entity = %(entity)s AND {moment.in_force("t")} ORDER BY t.left_id, t.right_id""",
        SCHEMA,
        {"entity": entity},
    )


def keep(db: Connection, entity: str, only: Collection[int] | None = None) -> None:
    """Bring ties to what edges and membership say, of all records or of those numbered in `only`.

    Call it in the transaction that has changed either, after the last change. Of an entity that no report asks, nothing is kept.
    """
    if entity not in TIED:
        return
    given = {"entity": entity, "all": only is None, "only": sorted(only or ())}
    db.execute(_END, given)
    db.execute(_BEGIN, given)


_SAID = """SELECT e.left_id, e.right_id, e.weight, e.levels
    FROM edge e
    JOIN member a ON a.record_id = e.left_id AND a.known_to IS NULL JOIN member b ON b.record_id = e.right_id AND b.known_to IS NULL
    WHERE e.entity = :entity AND a.golden_id = b.golden_id"""
_THEIRS = "(:all OR {0}.left_id = ANY(CAST(:only AS bigint[])) OR {0}.right_id = ANY(CAST(:only AS bigint[])))"
_SAME = "s.left_id = t.left_id AND s.right_id = t.right_id AND s.weight = t.weight AND s.levels = t.levels"
_END = text(
    f"""UPDATE tie t SET known_to = {STAMP} WHERE t.entity = :entity AND t.known_to IS NULL AND {_THEIRS.format("t")}
        AND NOT EXISTS (SELECT FROM ({_SAID}) s WHERE {_SAME})"""
)
_BEGIN = text(
    f"""INSERT INTO tie (left_id, right_id, entity, weight, levels, known_from)
        SELECT s.left_id, s.right_id, :entity, s.weight, s.levels, {STAMP} FROM ({_SAID}) s
        WHERE {_THEIRS.format("s")} AND NOT EXISTS (SELECT FROM tie t WHERE t.known_to IS NULL AND t.left_id = s.left_id AND t.right_id = s.right_id)"""
)
