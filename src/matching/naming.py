"""Similarity of people's whole names, for many pairs at once: every word of one name finds at most one of the other.

Two people often share most of a name, so a word that contradicts costs much and a word that is missing little; order says nothing.
"""

from functools import lru_cache
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

from matching.comparison import Codes, Floats
from matching.forms import Forms, Words
from matching.kinds.nicknames import familiar

Ids = NDArray[np.int32]
Bools = NDArray[np.bool_]

CHUNK = 20_000
USUAL = 0.94
"""What a name by which somebody is usually called is worth beside the name in full, and a word spelled by its sound."""
AN_EDIT = 0.05
"""What an edit takes from a word."""
INITIAL = 0.7
"""What an initial is worth beside a name that it begins."""
GLUED = 0.97
"""What words are worth beside the same words without a blank."""
SLIGHT = 0.5
"""The weight of an initial or a patronymic beside a word that names somebody."""
CONTRADICTS, MISSING = 1.6, 0.06
"""What a unit of weight costs that both sides say in another way, and what one costs that a side does not say."""
FEW = 1.4
"""Weight below which what names share is too little for a name that says more."""
PARTLY, LONGER = 0.6, 0.92
"""The most that two names are worth of which one is but a word of the other, and of which one says a word more."""
LONG = 9
"""Letters of a word written together from which one may be wrong."""
PATRONYMICS = ("ovich", "evich", "ovych", "evych", "ovna", "evna", "ivna")


def whole_names(forms: Forms, left: Codes, right: Codes, fitted: Any) -> Floats:
    """Weight of the words that agree, over that of all that both sides say."""
    similarity = np.zeros(len(left), np.float32)
    for start in range(0, len(left), CHUNK):
        part = slice(start, start + CHUNK)
        similarity[part] = _aligned(forms, left[part], right[part])
    return similarity


def _aligned(forms: Forms, left: Codes, right: Codes) -> Floats:
    """Equal words first, then the likest, then words written together; what is left contradicts or is missing."""
    words = forms.words
    weights = forms.cached(_weights, lambda _: _weights(words))
    one, other = words.ids[left], words.ids[right]
    weight, weight_other = np.where(one >= 0, weights[one], 0), np.where(other >= 0, weights[other], 0)
    equal = (one[:, :, None] == other[:, None, :]) & (one >= 0)[:, :, None]
    free, free_other = (one >= 0) & ~equal.any(2), (other >= 0) & ~equal.any(1)
    agreed = np.where(equal.any(2), weight, 0).sum(1)  # the weight of what agrees, and how far it does
    score = agreed.copy()
    rows = np.flatnonzero(free.any(1) & free_other.any(1))
    if len(rows):
        sides = (one[rows], other[rows]), (weight[rows], weight_other[rows]), (free[rows], free_other[rows])
        for weight_found, score_found in (_spelled(words, *sides), _written_together(words, *sides)):
            agreed[rows] += weight_found
            score[rows] += score_found
        free[rows], free_other[rows] = sides[2]
    alone, alone_other = np.where(free, weight, 0).sum(1), np.where(free_other, weight_other, 0).sum(1)
    contradicting, missing = np.minimum(alone, alone_other), abs(alone - alone_other)
    similarity = score / (agreed + CONTRADICTS * contradicting + MISSING * missing)
    most = np.where(missing < 1, 1, np.where(agreed < FEW, PARTLY, LONGER))
    found: Floats = np.minimum(similarity, most).astype(np.float32)
    return found


def _weights(words: Words) -> Floats:
    """A lone letter and a patronymic name nobody by themselves."""
    slight = [len(word) == 1 or word.endswith(PATRONYMICS) for word in words.vocabulary]
    return np.where(slight, SLIGHT, 1).astype(np.float32)


Sides = tuple[Ids, Ids]
Found = tuple[Floats, Floats]


def _spelled(words: Words, ids: Sides, weights: tuple[Floats, Floats], free: tuple[Bools, Bools]) -> Found:
    """Weight and score of words that are one word in two spellings, the likest first, each used once; those used are no longer free."""
    row, at, at_other = np.nonzero(free[0][:, :, None] & free[1][:, None, :])
    alike = np.zeros((*free[0].shape, free[1].shape[1]), np.float32)
    alike[row, at, at_other] = _alike(words, ids[0][row, at], ids[1][row, at_other])
    agreed, score = np.zeros(len(alike), np.float32), np.zeros(len(alike), np.float32)
    rows = np.flatnonzero(alike.any((1, 2)))
    while len(rows):
        best = alike[rows].reshape(len(rows), -1).argmax(1)
        i, j = np.divmod(best, alike.shape[2])
        weight = np.minimum(weights[0][rows, i], weights[1][rows, j])
        agreed[rows] += weight
        score[rows] += weight * alike[rows, i, j]
        alike[rows, i, :] = 0
        alike[rows, :, j] = 0
        free[0][rows, i] = free[1][rows, j] = False
        rows = rows[alike[rows].any((1, 2))]
    return agreed, score


def _alike(words: Words, one: Ids, other: Ids) -> Floats:
    """How far two words that are not equal are one name, each distinct pair judged once."""
    size = len(words.vocabulary)
    pairs, inverse = np.unique(np.minimum(one, other).astype(np.int64) * size + np.maximum(one, other), return_inverse=True)
    first, second = np.divmod(pairs, size)
    a, b = words.vocabulary[first].tolist(), words.vocabulary[second].tolist()
    edits = process.cpdist(a, b, scorer=OSA.distance, score_cutoff=3, dtype=np.int32)
    shorter = np.minimum(words.lengths[first], words.lengths[second])
    judged = np.where(edits <= _allowed(shorter), 1 - AN_EDIT * edits, 0)
    initial = (shorter == 1) & (words.initials[first] == words.initials[second])
    judged[initial] = INITIAL
    for at in np.flatnonzero((judged < 1) & (shorter > 1)):
        if not _of_one_sex(a[at], b[at]):
            judged[at] = 0
        elif judged[at] < USUAL and (familiar(a[at], b[at]) or _sounds_alike(a[at], b[at])):
            judged[at] = USUAL
    return judged.astype(np.float32)[inverse]


def _allowed(letters: NDArray[np.int64]) -> NDArray[np.int64]:
    """Edits after which a word of so many letters is still that word."""
    return np.searchsorted(np.array([5, 9]), letters, side="right")


def _of_one_sex(one: str, other: str) -> bool:
    """Whether two words do not differ by an ending `o` and `a` alone."""
    return not (one[:-1] == other[:-1] and {one[-1], other[-1]} == {"a", "o"})


def _sounds_alike(one: str, other: str) -> bool:
    """Whether two spellings are one name in another transliteration; the vowels of short ones have to agree too."""
    if min(len(one), len(other)) <= 4:
        return heard(one) == heard(other)
    sound, sound_other = heard(one), heard(other)
    most = max(len(one), len(other)) // 3
    return consonants(sound) == consonants(sound_other) and OSA.distance(sound, sound_other, score_cutoff=most) <= most


_SPELLINGS = (
    ("tsch", "s"), ("sch", "s"), ("sh", "s"), ("tch", "s"), ("tz", "s"), ("dzh", "j"), ("dj", "j"), ("kh", "h"), ("gh", "g"), ("zh", "j"),
    ("ph", "f"), ("th", "t"), ("dh", "d"), ("ck", "k"), ("ch", "s"), ("ou", "u"), ("oo", "u"), ("ee", "i"), ("ie", "i"), ("ei", "ai"),
    ("ey", "ai"), ("ay", "ai"), ("ks", "x"),
)  # fmt: skip
_LETTERS = str.maketrans("wqcyzj01345", "vkkisioieas")


@lru_cache(maxsize=65536)
def heard(word: str) -> str:
    """A word by how it sounds in any of the usual transliterations, figures in the place of letters read as those, nothing doubled."""
    for spelling, sound in _SPELLINGS:
        word = word.replace(spelling, sound)
    word = word.translate(_LETTERS)
    return "".join(letter for at, letter in enumerate(word) if at == 0 or letter != word[at - 1])


def consonants(sound: str) -> str:
    """The consonants of what is heard, and whether it begins with a vowel."""
    return ("a" if sound[0] in "aeiou" else "") + "".join(letter for letter in sound if letter not in "aeiouh")


def _written_together(words: Words, ids: Sides, weights: tuple[Floats, Floats], free: tuple[Bools, Bools]) -> Found:
    """Weight and score of two or three words that the other side writes as one, or as their initials; those used are no longer free."""
    agreed, score = np.zeros(len(ids[0]), np.float32), np.zeros(len(ids[0]), np.float32)
    for short, long in ((0, 1), (1, 0)):
        for row, at in np.argwhere(_may_hold(words, ids[short], ids[long], free[short], free[long])):
            places = {int(place): words.vocabulary[ids[long][row, place]] for place in np.flatnonzero(free[long][row])}
            used = _parts(words.vocabulary[ids[short][row, at]], places)
            if used:
                weight = weights[long][row, used].sum()
                agreed[row] += weight
                score[row] += weight * GLUED
                free[short][row, at] = free[long][row, used] = False
    return agreed, score


def _may_hold(words: Words, short: Ids, long: Ids, free: Bools, free_long: Bools) -> Bools:
    """Free words that begin as one free word of the other side and, unless they are as short as initials, end as one."""
    both = free[:, :, None] & free_long[:, None, :] & (free_long.sum(1) >= 2)[:, None, None]
    begins = both & (words.initials[short][:, :, None] == words.initials[long][:, None, :])
    ends = both & (words.finals[short][:, :, None] == words.finals[long][:, None, :])
    shorter = words.lengths[long][:, None, :] < words.lengths[short][:, :, None]
    initials = begins.any(2) & (words.lengths[short] >= 2) & (words.lengths[short] <= 3)
    found: Bools = initials | ((begins & shorter).any(2) & (ends & shorter).any(2))
    return found


def _parts(word: str, places: dict[int, str]) -> list[int]:
    """The places of the words that make one together, or whose initials do."""
    for some in permutations(places, len(word)) if len(word) <= 3 else ():
        if all(places[at][0] == letter for at, letter in zip(some, word, strict=True)):
            return list(some)
    for count in (2, 3):
        for some in permutations([at for at in places if len(places[at]) < len(word)], count):
            if places[some[0]][0] == word[0] and places[some[-1]][-1] == word[-1] and _is("".join(places[at] for at in some), word):
                return list(some)
    return []


def _is(glued: str, word: str) -> bool:
    """Whether words written together are a word, one letter wrong in a long one."""
    return glued == word or (len(word) >= LONG and OSA.distance(glued, word, score_cutoff=1) <= 1)
