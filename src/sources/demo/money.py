"""Euros as Decimal with cents, and splits that tie to the cent."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

CENT: Final = Decimal("0.01")
ZERO: Final = Decimal("0.00")


def euros(amount: float | Decimal | str) -> Decimal:
    """An amount rounded to the cent."""
    value = amount if isinstance(amount, Decimal) else Decimal(str(amount))
    return value.quantize(CENT, ROUND_HALF_UP)


def total(amounts: Sequence[Decimal]) -> Decimal:
    """The sum of amounts, zero with cents when there are none."""
    return sum(amounts, ZERO)


def percent(amount: Decimal, rate: float | Decimal) -> Decimal:
    """`rate` % of an amount, to the cent."""
    return euros(amount * Decimal(str(rate)) / 100)


def split(amount: Decimal, weights: Sequence[int]) -> list[Decimal]:
    """Cut an amount by weights; the last part takes what rounding leaves, so the parts sum to the amount."""
    whole = sum(weights)
    parts = [euros(amount * weight / whole) for weight in weights[:-1]]
    return [*parts, amount - total(parts)]
