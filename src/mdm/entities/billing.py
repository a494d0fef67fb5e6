"""Facts of billing: the plan, invoices, payments, reminders, write-offs."""

from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from matching.kinds import CHOICE, CURRENCY, DATE, KEY, MONEY, QUANTITY, RATE, REFERENCE, SIGNED_QUANTITY, TEXT
from mdm.entities.declare import Fact, Refers


class PlanLine(Fact):
    """An invoice to come by the plan of a project: deposit, milestone, period, balance."""

    entity: ClassVar[str] = "plan_line"

    project: Annotated[str, KEY, Refers("project")]
    """The project."""
    planned_on: Annotated[date, DATE]
    """When it is to be billed."""
    amount: Annotated[Decimal, MONEY]
    """How much, without tax, in the project's currency."""
    status: Annotated[Literal["planned", "done", "invoiced", "cancelled"], CHOICE]
    """Where it stands: `done` means delivered and not invoiced."""
    label: Annotated[str | None, TEXT] = None
    """What is billed."""
    kind: Annotated[str | None, CHOICE] = None
    """Deposit, milestone, period, in the source's words."""
    done_on: Annotated[date | None, DATE] = None
    """When it was delivered."""
    invoice: Annotated[str | None, KEY, Refers("invoice")] = None
    """The invoice that billed it."""


class Invoice(Fact):
    """An invoice or a credit note, whose amounts are negative."""

    entity: ClassVar[str] = "invoice"

    kind: Annotated[Literal["invoice", "credit_note"], CHOICE]
    """Which of the two."""
    issued_on: Annotated[date, DATE]
    """Date of issue."""
    net: Annotated[Decimal, MONEY]
    """Total without tax."""
    gross: Annotated[Decimal, MONEY]
    """Total with tax: what is due."""
    tax: Annotated[Decimal | None, MONEY] = None
    """Tax."""
    currency: Annotated[str, CURRENCY] = "EUR"
    """Currency of the amounts."""
    rate: Annotated[Decimal | None, RATE] = None
    """Units of the company's currency for one of the invoice's."""
    customer: Annotated[str | None, KEY, Refers("customer")] = None
    """Who owes it."""
    project: Annotated[str | None, KEY, Refers("project")] = None
    """The project billed."""
    due_on: Annotated[date | None, DATE] = None
    """Due date."""
    payment_terms: Annotated[str | None, TEXT] = None
    """Terms in the source's words."""
    status: Annotated[str | None, CHOICE] = None
    """State in the source's words."""
    origin: Annotated[str | None, KEY, Refers("invoice")] = None
    """The invoice that a credit note corrects."""
    reason: Annotated[str | None, TEXT] = None
    """Why a credit note was made."""
    reference: Annotated[str | None, REFERENCE] = None
    """The customer's order or our deal, as quoted."""
    lettering: Annotated[str | None, TEXT] = None
    """The mark that ties it to its payments in the customer's account."""


class InvoiceLine(Fact):
    """A line of an invoice."""

    entity: ClassVar[str] = "invoice_line"

    invoice: Annotated[str, KEY, Refers("invoice")]
    """The invoice."""
    amount: Annotated[Decimal, MONEY]
    """Total without tax."""
    product: Annotated[str | None, KEY, Refers("product")] = None
    """The product."""
    label: Annotated[str | None, TEXT] = None
    """What is billed."""
    quantity: Annotated[Decimal | None, SIGNED_QUANTITY] = None
    """How many."""
    unit_price: Annotated[Decimal | None, MONEY] = None
    """Price a unit."""
    account: Annotated[str | None, CHOICE] = None
    """Account of the ledger."""


class Payment(Fact):
    """Money received."""

    entity: ClassVar[str] = "payment"

    received_on: Annotated[date, DATE]
    """When."""
    amount: Annotated[Decimal, MONEY]
    """How much."""
    currency: Annotated[str, CURRENCY] = "EUR"
    """In which currency."""
    customer: Annotated[str | None, KEY, Refers("customer")] = None
    """From whom."""
    invoices: Annotated[str | None, TEXT] = None
    """The invoices that it pays, keys separated by blanks; none while it is not allocated."""
    method: Annotated[str | None, CHOICE] = None
    """Transfer, cheque, direct debit."""
    label: Annotated[str | None, TEXT] = None
    """What the bank statement says."""
    lettering: Annotated[str | None, TEXT] = None
    """The mark that ties it to its invoices in the customer's account."""


class WriteOff(Fact):
    """An invoice, or a part of one, given up."""

    entity: ClassVar[str] = "write_off"

    invoice: Annotated[str, KEY, Refers("invoice")]
    """The invoice."""
    on: Annotated[date, DATE]
    """When."""
    amount: Annotated[Decimal, MONEY]
    """How much, with tax."""


class Reminder(Fact):
    """A reminder sent for an invoice that is overdue."""

    entity: ClassVar[str] = "reminder"

    invoice: Annotated[str, KEY, Refers("invoice")]
    """The invoice."""
    sent_on: Annotated[date, DATE]
    """When."""
    level: Annotated[Decimal, QUANTITY]
    """First, second, third."""
    channel: Annotated[str | None, CHOICE] = None
    """E-mail, letter, phone."""
