"""Identity: which golden id each cluster has. Ids outlive every change of the clusters behind them.

A golden id stays with the part that holds most of its records (tie: the oldest record). Where several ids meet in one cluster, the
oldest survives and the others lead to it for ever. A cluster that inherits no id gets a new one.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from matching.frames import query

ALPHABET = np.frombuffer(b"0123456789abcdefghjkmnpqrstvwxyz", np.uint8)
"""Crockford's base 32, lower case: its order is the order of the numbers."""


@dataclass(frozen=True)
class Identities:
    """What the clusters are called, and what became of the ids that are no longer used."""

    clusters: pa.Table
    """cluster, golden_id, fresh (whether the id is new)."""
    absorbed: pa.Table
    """golden_id, into: ids whose records now belong to another id."""
    retired: pa.Table
    """golden_id: ids none of whose records is left."""


def assign(clusters: pa.Table, members: pa.Table, new_ids: Callable[[int], pa.Array]) -> Identities:
    """Give every cluster its id.

    In: clusters (record_id, cluster), members (record_id, golden_id) as they were; ids sort by age.
    """
    claims = query(_CLAIMS, c=clusters, m=members)
    named = query("SELECT cluster, min(golden_id) AS golden_id FROM claims GROUP BY cluster", claims=claims)
    bare = query(
        "SELECT cluster, min(record_id) AS first FROM c ANTI JOIN n USING (cluster) GROUP BY 1 ORDER BY first, 1", c=clusters, n=named
    )
    fresh = pa.table({"cluster": bare["cluster"], "golden_id": new_ids(bare.num_rows)})
    return Identities(
        query(
            "SELECT cluster, golden_id, false AS fresh FROM n UNION ALL SELECT cluster, golden_id, true FROM f ORDER BY golden_id",
            n=named,
            f=fresh,
        ),
        query(
            """SELECT claims.golden_id, n.golden_id AS "into" FROM claims JOIN n USING (cluster)
               WHERE claims.golden_id <> n.golden_id ORDER BY 1""",
            claims=claims,
            n=named,
        ),
        query("SELECT DISTINCT golden_id FROM m ANTI JOIN claims USING (golden_id) ORDER BY 1", m=members, claims=claims),
    )


_CLAIMS = """
SELECT DISTINCT ON (golden_id) golden_id, cluster
FROM (SELECT golden_id, cluster, count(*) AS held, min(record_id) AS oldest FROM m JOIN c USING (record_id) GROUP BY ALL)
ORDER BY golden_id, held DESC, oldest, cluster"""


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
