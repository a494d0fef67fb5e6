"""One master resolved, in the caller's transaction: all its records, or the components in which something has changed.

Both come to the same under the same model; a part reads and writes only what it touches.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import Connection

from matching import partial
from matching.declaration import fields
from matching.engine import LocalEngine, Resolution, Rulings, Thresholds
from matching.frames import as_json as json_of
from matching.frames import query
from matching.hashing import Hashes
from matching.index.reading import Reading
from matching.model import Model
from matching.saving import as_json
from matching.sources import Positions, Sources, sources_of
from mdm import identity
from mdm.entities import MASTERS, Master, Refers
from mdm.entities.declare import own_references
from mdm.hub import Hub, Watch
from mdm.store import masters, matches, partition, pins, questions, rules, ties
from mdm.store.decisions import Standing
from mdm.store.partition import Change
from mdm.store.questions import PinDoubt
from mdm.survivorship import gathered, survive

Records = dict[str, list[int]]
"""Numbers of records by entity."""


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
    referring: Records = field(default_factory=dict)
    """Records that refer to some whose golden record is another now: theirs is to be made anew."""

    def and_then(self, more: "Resolved") -> "Resolved":
        """Both, one after the other."""
        events = {name: self.events.get(name, 0) + more.events.get(name, 0) for name in (*self.events, *more.events)}
        referring = {name: [*self.referring.get(name, ()), *more.referring.get(name, ())] for name in (*self.referring, *more.referring)}
        records, golden, pairs = self.records + more.records, self.golden + more.golden, self.pairs + more.pairs
        return Resolved(self.entity, records, golden, pairs, events, dict(self.oversized), referring=referring)


def whole(hub: Hub, db: Connection, run_id: int, entity: type[Master], watch: Watch, under: str, model: Model | None = None) -> Resolved:
    """Match all records, by a model trained on them unless one is given, and bring the golden records to it."""
    watch.step(f"{entity.entity} · pairs", None)
    records = masters.records(db, entity)
    once = sources_of(records["source"], masters.distinct(db, entity.entity))
    found = resolve(hub, db, entity, records, once, watch, model)
    ids = records["record_id"]
    matches.replace(db, entity.entity, keys(ids, *Reading(entity, found.model).filed(found.columns, len(ids))), edges(ids, found, once))
    if model is None:
        matches.train(db, entity.entity, as_json(found.model), under)
    elif (newest := matches.newest(db, entity.entity)) is not None:
        matches.matched(db, newest, under)
    done = _settle(hub, db, run_id, entity, records, found.labels)
    _follow(hub, db, entity)
    return Resolved(
        entity.entity, records.num_rows, done.golden, found.pairs.num_rows, done.events, found.report.oversized, referring=done.referring
    )


def resolve(
    hub: Hub, db: Connection, entity: type[Master], records: pa.Table, once: Sources, watch: Watch, model: Model | None
) -> Resolution:
    """What the engine makes of all records, and of the rulings on them."""
    ruled = _ruled(db, entity, records)
    engine = LocalEngine(thresholds(hub), progress=watch.advance)
    evidence = records.drop_columns(own_references(entity))
    return engine.resolve(evidence, entity, model=model, rulings=positions(records["record_id"], ruled), sources=once)


def _ruled(db: Connection, entity: type[Master], records: pa.Table, only: NDArray[np.int64] | None = None) -> list[tuple[int, int, str]]:
    """Rulings of stewards, and of the sources on their own records where no steward says otherwise."""
    ruled = masters.rulings(db, entity.entity, only)
    standing = Standing()
    for left, right, verdict in ruled:
        standing.add(left, right, "same" if verdict == "same" else "different")
    for left, right, _ in masters.merged_by_source(records, entity):
        if standing.allows(left, right, "same"):
            standing.add(left, right, "same")
            ruled.append((left, right, "same"))
    return ruled


def part(
    hub: Hub,
    db: Connection,
    run_id: int,
    entity: type[Master],
    changed: Collection[int],
    also: Collection[int] = (),
    before: pa.Table = identity.NOBODY,
) -> Resolved:
    """Match the changed records anew, and bring the golden records of every component in which they, or some others, stand to it.

    `before`: membership before an operation that is taken back, by record_id and golden_id.
    """
    distinct = masters.distinct(db, entity.entity)
    pairs, others = 0, set[int]()
    if changed:
        compared = _compared(hub, db, entity, changed, distinct)
        pairs, others = compared.num_rows, set(matches.revise(db, entity.entity, changed, compared)["record_id"].to_pylist())
        others.update(compared["left_id"].to_pylist(), compared["right_id"].to_pylist())
    reach = -np.inf if distinct else hub.settings.match_bits
    around = matches.around(db, entity, {*changed, *also, *others}, reach)
    records = masters.records(db, entity, around)
    labels = _clustered(hub, db, entity, records, distinct)
    done = _settle(hub, db, run_id, entity, records, labels, around, changed, before)
    _follow(hub, db, entity, sorted({*around, *others}))
    return _with_own(
        hub, db, run_id, entity, Resolved(entity.entity, len(around), done.golden, pairs, done.events, referring=done.referring)
    )


def _with_own(hub: Hub, db: Connection, run_id: int, entity: type[Master], done: Resolved) -> Resolved:
    """And of the records that refer to some of the same entity, which are clustered as they were."""
    own = done.referring.pop(entity.entity, [])
    return done.and_then(part(hub, db, run_id, entity, (), own)) if own else done


def _compared(hub: Hub, db: Connection, entity: type[Master], changed: Collection[int], distinct: frozenset[str]) -> pa.Table:
    """The pairs of changed records with all that share a key."""
    model = hub.models.of(db, entity.entity)
    assert model is not None
    own = own_references(entity)
    fresh = masters.records(db, entity, changed).drop_columns(own)
    near = matches.filed_near(db, entity.entity, keys(fresh["record_id"], *partial.filed(fresh, entity, model)))
    records = masters.records(db, entity, {*changed, *near["record_id"].to_pylist()}).drop_columns(own)
    ids = records["record_id"]
    mine = np.isin(ids.to_numpy(), list(changed))
    pairs = partial.compared(records, entity, model, mine, sources_of(records["source"], distinct), thresholds(hub))
    return _edges(ids, pairs.append_column("alone", pairs["weight"]))


def _clustered(hub: Hub, db: Connection, entity: type[Master], records: pa.Table, distinct: frozenset[str]) -> NDArray[np.int64]:
    """The clusters of whole components; rivals weigh on pairs anew."""
    ids = records["record_id"].to_numpy()
    pairs = matches.within(db, ids)
    left, right = (masters.places(ids, pairs[side].to_numpy()) for side in ("left_id", "right_id"))
    there = (left >= 0) & (right >= 0)
    left, right = np.minimum(left, right), np.maximum(left, right)
    order = np.lexsort((right, left))
    order = order[there[order]]
    known = pa.table({"left": left[order], "right": right[order], "weight": pairs["alone"].to_numpy()[order]})
    ruled = _ruled(db, entity, records, ids)
    once = sources_of(records["source"], distinct)
    ruling = positions(records["record_id"], ruled)
    weight, labels = partial.clustered(records.drop_columns(own_references(entity)), entity, known, ruling, once, thresholds(hub))
    moved = weight != pairs["weight"].to_numpy()[order]
    matches.reweigh(db, pairs.select(["left_id", "right_id"]).take(order[moved]).append_column("weight", pa.array(weight[moved])))
    return labels


def _follow(hub: Hub, db: Connection, entity: type[Master], only: list[int] | None = None) -> None:
    """What follows from pairs and membership, of all records or some: what reports rest on, and what stewards are asked."""
    ties.keep(db, entity.entity, only)
    questions.refresh(db, entity, hub.settings, hub.now(), None if only is None else pa.array(only, pa.int64()))
    doubts: dict[int, PinDoubt] = {}
    for drift in pins.drifted(db, entity.entity):
        doubt = doubts.setdefault(drift.pin.id, PinDoubt(drift.pin.id, drift.golden_id, drift.pin.field, {}))
        doubt.said[str(drift.record)] = drift.says
    questions.question_pins(db, entity, hub.settings, hub.now(), list(doubts.values()))


@dataclass(frozen=True)
class _Settled:
    golden: int
    events: Mapping[str, int]
    referring: Records


def _settle(
    hub: Hub,
    db: Connection,
    run_id: int,
    entity: type[Master],
    records: pa.Table,
    labels: NDArray[np.int64],
    scope: list[int] | None = None,
    changed: Collection[int] = (),
    before: pa.Table = identity.NOBODY,
) -> _Settled:
    """Name the clusters, choose their values, write what has changed; of all records, or of those in scope."""
    name = entity.entity
    clusters = pa.table({"record_id": records["record_id"], "cluster": labels})
    members, past = masters.members(db, name, scope), masters.past(db, name, scope)
    named = identity.assign(clusters, members, lambda count: _new_ids(hub, entity, count), past, before)
    crosswalk = query("SELECT record_id, golden_id FROM c JOIN n USING (cluster) ORDER BY record_id", c=clusters, n=named.clusters)
    golden = goldens(db, entity, records, crosswalk, _known(db, entity, records, crosswalk))
    golden = query("SELECT g.*, n.fresh, n.revived FROM g JOIN n USING (golden_id) ORDER BY golden_id", g=golden, n=named.clusters)
    events = partition.rewrite(db, run_id, name, Change(crosswalk, golden, named.absorbed, named.retired, scope))
    return _Settled(golden.num_rows, events, partition.referring(db, name, _references(entity, own=scope is not None), changed))


def _known(db: Connection, entity: type[Master], records: pa.Table, crosswalk: pa.Table) -> pa.Table:
    """Membership of the records, and of those of the same entity to which they refer."""
    said = {int(value) for name in own_references(entity) for value in records[name].to_pylist() if value is not None}
    others = said.difference(crosswalk["record_id"].to_pylist()) if said else said
    return pa.concat_tables([crosswalk, masters.members(db, entity.entity, others)]) if others else crosswalk


def _references(entity: type[Master], *, own: bool) -> Sequence[tuple[str, str]]:
    """The masters and fields that refer to an entity."""
    every = [
        (master.entity, item.name) for master in MASTERS for item in fields(master) if (to := item.mark(Refers)) and to.to == entity.entity
    ]
    return [(other, name) for other, name in every if own or other != entity.entity]


def goldens(db: Connection, entity: type[Master], records: pa.Table, crosswalk: pa.Table, known: pa.Table) -> pa.Table:
    """Golden records, under the rules and pins in force, with the hash by which a change is seen: of values, lineage and members.

    Out: golden_id, data, lineage, members, hash.
    """
    survived = survive(gathered(records, crosswalk, entity, known), entity, rules.in_force(db, entity), pins.in_force(db, entity.entity))
    return query(
        """SELECT s.golden_id, data, lineage, s.members, md5(concat_ws(chr(31), data, lineage, held)) AS hash FROM s
           JOIN (SELECT golden_id, string_agg(record_id, ',' ORDER BY record_id) AS held FROM x GROUP BY 1) USING (golden_id)
           ORDER BY s.golden_id""",
        s=survived,
        x=crosswalk,
    )


def thresholds(hub: Hub) -> Thresholds:
    """Where records are joined, and where a steward is asked."""
    return Thresholds(hub.settings.match_bits, hub.settings.review_bits)


def positions(ids: pa.ChunkedArray, ruled: Sequence[tuple[int, int, str]]) -> Rulings:
    """Rulings by position instead of record; those on records that are gone wait for their return."""
    pairs: dict[str, set[tuple[int, int]]] = {"same": set(), "different": set()}
    if ruled:
        ends = np.array([pair[:2] for pair in ruled], np.int64)
        left, right = masters.places(ids.to_numpy(), ends[:, 0]), masters.places(ids.to_numpy(), ends[:, 1])
        for one, other, (*_, verdict) in zip(left.tolist(), right.tolist(), ruled, strict=True):
            if one >= 0 and other >= 0:
                pairs[verdict].add((one, other))
    return Rulings(frozenset(pairs["same"]), frozenset(pairs["different"]))


def _new_ids(hub: Hub, entity: type[Master], count: int) -> pa.Array:
    return identity.new_ids(entity.prefix, count, now_ms=int(hub.now().timestamp() * 1000), random=hub.random)


def keys(ids: pa.ChunkedArray, records: Positions, hashes: Hashes) -> pa.Table:
    """Keys as they are kept, in their order: key, record_id."""
    order = np.argsort(hashes.view(np.int64), kind="stable")
    return pa.table({"key": hashes[order].view(np.int64), "record_id": ids.take(pa.array(records[order]))})


def edges(ids: pa.ChunkedArray, found: Resolution, sources: Sources) -> pa.Table:
    """The pairs of all records as they are kept: left_id, right_id, weight, alone, levels as JSON."""
    return _edges(ids, found.pairs.append_column("alone", pa.array(found.alone()) if sources.distinct else found.pairs["weight"]))


def _edges(ids: pa.ChunkedArray, pairs: pa.Table) -> pa.Table:
    """Pairs as they are kept, by the numbers of the records, smaller left."""
    features = [name for name in pairs.column_names if name not in {"left", "right", "weight", "alone"}]
    pairs = pairs.set_column(0, "left", ids.take(pairs["left"])).set_column(1, "right", ids.take(pairs["right"]))
    return query(
        f"""SELECT least("left", "right") AS left_id, greatest("left", "right") AS right_id, weight, alone, {json_of(features)} AS levels
            FROM p ORDER BY 1, 2""",
        p=pairs,
    )
