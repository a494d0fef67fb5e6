"""Facts of selling: deals with their lines, phases and history."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from matching.kinds import (
    CHOICE,
    CURRENCY,
    DATE,
    INSTANT,
    KEY,
    MONEY,
    PERCENT,
    PROJECT_LABEL,
    QUANTITY,
    REFERENCE,
    TEXT,
)
from mdm.entities.declare import Fact, Refers


class Deal(Fact):
    """A sale in progress, won or lost."""

    entity: ClassVar[str] = "deal"

    name: Annotated[str, PROJECT_LABEL]
    """What is offered."""
    status: Annotated[Literal["open", "won", "lost"], CHOICE]
    """Where it stands."""
    customer: Annotated[str | None, KEY, Refers("customer")] = None
    """To whom."""
    salesperson: Annotated[str | None, KEY, Refers("salesperson")] = None
    """By whom."""
    contact: Annotated[str | None, KEY, Refers("contact")] = None
    """The person on the other side."""
    stage: Annotated[str | None, CHOICE] = None
    """Stage in the source's words."""
    kind: Annotated[str | None, CHOICE] = None
    """Sort of sale in the source's words."""
    amount: Annotated[Decimal | None, MONEY] = None
    """Total of its lines without tax."""
    currency: Annotated[str, CURRENCY] = "EUR"
    """Currency of the amounts."""
    probability: Annotated[Decimal | None, PERCENT] = None
    """Probability entered, in percent, over all lines."""
    reference: Annotated[str | None, REFERENCE] = None
    """Reference that later documents quote."""
    parent: Annotated[str | None, KEY, Refers("deal")] = None
    """The deal that this one amends."""
    created_on: Annotated[date | None, DATE] = None
    """When it was opened."""
    closes_on: Annotated[date | None, DATE] = None
    """Expected closing, or the day it was closed."""
    last_activity_on: Annotated[date | None, DATE] = None
    """Last call, visit or message."""
    payment_terms: Annotated[str | None, TEXT] = None
    """Terms agreed, in the source's words."""
    term_months: Annotated[Decimal | None, QUANTITY] = None
    """Length of a subscription."""
    billing_period_months: Annotated[Decimal | None, QUANTITY] = None
    """How often a subscription is billed."""
    loss_reason: Annotated[str | None, TEXT] = None
    """Why it was lost."""
    discount_approved_by: Annotated[str | None, TEXT] = None
    """Who approved a discount above the salesperson's authority."""


class DealLine(Fact):
    """A product in a deal, with a probability of its own."""

    entity: ClassVar[str] = "deal_line"

    deal: Annotated[str, KEY, Refers("deal")]
    """The deal."""
    product: Annotated[str | None, KEY, Refers("product")] = None
    """The product."""
    quantity: Annotated[Decimal | None, QUANTITY] = None
    """How many."""
    list_price: Annotated[Decimal | None, MONEY] = None
    """Price of the list, a unit."""
    discount: Annotated[Decimal | None, PERCENT] = None
    """Discount in percent."""
    unit_price: Annotated[Decimal | None, MONEY] = None
    """Price offered, a unit."""
    amount: Annotated[Decimal, MONEY]
    """Total of the line without tax."""
    probability: Annotated[Decimal | None, PERCENT] = None
    """Probability that the salesperson gave to this product."""
    serves_on: Annotated[date | None, DATE] = None
    """When it is to be delivered."""
    label: Annotated[str | None, TEXT] = None
    """What the line says beside the product: option, variant."""


class DealPhase(Fact):
    """A part of a deal line that is to be billed at a date: the schedule."""

    entity: ClassVar[str] = "deal_phase"

    deal_line: Annotated[str, KEY, Refers("deal_line")]
    """The line."""
    due_on: Annotated[date, DATE]
    """When it is to be billed."""
    amount: Annotated[Decimal, MONEY]
    """How much, without tax."""
    label: Annotated[str | None, TEXT] = None
    """Deposit, milestone, balance."""


class DealChange(Fact):
    """A deal as it stood after a change: its history."""

    entity: ClassVar[str] = "deal_change"

    deal: Annotated[str, KEY, Refers("deal")]
    """The deal."""
    changed_at: Annotated[datetime, INSTANT]
    """When."""
    stage: Annotated[str | None, CHOICE] = None
    """Stage after the change."""
    amount: Annotated[Decimal | None, MONEY] = None
    """Amount after the change."""
    probability: Annotated[Decimal | None, PERCENT] = None
    """Probability after the change."""
    closes_on: Annotated[date | None, DATE] = None
    """Expected closing after the change."""
