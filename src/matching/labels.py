"""Similarity of labels and titles: cosine of weighted words and of weighted letter groups, for many pairs at once.

Words that hold figures are also read joined to their neighbours, so that the model numbers `PS-LX350H` and `PSLX350H` meet.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_matrix

from matching.comparison import Codes, Floats
from matching.forms import Forms

CHUNK = 50_000
WORDS, GROUPS = 0.6, 0.4
"""What words and letter groups count."""
LONGEST_MODEL = 14
TOO_COMMON = 0.15
"""Share of forms from which a letter group tells nothing."""
MOST_LETTERS = 200
"""Letters of a form of which groups are made."""
SHORT = 4
"""Signs of the first part of a model number that stands in two."""
OTHER_FIGURES = 0.6
"""What is left of the similarity of labels where either holds figures that the other does not: 24 ports, 48 ports."""


def tokens(form: str) -> list[str]:
    """The words of a form, each once, and neighbours joined where they make a model number."""
    words = form.split()
    joined = [one + other for one, other in pairwise(words) if len(one + other) <= LONGEST_MODEL and any(map(str.isdigit, one + other))]
    return list(dict.fromkeys([*words, *joined]))


def groups(form: str) -> list[str]:
    """Three and four letters in a row of each word, its edges marked; repeated ones repeated."""
    found = []
    for word in form[:MOST_LETTERS].split():
        edged = f" {word} "
        found += [edged[at : at + 3] for at in range(len(edged) - 2)]
        found += [edged[at : at + 4] for at in range(len(edged) - 3)]
    return found


@dataclass(frozen=True)
class Weights:
    """What each token tells: log of how rare it is, and 0 for what tells nothing."""

    known: dict[str, float]
    unseen: float

    def of(self, token: str) -> float:
        """The weight of a token."""
        return self.known.get(token, self.unseen)


@dataclass(frozen=True)
class LabelWeights:
    """Weights of words and of letter groups."""

    words: Weights
    groups: Weights


def label_weights(forms: Forms) -> LabelWeights:
    """Inverse document frequencies over the distinct forms."""
    return LabelWeights(_weights(forms, tokens, 1.0), _weights(forms, groups, TOO_COMMON))


def _weights(forms: Forms, split: Callable[[str], Sequence[str]], most: float) -> Weights:
    seen: dict[str, int] = {}
    for form in forms.values:
        for token in set(split(form)):
            seen[token] = seen.get(token, 0) + 1
    total = len(forms) + 1
    largest = max(most * total, 20)
    known = {token: float(np.log(total / (count + 1)) + 1) if count <= largest else 0.0 for token, count in seen.items()}
    return Weights(known, float(np.log(total)) + 1)


def alike(forms: Forms, left: Codes, right: Codes, fitted: LabelWeights) -> Floats:
    """Cosine of words and letter groups; 1 only for equal ones."""
    words = forms.cached(fitted.words, lambda values: _vectors(values, tokens, fitted.words))
    letters = forms.cached(fitted.groups, lambda values: _vectors(values, groups, fitted.groups))
    similarity = np.zeros(len(left), np.float32)
    for start in range(0, len(left), CHUNK):
        part = slice(start, start + CHUNK)
        similarity[part] = WORDS * _cosine(words, left[part], right[part]) + GROUPS * _cosine(letters, left[part], right[part])
    return np.minimum(similarity, 0.99)


def alike_products(forms: Forms, left: Codes, right: Codes, fitted: LabelWeights) -> Floats:
    """`alike`, less where either label holds figures that the other does not."""
    similarity = alike(forms, left, right, fitted)
    for at in np.flatnonzero(similarity >= 0.1):
        if _other_figures(forms.values[left[at]], forms.values[right[at]]):
            similarity[at] *= OTHER_FIGURES
    return similarity


def _other_figures(one: str, other: str) -> bool:
    return _left_over(one, other) and _left_over(other, one)


def _left_over(one: str, other: str) -> bool:
    """Whether a word with figures of one label is nowhere in the letters of the other."""
    letters = other.replace(" ", "")
    return any(word not in letters for word in one.split() if any(map(str.isdigit, word)))


def _vectors(values: Sequence[str], split: Callable[[str], Sequence[str]], weights: Weights) -> csr_matrix:
    """A row of unit length a form."""
    ids: dict[str, int] = {}
    columns, data, starts = [], [], [0]
    for form in values:
        counts: dict[str, int] = {}
        for token in split(form):
            counts[token] = counts.get(token, 0) + 1
        for token, count in counts.items():
            if weight := weights.of(token):
                columns.append(ids.setdefault(token, len(ids)))
                data.append(weight * (1 + np.log(count) if count > 1 else 1))
        starts.append(len(columns))
    matrix = csr_matrix((np.array(data, np.float32), np.array(columns, np.int32), np.array(starts)), shape=(len(values), max(len(ids), 1)))
    matrix.sort_indices()
    norms = np.sqrt(matrix.multiply(matrix).sum(1)).A1 if matrix.nnz else np.ones(len(values))
    matrix.data /= np.repeat(np.maximum(norms, 1e-9), np.diff(matrix.indptr)).astype(np.float32)
    return matrix


def _cosine(vectors: csr_matrix, left: Codes, right: Codes) -> Floats:
    return np.asarray(vectors[left].multiply(vectors[right]).sum(1), np.float32).ravel()


def models(form: str) -> Iterator[str]:
    """What may be a model number: a word of letters and figures, five figures, or short neighbours joined."""
    words = form.split()
    joined = (one + other for one, other in pairwise(words) if len(one) <= SHORT and len(other) <= LONGEST_MODEL)
    for word in (*words, *joined):
        figures = sum(map(str.isdigit, word))
        if figures and len(word) >= 4 + (figures == len(word)):
            yield word
