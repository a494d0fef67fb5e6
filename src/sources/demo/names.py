"""Names of companies, people and streets, made up from the word lists."""

from dataclasses import dataclass
from random import Random
from typing import Final

from . import words

FORMS: Final = ("SARL", "SARL", "SARL", "SAS", "SAS", "SAS", "SASU", "EURL", "SA", "SNC")


@dataclass(frozen=True, slots=True)
class Name:
    """The distinctive part of a company's name, and its other names."""

    core: str
    acronym: str = ""


def surname(rng: Random) -> str:
    """A family name, from the list or from syllables."""
    if rng.random() < 0.5:
        return rng.choice(words.SURNAMES)
    return rng.choice(words.ONSETS) + rng.choice(words.MIDDLES) + rng.choice(words.ENDINGS)


def first_name(rng: Random, woman: bool) -> str:
    """A first name."""
    return rng.choice(words.WOMEN if woman else words.MEN)


def brand(rng: Random) -> str:
    """A coined company name."""
    return rng.choice(words.BRAND_HEADS) + rng.choice(words.BRAND_TAILS)


def company(rng: Random) -> Name:
    """The name of a commercial company."""
    trade, other = rng.choice(words.TRADES), rng.choice(words.TRADES)
    draw = rng.random()
    if draw < 0.18:
        return _descriptive(rng, trade)
    if draw < 0.42:
        return Name(f"{brand(rng)} {trade}" if rng.random() < 0.6 else brand(rng))
    family = surname(rng)
    patterns = (
        f"{family} {trade}",
        f"{trade} {family}",
        f"Établissements {family}",
        f"Ateliers {family}",
        f"{family} et Fils",
        f"{family} Frères {trade}",
        f"{family}-{surname(rng)} {other}",
        f"{family} & Associés",
    )
    return Name(rng.choice(patterns))


def _descriptive(rng: Random, trade: str) -> Name:
    head = rng.choice(("Société", "Compagnie", "Comptoir", "Union", "Société nouvelle"))
    core = f"{head} {_of(trade)} {rng.choice(words.REGIONS)}"
    initials = "".join(word[0] for word in core.replace("d'", "").replace("l'", "").split() if word[0].isupper())
    return Name(core, initials.replace("É", "E") if len(initials) > 2 else "")


def _of(noun: str) -> str:
    """`de` before a consonant, `d'` before a vowel."""
    return f"d'{noun}" if noun[0] in "AEÉIOUYH" else f"de {noun}"


def association(rng: Random) -> str:
    """The name of an association."""
    return rng.choice(words.ASSOCIATIONS).format(place=rng.choice(words.PLACES), saint=rng.choice(words.SAINTS))


def public_body(rng: Random) -> str:
    """The name of a local authority, school or hospital."""
    return rng.choice(words.PUBLIC_BODIES).format(
        place=rng.choice(words.PLACES),
        saint=rng.choice(words.SAINTS),
        river=rng.choice(words.RIVERS),
        surname=surname(rng),
    )


def property_company(rng: Random) -> str:
    """The name of a property company (SCI), without its form."""
    return f"{rng.choice(words.SCI_WORDS)} {surname(rng)}" if rng.random() < 0.4 else rng.choice(words.SCI_WORDS)


def street(rng: Random) -> str:
    """A street address."""
    number = f"{rng.randint(1, 180)}{rng.choice(('', '', '', '', ' bis', ' ter'))}"
    return f"{number} {rng.choice(words.STREET_KINDS)} {rng.choice(words.STREET_NAMES)}"
