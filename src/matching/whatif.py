"""What if: which clusters would merge or split at another threshold, or with other rulings, before anything is written."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pyarrow as pa

from matching.clustering import AGAINST, Labels, clusters, components
from matching.engine import Rulings
from matching.quality import Agreement, Belief, Found, Kept, Share, agreement, believed, concealed, kept, pairs_within

HIGHEST = 12
"""Bits of the highest threshold of a curve."""

Group = tuple[int, ...]


@dataclass(frozen=True)
class Change:
    """Records that would be put together in another way: their clusters before, and after; clusters of one record included."""

    before: tuple[Group, ...]
    after: tuple[Group, ...]

    @property
    def kind(self) -> Literal["merge", "split", "both"]:
        """Whether clusters merge, one splits, or records move from one to another."""
        return "merge" if len(self.after) == 1 else "split" if len(self.before) == 1 else "both"


@dataclass(frozen=True)
class WhatIf:
    """What would change."""

    match: float
    """The threshold, in bits."""
    labels: Labels
    """The clusters that there would be."""
    clusters: tuple[int, int]
    """How many there are, and would be."""
    largest: tuple[int, int]
    """Records of the largest one."""
    gained: int
    """Pairs of records that would be joined and are not."""
    lost: int
    """Pairs of records that are joined and would not be."""
    changes: tuple[Change, ...]
    """Those that concern most records first."""
    before: Agreement
    """Expected, as the model's probabilities have it; without intervals, for both rest on the same probabilities."""
    after: Agreement

    def count(self, kind: Literal["merge", "split", "both"]) -> int:
        """How many changes there are of a kind."""
        return sum(change.kind == kind for change in self.changes)


def what_if(found: Found, *, match: float | None = None, rulings: Rulings | None = None) -> WhatIf:
    """What another threshold, or rulings in place of those in force, would change.

    Raises ValueError where the threshold is below the one from which pairs were kept: nothing is known of the others.
    """
    known = kept(found)
    cut = known.thresholds.match if match is None else match
    labels = regrouped(known, cut, rulings)
    believing = known if rulings is None else _ruled(known, rulings)
    belief, hidden = believed(believing, known.labels, labels), concealed(known).expected
    total = [pairs_within(mine) for mine in (known.labels, labels)]
    both = pairs_within(np.unique(known.labels * len(labels) + labels, return_inverse=True)[1])
    sizes = [np.bincount(mine) for mine in (known.labels, labels)]
    before, after = (expected(belief, mine, hidden) for mine in (known.labels, labels))
    return WhatIf(
        cut,
        labels,
        (int((sizes[0] > 0).sum()), int((sizes[1] > 0).sum())),
        (int(sizes[0].max(initial=0)), int(sizes[1].max(initial=0))),
        total[1] - both,
        total[0] - both,
        changes(known.labels, labels),
        before,
        after,
    )


def regrouped(found: Kept, match: float, rulings: Rulings | None = None) -> Labels:
    """The clusters at another threshold, made as the engine makes them. Raises ValueError where pairs of that weight were not kept."""
    if match < found.thresholds.review:
        raise ValueError(
            f"pairs below {found.thresholds.review:g} bits were not kept; a threshold of {match:g} bits cannot be tried on them"
        )
    constraints = found.constraints if rulings is None else _ruled(found, rulings).constraints
    unknown = 0.0 if found.across else AGAINST
    return clusters(len(found.labels), found.left, found.right, found.weight, constraints, match, unknown)


def _ruled(found: Kept, rulings: Rulings) -> Kept:
    return replace(found, constraints=replace(found.constraints, together=rulings.together, apart=rulings.apart))


def changes(before: Labels, after: Labels) -> tuple[Change, ...]:
    """The smallest sets of records that are put together in another way, those of most records first."""
    every = np.arange(len(before))
    group = components(len(before), np.concatenate([every, every]), np.concatenate([before, after]))
    moved = np.flatnonzero(np.isin(group, group[before != after]))
    moved = moved[np.argsort(group[moved], kind="stable")]
    starts = np.flatnonzero(np.diff(group[moved], prepend=-1))
    found = [Change(_groups(mine, before), _groups(mine, after)) for mine in np.split(moved, starts[1:])] if len(moved) else []
    return tuple(sorted(found, key=lambda change: (-sum(map(len, change.before)), change.before)))


def _groups(records: Labels, labels: Labels) -> tuple[Group, ...]:
    by_label: dict[int, list[int]] = {}
    for record in records.tolist():
        by_label.setdefault(int(labels[record]), []).append(record)
    return tuple(sorted(tuple(mine) for mine in by_label.values()))


def expected(belief: Belief, labels: Labels, hidden: float) -> Agreement:
    """Precision and recall of clusters, as the probabilities have them."""
    joined, missed, total = belief.joined(labels), belief.missed(labels) + hidden, pairs_within(labels)
    precision = min(joined / total, 1.0) if total else 1.0
    recall = joined / (joined + missed) if joined + missed > 0 else 1.0
    return agreement(Share(precision, precision, precision), Share(recall, recall, recall))


def curve(found: Found, thresholds: Sequence[float] | None = None) -> pa.Table:
    """By threshold: clusters, largest, pairs joined, and the precision, recall and F1 to expect; every whole bit unless thresholds are given.

    All rows rest on the same pairs with the same probabilities, so that they can be compared.
    """
    known = kept(found)
    tried = thresholds if thresholds is not None else range(int(np.ceil(known.thresholds.review)), HIGHEST + 1)
    several = [regrouped(known, float(match)) for match in tried]
    belief, hidden = believed(known, known.labels, *several), concealed(known).expected
    rows = []
    for match, labels in zip(tried, several, strict=True):
        size, good = np.bincount(labels), expected(belief, labels, hidden)
        shares = {"precision": good.precision.value, "recall": good.recall.value, "f1": good.f1.value}
        counts = {"clusters": int((size > 0).sum()), "largest": int(size.max(initial=0)), "pairs": pairs_within(labels)}
        rows.append({"threshold": float(match), **counts, **shares})
    return pa.Table.from_pylist(rows, _CURVE)


_CURVE = pa.schema(
    [
        ("threshold", pa.float64()),
        *((name, pa.int64()) for name in ("clusters", "largest", "pairs")),
        *((name, pa.float64()) for name in ("precision", "recall", "f1")),
    ]
)
