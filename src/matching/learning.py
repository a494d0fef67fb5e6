"""Learning from stewards: what their rulings correct in a model that was trained without labels.

The weight of a pair is linear in a few corrections: of the prior, of the steepness of all bits and of each feature's, of the bits of each level, and
of how much the dependence of features counts. Unruled, each is nought with a spread that says how far training without labels may be off. Rulings
are answers by the odds of the weight, of which a few are slips; the corrections are their mode (Fisher scoring), what rulings leave open is the
covariance there (Laplace). Which pairs were asked about follows from how they agree, which the weight knows, so that answers need no weights of
their own. The corrections end in prior, m, u and `given`: the kernel weighs and explains as before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, isotonic_regression

from matching.comparison import MISSING, Levels
from matching.encode import Columns
from matching.engine import Resolution, Rulings, Thresholds
from matching.features import Feature, taken
from matching.kernel import Kernel
from matching.model import VETO, Model, Weights
from matching.sources import Positions

Pair = tuple[int, int]
Design = NDArray[np.float64]

PRIOR, STEEPNESS, DEPENDENCE, FEATURE, LEVEL = 4.0, 0.25, 1.0, 0.2, 1.5
"""Spread of the corrections: bits of the prior; shares of all bits, of all dependence, of a feature's bits; bits of a level."""
AT_STEEPNESS, AT_DEPENDENCE, AT_FEATURES = 1, 2, 3
"""Their places; that of the prior is the first, those of the levels are the last."""
SLIPS = 0.03
"""Share of rulings that say the opposite of what is true."""
LEAST_BITS = 0.05
"""Bits by which the level that speaks most for a match does so, and the level that speaks most against."""
STEPS = 60
NATS = float(np.log(2))
"""In a bit."""


@dataclass(frozen=True)
class Learnt(Model):
    """A model that rulings have corrected."""

    before: Model | None = None
    """The model without them: what is learnt again starts there, or rulings would count twice."""


class Evidence(NamedTuple):
    """Pairs, as the corrections see them."""

    levels: Levels
    weights: Weights
    """Bits before any correction."""
    design: Design
    """One row a pair: the bits that a unit of each correction adds."""


class Corrections(NamedTuple):
    """What rulings say of the corrections: the likeliest, and the covariance of what they leave open."""

    likeliest: Weights
    covariance: NDArray[np.float64]


class Contradicted(NamedTuple):
    """A ruling that the weights, left alone, would decide otherwise."""

    left: int
    right: int
    together: bool
    """What the steward ruled."""
    weight: float
    """What the model says, in bits."""


def taught(resolution: Resolution, rulings: Rulings) -> Model:
    """The resolution's model as all its rulings correct it; give those of earlier rounds too."""
    kernel = before(resolution)
    return corrected(kernel, corrections(resolution, rulings)) if rulings.together | rulings.apart else kernel.model


def thresholds(resolution: Resolution) -> Thresholds:
    """The resolution's thresholds with the match at the greatest F1 that the weights expect of themselves."""
    weights = np.sort(resolution.pairs["weight"].to_numpy())[::-1]
    if not len(weights):
        return resolution.thresholds
    chance = 1 / (1 + np.exp2(-np.clip(weights, -60, 60)))
    expected = 2 * np.cumsum(chance) / (np.arange(1, len(chance) + 1) + chance.sum())
    match = float(weights[expected.argmax()])
    return Thresholds(match, min(resolution.thresholds.review, match))


def contradicted(resolution: Resolution, rulings: Rulings) -> list[Contradicted]:
    """The rulings that the weights alone would decide otherwise; a pair that was ruled both ways is for the stewards to settle."""
    asked, together = answers(rulings)
    if not len(asked):
        return []
    weights = evidence(resolution.kernel, resolution.columns, asked).weights + contest(resolution, asked)
    _, again, times = np.unique(asked, axis=0, return_inverse=True, return_counts=True)
    wrong = ((weights >= resolution.thresholds.match) != together) & (times[again.ravel()] == 1)
    return [Contradicted(int(asked[at, 0]), int(asked[at, 1]), bool(together[at]), float(weights[at])) for at in np.flatnonzero(wrong)]


def before(resolution: Resolution) -> Kernel:
    """The resolution's kernel with the model that no ruling has corrected."""
    model = resolution.model
    unruled = model.before if isinstance(model, Learnt) and model.before is not None else model
    return replace(resolution.kernel, model=unruled)


def answers(rulings: Rulings) -> tuple[Positions, NDArray[np.bool_]]:
    """The pairs that were ruled on, one a row, in order; and whether they are together."""
    ruled = sorted({(min(pair), max(pair), side) for side, pairs in ((0, rulings.apart), (1, rulings.together)) for pair in pairs})
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
    dependence = (kernel.dependence(levels) * counted).sum(axis=1)
    design = np.column_stack([np.ones(len(levels)), bits.sum(axis=1), dependence, bits, *reached]).astype(np.float64)
    return Evidence(levels, kernel.weights(pairs, levels), design)


def contest(resolution: Resolution, positions: Positions) -> Weights:
    """Bits by which the resolution weighs pairs less than its kernel does: partners of the same record speak against each other."""
    count = max(int(positions.max(initial=0)), len(resolution.labels)) + 1
    known = resolution.pairs["left"].to_numpy() * count + resolution.pairs["right"].to_numpy()
    order = np.argsort(known)
    wanted = positions[:, 0] * count + positions[:, 1]
    found = (
        order[np.minimum(np.searchsorted(known, wanted, sorter=order), len(known) - 1)] if len(known) else np.zeros(len(wanted), np.int64)
    )
    met = np.flatnonzero(known[found] == wanted) if len(known) else np.zeros(0, np.int64)
    pairs = taken(resolution.columns, positions[met, 0], positions[met, 1])
    out = np.zeros(len(positions))
    out[met] = resolution.pairs["weight"].to_numpy()[found[met]] - resolution.kernel.weights(pairs, resolution.kernel.levels(pairs))
    return np.minimum(out, 0)


def corrections(resolution: Resolution, rulings: Rulings) -> Corrections:
    """What the rulings say of the model that no ruling has corrected. Pairs that a veto decides teach nothing."""
    kernel = before(resolution)
    asked, together = answers(rulings)
    seen = evidence(kernel, resolution.columns, asked)
    weights, taught = seen.weights + contest(resolution, asked), seen.weights > VETO
    return _fitted(seen.design[taught], weights[taught], together[taught].astype(np.float64), _spreads(kernel.features))


def _spreads(features: Sequence[Feature]) -> Weights:
    levels = sum(feature.scale.exact for feature in features)
    return np.array([PRIOR, STEEPNESS, DEPENDENCE, *[FEATURE] * len(features), *[LEVEL] * levels])


def _fitted(design: Design, weights: Weights, together: Weights, spreads: Weights) -> Corrections:
    """The mode; dependence that would turn into its opposite, or grow beyond twice what it was, is held there."""
    found = _mode(design, weights, together, spreads)
    held = float(np.clip(found.likeliest[AT_DEPENDENCE], -1, 1))
    if held == found.likeliest[AT_DEPENDENCE]:
        return found
    rest = design.copy()
    rest[:, AT_DEPENDENCE] = 0
    found = _mode(rest, weights + held * design[:, AT_DEPENDENCE], together, spreads)
    likeliest = found.likeliest.copy()
    likeliest[AT_DEPENDENCE] = held
    return Corrections(likeliest, found.covariance)


def _mode(design: Design, weights: Weights, together: Weights, spreads: Weights) -> Corrections:
    """Fisher scoring with halved steps. A ruling is right by the odds of the weight, or a slip."""
    precision, at = np.diag(spreads**-2.0), np.zeros(len(spreads))

    def chances(point: Weights) -> tuple[Weights, Weights]:
        sure = 1 / (1 + np.exp2(-np.clip(weights + design @ point, -60, 60)))
        return SLIPS + (1 - 2 * SLIPS) * sure, (1 - 2 * SLIPS) * NATS * sure * (1 - sure)

    def against(point: Weights) -> float:
        chance, _ = chances(point)
        fit = together * np.log(chance) + (1 - together) * np.log(1 - chance)
        return float(0.5 * point @ precision @ point - fit.sum())

    for _ in range(STEPS):
        chance, slope = chances(at)
        spread = chance * (1 - chance)
        gradient = precision @ at + design.T @ ((chance - together) * slope / spread)
        step, size = np.linalg.solve(precision + (design.T * (slope**2 / spread)) @ design, gradient), 1.0
        here = against(at)
        while against(at - size * step) > here and size > 1e-4:
            size /= 2
        at = at - size * step
        if np.abs(size * step).max() < 1e-6:
            break
    chance, slope = chances(at)
    covariance = np.asarray(np.linalg.inv(precision + (design.T * (slope**2 / (chance * (1 - chance)))) @ design), np.float64)
    return Corrections(at, covariance)


def corrected(kernel: Kernel, found: Corrections) -> Learnt:
    """The kernel's model with corrections; m and u are the nearest to its own that give the corrected bits."""
    model, start = kernel.model, AT_FEATURES + len(kernel.features)
    m, u = dict(model.m), dict(model.u)
    for at, feature in enumerate(kernel.features):
        bits, places = model.bits(feature.name)[1:], range(start, start := start + feature.scale.exact)
        unit = np.zeros((len(bits), len(found.likeliest)))
        unit[:, [AT_STEEPNESS, AT_FEATURES + at]] = bits[:, None]
        unit[range(len(bits)), places] = 1
        open_ = np.einsum("ij,jk,ik->i", unit, found.covariance, unit)
        m[feature.name], u[feature.name] = _likelihoods(
            _ordered(bits + unit @ found.likeliest, bits, open_), model.m[feature.name], model.u[feature.name]
        )
    share = 1 - float(found.likeliest[AT_DEPENDENCE])
    given = {
        known: {name: _lifted(table, model.u[name], u[name], share) for name, table in tables.items()}
        for known, tables in model.given.items()
    }
    kept = {field.name: getattr(model, field.name) for field in fields(Model)}
    return Learnt(**kept | {"m": m, "u": u, "given": given, "prior": model.prior + float(found.likeliest[0])}, before=model)


def _ordered(bits: Weights, unruled: Weights, open_: Weights) -> Weights:
    """Bits that fall from one level to the next no more than they did unruled; what rulings leave most open gives way most."""
    fall = np.concatenate([[0.0], np.minimum(np.diff(unruled), 0).cumsum()])
    ordered = isotonic_regression(bits - fall, weights=1 / np.maximum(open_, 1e-9)).x + fall
    lowest, highest = int(ordered.argmin()), int(ordered.argmax())
    ordered[lowest] = min(ordered[lowest], -LEAST_BITS)
    ordered[highest] = max(ordered[highest], LEAST_BITS)
    return ordered  # type: ignore[no-any-return]


def _likelihoods(bits: Weights, m: Sequence[float], u: Sequence[float]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """m and u that give these bits: the sum of both tilted until each is a distribution."""
    both, side = np.array(m) + np.array(u), np.tanh(bits * NATS / 2)

    def tilted(by: float) -> Weights:
        tilt = -by * side
        share = both * np.exp(tilt - tilt.max())
        return 2 * share / share.sum()  # type: ignore[no-any-return]

    both = tilted(brentq(lambda by: float(tilted(by) @ side), -1e4, 1e4))
    odds = np.exp2(bits)
    return tuple((both * odds / (1 + odds)).tolist()), tuple((both / (1 + odds)).tolist())


def _lifted(table: Sequence[float], before: Sequence[float], after: Sequence[float], share: float) -> tuple[float, ...]:
    """u among agreeing pairs such that its lift over the u that is now is a share of the lift that it was."""
    return tuple((np.array(after) * np.maximum(np.array(table) / np.array(before), 1) ** share).tolist())
