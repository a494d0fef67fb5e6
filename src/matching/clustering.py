"""Clustering: from weighted pairs to records that are one thing, under constraints that always hold."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

Pair = tuple[int, int]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Constraints:
    """What no evidence may overrule: rulings of stewards, and values of which a cluster may hold only one."""

    together: frozenset[Pair] = frozenset()
    apart: frozenset[Pair] = frozenset()
    single: Sequence[NDArray[np.int32]] = field(default_factory=tuple)
    """One array a vetoing field: the code of each record's value, -1 for none."""


def clusters(count: int, left: Labels, right: Labels, weight: NDArray[np.float64], constraints: Constraints) -> Labels:
    """A label a record: the smallest record of its cluster. Deterministic whatever the order of the pairs.

    Components of the pairs; where one breaks a constraint, it is built again from its strongest pair on, leaving out what would break it.
    """
    must = np.array(sorted(constraints.together), np.int64).reshape(-1, 2)
    left, right = np.concatenate([left, must[:, 0]]), np.concatenate([right, must[:, 1]])
    weight = np.concatenate([weight, np.full(len(must), np.inf)])
    graph = coo_matrix((np.ones(len(left), np.int8), (left, right)), shape=(count, count))
    _, component = connected_components(graph, directed=False)
    broken = _broken(component, constraints)
    label = _smallest(component, count)
    if broken:
        inside = np.isin(component[left], list(broken))
        _rebuild(label, np.isin(component, list(broken)), left[inside], right[inside], weight[inside], constraints)
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


def _rebuild(
    label: Labels, inside: NDArray[np.bool_], left: Labels, right: Labels, weight: NDArray[np.float64], constraints: Constraints
) -> None:
    """Join pairs from the strongest on, unless the two sides may not meet; what a person ruled together is joined whatever values say."""
    members = {int(record): {int(record)} for record in np.flatnonzero(inside)}
    root = {record: record for record in members}
    values: Mapping[int, list[set[int]]] = {record: [{int(codes[record])} - {-1} for codes in constraints.single] for record in members}
    enemies: dict[int, set[int]] = defaultdict(set)
    for one, other in constraints.apart:
        enemies[one].add(other)
        enemies[other].add(one)
    for at in np.lexsort((right, left, -weight)):
        one, other = root[int(left[at])], root[int(right[at])]
        ruled = np.isinf(weight[at])
        if one == other or (not ruled and _may_not_meet(members[one], members[other], values[one], values[other], enemies)):
            continue
        keep, gone = min(one, other), max(one, other)
        members[keep] |= members.pop(gone)
        for mine, theirs in zip(values[keep], values[gone], strict=True):
            mine |= theirs
        root.update(dict.fromkeys(members[keep], keep))
    for record, at in root.items():
        label[record] = at


def _may_not_meet(
    one: Iterable[int], other: set[int], values: Sequence[set[int]], others: Sequence[set[int]], enemies: Mapping[int, set[int]]
) -> bool:
    if any(mine and theirs and mine.isdisjoint(theirs) for mine, theirs in zip(values, others, strict=True)):
        return True
    return any(not other.isdisjoint(enemies[record]) for record in one if record in enemies)
