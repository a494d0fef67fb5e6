"""The engine: records and a declaration in, weighed pairs and clusters out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel

from matching import blocking, training
from matching.clustering import Constraints, Labels, clusters
from matching.comparison import Levels
from matching.declaration import fields
from matching.encode import Columns, encode
from matching.features import Paired, features
from matching.frames import scratch
from matching.kernel import Kernel
from matching.model import Model, untrained

RANDOM_PAIRS = 200_000
RANDOM_PAIRS_A_RECORD = 40
TRAININGS = 3
BATCH = 250_000


@dataclass(frozen=True)
class Thresholds:
    """Bits at which pairs are joined, and from which they are worth a steward's look."""

    match: float = 2.0
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
    model: Model
    keys: blocking.Keys
    report: blocking.Report
    compared: int


class Engine(Protocol):
    """Anything that can resolve records: this machine, or a cluster."""

    def resolve(
        self, records: pa.Table, declaration: type[BaseModel], *, model: Model | None = None, rulings: Rulings | None = None
    ) -> Resolution:
        """Resolve records; columns are the declaration's fields as clean text."""
        ...


@dataclass(frozen=True)
class LocalEngine:
    """DuckDB joins the blocking keys, rapidfuzz compares, scipy clusters."""

    thresholds: Thresholds = field(default_factory=Thresholds)
    seed: int = 20260101
    progress: Callable[[int], None] | None = None
    """Told how many more pairs were compared."""

    def resolve(
        self, records: pa.Table, declaration: type[BaseModel], *, model: Model | None = None, rulings: Rulings | None = None
    ) -> Resolution:
        """Encode, block, compare, train unless a model is given, weigh, cluster."""
        declared = fields(declaration)
        columns, count = encode(records, declared), records.num_rows
        known = features([field for field in declared if field.name in columns])
        start = model or untrained(known, columns, count)
        keys = blocking.keys(columns, declared, start.rules or None)
        vetoes = tuple(field.name for field in declared if field.vetoes and field.name in columns)
        kernel = Kernel(known, vetoes, replace(start, rules=keys.rules))
        left, right, rules, levels = self._compared(kernel, columns, keys)
        if model is None:
            kernel = replace(kernel, model=self._trained(kernel, columns, count, rules, levels))
        pairs = self._weighed(kernel, columns, left, right, levels)
        labels = self._clustered(count, pairs, columns, vetoes, rulings or Rulings())
        return Resolution(pairs, labels, kernel.model, keys, keys.report, len(left))

    def _compared(self, kernel: Kernel, columns: Columns, keys: blocking.Keys) -> tuple[Labels, Labels, NDArray[np.int64], Levels]:
        found: list[tuple[Labels, Labels, NDArray[np.int64], Levels]] = []
        for left, right, rules in candidates(keys):
            found.append((left, right, rules, kernel.levels(taken(columns, left, right))))
            if self.progress is not None:
                self.progress(len(left))
        none = np.zeros(0, np.int64)
        if not found:
            return none, none, none, np.zeros((0, len(kernel.features)), np.int8)
        return tuple(np.concatenate(part) for part in zip(*found, strict=True))  # type: ignore[return-value]

    def _trained(self, kernel: Kernel, columns: Columns, count: int, rules: NDArray[np.int64], levels: Levels) -> Model:
        random = np.random.default_rng(self.seed)
        wanted = min(RANDOM_PAIRS, RANDOM_PAIRS_A_RECORD * count)
        left, right = random.integers(0, max(count, 1), wanted), random.integers(0, max(count, 1), wanted)
        apart = left != right
        chance = kernel.levels(taken(columns, left[apart], right[apart]))
        seen = training.patterns(levels, rules, [feature.scale.exact + 1 for feature in kernel.features])
        model = kernel.model
        for _ in range(TRAININGS):
            model = replace(model, u=training.chances(chance, seen, kernel.features, model, count))
            model = training.train(seen, kernel.model.rules, kernel.features, model, count)
        return model

    def _weighed(self, kernel: Kernel, columns: Columns, left: Labels, right: Labels, levels: Levels) -> pa.Table:
        weights = np.zeros(len(left), np.float64)
        for start in range(0, len(left), BATCH):
            part = slice(start, start + BATCH)
            weights[part] = kernel.weights(taken(columns, left[part], right[part]), levels[part])
        keep = weights >= self.thresholds.review
        named = {"left": left[keep], "right": right[keep], "weight": weights[keep]}
        return pa.table(named | {feature.name: levels[keep, at] for at, feature in enumerate(kernel.features)})

    def _clustered(self, count: int, pairs: pa.Table, columns: Columns, vetoes: Sequence[str], rulings: Rulings) -> Labels:
        weight = pairs["weight"].to_numpy()
        joined = weight >= self.thresholds.match
        constraints = Constraints(rulings.together, rulings.apart, [columns[column].codes for column in vetoes])
        return clusters(count, pairs["left"].to_numpy()[joined], pairs["right"].to_numpy()[joined], weight[joined], constraints)


def taken(columns: Columns, left: Labels, right: Labels) -> dict[str, Paired]:
    """The columns of pairs of records."""
    return {name: Paired(column.codes[left], column.codes[right], column.forms) for name, column in columns.items()}


def candidates(keys: blocking.Keys) -> Iterator[tuple[Labels, Labels, NDArray[np.int64]]]:
    """Distinct pairs of records that share a key, smaller position first, with the bit mask of the rules; in batches."""
    table = pa.table({"record": keys.records, "hash": keys.hashes, "rule": keys.rule})
    with scratch().cursor() as database:
        database.register("k", table)
        found = database.sql(
            """SELECT a.record AS l, b.record AS r, bit_or(1::BIGINT << a.rule) AS rules
               FROM k a JOIN k b ON a.hash = b.hash AND a.rule = b.rule AND a.record < b.record GROUP BY 1, 2"""
        ).to_arrow_reader(BATCH)
        for batch in found:
            yield tuple(batch.column(name).to_numpy() for name in ("l", "r", "rules"))
