"""Similarities of paired normal forms: one float32 in 0..1 a pair, symmetric, 1 only for what is as good as equal."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray
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


def edits(forms: Forms, left: Codes, right: Codes, fitted: Any) -> Floats:
    """One minus a tenth an edit (transpositions count one): codes, dates and numbers mistyped."""
    distance = process.cpdist(forms.texts(left), forms.texts(right), scorer=OSA.distance, score_cutoff=3, dtype=np.int32)
    return np.maximum(0, 1 - distance / 10).astype(np.float32)


def proportion(forms: Forms, left: Codes, right: Codes, fitted: Any) -> Floats:
    """The smaller amount over the larger; amounts of opposite sign have nothing in common."""
    one, other = _numbers(forms.texts(left)), _numbers(forms.texts(right))
    small, large = np.minimum(abs(one), abs(other)), np.maximum(abs(one), abs(other))
    ratio = np.divide(small, large, out=np.ones_like(large), where=large > 0)
    return np.where((one * other < 0) | np.isnan(one + other), 0, ratio).astype(np.float32)


def days(forms: Forms, left: Codes, right: Codes, fitted: Any) -> Floats:
    """One minus the days apart over 365."""
    apart = abs(_ordinals(forms.texts(left)) - _ordinals(forms.texts(right))) / 365
    return np.where(np.isnan(apart), 0, np.maximum(0, 1 - apart)).astype(np.float32)


def dates(forms: Forms, left: Codes, right: Codes, fitted: Any) -> Floats:
    """Dates of eight figures: by figures mistyped as `edits`, then .75 within a month and .7 within a year and a month."""
    similarity = edits(forms, left, right, fitted)
    ordinals = forms.cached(_days_of, _days_of)
    apart = abs(ordinals[left] - ordinals[right])
    near: Floats = np.maximum(similarity, np.select([apart <= 31, apart <= 396], [0.75, 0.7], 0)).astype(np.float32)
    return near


def _days_of(texts: Sequence[str]) -> NDArray[np.float64]:
    return np.array([_ordinal(text) for text in texts], np.float64)


def _ordinals(texts: list[str]) -> NDArray[np.float64]:
    """Dates as days; what is none is not a number."""
    return np.array([_ordinal(text) for text in texts], np.float64)


def _ordinal(text: str) -> float:
    try:
        return float(date.fromisoformat(text).toordinal())
    except ValueError:
        return float("nan")


def years(forms: Forms, left: Codes, right: Codes, fitted: Any) -> Floats:
    """One minus a tenth a year between; forms that are no number have nothing in common."""
    one, other = _numbers(forms.texts(left)), _numbers(forms.texts(right))
    apart = abs(one - other) / 10
    return np.where(np.isnan(apart), 0, np.maximum(0, 1 - apart)).astype(np.float32)


def _numbers(texts: list[str]) -> NDArray[np.float64]:
    """Texts as numbers; what is none is not a number."""
    return np.array([_number(text) for text in texts], np.float64)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _paired(forms: Forms, left: Codes, right: Codes, scorer: Any) -> Floats:
    return process.cpdist(forms.texts(left), forms.texts(right), scorer=scorer, dtype=np.float32)
