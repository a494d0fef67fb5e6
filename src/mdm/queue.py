"""What is asked of stewards first, and which golden records look broken: figures without a database."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Literal, NamedTuple

Kind = Literal["pair", "cluster", "value", "pin"]
KINDS: tuple[Kind, ...] = ("pair", "cluster", "value", "pin")

FLOOR = 100
"""What a wrong golden record costs where nothing hangs on it, in the company's currency: two letters, a call to the wrong one."""
THIN = 1.0
"""Bits above the threshold up to which two joined records are joined on thin evidence."""
BRIDGE = 4.25
"""Bits (95 %) below which one pair that alone holds two groups together is worth a look."""
LARGE = 50
"""Records from which a golden record is looked at for its size alone."""


def uncertainty(weight: float) -> float:
    """How open a question is, from 0 to 1: twice the chance that the likelier answer is wrong, 2 min(p, 1 - p) = 1 - |2p - 1|.

    Times the stake that is, but for the factor, the euros that a wrong answer of the engine is expected to misplace, which is what a
    steward's minute can save. Binary entropy would put sure questions before their worth: it is the price of a bit and not of an error.
    """
    return float(2 / (1 + 2 ** min(abs(weight), 1000)))


def rank(stake: Decimal, open_: float) -> float:
    """By what a task is put before others: stake x uncertainty; nothing is worth less than the floor."""
    return max(float(stake), FLOOR) * open_


class Bridge(NamedTuple):
    """A pair without which a golden record falls into two groups of several records."""

    golden_id: str
    left_id: int
    right_id: int
    uncertainty: float


def bridges(joined: Iterable[tuple[str, int, int, float]], below: float = BRIDGE) -> list[Bridge]:
    """The weakest bridge below some bits of each golden record that has one. In: golden_id, left_id, right_id, weight of joined pairs.

    Of a pair that is there twice the larger weight counts.
    """
    pairs: dict[str, dict[tuple[int, int], float]] = defaultdict(dict)
    for golden_id, left, right, weight in joined:
        pair, known = (min(left, right), max(left, right)), pairs[golden_id]
        known[pair] = max(weight, known.get(pair, weight))
    found = []
    for golden_id, weights in sorted(pairs.items()):
        weak = [(weights[pair], *pair) for pair in _cutting(list(weights)) if weights[pair] < below]
        if weak:
            weight, left, right = min(weak)
            found.append(Bridge(golden_id, left, right, uncertainty(weight)))
    return found


def _cutting(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Pairs whose end would cut a graph in two parts of at least two records each (Tarjan 1974, without recursion)."""
    beside: dict[int, list[int]] = defaultdict(list)
    for left, right in pairs:
        beside[left].append(right)
        beside[right].append(left)
    order: dict[int, int] = {}
    found = []
    for root in sorted(beside):
        if root not in order:
            found += _cuts_from(root, beside, order)
    return found


def _cuts_from(root: int, beside: dict[int, list[int]], order: dict[int, int]) -> list[tuple[int, int]]:
    start, low, size, cuts = len(order), {root: len(order)}, {root: 1}, []
    order[root] = start
    way = [(root, root, iter(beside[root]))]
    while way:
        here, parent, others = way[-1]
        for other in others:
            if other not in order:
                order[other] = low[other] = len(order)
                size[other] = 1
                way.append((other, here, iter(beside[other])))
                break
            if other != parent:
                low[here] = min(low[here], order[other])
        else:
            way.pop()
            if here != root:
                low[parent] = min(low[parent], low[here])
                size[parent] += size[here]
                if low[here] > order[parent]:
                    cuts.append((parent, here, size[here]))
    whole = len(order) - start
    return [(min(one, other), max(one, other)) for one, other, held in cuts if held > 1 and whole - held > 1]
