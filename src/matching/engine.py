"""The engine: records and a declaration in, weighed pairs and clusters out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel

from matching import blocking, training
from matching.clustering import AGAINST, Constraints, Labels, clusters
from matching.comparison import Codes, Levels
from matching.declaration import Field, fields
from matching.encode import Columns, encode
from matching.features import features, taken
from matching.hashing import scrambled
from matching.kernel import Kernel
from matching.kinds.location import LOCATION
from matching.model import Model, untrained
from matching.planning import plan
from matching.rivals import contested
from matching.sources import Positions, Sources, one_source

RANDOM_PAIRS = 200_000
RANDOM_PAIRS_A_RECORD = 40
TRAINING_PAIRS = 1_000_000
TRAININGS = 3
ONE_TO_ONE = 10
HOPELESS = -12.0
"""Bits of rivals that no longer count."""
LEAST_ALONE = 0.05
"""Share of the records of a source that have no partner, at least."""
BATCH = 500_000


@dataclass(frozen=True)
class Thresholds:
    """Bits at which pairs are joined, and from which they are worth a steward's look."""

    match: float = 0.0
    review: float = -3.0


@dataclass(frozen=True)
class Rulings:
    """What stewards decided about pairs of records, by position."""

    together: frozenset[tuple[int, int]] = frozenset()
    apart: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True)
class Resolution:
    """What was found. `pairs`: left, right (positions), weight in bits, one level a feature; only pairs worth a look or more."""

    pairs: pa.Table
    labels: Labels
    """A cluster a record, named by the position of its first record."""
    kernel: Kernel
    columns: Columns
    report: blocking.Report
    compared: int
    thresholds: Thresholds

    @property
    def model(self) -> Model:
        """The model that weighed the pairs."""
        return self.kernel.model

    def alone(self) -> NDArray[np.float64]:
        """What the pairs weigh by themselves, rivals aside."""
        left, right = self.pairs["left"].to_numpy(), self.pairs["right"].to_numpy()
        found = [np.zeros(0)]
        for start in range(0, len(left), BATCH):
            pairs = taken(self.columns, left[start : start + BATCH], right[start : start + BATCH])
            found.append(self.kernel.weights(pairs, self.kernel.levels(pairs)))
        return np.concatenate(found)


class Engine(Protocol):
    """Anything that can resolve records: this machine, or a cluster."""

    def resolve(
        self,
        records: pa.Table,
        declaration: type[BaseModel],
        *,
        model: Model | None = None,
        rulings: Rulings | None = None,
        sources: Sources | None = None,
    ) -> Resolution:
        """Resolve records; columns are the declaration's fields as text."""
        ...


@dataclass(frozen=True)
class LocalEngine:
    """numpy joins the blocking keys, rapidfuzz compares, scipy clusters."""

    thresholds: Thresholds = field(default_factory=Thresholds)
    progress: Callable[[int], None] | None = None
    """Told how many more pairs were compared."""

    def resolve(
        self,
        records: pa.Table,
        declaration: type[BaseModel],
        *,
        model: Model | None = None,
        rulings: Rulings | None = None,
        sources: Sources | None = None,
    ) -> Resolution:
        """Encode, block, train unless a model is given, weigh, cluster."""
        declared = fields(declaration)
        columns, count = encode(records, declared, every=model is not None), records.num_rows
        origin = sources or one_source(count)
        kernel = prepared(columns, declared, count) if model is None else frozen(declared, model)
        available = blocking.filings(columns, declared)
        report = blocking.Report()
        if model is None:
            settled, report = blocking.settled(available, plan(kernel, columns, available, origin), count)
            kernel = replace(kernel, model=replace(kernel.model, blocking=settled))
        packed, rules = blocking.pairs(available, kernel.model.blocking, count, origin.may_meet, report)
        if model is None:
            kernel = replace(kernel, model=trained(kernel, columns, origin, packed, rules))
        pairs = self._weighed(kernel, columns, packed, origin)
        ends = tuple(pairs[name].to_numpy() for name in ("left", "right", "weight"))
        vetoes = [columns[column].codes for column in kernel.vetoes]
        labels = clustering(vetoes, ends, rulings or Rulings(), origin, self.thresholds)
        return Resolution(pairs, labels, kernel, columns, report, len(packed), self.thresholds)

    def _weighed(self, kernel: Kernel, columns: Columns, packed: NDArray[np.int64], sources: Sources) -> pa.Table:
        """The pairs worth a look, weighed in batches."""
        count = len(sources.of)
        found = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, len(kernel.features)), np.int8), np.zeros(0))]
        for start in range(0, len(packed), BATCH):
            left, right = np.divmod(packed[start : start + BATCH], count)
            kept, levels, weights = kernel.scored(columns, left, right, self.thresholds.review)
            found.append((left[kept], right[kept], levels, weights))
            if self.progress is not None:
                self.progress(len(left))
        left, right, levels, weights = (np.concatenate(part) for part in zip(*found, strict=True))
        named = {"left": left, "right": right, "weight": contested(left, right, weights, sources)}
        return pa.table(named | {feature.name: levels[:, at] for at, feature in enumerate(kernel.features)})


def clustering(
    vetoes: Sequence[Codes],
    pairs: tuple[Positions, Positions, NDArray[np.float64]],
    rulings: Rulings,
    sources: Sources,
    thresholds: Thresholds,
) -> Labels:
    """A cluster a record, from pairs (left, right, bits) and what no evidence may overrule."""
    constraints = Constraints(rulings.together, rulings.apart, [*vetoes, *sources.single()])
    unknown = 0.0 if sources.across else AGAINST
    return clusters(len(sources.of), *pairs, constraints, thresholds.match, unknown)


def prepared(columns: Columns, declared: Sequence[Field], count: int) -> Kernel:
    """The kernel for these columns, with the model that the kinds assume."""
    known = features([field for field in declared if field.name in columns])
    vetoes = tuple(field.name for field in declared if field.vetoes and field.name in columns)
    return Kernel(known, vetoes, untrained(known, columns, count))


def frozen(declared: Sequence[Field], model: Model) -> Kernel:
    """The kernel of a trained model, whatever records there are."""
    weighed = [item for item in declared if item.name in model.m or (item.kind.family == LOCATION and LOCATION in model.m)]
    return Kernel(features(weighed), tuple(item.name for item in declared if item.vetoes), model)


def trained(kernel: Kernel, columns: Columns, sources: Sources, packed: NDArray[np.int64], rules: NDArray[np.int64]) -> Model:
    """The kernel's model with weights learnt from a sample of the candidate pairs and from random ones."""
    count, thin = len(sources.of), thinning(len(packed))
    kept = drawn(packed, count, thin, rivals=bool(sources.distinct))
    levels = np.zeros((len(kept), len(kernel.features)), np.int8)
    for start in range(0, len(kept), BATCH):
        left, right = np.divmod(packed[kept[start : start + BATCH]], count)
        levels[start : start + BATCH] = kernel.levels(taken(columns, left, right))
    left, right = np.divmod(packed[kept], count)
    return learnt(kernel, sources, left, right, rules[kept], levels, by_chance(kernel, columns, sources), thin)


def thinning(compared: int) -> int:
    """Of how many pairs training looks at one."""
    return max(1, compared // TRAINING_PAIRS)


def drawn(packed: NDArray[np.int64], count: int, thin: int, *, rivals: bool) -> Positions:
    """Places of the pairs that training looks at, the same for the same pairs; where there are `rivals`, a pair comes with all of them."""
    by = packed // count if rivals else packed
    return np.flatnonzero(scrambled(by.astype(np.uint64)) % np.uint64(thin) == 0)


def by_chance(kernel: Kernel, columns: Columns, sources: Sources) -> training.Chance:
    """How random pairs compare."""
    pairs = taken(columns, *random_pairs(sources))
    filled = [feature.filled(pairs) for feature in kernel.features]
    return training.Chance(kernel.levels(pairs), np.array(filled, np.int64))


def learnt(
    kernel: Kernel,
    sources: Sources,
    left: Positions,
    right: Positions,
    rules: NDArray[np.int64],
    levels: Levels,
    chance: training.Chance,
    thin: int,
) -> Model:
    """The kernel's model with weights learnt from how a sample of the candidate pairs compares, by order of `left` and `right`.

    `rules`: the bit mask of those that proposed each pair. Each stands for `thin` pairs.
    """
    count, pairs = len(sources.of), sources.pairs()
    seen = training.patterns(levels, rules, [feature.scale.exact + 1 for feature in kernel.features], weight=thin)
    model = kernel.model
    for _ in range(TRAININGS):
        likely = training.likelihood(seen, kernel.features, model)
        model = replace(model, u=training.chances(chance, seen, likely, kernel.features, model, pairs, pairs / (1 + 2.0**-model.prior)))
        model = training.train(seen, model.blocking.rules, kernel.features, model, count, pairs)
        model = replace(model, given=training.dependences(seen, model.blocking.rules, kernel.features, model))
    if not sources.contest_all:
        return model
    return _one_to_one(replace(kernel, model=replace(model, m=kernel.model.m)), sources, (left, right), seen, chance, thin)


def _one_to_one(
    kernel: Kernel, sources: Sources, ends: tuple[Positions, Positions], seen: training.Patterns, chance: training.Chance, thin: int
) -> Model:
    """The model with m, u and prior learnt anew: where a record has one partner at most, rivals tell which pairs are none."""
    model, pairs = kernel.model, sources.pairs()
    likely, matches = np.ones(len(seen.counts)), float(np.bincount(sources.of).min()) / 2
    model = replace(model, u=training.chances(chance, seen, likely, kernel.features, model, pairs, matches, known=True))
    model = replace(model, prior=_alone(matches, sources))
    for _ in range(ONE_TO_ONE):
        weight = training.weights(seen, kernel.features, model)[seen.place]
        near = np.flatnonzero(weight >= HOPELESS)
        weight[near] = contested(ends[0][near], ends[1][near], weight[near], sources)
        one = 1 / (1 + np.exp2(-np.clip(weight, -60, 60)))
        likely = np.bincount(seen.place, one, minlength=len(seen.counts)) / np.maximum(seen.counts, 1) * thin
        matches = float((seen.counts * likely).sum())
        model = replace(model, u=training.chances(chance, seen, likely, kernel.features, model, pairs, matches, known=True))
        model = replace(training.retrained(seen, likely, kernel.features, model), prior=_alone(matches, sources))
    return model


def _alone(matches: float, sources: Sources) -> float:
    """Log2 odds that two records are one thing, over that either has no partner at all, where each has one at most."""
    sizes = np.bincount(sources.of).astype(np.float64)
    odds = max(matches, 1) / sources.pairs()
    for source, size in enumerate(sizes):
        if sources.distinct - {source}:
            odds /= max(1 - matches / size, LEAST_ALONE)
    return float(np.log2(odds))


def random_pairs(sources: Sources) -> tuple[Positions, Positions]:
    """Pairs of records by chance, the same for the same count."""
    count = len(sources.of)
    wanted = min(RANDOM_PAIRS, RANDOM_PAIRS_A_RECORD * count)
    draws = scrambled(np.arange(2 * wanted).astype(np.uint64)) % np.uint64(max(count, 1))
    left, right = draws[:wanted].astype(np.int64), draws[wanted:].astype(np.int64)
    apart = (left != right) & sources.may_meet(left, right)
    return left[apart], right[apart]
