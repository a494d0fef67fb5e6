"""Identifiers: official numbers, product codes, bank accounts. Check digits by python-stdnum."""

import re
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType

from stdnum import ean, exceptions, iban
from stdnum.eu import vat
from stdnum.fr import siren, siret

from matching.comparison import Comparison
from matching.kinds.kind import Implied, Kind, Refused
from matching.kinds.parts import whole
from matching.normal import folded, tidy
from matching.similarity import edits, never

_CODE = re.compile(r"[^a-z0-9]+")
_PUNCTUATION = re.compile(r"[^0-9A-Za-z]")


def checked(number: ModuleType, example: str) -> Callable[[str], str]:
    """A cleaner that accepts what the number's own standard accepts, and says what is wrong with the rest."""

    def clean(value: str) -> str:
        try:
            return str(number.validate(tidy(value)))
        except exceptions.InvalidLength:
            reason = f"{value!r} has the wrong number of characters"
        except exceptions.InvalidChecksum:
            reason = f"{value!r} has a wrong check digit"
        except exceptions.ValidationError:
            reason = f"{value!r} is not of the right form"
        raise Refused(reason, f"correct it at the source (it looks like {example})")

    return clean


def clean_siren(value: str) -> str:
    """Nine digits with a valid Luhn key; a SIRET or a French VAT number is cut to the SIREN that it carries."""
    compact = _PUNCTUATION.sub("", value).upper()
    if compact.startswith("FR") and len(compact) == 13:
        compact = compact[4:]
    number = compact[:9] if len(compact) == 14 else compact
    if len(number) == 9 and number.isdecimal() and number.isascii():
        if luhn(number):
            return number
        raise Refused(f"{value!r} has a wrong check digit", "correct it at the source (it looks like 732 829 320)")
    return checked(siren, "732 829 320")(number)


def luhn(number: str) -> bool:
    """Whether figures satisfy the Luhn key (ISO/IEC 7812-1); stdnum's answer, thirty times as fast, for it is asked a million times."""
    ones, twos = number[::-2], number[-2::-2]
    return (sum(map(int, ones)) + sum(int(figure) * 2 - 9 * (figure > "4") for figure in twos)) % 10 == 0


def clean_vat(value: str) -> str:
    """A VAT number of the EU with its country; a French one is accepted on the SIREN that it carries, whatever its key."""
    compact = _PUNCTUATION.sub("", value).upper()
    if compact.startswith("FR") and len(compact) == 13 and siren.is_valid(compact[4:]):
        return compact
    return checked(vat, "FR44732829320")(compact)


def siren_of_vat(number: str) -> str | None:
    """The SIREN inside a French VAT number (CGI annexe II art. 242 nonies A)."""
    return number[4:] if number.startswith("FR") and siren.is_valid(number[4:]) else None


def code_clean(value: str) -> str:
    """A tidy code, upper case."""
    code = tidy(tidy(value).upper()).upper()  # capitals may bring text that was decoded twice to light
    if not any(char.isalnum() for char in code):
        raise Refused(f"{value!r} holds no letter and no figure", "write the code, or leave the field empty")
    return code[:80]


def code_normal(code: str) -> str:
    """Letters and figures only."""
    return _CODE.sub("", folded(code))


def _identifier(
    name: str, doc: str, clean: Callable[[str], str], verified: Callable[[str], bool] | None = None, implies: tuple[Implied, ...] = ()
) -> Kind:
    return Kind(
        name,
        doc,
        clean=clean,
        comparison=Comparison(
            similarity=edits, cuts=(0.85,), m=(0.03, 0.02, 0.95), u=(0.9998, 0.0001, 0.0001),
            labels=("different", "one character apart", "the same"), damping=0.2,
        ),
        keys={"whole": whole},
        implies=implies,
        verified=verified,
    )  # fmt: skip


SIREN = _identifier("SIREN", "French company number (INSEE), nine digits with a Luhn key.", clean_siren, luhn)
SIRET = Kind(
    "SIRET",
    "French establishment number: SIREN + NIC, Luhn (La Poste: digit sum a multiple of five). Two of them may be two sites of one company.",
    clean=checked(siret, "732 829 320 00074"),
    comparison=Comparison(similarity=never, cuts=(), m=(0.4, 0.6), u=(0.9999, 0.0001), labels=("another site", "the same"), damping=0.2),
    keys={"whole": whole},
    implies=(Implied("SIREN", lambda number: number[:9]),),
    verified=siret.is_valid,
)
VAT_NUMBER = _identifier(
    "VAT number", "VAT number of the EU with its country prefix (VIES).", clean_vat, vat.is_valid, (Implied("SIREN", siren_of_vat),)
)
GTIN = _identifier("GTIN", "Global trade item number (GS1): EAN-8, UPC-12, EAN-13 or GTIN-14.", checked(ean, "4006381333931"), ean.is_valid)
IBAN = _identifier(
    "IBAN", "International bank account number (ISO 13616).", checked(iban, "FR14 2004 1010 0505 0001 3M02 606"), iban.is_valid
)
IDENTIFIER = replace(
    _identifier(
        "identifier", "A number given to a person or a thing and typed by people: social security, passport, registration.", code_clean
    ),
    normal=code_normal,
)
CODE = Kind(
    "code",
    "An internal code that two systems may share: account, article or project code.",
    clean=code_clean,
    normal=code_normal,
    comparison=Comparison(similarity=never, cuts=(), m=(0.5, 0.5), u=(0.9995, 0.0005), labels=("different", "the same"), damping=0.2),
    keys={"whole": whole},
)
KEY = Kind(
    "key",
    "The key of a record in its source: never compared, names the thing referred to.",
    clean=lambda value: tidy(value)[:200],
)
REFERENCE = Kind(
    "reference",
    "The reference of a deal, an order or a contract, quoted from one system to the next.",
    clean=code_clean,
    normal=code_normal,
    comparison=Comparison(similarity=never, cuts=(), m=(0.03, 0.97), u=(0.9995, 0.0005), labels=("different", "the same"), damping=0.2),
    keys={"whole": whole},
)
MASTER = Kind(
    "master",
    "The golden id of another master, once resolved: a contact's customer, a project's customer.",
    comparison=Comparison(similarity=never, cuts=(), m=(0.06, 0.94), u=(0.95, 0.05), labels=("different", "the same")),
    keys={"whole": whole},
)
