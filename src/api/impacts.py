"""What hangs on records and would move with them, on the wire."""

from decimal import Decimal

from api.queueing import moving
from api.schemas import Amount, Model, Named
from mdm.settings import Settings
from mdm.store.stakes import Impact


class Money(Model):
    """An amount in its currency."""

    amount: Amount
    currency: str


class Hanging(Model):
    """Facts that refer to the records."""

    fact: str
    count: int
    amounts: list[Money]
    """One a currency; they are never added up."""


class ImpactShown(Model):
    """What would move."""

    moving: Named | None = None
    """Of a pair, the side that would move: that on which less hangs."""
    facts: list[Hanging]
    stake: Money
    """The largest of the sums, in the company's currency; facts without a rate to it left out."""
    sentence: str


def money_of(amount: Decimal, currency: str) -> Money:
    """An amount as it goes over the wire."""
    return Money(amount=f"{amount:f}", currency=currency)


def impact_of(settings: Settings, found: Impact, side: Named | None = None) -> ImpactShown:
    """What would move; of a pair, with the side that would."""
    facts = [
        Hanging(fact=one.fact, count=one.count, amounts=[money_of(amount, currency) for currency, amount in one.amounts.items()])
        for one in found.facts
    ]
    return ImpactShown(moving=side, facts=facts, stake=money_of(found.stake, settings.currency), sentence=moving(settings, found))
