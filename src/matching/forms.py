"""Distinct normal forms, and what is worked out of them once: words, glued spellings, figures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

MOST_WORDS = 10
"""Words of a form that are looked at; more tell nothing more."""
CUT_FROM = 22
"""Characters from which a form may have been cut off by the width of a field."""


@dataclass(frozen=True, eq=False)
class Words:
    """The words of forms as numbers: `vocabulary[ids[i, k]]` is word k of form i, -1 behind the last."""

    ids: NDArray[np.int32]
    vocabulary: NDArray[np.object_]

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Words a form."""
        counts: NDArray[np.int64] = (self.ids >= 0).sum(1)
        return counts

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """Letters a word."""
        return np.fromiter(map(len, self.vocabulary), np.int64, len(self.vocabulary))

    @cached_property
    def initials(self) -> NDArray[np.int64]:
        """The first letter of each word, by its code."""
        return np.fromiter((ord(word[0]) for word in self.vocabulary), np.int64, len(self.vocabulary))

    @cached_property
    def finals(self) -> NDArray[np.int64]:
        """The last letter of each word, by its code."""
        return np.fromiter((ord(word[-1]) for word in self.vocabulary), np.int64, len(self.vocabulary))

    @cached_property
    def figures(self) -> NDArray[np.bool_]:
        """Words that are a number."""
        return np.fromiter((word.isdigit() for word in self.vocabulary), np.bool_, len(self.vocabulary))


@dataclass(frozen=True, eq=False)
class Forms:
    """The distinct normal forms of a column."""

    values: NDArray[np.object_]
    _made: dict[int, tuple[Any, NDArray[Any]]] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.values)

    def texts(self, codes: NDArray[np.int32]) -> list[str]:
        """The forms behind codes."""
        return self.values[codes].tolist()  # type: ignore[no-any-return]

    @cached_property
    def array(self) -> pa.Array:
        """The forms in Arrow."""
        return pa.array(self.values, pa.string())

    @cached_property
    def firsts(self) -> NDArray[np.int32]:
        """The first letter of each form, by its code."""
        return np.fromiter((ord(form[0]) for form in self.values), np.int32, len(self))

    @cached_property
    def words(self) -> Words:
        """Words of every form, each once, in order."""
        known: dict[str, int] = {}
        ids = np.full((len(self), max(1, min(MOST_WORDS, max((form.count(" ") + 1 for form in self.values), default=1)))), -1, np.int32)
        for at, form in enumerate(self.values):
            for place, word in enumerate(list(dict.fromkeys(form.split()))[:MOST_WORDS]):
                ids[at, place] = known.setdefault(word, len(known))
        return Words(ids, _objects(list(known)))

    @cached_property
    def compact(self) -> NDArray[np.object_]:
        """Forms without blanks."""
        return _objects([form.replace(" ", "") for form in self.values])

    @cached_property
    def cut(self) -> NDArray[np.bool_]:
        """Forms that are long enough to have been cut off."""
        return np.fromiter((len(form) >= CUT_FROM for form in self.values), np.bool_, len(self))

    def weighed(self, fitted: Any) -> NDArray[np.float32]:
        """Weights of the vocabulary under fitted word weights."""
        return self.cached(fitted, lambda forms: np.fromiter(map(fitted.of, self.words.vocabulary), np.float32, len(self.words.vocabulary)))

    def cached(self, by: Any, made: Callable[[Sequence[str]], NDArray[Any]]) -> NDArray[Any]:
        """What is made of the forms by something, once for each thing."""
        if id(by) not in self._made:
            self._made[id(by)] = (by, made(self.values.tolist()))  # `by` is kept, so that its id stays its own
        return self._made[id(by)][1]


def _objects(values: list[str]) -> NDArray[np.object_]:
    out = np.empty(len(values), object)
    out[:] = values
    return out
