"""The index: records that stand ready, so that a new one finds its matches in milliseconds, and batches come and go without a rebuild.

Which pairs are compared, what they weigh and how they cluster is all settled by the model and by the pairs themselves, so that records may come in any
order: pairs and partition are those of `LocalEngine.resolve` over all of them, in the order of their ids, under the same model, rulings and sources.

Threads: everything known stands in one `_State` that is never written to. A writer (one at a time, the others wait) makes a new one, which shares
with the old what has not changed, and puts it in place when it is complete. A reader takes the state that it finds and keeps to it: it waits
for nobody and sees a batch whole or not at all. Arrays grow into room behind what older states can see.

Cost: a query looks its keys up among sorted ones and weighs the records found. A batch costs that for each of its records, and the components that it
touches; the sorted runs are merged as they double in size, so that each entry is moved a few times however often batches come.
"""

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel

from matching.blocking import MOST_REFINERS, Part, Rule, distinct, filed, filings
from matching.clustering import AGAINST, Constraints, Labels, clusters
from matching.comparison import Levels
from matching.declaration import Field, fields
from matching.encode import ABSENT, LONGEST, Column, Columns, cleaner, encode
from matching.engine import BATCH, LocalEngine, Resolution, Rulings, Thresholds
from matching.features import features, taken
from matching.forms import Forms
from matching.hashing import Hashes, hashed
from matching.kernel import Kernel
from matching.kinds.location import LOCATION
from matching.model import Model, Weights
from matching.rivals import contested
from matching.sources import Positions, Sources

ID = "id"
GONE = -1
"""The label of a record that was removed."""
PAGE = 4096
REMEMBERED = 50_000
"""Forms whose blocking parts are kept: names and towns come again."""
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


@dataclass(frozen=True)
class Run:
    """Rows in the order of their keys."""

    keys: Hashes
    rows: tuple[NDArray[Any], ...]

    def under(self, key: int, row: int) -> Iterator[Any]:
        """What a row has under one key."""
        at = int(np.searchsorted(self.keys, np.uint64(key)))
        while at < len(self.keys) and self.keys[at] == key:
            yield self.rows[row][at]
            at += 1


Runs = tuple[Run, ...]


def run(unordered: Hashes, *rows: NDArray[Any]) -> Run:
    """Rows put in the order of their keys."""
    order = np.argsort(unordered, kind="stable")
    return Run(unordered[order], tuple(row[order] for row in rows))


def with_run(runs: Runs, more: Run) -> Runs:
    """Runs and one more; of like size they become one, so that there are few, however often rows come."""
    while runs and len(runs[-1].keys) <= 2 * len(more.keys):
        last = runs[-1]
        both = [np.concatenate(pair) for pair in zip(last.rows, more.rows, strict=True)]
        more, runs = run(np.concatenate([last.keys, more.keys]), *both), runs[:-1]
    return (*runs, more) if len(more.keys) or not runs else runs


def looked_up(runs: Runs, wanted: Hashes, columns: int) -> list[NDArray[Any]]:
    """The rows under the wanted keys: places in `wanted`, and the first `columns` of the rows."""
    several = []
    for each in runs:
        first = np.searchsorted(each.keys, wanted)
        counts = np.searchsorted(each.keys, wanted, side="right") - first
        place = np.repeat(np.arange(len(wanted)), counts)
        at = np.arange(len(place)) + np.repeat(first - np.cumsum(counts) + counts, counts)
        several.append((place, *(row[at] for row in each.rows[:columns])))
    return [np.concatenate(parts) for parts in zip(*several, strict=True)]


class Pairs(NamedTuple):
    """Pairs of records, weighed."""

    left: Positions
    right: Positions
    weight: Weights
    """Bits."""
    levels: Levels

    def chosen(self, rows: NDArray[Any]) -> "Pairs":
        """Some of them."""
        return Pairs(self.left[rows], self.right[rows], self.weight[rows], self.levels[rows])

    def between(self, places: Positions) -> "Pairs":
        """The same, of the records that stand at places in an array."""
        left, right = places[self.left], places[self.right]
        return self._replace(left=np.minimum(left, right), right=np.maximum(left, right))


def together(several: Sequence[Pairs]) -> Pairs:
    """Pairs and pairs."""
    left, right, weight, levels = zip(*several, strict=True)
    return Pairs(np.concatenate(left), np.concatenate(right), np.concatenate(weight), np.concatenate(levels))


@dataclass(frozen=True)
class Growing:
    """An array with room behind it. Only the latest of those that share a room may be grown."""

    room: NDArray[Any]
    count: int

    @property
    def values(self) -> NDArray[Any]:
        """What is there."""
        return self.room[: self.count]

    def grown(self, more: NDArray[Any]) -> "Growing":
        """The same and more behind it."""
        count, room = self.count + len(more), self.room
        if count > len(room):
            room = np.empty(count + count // 4 + 64, self.room.dtype)
            room[: self.count] = self.values
        room[self.count : count] = more
        return Growing(room, count)


def growing(values: NDArray[Any]) -> Growing:
    """A copy with room behind it."""
    return Growing(values[:0], 0).grown(values)


@dataclass(frozen=True)
class Pages:
    """Numbers by position in pages; a copy with other numbers shares the pages in which none is."""

    pages: tuple[NDArray[np.int64], ...] = ()

    @property
    def values(self) -> NDArray[np.int64]:
        """All numbers; `GONE` behind the last."""
        return np.concatenate([np.zeros(0, np.int64), *self.pages])

    def at(self, places: Positions) -> NDArray[np.int64]:
        """The numbers at places."""
        if len(places) > PAGE:
            return self.values[places]
        return np.array([self.pages[place // PAGE][place % PAGE] for place in places.tolist()], np.int64)

    def put(self, places: Positions, numbers: NDArray[np.int64]) -> "Pages":
        """Other numbers at places, behind the last ones too."""
        pages = list(self.pages)
        pages += [np.full(PAGE, GONE, np.int64) for _ in range(len(pages), int(places.max(initial=-1)) // PAGE + 1)]
        page = places // PAGE
        for each in np.unique(page).tolist():
            mine = page == each
            pages[each] = pages[each].copy()
            pages[each][places[mine] % PAGE] = numbers[mine]
        return Pages(tuple(pages))


@dataclass(frozen=True)
class Stored:
    """A field of all records: as a `Column`, growing."""

    codes: Growing
    forms: Growing
    known: Runs
    """The code of each form, by its hash."""

    def grown(self, column: Column) -> "Stored":
        """With more records, whose new forms stand behind the others."""
        hashes = hashed(column.forms.array)
        place, code = looked_up(self.known, hashes, 1)
        same = self.forms.values[code] == column.forms.values[place]
        codes = np.full(len(column.forms) + 1, ABSENT, np.int32)
        codes[place[same]] = code[same]
        new = np.flatnonzero(codes[:-1] == ABSENT)
        codes[new] = np.arange(len(new)) + self.forms.count
        known = with_run(self.known, run(hashes[new], codes[new]))
        return Stored(self.codes.grown(codes[column.codes]), self.forms.grown(column.forms.values[new]), known)

    def code(self, form: str) -> int:
        """The code of a form; an unknown one is behind the last."""
        if not form:
            return ABSENT
        codes = (code for each in self.known for code in each.under(hashed_one(form), 0))
        return next((code for code in codes if self.forms.values[code] == form), self.forms.count)

    def local(self, codes: NDArray[np.int32]) -> Column:
        """A column of the forms that occur alone, in the order of their codes, so that pairs are compared the same way round."""
        distinct, inverse = np.unique(codes, return_inverse=True)
        place = inverse.astype(np.int32)
        if len(distinct) and distinct[0] == ABSENT:
            distinct, place = distinct[1:], place - 1
        return Column(place, Forms(self.forms.values[distinct]))


NO_COLUMN = Column(np.zeros(0, np.int32), Forms(np.zeros(0, object)))


def stored(column: Column) -> Stored:
    """A column made to grow."""
    codes = np.arange(len(column.forms), dtype=np.int32)
    return Stored(growing(column.codes), growing(column.forms.values), with_run((), run(hashed(column.forms.array), codes)))


@dataclass(frozen=True)
class _State:
    """All that is known at one moment. Never written to."""

    columns: Mapping[str, Stored]
    ids: Growing
    of: Growing
    """The source of each record."""
    named: Runs
    """Positions by the hash of the id."""
    filed: Runs
    """Positions by blocking key."""
    edges: Runs
    """By record: the other one, weight, levels; every pair twice."""
    labels: Pages = field(default_factory=Pages)
    rulings: Rulings = field(default_factory=Rulings)
    ruled: Mapping[int, Sequence[tuple[int, int]]] = field(default_factory=dict)
    """The pairs ruled on, by each of their records."""

    def beside(self, members: Positions, forms: Mapping[str, str]) -> dict[str, Column]:
        """The columns of a few records, and of a new one behind them; as `local`, without arrays of a few elements."""
        columns = {}
        for name, column in self.columns.items():
            own = forms.get(name, "")
            codes = [*column.codes.values[members].tolist(), column.code(own)]
            distinct = sorted({*codes} - {ABSENT})
            place = dict(zip(distinct, range(len(distinct)), strict=True)) | {ABSENT: ABSENT}
            values = [column.forms.values[code] if code < column.forms.count else own for code in distinct]
            columns[name] = Column(np.array([place[code] for code in codes], np.int32), Forms(_objects(values)))
        return columns

    def alive(self, places: Positions) -> NDArray[np.bool_]:
        """Which records are there."""
        there: NDArray[np.bool_] = self.labels.at(places) != GONE
        return there

    def near(self, keys: Hashes) -> Positions:
        """The records that are filed under one of these keys."""
        near: Positions = np.unique(looked_up(self.filed, keys, 1)[1]).astype(np.int64)
        return near[self.alive(near)]

    def named_so(self, names: Sequence[str]) -> Positions:
        """The records that have one of these ids."""
        place, at = looked_up(self.named, hashed(pa.array(names, pa.string())), 1)
        at = np.asarray(at, np.int64)
        named: Positions = at[(self.ids.values[at] == _objects(names)[place]) & self.alive(at)]
        return named

    def pairs(self, members: Positions) -> Pairs:
        """Every pair of which a member is one, once."""
        place, other, weight, levels = looked_up(self.edges, members.astype(np.uint64), 3)
        mine, other = members[place], other.astype(np.int64)
        once = self.alive(other) & ((mine < other) | ~np.isin(other, members))
        mine, other = mine[once], other[once]
        return Pairs(np.minimum(mine, other), np.maximum(mine, other), weight[once], levels[once])

    def with_partners(self, records: Positions) -> Positions:
        """Records, and those with which they have a pair."""
        _, other = looked_up(self.edges, records.astype(np.uint64), 1)
        return np.union1d(records, other.astype(np.int64))

    def joined(self, records: Positions, cut: float) -> Positions:
        """The records that a pair of at least `cut` bits, or a ruling, joins to some."""
        _, other, weight = looked_up(self.edges, records.astype(np.uint64), 2)
        ruled = [
            pair for record in records.tolist() if record in self.ruled for pair in self.ruled[record] if pair in self.rulings.together
        ]
        return np.concatenate([other[weight >= cut].astype(np.int64), np.array(ruled, np.int64).reshape(-1)])

    def closure(self, records: Positions, cut: float) -> Positions:
        """The records of every component in which some stand, sorted."""
        fresh = np.unique(records)
        seen = fresh = fresh[self.alive(fresh)]
        while len(fresh):
            near = np.unique(self.joined(fresh, cut))
            fresh = np.setdiff1d(near[self.alive(near)], seen, assume_unique=True)
            seen = np.union1d(seen, fresh)
        return seen


@dataclass(frozen=True)
class _New:
    """A record that is not stored. Among stored ones it has the position behind the last."""

    name: str | None
    """Its id; without one it comes last."""
    source: int
    forms: Mapping[str, str]


@dataclass(frozen=True)
class _World:
    """Records and their pairs as the engine would see them, were there no others: in the order of ids."""

    places: Positions
    """The position of each record."""
    pairs: Pairs
    """By places in `places`; rivals of one source count."""
    sources: Sources


class Index:
    """Stored records under one model. Readers never wait; see the module for threads, order and cost."""

    def __init__(
        self, declaration: type[BaseModel], model: Model, *, thresholds: Thresholds | None = None, sources: Sources | None = None
    ) -> None:
        """An index without records. Of `sources`, what is known of them counts, not the records."""
        self.thresholds = thresholds or Thresholds()
        self._reading = _Reading(fields(declaration), model)
        weighed = features([item for item in self._reading.evidence if _weighed(item, model)])
        self.kernel = Kernel(weighed, tuple(item.name for item in self._reading.evidence if item.vetoes), model)
        self._sources = sources or Sources(np.zeros(0, np.int32))
        self._state = self._empty()
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
        if any(_rank(one) > _rank(other) for one, other in pairwise(names)):
            ends = [resolution.pairs[side].to_numpy() for side in ("left", "right")]
            index._state = index._reclustered(index._state, index._state.closure(np.concatenate(ends), index.thresholds.match))
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
        return self._table(self._settled(state, every[state.alive(every)]))

    def position(self, name: str) -> int | None:
        """Where the record of an id is; None if it is not there."""
        state = self._state
        places = state.named_so([name])
        return int(places[0]) if len(places) else None

    def compared(self, record: Mapping[str, str | None], *, source: int = NO_SOURCE) -> Positions:
        """The stored records with which a new one is compared."""
        state = self._state
        return self._near(state, _New(None, source, self._reading.forms(record)))

    def match(
        self, record: Mapping[str, str | None], *, source: int = NO_SOURCE, instead_of: int | None = None, limit: int = 10
    ) -> list[Candidate]:
        """The stored records that a new one would be joined to or reviewed with, the likeliest first. Nothing is stored.

        `record` holds the declaration's fields as text; its `source` matters where sources are distinct, or only compared across.
        `instead_of` is the position of the stored record that it would replace, where it is another version of one.
        """
        state = self._state
        new = _New(None if instead_of is None else state.ids.values[instead_of], source, self._reading.forms(record))
        if instead_of is not None:
            state = replace(state, labels=state.labels.put(np.array([instead_of]), np.array([GONE])))
        near = self._near(state, new)
        pairs = taken(state.beside(near, new.forms), np.arange(len(near)), np.full(len(near), len(near)))
        levels = self.kernel.levels(pairs)
        weights = self.kernel.weights(pairs, levels)
        kept = np.flatnonzero(weights >= self.thresholds.review)
        found = Pairs(near[kept], np.full(len(kept), state.ids.count), weights[kept], levels[kept])
        candidates = self._candidates(state, found, new)
        return sorted(candidates, key=lambda item: (-item.weight, _rank(item.id)))[:limit]

    def add(self, records: pa.Table, *, source: int | Sequence[int] = 0) -> Change:
        """Take in a batch. Columns are the declaration's fields as text, and `id`; without it a record's position names it.

        Raises ValueError where an id is empty, occurs twice or is there already; then nothing is changed.
        """
        with self._writing:
            before = self._state
            state, new, place, hashes = self._filed(before, records, np.broadcast_to(np.asarray(source, np.int32), records.num_rows))
            edges = self._compared(state, new, place, hashes)
            state = replace(state, edges=with_run(state.edges, _both_ways(edges)))
            members = self._touched(state, new)
            after = self._reclustered(state, members)
            self._state = after
        settled = self._settled(after, np.union1d(edges.left, edges.right)) if self._sources.distinct else edges
        return _change(before, after, new, members, self._table(settled.chosen(settled.right >= before.ids.count)))

    def remove(self, positions: Sequence[int] | Positions) -> Change:
        """Give up records. Raises ValueError where there is none; then nothing is changed. A position is not used again."""
        gone = np.unique(np.asarray(positions, np.int64))
        with self._writing:
            before = self._state
            _require(before, gone)
            members = self._touched(before, gone)
            state = replace(before, labels=before.labels.put(gone, np.full(len(gone), GONE)))
            after = self._reclustered(state, np.setdiff1d(members, gone))
            self._state = after
        return _change(before, after, gone, members, self._table(self._no_pairs()))

    def rule(self, rulings: Rulings) -> Change:
        """Hold to these rulings, and no others, from now on. Raises ValueError where a new one is about a record that is not there."""
        with self._writing:
            before = self._state
            known, ruled = (each.together | each.apart for each in (before.rulings, rulings))
            _require(before, _ends(ruled - known))
            others = _ends((rulings.together ^ before.rulings.together) | (rulings.apart ^ before.rulings.apart))
            state = replace(before, rulings=rulings, ruled=_ruled(rulings))
            members = np.union1d(*(each.closure(others, self.thresholds.match) for each in (before, state)))
            after = self._reclustered(state, members)
            self._state = after
        return _change(before, after, np.zeros(0, np.int64), members, self._table(self._no_pairs()))

    def _empty(self) -> _State:
        """The state without records."""
        nothing = np.zeros(0, np.uint64), np.zeros(0, np.int32)
        return _State(
            columns={item.name: stored(NO_COLUMN) for item in self._reading.evidence},
            ids=growing(np.zeros(0, object)),
            of=growing(nothing[1]),
            named=(run(*nothing),),
            filed=(run(*nothing),),
            edges=(_both_ways(self._no_pairs()),),
        )

    def _resolved(self, resolution: Resolution, names: Sequence[str], rulings: Rulings, sources: Sources | None) -> _State:
        """The state in which a resolution leaves its records."""
        count, table = len(names), resolution.pairs
        nothing = replace(NO_COLUMN, codes=np.full(count, ABSENT, np.int32))
        columns = {name: resolution.columns.get(name, nothing) for name in self._state.columns}
        place, hashes = self._reading.filed(columns, count)
        levels = np.zeros((table.num_rows, len(self.kernel.features)), np.int8)
        for at, feature in enumerate(self.kernel.features):
            if feature.name in table.column_names:
                levels[:, at] = table[feature.name].to_numpy()
        left, right, weight = (table[name].to_numpy() for name in ("left", "right", "weight"))
        if self._sources.distinct:
            weight = self._raw(resolution, left, right)
        return _State(
            columns={name: stored(column) for name, column in columns.items()},
            ids=growing(_objects(names)),
            of=growing(np.zeros(count, np.int32) if sources is None else sources.of),
            named=with_run((), run(hashed(pa.array(names, pa.string())), np.arange(count, dtype=np.int32))),
            filed=with_run((), run(hashes, place.astype(np.int32))),
            edges=with_run((), _both_ways(Pairs(left, right, weight, levels))),
            labels=Pages().put(np.arange(count), resolution.labels),
            rulings=rulings,
            ruled=_ruled(rulings),
        )

    def _filed(self, state: _State, records: pa.Table, source: NDArray[np.int32]) -> tuple[_State, Positions, Positions, Hashes]:
        """The state with records that stand alone; their positions, and the places among them and the hashes of their keys."""
        count = records.num_rows
        new = np.arange(count) + state.ids.count
        names = records[ID].cast(pa.string()).to_pylist() if ID in records.column_names else [str(at) for at in new.tolist()]
        _require_new(state, names)
        known = {name: records[name] if name in records.column_names else pa.nulls(count, pa.string()) for name in self._reading.names}
        nothing = replace(NO_COLUMN, codes=np.full(count, ABSENT, np.int32))
        columns = dict.fromkeys(state.columns, nothing) | encode(pa.table(known), self._reading.declared)
        place, hashes = self._reading.filed(columns, count)
        grown = replace(
            state,
            columns={name: column.grown(columns[name]) for name, column in state.columns.items()},
            ids=state.ids.grown(_objects(names)),
            of=state.of.grown(source),
            named=with_run(state.named, run(hashed(pa.array(names, pa.string())), new.astype(np.int32))),
            filed=with_run(state.filed, run(hashes, new[place].astype(np.int32))),
            labels=state.labels.put(new, new),
        )
        return grown, new, place, hashes

    def _raw(self, resolution: Resolution, left: Positions, right: Positions) -> Weights:
        """What pairs weigh by themselves, rivals of one source aside."""
        found = [np.zeros(0)]
        for start in range(0, len(left), BATCH):
            pairs = taken(resolution.columns, left[start : start + BATCH], right[start : start + BATCH])
            found.append(resolution.kernel.weights(pairs, resolution.kernel.levels(pairs)))
        return np.concatenate(found)

    def _compared(self, state: _State, new: Positions, place: Positions, hashes: Hashes) -> Pairs:
        """The pairs worth a look of new records with those before them that share a key; `place` are places in `new`."""
        found = [self._no_pairs()]
        sources, count = self._from(state.of.values), state.ids.count
        for start in range(0, len(new), SLICE):
            some = (place >= start) & (place < start + SLICE)
            at, other = looked_up(state.filed, hashes[some], 1)
            mine = new[place[some][at]]
            left, right = np.divmod(distinct((other.astype(np.int64) * count + mine)[other < mine]), count)
            meet = state.alive(left) & sources.may_meet(left, right)
            left, right = left[meet], right[meet]
            members, local = np.unique(np.concatenate([left, right]), return_inverse=True)
            columns = {name: column.local(column.codes.values[members]) for name, column in state.columns.items()}
            kept, levels, weights = self.kernel.scored(columns, local[: len(left)], local[len(left) :], self.thresholds.review)
            found.append(Pairs(left[kept], right[kept], weights, levels))
        return together(found)

    def _near(self, state: _State, new: _New) -> Positions:
        """The records that a new one may meet and shares a key with."""
        near = state.near(self._reading.keys(new.forms))
        sources = self._from(np.append(state.of.values[near], np.int32(new.source)))
        return near[sources.may_meet(np.arange(len(near)), np.full(len(near), len(near)))]

    def _candidates(self, state: _State, found: Pairs, new: _New) -> list[Candidate]:
        """The pairs of a new record, and which of them would be of one cluster."""
        cut, own = -np.inf if self._sources.distinct else self.thresholds.match, state.ids.count
        cluster: dict[int, int] = {}
        if (found.weight >= cut).any():
            pairs = together([state.pairs(state.closure(found.left[found.weight >= cut], cut)), found])
            world = self._world(state, np.union1d(pairs.left, pairs.right), pairs, new)
            cluster = dict(zip(world.places.tolist(), self._first(state, world, new).tolist(), strict=True))
            found = world.pairs.between(world.places)
            found = found.chosen(found.right == own)
        named = [feature.name for feature in self.kernel.features]
        labels = state.labels.at(found.left).tolist()
        return [
            Candidate(
                position,
                state.ids.values[position],
                weight,
                1 / (1 + 2 ** -min(max(weight, -60), 60)),
                dict(zip(named, levels, strict=True)),
                label,
                position in cluster and cluster[position] == cluster[own],
            )
            for position, weight, levels, label in zip(
                found.left.tolist(), found.weight.tolist(), found.levels.tolist(), labels, strict=True
            )
        ]

    def _touched(self, state: _State, records: Positions) -> Positions:
        """The records whose cluster may be another one because of some: those of their components; among rivals every pair counts."""
        return state.closure(records, -np.inf if self._sources.distinct else self.thresholds.match)

    def _reclustered(self, state: _State, members: Positions) -> _State:
        """The state with whole components clustered anew."""
        world = self._world(state, members, state.pairs(members))
        mine = np.isin(world.places, members)
        return replace(state, labels=state.labels.put(world.places[mine], self._first(state, world)[mine]))

    def _settled(self, state: _State, members: Positions) -> Pairs:
        """The pairs of which a member is one, weighed as in `Resolution.pairs` where both are."""
        world = self._world(state, members, state.pairs(members))
        return world.pairs.between(world.places)

    def _world(self, state: _State, members: Positions, pairs: Pairs, new: _New | None = None) -> _World:
        """Members and the records with which they have pairs, by themselves."""
        places = np.union1d(members, np.concatenate([pairs.left, pairs.right]))
        names = _at(state.ids.values, places, new and new.name).tolist()
        order = np.array(sorted(range(len(places)), key=lambda at: _rank(names[at])), np.int64)
        rank = np.argsort(order)
        found = Pairs(np.searchsorted(places, pairs.left), np.searchsorted(places, pairs.right), pairs.weight, pairs.levels).between(rank)
        found = found.chosen(np.lexsort((found.right, found.left)))
        sources = self._from(_at(state.of.values, places[order], NO_SOURCE if new is None else new.source))
        return _World(places[order], found._replace(weight=contested(found.left, found.right, found.weight, sources)), sources)

    def _first(self, state: _State, world: _World, new: _New | None = None) -> Labels:
        """By place, the position of the first record of its cluster: as `LocalEngine` clusters."""
        rank = {place: at for at, place in enumerate(world.places.tolist())} if state.ruled else {}
        ruled = {pair for record in rank.keys() & state.ruled.keys() for pair in state.ruled[record] if rank.keys() >= set(pair)}
        joined, apart = (
            frozenset((rank[left], rank[right]) for left, right in ruled & chosen)
            for chosen in (state.rulings.together, state.rulings.apart)
        )
        codes = [
            _at(column.codes.values, world.places, column.code(new.forms.get(name, "")) if new else ABSENT)
            for name, column in state.columns.items()
            if name in self.kernel.vetoes
        ]
        constraints = Constraints(joined, apart, [*codes, *world.sources.single()])
        unknown = 0.0 if self._sources.across else AGAINST
        label = clusters(len(world.places), *world.pairs[:3], constraints, self.thresholds.match, unknown)
        return world.places[label]

    def _no_pairs(self) -> Pairs:
        return Pairs(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros((0, len(self.kernel.features)), np.int8))

    def _from(self, of: NDArray[np.int32]) -> Sources:
        """These sources, with what is known of them."""
        return replace(self._sources, of=of)

    def _table(self, pairs: Pairs) -> pa.Table:
        """Pairs as in `Resolution.pairs`."""
        ordered = pairs.chosen(np.lexsort((pairs.right, pairs.left)))
        named = {"left": ordered.left, "right": ordered.right, "weight": ordered.weight}
        return pa.table(named | {feature.name: ordered.levels[:, at] for at, feature in enumerate(self.kernel.features)})


class _Reading:
    """How one record is read: its forms as `encode` makes them, its keys as `blocking.keys` does, without arrays of one element."""

    def __init__(self, declared: Sequence[Field], model: Model) -> None:
        self.declared = declared
        self.names = [item.name for item in declared]
        self.evidence = [item for item in declared if item.kind.comparison is not None or item.vetoes]
        self.rules, self.common = model.blocking.rules, frozenset(model.blocking.common.tolist())
        self.wanted = frozenset(part for rule in self.rules for part in rule.parts) | frozenset(model.blocking.refiners)
        self.parts = {
            item.name: {name: part for name, part in item.kind.keys.items() if (item.name, name) in self.wanted} for item in self.evidence
        }
        self.filed_under = lru_cache(REMEMBERED)(self._filed_under)
        self.refiners = {
            rule.name: [part for part in model.blocking.refiners if part[0] not in rule.columns][:MOST_REFINERS] for rule in self.rules
        }
        self.blocking = model.blocking
        self.named = {rule.name: hashed_one(rule.name) for rule in self.rules}
        self.clean = {item.name: cleaner(item.kind) for item in declared}
        self.implied = {
            item.name: [(other.name, each.value) for other in declared for each in other.kind.implies if each.kind == item.kind.name]
            for item in self.evidence
        }
        self.plain = {item.name: re.compile(item.kind.plain) for item in declared if item.kind.plain}

    def filed(self, columns: Columns, count: int) -> tuple[Positions, Hashes]:
        """Places and hashes of the keys of many records, all rules together."""
        return filed(filings(columns, self.evidence, self.wanted), replace(self.blocking, rules=tuple(self.rules)), count)

    def forms(self, record: Mapping[str, str | None]) -> dict[str, str]:
        """The normal form of every field that says something."""
        said = {item.name: self._form(item, self._value(item, record)) for item in self.evidence}
        return {name: form for name, form in said.items() if form}

    def _value(self, item: Field, record: Mapping[str, str | None]) -> str | None:
        """A field's value, or what others imply of it."""
        value = record.get(item.name)
        for other, implied in self.implied.get(item.name, ()):
            if value is not None:
                break
            clean, accepted = self.clean[other](record.get(other) or "")
            value = implied(clean) if accepted and clean else None
        return value

    def _form(self, item: Field, value: str | None) -> str:
        if value is None:
            return ""
        if item.name in self.plain:
            value = value.encode().lower().decode().strip()
            if self.plain[item.name].search(value):
                return value
        text, _ = self.clean[item.name](value)
        return item.kind.normal(text)[:LONGEST] if text else ""

    def keys(self, forms: Mapping[str, str]) -> Hashes:
        """The keys under which a record of these forms is filed."""
        hashes: dict[Part, Sequence[int]] = {}
        for name, form in forms.items():
            hashes |= self.filed_under(name, form)
        return np.array([key for rule in self.rules for key in self._keys(rule, hashes)], np.uint64)

    def _filed_under(self, name: str, form: str) -> dict[Part, list[int]]:
        """The hashes of what each blocking part of a field makes of a form."""
        forms = pa.array([form], pa.string())
        return {(name, part): _hashes(made(forms)) for part, made in self.parts[name].items()}

    def _keys(self, rule: Rule, hashes: Mapping[Part, Sequence[int]]) -> Iterator[int]:
        """The keys of one rule, common ones refined."""
        first, *others = rule.parts
        several = hashes.get(first, ())
        for part in others:
            mix = mixed_one if part[1] != first[1] else _in_no_order
            several = [mix(one, other) for one in several for other in hashes.get(part, ())]
        for key in [mixed_one(one, self.named[rule.name]) for one in several]:
            if key not in self.common:
                yield key
            else:
                refined = (mixed_one(key, other) for part in self.refiners[rule.name] for other in hashes.get(part, ()))
                yield from (each for each in refined if each not in self.common)


def _hashes(parts: pa.Array) -> list[int]:
    """The hashes of what a blocking part makes of one form; 0 stands for none."""
    made = parts[0].as_py()
    return [hashed_one(text or "") or 1 for text in (made if isinstance(made, list) else [made] if made else [])]


_ALL, _ODD, _MIX = 0xFFFFFFFFFFFFFFFF, 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9


def hashed_one(text: str) -> int:
    """As `hashed`, for one string."""
    data = text.encode()
    out = scrambled_one(len(data))
    for start in range(0, len(data), 8):
        out = scrambled_one(out ^ int.from_bytes(data[start : start + 8], "little"))
    return out


def scrambled_one(number: int) -> int:
    """As `scrambled`, for one number."""
    number = (number + _ODD) * _MIX & _ALL
    number = (number ^ number >> 29) * _ODD & _ALL
    return number ^ number >> 32


def mixed_one(one: int, other: int) -> int:
    """As `mixed`, for two numbers."""
    return scrambled_one(one * _ODD & _ALL ^ other)


def _in_no_order(one: int, other: int) -> int:
    return scrambled_one(one + other & _ALL)


def _weighed(item: Field, model: Model) -> bool:
    """Whether a model has a weight for a field."""
    return item.name in model.m or (item.kind.family == LOCATION and LOCATION in model.m)


def _rank(name: str | None) -> tuple[bool, int, str]:
    """The order of ids: shorter ones first, so that numbers come as numbers do; none comes last."""
    return name is None, len(name or ""), name or ""


def _at(values: NDArray[Any], places: Positions, own: Any) -> NDArray[Any]:
    """Values at places; `own` for the place behind the last."""
    out = np.full(len(places), own, values.dtype)
    stored = places < len(values)
    out[stored] = values[places[stored]]
    return out


def _objects(values: Sequence[str]) -> NDArray[np.object_]:
    out = np.empty(len(values), object)
    out[:] = values
    return out


def _both_ways(pairs: Pairs) -> Run:
    """Pairs under each of their records."""
    one, other = np.concatenate([pairs.left, pairs.right]), np.concatenate([pairs.right, pairs.left])
    return run(one.astype(np.uint64), other.astype(np.int32), np.tile(pairs.weight, 2), np.tile(pairs.levels, (2, 1)))


def _ruled(rulings: Rulings) -> dict[int, list[tuple[int, int]]]:
    by_record: dict[int, list[tuple[int, int]]] = {}
    for pair in rulings.together | rulings.apart:
        for record in pair:
            by_record.setdefault(record, []).append(pair)
    return by_record


def _ends(pairs: Set[tuple[int, int]]) -> Positions:
    """The records of pairs."""
    return np.array(sorted({record for pair in pairs for record in pair}), np.int64)


def _require_new(state: _State, names: Sequence[str | None]) -> None:
    known = [name for name in names if name]
    if len(known) < len(names) or len(set(known)) < len(known):
        raise ValueError("the records have ids that are empty or occur twice; make them unique")
    there = state.named_so(known)
    if len(there):
        raise ValueError(f"a record {state.ids.values[there[0]]!r} is there already; remove it first, or give the new one another id")


def _require(state: _State, places: Positions) -> None:
    inside = (places >= 0) & (places < state.ids.count)
    there = inside.copy()
    there[inside] = state.alive(places[inside])
    if not there.all():
        raise ValueError(f"there is no record at {int(places[~there][0])}; look its position up by its id")


def _change(before: _State, after: _State, records: Positions, members: Positions, edges: pa.Table) -> Change:
    """What has changed for the members of components that were clustered anew."""
    old, new = _groups(before, members[members < before.ids.count]), _groups(after, members)
    gone = {record: label for label, group in old.items() if new.get(label) != group for record in group}
    come = {record: label for label, group in new.items() if old.get(label) != group for record in group}
    return Change(records, edges, gone, come)


def _groups(state: _State, members: Positions) -> dict[int, list[int]]:
    groups: dict[int, list[int]] = {}
    for record, label in zip(members.tolist(), state.labels.at(members).tolist(), strict=True):
        if label != GONE:
            groups.setdefault(label, []).append(record)
    return groups
