"""The order of the steps: load, then every master in turn, those that others refer to first. Nothing else knows it."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
from sqlalchemy import Connection

from matching.declaration import fields
from mdm import identity, resolution
from mdm.entities import MASTERS, Master
from mdm.hub import Hub, Models, Watch
from mdm.landing import land
from mdm.ports import Source, Stream
from mdm.resolution import Resolved
from mdm.store import masters, matches, pending, pins, questions, runs, stakes
from mdm.store.database import lock

OUTGROWN = 2
"""So many times the records that a model was trained on, and it is trained anew."""
MOST = 0.3
"""Share of the records from which it is quicker to match all than those that wait."""

__all__ = ["Hub", "Loaded", "Models", "Resolved", "Watch", "load", "resolve", "settle", "under"]


@dataclass(frozen=True)
class Loaded:
    """What one stream brought."""

    source: str
    stream: str
    entity: str
    counts: Counter[str]


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
    """Match what waits and bring the golden records to it, a master a transaction; by force train and match all anew."""
    watch = watch or Watch()
    with runs.noted(hub.engine, "rebuild" if force else "match") as (run_id, detail):
        with hub.engine.begin() as db:
            pins.expire(db, hub.now())
            since, detail["landed"] = runs.landed(db), runs.newest(db)
        done = [_resolved(hub, run_id, entity, watch, since, force=force) for entity in MASTERS]
        detail["entities"] = {item.entity: {"records": item.records, **item.events} for item in done if not item.skipped}
    return done


def _resolved(hub: Hub, run_id: int, entity: type[Master], watch: Watch, since: int | None, *, force: bool) -> Resolved:
    """One master in one transaction. What refers to records whose golden record is another now waits from then on.

    `since`: the newest version that had landed at the last match; facts that landed behind it change what hangs on golden records.
    """
    with hub.engine.begin() as db:
        lock(db, f"resolve {entity.entity}")
        done = _resolve(hub, db, run_id, entity, watch, force=force)
        for other, records in done.referring.items():
            pending.add(db, other, pa.chunked_array([pa.array(records, pa.int64())]))
        if since is not None and len(hung := stakes.referred_since(db, entity, since)):
            questions.refresh(db, entity, hub.settings, hub.now(), hung)
        return replace(done, referring={})


def _resolve(hub: Hub, db: Connection, run_id: int, entity: type[Master], watch: Watch, *, force: bool) -> Resolved:
    name, now = entity.entity, under(hub, db, entity)
    newest, waiting = matches.newest(db, name), pending.count(db, name)
    same = newest is not None and newest.matched_under == now
    if same and not waiting and not force:
        return Resolved(name, skipped=True)
    live = pending.live(db, name)
    if force or newest is None or not same or live > OUTGROWN * newest.trained_on:
        pending.clear(db, name)
        return resolution.whole(hub, db, run_id, entity, watch, now)
    if waiting > MOST * live:
        pending.clear(db, name)
        return resolution.whole(hub, db, run_id, entity, watch, now, hub.models.of(db, name))
    watch.step(f"{name} · pairs", None)
    return resolution.part(hub, db, run_id, entity, pending.take(db, name))


def settle(
    hub: Hub, db: Connection, run_id: int, entity: type[Master], records: Collection[int], before: pa.Table = identity.NOBODY
) -> list[Resolved]:
    """Bring the golden records of some records to what is ruled on them, and all that refers to them, in the caller's transaction.

    The caller holds the lock of the entity and of those behind it in the order of masters. `before`: membership before an operation that is taken back.
    """
    done = [resolution.part(hub, db, run_id, entity, (), records, before)]
    waiting = dict(done[0].referring)
    for other in MASTERS:
        if changed := waiting.pop(other.entity, None):
            if matches.newest(db, other.entity) is None:
                pending.add(db, other.entity, pa.chunked_array([pa.array(changed, pa.int64())]))
                continue
            done.append(resolution.part(hub, db, run_id, other, changed))
            for name, more in done[-1].referring.items():
                waiting.setdefault(name, []).extend(more)
    return done


def under(hub: Hub, db: Connection, entity: type[Master]) -> str:
    """What all records of an entity are matched under: fields, thresholds, the word of the sources. Where it changes, they are matched anew."""
    declared = ",".join(f"{item.name}:{item.kind.name}" for item in fields(entity))
    once = "+".join(sorted(masters.distinct(db, entity.entity)))
    return f"{hub.settings.match_bits:g}/{hub.settings.review_bits:g} {once or '-'} {declared}"
