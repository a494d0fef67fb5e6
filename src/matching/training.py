"""Training without labels: Fellegi-Sunter weights from the records themselves.

u comes from random pairs (exact agreement from the frequencies of values). m comes from one expectation-maximisation a blocking rule,
on counts of agreement patterns, over the features that the rule does not presuppose; a rule's own fields would all agree and teach
nothing. The prior is a fixed point over all compared pairs. Winkler 1988, Fellegi & Sunter 1969.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from matching.blocking import Rule
from matching.comparison import Levels, Scale
from matching.features import Feature
from matching.model import Model

Counts = NDArray[np.int64]
PSEUDO_MATCHES = 20.0
"""How many matches the assumed m is worth beside what is seen."""
LEAST_PAIRS = 40
LEAST_UNLIKE, LEAST_SHARE = 50.0, 0.1
"""Pairs of different things, and their share of all that agree, that show how one feature depends on others."""
SURELY = 5.0
"""How many times more pairs than matches could explain are surely different things; errors of matches come together, which is allowed for."""
CONTRARY = 0.35
"""Odds by which a feature speaks against a pair; where one does, it may be an error, where two do, hardly."""
ROUNDS = 60
OFTEN = 30
"""Random pairs at a level that tell how common it is."""


@dataclass(frozen=True)
class Patterns:
    """Compared pairs, counted by agreement pattern and by the rules that proposed them."""

    levels: Levels
    """One row a pattern, one column a feature."""
    rules: NDArray[np.int64]
    """Bit mask a pattern."""
    counts: Counts
    place: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """The pattern of each compared pair."""


def patterns(levels: Levels, rules: NDArray[np.int64], scales: Sequence[int], weight: int = 1) -> Patterns:
    """Count pairs by levels and rules, each for `weight` of them; `scales` are the number of levels a feature, missing included."""
    radix = np.cumprod([1, *scales], dtype=np.int64)[:-1]
    packed = levels.astype(np.int64) @ radix
    order = np.lexsort((packed, rules))
    change = np.flatnonzero(np.diff(packed[order], prepend=-1) | np.diff(rules[order], prepend=-1))
    first, counts = order[change], np.diff(change, append=len(order))
    place = np.empty(len(order), np.int64)
    place[order] = np.repeat(np.arange(len(first)), counts)
    return Patterns(levels[first], rules[first], counts * weight, place)


@dataclass(frozen=True)
class Chance:
    """Pairs of records by chance."""

    levels: Levels
    filled: NDArray[np.int64]
    """By feature, in how many of them both sides say something, be it silenced by another field or not."""


def chances(
    random: Chance,
    seen: Patterns,
    likely: NDArray[np.float64],
    features: Sequence[Feature],
    model: Model,
    pairs: float,
    matches: float,
    *,
    known: bool = False,
) -> dict[str, tuple[float, ...]]:
    """u a feature: shares of random pairs, and the exact level from the frequencies where they are known.

    Random pairs hold matches too, many of them in small data: what the model expects of those is taken out. Levels too rare to be met
    at random are at least as likely as the compared pairs show that are, by the model, no matches; where it is `known` which are
    none, they are just as likely.
    """
    unlike = seen.counts * (1 - likely) / max(pairs, 1)
    found = {}
    for at, feature in enumerate(features):
        met = np.bincount(random.levels[:, at], minlength=feature.scale.exact + 1)[1:].astype(np.float64)
        share = (met + 20 * np.array(feature.scale.u)) / (random.filled[at] + 20)
        common = model.frequencies.get(feature.name)
        if common is not None:
            several = common.total * (common.total - 1) / 2
            share[-1] = min((common.expected * several + 20 * feature.scale.u[-1]) / (several + 20), 0.9)
        filled = max(float(random.filled[at]) / max(len(random.levels), 1), 1e-6)
        least = np.bincount(seen.levels[:, at], unlike, minlength=feature.scale.exact + 1)[1:] / filled
        few = 0.05 if known else max(0.05, 1 / np.sqrt(pairs))  # which of a handful of pairs are matches is a guess
        share = np.maximum(share - matches / pairs * np.array(model.m[feature.name]), few * share)
        share = np.where(met >= OFTEN, share, np.maximum(least, few * share)) if known else np.maximum(share, least)
        share[0] = max(1 - share[1:].sum(), 0.01)
        found[feature.name] = tuple((share / share.sum()).tolist())
    return found


def likelihood(seen: Patterns, features: Sequence[Feature], model: Model) -> NDArray[np.float64]:
    """Chance a pattern that its pairs are matches, term frequencies aside."""
    return 1 / (1 + np.exp2(-np.clip(weights(seen, features, model), -60, 60)))


def weights(seen: Patterns, features: Sequence[Feature], model: Model) -> NDArray[np.float64]:
    """Bits a pattern, term frequencies aside."""
    return _evidence(seen, features, model) + model.prior


def _evidence(seen: Patterns, features: Sequence[Feature], model: Model) -> NDArray[np.float64]:
    return sum((model.bits(feature.name)[seen.levels[:, at]] for at, feature in enumerate(features)), np.zeros(len(seen.counts)))


def train(seen: Patterns, rules: Sequence[Rule], features: Sequence[Feature], model: Model, records: int, pairs: float) -> Model:
    """The model with m and prior learnt from the patterns; rules that bring too few pairs teach nothing."""
    totals = {feature.name: PSEUDO_MATCHES * np.array(feature.scale.m) for feature in features}
    for bit, rule in enumerate(rules):
        chosen = (seen.rules >> bit) & 1 == 1
        free = [feature for feature in features if not rule.columns & set(feature.columns)]
        if seen.counts[chosen].sum() >= LEAST_PAIRS and len(free) >= 2:
            for name, expected in _maximise(seen, chosen, rule, free, features, model).items():
                totals[name] = totals[name] + expected
    m = {feature.name: _bounded(totals[feature.name] / totals[feature.name].sum(), feature.scale) for feature in features}
    learnt = replace(model, m=m, trained_on=records)
    return replace(learnt, prior=_prior(seen, features, learnt, records, max(pairs, 1)))


def retrained(seen: Patterns, likely: NDArray[np.float64], features: Sequence[Feature], model: Model) -> Model:
    """The model with m from how likely the pairs of each pattern are matches, where that is known from elsewhere."""
    match = seen.counts * likely
    m = {}
    for at, feature in enumerate(features):
        found = np.bincount(seen.levels[:, at], match, minlength=feature.scale.exact + 1)[1:] + PSEUDO_MATCHES * np.array(feature.scale.m)
        m[feature.name] = tuple((found / found.sum()).tolist())
    return replace(model, m=m)


def dependences(
    seen: Patterns, rules: Sequence[Rule], features: Sequence[Feature], model: Model
) -> dict[tuple[str, ...], dict[str, tuple[float, ...]]]:
    """u of a feature among pairs that agree in full on what a rule presupposes, for every rule that allows to tell."""
    presupposed = [_presupposed(rule, features) for rule in rules]
    found: dict[tuple[str, ...], dict[str, tuple[float, ...]]] = {}
    for agreed in sorted(set(presupposed)):
        mask = sum(1 << bit for bit, known in enumerate(presupposed) if set(known) <= set(agreed))
        exact = [seen.levels[:, at] == features[at].scale.exact for at in agreed]
        chosen = np.logical_and.reduce([seen.rules & mask != 0, *exact])
        agreeing = Patterns(seen.levels[chosen], seen.rules[chosen], seen.counts[chosen])
        others = [at for at in range(len(features)) if at not in agreed]
        branches = any(len(features[at].columns) > 1 for at in agreed)
        tables = {
            features[at].name: _apart(agreeing, at, [other for other in others if other != at], features, model)
            for at in others
            if not branches or features[at].scale.contrary > 1
        }
        found[tuple(features[at].name for at in agreed)] = {
            name: _branch_alone(table, model.u[name]) if branches else table for name, table in tables.items() if table is not None
        }
    return {known: tables for known, tables in found.items() if tables}


def _branch_alone(table: tuple[float, ...], u: tuple[float, ...]) -> tuple[float, ...]:
    """What a shared location shows, is that the branches of a name share it; the other levels stay as they are."""
    return (u[0], table[1], *u[2:])


def _presupposed(rule: Rule, features: Sequence[Feature]) -> tuple[int, ...]:
    """The features that a rule makes agree."""
    by_column = {column: at for at, feature in enumerate(features) for column in feature.columns}
    return tuple(sorted({by_column[column] for column in rule.columns}))


def _apart(seen: Patterns, at: int, others: Sequence[int], features: Sequence[Feature], model: Model) -> tuple[float, ...] | None:
    """u of a feature among the pairs that must be different things: None where those are too few.

    They must be, where the other features differ in a way in which far fewer pairs would even if all were matches.
    """
    levels = seen.levels[:, [*others, at]]
    _, filled, size = np.unique(levels > 0, axis=0, return_inverse=True, return_counts=True)
    total = np.bincount(filled, seen.counts, minlength=len(size))[filled]
    _, way = np.unique(levels, axis=0, return_inverse=True)
    met = np.bincount(way, seen.counts)[way]
    chance, against = np.ones((2, len(seen.counts))), np.zeros(len(seen.counts))
    for place, other in enumerate(others):
        one = _chances_of(model, features[other])[:, levels[:, place]]
        chance, against = chance * one, against + (one[0] < CONTRARY * one[1])
    expected = total * chance[0] * _chances_of(model, features[at])[0, levels[:, -1]]
    unlike = (chance[0] < chance[1]) & (against >= 2) & (met >= SURELY * (expected + 1))
    scale = features[at].scale
    found = np.bincount(seen.levels[unlike, at], seen.counts[unlike], minlength=scale.exact + 1)[1:]
    if found.sum() < max(LEAST_UNLIKE, LEAST_SHARE * seen.counts.sum()):
        return None
    u = (found + PSEUDO_MATCHES * np.array(model.u[features[at].name])) / (found.sum() + PSEUDO_MATCHES)
    return tuple(u.tolist())


def _chances_of(model: Model, feature: Feature) -> NDArray[np.float64]:
    """m and u by level, 1 for missing."""
    return np.array([(1.0, *model.m[feature.name]), (1.0, *model.u[feature.name])])


def _maximise(
    seen: Patterns, chosen: NDArray[np.bool_], rule: Rule, free: Sequence[Feature], features: Sequence[Feature], model: Model
) -> Mapping[str, NDArray[np.float64]]:
    """Expected matches by level for each free feature, under one rule; every rule weighs with the root of its matches."""
    names = [feature.name for feature in features]
    levels = seen.levels[chosen][:, [names.index(feature.name) for feature in free]]
    counts = seen.counts[chosen].astype(np.float64)
    m = {feature.name: np.array(feature.scale.m) for feature in free}
    u = {**model.u, **model.given.get(tuple(features[at].name for at in _presupposed(rule, features)), {})}
    share = 0.3
    for _ in range(ROUNDS):
        odds = np.full(len(counts), np.log2(share / (1 - share)))
        for at, feature in enumerate(free):
            odds += _bits(m[feature.name], u[feature.name])[levels[:, at]]
        match = counts / (1 + np.exp2(-np.clip(odds, -60, 60)))
        previous, share = share, float(np.clip(match.sum() / counts.sum(), 1e-4, 0.999))
        for at, feature in enumerate(free):
            found = np.bincount(levels[:, at], match, minlength=feature.scale.exact + 1)[1:]
            prior = 5 * np.array(feature.scale.m)
            m[feature.name] = (found + prior) / (found.sum() + prior.sum())
        if abs(share - previous) < 1e-5:
            break
    weight = np.sqrt(share * counts.sum())
    return {feature.name: weight * m[feature.name] for feature in free}


def _bounded(m: NDArray[np.float64], scale: Scale) -> tuple[float, ...]:
    """m whose contrary levels are at most what the kind assumes.

    A key that many share (the address of an accountant) brings pairs of different things, which would teach that names may differ.
    """
    contrary = np.minimum(np.minimum(m, scale.m), 0.9)[: scale.contrary]
    others = m[scale.contrary :]
    return (*contrary.tolist(), *(others * (1 - contrary.sum()) / others.sum()).tolist())


def _bits(m: NDArray[np.float64], u: Sequence[float]) -> NDArray[np.float64]:
    return np.concatenate([[0.0], np.log2(m / np.array(u))])


def _prior(seen: Patterns, features: Sequence[Feature], model: Model, records: int, pairs: float) -> float:
    """Log2 odds at which the expected matches among the compared pairs are the prior's own expectation over all pairs."""
    evidence = _evidence(seen, features, model)
    prior = model.prior
    assumed = min(records / 4, PSEUDO_MATCHES)
    for _ in range(ROUNDS):
        match = assumed + (seen.counts / (1 + np.exp2(-np.clip(evidence + prior, -60, 60)))).sum()
        share = float(np.clip(match / pairs, 0.05 / max(records, 2), 0.5))
        previous, prior = prior, float(np.log2(share / (1 - share)))
        if abs(prior - previous) < 1e-3:
            break
    return prior
