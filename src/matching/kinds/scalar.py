"""Amounts, quantities, dates, currencies and yes/no: text in any usual spelling, canonical text out."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache

import pyarrow as pa
from babel.numbers import list_currencies

from matching.comparison import Comparison
from matching.kinds.kind import Kind, Refused
from matching.kinds.parts import one, prefix, suffix, whole
from matching.normal import folded, tidy
from matching.similarity import dates, days, proportion, years

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_SPACES = re.compile(r"[\s\u00a0\u202f'’_]")
_DMY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})")
_YMD = re.compile(r"(\d{4})[/.-]?(\d{2})[/.-]?(\d{2})")
_SYMBOLS = {"€": "EUR", "$": "USD", "£": "GBP", "euro": "EUR", "euros": "EUR"}
_YES = frozenset("true vrai oui yes o y 1 x t actif active".split())
_NO = frozenset("false faux non no n 0 f inactif inactive".split())


def number(value: str) -> Decimal:
    """A decimal in French (`1 234,56`) or English (`1,234.56`) spelling; a lone comma is decimal. Raises Refused."""
    text = _SPACES.sub("", tidy(value)).replace("€", "").replace("%", "")
    if text.startswith("(") and text.endswith(")"):
        text = "-" + text[1:-1]
    if text.endswith("-"):
        text = "-" + text[:-1]
    if "," in text:
        decimal_comma = text.rfind(",") > text.rfind(".")
        text = text.replace(".", "").replace(",", ".") if decimal_comma else text.replace(",", "")
    if not _NUMBER.fullmatch(text):
        raise Refused(f"{value!r} is not a number", "write figures with a decimal comma or point, as in 1234,50")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise Refused(f"{value!r} is not a number", "write figures with a decimal comma or point") from None


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}" if amount else "0"


def clean_amount(value: str) -> str:
    """A plain decimal, at most 15 figures before the point, cut to nothing after it."""
    amount = number(value)
    if abs(amount) >= Decimal(10) ** 15:
        raise Refused(f"{value!r} is larger than any amount of money", "check the field and the decimal sign")
    return _plain(amount)


def clean_quantity(value: str) -> str:
    """A quantity that cannot be negative."""
    amount = clean_amount(value)
    if amount.startswith("-"):
        raise Refused(f"{value!r} is negative, and this quantity cannot be", "correct the sign at the source")
    return amount


def clean_percent(value: str) -> str:
    """A percentage from 0 to 100."""
    amount = number(value)
    if not 0 <= amount <= 100:
        raise Refused(f"{value!r} is not a percentage from 0 to 100", "write 35 for 35 %")
    return _plain(amount)


def clean_date(value: str) -> str:
    """An ISO date, from ISO, `yyyymmdd` or the French `dd/mm/yyyy`; a time of day is dropped."""
    return _date(value, 1800)


def _date(value: str, since: int) -> str:
    text = tidy(value).split("T")[0].split(" ")[0]
    try:
        if found := _DMY.fullmatch(text):
            day, month, year = (int(part) for part in found.groups())
            day_found = date(year if year > 99 else 2000 + year if year < 70 else 1900 + year, month, day)
        elif found := _YMD.fullmatch(text):
            day_found = date(*(int(part) for part in found.groups()))
        else:
            raise ValueError
    except ValueError:
        raise Refused(f"{value!r} is not a date", "write 31/12/2026 or 2026-12-31") from None
    if not since <= day_found.year <= 2200:
        raise Refused(f"{value!r} is not a plausible date", "check the year")
    return day_found.isoformat()


def clean_birth_date(value: str) -> str:
    """An ISO date of any century that registers reach back to."""
    return _date(value, 1000)


def clean_instant(value: str) -> str:
    """An ISO instant in UTC; without a zone it is read as UTC, a bare date as its midnight."""
    text = tidy(value).replace("Z", "+00:00")
    if len(text) > 5 and text[-5] in "+-" and text[-4:].isdigit():
        text = f"{text[:-2]}:{text[-2:]}"
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = datetime.fromisoformat(clean_date(value))
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC).isoformat()


def clean_year(value: str) -> str:
    """Four figures."""
    found = re.fullmatch(r"(\d{4})(?:\.0*)?", tidy(value))
    if not found:
        raise Refused(f"{value!r} is not a year", "write four figures")
    return found[1]


@cache
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies())


def clean_currency(value: str) -> str:
    """ISO 4217, from a code or the usual symbols."""
    text = tidy(value)
    code = _SYMBOLS.get(text.lower(), text.upper())
    if code not in _currencies():
        raise Refused(f"{value!r} is not a currency", "write its three letters, as in EUR")
    return code


def clean_flag(value: str) -> str:
    """`true` or `false`, from yes/no in French or English."""
    word = folded(tidy(value))
    if word in _YES:
        return "true"
    if word in _NO:
        return "false"
    raise Refused(f"{value!r} is neither yes nor no", "write oui or non, true or false, 1 or 0")


def rounded(form: str) -> str | None:
    """The amount as it is; small round ones are too common to say anything."""
    return None if form in {"0", "1", "100"} else form


def figures(value: str) -> str:
    """The figures alone, so that a date that is none (a 31st of June) is compared all the same."""
    return re.sub(r"\D", "", value)


def _amount(name: str, doc: str, clean: Callable[[str], str], comparison: Comparison | None = None) -> Kind:
    keys = {"whole": one(rounded)} if comparison else {}
    return Kind(name, doc, clean=clean, arrow=pa.decimal128(24, 6), comparison=comparison, keys=keys)


MONEY = _amount(
    "money",
    "An amount of money, without tax unless the field says so; its currency stands in a field of its own.",
    clean_amount,
)
PRICE = _amount(
    "price",
    "A unit price or a contract amount, compared as a proportion.",
    clean_amount,
    Comparison(
        similarity=proportion,
        cuts=(0.8, 0.93, 0.995),
        m=(0.12, 0.04, 0.08, 0.06, 0.7),
        u=(0.9, 0.05, 0.03, 0.01, 0.01),
        labels=("different", "of the same order", "close", "as good as equal", "the same"),
    ),
)
QUANTITY = _amount("quantity", "A number of units or hours, never negative.", clean_quantity)
SIGNED_QUANTITY = _amount("signed quantity", "A number of units that may be negative: a credit, a deduction.", clean_amount)
PERCENT = _amount("percent", "A percentage from 0 to 100.", clean_percent)
RATE = _amount("rate", "A rate: an exchange rate, a percentage a year.", clean_amount)
DATE = Kind(
    "date",
    "A calendar date, compared by the days between.",
    clean=clean_date,
    arrow=pa.date32(),
    comparison=Comparison(
        similarity=days,
        cuts=(0.5, 0.835, 0.94),
        m=(0.1, 0.15, 0.2, 0.25, 0.3),
        u=(0.7, 0.2, 0.06, 0.03, 0.01),
        labels=("far apart", "within half a year", "within two months", "within three weeks", "the same day"),
    ),
    keys={"month": prefix(7)},
)
BIRTH_DATE = Kind(
    "birth date",
    "A date of birth, compared by its figures: a wrong one is a typing error, not a near day.",
    clean=clean_birth_date,
    normal=figures,
    arrow=pa.date32(),
    comparison=Comparison(
        similarity=dates,
        cuts=(0.65, 0.78, 0.88),
        m=(0.05, 0.03, 0.04, 0.1, 0.78),
        u=(0.93, 0.025, 0.03, 0.0145, 0.0005),
        labels=("different", "about a year apart", "two figures apart", "one figure apart", "the same"),
    ),
    keys={"whole": whole, "month": prefix(6), "day": suffix(4)},
)
INSTANT = Kind("instant", "A moment, ISO 8601 in UTC.", clean=clean_instant, arrow=pa.timestamp("us", "UTC"))
CURRENCY = Kind("currency", "Currency, ISO 4217.", clean=clean_currency)
FLAG = Kind("flag", "Yes or no.", clean=clean_flag, arrow=pa.bool_())
YEAR = Kind(
    "year",
    "A year: of a vintage, of publication.",
    clean=clean_year,
    comparison=Comparison(
        similarity=years, cuts=(0.85,), m=(0.08, 0.07, 0.85), u=(0.8, 0.1, 0.1), labels=("different", "a year apart", "the same")
    ),
    keys={"whole": whole},
)
