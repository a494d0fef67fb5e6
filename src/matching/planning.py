"""Planning: which blocking rules to use, settled on the records themselves before anything is compared in full.

Every part of every field, and any two of different fields, could be a rule. A sample of records is blocked by all of them, the pairs are weighed
with what the kinds assume, and rules are taken while they bring matches that the others have not brought, the cheapest a match first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from matching.blocking import CAP, Filings, Part, Positions, Rule, blocks, distinct, entries, refiners
from matching.encode import Columns
from matching.features import taken
from matching.hashing import scrambled
from matching.kernel import Kernel
from matching.sources import Sources

SAMPLE = 40_000
"""Records among which rules are tried."""
TRIED = 250_000
"""Pairs that are weighed to try them."""
A_RECORD = 12
"""Pairs a record that may be compared."""
FEW = 1_000_000
"""Pairs that take no time: small data may compare as many."""
MOST_RULES = 30
LEAST_GAIN, A_BUDGET = 1e-5, 0.01
"""Share of all expected matches that a rule has to bring at least, and if it took the whole budget."""
FILED = 0.3
"""What it costs to file a record under a rule, in pairs compared."""


@dataclass(frozen=True)
class Tried:
    """What a rule brings in the sample."""

    rule: Rule
    pairs: NDArray[np.int64]
    """Places in the tried pairs."""
    cost: float
    """Pairs that it would bring in all records, those of other rules included."""


def sample(count: int, size: int) -> Positions:
    """Positions of `size` records, the same for the same count."""
    if count <= size:
        return np.arange(count)
    order = np.argsort(scrambled(np.arange(count).astype(np.uint64)), kind="stable")
    return np.sort(order[:size])


def plan(kernel: Kernel, columns: Columns, available: Filings, sources: Sources, cap: int = CAP) -> tuple[Rule, ...]:
    """The rules worth their pairs, the best first."""
    count = len(sources.of)
    records = sample(count, SAMPLE)
    share = len(records) / max(count, 1)
    budget = max(A_RECORD * count, FEW)
    tried, packed = _tried(available, sources, records, share, budget, max(2, round(cap * share)))
    if not len(packed):
        return tuple(Rule((part,)) for part in refiners(available))  # of no use but to report what is too common
    left, right = np.divmod(packed, len(records))
    pairs = taken(columns, records[left], records[right])
    weights = kernel.weights(pairs, kernel.levels(pairs))
    return tuple(_chosen(tried, _likely(weights), count, share, budget))


def candidates(available: Filings) -> Iterator[Rule]:
    """Rules of one part, and of two parts of different fields."""
    parts: Sequence[Part] = list(available)
    yield from (Rule((part,)) for part in parts)
    yield from (Rule((one, other)) for one, other in combinations(parts, 2) if one[0] != other[0])


def _tried(
    available: Filings, sources: Sources, records: Positions, share: float, budget: float, cap: int
) -> tuple[list[Tried], NDArray[np.int64]]:
    found: list[tuple[Rule, NDArray[np.int64], float]] = []
    limit = budget * share**2
    for rule in candidates(available):
        mine, total = [np.zeros(0, np.int64)], 0
        for one, other in blocks(*entries(available, rule, records), most=cap):
            small, large = np.minimum(one, other), np.maximum(one, other)
            keep = (small != large) & sources.may_meet(records[small], records[large])
            mine.append(small[keep] * len(records) + large[keep])
            total += len(mine[-1])
            if total > 2 * limit + 1000:
                break
        packed = distinct(np.concatenate(mine))
        if 0 < len(packed) <= limit:
            found.append((rule, packed, len(packed) / share**2))
    every = np.concatenate([packed for _, packed, _ in found] or [np.zeros(0, np.int64)])
    thin = np.uint64(max(1, len(every) // (4 * TRIED)))
    kept = [packed[scrambled(packed.astype(np.uint64)) % thin == 0] for _, packed, _ in found]
    union = distinct(np.concatenate([np.zeros(0, np.int64), *kept]))
    return [Tried(rule, np.searchsorted(union, mine), cost) for (rule, _, cost), mine in zip(found, kept, strict=True) if len(mine)], union


def _likely(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Chance that each pair is a match."""
    return 1 / (1 + np.exp2(-np.clip(weights, -60, 60)))


def _chosen(tried: Sequence[Tried], likely: NDArray[np.float64], count: int, share: float, budget: float) -> Iterator[Rule]:
    """Greedily, by new matches over new pairs."""
    new = np.ones(len(likely), np.bool_)
    rest, left, total, given = list(tried), float(budget), likely.sum(), 0
    while rest and given < MOST_RULES:
        scored = []
        for item in rest:
            gain = likely[item.pairs][new[item.pairs]].sum()
            fresh = item.cost * new[item.pairs].mean()
            scored.append((gain / (fresh + FILED * count), gain, fresh))
        at = max(range(len(rest)), key=lambda place: (scored[place][0], rest[place].rule.name))
        _, gain, fresh = scored[at]
        if gain < LEAST_GAIN * total:
            break
        item = rest.pop(at)
        if fresh <= left and gain >= A_BUDGET * fresh / budget * total:
            yield item.rule
            new[item.pairs] = False
            left -= fresh
            given += 1
