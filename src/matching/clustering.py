"""Clustering: from weighted pairs to records that are one thing, under constraints that always hold.

A component of joined pairs is one cluster where its pairs agree. Where some of them speak against it, or a constraint forbids it, it is built again:
the two groups with the most evidence between them are joined, the evidence between a group and the others is summed, and so on while there is any
for joining (correlation clustering by greedy additive edge contraction; Keuper et al. 2015). A weak bridge between two groups does not survive that.
The result depends on a component's own pairs alone, in no order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

Pair = tuple[int, int]
Labels = NDArray[np.int64]
Weights = NDArray[np.float64]

NEVER = -np.inf
AGAINST = -2.5
"""Bits that a pair says against a cluster at most; evidence against is not independent from one pair to the next."""


@dataclass(frozen=True)
class Constraints:
    """What no evidence may overrule: rulings of stewards, and values of which a cluster may hold only one."""

    together: frozenset[Pair] = frozenset()
    apart: frozenset[Pair] = frozenset()
    single: Sequence[NDArray[np.int32]] = field(default_factory=tuple)
    """One array a vetoing field: the code of each record's value, -1 for none."""


def components(count: int, left: Labels, right: Labels) -> NDArray[np.int32]:
    """A component a record."""
    graph = coo_matrix((np.ones(len(left), np.int8), (left, right)), shape=(count, count))
    component: NDArray[np.int32] = connected_components(graph, directed=False)[1]
    return component


def clusters(
    count: int, left: Labels, right: Labels, weight: Weights, constraints: Constraints, cut: float = 0.0, unknown: float = AGAINST
) -> Labels:
    """A label a record: the smallest record of its cluster. Deterministic.

    Pairs of at least `cut` bits join, those below speak against, and so does, by `unknown` bits, a pair that is not there.
    """
    must = np.array(sorted(constraints.together), np.int64).reshape(-1, 2)
    left, right = np.concatenate([left, must[:, 0]]), np.concatenate([right, must[:, 1]])
    weight = np.concatenate([np.maximum(weight - cut, AGAINST), np.full(len(must), np.inf)])
    joined = weight >= 0
    component = components(count, left[joined], right[joined])
    label = _smallest(component, count)
    size = np.bincount(component, minlength=1)
    agreed = np.bincount(component[left[joined]], minlength=len(size))
    doubtful = np.flatnonzero((size > 2) & (agreed < size * (size - 1) // 2)) if unknown < 0 else np.zeros(0, np.int64)
    within = component[left] == component[right]
    against = component[left[within & ~joined]]
    broken = np.unique(np.concatenate([doubtful, against, np.array(sorted(_broken(component, constraints)), np.int64)]))
    if len(broken):
        again = within & np.isin(component[left], broken)
        order = np.argsort(component[left[again]], kind="stable")
        left, right, weight = left[again][order], right[again][order], weight[again][order]
        members = _members(component, broken)
        apart = _by_component(component, constraints.apart)
        for start, end in _runs(component[left]):
            at = int(component[left[start]])
            pairs = zip(left[start:end].tolist(), right[start:end].tolist(), weight[start:end].tolist(), strict=True)
            for group in _contracted(members[at], pairs, apart.get(at, []), constraints.single, unknown):
                label[group] = min(group)
    return label


def _smallest(component: NDArray[np.int32], count: int) -> Labels:
    first = np.full(component.max(initial=-1) + 1, count, np.int64)
    np.minimum.at(first, component, np.arange(count))
    return first[component]


def _broken(component: NDArray[np.int32], constraints: Constraints) -> set[int]:
    """Components that hold two values of a vetoing field, or a pair that was ruled apart."""
    broken = {int(component[one]) for one, other in constraints.apart if component[one] == component[other]}
    for codes in constraints.single:
        present = codes >= 0
        pairs = np.unique(np.stack([component[present].astype(np.int64), codes[present].astype(np.int64)], axis=1), axis=0)
        found, several = np.unique(pairs[:, 0], return_counts=True)
        broken.update(found[several > 1].tolist())
    return broken


def _members(component: NDArray[np.int32], chosen: NDArray[np.int64]) -> dict[int, list[int]]:
    records = np.flatnonzero(np.isin(component, chosen))
    order = records[np.argsort(component[records], kind="stable")]
    return {int(component[order[start]]): order[start:end].tolist() for start, end in _runs(component[order])}


def _runs(ordered: NDArray[np.int32]) -> Iterable[tuple[int, int]]:
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    return zip(starts.tolist(), [*starts[1:].tolist(), len(ordered)], strict=True)


def _by_component(component: NDArray[np.int32], pairs: Iterable[Pair]) -> dict[int, list[Pair]]:
    found: dict[int, list[Pair]] = {}
    for one, other in pairs:
        if component[one] == component[other]:
            found.setdefault(int(component[one]), []).append((one, other))
    return found


@dataclass
class Between:
    """What is known between two groups: bits, and of how many pairs of their records."""

    bits: float
    pairs: int


def _contracted(
    members: Sequence[int],
    pairs: Iterable[tuple[int, int, float]],
    apart: Iterable[Pair],
    single: Sequence[NDArray[np.int32]],
    unknown: float,
) -> Iterable[list[int]]:
    """The groups of one component. What a person ruled together is joined whatever values say."""
    between: dict[int, dict[int, Between]] = {record: {} for record in members}
    for one, other, bits in pairs:
        _add(between, one, other, Between(bits, 1))
    for one, other in apart:
        if other not in between[one] or between[one][other].bits != np.inf:
            _add(between, one, other, Between(NEVER, 0))
    values = {record: [frozenset({int(codes[record])} - {-1}) for codes in single] for record in members}
    groups = {record: [record] for record in members}

    def evidence(one: int, other: int) -> float:
        known = between[one][other]
        return known.bits + unknown * (len(groups[one]) * len(groups[other]) - known.pairs)

    queue = [(-evidence(one, other), one, other) for one, others in between.items() for other in others if one < other]
    heapify(queue)
    while queue and queue[0][0] <= 0:
        bits, one, other = heappop(queue)
        if one not in groups or other not in groups or evidence(one, other) != -bits:
            continue
        if bits != -np.inf and _clash(values[one], values[other]):
            continue
        values[one] = [mine | theirs for mine, theirs in zip(values[one], values[other], strict=True)]
        groups[one] += groups.pop(other)
        _moved(between, one, other)
        for third in between[one]:
            if (now := evidence(one, third)) >= 0:
                heappush(queue, (-now, min(one, third), max(one, third)))
    return groups.values()


def _add(between: dict[int, dict[int, Between]], one: int, other: int, more: Between) -> None:
    """More evidence between two groups; never is never, unless a person has ruled that they are one."""
    known = between[one].get(other, Between(0.0, 0))
    bits = np.inf if np.inf in (known.bits, more.bits) else known.bits + more.bits
    between[one][other] = between[other][one] = Between(bits, known.pairs + more.pairs)


def _moved(between: dict[int, dict[int, Between]], one: int, other: int) -> None:
    """Give to one group what is known of the other."""
    moved = between.pop(other)
    moved.pop(one)
    between[one].pop(other)
    for third, known in moved.items():
        del between[third][other]
        _add(between, one, third, known)


def _clash(one: Sequence[frozenset[int]], other: Sequence[frozenset[int]]) -> bool:
    return any(mine and theirs and mine.isdisjoint(theirs) for mine, theirs in zip(one, other, strict=True))
