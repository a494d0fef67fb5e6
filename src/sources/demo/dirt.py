"""Pure functions that spoil a value the way people and packages do. The same generator state gives the same dirt."""

import re
import unicodedata
from random import Random
from typing import Final

_SHORT: Final = (
    ("Établissements", "Ets"),
    ("Société", "Sté"),
    ("Compagnie", "Cie"),
    ("Sainte-", "Ste-"),
    ("Saint-", "St-"),
    ("Association", "Assoc."),
    ("Communauté de communes", "CC"),
    ("zone artisanale", "ZA"),
    ("zone industrielle", "ZI"),
    ("parc d'activités", "PA"),
    ("avenue", "av."),
    ("boulevard", "bd"),
    ("chemin", "ch."),
    ("route", "rte"),
    ("impasse", "imp."),
    ("place", "pl."),
    ("rue", "r."),
)
_LONG_FORMS: Final = {
    "SARL": "Société à responsabilité limitée",
    "SAS": "Société par actions simplifiée",
    "EURL": "Entreprise unipersonnelle",
}


def unaccented(text: str) -> str:
    """Letters without their accents."""
    plain = text.replace("œ", "oe").replace("ß", "ss")
    return "".join(char for char in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(char))


def shouted(text: str) -> str:
    """Upper case without accents, as old packages store it."""
    return unaccented(text).upper()


def shortened(text: str) -> str:
    """With the usual abbreviations."""
    for word, short in _SHORT:
        text = re.sub(rf"\b{word}" if word.endswith("-") else rf"\b{word}\b", short, text)
    return text


def mistyped(rng: Random, text: str) -> str:
    """One letter dropped, doubled or swapped with the next, never the first."""
    places = [at for at in range(1, len(text) - 1) if text[at].isalpha() and text[at + 1].isalpha()]
    if not places:
        return text
    at = rng.choice(places)
    return rng.choice(
        (
            text[:at] + text[at + 1 :],
            text[:at] + text[at] + text[at:],
            text[:at] + text[at + 1] + text[at] + text[at + 2 :],
        )
    )


def mojibake(text: str) -> str:
    """UTF-8 read as Windows-1252; the text itself where that cannot be."""
    try:
        return text.encode().decode("cp1252")
    except UnicodeDecodeError:
        return text


def formed(rng: Random, core: str, form: str) -> str:
    """A name with its legal form missing, moved, dotted or spelled out."""
    if not form:
        return core
    dotted = ".".join(form) + "." if form.isupper() and form.isalpha() else form
    draw = rng.random()
    if draw < 0.32:
        return core
    if draw < 0.64:
        return f"{core} {form}"
    if draw < 0.76:
        return f"{form} {core}"
    if draw < 0.86:
        return f"{core} {dotted}"
    if draw < 0.92:
        return f"{dotted} {core}"
    if draw < 0.97:
        return f"{core} ({form})"
    return f"{_LONG_FORMS.get(form, form)} {core}"


def reordered(rng: Random, text: str) -> str:
    """The first or the last word moved to the other end."""
    parts = text.split()
    if len(parts) < 2:
        return text
    return " ".join([*parts[1:], parts[0]] if rng.random() < 0.5 else [parts[-1], *parts[:-1]])


def telephone(rng: Random, number: str) -> str:
    """A ten-digit number in one of the ways people write it."""
    if not number:
        return ""
    pairs = [number[at : at + 2] for at in range(0, 10, 2)]
    international = f"{number[1]} {' '.join(pairs[1:])}"
    return rng.choice(
        (
            number,
            " ".join(pairs),
            " ".join(pairs),
            ".".join(pairs),
            "-".join(pairs),
            f"+33{number[1:]}",
            f"+33 {international}",
            f"+33 (0){international}",
            f"0033{number[1:]}",
            f"{number[:4]} {number[4:7]} {number[7:]}",
        )
    )


def official(rng: Random, number: str) -> str:
    """A SIREN or SIRET, often with spaces or dots."""
    groups = [number[at : at + 3] for at in range(0, 9, 3)]
    rest = [number[9:]] if len(number) > 9 else []
    return rng.choice((number, number, number, " ".join(groups + rest), ".".join(groups) + "".join(rest)))


def vat(rng: Random, number: str) -> str:
    """A VAT number as typed."""
    return rng.choice((number, number, number, number.lower(), f"{number[:2]} {number[2:4]} {number[4:]}"))


def wrong_digit(rng: Random, number: str) -> str:
    """A number with one digit changed: its check digit no longer holds."""
    at = rng.randrange(1, len(number))
    return f"{number[:at]}{(int(number[at]) + rng.randint(1, 4)) % 10}{number[at + 1 :]}"


def website(rng: Random, domain: str) -> str:
    """A domain as people paste it."""
    return rng.choice((domain, f"www.{domain}", f"http://{domain}", f"https://www.{domain}/"))
