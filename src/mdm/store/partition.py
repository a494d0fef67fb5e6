"""The partition in the database: which records are one thing, what their golden records are, and the events that tell of a change."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pyarrow as pa
from sqlalchemy import Connection, text

from matching.frames import literal
from mdm.store.bulk import read, temporary, weigh
from mdm.store.database import STAMP
from mdm.store.masters import array
from mdm.store.matches import RECORDS


@dataclass(frozen=True)
class Change:
    """What was resolved, of all records of an entity or of whole components.

    crosswalk: record_id, golden_id. golden: golden_id, fresh, revived, data, lineage, members, hash. absorbed: golden_id, into.
    retired: golden_id.
    """

    crosswalk: pa.Table
    golden: pa.Table
    absorbed: pa.Table
    retired: pa.Table
    records: Collection[int] | None = None
    """The records that it speaks of, those that are gone included; None for all."""


def rewrite(db: Connection, run_id: int, entity: str, change: Change) -> dict[str, int]:
    """Bring membership and golden records to what was resolved; what has not changed is not touched. Counts by event.

    Records whose membership changed are left in the temporary table `changed`, until the end of the transaction or `referring`.
    """
    temporary(db, "xw", {"record_id": "bigint", "golden_id": "text"}, change.crosswalk)
    columns = {"golden_id": "text", "fresh": "boolean", "revived": "boolean", "data": "jsonb", "lineage": "jsonb"}
    temporary(db, "gd", columns | {"members": "integer", "hash": "text"}, change.golden)
    temporary(db, "ab", {"golden_id": "text", "into": "text"}, change.absorbed)
    temporary(db, "rt", {"golden_id": "text"}, change.retired)
    scope = "m.entity = :entity" if change.records is None else f"m.record_id = ANY ({array(change.records)})"
    given = {"entity": entity, "run": run_id}
    for statement in _REWRITE:
        db.execute(text(statement.format(scope=scope, stamp=STAMP)), given)
    if change.records is None:
        weigh(db, change.golden.num_rows, "golden", "golden_version", "member", "outbox")
    counts = db.execute(text("SELECT event, count(*) AS n FROM told GROUP BY 1"))
    found = {str(row.event): int(row.n) for row in counts}
    db.execute(text("DROP TABLE xw, gd, ab, rt, held, flow, ended, redirected, told"))
    return found


_REWRITE = (
    # What was: memberships in scope, the records that come, go or move, and from which golden record to which.
    """CREATE TEMPORARY TABLE held ON COMMIT DROP AS
       SELECT m.record_id, m.golden_id FROM member m WHERE {scope} AND m.known_to IS NULL""",
    """CREATE TEMPORARY TABLE changed ON COMMIT DROP AS
       SELECT record_id FROM held FULL JOIN xw USING (record_id) WHERE held.golden_id IS DISTINCT FROM xw.golden_id""",
    """CREATE TEMPORARY TABLE flow ON COMMIT DROP AS
       SELECT held.golden_id AS source, xw.golden_id AS target FROM changed JOIN held USING (record_id) JOIN xw USING (record_id) GROUP BY 1, 2""",
    "ANALYZE held, changed, flow",
    # Ids.
    "INSERT INTO golden (id, entity, born_at) SELECT golden_id, :entity, {stamp} FROM gd WHERE fresh",
    "UPDATE golden g SET status = 'live', merged_into = NULL FROM gd WHERE g.id = gd.golden_id AND gd.revived",
    """UPDATE golden g SET status = 'merged', merged_into = a."into" FROM ab a WHERE g.id = a.golden_id""",
    "UPDATE golden g SET status = 'retired' FROM rt WHERE g.id = rt.golden_id",
    # Membership: what is left or moved ends, what is new or moved begins.
    "UPDATE member m SET known_to = {stamp} FROM changed WHERE m.record_id = changed.record_id AND m.known_to IS NULL",
    """INSERT INTO member (record_id, golden_id, entity, known_from, run_id)
       SELECT record_id, golden_id, :entity, {stamp}, :run FROM xw JOIN changed USING (record_id)""",
    # An id out of use leads to where most of what it held last is now, in one hop; where nothing of it is left, to where its survivor leads.
    """CREATE TEMPORARY TABLE redirected ON COMMIT DROP AS
       WITH once AS (
           SELECT l.golden_id FROM member l JOIN changed USING (record_id) WHERE l.known_to IS NOT NULL
           UNION SELECT g.id FROM golden g JOIN ab ON ab.golden_id = g.merged_into),
       out AS (SELECT g.id, g.merged_into FROM golden g JOIN once ON once.golden_id = g.id WHERE g.status <> 'live'),
       last AS (
           SELECT out.id, l.record_id FROM out JOIN member l ON l.golden_id = out.id
           WHERE NOT EXISTS (SELECT FROM member x WHERE x.golden_id = out.id AND (x.known_to > l.known_to OR x.known_to IS NULL))),
       best AS (
           SELECT DISTINCT ON (last.id) last.id, m.golden_id FROM last JOIN member m ON m.record_id = last.record_id AND m.known_to IS NULL
           GROUP BY last.id, m.golden_id ORDER BY last.id, count(*) DESC, m.golden_id)
       SELECT out.id AS golden_id, coalesce(best.golden_id, ab."into") AS target
       FROM out LEFT JOIN best USING (id) LEFT JOIN ab ON ab.golden_id = out.merged_into
       WHERE coalesce(best.golden_id, ab."into") IS DISTINCT FROM out.merged_into AND coalesce(best.golden_id, ab."into") IS NOT NULL""",
    """INSERT INTO redirected SELECT g.id, r.target FROM golden g JOIN redirected r ON g.merged_into = r.golden_id
       WHERE NOT EXISTS (SELECT FROM redirected o WHERE o.golden_id = g.id)""",
    "UPDATE golden g SET status = 'merged', merged_into = r.target FROM redirected r WHERE g.id = r.golden_id",
    # Golden versions: one that is gone or different ends, and the next is numbered behind the last.
    """CREATE TEMPORARY TABLE ended ON COMMIT DROP AS
       SELECT v.golden_id, v.version, gd.golden_id IS NULL AS gone FROM golden_version v LEFT JOIN gd USING (golden_id)
       WHERE v.known_to IS NULL AND v.hash IS DISTINCT FROM gd.hash
         AND v.golden_id IN (SELECT golden_id FROM held UNION SELECT golden_id FROM gd)""",
    "UPDATE golden_version v SET known_to = {stamp} FROM ended e WHERE v.golden_id = e.golden_id AND v.version = e.version",
    """INSERT INTO golden_version (golden_id, version, entity, data, lineage, members, hash, known_from, cause, run_id)
       SELECT gd.golden_id,
              CASE WHEN gd.revived THEN (SELECT max(version) FROM golden_version v WHERE v.golden_id = gd.golden_id) ELSE coalesce(e.version, 0) END + 1,
              :entity, gd.data, gd.lineage, gd.members, gd.hash, {stamp},
              CASE WHEN gd.fresh THEN 'created' WHEN gd.revived THEN 'revived'
                   WHEN gd.golden_id IN (SELECT "into" FROM ab) THEN 'merged'
                   WHEN gd.golden_id IN (SELECT source FROM flow) THEN 'split' ELSE 'updated' END,
              :run
       FROM gd LEFT JOIN ended e USING (golden_id) WHERE gd.fresh OR gd.revived OR e.golden_id IS NOT NULL""",
    # What there is to tell.
    """CREATE TEMPORARY TABLE told ON COMMIT DROP AS
       SELECT v.golden_id, v.version, v.cause AS event,
              nullif(jsonb_strip_nulls(jsonb_build_object('absorbed', absorbed, 'from', came, 'to', went)), '{{}}') AS detail
       FROM gd JOIN golden_version v ON v.golden_id = gd.golden_id AND v.known_to IS NULL
       LEFT JOIN (SELECT "into" AS golden_id, jsonb_agg(golden_id ORDER BY golden_id) AS absorbed FROM ab GROUP BY 1) a ON a.golden_id = gd.golden_id
       LEFT JOIN (SELECT target AS golden_id, jsonb_agg(source ORDER BY source) AS came FROM flow GROUP BY 1) f ON f.golden_id = gd.golden_id
       LEFT JOIN (SELECT source AS golden_id, jsonb_agg(target ORDER BY target) AS went FROM flow GROUP BY 1) t ON t.golden_id = gd.golden_id
       WHERE gd.fresh OR gd.revived OR gd.golden_id IN (SELECT golden_id FROM ended)
       UNION ALL
       SELECT e.golden_id, e.version, CASE WHEN ab.golden_id IS NULL THEN 'retired' ELSE 'absorbed' END,
              nullif(jsonb_strip_nulls(jsonb_build_object('into', ab."into")), '{{}}')
       FROM ended e LEFT JOIN ab USING (golden_id) WHERE e.gone
       UNION ALL
       SELECT r.golden_id, (SELECT max(version) FROM golden_version v WHERE v.golden_id = r.golden_id), 'redirected', jsonb_build_object('into', r.target)
       FROM redirected r WHERE r.golden_id NOT IN (SELECT golden_id FROM ab)""",
    """INSERT INTO outbox (entity, golden_id, version, event, detail, at, run_id)
       SELECT :entity, golden_id, version, event, detail, {stamp}, :run FROM told
       ORDER BY event IN ('retired', 'absorbed', 'redirected'), golden_id""",
)


def referring(db: Connection, entity: str, named: Sequence[tuple[str, str]], touched: Collection[int]) -> dict[str, list[int]]:
    """By entity, the records that refer to those whose membership changed in the last `rewrite`, or to those touched otherwise.

    `named`: the entities and fields that may refer to this one.
    """
    found: dict[str, list[int]] = {}
    db.execute(text(f"INSERT INTO changed SELECT unnest({array(touched)})"))
    db.execute(text("ANALYZE changed"))
    for other, field in named:
        rows = read(
            db,
            f"""SELECT DISTINCT f.id FROM changed JOIN record r ON r.id = changed.record_id
                JOIN record_version v ON v.clean->>{literal(field)} = r.key AND v.clean ? {literal(field)}
                JOIN record f ON f.id = v.record_id AND f.version_id = v.id AND f.source = r.source AND f.entity = %(other)s
                WHERE r.entity = %(entity)s ORDER BY 1""",
            RECORDS,
            {"entity": entity, "other": other},
        )
        found.setdefault(other, []).extend(int(record) for record in rows["record_id"].to_numpy())
    db.execute(text("DROP TABLE changed"))
    return {other: rows for other, rows in found.items() if rows}
