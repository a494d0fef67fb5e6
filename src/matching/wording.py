"""Similarity of texts by their words, for many pairs at once: weighted overlap, soft to typing, abbreviation, truncation and acronyms.

Words are numbers, so that two forms are compared as small matrices; words that are not equal are compared by spelling once a distinct
pair of words, however many forms they stand in.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler, Levenshtein

from matching.comparison import Floats
from matching.forms import Forms, Words

Codes = NDArray[np.int32]
Bools = NDArray[np.bool_]

CHUNK = 40_000
SPELLED = 0.88
"""Jaro-Winkler from which two words are one word mistyped."""
AN_EDIT, EDITED_FROM = 0.9, 6
"""What a word with one letter wrong is worth, wherever it is wrong, and the letters from which it is still that word."""
SHORT_WORD = 3
"""Letters up to which a word with one wrong is another word."""
ABBREVIATED = 0.95
"""What an abbreviation is worth."""
ACRONYM, TWO_LETTERS = 0.9, 0.8
"""What the initials of three words or more are worth, and those of two."""
TELLING_NAME = 6.0
"""Weight above which a name held whole in a longer one is still telling."""
TELLING_WORD = 2.0
"""Weight above which a word left alone makes a branch."""
HELD, PARTLY = 0.72, 0.45
"""The least similarity of a name to a longer one that holds it whole, where it is telling and where it is not."""
BRANCH = 0.3
"""The similarity of two branches of one name."""


@dataclass(frozen=True)
class WordWeights:
    """What each word tells: -log of the share of distinct forms that hold it."""

    weights: dict[str, float]
    unseen: float

    def of(self, word: str) -> float:
        """The weight of a word; a lone letter tells little however rare it is."""
        weight = self.weights.get(word, self.unseen)
        return min(weight, 1.0) if len(word) == 1 else weight


def word_weights(forms: Forms) -> WordWeights:
    """Inverse document frequencies over the distinct forms."""
    words = forms.words
    seen = np.bincount(words.ids[words.ids >= 0], minlength=len(words.vocabulary))
    return weights_of(words.vocabulary.tolist(), seen, len(forms))


def weights_of(vocabulary: Sequence[str], seen: NDArray[np.int64], forms: int) -> WordWeights:
    """Inverse document frequencies of words, by how many of all forms hold each."""
    total = max(forms, 2)
    weights = np.log(total / np.maximum(seen, 1)) + 0.1
    return WordWeights(dict(zip(vocabulary, weights.tolist(), strict=True)), float(np.log(total)) + 0.1)


def shared_words(forms: Forms, left: Codes, right: Codes, fitted: WordWeights) -> Floats:
    """Weighted overlap of words."""
    return _in_chunks(forms, left, right, fitted, branches=False)


def shared_name(forms: Forms, left: Codes, right: Codes, fitted: WordWeights) -> Floats:
    """`shared_words` for names, where telling words left on both sides make a branch: `Vidal Lens`, `Vidal Holding`."""
    return _in_chunks(forms, left, right, fitted, branches=True)


def _in_chunks(forms: Forms, left: Codes, right: Codes, fitted: WordWeights, *, branches: bool) -> Floats:
    """Chunks fit the processor's cache; near-equal spellings without blanks count too."""
    weights = forms.weighed(fitted)
    similarity = np.zeros(len(left), np.float32)
    for start in range(0, len(left), CHUNK):
        part = slice(start, start + CHUNK)
        similarity[part] = _overlap(forms, left[part], right[part], weights, branches=branches)
    compact = process.cpdist(
        forms.compact[left].tolist(),
        forms.compact[right].tolist(),
        scorer=Levenshtein.normalized_similarity,
        score_cutoff=0.93,
        dtype=np.float32,
    )
    return np.maximum(similarity, compact * np.float32(0.97)).astype(np.float32)


def _overlap(forms: Forms, left: Codes, right: Codes, weights: Floats, *, branches: bool) -> Floats:
    """Weight of the words that both sides say, over the weight of the side that says more."""
    words = forms.words
    one, other = words.ids[left], words.ids[right]
    weight, weight_other = _weights(one, weights), _weights(other, weights)
    equal = (one[:, :, None] == other[:, None, :]) & (one >= 0)[:, :, None]
    free, free_other = (one >= 0) & ~equal.any(2), (other >= 0) & ~equal.any(1)
    shared = np.where(equal.any(2), weight, 0).sum(1)
    rows = np.flatnonzero(free.any(1) & free_other.any(1))
    said = weight[rows], weight_other[rows]
    shared[rows] += _soft(forms, (left[rows], right[rows]), (one[rows], other[rows]), said, (free, free_other), rows)
    weight[rows], weight_other[rows] = said
    total, total_other = weight.sum(1), weight_other.sum(1)
    larger, smaller = np.maximum(total, total_other), np.minimum(total, total_other)
    similarity = np.divide(shared, larger, out=np.zeros_like(shared), where=larger > 0)
    held = (shared >= 0.95 * smaller) & (smaller > 0)
    least = np.where(held, np.where(smaller >= TELLING_NAME, HELD, PARTLY), 0)
    similarity = np.minimum(np.maximum(similarity, least), 1)
    if branches:
        alone = np.minimum(np.where(free, weight, 0).sum(1), np.where(free_other, weight_other, 0).sum(1))
        similarity[(alone >= TELLING_WORD) & (similarity > BRANCH)] = BRANCH
    found: Floats = similarity.astype(np.float32)
    return found


def _weights(ids: Codes, weights: Floats) -> Floats:
    return np.where(ids >= 0, weights[ids], 0)


def _soft(
    forms: Forms,
    codes: tuple[Codes, Codes],
    ids: tuple[Codes, Codes],
    weights: tuple[Floats, Floats],
    free: tuple[Bools, Bools],
    rows: NDArray[np.intp],
) -> Floats:
    """Weight of the words that a side says in another way, the likest first, each used once; those used are no longer free."""
    if not len(rows):
        return np.zeros(0, np.float32)
    mine, theirs = free[0][rows], free[1][rows]
    open_pairs = mine[:, :, None] & theirs[:, None, :]
    row, at, at_other = np.nonzero(open_pairs)
    cut = forms.cut[codes[0][row]] & (at == forms.words.counts[codes[0][row]] - 1)
    cut_other = forms.cut[codes[1][row]] & (at_other == forms.words.counts[codes[1][row]] - 1)
    alike = np.zeros(open_pairs.shape, np.float32)
    alike[row, at, at_other] = _alike(forms.words, ids[0][row, at], ids[1][row, at_other], cut, cut_other)
    shared = _acronyms(forms.words, ids, weights, (mine, theirs))
    width = ids[1].shape[1]
    for _ in range(min(ids[0].shape[1], width)):
        best = alike.reshape(len(alike), -1).argmax(1)
        at, at_other = np.divmod(best, width)
        every = np.arange(len(alike))
        found = alike[every, at, at_other]
        chosen = np.flatnonzero(found > 0)
        if not len(chosen):
            break
        i, j = at[chosen], at_other[chosen]
        said = np.minimum(weights[0][chosen, i], weights[1][chosen, j])
        shared[chosen] += found[chosen] * said
        typed = found[chosen] != np.float32(ABBREVIATED)  # a word mistyped is rare, and tells no more than the word that is meant
        weights[0][chosen[typed], i[typed]] = weights[1][chosen[typed], j[typed]] = said[typed]
        alike[chosen, i, :] = 0
        alike[chosen, :, j] = 0
        mine[chosen, i] = theirs[chosen, j] = False
    free[0][rows], free[1][rows] = mine, theirs
    return shared


def _alike(words: Words, one: Codes, other: Codes, cut: Bools, cut_other: Bools) -> Floats:
    """How far two words that are not equal are one word, each distinct pair judged once; a word that was cut off may be any beginning."""
    pairs, inverse = np.unique(
        np.minimum(one, other).astype(np.int64) * len(words.vocabulary) + np.maximum(one, other), return_inverse=True
    )
    first, second = np.divmod(pairs, len(words.vocabulary))
    a, b = words.vocabulary[first].tolist(), words.vocabulary[second].tolist()
    spelled = process.cpdist(a, b, scorer=JaroWinkler.normalized_similarity, score_cutoff=SPELLED, dtype=np.float32)
    shorter = np.minimum(words.lengths[first], words.lengths[second])
    edited = process.cpdist(a, b, scorer=OSA.distance, score_cutoff=1, dtype=np.int32) <= 1
    spelled = np.where(edited & (shorter >= EDITED_FROM), np.maximum(spelled, AN_EDIT), np.where(shorter > SHORT_WORD, spelled, 0))
    begins = words.initials[first] == words.initials[second]
    begins[begins] = [a[at].startswith(b[at]) or b[at].startswith(a[at]) for at in np.flatnonzero(begins)]
    figures = words.figures[first] | words.figures[second]
    judged = np.where(figures, 0, np.where(begins & (shorter >= 3), ABBREVIATED, spelled)).astype(np.float32)[inverse]
    truncated = (begins & ~figures)[inverse] & np.where(words.lengths[one] < words.lengths[other], cut, cut_other)
    return np.where(truncated, np.maximum(judged, ABBREVIATED), judged).astype(np.float32)


def _acronyms(words: Words, ids: tuple[Codes, Codes], weights: tuple[Floats, Floats], free: tuple[Bools, Bools]) -> Floats:
    """Weight of words of which the other side says but the initials; those words are used."""
    shared = np.zeros(len(ids[0]), np.float32)
    for short, long in ((0, 1), (1, 0)):
        counts = free[long].sum(1)
        begins = words.initials[ids[long][np.arange(len(shared)), free[long].argmax(1)]]
        lone = free[short] & (words.lengths[ids[short]] == counts[:, None]) & (words.initials[ids[short]] == begins[:, None])
        for row, at in np.argwhere(lone & (counts >= 2)[:, None]):
            every = free[long][row]
            if words.vocabulary[ids[short][row, at]] == "".join(word[0] for word in words.vocabulary[ids[long][row][every]]):
                shared[row] += (ACRONYM if counts[row] > 2 else TWO_LETTERS) * weights[long][row][every].sum()
                free[short][row, at], free[long][row] = False, False
    return shared
