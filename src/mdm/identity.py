"""Identity: which golden id each cluster has. Ids outlive every change of the clusters behind them.

A golden id stays with the part that holds most of its records (tie: the oldest record). Where several ids meet in one cluster, the
oldest survives and the others lead to it for ever. A part that inherits no id gets back one that most of its records had before and nobody has
now; else a new one.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching.frames import query

ALPHABET = np.frombuffer(b"0123456789abcdefghjkmnpqrstvwxyz", np.uint8)
"""Crockford's base 32, lower case: its order is the order of the numbers."""
HELD = pa.schema([("record_id", pa.int64()), ("golden_id", pa.string())])
NOBODY = HELD.empty_table()


@dataclass(frozen=True)
class Identities:
    """What the clusters are called, and what became of the ids that are no longer used."""

    clusters: pa.Table
    """cluster, golden_id, fresh (whether the id is new), revived (whether it was out of use)."""
    absorbed: pa.Table
    """golden_id, into: ids in use until now whose records belong to another id."""
    retired: pa.Table
    """golden_id: ids in use until now none of whose records is left."""


def assign(
    clusters: pa.Table, members: pa.Table, new_ids: Callable[[int], pa.Array], past: pa.Table = NOBODY, before: pa.Table = NOBODY
) -> Identities:
    """Give every cluster its id.

    In: clusters (record_id, cluster); as (record_id, golden_id) members as they were, `past`: what ids out of use held last, and `before`:
    members before an operation that is taken back, which settle whose those ids are. Ids sort by age.
    """
    claims = query(_CLAIMS, c=clusters, m=members, b=before)
    named = query(_NAMED, claims=claims, c=clusters, m=members, p=past, b=before)
    numbers = pc.fill_null(named["number"], 0)
    fresh = new_ids(pc.max(numbers).as_py() or 0)
    given = pc.coalesce(named["golden_id"], fresh.take(pc.if_else(pc.equal(numbers, 0), None, pc.subtract(numbers, 1))))
    named = named.drop_columns(["number"]).set_column(1, "golden_id", given).sort_by("golden_id")
    return Identities(
        named,
        query(
            """SELECT claims.golden_id, n.golden_id AS "into" FROM claims JOIN n USING (cluster)
               WHERE claims.golden_id <> n.golden_id AND claims.golden_id IN (SELECT golden_id FROM m) ORDER BY 1""",
            claims=claims,
            n=named,
            m=members,
        ),
        query("SELECT DISTINCT golden_id FROM m ANTI JOIN claims USING (golden_id) ORDER BY 1", m=members, claims=claims),
    )


_CLAIMS = """
WITH told AS (SELECT b.* FROM b SEMI JOIN c USING (record_id)),
     held AS (SELECT * FROM told UNION ALL SELECT * FROM m ANTI JOIN told USING (golden_id))
SELECT DISTINCT ON (golden_id) golden_id, cluster
FROM (SELECT golden_id, cluster, count(*) AS held, min(record_id) AS oldest FROM held JOIN c USING (record_id) GROUP BY ALL)
ORDER BY golden_id, held DESC, oldest, cluster"""

_NAMED = """
WITH kept AS (SELECT cluster, min(golden_id) AS golden_id FROM claims GROUP BY cluster),
     best AS (
         SELECT DISTINCT ON (golden_id) golden_id, cluster, held
         FROM (SELECT golden_id, cluster, count(*) AS held, min(record_id) AS oldest FROM p ANTI JOIN b USING (golden_id) JOIN c USING (record_id) GROUP BY ALL)
         ORDER BY golden_id, held DESC, oldest, cluster),
     back AS (SELECT DISTINCT ON (cluster) cluster, golden_id FROM best ANTI JOIN kept USING (cluster) ORDER BY cluster, held DESC, golden_id),
     bare AS (SELECT cluster, min(record_id) AS first FROM c ANTI JOIN kept USING (cluster) ANTI JOIN back USING (cluster) GROUP BY cluster)
SELECT cluster, golden_id, NULL::BIGINT AS number, false AS fresh, golden_id NOT IN (SELECT golden_id FROM m) AS revived FROM kept
UNION ALL SELECT cluster, golden_id, NULL, false, true FROM back
UNION ALL SELECT cluster, NULL, row_number() OVER (ORDER BY first, cluster), true, false FROM bare"""
"""Every cluster with its id: one that it claims, one that comes back, or, without, its number among the new ones."""


def new_ids(prefix: str, count: int, *, now_ms: int, random: np.random.Generator) -> pa.Array:
    """Opaque ids that sort by age: prefix, 48 bits of time, 80 bits of chance, in the order given (a ULID behind a prefix).

    Within one call they ascend, so that what was first is oldest.
    """
    time = np.array([(now_ms >> shift) & 31 for shift in range(45, -1, -5)], np.uint8)
    chance = random.integers(0, 32, (count, 16), dtype=np.uint8)
    order = np.lexsort(chance.T[::-1])
    letters = ALPHABET[np.hstack([np.tile(time, (count, 1)), chance[order]])]
    head = np.tile(np.frombuffer(f"{prefix}_".encode(), np.uint8), (count, 1))
    joined = np.ascontiguousarray(np.hstack([head, letters]))
    return pa.array(joined.view(f"S{joined.shape[1]}").ravel().astype("U"), pa.string()) if count else pa.array([], pa.string())
