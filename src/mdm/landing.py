"""Landing a stream: every record once as it came and once clean, batch by batch, each in one transaction with its cursor."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, Engine

from matching.frames import query
from mdm.entities import ENTITIES, Entity
from mdm.ports import Batch, Problem, Stream, StreamUnreadable
from mdm.standardise import PROBLEMS, standardise
from mdm.store import landing as store

Progress = Callable[[int], None]


def land(engine: Engine, run_id: int, stream: Stream, progress: Progress | None = None) -> Counter[str]:
    """Land what a stream holds and go on where an earlier attempt was cut off. Counts by outcome.

    A batch is one transaction; what is wrong with single records is set aside and the rest goes on. A stream that cannot be read
    is closed as failed, with the reason among the problems.
    """
    with engine.begin() as db:
        loading = store.begin(db, run_id, stream.source, stream.name, stream.entity, stream.fingerprint, distinct=stream.distinct)
        counts = Counter(store.counted(db, loading.id))
    whole = loading.cursor is None
    keys: list[pa.Array] = []
    try:
        for batch in ahead(stream.batches(loading.cursor)):
            with engine.begin() as db:
                counts += _land(db, loading.id, stream, batch)
                store.checkpoint(db, loading.id, batch.cursor, counts)
            keys.append(batch.table["key"].combine_chunks())
            if progress is not None:
                progress(batch.table.num_rows)
        if stream.complete and not whole:  # to tell what is gone takes all keys, also those that were landed before the cut
            keys = [batch.table["key"].combine_chunks() for batch in ahead(stream.batches())]
    except StreamUnreadable as error:
        with engine.begin() as db:
            counts += _set_aside(db, loading.id, stream, error.problems, PROBLEMS.empty_table())
            store.finish(db, loading.id, counts, "failed")
        return counts
    with engine.begin() as db:
        if stream.complete and not counts["rejected"]:
            counts["deleted"] += _bury(db, loading.id, stream, pa.concat_arrays(keys) if keys else pa.array([], pa.string()))
        store.finish(db, loading.id, counts)
    return counts


def ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """The same batches, each read while the one before is landed."""
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, batches, None)
            yield batch


def _land(db: Connection, load_id: int, stream: Stream, batch: Batch) -> Counter[str]:
    entity = ENTITIES[stream.entity]
    rows = _arriving(batch.table, stream.fingerprint)
    unique, doubled = _newest(rows)
    found = store.outcomes(db, load_id, stream.entity, stream.source, unique.select(["n", "key", "event_at", "hash"]))
    merged = query("SELECT u.*, f.record_id, f.outcome FROM u JOIN f USING (n) ORDER BY n", u=unique, f=found)
    wanted = merged.filter(pc.is_in(merged["outcome"], pa.array(["new", "changed", "stale"])))
    problems = _append(db, load_id, stream, entity, wanted)
    again = pa.concat_tables([doubled, merged.filter(pc.equal(merged["outcome"], "doubled")).select(doubled.column_names)])
    rejected = set(problems.filter(pc.equal(problems["severity"], "rejected"))["key"].to_pylist())
    counts = Counter(
        outcome for key, outcome in zip(merged["key"].to_pylist(), merged["outcome"].to_pylist(), strict=True) if key not in rejected
    )
    counts.pop("doubled", None)
    counts["read"] = batch.table.num_rows + sum(problem.severity == "rejected" for problem in batch.problems)
    return counts + _set_aside(db, load_id, stream, batch.problems, pa.concat_tables([problems, _said_twice(again)]))


def _arriving(table: pa.Table, fingerprint: str) -> pa.Table:
    """Rows numbered, with event_at and a hash of all that came under this mapping."""
    return query(
        f"""SELECT row_number() OVER () AS n, version AS event_at, coalesce(deleted, false) AS deleted, * EXCLUDE (version, deleted),
            md5(concat_ws(chr(31), '{fingerprint}', coalesce(version, ''), coalesce(deleted, false), raw)) AS hash FROM t""",
        t=table,
    )


def _newest(rows: pa.Table) -> tuple[pa.Table, pa.Table]:
    """One row a key, the newest or else the first; and the others."""
    ranked = query("SELECT *, row_number() OVER (PARTITION BY key ORDER BY event_at DESC NULLS LAST, n) AS place FROM t ORDER BY n", t=rows)
    first = pc.equal(ranked["place"], 1)
    return ranked.filter(first), ranked.filter(pc.invert(first)).select(["key", "line"])


def _append(db: Connection, load_id: int, stream: Stream, entity: type[Entity], rows: pa.Table) -> pa.Table:
    """Standardise and land rows; returns the problems with their values."""
    if not rows.num_rows:
        return PROBLEMS.empty_table()
    done = standardise(rows, entity)
    landed = query(
        """SELECT r.key, r.line, r.event_at, r.hash, r.deleted, r.raw, c.clean, r.record_id, r.outcome <> 'stale' AS current
           FROM c JOIN (SELECT *, row_number() OVER () - 1 AS i FROM rows) r ON r.i = c.n ORDER BY c.n""",
        c=done.clean,
        rows=rows.select(["key", "line", "event_at", "hash", "deleted", "raw", "record_id", "outcome"]),
    )
    store.append(db, load_id, stream.entity, stream.source, landed)
    return done.problems


def _said_twice(rows: pa.Table) -> pa.Table:
    count = rows.num_rows
    fixed = {
        "severity": "rejected",
        "field": None,
        "value": None,
        "reason": "this key stands more than once; the newest row, or else the first, was taken",
        "fix": "make the key unique, or add the columns that make it so",
    }
    columns = {name: pa.array([value] * count, pa.string()) for name, value in fixed.items()}
    return pa.table(columns | {"line": rows["line"], "key": rows["key"]}).select(PROBLEMS.names).cast(PROBLEMS)


def _set_aside(db: Connection, load_id: int, stream: Stream, told: Sequence[Problem], found: pa.Table) -> Counter[str]:
    """Keep problems; their number by severity."""
    names = ["severity", "place", "line", "key", "field", "value", "reason", "fix"]
    schema = pa.schema([(name, pa.int64() if name == "line" else pa.string()) for name in names])
    mine = found.append_column("place", pa.array([stream.name] * found.num_rows, pa.string())).select(names).cast(schema)
    theirs = pa.Table.from_pylist([vars(problem) for problem in told], schema)
    every = pa.concat_tables([theirs, mine])
    store.set_aside(db, load_id, stream.source, stream.name, stream.entity, every)
    return Counter(every["severity"].to_pylist())


def _bury(db: Connection, load_id: int, stream: Stream, keys: pa.Array) -> int:
    """Tombstones for the records that a complete read no longer lists."""
    gone = store.absent(db, stream.entity, stream.source, stream.name, keys)
    rows = query(
        """SELECT key, NULL::BIGINT AS line, NULL::VARCHAR AS event_at, 'deleted' AS hash, true AS deleted, '{}' AS raw, '{}' AS clean,
           record_id, true AS current FROM g ORDER BY record_id""",
        g=gone,
    )
    store.append(db, load_id, stream.entity, stream.source, rows)
    return int(gone.num_rows)
