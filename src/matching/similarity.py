"""Similarities of paired normal forms: one float32 in 0..1 a pair, symmetric, 1 only for what is as good as equal."""

from datetime import date
from typing import Any

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler

from matching.comparison import Codes, Floats
from matching.forms import Forms


def never(forms: Forms, left: Codes, right: Codes, fitted: Any) -> Floats:
    """Nothing but equality counts."""
    return np.zeros(len(left), np.float32)


def spelling(forms: Forms, left: Codes, right: Codes, fitted: Any) -> Floats:
    """Jaro-Winkler: names and short labels typed by people."""
    return _paired(forms, left, right, JaroWinkler.normalized_similarity)


def initials(forms: Forms, left: Codes, right: Codes, fitted: Any) -> Floats:
    """Jaro-Winkler, where a lone initial agrees with the name that it begins."""
    similarity = spelling(forms, left, right, fitted)
    for at, (one, other) in enumerate(zip(forms.texts(left), forms.texts(right), strict=True)):
        if (len(one) == 1 or len(other) == 1) and one[:1] == other[:1]:
            similarity[at] = 0.94
    return similarity


def edits(forms: Forms, left: Codes, right: Codes, fitted: Any) -> Floats:
    """One minus a tenth an edit (transpositions count one): codes, dates and numbers mistyped."""
    distance = process.cpdist(forms.texts(left), forms.texts(right), scorer=OSA.distance, score_cutoff=3, dtype=np.int32)
    return np.maximum(0, 1 - distance / 10).astype(np.float32)


def proportion(forms: Forms, left: Codes, right: Codes, fitted: Any) -> Floats:
    """The smaller amount over the larger; amounts of opposite sign have nothing in common."""
    one, other = np.array(forms.texts(left), np.float64), np.array(forms.texts(right), np.float64)
    small, large = np.minimum(abs(one), abs(other)), np.maximum(abs(one), abs(other))
    ratio = np.divide(small, large, out=np.ones_like(large), where=large > 0)
    return np.where(one * other < 0, 0, ratio).astype(np.float32)


def days(forms: Forms, left: Codes, right: Codes, fitted: Any) -> Floats:
    """One minus the days apart over 365."""
    one = np.array([date.fromisoformat(form).toordinal() for form in forms.texts(left)], np.int64)
    other = np.array([date.fromisoformat(form).toordinal() for form in forms.texts(right)], np.int64)
    return np.maximum(0, 1 - abs(one - other) / 365).astype(np.float32)


def _paired(forms: Forms, left: Codes, right: Codes, scorer: Any) -> Floats:
    return process.cpdist(forms.texts(left), forms.texts(right), scorer=scorer, dtype=np.float32)
