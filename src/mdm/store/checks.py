"""What holds in the database whatever the records say: ids that resolve, memberships that exclude each other, a feed without holes."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
from sqlalchemy import Connection, text

from mdm.store.bulk import read

GOLDEN = pa.schema([(name, pa.string()) for name in ("golden_id", "data", "lineage", "hash")])


@dataclass(frozen=True)
class Fault:
    """Something that must not be."""

    what: str
    where: str
    reason: str


def golden(db: Connection, entity: str) -> pa.Table:
    """Golden records in force as they are stored: golden_id, data, lineage, hash."""
    query = "SELECT golden_id, data, lineage, hash FROM golden_version WHERE entity = %(entity)s AND known_to IS NULL ORDER BY 1"
    return read(db, query, GOLDEN, {"entity": entity})


def faults(db: Connection) -> Iterator[Fault]:
    """Whatever breaks a law."""
    for what, query in _LAWS:
        for where, reason in db.execute(text(query)):
            yield Fault(what, where, reason)


_LAWS = (
    (
        "ids",
        """SELECT g.id, 'leads to ' || g.merged_into || ', which leads on to ' || i.merged_into FROM golden g JOIN golden i ON i.id = g.merged_into
           WHERE i.merged_into IS NOT NULL""",
    ),
    (
        "ids",
        """SELECT id, 'is ' || status || CASE WHEN merged_into IS NULL THEN ' and leads nowhere' ELSE ' and leads to ' || merged_into END FROM golden
           WHERE (status = 'merged') <> (merged_into IS NOT NULL)""",
    ),
    (
        "ids",
        """SELECT g.id, 'is ' || g.status || CASE WHEN v.golden_id IS NULL THEN ' without a version in force' ELSE ' with a version in force' END
           FROM golden g LEFT JOIN golden_version v ON v.golden_id = g.id AND v.known_to IS NULL
           WHERE (g.status = 'live') <> (v.golden_id IS NOT NULL)""",
    ),
    (
        "ids",
        """SELECT coalesce(v.golden_id, m.golden_id), 'says ' || coalesce(v.members, 0) || ' records and holds ' || coalesce(m.held, 0)
           FROM (SELECT golden_id, members FROM golden_version WHERE known_to IS NULL) v
           FULL JOIN (SELECT golden_id, count(*) AS held FROM member WHERE known_to IS NULL GROUP BY 1) m USING (golden_id)
           WHERE v.members IS DISTINCT FROM m.held""",
    ),
    (
        "partition",
        """SELECT 'record ' || a.record_id, 'was in ' || a.golden_id || ' and in ' || b.golden_id || ' at one time'
           FROM member a JOIN member b ON b.record_id = a.record_id AND b.ctid <> a.ctid AND b.known_from >= a.known_from
           WHERE a.known_from < coalesce(b.known_to, 'infinity') AND b.known_from < coalesce(a.known_to, 'infinity')
             AND a.known_from < coalesce(a.known_to, 'infinity') AND b.known_from < coalesce(b.known_to, 'infinity')""",
    ),
    (
        "feed",
        """SELECT v.golden_id, 'version ' || v.version || ' was never told of' FROM golden_version v
           WHERE NOT EXISTS (SELECT FROM outbox o WHERE o.golden_id = v.golden_id AND o.version = v.version AND o.event = v.cause)""",
    ),
    (
        "feed",
        """SELECT golden_id, 'has ' || count(*) || ' versions up to number ' || max(version) FROM golden_version GROUP BY 1
           HAVING count(*) <> max(version)""",
    ),
)
"""What a law is about, and a query for what breaks it: where, reason."""
