"""Blocking: which pairs of records are worth comparing.

A rule files records under keys made of one or two parts that the kinds declare. A key that too many records share is refined by further
parts rather than dropped; what stays too common is reported. Which rules there are, and which keys are too common, is settled once, on the
records that a model is trained on, and belongs to the model: whether two records are compared then depends on them alone, not on the others
that are there, nor on the order in which they came.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from matching.comparison import Codes
from matching.declaration import Field
from matching.encode import Columns
from matching.hashing import Hashes, hashed, mixed, scrambled

Part = tuple[str, str]
"""A field and the name of one of its kind's blocking parts."""
Positions = NDArray[np.int64]

CAP = 60
"""Records that may share a key before it is refined."""
MOST_REFINERS = 4
NONE = np.zeros(0, np.uint64)


@dataclass(frozen=True)
class Rule:
    """A blocking key: the parts that make it."""

    parts: tuple[Part, ...]

    @property
    def name(self) -> str:
        """As in `name.first + postcode.whole`."""
        return " + ".join(f"{column}.{part}" for column, part in self.parts)

    @property
    def columns(self) -> frozenset[str]:
        """The fields whose agreement the rule presupposes."""
        return frozenset(column for column, _ in self.parts)


@dataclass(frozen=True)
class Blocking:
    """What a model knows of blocking."""

    rules: tuple[Rule, ...] = ()
    refiners: tuple[Part, ...] = ()
    """What divides a key that is too common, the finest first; a rule takes those of other fields."""
    common: Hashes = field(default_factory=lambda: NONE)
    """Keys that are refined, and refined keys that are given up; sorted."""


@dataclass
class Report:
    """What blocking did: pairs a rule, and the keys that stayed too common to compare in full."""

    rules: dict[str, int] = field(default_factory=dict)
    oversized: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By rule: the records left uncompared under it, and how many share its commonest key."""


@dataclass(frozen=True)
class Filing:
    """One part of a field: the hashes under which each form is filed; form i has `hashes[starts[i] : starts[i + 1]]`."""

    codes: Codes
    """The form of each record."""
    starts: Positions
    hashes: Hashes

    @cached_property
    def single(self) -> Hashes | None:
        """A hash a form, 0 for none, where no form has two."""
        counts = np.diff(self.starts)
        if counts.max(initial=0) > 1:
            return None
        out = np.zeros(len(counts) + 1, np.uint64)
        out[:-1][counts == 1] = self.hashes
        return out

    def entries(self, records: Positions) -> tuple[Positions, Hashes]:
        """For some records, the place in `records` and the hash of every entry that they have."""
        codes = self.codes[records]
        if self.single is not None:
            found = self.single[codes]
            place = np.flatnonzero(found)
            return place, found[place]
        counts = np.where(codes >= 0, np.diff(self.starts, append=0)[codes], 0)
        place = np.repeat(np.arange(len(records)), counts)
        offsets = np.arange(len(place)) - np.repeat(np.cumsum(counts) - counts, counts)
        return place, self.hashes[self.starts[codes[place]] + offsets]


Filings = Mapping[Part, Filing]


def filings(columns: Columns, declared: Sequence[Field], wanted: frozenset[Part] | None = None) -> dict[Part, Filing]:
    """Every part of every field, or the wanted ones."""
    return {
        (item.name, name): _filing(columns[item.name].codes, part(columns[item.name].forms.array))
        for item in declared
        if item.name in columns
        for name, part in item.kind.keys.items()
        if wanted is None or (item.name, name) in wanted
    }


def _filing(codes: Codes, keys: pa.Array) -> Filing:
    if pa.types.is_list(keys.type):
        starts = keys.offsets.to_numpy(zero_copy_only=False).astype(np.int64)
        return Filing(codes, starts, _present(hashed(keys.values)))
    valid = ~_empty(keys)
    return Filing(codes, np.concatenate([[0], np.cumsum(valid)]), _present(hashed(keys)[valid]))


def _empty(keys: pa.Array) -> NDArray[np.bool_]:
    lengths = pa.compute.binary_length(keys).fill_null(0)
    empty: NDArray[np.bool_] = lengths.to_numpy(zero_copy_only=False) == 0
    return empty


def _present(hashes: Hashes) -> Hashes:
    """0 stands for none."""
    return np.where(hashes == 0, np.uint64(1), hashes)


def entries(available: Filings, rule: Rule, records: Positions) -> tuple[Positions, Hashes]:
    """The keys of a rule for some records: places in `records`, and hashes; one entry for every combination that a record has.

    Two parts of one name are mixed in no order, so that a given and a family name that were swapped meet. A field that nobody fills
    files nothing.
    """
    if not available.keys() >= set(rule.parts):
        return np.zeros(0, np.int64), NONE
    place, found = available[rule.parts[0]].entries(records)
    for part in rule.parts[1:]:
        place, found = _refined(available[part], records, place, found, ordered=part[1] != rule.parts[0][1])
    return place, mixed(found, hashed(pa.array([rule.name])))


def _refined(part: Filing, records: Positions, place: Positions, found: Hashes, *, ordered: bool = True) -> tuple[Positions, Hashes]:
    if part.single is not None:
        other = part.single[part.codes[records[place]]]
        keep = other != 0
        place, found, other = place[keep], found[keep], other[keep]
    else:
        at, other = part.entries(records[place])
        place, found = place[at], found[at]
    if ordered:
        return place, mixed(found, other)
    with np.errstate(over="ignore"):
        return place, scrambled(found + other)


def keys(available: Filings, blocking: Blocking, rule: Rule, records: Positions) -> tuple[Positions, Hashes]:
    """The keys under which a rule files some records, common ones refined: places in `records`, and hashes."""
    place, found = entries(available, rule, records)
    if not len(blocking.common):
        return place, found
    common = _among(found, blocking.common)
    kept = [(place[~common], found[~common])]
    place, found = place[common], found[common]
    for refiner in refining(blocking.refiners, rule):
        if refiner not in available:
            continue
        at, refined = _refined(available[refiner], records, place, found)
        rare = ~_among(refined, blocking.common)
        kept.append((at[rare], refined[rare]))
    return np.concatenate([at for at, _ in kept]), np.concatenate([several for _, several in kept])


def filed(available: Filings, blocking: Blocking, count: int) -> tuple[Positions, Hashes]:
    """The keys of all rules: records and hashes."""
    found = [keys(available, blocking, rule, np.arange(count)) for rule in blocking.rules]
    return np.concatenate([np.zeros(0, np.int64), *(place for place, _ in found)]), np.concatenate([NONE, *(hashes for _, hashes in found)])


def refining(refiners: Sequence[Part], rule: Rule) -> list[Part]:
    """The parts that refine a rule's common keys."""
    return [part for part in refiners if part[0] not in rule.columns][:MOST_REFINERS]


def _among(found: Hashes, known: Hashes) -> NDArray[np.bool_]:
    """Which hashes are among the sorted known ones."""
    if not len(known):
        return np.zeros(len(found), np.bool_)
    at = np.minimum(np.searchsorted(known, found), len(known) - 1)
    among: NDArray[np.bool_] = known[at] == found
    return among


def settled(available: Filings, rules: Sequence[Rule], count: int, cap: int = CAP) -> tuple[Blocking, Report]:
    """Blocking by rules on these records: the keys that more than `cap` of them share are common from now on."""
    every, report = np.arange(count), Report()
    settled = Blocking(tuple(rules), refiners(available))
    common: list[Hashes] = []
    for rule in rules:
        place, found = entries(available, rule, every)
        over, largest = _oversized(found, cap)
        if not len(over):
            continue
        common.append(over)
        large = _among(found, over)
        place, found = place[large], found[large]
        fine = np.zeros(0, np.int64)
        for refiner in refining(settled.refiners, rule):
            at, refined = _refined(available[refiner], every, place, found)
            given_up, _ = _oversized(refined, cap)
            common.append(given_up)
            fine = np.union1d(fine, at[~_among(refined, given_up)])
        if left := len(np.setdiff1d(place, fine)):
            report.oversized[rule.name] = (left, largest)
    return replace(settled, common=np.sort(np.concatenate([NONE, *common]))), report


def _oversized(found: Hashes, cap: int) -> tuple[Hashes, int]:
    """Hashes that occur more than `cap` times, sorted, and how often the commonest does."""
    order = np.sort(found)
    change = np.flatnonzero(np.diff(order, prepend=order[:1] ^ np.uint64(1)))
    counts = np.diff(change, append=len(order))
    return order[change[counts > cap]], int(counts.max(initial=0))


def refiners(available: Filings) -> tuple[Part, ...]:
    """The parts that divide large blocks: the finest of each field, the finest of all first."""
    return finest_first({part: len(np.unique(filing.hashes)) for part, filing in available.items()})


def finest_first(sizes: Mapping[Part, int]) -> tuple[Part, ...]:
    """`refiners` by how many hashes each part has."""
    finest: dict[str, tuple[int, Part]] = {}
    for part, distinct in sizes.items():
        if distinct > 1 and (part[0] not in finest or distinct > finest[part[0]][0]):
            finest[part[0]] = (distinct, part)
    return tuple(part for _, part in sorted(finest.values(), key=lambda item: (-item[0], item[1])))


def blocks(place: Positions, found: Hashes, *, most: int | None = None) -> Iterator[tuple[Positions, Positions]]:
    """Pairs of places that share a hash, in arrays; blocks of more than `most` are passed over."""
    order = np.argsort(found)
    place, found = place[order], found[order]
    same = found[1:] == found[:-1]
    if most is not None and len(found):
        change = np.flatnonzero(np.concatenate([[True], ~same]))
        counts = np.diff(change, append=len(found))
        same &= np.repeat(counts, counts)[1:] <= most
    first, step = np.flatnonzero(same), 1
    while len(first):
        yield place[first], place[first + step]
        step += 1
        first = first[first + step < len(found)]
        first = first[found[first] == found[first + step]]


def pairs(
    available: Filings, blocking: Blocking, count: int, may_meet: Callable[[Positions, Positions], NDArray[np.bool_]], report: Report
) -> tuple[Positions, NDArray[np.int64]]:
    """Distinct pairs of records that share a key, packed as smaller * count + larger, sorted; and the bit mask of their rules."""
    every = np.arange(count)
    found: list[NDArray[np.int64]] = []
    bits = max(int(len(blocking.rules) - 1).bit_length(), 1)
    for number, rule in enumerate(blocking.rules):
        mine = [np.zeros(0, np.int64)]
        for one, other in blocks(*keys(available, blocking, rule, every)):
            small, large = np.minimum(one, other), np.maximum(one, other)
            keep = (small != large) & may_meet(small, large)
            mine.append(small[keep] * count + large[keep])
        packed = distinct(np.concatenate(mine))
        report.rules[rule.name] = len(packed)
        found.append((packed << bits) | number)
    every_pair = np.sort(np.concatenate([np.zeros(0, np.int64), *found]))
    packed, mask = every_pair >> bits, np.int64(1) << (every_pair & ((1 << bits) - 1))
    starts = np.flatnonzero(np.diff(packed, prepend=-1))
    return packed[starts], np.bitwise_or.reduceat(mask, starts) if len(starts) else mask


def distinct(packed: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sorted, each once."""
    order = np.sort(packed)
    once: NDArray[np.int64] = order[np.diff(order, prepend=-1) != 0]
    return once
