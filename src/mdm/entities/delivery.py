"""Facts of delivery: budgets, amendments, costs, and what an hour of work costs."""

from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from matching.kinds import CHOICE, CURRENCY, DATE, FLAG, KEY, MONEY, PERSON_NAME, QUANTITY, SIGNED_QUANTITY, TEXT
from mdm.entities.declare import Fact, Refers


class Budget(Fact):
    """What a project was meant to take."""

    entity: ClassVar[str] = "budget"

    project: Annotated[str, KEY, Refers("project")]
    """The project."""
    cost: Annotated[Decimal | None, MONEY] = None
    """Cost planned."""
    hours: Annotated[Decimal | None, QUANTITY] = None
    """Hours planned."""


class Amendment(Fact):
    """A change of the contract of a project."""

    entity: ClassVar[str] = "amendment"

    project: Annotated[str, KEY, Refers("project")]
    """The project."""
    amount: Annotated[Decimal, MONEY]
    """Added to the contract, without tax; negative where it takes away."""
    signed_on: Annotated[date | None, DATE] = None
    """Date of the amendment."""
    label: Annotated[str | None, TEXT] = None
    """What changes."""
    signed: Annotated[bool | None, FLAG] = None
    """Whether the customer has signed; one that is not does not count."""


class Employee(Fact):
    """Somebody whose hours are booked on projects."""

    entity: ClassVar[str] = "employee"

    name: Annotated[str, PERSON_NAME]
    """Name."""
    hourly_cost: Annotated[Decimal, MONEY]
    """What an hour costs the company."""
    grade: Annotated[str | None, CHOICE] = None
    """Grade."""


class Cost(Fact):
    """Hours or a purchase booked on a project."""

    entity: ClassVar[str] = "cost"

    kind: Annotated[Literal["labour", "purchase"], CHOICE]
    """Which of the two."""
    spent_on: Annotated[date, DATE]
    """When."""
    project: Annotated[str | None, KEY, Refers("project")] = None
    """The project."""
    amount: Annotated[Decimal | None, MONEY] = None
    """Amount without tax; of hours it is hours x the employee's cost where it is not given."""
    currency: Annotated[str, CURRENCY] = "EUR"
    """Currency of the amount."""
    hours: Annotated[Decimal | None, SIGNED_QUANTITY] = None
    """Hours worked."""
    employee: Annotated[str | None, KEY, Refers("employee")] = None
    """Who worked."""
    category: Annotated[str | None, CHOICE] = None
    """Activity or nature in the source's words."""
    supplier: Annotated[str | None, TEXT] = None
    """From whom it was bought."""
    label: Annotated[str | None, TEXT] = None
    """What it is."""
    billable: Annotated[bool | None, FLAG] = None
    """Whether it can be billed."""
    approved: Annotated[bool | None, FLAG] = None
    """Whether it was approved."""
