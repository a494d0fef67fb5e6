"""The kernel: a batch of pairs in, their levels and weights out. The same code runs locally and on Spark executors.

In:  `left`, `right` (any type), `rules` (bit mask of the rules that proposed the pair), and for every column C of the declaration
     `l.C` and `r.C`: normal forms, null where a side says nothing.
Out: `left`, `right`, `rules`, one int8 level a feature, `weight` in bits.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from matching.comparison import MISSING, Levels
from matching.encode import ABSENT, Columns
from matching.features import Feature, Location, Paired, taken
from matching.forms import Forms
from matching.model import VETO, Model, Weights
from matching.sources import Positions


@dataclass(frozen=True)
class Kernel:
    """Compares and weighs pairs under one model."""

    features: tuple[Feature, ...]
    vetoes: tuple[str, ...]
    model: Model

    def levels(self, pairs: Mapping[str, Paired]) -> Levels:
        """A column a feature."""
        count = len(next(iter(pairs.values())).left) if pairs else 0
        out = np.zeros((count, len(self.features)), np.int8)
        for at, feature in enumerate(self.features):
            out[:, at] = feature.levels(pairs, self.model.words.get(_text(feature)))
        return out

    def parts(self, pairs: Mapping[str, Paired], levels: Levels) -> Weights:
        """Bits a pair and feature, term frequencies included."""
        bits = np.zeros(levels.shape, np.float64)
        for at, feature in enumerate(self.features):
            bits[:, at] = self.model.bits(feature.name)[levels[:, at]] + self.frequency(feature, pairs, levels[:, at])
        bits -= self.dependence(levels)
        branch = np.zeros(len(levels), np.bool_)
        for at, feature in enumerate(self.features):
            if feature.scale.contrary > 1:
                branch |= levels[:, at] == feature.scale.contrary
        shared = np.array([feature.premises for feature in self.features], np.bool_)
        bits[np.ix_(branch, shared)] = np.minimum(bits[np.ix_(branch, shared)], 0)
        return bits

    def weights(self, pairs: Mapping[str, Paired], levels: Levels) -> Weights:
        """Bits a pair: the prior and all parts; what a veto forbids is far below anything."""
        total = self.model.prior + self.parts(pairs, levels).sum(axis=1)
        for column in self.vetoes:
            pair = pairs[column]
            total[~pair.missing & ~pair.equal] = VETO
        return total  # type: ignore[no-any-return]

    def scored(self, columns: Columns, left: Positions, right: Positions, floor: float) -> tuple[Positions, Levels, Weights]:
        """The pairs that reach `floor` bits: their places, levels and weights.

        What the equal and the missing fields say bounds each pair from above; fields that differ are looked at one after the other, and
        no further once the bound is below the floor. Most pairs of a block end so.
        """
        pairs = taken(columns, left, right)
        levels = np.zeros((len(left), len(self.features)), np.int8)
        best = np.zeros((len(left), len(self.features)), np.float32)
        for at, feature in enumerate(self.features):
            levels[:, at] = feature.levels(pairs, None, hopeful=True)
            hope = self._ceiling(feature)[levels[:, at]] + self.frequency(feature, pairs, levels[:, at])
            best[:, at] = np.maximum(hope, 0) if feature.depends else hope  # silenced, it says nothing against either
        total = best.sum(axis=1) + self.model.prior
        enough = floor - 1e-3  # single precision
        alive = np.flatnonzero(total >= enough)
        for at in self._order():
            feature = self.features[at]
            certain = MISSING if feature.depends else feature.scale.exact
            rows = alive[(levels[alive, at] > MISSING) & (levels[alive, at] != certain)]
            some = taken(columns, left[rows], right[rows], feature.looks_at)
            found = feature.levels(some, self.model.words.get(_text(feature)))
            levels[rows, at] = found
            total[rows] += self.model.bits(feature.name)[found] + self.frequency(feature, some, found) - best[rows, at]
            alive = alive[total[alive] >= enough]
        weights = self.weights(taken(columns, left[alive], right[alive]), levels[alive])
        keep = weights >= floor
        return alive[keep], levels[alive[keep]], weights[keep]

    def _ceiling(self, feature: Feature) -> Weights:
        """By hopeful level, the most bits that may come of it."""
        bits = self.model.bits(feature.name)
        best = np.maximum.accumulate(bits[1:])
        return np.concatenate([bits[:1], np.maximum(best, 0) if feature.depends else best])

    def _order(self) -> list[int]:
        """Features by how far a look at them may lower the bound."""
        drop = [self._ceiling(feature)[-2] - self.model.bits(feature.name)[1] for feature in self.features]
        return sorted(range(len(drop)), key=lambda at: (-drop[at], at))

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Weigh a batch of pairs."""
        pairs = paired(batch)
        levels = self.levels(pairs)
        named = {name: batch.column(name) for name in ("left", "right", "rules")}
        named |= {feature.name: pa.array(levels[:, at]) for at, feature in enumerate(self.features)}
        return pa.RecordBatch.from_pydict(named | {"weight": pa.array(self.weights(pairs, levels))})

    def dependence(self, levels: Levels) -> Weights:
        """Bits a pair and feature that other features have said already."""
        out = np.zeros(levels.shape, np.float64)
        place = {feature.name: at for at, feature in enumerate(self.features)}
        for known, dependent, lift in self.model.lifts():
            if dependent in place and all(name in place for name in known):
                exact = [levels[:, place[name]] == self.features[place[name]].scale.exact for name in known]
                rows = np.flatnonzero(np.logical_and.reduce(exact))
                at = place[dependent]
                out[rows, at] = np.maximum(out[rows, at], lift[levels[rows, at]])
        return out

    def frequency(self, feature: Feature, pairs: Mapping[str, Paired], levels: Levels) -> Weights:
        """Term-frequency bits on exact agreement."""
        out = np.zeros(len(levels), np.float64)
        column = _text(feature)
        known = self.model.frequencies.get(column)
        if known is not None and feature.scale.damping:
            exact = (levels == feature.scale.exact) & pairs[column].equal
            out[exact] = feature.scale.damping * pairs[column].forms.cached(known, known.correction)[pairs[column].left[exact]]
        return out


def _text(feature: Feature) -> str:
    """The column whose words and frequencies count."""
    if isinstance(feature, Location):
        return feature.street.name if feature.street else ""
    return feature.columns[0]


def paired(batch: pa.RecordBatch) -> dict[str, Paired]:
    """The columns of a batch of strings, both sides coded into one dictionary."""
    names = [name[2:] for name in batch.schema.names if name.startswith("l.")]
    return {name: _pair(batch.column(f"l.{name}"), batch.column(f"r.{name}")) for name in names}


def _pair(left: pa.Array, right: pa.Array) -> Paired:
    both = pa.chunked_array([left, right]).dictionary_encode().combine_chunks()
    codes = both.indices.fill_null(ABSENT).to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    return Paired(codes[: len(left)], codes[len(left) :], Forms(np.array(both.dictionary.to_pylist(), dtype=object)))
