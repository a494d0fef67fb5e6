"""Blocking: which pairs of records are worth comparing.

A rule files records under keys made of one or two parts that the kinds declare. Rules are chosen on the data, by how many pairs
each would bring. A block that is too large is refined by a further part rather than dropped; what stays too large is reported.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from matching.declaration import Field
from matching.encode import Columns
from matching.frames import query

Hashes = NDArray[np.uint64]
Part = tuple[str, str]
"""A field and the name of one of its kind's blocking parts."""

MOST_RULES = 20
MOST_REFINERS = 4
_MIX = np.uint64(0x9E3779B97F4A7C15)


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
class Filed:
    """Records filed under hashes: one entry a record and key; a record may have several or none."""

    records: NDArray[np.int64]
    hashes: Hashes


@dataclass
class Report:
    """What blocking did: pairs a rule, and the blocks that stayed too large to compare in full."""

    rules: dict[str, int] = field(default_factory=dict)
    oversized: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By rule: the records left uncompared under it, and the size of its largest block."""


@dataclass(frozen=True)
class Keys:
    """The blocking keys of all records: `rules[rule[i]]` filed `records[i]` under `hashes[i]`."""

    records: NDArray[np.int64]
    hashes: Hashes
    rule: NDArray[np.uint8]
    rules: tuple[Rule, ...]
    report: Report


def parts(columns: Columns, declared: Sequence[Field]) -> dict[Part, Filed]:
    """Every part of every field, hashed (the low half of MD5, which any engine can compute)."""
    return {
        (item.name, name): _filed(columns[item.name].codes, [list(part(form)) for form in columns[item.name].forms.values])
        for item in declared
        if item.name in columns
        for name, part in item.kind.keys.items()
    }


def _filed(codes: NDArray[np.int32], values: Sequence[Sequence[str]]) -> Filed:
    counts = np.array([len(several) for several in values], np.int64)
    hashes = hashed([value for several in values for value in several])
    present = np.flatnonzero(codes >= 0)
    repeats = counts[codes[present]] if len(counts) else np.zeros(0, np.int64)
    starts = (np.cumsum(counts) - counts)[codes[present]] if len(counts) else np.zeros(0, np.int64)
    offsets = np.arange(repeats.sum()) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    return Filed(np.repeat(present, repeats), hashes[np.repeat(starts, repeats) + offsets] if len(hashes) else np.zeros(0, np.uint64))


def hashed(values: Sequence[str]) -> Hashes:
    """64-bit hashes of strings, the same everywhere and for ever."""
    table = pa.table({"n": np.arange(len(values)), "value": pa.array(values, pa.string())})
    found = query("SELECT n, md5_number_lower(value) AS h FROM v", v=table)
    out = np.empty(len(values), np.uint64)
    out[found["n"].to_numpy()] = found["h"].to_numpy()
    return out


def rules(declared: Sequence[Field], available: Mapping[Part, Filed]) -> Iterator[Rule]:
    """Candidate rules: parts selective enough by themselves, and any two of the others from different fields."""
    alone = [(item.name, name) for item in declared for name in item.kind.keys if name in item.kind.alone]
    others = [(item.name, name) for item in declared for name in item.kind.keys if name not in item.kind.alone]
    yield from (Rule((part,)) for part in alone if part in available)
    for one, other in combinations([part for part in others if part in available], 2):
        if one[0] != other[0]:
            yield Rule((one, other))


def combined(available: Mapping[Part, Filed], rule: Rule) -> Filed:
    """The keys of a rule: its parts' hashes mixed, for every combination that a record has."""
    found = available[rule.parts[0]]
    for part in rule.parts[1:]:
        found = _joined(found, available[part], ordered=part[1] != rule.parts[0][1])
    return found


def _joined(one: Filed, other: Filed, *, ordered: bool = True) -> Filed:
    """Every entry of `one` with every entry of `other` of the same record (`other` is sorted by record).

    Two parts of one name are mixed in no order, so that a given and a family name that were swapped meet.
    """
    starts = np.searchsorted(other.records, one.records, side="left")
    counts = np.searchsorted(other.records, one.records, side="right") - starts
    offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    with np.errstate(over="ignore"):
        first, second = np.repeat(one.hashes, counts), other.hashes[np.repeat(starts, counts) + offsets]
        mixed = first * _MIX ^ second if ordered else first + second
    return Filed(np.repeat(one.records, counts), mixed)


def sizes(hashes: Hashes) -> NDArray[np.int64]:
    """For every entry, how many entries share its hash."""
    _, inverse, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    return counts[inverse]


def keys(columns: Columns, declared: Sequence[Field], chosen: Sequence[Rule] | None = None, *, cap: int = 60, budget: int = 16) -> Keys:
    """File all records. `chosen` rules come from a model; without, they are chosen so that a record meets about `budget` others."""
    total = max((len(column.codes) for column in columns.values()), default=0)
    available = parts(columns, declared)
    used = chosen if chosen is not None else _affordable(_costs(declared, available, cap), budget * total)
    refiners = _refiners(available)
    report = Report()
    filed: list[Filed] = []
    kept: list[Rule] = []
    for rule in used:
        if all(part in available for part in rule.parts):
            entries, left, largest = _blocks(combined(available, rule), rule, refiners, cap)
            report.rules[rule.name] = int((sizes(entries.hashes) - 1).sum()) // 2
            if left:
                report.oversized[rule.name] = (left, largest)
            filed.append(entries)
            kept.append(rule)
    return Keys(
        np.concatenate([entries.records for entries in filed] or [np.zeros(0, np.int64)]),
        np.concatenate([entries.hashes for entries in filed] or [np.zeros(0, np.uint64)]),
        np.repeat(np.arange(len(filed), dtype=np.uint8), [len(entries.records) for entries in filed]),
        tuple(kept),
        report,
    )


def _costs(declared: Sequence[Field], available: Mapping[Part, Filed], cap: int) -> list[tuple[Rule, int]]:
    """Candidate rules and about how many pairs each would bring, larger blocks counted as if refined to the cap."""
    found = []
    for rule in rules(declared, available):
        size = sizes(combined(available, rule).hashes)
        found.append((rule, int((np.minimum(size, cap) - 1).sum()) // 2))
    return found


def _affordable(costs: Sequence[tuple[Rule, int]], budget: int) -> list[Rule]:
    """Rules of one part first; then of each two fields the broadest pair of parts that a fifth of the budget pays for, the cheapest first."""
    ranked = sorted((item for item in costs if item[1]), key=lambda item: (item[1], item[0].name))
    alone = [item for item in ranked if len(item[0].parts) == 1]
    broadest = {tuple(sorted(rule.columns)): (rule, pairs) for rule, pairs in ranked if len(rule.parts) > 1 and pairs <= budget // 5}
    kept: list[Rule] = []
    for rule, pairs in [*alone, *sorted(broadest.values(), key=lambda item: (item[1], item[0].name))]:
        if pairs <= budget and len(kept) < MOST_RULES:
            kept.append(rule)
            budget -= pairs
    return kept


def _refiners(available: Mapping[Part, Filed]) -> list[tuple[Part, Filed]]:
    """The parts that divide large blocks, the finest of each field first."""
    finest: dict[str, tuple[Part, Filed, int]] = {}
    for part, filed in available.items():
        distinct = len(np.unique(filed.hashes))
        if distinct > 1 and (part[0] not in finest or distinct > finest[part[0]][2]):
            finest[part[0]] = (part, filed, distinct)
    return [(part, filed) for part, filed, _ in sorted(finest.values(), key=lambda item: (-item[2], item[0]))]


def _blocks(entries: Filed, rule: Rule, refiners: Sequence[tuple[Part, Filed]], cap: int) -> tuple[Filed, int, int]:
    """Entries whose block has 2..cap members, those of larger blocks refined; then how many records stayed out, and the largest block."""
    size = sizes(entries.hashes)
    keep = (size >= 2) & (size <= cap)
    large = Filed(entries.records[size > cap], entries.hashes[size > cap])
    kept_records, kept_hashes = [entries.records[keep]], [entries.hashes[keep]]
    settled = np.zeros(0, np.int64)
    if len(large.records):
        for _, refiner in [item for item in refiners if item[0][0] not in rule.columns][:MOST_REFINERS]:
            refined = _joined(large, refiner)
            refined_size = sizes(refined.hashes)
            fine = (refined_size >= 2) & (refined_size <= cap)
            kept_records.append(refined.records[fine])
            kept_hashes.append(refined.hashes[fine])
            settled = np.union1d(settled, refined.records[refined_size <= cap])
    left = len(np.setdiff1d(large.records, settled))
    return Filed(np.concatenate(kept_records), np.concatenate(kept_hashes)), left, int(size.max(initial=0))
