"""Names of people."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching.comparison import Codes, Comparison, Floats
from matching.forms import Forms
from matching.kinds.kind import Kind, Refused
from matching.kinds.nicknames import familiar
from matching.kinds.parts import one, prefix, several
from matching.kinds.placeholders import placeholder
from matching.labels import alike, label_weights
from matching.naming import USUAL, whole_names
from matching.normal import folded, sounds, tidy, words
from matching.similarity import spelling

PARTICLES = frozenset("de du des le la les d l van von der den di da dos el".split())
TITLES = frozenset("m mr mme mlle mrs ms dr pr me monsieur madame mademoiselle docteur".split())

HONORIFICS = TITLES | frozenset("sir prof professor herr frau sheikh shaikh sheik hajj haji hajji mullah".split())
LINKS = PARTICLES | frozenset("al el ul ur ibn bin ben bint".split())
"""Words between names, of Europe and of Arabia; in a whole name they tell nobody apart."""
_SERVANT = dict.fromkeys(("abd", "abdel", "abdal"), "abdul")
"""The Arabic `servant of`, which begins many names and is written in many ways."""
_JOINED = re.compile(r"(?<=[a-z]{3})(?=[A-Z])")
_SYLLABLE = re.compile(r"([\u3400-\u9fff\uac00-\ud7af])")
_ELISION = re.compile(r"\b([dl])'")


def clean(value: str) -> str:
    """A tidy name; one that is all capitals or all small is written with capitals where names have them."""
    name = _cased(tidy(_cased(tidy(value))))  # capitals may bring text that was decoded twice to light
    if not any(char.isalpha() for char in name):
        raise Refused("a person's name needs at least one letter", "write the name")
    return name[:120]


def _cased(name: str) -> str:
    return name.title() if name.isupper() or name.islower() else name


def clean_people(value: str) -> str:
    """A tidy list of names."""
    return tidy(value)[:2000]


def normal(name: str) -> str:
    """Folded words without titles."""
    every = words(name)
    return " ".join(word for word in every if word not in TITLES) or " ".join(every)


def family_normal(name: str) -> str:
    """Folded words without titles and particles: `de La Tour` -> `tour`."""
    every = normal(name).split()
    return " ".join(word for word in every if word not in PARTICLES) or " ".join(every)


def whole_normal(name: str) -> str:
    """Folded words in alphabetical order, those written together apart, without titles and links: `LeilaBen-Ammar` -> `ammar leila`."""
    apart = _JOINED.sub(" ", name if name.isascii() else _SYLLABLE.sub(r"\1 ", name))
    every = words(_ELISION.sub(r"\1 ", folded(apart)).replace("'", ""))
    telling = [_SERVANT.get(word, word) for at, word in enumerate(every) if word not in HONORIFICS and (word not in LINKS or not at)]
    return " ".join(sorted(telling or every))


def not_initial(forms: pa.Array) -> pa.Array:
    """The form as it is, unless it is a lone letter."""
    return pc.if_else(pc.greater(pc.utf8_length(forms), 1), forms, None)


def sound(form: str) -> str:
    """The form by its sound."""
    return sounds(form.replace(" ", ""))


def stems(form: str) -> Iterator[str]:
    """Every word of four letters or more, cut to six."""
    yield from sorted({word[:6] for word in form.split() if len(word) >= 4})


def given_names(forms: Forms, left: Codes, right: Codes, fitted: Any) -> Floats:
    """Jaro-Winkler, where a lone initial agrees with the name that it begins, and a short form with the name in full."""
    similarity = spelling(forms, left, right, fitted)
    for at in np.flatnonzero(similarity < USUAL):
        one, other = forms.values[left[at]], forms.values[right[at]]
        if ((len(one) == 1 or len(other) == 1) and one[0] == other[0]) or familiar(one, other):
            similarity[at] = USUAL
    return similarity


_LABELS = ("different", "somewhat alike", "alike", "the same but for spelling", "the same")

GIVEN_NAME = Kind(
    "given name",
    "A person's given name; a lone initial agrees with any name that it begins.",
    clean=clean,
    normal=normal,
    comparison=Comparison(
        similarity=given_names,
        cuts=(0.75, 0.86, 0.93),
        m=(0.08, 0.03, 0.04, 0.1, 0.75),
        u=(0.93, 0.04, 0.01, 0.01, 0.01),
        labels=_LABELS,
    ),
    doubtful=placeholder,
    keys={"whole": not_initial, "initial": prefix(1), "start": prefix(3)},
    swaps_with="family name",
)
FAMILY_NAME = Kind(
    "family name",
    "A person's family name, compared without particles.",
    clean=clean,
    normal=family_normal,
    comparison=Comparison(
        similarity=spelling,
        cuts=(0.75, 0.86, 0.93),
        m=(0.06, 0.02, 0.04, 0.1, 0.78),
        u=(0.96, 0.025, 0.008, 0.004, 0.003),
        labels=_LABELS,
    ),
    doubtful=placeholder,
    keys={"whole": not_initial, "sound": one(sound), "start": prefix(3)},
    swaps_with="given name",
)
PERSON_NAME = Kind(
    "person name",
    "A person's whole name in one field, in either order.",
    clean=clean,
    normal=whole_normal,
    comparison=Comparison(
        similarity=whole_names,
        cuts=(0.45, 0.8, 0.93),
        m=(0.05, 0.03, 0.07, 0.1, 0.75),
        u=(0.957, 0.04, 0.001, 0.001, 0.001),
        labels=("different", "partly the same", "mostly the same", "the same but for spelling", "the same"),
    ),
    doubtful=placeholder,
    keys={"whole": not_initial, "start": prefix(3)},
)
PEOPLE = Kind(
    "people",
    "Names of several people in one field: the authors of a work.",
    clean=clean_people,
    normal=family_normal,
    comparison=Comparison(
        similarity=alike,
        cuts=(0.3, 0.6, 0.85),
        m=(0.05, 0.05, 0.1, 0.2, 0.6),
        u=(0.97, 0.02, 0.008, 0.001, 0.001),
        labels=("different", "some in common", "most in common", "nearly the same", "the same"),
        fit=label_weights,
    ),
    keys={"stems": several(stems)},
)
