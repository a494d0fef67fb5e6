"""Where something is: street, postcode, city, country. The first three are one piece of evidence."""

import re
from functools import cache

from babel import Locale

from matching.comparison import Comparison
from matching.kinds.kind import Kind, Refused
from matching.kinds.parts import one, prefix, whole
from matching.kinds.placeholders import placeholder
from matching.normal import folded, sounds, tidy, words
from matching.similarity import edits, never, spelling
from matching.wording import shared_words, word_weights

LOCATION = "location"
STREET_WORDS = {
    "r": "rue", "av": "avenue", "ave": "avenue", "bd": "boulevard", "bld": "boulevard", "blvd": "boulevard", "boul": "boulevard",
    "pl": "place", "ch": "chemin", "che": "chemin", "imp": "impasse", "all": "allee", "rte": "route", "crs": "cours", "sq": "square",
    "qu": "quai", "fg": "faubourg", "fbg": "faubourg", "za": "zone", "zi": "zone", "zac": "zone", "zone": "zone",
    "st": "saint", "ste": "sainte", "gal": "general", "gen": "general", "mal": "marechal", "dr": "docteur", "pdt": "president", "pres": "president",
    "res": "residence", "bat": "batiment", "lot": "lotissement", "street": "street", "road": "road", "rd": "road", "str": "strasse",
}  # fmt: skip
FILLER = frozenset("de du des la le les l d a au aux et artisanale industrielle activite activites cedex bis ter".split())
_POST_BOX = re.compile(r"\b(?:cs|bp|tsa)\s*\d+\b")
_CEDEX = re.compile(r"\bcedex\b.*")


def clean_street(value: str) -> str:
    """A tidy street line."""
    street = tidy(value).strip(",; ")
    if not words(street):
        raise Refused("a street needs a letter or a figure", "write the street, or leave it empty")
    return street[:300]


def clean_postcode(value: str) -> str:
    """A tidy postcode, which is in ASCII in every country (UPU S42); four figures, as a spreadsheet leaves a French one, get their zero back."""
    code = tidy(value).upper()
    if not any(char.isalnum() for char in code) or not code.isascii() or len(code) > 12:
        raise Refused(f"{value!r} is not a postcode", "write it alone, without the city")
    return code


def clean_city(value: str) -> str:
    """A tidy city name."""
    city = tidy(value)
    if not any(char.isalpha() for char in city):
        raise Refused(f"{value!r} is not a city", "write the city's name")
    return city[:120]


@cache
def _countries() -> dict[str, str]:
    names = {}
    for language in ("en", "de", "es", "it", "nl", "fr"):
        territories = Locale(language).territories
        names.update({" ".join(words(name)): code for code, name in territories.items() if len(code) == 2 and code.isalpha()})
    return names | {code.lower(): code for code in names.values()} | {"uk": "GB", "england": "GB", "usa": "US", "fra": "FR"}


def clean_country(value: str) -> str:
    """ISO 3166-1 alpha-2, from a code or a name in French, English, German, Spanish, Italian or Dutch (CLDR)."""
    code = _countries().get(" ".join(words(value)))
    if code is None:
        raise Refused(f"{value!r} is not a country", "write its name, or its two letters as in FR")
    return code


def normal_street(street: str) -> str:
    """Folded words in full, without post boxes and filler."""
    plain = _POST_BOX.sub(" ", folded(street))
    every = [STREET_WORDS.get(word, word) for word in words(plain)]
    return " ".join(word for word in every if word not in FILLER) or " ".join(words(street))


def normal_city(city: str) -> str:
    """Folded words without `cedex` and what follows it, `st` in full."""
    plain = _CEDEX.sub("", folded(city)) or folded(city)
    return " ".join({"st": "saint", "ste": "sainte", "s": "sur"}.get(word, word) for word in words(plain))


def normal_postcode(code: str) -> str:
    """Letters and figures only."""
    return "".join(words(code))


def number_and_name(form: str) -> str | None:
    """The house number and the sound of the longest word."""
    several = form.split()
    name = max((word for word in several if not word.isdigit()), key=len, default="")
    return f"{several[0]} {sounds(name)}" if name and several[0].isdigit() else None


_NEAR = ("different", "alike", "the same but for spelling", "the same")

STREET = Kind(
    "street",
    "Street line of a postal address.",
    clean=clean_street,
    normal=normal_street,
    comparison=Comparison(similarity=spelling, cuts=(0.85, 0.92), m=(0.2, 0.05, 0.1, 0.65), u=(0.985, 0.01, 0.004, 0.001), labels=_NEAR),
    doubtful=placeholder,
    keys={"whole": whole, "number": one(number_and_name)},
    family=LOCATION,
)
POSTCODE = Kind(
    "postcode",
    "Postal code.",
    clean=clean_postcode,
    normal=normal_postcode,
    comparison=Comparison(similarity=edits, cuts=(0.8, 0.9), m=(0.15, 0.02, 0.03, 0.8), u=(0.97, 0.015, 0.005, 0.01), labels=_NEAR),
    keys={"whole": whole, "area": prefix(2)},
    family=LOCATION,
)
CITY = Kind(
    "city",
    "City or town.",
    clean=clean_city,
    normal=normal_city,
    comparison=Comparison(similarity=spelling, cuts=(0.86, 0.93), m=(0.12, 0.03, 0.05, 0.8), u=(0.96, 0.015, 0.005, 0.02), labels=_NEAR),
    doubtful=placeholder,
    keys={"whole": whole},
    family=LOCATION,
)
HOUSE_NUMBER = Kind(
    "house number",
    "The number of a house, where it does not stand with the street.",
    clean=lambda value: tidy(value)[:20],
    normal=normal_postcode,
    comparison=Comparison(similarity=never, cuts=(), m=(0.25, 0.75), u=(0.985, 0.015), labels=("different", "the same")),
    keys={"whole": whole},
)
PLACE = Kind(
    "place",
    "A place that is not a postal address: where somebody was born.",
    clean=clean_city,
    normal=normal_city,
    comparison=Comparison(similarity=spelling, cuts=(0.86, 0.93), m=(0.12, 0.03, 0.05, 0.8), u=(0.96, 0.015, 0.005, 0.02), labels=_NEAR),
    keys={"whole": whole},
)
ADDRESS = Kind(
    "address",
    "A whole postal address in one line.",
    clean=clean_street,
    normal=normal_street,
    comparison=Comparison(
        similarity=shared_words,
        cuts=(0.5, 0.75, 0.9),
        m=(0.15, 0.05, 0.1, 0.15, 0.55),
        u=(0.98, 0.014, 0.003, 0.002, 0.001),
        labels=("different", "partly the same", "mostly the same", "the same but for spelling", "the same"),
        fit=word_weights,
    ),
    keys={"whole": whole, "number": one(number_and_name)},
)
COUNTRY = Kind("country", "Country, ISO 3166-1 alpha-2.", clean=clean_country)
