"""Learning from stewards: what their rulings correct in a model that was trained without labels.

Learnt are the prior and the weights: the bits of all levels by one share, those of each feature's levels by a share of their own, and each level by
bits of its own. A correction is nought until rulings say otherwise; its spread is how far off training without labels may be. A ruling is an answer
by the odds of the weight, or, now and then, a slip: rulings that contradict each other or all others move little. This is Bayesian logistic
regression on top of the Fellegi-Sunter weight: the likeliest corrections, and their covariance there (Laplace; MacKay 1992, "The evidence framework
applied to classification networks"). Which pairs were asked about follows from how they agree, which the weight knows, so that answers need no
weights of their own. The corrections end in prior, m and u: the kernel weighs and explains as before.

Limits. Where levels are cut, how common values and words count, which pairs are compared and how features depend on each other stay as trained: a
correction of dependence made no difference in benchmarks/learning.py. So do thresholds, because the weight keeps its meaning: 0 bits are even odds.
A pair that a veto decides is far below any doubt, and teaches nothing. One level out of many is only as well known as the rulings on it are many.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize

from matching.comparison import MISSING, Levels
from matching.encode import Columns
from matching.engine import Resolution, Rulings
from matching.features import Feature, taken
from matching.kernel import Kernel
from matching.model import Model, Weights
from matching.sources import Positions

Matrix = NDArray[np.float64]

PRIOR, STEEPNESS, FEATURE, LEVEL = 4.0, 0.25, 0.2, 1.5
"""Spread of the corrections: bits of the prior, share of all bits, share of a feature's bits, bits of a level."""
SLIPS = 0.03
"""Share of rulings that say the opposite of what is true."""
LEAST_BITS = 0.05
"""Bits that the best level of a feature says for a match, and its worst level against, at the least."""
NATS = float(np.log(2))
"""In a bit."""


class Evidence(NamedTuple):
    """Pairs, as the corrections see them."""

    weights: Weights
    """Bits before any correction."""
    design: Matrix
    """A row a pair: the bits that a unit of each correction adds."""


class Corrections(NamedTuple):
    """What rulings say of the corrections: prior, steepness, one a feature, one a level of each feature."""

    likeliest: Weights
    covariance: Matrix
    """Of what the rulings leave open."""


class Contradicted(NamedTuple):
    """A ruling that the weights, left alone, would decide otherwise."""

    left: int
    right: int
    together: bool
    """What the steward ruled."""
    weight: float
    """What the model says, in bits."""


def taught(resolution: Resolution, rulings: Rulings) -> Model:
    """The resolution's model as all its rulings correct it; give those of earlier rounds too, each round starts from the model unruled."""
    kernel = unruled(resolution)
    return corrected(kernel, corrections(resolution, rulings).likeliest) if rulings.together | rulings.apart else kernel.model


def contradicted(resolution: Resolution, rulings: Rulings) -> list[Contradicted]:
    """The rulings that the weights alone would decide otherwise: each ruling is a regression case for every later model.

    A pair that was ruled both ways is for the stewards to settle. Keep the rulings by the records' ids, and replay them against a new model:

    cases.save(rulings, found, "rulings.csv")
    again = matching.dedupe("people.parquet", Person, model=new)
    contradicted(again.resolution, cases.load("rulings.csv", again))
    """
    asked, together = answers(rulings)
    if not len(asked):
        return []
    weights = evidence(resolution.kernel, resolution.columns, asked).weights + contest(resolution, asked)
    told = [
        Contradicted(left, right, *said) for (left, right), *said in zip(asked.tolist(), together.tolist(), weights.tolist(), strict=True)
    ]
    times = Counter((ruling.left, ruling.right) for ruling in told)
    match = resolution.thresholds.match
    return [ruling for ruling in told if (ruling.weight >= match) != ruling.together and times[ruling.left, ruling.right] == 1]


def unruled(resolution: Resolution) -> Kernel:
    """The resolution's kernel with the model that no ruling has corrected."""
    return replace(resolution.kernel, model=resolution.model.unruled or resolution.model)


def answers(rulings: Rulings) -> tuple[Positions, NDArray[np.bool_]]:
    """The pairs that were ruled on, one a row, in order; and whether they are together. A pair that was ruled both ways is there twice."""
    ruled = sorted({(min(pair), max(pair), side) for side, pairs in enumerate((rulings.apart, rulings.together)) for pair in pairs})
    table = np.array(ruled, np.int64).reshape(-1, 3)
    return table[:, :2], table[:, 2] == 1


def evidence(kernel: Kernel, columns: Columns, positions: Positions, levels: Levels | None = None) -> Evidence:
    """What the corrections see of pairs of records, one a row of two positions. A part that others silence is not corrected."""
    pairs = taken(columns, positions[:, 0], positions[:, 1])
    levels = kernel.levels(pairs) if levels is None else levels
    counted = (levels > MISSING) & (kernel.parts(pairs, levels) != 0)
    bits = np.zeros(levels.shape)
    for at, feature in enumerate(kernel.features):
        bits[:, at] = kernel.model.bits(feature.name)[levels[:, at]] * counted[:, at]
    reached = [
        counted[:, at] & (levels[:, at] == level)
        for at, feature in enumerate(kernel.features)
        for level in range(1, feature.scale.exact + 1)
    ]
    design = np.column_stack([np.ones(len(levels)), bits.sum(axis=1), bits, *reached]).astype(np.float64)
    return Evidence(kernel.weights(pairs, levels), design)


def contest(resolution: Resolution, positions: Positions) -> Weights:
    """Bits by which the resolution weighs pairs less than its kernel does: partners of the same record speak against each other."""
    width = max(len(resolution.labels), 1)
    known = resolution.pairs["left"].to_numpy() * width + resolution.pairs["right"].to_numpy()
    wanted, order, less = positions @ [width, 1], np.argsort(known), np.zeros(len(positions))
    met = np.flatnonzero(np.isin(wanted, known))
    found = order[np.searchsorted(known, wanted[met], sorter=order)]
    pairs = taken(resolution.columns, positions[met, 0], positions[met, 1])
    alone = resolution.kernel.weights(pairs, resolution.kernel.levels(pairs))
    less[met] = np.minimum(resolution.pairs["weight"].to_numpy()[found] - alone, 0)
    return less


def corrections(resolution: Resolution, rulings: Rulings) -> Corrections:
    """What the rulings say of the model that no ruling has corrected."""
    kernel = unruled(resolution)
    asked, together = answers(rulings)
    seen = evidence(kernel, resolution.columns, asked)
    known = seen._replace(weights=seen.weights + contest(resolution, asked))
    return _fitted(known, together.astype(np.float64), _spreads(kernel.features))


def _spreads(features: Sequence[Feature]) -> Weights:
    return np.array([PRIOR, STEEPNESS, *[FEATURE] * len(features), *[LEVEL] * sum(feature.scale.exact for feature in features)])


def _fitted(seen: Evidence, together: Weights, spreads: Weights) -> Corrections:
    """The likeliest corrections, sought in units of their spreads, and the covariance there (Fisher information)."""
    design = seen.design * spreads

    def against(point: Weights) -> tuple[float, Weights]:
        chance, slope = _chances(seen.weights + design @ point)
        fit = together * np.log(chance) + (1 - together) * np.log1p(-chance)
        gradient = point + design.T @ ((chance - together) * slope / (chance * (1 - chance)))
        return float(point @ point / 2 - fit.sum()), gradient

    def information(point: Weights) -> Matrix:
        chance, slope = _chances(seen.weights + design @ point)
        return np.eye(len(point)) + (design.T * (slope**2 / (chance * (1 - chance)))) @ design

    found = minimize(against, np.zeros(len(spreads)), jac=True, hess=information, method="trust-exact").x
    return Corrections(found * spreads, np.linalg.inv(information(found)) * np.outer(spreads, spreads))


def _chances(weights: Weights) -> tuple[Weights, Weights]:
    """Of the ruling `together`, slips counted in, by weight; and how they rise a bit."""
    sure = 1 / (1 + np.exp2(-np.clip(weights, -60, 60)))
    return SLIPS + (1 - 2 * SLIPS) * sure, (1 - 2 * SLIPS) * NATS * sure * (1 - sure)


def corrected(kernel: Kernel, likeliest: Weights) -> Model:
    """The kernel's model with corrections; m and u are the nearest to its own that give the corrected bits."""
    model, exact = kernel.model, [feature.scale.exact for feature in kernel.features]
    shares, levels = np.split(likeliest[2:], [len(exact)])
    m, u = dict(model.m), dict(model.u)
    for feature, share, more in zip(kernel.features, shares, np.split(levels, np.cumsum(exact)[:-1]), strict=True):
        bits = model.bits(feature.name)[1:] * (1 + likeliest[1] + share) + more
        own = model.own.get(feature.name, 1.0)
        m[feature.name], u[feature.name] = _likelihoods(bits / own, model.m[feature.name], model.u[feature.name])
    given = {
        known: {name: _lifted(table, model.u[name], u[name]) for name, table in tables.items()} for known, tables in model.given.items()
    }
    return replace(model, m=m, u=u, given=given, prior=model.prior + float(likeliest[0]), unruled=model)


def _likelihoods(bits: Weights, m: Sequence[float], u: Sequence[float]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """m and u that give these bits: their sum is tilted towards the levels of one sign until each is a distribution."""
    bits = bits.copy()
    bits[bits.argmin()] = min(bits.min(), -LEAST_BITS)
    bits[bits.argmax()] = max(bits.max(), LEAST_BITS)
    both, side = np.array(m) + np.array(u), np.tanh(bits * NATS / 2)

    def tilted(by: float) -> Weights:
        tilt = -by * side
        share = both * np.exp(tilt - tilt.max())
        return 2 * share / share.sum()  # type: ignore[no-any-return]

    both, odds = tilted(brentq(lambda by: float(tilted(by) @ side), -1e4, 1e4)), np.exp2(bits)
    return tuple((both * odds / (1 + odds)).tolist()), tuple((both / (1 + odds)).tolist())


def _lifted(table: Sequence[float], before: Sequence[float], after: Sequence[float]) -> tuple[float, ...]:
    """u among agreeing pairs whose lift over the new u is what it was over the old one."""
    return tuple((np.array(after) * np.maximum(np.array(table) / np.array(before), 1)).tolist())
