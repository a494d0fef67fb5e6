"""How good matching is: estimated without labels, judged on a sample, measured against the truth.

Without labels the model's own probabilities are all there is: a pair is right as often as the model says. Records of one cluster are as likely one
thing as the likeliest chain of pairs between them, and of two records that may not both be the same as a third one, each takes from the other's
chance. Matches that no blocking rule found are estimated from how many rules found each of the others (Chao 1987). A sample that people judge
needs no model: every stratum is counted by itself (Wilson 1927, finite population correction), and the strata are put together by the distances
of their limits (Zou and Donner 2008; for a ratio Donner and Zou 2012).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.stats import beta

from matching import blocking
from matching.clustering import Constraints, Labels, Weights, components
from matching.declaration import fields
from matching.engine import BATCH, Resolution, Rulings, Thresholds
from matching.features import taken
from matching.hashing import scrambled
from matching.sources import Sources, one_source

Z = 1.96
DOUBT = 2.0
"""Bits by which all weights may be wrong together: an estimate's interval covers that."""
LIKELY = 0.9
"""Probability from which a pair counts among the matches that blocking rules found once, or twice."""
SURE = 40.0
"""Bits beyond which more make no difference."""
LARGEST = 500
"""Records of a cluster of which chains are followed; beyond, only pairs that were kept count."""
CELLS = 4_000_000
LOOKED_AT = 200_000
"""Pairs that were compared and not kept, of which the weights are looked at again."""
BANDS = (4.25, 9.96)
"""Bits of a probability of .95, and of .999."""
OUTSIDE = 2.0
"""Bits below the threshold that are just outside."""
LEAST = 5
"""Pairs to judge of every stratum that has so many."""
DRAWS = 500


class Sentence(NamedTuple):
    """A sentence for people, in French and in English."""

    fr: str
    en: str


class Share(NamedTuple):
    """A share, and the interval in which it lies."""

    value: float
    low: float
    high: float


class Agreement(NamedTuple):
    """What is right of what was found, and what was found of what is right."""

    precision: Share
    recall: Share
    f1: Share


@dataclass(frozen=True)
class Quality:
    """How good matching is, by pairs, by clusters of two records or more that are exactly right, and by record (B-cubed)."""

    pairs: Agreement
    rests_on: Sentence
    clusters: Agreement | None = None
    records: Agreement | None = None


@dataclass(frozen=True)
class Kept:
    """What is kept of a resolution: weighed pairs of positions, the clusters, and what no evidence may overrule."""

    left: Labels
    right: Labels
    weight: Weights
    labels: Labels
    thresholds: Thresholds
    constraints: Constraints = field(default_factory=Constraints)
    rivalry: Sequence[NDArray[np.int32]] = ()
    """Fields of which a cluster has one value and of which the weights do not know: where one pair is right, another one is not."""
    across: bool = False
    """Whether only records of two different sources are compared."""
    found_by: NDArray[np.int64] | None = None
    """How many blocking rules found each pair, where that is known."""
    rules: int = 0
    """How many rules there are."""
    others: NDArray[np.int64] | None = None
    """Pairs that were compared, not kept, and not joined, packed; where they are known."""
    resolution: Resolution | None = None
    """With which other pairs can be weighed."""

    @cached_property
    def looked_at(self) -> tuple[NDArray[np.int64], Weights]:
        """Some of the others, the same ones every time, and their weights."""
        if self.others is None or self.resolution is None:
            return np.zeros(0, np.int64), np.zeros(0)
        thin = np.uint64(max(1, len(self.others) // LOOKED_AT))
        chosen = self.others[scrambled(self.others.astype(np.uint64)) % thin == 0]
        left, right = np.divmod(chosen, max(len(self.labels), 1))
        some = (taken(self.resolution.columns, left[at : at + BATCH], right[at : at + BATCH]) for at in range(0, len(left), BATCH))
        kernel = self.resolution.kernel
        return chosen, np.concatenate([np.zeros(0), *(kernel.weights(pairs, kernel.levels(pairs)) for pairs in some)])


Found = Resolution | Kept

JUDGED = Sentence(
    "Repose sur les paires jugées, tirées au hasard par strate ; une paire que personne n'a comparée n'y est pas. "
    "Intervalle à 95 % : Wilson par strate, combinées.",
    "Rests on the pairs that were judged, drawn by chance from each stratum; a pair that was never compared is not among them. "
    "95% interval: Wilson for each stratum, combined.",
)
MEASURED = Sentence(
    "Mesuré sur la vérité donnée. Intervalle à 95 % : clusters tirés à nouveau avec remise (bootstrap).",
    "Measured against the truth given. 95% interval: clusters drawn again with replacement (bootstrap).",
)
_MODEL = Sentence(
    "Repose sur les probabilités du modèle, que rien ici ne vérifie ; l'intervalle (loi bêta, les paires d'un cluster justes ou fausses ensemble, "
    "élargi à des poids tous trop forts ou trop faibles de deux bits) vaut ce qu'elles valent : jugez un échantillon pour savoir.",
    "Rests on the model's probabilities, which nothing here checks; the interval (Beta, the pairs of a cluster right or wrong together, widened to "
    "weights that are all two bits too strong or too weak) is worth what they are worth: judge a sample to know.",
)
_NEVER = Sentence(
    "Les paires jamais comparées sont estimées d'après le nombre de règles qui ont trouvé chacune des autres (Chao), qui en dit plutôt trop peu.",
    "Pairs never compared are estimated from how many rules found each of the others (Chao), which rather says too few.",
)
_UNKNOWN = Sentence(
    "Les paires jamais comparées ou non gardées ne sont pas comptées : le rappel est un maximum.",
    "Pairs never compared, or not kept, are not counted: the recall is a maximum.",
)


def kept(
    found: Found, declaration: type[BaseModel] | None = None, *, rulings: Rulings | None = None, sources: Sources | None = None
) -> Kept:
    """What is kept of a resolution. With its declaration, also which rules found each pair, and what was compared and not kept.

    `rulings` and `sources` are those with which it was resolved.
    """
    if isinstance(found, Kept):
        return found
    left, right, weight = (found.pairs[name].to_numpy() for name in ("left", "right", "weight"))
    ruled, origin = rulings or Rulings(), sources or one_source(len(found.labels))
    vetoing = [found.columns[column].codes for column in found.kernel.vetoes]
    constraints = Constraints(ruled.together, ruled.apart, [*vetoing, *origin.single()])
    found_by, others = _compared(found, declaration, origin) if declaration else (None, None)
    rules = len(found.model.blocking.rules)
    return Kept(left, right, weight, found.labels, found.thresholds, constraints, vetoing, origin.across, found_by, rules, others, found)


def _compared(found: Resolution, declaration: type[BaseModel], sources: Sources) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many rules found each kept pair, and the pairs compared that were neither kept nor joined, packed."""
    count = len(found.labels)
    available = blocking.filings(found.columns, fields(declaration))
    packed, rules = blocking.pairs(available, found.model.blocking, count, sources.may_meet, blocking.Report())
    place = np.searchsorted(packed, found.pairs["left"].to_numpy() * count + found.pairs["right"].to_numpy())
    rest = np.delete(packed, place)
    left, right = np.divmod(rest, max(count, 1))
    bits = np.arange(max(len(found.model.blocking.rules), 1))
    return ((rules[place, None] >> bits) & 1).sum(axis=1), rest[found.labels[left] != found.labels[right]]


# Belief: how likely each pair is one thing.


class Belief(NamedTuple):
    """Pairs, each with the chance that it is one thing: those that were kept, and every other pair of one cluster."""

    left: Labels
    right: Labels
    probability: Weights

    def joined(self, labels: Labels) -> float:
        """Expected matches among the pairs that clusters join."""
        return float(self.probability[labels[self.left] == labels[self.right]].sum())

    def missed(self, labels: Labels) -> float:
        """Expected matches among the others."""
        return float(self.probability[labels[self.left] != labels[self.right]].sum())


def believed(found: Kept, *labels: Labels, shift: float = 0.0) -> Belief:
    """The chance of every kept pair, and of every other pair that some of the clusters join; all weights shifted by some bits."""
    count = max(len(found.labels), 1)
    must = np.array(sorted(found.constraints.together), np.int64).reshape(-1, 2)
    left, right = np.append(found.left, must.min(axis=1)), np.append(found.right, must.max(axis=1))
    own = Belief(left, right, np.append(likelihood(found, shift), np.ones(len(must))))
    every = [own, *(chained(mine, own) for mine in labels or (found.labels,))]
    packed, chance = np.concatenate([mine.left * count + mine.right for mine in every]), np.concatenate([mine[2] for mine in every])
    chain = np.arange(len(packed)) >= len(left)
    order = np.lexsort((-chance, chain, packed))
    first = order[np.diff(packed[order], prepend=-1) != 0]
    left, right = np.divmod(packed[first], count)
    return Belief(left, right, np.where(np.isin(packed[first], _packed(found.constraints.apart, count)), 0.0, chance[first]))


def _packed(pairs: Iterable[tuple[int, int]], count: int) -> list[int]:
    return [min(pair) * count + max(pair) for pair in pairs]


def likelihood(found: Kept, shift: float = 0.0) -> Weights:
    """The chance of each kept pair by its own weight and by those of its rivals; what was ruled upon is known."""
    count = len(found.labels)
    odds = _odds(found.weight + shift)
    chance = odds / (1 + odds + rivals(found, found.rivalry, odds, found.left, found.right))
    for ruled, known in ((found.constraints.together, 1.0), (found.constraints.apart, 0.0)):
        chance[np.isin(found.left * count + found.right, _packed(ruled, count))] = known
    return chance


def _odds(weight: Weights) -> Weights:
    return np.exp2(np.clip(weight, -SURE, SURE))


def rivals(found: Kept, fields_of_one: Sequence[NDArray[np.int32]], odds: Weights, left: Labels, right: Labels) -> Weights:
    """For pairs of records, the odds of the kept pairs that cannot be right at once with them, by fields of which a cluster has one value."""
    against = np.zeros((2, len(left)))
    for codes in fields_of_one:
        width = int(codes.max(initial=0)) + 1
        one, other = np.concatenate([found.left, found.right]), np.concatenate([found.right, found.left])
        says = np.flatnonzero(codes[other] >= 0)
        key = one[says] * width + codes[other[says]]
        order = np.argsort(key)
        starts = np.flatnonzero(np.diff(key[order], prepend=-1))
        if not len(starts):
            continue
        best, known = np.maximum.reduceat(np.tile(odds, 2)[says][order], starts), key[order][starts]
        total = np.bincount(known // width, best, minlength=len(found.labels))
        for side, (mine, theirs) in enumerate(((left, right), (right, left))):
            wanted = mine * width + codes[theirs]
            at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
            rest = total[mine] - np.where(known[at] == wanted, best[at], 0)
            against[side] = np.maximum(against[side], np.where(codes[theirs] >= 0, rest, 0))
    return against.sum(axis=0)  # type: ignore[no-any-return]


def chained(labels: Labels, pairs: Belief) -> Belief:
    """Every pair of records of one cluster, as likely as the likeliest chain of pairs inside it."""
    inside = labels[pairs.left] == labels[pairs.right]
    left, right, probability = (part[inside] for part in pairs)
    size = np.bincount(labels, minlength=len(labels))
    order = np.argsort(labels, kind="stable")
    place = np.zeros(len(labels), np.int64)
    place[order] = np.arange(len(labels)) - np.repeat(np.cumsum(size) - size, size)
    first = np.searchsorted(labels[order], np.arange(len(labels)))
    found = [Belief(left, right, probability)]
    for records in np.unique(size[(size > 2) & (size <= LARGEST)]).tolist():
        some = np.flatnonzero(size == records)
        own = size[labels[left]] == records
        number, edges = np.zeros(len(labels), np.int64), Belief(left[own], right[own], probability[own])
        number[some] = np.arange(len(some))
        step = max(CELLS // records**2, 1)
        for start in range(0, len(some), step):
            mine = some[start : start + step]
            at = number[labels[edges.left]] - start
            here = (at >= 0) & (at < len(mine))
            likely = _likeliest(len(mine), records, at[here], place[edges.left[here]], place[edges.right[here]], edges.probability[here])
            one, other = np.triu_indices(records, 1)
            member = order[first[mine][:, None] + np.arange(records)]
            found.append(Belief(member[:, one].ravel(), member[:, other].ravel(), likely[:, one, other].ravel()))
    return Belief(*(np.concatenate(part) for part in zip(*found, strict=True)))


def _likeliest(count: int, size: int, cluster: Labels, one: Labels, other: Labels, probability: Weights) -> Weights:
    """By cluster, the likeliest chain between any two places (Floyd 1962, Warshall 1962)."""
    best = np.zeros((count, size, size))
    np.maximum.at(best, (cluster, one, other), probability)
    best = np.maximum(best, best.transpose(0, 2, 1))
    for through in range(size):
        np.maximum(best, best[:, :, through, None] * best[:, through, None, :], out=best)
    return best


# Estimates without labels.


class Hidden(NamedTuple):
    """Expected matches that are in no pair that was kept, with their variance."""

    expected: float
    variance: float


def estimated(found: Found, declaration: type[BaseModel] | None = None) -> Quality:
    """Precision and recall as the model's own probabilities have them. With the declaration, what blocking missed is estimated too."""
    known = kept(found, declaration)
    several = [_estimated(known, shift) for shift in (0.0, -DOUBT, DOUBT)]
    note = _UNKNOWN if known.found_by is None else _NEVER
    rests_on = Sentence(f"{_MODEL.fr} {note.fr}", f"{_MODEL.en} {note.en}")
    return Quality(_widest([pairs for pairs, _ in several]), rests_on, _widest([clusters for _, clusters in several]))


def _widest(several: Sequence[Agreement]) -> Agreement:
    """The first, in an interval that holds those of all."""
    return Agreement(
        *(Share(every[0].value, min(one.low for one in every), max(one.high for one in every)) for every in zip(*several, strict=True))
    )


def _estimated(found: Kept, shift: float) -> tuple[Agreement, Agreement]:
    belief, hidden = believed(found, shift=shift), concealed(found, shift)
    labels, total = found.labels, pairs_within(found.labels)
    joined, missed = belief.joined(labels), belief.missed(labels) + hidden.expected
    inside, between = _doubts(belief, labels)
    between += hidden.variance
    share = joined / max(joined + missed, 1e-12)
    spread = (missed**2 * inside + joined**2 * between) / max(joined + missed, 1e-12) ** 4
    pairs = agreement(_beta(joined / max(total, 1), inside / max(total, 1) ** 2, total), _beta(share, spread, joined + missed))
    return pairs, _exact(found, belief, hidden)


def pairs_within(labels: Labels) -> int:
    """Pairs that clusters join."""
    size = np.bincount(labels)
    return int((size * (size - 1) // 2).sum())


def _doubts(belief: Belief, labels: Labels) -> tuple[float, float]:
    """Variance of the matches inside clusters, and of those between them; pairs of the same clusters are right or wrong together."""
    doubt = np.sqrt(belief.probability * (1 - belief.probability))
    one, other = labels[belief.left], labels[belief.right]
    unit = np.unique(np.minimum(one, other) * max(len(labels), 1) + np.maximum(one, other), return_inverse=True)[1]
    spread = np.bincount(unit, doubt) ** 2
    inside = np.bincount(unit, one == other) > 0
    return float(spread[inside].sum()), float(spread[~inside].sum())


def concealed(found: Kept, shift: float = 0.0) -> Hidden:
    """Expected matches among the pairs compared and not kept, and among those that no rule found; none where neither is known."""
    if found.found_by is None or found.others is None:
        return Hidden(0.0, 0.0)
    likely, (chosen, weight) = likelihood(found, shift), found.looked_at
    once, twice = (float(likely[(likely >= LIKELY) & (found.found_by == times)].sum()) for times in (1, 2))
    never, variance = _chao(once, twice, found.rules)
    odds = _odds(weight + shift)
    chance = odds / (
        1 + odds + rivals(found, found.constraints.single, _odds(found.weight + shift), *np.divmod(chosen, max(len(found.labels), 1)))
    )
    below = float(chance.sum()) * len(found.others) / max(len(chosen), 1)
    return Hidden(never + below, variance + below)


def _chao(once: float, twice: float, rules: int) -> Hidden:
    """Matches that none of so many rules found, by those that one and two of them found (Chao 1987, corrected for bias), and the variance of that."""
    if rules < 2:
        return Hidden(0.0, 0.0)
    once, base, few = max(once, 1.0), twice + 1, (rules - 1) / rules
    expected = few * once * (once - 1) / (2 * base)
    spread = few**2 * (once * (2 * once - 1) ** 2 / (4 * base**2) + once**2 * twice * (once - 1) ** 2 / (4 * base**4))
    return Hidden(expected, expected + spread if once > 1 else 0.0)


def _exact(found: Kept, belief: Belief, hidden: Hidden) -> Agreement:
    """Clusters of two records or more: those found, those that there are, and those that are both.

    A cluster is right where its surest pairs hold (a spanning tree) and nothing leads out of it. Two clusters are one thing or two, whatever
    pairs there are between them.
    """
    count, size = max(len(found.labels), 1), np.bincount(found.labels, minlength=len(found.labels))
    small, large, chance = _between(belief, found.labels)
    each = ((size > 0).sum() / count) ** 2  # links a hidden pair: the same link hides as many pairs as the two clusters have
    links = hidden.expected * each
    leaving = np.bincount(np.append(small, large), np.tile(-np.log1p(-np.minimum(chance, 1 - 1e-12)), 2), minlength=len(size))
    pure, some = _holding(belief, found.labels, size)
    right = (pure * np.exp(-leaving - 2 * links * size / count))[size > 1]
    loners = (size == 1).sum() / count
    fresh = chance[(size[small] == 1) & (size[large] == 1)].sum() - chance[(size[small] > 1) & (size[large] > 1)].sum()
    there = max(some[size > 1].sum() + fresh + links * (2 * loners - 1), right.sum())
    spread = (right * (1 - right)).sum()
    return agreement(*(_beta(right.sum() / max(of, 1e-12), spread / max(of, 1e-12) ** 2, of) for of in (len(right), there)))


def _between(belief: Belief, labels: Labels) -> tuple[Labels, Labels, Weights]:
    """Clusters with pairs between them, and the chance that they are one thing: the mean of those pairs."""
    one, other = labels[belief.left], labels[belief.right]
    apart = one != other
    unit = np.minimum(one, other)[apart] * max(len(labels), 1) + np.maximum(one, other)[apart]
    units, at = np.unique(unit, return_inverse=True)
    small, large = np.divmod(units, max(len(labels), 1))
    return small, large, np.bincount(at, belief.probability[apart], minlength=len(units)) / np.bincount(at, minlength=len(units))


def _holding(belief: Belief, labels: Labels, size: Labels) -> tuple[Weights, Weights]:
    """By cluster, the chance that it is one thing, and that any two of its records are."""
    inside = (labels[belief.left] == labels[belief.right]) & (belief.probability > 0)
    left, right, chance = (part[inside] for part in belief)
    graph = coo_matrix((1 - np.log(np.maximum(chance, 1e-12)), (left, right)), shape=(max(len(labels), 1),) * 2)
    tree = minimum_spanning_tree(graph.tocsr()).tocoo()
    cluster, bits = labels[tree.row], 1 - tree.data
    whole = np.bincount(cluster, minlength=len(labels)) == size - 1
    none = np.bincount(cluster, np.log1p(-np.minimum(np.exp(bits), 1 - 1e-12)), minlength=len(labels))
    return np.where(whole, np.exp(np.bincount(cluster, bits, minlength=len(labels))), 0.0), 1 - np.exp(none)


def upheld(found: Kept, rulings: Iterable[tuple[int, int, str]]) -> tuple[int, int]:
    """Of rulings (left, right, `same` or `different`), with how many the weights agree, and with how many not; a pair not kept is two things."""
    count = max(len(found.labels), 1)
    alike = set((found.left * count + found.right)[found.weight >= found.thresholds.match].tolist())
    agree = [(min(left, right) * count + max(left, right) in alike) == (said == "same") for left, right, said in rulings]
    return sum(agree), len(agree) - sum(agree)


def agreement(precision: Share, recall: Share) -> Agreement:
    """Both, and their harmonic mean."""
    return Agreement(precision, recall, Share(*(2 * p * r / (p + r) if p + r > 0 else 0.0 for p, r in zip(precision, recall, strict=True))))


def _beta(mean: float, variance: float, of: float) -> Share:
    """A share in the 95% interval of the Beta distribution of that mean and variance; of nothing, nothing is known."""
    if of <= 0:
        return Share(1.0, 0.0, 1.0)
    mean = min(max(float(mean), 0.0), 1.0)
    rest = mean * (1 - mean)
    if variance <= 1e-15 or rest <= 1e-12:
        return Share(mean, mean, mean)
    strength = rest / variance - 1
    if strength <= 0:
        return Share(mean, 0.0, 1.0)
    low, high = beta.ppf([0.025, 0.975], mean * strength, (1 - mean) * strength)
    return Share(mean, min(float(low), mean), max(float(high), mean))


# A sample to judge, and what it tells.

STRATA = (
    "joined, beyond doubt", "joined, sure", "joined, probable", "joined through other records",
    "apart in spite of evidence", "apart, just outside", "apart, below", "compared, not kept",
)  # fmt: skip
JOINED = 4
"""The first so many strata are pairs that clusters join."""


def sample_to_judge(found: Found, count: int, seed: int, declaration: type[BaseModel] | None = None) -> pa.Table:
    """A random sample of pairs for people to judge, in random order: left, right, stratum, pairs (in the stratum), inclusion (probability).

    Strata are bands of weight, joined and not (`STRATA`); what is most in doubt is drawn more often. With the declaration of a resolution, pairs
    that were compared and not kept are among them. Raises ValueError where `count` is too small for the strata.
    """
    known, random = kept(found, declaration), np.random.default_rng(seed)
    width = max(len(known.labels), 1)
    packed, stratum, chance = _frame(known)
    order = np.lexsort((packed, stratum))
    packed, stratum, chance = packed[order], stratum[order], chance[order]
    sizes = np.bincount(stratum, minlength=len(STRATA))
    doubt = np.bincount(stratum, chance, minlength=len(STRATA)) / np.maximum(sizes, 1)
    wanted = allotted(sizes, np.clip(doubt, 0.02, 0.98), count)
    starts = np.cumsum(sizes) - sizes
    chosen = np.concatenate(
        [start + random.choice(size, some, replace=False) for start, size, some in zip(starts, sizes, wanted, strict=True)]
    ).astype(np.int64)
    chosen = random.permutation(chosen)
    left, right = np.divmod(packed[chosen], width)
    of = stratum[chosen]
    inclusion = wanted[of] / np.maximum(sizes[of], 1)
    return pa.table({"left": left, "right": right, "stratum": of, "pairs": sizes[of], "inclusion": inclusion})


def _frame(found: Kept) -> tuple[NDArray[np.int64], NDArray[np.int64], Weights]:
    """Every pair that can be drawn, packed, with its stratum and its chance; those ruled upon too, for they may be wrong as well."""
    width, match = max(len(found.labels), 1), found.thresholds.match
    own = found.left * width + found.right
    joined = found.labels[found.left] == found.labels[found.right]
    bands = np.searchsorted(BANDS, found.weight, side="right")
    outside = np.select([found.weight >= match, found.weight >= match - OUTSIDE], [4, 5], default=6)
    inner = np.concatenate([np.zeros(0, np.int64), *_inner(found.labels)])
    through = np.setdiff1d(inner, own, assume_unique=True)
    others = np.zeros(0, np.int64) if found.others is None else found.others
    packed = np.concatenate([own, through, others])
    stratum = np.concatenate([np.where(joined, 2 - bands, outside), np.full(len(through), 3), np.full(len(others), 7)]).astype(np.int64)
    return packed, stratum, np.concatenate([likelihood(found), np.full(len(through), 0.9), np.zeros(len(others))])


def _inner(labels: Labels) -> Iterator[NDArray[np.int64]]:
    """Every pair of records of one cluster, packed."""
    several = np.flatnonzero(np.bincount(labels, minlength=len(labels))[labels] > 1)
    for one, other in blocking.blocks(several, labels[several].astype(np.uint64)):
        yield np.minimum(one, other) * len(labels) + np.maximum(one, other)


def allotted(sizes: NDArray[np.int64], shares: Weights, count: int) -> NDArray[np.int64]:
    """How many pairs of each stratum to judge: by the root of its size and by its doubt (power allocation, Bankier 1988), a few at least."""
    given = np.minimum(sizes, LEAST)
    if given.sum() > count:
        raise ValueError(f"{count} pairs are too few to judge {np.count_nonzero(sizes)} strata; ask for {given.sum()} or more")
    weight = np.sqrt(sizes) * np.sqrt(shares * (1 - shares))
    while (left := min(count, int(sizes.sum())) - int(given.sum())) > 0:
        open_ = np.where(given < sizes, weight, 0)
        more = np.minimum(np.floor(left * open_ / open_.sum()).astype(np.int64), sizes - given)
        if not more.any():
            more = np.zeros_like(given)
            more[open_.argmax()] = 1
        given = given + more
    return given


def judged(sample: pa.Table, verdicts: Sequence[bool | None]) -> Quality:
    """Precision and recall by what people said of a sample: True for one thing, False for two, None where they did not say.

    Recall is of the matches among the pairs that could be drawn.
    """
    stratum, sizes = sample["stratum"].to_numpy(), sample["pairs"].to_numpy()
    said = np.array([np.nan if verdict is None else float(verdict) for verdict in verdicts])
    within: list[tuple[bool, int, Share]] = []
    for at in np.unique(stratum):
        mine = said[stratum == at]
        mine, size = mine[~np.isnan(mine)], int(sizes[stratum == at][0])
        within.append((bool(at < JOINED), size, wilson(float(mine.mean()), len(mine), size) if len(mine) else Share(0.5, 0.0, 1.0)))
    right, missed = (_total([(size, share) for joined, size, share in within if joined is wanted]) for wanted in (True, False))
    joined = sum(size for mine, size, _ in within if mine)
    precision = Share(*(min(part / joined, 1.0) for part in right)) if joined else Share(1.0, 0.0, 1.0)
    return Quality(agreement(precision, _part(right, missed)), JUDGED)


def wilson(share: float, count: int, of: int) -> Share:
    """A share of `count` judged of a stratum of so many, in Wilson's interval with the finite population correction."""
    if count >= of:
        return Share(share, share, share)
    strength = count * (of - 1) / (of - count)
    centre = share + Z**2 / (2 * strength)
    reach = Z * np.sqrt(share * (1 - share) / strength + Z**2 / (4 * strength**2))
    low, high = ((centre + sign * reach) / (1 + Z**2 / strength) for sign in (-1, 1))
    return Share(share, max(float(low), 0.0), min(float(high), 1.0))


def _total(strata: Sequence[tuple[int, Share]]) -> Share:
    """How many pairs of all strata are right: the limits are as far off as those of the strata together (Zou and Donner 2008)."""
    value = sum(size * share.value for size, share in strata)
    below = np.sqrt(sum((size * (share.value - share.low)) ** 2 for size, share in strata))
    above = np.sqrt(sum((size * (share.high - share.value)) ** 2 for size, share in strata))
    return Share(value, max(float(value - below), 0.0), min(float(value + above), float(sum(size for size, _ in strata))))


def _part(right: Share, missed: Share) -> Share:
    """What `right` is of both: from the limits of their ratio (Donner and Zou 2012)."""
    if right.high <= 0:
        return Share(1.0, 0.0, 1.0) if missed.high <= 0 else Share(0.0, 0.0, 0.0)
    least, most = _ratio(missed, right)
    value = right.value / (right.value + missed.value) if right.value + missed.value > 0 else 0.0
    return Share(value, min(1 / (1 + most), value), max(1 / (1 + least), value))


def _ratio(one: Share, other: Share) -> tuple[float, float]:
    """Limits of one over the other, both counted apart from each other."""
    product = one.value * other.value
    low_base, high_base = other.high * (2 * other.value - other.high), other.low * (2 * other.value - other.low)
    low_root = product**2 - one.low * (2 * one.value - one.low) * low_base
    high_root = product**2 - one.high * (2 * one.value - one.high) * high_base
    low = (product - np.sqrt(max(low_root, 0.0))) / low_base if low_base > 0 else one.low / other.high
    high = (product + np.sqrt(max(high_root, 0.0))) / high_base if high_base > 0 else np.inf
    return max(float(low), 0.0), float(high)


# Against the truth.


def measured(
    labels: Labels, truth_clusters: Labels | None = None, truth_pairs: Sequence[tuple[int, int]] | None = None, *, seed: int = 0
) -> Quality:
    """Clusters held against true ones, or against true pairs (what is the same as the same is the same).

    Raises ValueError where neither is given.
    """
    if truth_clusters is None and truth_pairs is None:
        raise ValueError("give the true clusters, or the true pairs")
    left, right = np.array(sorted(truth_pairs or ()), np.int64).reshape(-1, 2).T
    truth = components(len(labels), left, right) if truth_clusters is None else truth_clusters
    counts = _counts(np.unique(labels, return_inverse=True)[1], np.unique(truth, return_inverse=True)[1])
    rows, many = np.unique(counts, axis=0, return_counts=True)
    drawn = np.random.default_rng(seed).multinomial(many.sum(), many / max(many.sum(), 1), DRAWS)
    pairs, clusters, records = (_measured(rows[:, at : at + 4], many, drawn) for at in (0, 4, 8))
    return Quality(pairs, MEASURED, clusters, records)


def _counts(labels: Labels, truth: Labels) -> NDArray[np.float64]:
    """By group of records that neither the clusters nor the truth part: of pairs, clusters, records each what is right of how much found and true."""
    width = int(truth.max(initial=0)) + 1
    cells, both = np.unique(labels * width + truth, return_counts=True)
    one, other = np.divmod(cells, width)
    found, true = np.bincount(labels), np.bincount(truth)
    group = components(len(found) + len(true), one, len(found) + other).astype(np.int64)
    own, theirs, groups = group[: len(found)], group[len(found) :], int(group.max(initial=-1)) + 1
    exact = (both == found[one]) & (both == true[other]) & (both > 1)
    right, whole, precise, recalled = (
        np.bincount(own[one], cell, minlength=groups)
        for cell in (both * (both - 1) / 2, exact, both**2 / found[one], both**2 / true[other])
    )
    pairs = [np.bincount(at, size * (size - 1) / 2, minlength=groups) for at, size in ((own, found), (theirs, true))]
    several = [np.bincount(at, size > 1, minlength=groups) for at, size in ((own, found), (theirs, true))]
    records = np.bincount(own, found, minlength=groups)
    return np.stack([right, pairs[0], right, pairs[1], whole, several[0], whole, several[1], precise, records, recalled, records], axis=1)


def _measured(rows: Weights, many: NDArray[np.int64], drawn: NDArray[np.int64]) -> Agreement:
    """Precision, recall and F1, each in the middle 95% of what was drawn; where all drawn are alike, in Wilson's interval over the groups."""
    groups = [int(many[rows[:, at] > 0].sum()) for at in (1, 3)]
    shares = zip(_shares(many @ rows), _shares(drawn @ rows), (*groups, sum(groups)), strict=True)
    return Agreement(*(_middle(float(value), again, of) for value, again, of in shares))


def _shares(sums: Weights) -> tuple[Weights, Weights, Weights]:
    """Precision, recall, F1 of what was right and found, right and true; of nothing all is right."""
    precision, recall = (
        np.where(of > 0, right / np.maximum(of, 1e-12), 1.0) for right, of in ((sums.T[0], sums.T[1]), (sums.T[2], sums.T[3]))
    )
    return precision, recall, 2 * precision * recall / np.maximum(precision + recall, 1e-12)


def _middle(value: float, drawn: Weights, groups: int) -> Share:
    if not groups:
        return Share(value, 0.0, 1.0)
    low, high = np.quantile(drawn, [0.025, 0.975])
    if high - low < 1e-12:
        _, low, high = wilson(min(max(value, 0.0), 1.0), groups, 10**12)
    return Share(value, min(float(low), value), max(float(high), value))
