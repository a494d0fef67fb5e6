"""Organisation names: legal forms, abbreviations and filler stripped, what is left compared by weighted words."""

import re
from collections.abc import Iterator

from matching.comparison import Comparison
from matching.kinds.kind import Kind, Refused
from matching.kinds.legal_forms import without_forms
from matching.kinds.numerals import in_figures
from matching.kinds.parts import one, several
from matching.kinds.placeholders import placeholder
from matching.normal import sounds, tidy, words
from matching.wording import shared_name, word_weights

ABBREVIATIONS = {
    "ets": "etablissements", "etabl": "etablissements", "ste": "societe", "soc": "societe", "cie": "compagnie",
    "st": "saint", "ste-": "sainte", "fres": "freres", "frs": "freres", "gpe": "groupe", "grp": "groupe", "assoc": "association",
    "synd": "syndicat", "intl": "international", "internat": "international", "fils": "fils", "dev": "developpement",
    "bros": "brothers", "mfg": "manufacturing", "ind": "industrie", "indus": "industrie", "tech": "technologies",
}  # fmt: skip
FILLER = frozenset(
    "et and und the le la les de du des d l en a au aux sur y e i und der die das den of for pour par "
    "societe etablissements maison monsieur madame mr mme m".split()
)
_INITIALS = re.compile(r"\b(?:[A-Za-z]\.)+[A-Za-z]\b\.?")
_POSSESSIVE = re.compile(r"(?<=\w\w)['’]s\b", re.IGNORECASE)
_GLUED_FORM = re.compile(r"(?<=[a-z]{3})(?=(?:AG|GmbH|KG|SA|SAS|SARL|Ltd|LTD|LLC|LLP|PLC|Inc|INC|Corp|BV|NV|SpA|SRL)\b)")


def clean(value: str) -> str:
    """A tidy name with at least one letter or figure; case and accents stay as the source writes them."""
    name = tidy(value)
    if not any(map(str.isalnum, name)):
        raise Refused("a name needs at least one letter or figure", "write the organisation's name")
    return name[:300]


def normal(name: str) -> str:
    """The telling words in order, without legal forms, numbers in figures: `S.A.R.L. Éts Dupont & Fils` -> `dupont fils`."""
    every = words(_apart(name))
    spelled = " ".join(ABBREVIATIONS.get(word, word) for word in in_figures(every)).split()
    return " ".join([word for word in without_forms(spelled) if word not in FILLER] or spelled)


def _apart(name: str) -> str:
    """The name with its symbols as words: `S.A.` is one word, `People's` too, `LumenAG` is two."""
    if "." in name:
        name = _INITIALS.sub(lambda found: found.group().replace(".", "") + " ", name)
    if "'" in name or "’" in name:
        name = _POSSESSIVE.sub("s", name)
    return _GLUED_FORM.sub(" ", name).replace("&", " et ")


def first(form: str) -> str:
    """The first word, six letters long."""
    return form.split()[0][:6]


def sorted_words(form: str) -> str:
    """All words in alphabetical order."""
    return " ".join(sorted(form.split()))


def compact(form: str) -> str | None:
    """The first eight letters without blanks."""
    glued = form.replace(" ", "")
    return glued[:8] if len(glued) >= 4 else None


def longest(form: str) -> str | None:
    """The longest word, by sound."""
    word = max(form.split(), key=len)
    return sounds(word) if len(word) >= 4 else None


def pairs_of_words(form: str) -> Iterator[str]:
    """Any two of the first four words, five letters each, so that a third may be missing or misplaced."""
    stems = sorted({word[:5] for word in form.split()[:4] if len(word) > 2})
    yield from (f"{one} {other}" for at, one in enumerate(stems) for other in stems[at + 1 :])


def acronym(form: str) -> str | None:
    """The initials of three words or more, or a single word short enough to be such initials."""
    every = form.split()
    if len(every) >= 3:
        return "".join(word[0] for word in every)
    return form if len(every) == 1 and 3 <= len(form) <= 6 else None


ORG_NAME = Kind(
    "organisation name",
    "Legal or trading name of an organisation. Compared without case, accents, legal form and filler, by how telling its words are.",
    clean=clean,
    normal=normal,
    comparison=Comparison(
        similarity=shared_name,
        cuts=(0.25, 0.4, 0.7, 0.85, 0.95),
        m=(0.06, 0.03, 0.06, 0.11, 0.12, 0.12, 0.5),
        u=(0.985, 0.004, 0.007, 0.002, 0.001, 0.0005, 0.0005),
        labels=(
            "different",
            "a common stem, another branch",
            "some words shared",
            "most words shared",
            "nearly the same",
            "the same but for spelling",
            "the same",
        ),
        contrary=2,
        fit=word_weights,
    ),
    doubtful=placeholder,
    keys={
        "sorted": one(sorted_words),
        "pairs": several(pairs_of_words),
        "compact": one(compact),
        "first": one(first),
        "longest": one(longest),
        "acronym": one(acronym),
    },
)
