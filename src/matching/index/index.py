"""The index: a new record against many, and batches that come and go.

Which pairs are compared, what they weigh and how they cluster is settled by the model and by the pairs themselves, so that records may come in any
order: pairs and partition are those of `LocalEngine.resolve` over all of them, in the order of their ids, under the same model, rulings and sources.

Threads: everything known stands in one `State` that is never written to. A writer (one at a time, the others wait) makes a new one, which shares
with the old what has not changed, and puts it in place when it is complete. A reader takes the state that it finds and keeps to it: it waits
for nobody and sees a batch whole or not at all.

Cost: a query looks its keys up and weighs the records found. A batch costs that for each of its records, and the components that it touches.
Records that were removed keep their room until an index is built anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from threading import Lock

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel

from matching.blocking import distinct
from matching.clustering import Labels
from matching.engine import LocalEngine, Resolution, Rulings, Thresholds, frozen
from matching.features import taken
from matching.hashing import Hashes, hashed
from matching.index.reading import Reading
from matching.index.state import Pairs, State, by_record, column, empty, ends, no_pairs, spelled, together
from matching.index.storage import GONE, Pages, growing, looked_up, objects, run, with_run
from matching.index.world import NOBODY, New, World, rank, world
from matching.model import Model
from matching.sources import Positions, Sources

ID = "id"
SLICE = 10_000
"""New records of which the candidates are looked up at once."""
NO_SOURCE = 2**30
"""The source of a new record of which none is known: no other is of it."""


@dataclass(frozen=True)
class Candidate:
    """A stored record that a new one may be."""

    position: int
    id: str
    weight: float
    """Bits."""
    probability: float
    levels: Mapping[str, int]
    """By feature."""
    cluster: int
    """The cluster in which it stands, named by the position of the record with the first id."""
    joined: bool
    """Whether both would be in one cluster; otherwise the pair is worth a steward's look."""


@dataclass(frozen=True)
class Change:
    """What a batch did."""

    records: Positions
    """The records that came or went."""
    edges: pa.Table
    """The pairs of the records that came, as in `Resolution.pairs`."""
    before: Mapping[int, int]
    """The cluster of every record whose cluster now has other members, as it was; without those that came."""
    after: Mapping[int, int]
    """The same as it is; without those that went."""

    @property
    def clusters(self) -> frozenset[int]:
        """Clusters whose members are others now, those that are no more included."""
        return frozenset(self.before.values()) | frozenset(self.after.values())


class Index:
    """Stored records under one model. Readers never wait; see the module for threads, order and cost."""

    def __init__(
        self, declaration: type[BaseModel], model: Model, *, thresholds: Thresholds | None = None, sources: Sources | None = None
    ) -> None:
        """An index without records. Of `sources`, what is known of them counts, not the records."""
        self.thresholds = thresholds or Thresholds()
        self._reading = Reading(declaration, model)
        evidence = self._reading.evidence
        self.kernel = frozen(evidence, model)
        self._sources = sources or Sources(np.zeros(0, np.int32))
        self._state = empty([item.name for item in evidence], len(self.kernel.features))
        self._writing = Lock()

    @classmethod
    def of(
        cls,
        resolution: Resolution,
        declaration: type[BaseModel],
        *,
        ids: Sequence[str] | None = None,
        rulings: Rulings | None = None,
        sources: Sources | None = None,
    ) -> "Index":
        """What was resolved, with the rulings and sources that it was resolved with; without `ids` its position names a record."""
        index = cls(declaration, resolution.model, thresholds=resolution.thresholds, sources=sources)
        names = [str(at) for at in range(len(resolution.labels))] if ids is None else list(ids)
        index._state = index._resolved(resolution, names, rulings or Rulings(), sources)
        if any(rank(one) > rank(other) for one, other in pairwise(names)):
            joined = [resolution.pairs[side].to_numpy() for side in ("left", "right")]
            index._state = index._reclustered(index._state, index._state.closure(np.concatenate(joined), index._reach))
        return index

    @classmethod
    def build(
        cls,
        records: pa.Table,
        declaration: type[BaseModel],
        model: Model,
        *,
        thresholds: Thresholds | None = None,
        rulings: Rulings | None = None,
        sources: Sources | None = None,
    ) -> "Index":
        """Resolve records under a model, and index them. A column `id` names them, where there is one."""
        engine = LocalEngine(thresholds or Thresholds())
        resolution = engine.resolve(records, declaration, model=model, rulings=rulings, sources=sources)
        ids = records[ID].cast(pa.string()).to_pylist() if ID in records.column_names else None
        return cls.of(resolution, declaration, ids=ids, rulings=rulings, sources=sources)

    def __len__(self) -> int:
        """How many records are there."""
        return int((self._state.labels.values != GONE).sum())

    @property
    def labels(self) -> Labels:
        """The cluster of every position, named by the position of its record with the first id; -1 where the record was removed."""
        state = self._state
        return state.labels.values[: state.ids.count]

    @property
    def ids(self) -> list[str]:
        """The id of every position, removed ones too."""
        return self._state.ids.values.tolist()  # type: ignore[no-any-return]

    @property
    def pairs(self) -> pa.Table:
        """Every pair worth a look, as in `Resolution.pairs`."""
        state = self._state
        every = np.arange(state.ids.count)
        return self._table(self._world(state, every[state.alive(every)]).settled())

    def position(self, name: str) -> int | None:
        """Where the record of an id is; None if it is not there."""
        places = self._state.named_so([name])
        return int(places[0]) if len(places) else None

    def compared(self, record: Mapping[str, str | None], *, source: int = NO_SOURCE) -> Positions:
        """The stored records with which a new one is compared."""
        state = self._state
        return self._near(state, New(state.ids.count, None, source, self._reading.forms(record)))

    def match(
        self, record: Mapping[str, str | None], *, source: int = NO_SOURCE, instead_of: int | None = None, limit: int = 10
    ) -> list[Candidate]:
        """The stored records that a new one would be joined to or reviewed with, the likeliest first. Nothing is stored.

        `record` holds the declaration's fields as text; its `source` matters where sources are distinct, or only compared across.
        `instead_of` is the position of the stored record that it would replace, where it is another version of one: rulings on that hold.
        """
        state, forms = self._state, self._reading.forms(record)
        if instead_of is None:
            new = New(state.ids.count, None, source, forms)
        else:
            new = New(instead_of, state.ids.values[instead_of], source, forms)
            state = replace(state, labels=state.labels.put(np.array([instead_of]), np.array([GONE])))
        candidates = self._candidates(state, new, self._weighed(state, new))
        return sorted(candidates, key=lambda item: (-item.weight, rank(item.id)))[:limit]

    def add(self, records: pa.Table, *, source: int | Sequence[int] = 0) -> Change:
        """Take in a batch. Columns are the declaration's fields as text, and `id`; without it a record's position names it.

        Raises ValueError where an id is empty, occurs twice or is there already; then nothing is changed.
        """
        with self._writing:
            before = self._state
            state, new, place, hashes = self._filed(before, records, np.broadcast_to(np.asarray(source, np.int32), records.num_rows))
            edges = self._compared(state, new, place, hashes)
            state = replace(state, edges=with_run(state.edges, edges.both_ways()))
            members = self._touched(state, new)
            after = self._state = self._reclustered(state, members)
        settled = self._world(after, np.union1d(edges.left, edges.right)).settled() if self._sources.distinct else edges
        return _change(before, after, new, members, self._table(settled.chosen(settled.right >= before.ids.count)))

    def remove(self, positions: Sequence[int] | Positions) -> Change:
        """Give up records. Raises ValueError where there is none; then nothing is changed. A position is not used again."""
        gone = np.unique(np.asarray(positions, np.int64))
        with self._writing:
            before = self._state
            _require(before, gone)
            members = self._touched(before, gone)
            state = replace(before, labels=before.labels.put(gone, np.full(len(gone), GONE)))
            after = self._state = self._reclustered(state, np.setdiff1d(members, gone))
        return _change(before, after, gone, members, self._table(no_pairs(len(self.kernel.features))))

    def rule(self, rulings: Rulings) -> Change:
        """Hold to these rulings, and no others, from now on. Raises ValueError where a new one is about a record that is not there."""
        with self._writing:
            before = self._state
            known, ruled = (each.together | each.apart for each in (before.rulings, rulings))
            _require(before, ends(ruled - known))
            others = ends((rulings.together ^ before.rulings.together) | (rulings.apart ^ before.rulings.apart))
            state = replace(before, rulings=rulings, ruled=by_record(rulings))
            members = np.union1d(*(each.closure(others, self._reach) for each in (before, state)))
            after = self._state = self._reclustered(state, members)
        return _change(before, after, np.zeros(0, np.int64), members, self._table(no_pairs(len(self.kernel.features))))

    def _resolved(self, resolution: Resolution, names: Sequence[str], rulings: Rulings, sources: Sources | None) -> State:
        """The state in which a resolution leaves its records."""
        count = len(names)
        place, hashes = self._reading.filed(resolution.columns, count)
        return State(
            forms={name: growing(spelled(resolution.columns.get(name), count)) for name in self._state.forms},
            ids=growing(objects(names)),
            of=growing(np.zeros(count, np.int32) if sources is None else sources.of),
            named=with_run((), run(hashed(pa.array(names, pa.string())), np.arange(count, dtype=np.int32))),
            filed=with_run((), run(hashes, place.astype(np.int32))),
            edges=with_run((), self._found(resolution).both_ways()),
            labels=Pages().put(np.arange(count), resolution.labels),
            rulings=rulings,
            ruled=by_record(rulings),
        )

    def _found(self, resolution: Resolution) -> Pairs:
        """The pairs of a resolution, and what they weigh by themselves, rivals of one source aside."""
        table = resolution.pairs
        left, right, weight = (table[name].to_numpy() for name in ("left", "right", "weight"))
        levels = np.zeros((len(left), len(self.kernel.features)), np.int8)
        for at, feature in enumerate(self.kernel.features):
            if feature.name in table.column_names:
                levels[:, at] = table[feature.name].to_numpy()
        return Pairs(left, right, resolution.alone() if self._sources.distinct else weight, levels)

    def _filed(self, state: State, records: pa.Table, source: NDArray[np.int32]) -> tuple[State, Positions, Positions, Hashes]:
        """The state with records that stand alone; their positions, and the places among them and the hashes of their keys."""
        count = records.num_rows
        new = np.arange(count) + state.ids.count
        names = records[ID].cast(pa.string()).to_pylist() if ID in records.column_names else [str(at) for at in new.tolist()]
        _require_new(state, names)
        columns = self._reading.columns(records)
        place, hashes = self._reading.filed(columns, count)
        grown = replace(
            state,
            forms={name: forms.grown(spelled(columns.get(name), count)) for name, forms in state.forms.items()},
            ids=state.ids.grown(objects(names)),
            of=state.of.grown(source),
            named=with_run(state.named, run(hashed(pa.array(names, pa.string())), new.astype(np.int32))),
            filed=with_run(state.filed, run(hashes, new[place].astype(np.int32))),
            labels=state.labels.put(new, new),
        )
        return grown, new, place, hashes

    def _compared(self, state: State, new: Positions, place: Positions, hashes: Hashes) -> Pairs:
        """The pairs worth a look of new records with those before them that share a key; `place` are places in `new`."""
        found = [no_pairs(len(self.kernel.features))]
        sources, count = replace(self._sources, of=state.of.values), state.ids.count
        for start in range(0, len(new), SLICE):
            some = (place >= start) & (place < start + SLICE)
            at, other = looked_up(state.filed, hashes[some])
            mine = new[place[some][at]]
            left, right = np.divmod(distinct((other.astype(np.int64) * count + mine)[other < mine]), count)
            meet = state.alive(left) & sources.may_meet(left, right)
            left, right = left[meet], right[meet]
            members, local = np.unique(np.concatenate([left, right]), return_inverse=True)
            columns = {name: column(forms.values[members].tolist()) for name, forms in state.forms.items()}
            kept, levels, weights = self.kernel.scored(columns, local[: len(left)], local[len(left) :], self.thresholds.review)
            found.append(Pairs(left[kept], right[kept], weights, levels))
        return together(found)

    def _near(self, state: State, new: New) -> Positions:
        """The records that a new one may meet and shares a key with."""
        near = state.near(self._reading.keys(new.forms))
        sources = replace(self._sources, of=np.append(state.of.values[near], np.int32(new.source)))
        return near[sources.may_meet(np.arange(len(near)), np.full(len(near), len(near)))]

    def _weighed(self, state: State, new: New) -> Pairs:
        """The pairs worth a look of a new record, which stands on the right."""
        near = self._near(state, new)
        columns = {name: column([*forms.values[near].tolist(), new.forms.get(name, "")]) for name, forms in state.forms.items()}
        pairs = taken(columns, np.arange(len(near)), np.full(len(near), len(near)))
        levels = self.kernel.levels(pairs)
        weights = self.kernel.weights(pairs, levels)
        kept = np.flatnonzero(weights >= self.thresholds.review)
        return Pairs(near[kept], np.full(len(kept), new.place), weights[kept], levels[kept])

    def _candidates(self, state: State, new: New, found: Pairs) -> list[Candidate]:
        """The pairs of a new record, and which of them would be of one cluster."""
        cluster: dict[int, int] = {}
        seeds = self._seeds(state, new, found)
        if len(seeds):
            pairs = together([state.pairs(state.closure(seeds, self._reach)), found])
            around = self._world(state, seeds, pairs, new)
            cluster = dict(zip(around.places.tolist(), around.labels(self.thresholds.match).tolist(), strict=True))
            found = around.settled()
            found = found.chosen((found.left == new.place) | (found.right == new.place))
        others = np.where(found.left == new.place, found.right, found.left)
        named = [feature.name for feature in self.kernel.features]
        return [
            Candidate(
                position,
                state.ids.values[position],
                weight,
                1 / (1 + 2 ** -min(max(weight, -60), 60)),
                dict(zip(named, levels, strict=True)),
                label,
                position in cluster and cluster[position] == cluster[new.place],
            )
            for position, weight, levels, label in zip(
                others.tolist(), found.weight.tolist(), found.levels.tolist(), state.labels.at(others).tolist(), strict=True
            )
        ]

    def _seeds(self, state: State, new: New, found: Pairs) -> Positions:
        """The new record, and those whose components decide about it: the ones that it joins, and all that have it as a rival."""
        joined = found.left if self._sources.distinct else found.left[found.weight >= self.thresholds.match]
        others = np.union1d(joined, state.ruled_together(np.array([new.place])))
        return np.union1d(others, [new.place]) if len(others) else others

    def _touched(self, state: State, records: Positions) -> Positions:
        """The records whose cluster may be another one because of some."""
        return state.closure(records, self._reach)

    @property
    def _reach(self) -> float:
        """Bits of the pairs through which records have to do with each other: those that join, and among rivals all that there are."""
        return -np.inf if self._sources.distinct else self.thresholds.match

    def _reclustered(self, state: State, members: Positions) -> State:
        """The state with whole components clustered anew."""
        around = self._world(state, members)
        mine = np.isin(around.places, members)
        return replace(state, labels=state.labels.put(around.places[mine], around.labels(self.thresholds.match)[mine]))

    def _world(self, state: State, members: Positions, pairs: Pairs | None = None, new: New = NOBODY) -> World:
        """Members and their pairs, all that are stored unless some are given."""
        return world(state, members, state.pairs(members) if pairs is None else pairs, self._sources, self.kernel.vetoes, new)

    def _table(self, pairs: Pairs) -> pa.Table:
        """Pairs as in `Resolution.pairs`."""
        ordered = pairs.chosen(np.lexsort((pairs.right, pairs.left)))
        named = {"left": ordered.left, "right": ordered.right, "weight": ordered.weight}
        return pa.table(named | {feature.name: ordered.levels[:, at] for at, feature in enumerate(self.kernel.features)})


def _require_new(state: State, names: Sequence[str | None]) -> None:
    known = [name for name in names if name]
    if len(known) < len(names) or len(set(known)) < len(known):
        raise ValueError("the records have ids that are empty or occur twice; make them unique")
    there = state.named_so(known)
    if len(there):
        raise ValueError(f"a record {state.ids.values[there[0]]!r} is there already; remove it first, or give the new one another id")


def _require(state: State, places: Positions) -> None:
    inside = (places >= 0) & (places < state.ids.count)
    there = inside.copy()
    there[inside] = state.alive(places[inside])
    if not there.all():
        raise ValueError(f"there is no record at {int(places[~there][0])}; look its position up by its id")


def _change(before: State, after: State, records: Positions, members: Positions, edges: pa.Table) -> Change:
    """What has changed for the members of components that were clustered anew."""
    old, new = _groups(before, members[members < before.ids.count]), _groups(after, members)
    gone = {record: label for label, group in old.items() if new.get(label) != group for record in group}
    come = {record: label for label, group in new.items() if old.get(label) != group for record in group}
    return Change(records, edges, gone, come)


def _groups(state: State, members: Positions) -> dict[int, list[int]]:
    groups: dict[int, list[int]] = {}
    for record, label in zip(members.tolist(), state.labels.at(members).tolist(), strict=True):
        if label != GONE:
            groups.setdefault(label, []).append(record)
    return groups
