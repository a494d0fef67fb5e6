"""The model: what each level of each feature is worth, versioned, and readable by a person as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching.blocking import Blocking
from matching.encode import Column, Columns
from matching.features import Feature, Location, Single
from matching.labels import LabelWeights
from matching.wording import WordWeights

Weights = NDArray[np.float64]
USUAL = 0.95
"""Share of the pairs of different things at a level, from which it is no news."""
VETO = -100.0
"""Bits of a pair that can never be the same thing."""


@dataclass(frozen=True)
class Frequencies:
    """How common the values of a column are: agreeing on a rare one says more."""

    total: int
    counts: Mapping[str, int]
    """Of the forms that occur more than once; any other occurs once."""
    expected: float
    """Chance that two random records agree."""

    def correction(self, forms: Sequence[str]) -> Weights:
        """Bits to add for agreement on these forms, between -6 and 4: log2 of expected over actual chance."""
        share = np.array([self.counts.get(form, 1) for form in forms], np.float64) / max(self.total, 1)
        return np.clip(np.log2(self.expected / share), -6, 4)


@dataclass(frozen=True)
class Model:
    """Weights of a declaration, as trained on some records or as its kinds assume."""

    m: Mapping[str, tuple[float, ...]]
    """By feature, P(level | same thing), from `different` to `exact`."""
    u: Mapping[str, tuple[float, ...]]
    """By feature, P(level | different things)."""
    own: Mapping[str, float] = field(default_factory=dict)
    """By feature, how much of its evidence others do not say already, where that is not all."""
    given: Mapping[tuple[str, ...], Mapping[str, tuple[float, ...]]] = field(default_factory=dict)
    """By features that agree in full, what u of other features is then: people of one name have like addresses, though they are two."""
    prior: float = 0.0
    """Log2 odds that two random records are the same thing."""
    frequencies: Mapping[str, Frequencies] = field(default_factory=dict)
    words: Mapping[str, WordWeights | LabelWeights] = field(default_factory=dict)
    blocking: Blocking = field(default_factory=Blocking)
    trained_on: int = 0
    """Records that it was trained on; 0 for assumed weights."""
    unruled: "Model | None" = None
    """The model before rulings corrected it: what is learnt again starts there, or rulings would count twice."""

    def bits(self, feature: str) -> Weights:
        """Weight a level in bits, level 0 (missing) included.

        Nothing says more than that all is the same; to be alike where nearly all are alike is nothing against a pair.
        """
        u = np.array(self.u[feature])
        bits = self.own.get(feature, 1) * np.log2(np.array(self.m[feature]) / u)
        bits[1:] = np.where(u[1:] > USUAL, np.maximum(bits[1:], 0), bits[1:])
        return np.concatenate([[0.0], np.minimum(bits, bits[-1])])

    def lifts(self) -> Iterator[tuple[tuple[str, ...], str, Weights]]:
        """Features that agree in full, a feature that depends on them, and by level how many bits it then says less.

        Where they all agree in full, each would take from the other what both say: only the later one gives way.
        """
        order = {feature: at for at, feature in enumerate(self.u)}
        for known, dependent in self.given.items():
            for feature, u in dependent.items():
                lift = np.maximum(np.log2(np.array(u) / np.array(self.u[feature])), 0)
                lift[0] = 0
                if order[feature] < max(order[name] for name in known):
                    lift[-1] = 0
                yield known, feature, np.concatenate([[0.0], lift])

    def readable(self) -> dict[str, Any]:
        """The model as a person would read it: bits by feature and level, the prior, the rules."""
        return {
            "trained_on": self.trained_on,
            "prior_bits": round(self.prior, 3),
            "features": {
                name: {"m": _rounded(self.m[name]), "u": _rounded(self.u[name]), "bits": _rounded(self.bits(name)[1:], 2)}
                for name in self.m
            },
            "rules": [rule.name for rule in self.blocking.rules],
        }


def _rounded(values: Sequence[float] | Weights, places: int = 6) -> list[float]:
    return [round(float(value), places) for value in values]


def frequencies(column: Column) -> Frequencies:
    """Frequencies of a column's forms."""
    counts = column.counts
    return frequencies_of(int(counts.sum()), {str(column.forms.values[at]): int(counts[at]) for at in np.flatnonzero(counts > 1)})


def frequencies_of(total: int, common: Mapping[str, int]) -> Frequencies:
    """Frequencies of a column that `total` records fill, by the forms that several have."""
    counts = np.fromiter(common.values(), np.float64, len(common))
    agree = float((counts * (counts - 1)).sum() / max(total * (total - 1.0), 1))
    return Frequencies(total, common, max(agree, 1 / max(total, 1) ** 2, 1e-9))


def untrained(features: Sequence[Feature], columns: Columns, records: int) -> Model:
    """The model that the kinds assume, with what the columns themselves tell: word weights and frequencies."""
    return Model(
        m={feature.name: feature.scale.m for feature in features},
        u={feature.name: feature.scale.u for feature in features},
        own={feature.name: feature.scale.own for feature in features if feature.scale.own < 1},
        prior=assumed_prior(records),
        frequencies={column: frequencies(columns[column]) for feature in features for column in _frequent(feature)},
        words=words(features, columns),
    )


def assumed_prior(records: int) -> float:
    """Log2 odds if every second record had one twin."""
    return -float(np.log2(max(records - 1, 1)))


def _frequent(feature: Feature) -> tuple[str, ...]:
    if isinstance(feature, Location):
        return (feature.street.name,) if feature.street else ()
    return feature.columns


def words(features: Sequence[Feature], columns: Columns) -> dict[str, WordWeights | LabelWeights]:
    """What each text column's words tell."""
    singles = [feature if isinstance(feature, Single) else feature.street for feature in features if isinstance(feature, Single | Location)]
    return {
        single.name: single.scale.fit(columns[single.name].forms)
        for single in singles
        if single is not None and single.scale.fit is not None
    }
