"""Names of people."""

from collections.abc import Iterator

from matching.comparison import Comparison
from matching.kinds.kind import Kind, Refused
from matching.normal import sounds, tidy, words
from matching.similarity import initials, spelling

PARTICLES = frozenset("de du des le la les d l van von der den di da dos el".split())
TITLES = frozenset("m mr mme mlle mrs ms dr pr me monsieur madame mademoiselle docteur".split())


def clean(value: str) -> str:
    """A tidy name; one that is all capitals or all small is written with capitals where names have them."""
    name = tidy(value)
    if not any(char.isalpha() for char in name):
        raise Refused("a person's name needs at least one letter", "write the name")
    return (name.title() if name.isupper() or name.islower() else name)[:120]


def normal(name: str) -> str:
    """Folded words without titles."""
    every = words(name)
    return " ".join(word for word in every if word not in TITLES) or " ".join(every)


def family_normal(name: str) -> str:
    """Folded words without titles and particles: `de La Tour` -> `tour`."""
    every = normal(name).split()
    return " ".join(word for word in every if word not in PARTICLES) or " ".join(every)


def whole(form: str) -> Iterator[str]:
    """The form as it is."""
    if len(form) > 1:
        yield form


def sound(form: str) -> Iterator[str]:
    """The form by its sound."""
    yield sounds(form.replace(" ", ""))


def start(form: str) -> Iterator[str]:
    """The first three letters."""
    yield form[:3]


def initial(form: str) -> Iterator[str]:
    """The first letter."""
    yield form[:1]


_LABELS = ("different", "somewhat alike", "alike", "the same but for spelling", "the same")

GIVEN_NAME = Kind(
    "given name",
    "A person's given name; a lone initial agrees with any name that it begins.",
    clean=clean,
    normal=normal,
    comparison=Comparison(
        similarity=initials,
        cuts=(0.75, 0.86, 0.93),
        m=(0.08, 0.03, 0.04, 0.1, 0.75),
        u=(0.93, 0.04, 0.01, 0.01, 0.01),
        labels=_LABELS,
    ),
    keys={"whole": whole, "initial": initial, "start": start},
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
    keys={"whole": whole, "sound": sound, "start": start},
    swaps_with="given name",
)
PERSON_NAME = Kind(
    "person name",
    "A person's whole name in one field, in either order.",
    clean=clean,
    normal=lambda name: " ".join(sorted(family_normal(name).split())),
    comparison=Comparison(
        similarity=spelling,
        cuts=(0.75, 0.86, 0.93),
        m=(0.05, 0.02, 0.04, 0.09, 0.8),
        u=(0.97, 0.02, 0.006, 0.002, 0.002),
        labels=_LABELS,
    ),
    keys={"whole": whole, "start": start},
    alone=frozenset({"whole"}),
)
