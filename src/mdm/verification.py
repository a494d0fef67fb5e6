"""Whether what is stored is what all of it would come to, were it made anew: partition, golden values, lineage, pairs, ids, feed, audit.

Nothing is written. Under the model in force the answer is the same to the last bit, so that any difference is a fault.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
from sqlalchemy import Connection

from matching.frames import query
from matching.sources import sources_of
from mdm import resolution
from mdm.entities import MASTERS, Master
from mdm.hub import Hub, Watch
from mdm.store import audit, checks, masters, matches, pending


@dataclass(frozen=True)
class Difference:
    """Something that is stored otherwise than it would be made."""

    entity: str
    what: str
    """`partition`, `golden`, `pairs`, `ids`, `feed`, `audit`."""
    where: str
    """A golden id, a record, a pair."""
    reason: str


@dataclass(frozen=True)
class Verified:
    """What was looked at, and what was found."""

    entity: str
    records: int
    waiting: int
    """Records that have changed since they were matched last; until they are matched, they may show as differences."""
    differences: list[Difference]


def verify(hub: Hub, db: Connection, watch: Watch | None = None) -> Iterator[Verified]:
    """Make every master anew beside what is stored, and tell what differs; then what holds whatever the records say."""
    for entity in MASTERS:
        (watch or Watch()).step(f"{entity.entity} · pairs", None)
        yield _entity(hub, db, entity, watch or Watch())
    yield Verified("", 0, 0, [Difference("", fault.what, fault.where, fault.reason) for fault in checks.faults(db)] + _audit(db))


def _entity(hub: Hub, db: Connection, entity: type[Master], watch: Watch) -> Verified:
    name, model = entity.entity, hub.models.of(db, entity.entity)
    waiting, records = pending.count(db, name), masters.records(db, entity)
    members, golden, pairs = masters.members(db, name), checks.golden(db, name), matches.every(db, name)
    if model is None or not any(table.num_rows for table in (records, members, golden, pairs)):
        return Verified(name, records.num_rows, waiting, [])
    once = sources_of(records["source"], masters.distinct(db, name))
    found = resolution.resolve(hub, db, entity, records, once, watch, model)
    made = pa.table({"record_id": records["record_id"], "cluster": found.labels})
    told = [Difference(name, "partition", *row) for row in _rows(_PARTITION, made=made, held=members)]
    if not told:
        fresh = resolution.goldens(db, entity, records, members, members)
        told += [Difference(name, "golden", *row) for row in _rows(_GOLDEN, made=fresh, held=golden)]
    weighed = resolution.edges(records["record_id"], found, once)
    told += [Difference(name, "pairs", *row) for row in _rows(_PAIRS, made=weighed, held=pairs)]
    return Verified(name, records.num_rows, waiting, told)


def _audit(db: Connection) -> list[Difference]:
    broken = audit.verify(db)
    return [] if broken is None else [Difference("", "audit", str(broken.id), broken.reason)]


def _rows(sql: str, **tables: pa.Table) -> list[tuple[str, str]]:
    return [(row["subject"], row["reason"]) for row in query(sql, **tables).to_pylist()]


_PARTITION = """
WITH m AS (SELECT cluster, list(record_id ORDER BY record_id) AS records FROM made GROUP BY 1),
     h AS (SELECT golden_id, list(record_id ORDER BY record_id) AS records FROM held GROUP BY 1)
SELECT golden_id AS subject, concat('holds the records ', records::VARCHAR, ', which would not be one') AS reason FROM h ANTI JOIN m USING (records)
UNION ALL
SELECT concat('record ', records[1]), concat('the records ', records::VARCHAR, ' would be one') FROM m ANTI JOIN h USING (records)
ORDER BY 1, 2"""

_GOLDEN = """
SELECT coalesce(made.golden_id, held.golden_id) AS subject,
       CASE WHEN held.golden_id IS NULL THEN 'is not there' WHEN made.golden_id IS NULL THEN 'would not be there'
            WHEN made.data::JSON <> held.data::JSON THEN concat('holds ', held.data, ', and would hold ', made.data)
            ELSE concat('its values came from ', held.lineage, ', and would come from ', made.lineage) END AS reason
FROM made FULL JOIN held USING (golden_id) WHERE made.hash IS DISTINCT FROM held.hash ORDER BY 1"""

_PAIRS = """
SELECT concat(coalesce(made.left_id, held.left_id), ' - ', coalesce(made.right_id, held.right_id)) AS subject,
       concat('weighs ', held.weight, ' bits, and would weigh ', made.weight) AS reason
FROM made FULL JOIN held USING (left_id, right_id)
WHERE held.weight IS NULL OR made.weight IS NULL OR abs(made.weight - held.weight) > 1e-9 ORDER BY 1"""
