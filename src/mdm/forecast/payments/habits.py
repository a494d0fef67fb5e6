"""How customers pay: a nonparametric empirical Bayes model of the days from due date to payment.

A customer has a habit: a distribution of delays, one of a dictionary of shapes by place and width, symmetric or with a long right side. How
common each habit is, is learned from all customers, and by segment around them: the nonparametric maximum likelihood estimate of the mixing
distribution (Kiefer and Wolfowitz 1956), by a few steps of EM from a broad prior, which keep it smooth (Laird and Louis 1991). A customer's
own invoices then say which habits may be its own (Bayes): one without invoices has the habits of its segment, one with many its own.

An invoice may fall out of the habit: it is disputed, and a long wait comes on top, or it is never paid. How often, is learned by segment and
by customer (Dirichlet). Open invoices are censored at their age, written-off ones are lost; none is dropped. Money that comes on a day on
which banks are closed is seen on the next day of business, so an invoice paid on a Monday may have been paid two days before; in the same
way, that of a customer who pays in runs is seen on their days.

Delays are whole days after the due date, from `FIRST` to `LAST`; what is not paid by then counts as never paid.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter
from scipy.sparse import csr_matrix

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FIRST, LAST = -90, 365
DAYS: Ints = np.arange(FIRST, LAST + 1)
OPEN, PAID, LOST = range(3)
HABIT, DISPUTE, NEVER = range(3)
PRIOR_PARTS = np.array([90.0, 9.0, 1.0])
"""Of a hundred invoices before any is known: within the habit, disputed, never paid."""
DISPUTE_DAYS = 75.0
"""Mean wait of a dispute. Gamma of shape 2: few end at once."""
SEGMENT_INVOICES = 50.0
"""How many invoices of a segment those of all segments weigh as much as, for disputes and losses."""
CUSTOMER_INVOICES = 10.0
"""How many invoices of a customer those of its segment weigh as much as, for disputes and losses."""
PRIOR_CUSTOMERS = 8.0
"""How many customers the prior of the dictionary weighs as much as."""
SEGMENT_CUSTOMERS = 50.0
"""How many customers of a segment all customers weigh as much as."""
ROUNDS = 3
"""Steps of EM."""
RARE = 1e-6
"""Habits less common than that, with everybody, are left out once all is learned."""

_PLACES = (
    -45,
    -30,
    -20,
    -14,
    -10,
    -7,
    -5,
    -3,
    -1,
    0,
    1,
    2,
    3,
    4,
    6,
    8,
    10,
    12,
    15,
    18,
    21,
    25,
    30,
    35,
    40,
    46,
    53,
    61,
    70,
    80,
    95,
    120,
    150,
)
_WIDTHS = (0.7, 1.5, 2.5, 4, 6, 9, 13, 19, 28, 40)
_TINY = 1e-15


@dataclass(frozen=True)
class Observed:
    """Invoices as the model sees them, an element of each array for one.

    customer: an index. outcome: OPEN, PAID or LOST. delay: days from due date to payment; of those that are open, to the last day on which
    a payment would have been seen. held: how many days before its day a payment may have come.
    """

    customer: Ints
    outcome: Ints
    delay: Ints
    held: Ints


@dataclass(frozen=True)
class Habits:
    """What was learned. Rows of `belief`, `parts` and `seen` are the customers by index, then the segments, then everybody.

    shapes: part (HABIT, DISPUTE), habit, day of `DAYS`: how likely. belief: how likely each habit is. parts: how likely an invoice is within
    the habit, disputed, never paid. seen: how many invoices have come to an end or are overdue.
    """

    shapes: Array
    belief: Array
    parts: Array
    seen: Ints


@cache
def dictionary() -> tuple[Array, Array]:
    """Shapes of delays, a row each that sums to 1; and how likely each is before anything is known: about a week late, within two."""
    grid = [(place, width, skewed) for place in _PLACES for width in _WIDTHS for skewed in (False, True)]
    shapes = np.array([_skewed(place, width) if skewed else _symmetric(place, width) for place, width, skewed in grid])
    prior = np.array([np.exp(-abs(place - 7) / 15 - abs(np.log(width / 8)) / 1.5) for place, width, _ in grid])
    return shapes / shapes.sum(1, keepdims=True), prior / prior.sum()


def _symmetric(place: float, width: float) -> Array:
    """Normal."""
    shape: Array = np.exp(-0.5 * ((DAYS - place) / width) ** 2)
    return shape


def _skewed(place: float, width: float) -> Array:
    """Gamma of shape 2, moved so that it has this mean and width."""
    since = np.maximum(DAYS - (place - width * np.sqrt(2)), 0.0)
    shape: Array = since * np.exp(-since * np.sqrt(2) / width) + _TINY
    return shape


def fit(seen: Observed, segment_of: Ints, segments: int) -> Habits:
    """Learn from invoices; `segment_of` says the segment of every customer."""
    plain, prior = dictionary()
    shapes = np.stack([plain, waiting(plain)])
    customers = len(segment_of)
    kinds, counts = _kinds(seen, customers)
    tables = _likelihoods(kinds, shapes)
    member = csr_matrix((np.ones(customers), (segment_of, np.arange(customers))), shape=(segments, customers))
    heard = np.asarray(counts.sum(1)).ravel() > 0
    whole, local, usual = prior, np.tile(prior, (segments, 1)), PRIOR_PARTS / PRIOR_PARTS.sum()
    parts = np.tile(usual, (segments, 1))
    for _ in range(ROUNDS):
        belief, shares = _expected(counts, tables, local, parts, segment_of)
        told = member @ (belief * heard[:, None])
        whole = _scaled(told.sum(0) + PRIOR_CUSTOMERS * prior)
        local = _scaled(told + SEGMENT_CUSTOMERS * whole)
        ended = member @ shares
        usual = _scaled(ended.sum(0) + PRIOR_PARTS)
        parts = _scaled(ended + SEGMENT_INVOICES * usual)
    belief, shares = _expected(counts, tables, local, parts, segment_of)
    own = _scaled(shares + CUSTOMER_INVOICES * parts[segment_of])
    told_of = np.bincount(seen.customer, (seen.outcome != OPEN) | (seen.delay > 0), customers).astype(np.int64)
    count = np.concatenate([told_of, (member @ told_of).astype(np.int64), [told_of.sum()]])
    kept = whole > RARE
    beliefs = _scaled(np.vstack([belief, local, whole])[:, kept])
    return Habits(shapes[:, kept], beliefs, np.vstack([own, parts, usual]), count)


def delays(habits: Habits, rows: Ints, part: int | None = None) -> Array:
    """How likely each delay of a new invoice is: a row for each of `rows`, a column for each of `DAYS` and a last one for never.

    With a part, of invoices that are known to be within the habit, or disputed.
    """
    belief, parts = habits.belief[rows], habits.parts[rows]
    if part == DISPUTE:
        parts = _scaled(parts * np.array([0.0, 1.0, 1.0]))
    elif part == HABIT:
        parts = np.tile([1.0, 0.0, 0.0], (len(rows), 1))
    days = parts[:, [HABIT]] * (belief @ habits.shapes[HABIT]) + parts[:, [DISPUTE]] * (belief @ habits.shapes[DISPUTE])
    return np.concatenate([days, np.maximum(1.0 - days.sum(1, keepdims=True), 0.0)], axis=1)


def waiting(shapes: Array) -> Array:
    """Shapes with the wait of a dispute added; what falls beyond `LAST` is cut off."""
    decay = np.exp(-2.0 / DISPUTE_DAYS)
    once = lfilter([1.0 - decay], [1.0, -decay], shapes, axis=1)
    found: Array = lfilter([1.0 - decay], [1.0, -decay], once, axis=1)
    return found


def _kinds(seen: Observed, customers: int) -> tuple[Ints, csr_matrix]:
    """The distinct things that happened to invoices (outcome, delay, held), and how often each to every customer."""
    told = np.stack([seen.outcome, np.clip(seen.delay, FIRST - 1, LAST), seen.held], axis=1)
    kinds, which = np.unique(told, axis=0, return_inverse=True)
    return kinds, csr_matrix((np.ones(len(told)), (seen.customer, which.ravel())), shape=(customers, len(kinds)))


def _likelihoods(kinds: Ints, shapes: Array) -> Array:
    """How likely what happened is within each habit, disputed, and never paid: part, kind, habit."""
    found = np.empty((3, len(kinds), shapes.shape[1]))
    outcome, delay, held = kinds.T
    until, since = np.clip(delay - FIRST + 1, 0, len(DAYS)), np.clip(delay - held - FIRST, 0, len(DAYS))
    paid, open_ = (outcome == PAID)[:, None], (outcome == OPEN)[:, None]
    for part, rows in enumerate(shapes):
        sums = np.concatenate([np.zeros((len(rows), 1)), rows.cumsum(1)], axis=1).T
        found[part] = np.where(paid, sums[until] - sums[since], np.where(open_, 1.0 - sums[until], 0.0))
    found[NEVER] = np.where(paid, 0.0, 1.0)
    return np.maximum(found, _TINY)


def _expected(counts: csr_matrix, tables: Array, local: Array, parts: Array, segment_of: Ints) -> tuple[Array, Array]:
    """How likely each habit is of every customer, and how many of its invoices were within it, disputed, never paid."""
    belief, shares = np.empty((counts.shape[0], tables.shape[2])), np.empty((counts.shape[0], 3))
    for segment, (habits, part) in enumerate(zip(local, parts, strict=True)):
        mine = np.flatnonzero(segment_of == segment)
        mixed = np.tensordot(part, tables, 1)
        weight = counts[mine] @ np.log(mixed) + np.log(np.maximum(habits, _TINY))
        belief[mine] = _scaled(np.exp(weight - weight.max(1, keepdims=True, initial=-np.inf)))
        for at in range(3):
            shares[mine, at] = ((counts[mine] @ (part[at] * tables[at] / mixed)) * belief[mine]).sum(1)
    return belief, shares


def _scaled(weights: Array) -> Array:
    """Weights that sum to 1 along the last axis."""
    found: Array = weights / weights.sum(-1, keepdims=True)
    return found
