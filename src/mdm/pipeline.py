"""The order of the steps: land, standardise, match, cluster, identity, survive, golden. Nothing else knows it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, Engine

from matching.blocking import filed, filings
from matching.declaration import fields
from matching.engine import LocalEngine, Resolution, Rulings, Thresholds
from matching.frames import as_json as json_of
from matching.frames import query
from matching.saving import as_json
from matching.sources import Sources, sources_of
from mdm import identity
from mdm.entities import MASTERS, Master, Refers
from mdm.entities.declare import own_references
from mdm.landing import land
from mdm.ports import Source, Stream
from mdm.settings import Settings
from mdm.store import masters, runs, ties
from mdm.store.database import lock
from mdm.survivorship import survive

Now = Callable[[], datetime]


class Watch:
    """Hears how far the work has come; this one keeps silent."""

    def step(self, name: str, total: int | None) -> None:
        """A step begins; `total` is how many things it will go through, where that is known."""

    def advance(self, count: int) -> None:
        """The step has gone through so many more."""


@dataclass(frozen=True)
class Hub:
    """A hub: its database, its settings, its clock and its chance."""

    engine: Engine
    settings: Settings
    now: Now = field(default=lambda: datetime.now(UTC))
    random: np.random.Generator = field(default_factory=np.random.default_rng)


@dataclass(frozen=True)
class Loaded:
    """What one stream brought."""

    source: str
    stream: str
    entity: str
    counts: Counter[str]


@dataclass(frozen=True)
class Resolved:
    """What matching made of one entity; `skipped` where nothing had changed."""

    entity: str
    records: int = 0
    golden: int = 0
    pairs: int = 0
    events: Mapping[str, int] = field(default_factory=dict)
    oversized: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    skipped: bool = False


def load(hub: Hub, sources: Sequence[Source], watch: Watch | None = None) -> list[Loaded]:
    """Land every stream of the sources, masters before what refers to them."""
    watch = watch or Watch()
    with runs.noted(hub.engine, "load") as (run_id, detail):
        done = [_load(hub, run_id, stream, watch) for source in sources for stream in source.streams()]
        detail["streams"] = len(done)
    return done


def _load(hub: Hub, run_id: int, stream: Stream, watch: Watch) -> Loaded:
    watch.step(f"{stream.source} · {stream.name}", stream.count())
    return Loaded(stream.source, stream.name, stream.entity, land(hub.engine, run_id, stream, watch.advance))


def resolve(hub: Hub, watch: Watch | None = None, *, force: bool = False) -> list[Resolved]:
    """Match and rebuild every master whose records, rulings or references have changed since the last time; all of them by force."""
    watch = watch or Watch()
    with runs.noted(hub.engine, "rebuild" if force else "match") as (run_id, detail):
        with hub.engine.begin() as db:
            before = {} if force else runs.watermarks(db)
        marks: dict[str, str] = {}
        done = [_resolved(hub, run_id, entity, before, marks, watch) for entity in MASTERS]
        detail["watermarks"] = marks
    return done


def _resolved(hub: Hub, run_id: int, entity: type[Master], before: Mapping[str, str], marks: dict[str, str], watch: Watch) -> Resolved:
    """One entity in one transaction, where its watermark has moved; the new one is added to the marks."""
    with hub.engine.begin() as db:
        lock(db, f"resolve {entity.entity}")
        marks[entity.entity] = _watermark(db, entity, hub.settings, marks)
        if before.get(entity.entity) == marks[entity.entity]:
            return Resolved(entity.entity, skipped=True)
        watch.step(f"{entity.entity} · pairs", None)
        return _resolve(hub, db, run_id, entity, watch)


def _watermark(db: Connection, entity: type[Master], settings: Settings, marks: Mapping[str, str]) -> str:
    """Of the entity's own records and rulings, of the masters that it refers to, and of the thresholds."""
    needed = sorted({refers.to for item in fields(entity) if (refers := item.mark(Refers)) and refers.to in marks})
    own = masters.watermark(db, entity.entity)
    once = "+".join(sorted(masters.distinct(db, entity.entity)))
    return "|".join([own, once, f"{settings.match_bits:g}/{settings.review_bits:g}", *(f"{name}={marks[name]}" for name in needed)])


def _resolve(hub: Hub, db: Connection, run_id: int, entity: type[Master], watch: Watch) -> Resolved:
    records = masters.records(db, entity)
    ruled = [*masters.rulings(db, entity.entity), *masters.merged_by_source(records, entity)]
    once = sources_of(records["source"], masters.distinct(db, entity.entity))
    found = _match(hub, records.drop_columns(own_references(entity)), entity, ruled, once, watch)
    ids = records["record_id"]
    clusters = pa.table({"record_id": ids, "cluster": found.labels})
    named = identity.assign(clusters, masters.members(db, entity.entity), lambda count: _new_ids(hub, entity, count))
    crosswalk = query("SELECT record_id, golden_id FROM c JOIN n USING (cluster) ORDER BY record_id", c=clusters, n=named.clusters)
    golden = _golden(records, crosswalk, named.clusters, entity)
    masters.replace_matches(db, entity.entity, _keys(ids, found, entity), _edges(ids, found, once), as_json(found.model))
    events = masters.rewrite(db, run_id, entity.entity, crosswalk, golden, named.absorbed, named.retired)
    ties.keep(db, entity.entity)
    return Resolved(entity.entity, records.num_rows, golden.num_rows, found.pairs.num_rows, events, found.report.oversized)


def _match(
    hub: Hub, records: pa.Table, entity: type[Master], ruled: Sequence[tuple[int, int, str]], once: Sources, watch: Watch
) -> Resolution:
    thresholds = Thresholds(hub.settings.match_bits, hub.settings.review_bits)
    engine = LocalEngine(thresholds, progress=watch.advance)
    return engine.resolve(records, entity, rulings=_positions(records["record_id"], ruled), sources=once)


def _positions(ids: pa.ChunkedArray, ruled: Sequence[tuple[int, int, str]]) -> Rulings:
    """Rulings by position instead of record; those on records that are gone wait for their return."""
    order = ids.to_numpy()
    pairs: dict[str, set[tuple[int, int]]] = {"same": set(), "different": set()}
    for left, right, verdict in ruled:
        at = [int(np.searchsorted(order, record)) for record in (left, right)]
        if all(place < len(order) and order[place] == record for place, record in zip(at, (left, right), strict=True)):
            pairs[verdict].add((at[0], at[1]))
    return Rulings(frozenset(pairs["same"]), frozenset(pairs["different"]))


def _new_ids(hub: Hub, entity: type[Master], count: int) -> pa.Array:
    return identity.new_ids(entity.prefix, count, now_ms=int(hub.now().timestamp() * 1000), random=hub.random)


def _golden(records: pa.Table, crosswalk: pa.Table, named: pa.Table, entity: type[Master]) -> pa.Table:
    """Golden records with the hash by which a change is seen: of values, lineage and members."""
    own = own_references(entity)
    settled = "".join(f", x{at}.golden_id AS {name}" for at, name in enumerate(own))
    joins = "".join(f" LEFT JOIN x x{at} ON x{at}.record_id::VARCHAR = r.{name}" for at, name in enumerate(own))
    excluded = f"EXCLUDE ({', '.join(own)})" if own else ""
    joined = query(
        f"SELECT x.golden_id, r.* {excluded}{settled} FROM r JOIN x USING (record_id){joins} ORDER BY r.record_id", r=records, x=crosswalk
    )
    return query(
        """SELECT s.golden_id, fresh, data, lineage, s.members, md5(concat_ws(chr(31), data, lineage, held)) AS hash
           FROM s JOIN n USING (golden_id)
           JOIN (SELECT golden_id, string_agg(record_id, ',' ORDER BY record_id) AS held FROM x GROUP BY 1) USING (golden_id)
           ORDER BY s.golden_id""",
        s=survive(joined, entity),
        n=named,
        x=crosswalk,
    )


def _keys(ids: pa.ChunkedArray, found: Resolution, entity: type[Master]) -> pa.Table:
    """The keys that records share, in their order."""
    blocking = found.model.blocking
    parts = frozenset(part for rule in blocking.rules for part in (*rule.parts, *blocking.refiners))
    records, hashes = filed(filings(found.columns, fields(entity), parts), blocking, len(ids))
    order = np.argsort(hashes, kind="stable")
    shared, same = np.zeros(len(order), np.bool_), hashes[order][1:] == hashes[order][:-1]
    shared[1:] |= same
    shared[:-1] |= same
    order = order[shared]
    return pa.table({"key": hashes[order].view(np.int64), "record_id": ids.take(pa.array(records[order]))})


def _edges(ids: pa.ChunkedArray, found: Resolution, sources: Sources) -> pa.Table:
    features = [name for name in found.pairs.column_names if name not in {"left", "right", "weight"}]
    pairs = found.pairs.set_column(0, "left", ids.take(found.pairs["left"])).set_column(1, "right", ids.take(found.pairs["right"]))
    pairs = pairs.append_column("alone", pa.array(found.alone()) if sources.distinct else pairs["weight"])
    return query(
        f'SELECT "left" AS left_id, "right" AS right_id, weight, alone, {json_of(features)} AS levels FROM p ORDER BY 1, 2', p=pairs
    )
