"""Similarities of paired normal forms: one float32 in 0..1 a pair, symmetric, 1 only for what is as good as equal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA, JaroWinkler, Levenshtein

from matching.comparison import Floats

Forms = Sequence[str]


def never(left: Forms, right: Forms, fitted: Any) -> Floats:
    """Nothing but equality counts."""
    return np.zeros(len(left), np.float32)


def spelling(left: Forms, right: Forms, fitted: Any) -> Floats:
    """Jaro-Winkler: names and short labels typed by people."""
    return _paired(left, right, JaroWinkler.normalized_similarity)


def initials(left: Forms, right: Forms, fitted: Any) -> Floats:
    """Jaro-Winkler, where a lone initial agrees with the name that it begins."""
    similarity = spelling(left, right, fitted)
    for at, (one, other) in enumerate(zip(left, right, strict=True)):
        if (len(one) == 1 or len(other) == 1) and one[:1] == other[:1]:
            similarity[at] = 0.94
    return similarity


def edits(left: Forms, right: Forms, fitted: Any) -> Floats:
    """One minus a tenth an edit (transpositions count one): codes, dates and numbers mistyped."""
    distance = process.cpdist(left, right, scorer=OSA.distance, score_cutoff=3, dtype=np.int32)
    return np.maximum(0, 1 - distance / 10).astype(np.float32)


def proportion(left: Forms, right: Forms, fitted: Any) -> Floats:
    """The smaller amount over the larger; amounts of opposite sign have nothing in common."""
    one, other = np.array(left, np.float64), np.array(right, np.float64)
    small, large = np.minimum(abs(one), abs(other)), np.maximum(abs(one), abs(other))
    ratio = np.divide(small, large, out=np.ones_like(large), where=large > 0)
    return np.where(one * other < 0, 0, ratio).astype(np.float32)


def days(left: Forms, right: Forms, fitted: Any) -> Floats:
    """One minus the days apart over 365."""
    one = np.array([date.fromisoformat(form).toordinal() for form in left], np.int64)
    other = np.array([date.fromisoformat(form).toordinal() for form in right], np.int64)
    return np.maximum(0, 1 - abs(one - other) / 365).astype(np.float32)


@dataclass(frozen=True)
class WordWeights:
    """What each word tells: -log of the share of distinct forms that hold it."""

    weights: dict[str, float]
    unseen: float

    def of(self, word: str) -> float:
        """The weight of a word; a lone letter tells little however rare it is."""
        weight = self.weights.get(word, self.unseen)
        return min(weight, 1.0) if len(word) == 1 else weight


def word_weights(forms: Forms, counts: NDArray[np.int64]) -> WordWeights:
    """Inverse document frequencies over the distinct forms."""
    seen: dict[str, int] = {}
    for form in forms:
        for word in set(form.split()):
            seen[word] = seen.get(word, 0) + 1
    total = max(len(forms), 2)
    return WordWeights({word: float(np.log(total / count)) + 0.1 for word, count in seen.items()}, float(np.log(total)) + 0.1)


def shared_words(left: Forms, right: Forms, fitted: WordWeights) -> Floats:
    """Weighted overlap of words, soft to typing, abbreviation, truncation, acronyms and glued words."""
    return _worded(left, right, lambda one, other: _overlap(one, other, fitted)[0])


def shared_name(left: Forms, right: Forms, fitted: WordWeights) -> Floats:
    """`shared_words` for names, where telling words left on both sides make a branch: `Vidal Lens`, `Vidal Holding`."""

    def compare(one: str, other: str) -> float:
        similarity, rest, rest_other = _overlap(one, other, fitted)
        branches = min(rest, rest_other) >= TELLING_WORD and similarity > BRANCH
        return BRANCH if branches else similarity

    return _worded(left, right, compare)


BRANCH = 0.3
"""The similarity of two branches of one name."""
TELLING_WORD = 2.0


def _worded(left: Forms, right: Forms, compare: Callable[[str, str], float]) -> Floats:
    """Compare pairs word by word, but for those that are hopeless by a cheaper look; near-equal spellings without blanks count too."""
    compact = _paired([form.replace(" ", "") for form in left], [form.replace(" ", "") for form in right], Levenshtein.normalized_similarity)
    hopeful = _paired(left, right, fuzz.token_set_ratio) >= HOPELESS
    similarity = np.fromiter(
        (
            compare(one, other) if hope or len(one) <= ACRONYM or len(other) <= ACRONYM else 0.0
            for one, other, hope in zip(left, right, hopeful.tolist(), strict=True)
        ),
        np.float32,
        count=len(left),
    )
    return np.where(compact >= 0.93, np.maximum(similarity, compact * 0.97), similarity).astype(np.float32)


HOPELESS = 45
"""Percent of rapidfuzz's token set ratio under which two texts share no word, not even abbreviated."""
ACRONYM = 6
"""Longest form that may be the initials of another one."""


def shared_label(left: Forms, right: Forms, fitted: WordWeights) -> Floats:
    """`shared_words` for labels of things, where other figures (24 or 48 ports) mean another thing."""
    similarity = shared_words(left, right, fitted)
    for at, (one, other) in enumerate(zip(left, right, strict=True)):
        if similarity[at] > 0.45 and _figures(one) != _figures(other):
            similarity[at] = 0.45
    return similarity


def _figures(form: str) -> frozenset[str]:
    return frozenset(word for word in form.split() if any(char.isdigit() for char in word))


def _overlap(left: str, right: str, weights: WordWeights) -> tuple[float, float, float]:
    """Weight of the words that both sides say over that of the side that says more; then the weight left alone on each side."""
    one, other = left.split(), right.split()
    common = set(one) & set(other)
    rest = [word for word in one if word not in common]
    others = [word for word in other if word not in common]
    shared = sum(weights.of(word) for word in common)
    total = shared + sum(weights.of(word) for word in rest)
    total_other = shared + sum(weights.of(word) for word in others)
    soft, rest, others = _soft(rest, others, (left, right), weights)
    shared += soft
    larger, smaller = max(total, total_other), min(total, total_other)
    alone = sum(weights.of(word) for word in rest), sum(weights.of(word) for word in others)
    if larger <= 0:
        return 0.0, *alone
    contained = shared / smaller if smaller > 0 else 0.0
    return min(1.0, max(shared / larger, 0.72 if contained >= 0.95 and smaller >= _TELLING_NAME else 0.0)), *alone


_TELLING_NAME = 6.0
"""Weight above which a name held whole in a longer one is still telling."""
_TRUNCATED = 22
"""Characters from which a form may have been cut, so that its last word is but a beginning."""


def _soft(rest: list[str], others: list[str], forms: tuple[str, str], weights: WordWeights) -> tuple[float, list[str], list[str]]:
    """Weight of the words of one side that the other side says in another way, each used once; and the words left on each side."""
    if not rest or not others:
        return 0.0, rest, others
    if acronym := _acronym(rest, others, weights):
        return acronym, [], []
    shared, free, left = 0.0, list(others), []
    cut = tuple(form.rsplit(" ", 1)[-1] if len(form) >= _TRUNCATED else "" for form in forms)
    for word in rest:
        best, twin = max(((_alike(word, candidate, cut), candidate) for candidate in free), default=(0.0, ""))
        if best > 0:
            shared += (
                best * min(weights.of(word), weights.of(twin)) if len(word) > 1 < len(twin) else 0.9 * weights.of(max(word, twin, key=len))
            )
            free.remove(twin)
        else:
            left.append(word)
    return shared, left, free


def _acronym(rest: list[str], others: list[str], weights: WordWeights) -> float:
    for short, long in ((rest, others), (others, rest)):
        if len(short) == 1 and len(long) >= 3 and short[0] == "".join(word[0] for word in long):
            return 0.9 * sum(weights.of(word) for word in long)
    return 0.0


def _alike(word: str, other: str, cut: tuple[str, ...]) -> float:
    if word.isdigit() or other.isdigit():
        return 0.0
    short, long = sorted((word, other), key=lambda item: (len(item), item))
    if (len(short) >= 3 or short in cut) and long.startswith(short):
        return 0.95
    spelled = JaroWinkler.normalized_similarity(word, other)
    return spelled if spelled >= 0.88 else 0.0


def _paired(left: Forms, right: Forms, scorer: Any) -> Floats:
    return process.cpdist(left, right, scorer=scorer, dtype=np.float32)
