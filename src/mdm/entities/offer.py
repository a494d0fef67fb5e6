"""What is sold: products, and the projects that deliver them."""

from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar

from matching.declaration import Vetoes
from matching.kinds import (
    CHOICE,
    CODE,
    CURRENCY,
    DATE,
    FLAG,
    GTIN,
    MASTER,
    MONEY,
    ORG_NAME,
    PRICE,
    PRODUCT_LABEL,
    PROJECT_LABEL,
    RATE,
    REFERENCE,
    TEXT,
)
from mdm.entities.declare import Master, NameOf, Refers, Survive


class Product(Master):
    """Something that we sell: goods, a service, a subscription."""

    entity: ClassVar[str] = "product"
    prefix: ClassVar[str] = "prd"

    label: Annotated[str, PRODUCT_LABEL, Survive(by=("trust", "longest"))]
    """What it is called."""
    code: Annotated[str | None, CODE, Survive()] = None
    """Its code in the source."""
    gtin: Annotated[str | None, GTIN, Vetoes(), Survive()] = None
    """Bar code."""
    price: Annotated[Decimal | None, PRICE, Survive(by=("recent", "trust"))] = None
    """List price without tax, a unit."""
    cost: Annotated[Decimal | None, MONEY, Survive()] = None
    """Standard cost without tax, a unit."""
    unit: Annotated[str | None, CHOICE, Survive()] = None
    """Unit of measure."""
    family: Annotated[str | None, CHOICE, Survive()] = None
    """Family of products."""
    tax_rate: Annotated[Decimal | None, RATE, Survive()] = None
    """VAT in percent."""
    active: Annotated[bool | None, FLAG, Survive()] = None
    """Whether it is still sold."""


class Project(Master):
    """A job for a customer: a won deal in the CRM, an `affaire` in billing, a project in the time tool."""

    entity: ClassVar[str] = "project"
    prefix: ClassVar[str] = "prj"

    label: Annotated[str, PROJECT_LABEL, Survive(by=("trust", "longest"), trust=("crm", "time", "billing"))]
    """What it is called."""
    code: Annotated[str | None, CODE, Vetoes(), Survive(trust=("billing",))] = None
    """Its code in billing, where the record quotes it."""
    reference: Annotated[str | None, REFERENCE, Vetoes(), Survive()] = None
    """The reference of the deal that it delivers."""
    customer: Annotated[str | None, MASTER, Refers("customer"), Survive(trust=("billing",))] = None
    """Whom it is for."""
    customer_name: Annotated[str | None, ORG_NAME, NameOf("customer"), Survive()] = None
    """The customer as the source names it."""
    amount: Annotated[Decimal | None, PRICE, Survive(trust=("billing",))] = None
    """Contract amount without tax and without amendments."""
    currency: Annotated[str | None, CURRENCY, Survive(trust=("billing",))] = None
    """Currency of the contract."""
    ordered_on: Annotated[date | None, DATE, Survive(trust=("billing",))] = None
    """When it was won, or entered in billing."""
    starts_on: Annotated[date | None, DATE, Survive(trust=("billing",))] = None
    """Planned or actual start."""
    ends_on: Annotated[date | None, DATE, Survive(trust=("billing",))] = None
    """Planned or actual end."""
    salesperson: Annotated[str | None, MASTER, Refers("salesperson"), Survive()] = None
    """Who sold it."""
    nature: Annotated[str | None, TEXT, Survive()] = None
    """Fixed price, time and material, trade, contract: in the source's words."""
    status: Annotated[str | None, CHOICE, Survive(trust=("billing",))] = None
    """Where it stands, in the source's words."""
    indexation: Annotated[Decimal | None, RATE, Survive()] = None
    """Yearly indexation of its price in percent."""
