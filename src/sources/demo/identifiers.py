"""Identifiers with valid check digits: SIREN, SIRET, VAT, EAN-13, CRM ids, and telephones kept for fiction (Arcep)."""

import string
from random import Random
from typing import Final

BASE62: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SUFFIX: Final = string.ascii_uppercase + "012345"
LANDLINES: Final = {"1": "019900", "2": "026191", "3": "035301", "4": "046571", "5": "053649"}
MOBILE: Final = "063998"


def digits(rng: Random, count: int) -> str:
    """Random digits."""
    return f"{rng.randrange(10**count):0{count}d}"


def luhn(number: str) -> str:
    """The Luhn check digit to put at the end of `number`."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in number[::-2])
    return str(-(sum(doubled) + sum(int(digit) for digit in number[-2::-2])) % 10)


def siren(rng: Random, first: str = "345789") -> str:
    """A company number; public bodies start with 2."""
    stem = rng.choice(first) + digits(rng, 7)
    return stem + luhn(stem)


def siret(company: str, site: int) -> str:
    """The number of the n-th site of a company."""
    stem = f"{company}{site:04d}"
    return stem + luhn(stem)


def french_vat(company: str) -> str:
    """The VAT number that follows from a SIREN."""
    return f"FR{(12 + 3 * (int(company) % 97)) % 97:02d}{company}"


def foreign_vat(rng: Random, country: str) -> str:
    """A VAT number of a neighbour country."""
    return country + {"DE": _german, "BE": _belgian, "IT": _italian, "NL": _dutch, "LU": _luxembourgish}[country](rng)


def _german(rng: Random) -> str:
    stem, product = str(rng.randrange(10_000_000, 100_000_000)), 10
    for digit in stem:
        product = 2 * ((int(digit) + product) % 10 or 10) % 11
    return stem + str((11 - product) % 10)


def _belgian(rng: Random) -> str:
    stem = "0" + str(rng.randrange(4_000_000, 8_000_000))
    return f"{stem}{97 - int(stem) % 97:02d}"


def _italian(rng: Random) -> str:
    stem = digits(rng, 6) + "1" + "001"
    return stem + luhn(stem)


def _dutch(rng: Random) -> str:
    while True:
        stem = str(rng.randrange(10_000_000, 90_000_000))
        check = sum(int(digit) * weight for digit, weight in zip(stem, range(9, 1, -1), strict=True)) % 11
        if check < 10:
            return f"{stem}{check}B01"


def _luxembourgish(rng: Random) -> str:
    stem = str(rng.randrange(100_000, 1_000_000))
    return f"{stem}{int(stem) % 89:02d}"


def ean13(rng: Random) -> str:
    """A bar code in the range kept for use inside a shop."""
    stem = "29" + digits(rng, 10)
    return stem + str(-sum(int(digit) * (3 if i % 2 else 1) for i, digit in enumerate(stem)) % 10)


def landline(rng: Random, postcode: str) -> str:
    """A fictional landline of the zone of a postcode, ten digits."""
    zones = {"75": "1", "77": "1", "92": "1", "94": "1", "14": "2", "22": "2", "29": "2", "35": "2", "44": "2", "50": "2"}
    zone = zones.get(postcode[:2]) or "23451"[int(postcode[:2]) % 5]
    return LANDLINES[zone] + digits(rng, 4)


def mobile(rng: Random) -> str:
    """A fictional mobile number, ten digits."""
    return MOBILE + digits(rng, 4)


class RecordIds:
    """18-character record ids of one object, growing, with the case-folding suffix."""

    def __init__(self, rng: Random, prefix: str) -> None:
        self._rng, self._prefix, self._last = rng, prefix, 40_000

    def next(self) -> str:
        """A new id."""
        self._last += self._rng.randrange(1, 400)
        rest, tail = self._last, ""
        for _ in range(9):
            rest, digit = divmod(rest, 62)
            tail = BASE62[digit] + tail
        stem = f"{self._prefix}9Qm{tail}"
        return stem + "".join(_fold(stem[at : at + 5]) for at in (0, 5, 10))


def _fold(chunk: str) -> str:
    return _SUFFIX[sum(1 << at for at, char in enumerate(chunk) if char in string.ascii_uppercase)]
