"""What is true in the demo world: entities, people, deals, projects, documents. Sources tell it with dirt; `truth` tells it whole."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from .money import ZERO, total


@dataclass(slots=True, eq=False)
class Site:
    """A place of business."""

    key: str
    siret: str
    street: str
    postcode: str
    town: str
    phone: str


@dataclass(slots=True, eq=False)
class Entity:
    """A legal entity: the customer to find behind the records."""

    key: str
    kind: str
    core: str
    form: str
    country: str
    siren: str
    vat: str
    domain: str
    email: str
    sites: list[Site]
    terms: str
    lateness: tuple[float, float]
    """Mean and spread of payment delay, days after due."""
    presence: str
    since: date
    acronym: str = ""
    trade_name: str = ""
    old_name: str = ""
    old_street: str = ""
    accountant: str = ""
    parent: "Entity | None" = None
    bankrupt_on: date | None = None
    fame: float = 1.0
    """Relative number of deals."""

    @property
    def name(self) -> str:
        """The registered name."""
        if self.kind == "sci":
            return f"SCI {self.core}"
        return f"{self.core} {self.form}".strip()

    @property
    def in_crm(self) -> bool:
        """Known to the CRM."""
        return self.presence != "billing"

    @property
    def in_billing(self) -> bool:
        """Known to billing."""
        return self.presence != "crm"


@dataclass(slots=True, eq=False)
class Person:
    """Someone in a job: a person who moves has two jobs."""

    key: str
    job: str
    entity: Entity
    site: Site
    woman: bool
    first: str
    last: str
    title: str
    email: str
    mobile: str
    left: bool = False


@dataclass(frozen=True, slots=True)
class Salesperson:
    """Sells; `optimism` shifts the probabilities typed, in logits."""

    key: str
    rep: str
    user: str
    first: str
    last: str
    authority: int
    optimism: float
    skill: float
    active: bool


@dataclass(frozen=True, slots=True)
class Employee:
    """Works on projects, at an hourly cost."""

    badge: str
    first: str
    last: str
    grade: str
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Product:
    """Something sold, with its names and codes in both systems."""

    key: str
    family: str
    name: str
    crm_id: str
    crm_code: str
    crm_name: str
    article: str
    designation: str
    price: Decimal
    cost: Decimal
    grade: str = ""
    line: str = ""
    ean: str = ""


@dataclass(slots=True, eq=False)
class Account:
    """A CRM account; `kind` is main, dup, site or merged."""

    id: str
    kind: str
    entity: Entity
    site: Site
    name: str


@dataclass(slots=True, eq=False)
class Client:
    """A billing client; `kind` is main, dup, site or second (other terms)."""

    code: str
    kind: str
    entity: Entity
    site: Site
    name: str
    terms: str
    created: date


@dataclass(slots=True, eq=False)
class Line:
    """A product line of a deal."""

    id: str
    product: Product
    quantity: int
    discount: int
    unit: Decimal
    option: bool = False
    probability: int = 0

    @property
    def amount(self) -> Decimal:
        """Quantity at the price agreed."""
        return self.quantity * self.unit


@dataclass(frozen=True, slots=True)
class Step:
    """A change in the life of a deal."""

    on: date
    stage: str
    amount: Decimal
    probability: int
    closes: date


@dataclass(slots=True, eq=False)
class Deal:
    """An opportunity, won, lost or open."""

    key: str
    id: str
    reference: str
    kind: str
    title: str
    account: Account
    owner: Salesperson
    contact: str
    created: date
    closes: date
    outcome: str
    """won, lost or open: what the world did, whatever the CRM says."""
    chance: float
    lines: list[Line]
    months: int = 0
    period: int = 0
    stage: str = ""
    steps: list[Step] = field(default_factory=list)
    touched: date | None = None
    reason: str = ""
    approver: str = ""
    parent: "Deal | None" = None
    leak: str = ""
    crm_outcome: str = ""

    @property
    def entity(self) -> Entity:
        """The customer."""
        return self.account.entity

    @property
    def amount(self) -> Decimal:
        """The sum of the lines."""
        return total([line.amount for line in self.lines])

    @property
    def probability(self) -> int:
        """The lines' probabilities, rolled up by amount."""
        weighted = sum(line.amount * line.probability for line in self.lines)
        return round(weighted / self.amount) if self.amount else 0


@dataclass(slots=True, eq=False)
class PlanLine:
    """A line of an invoice plan; `done` may lie after today."""

    number: int
    label: str
    kind: str
    planned: date
    amount: Decimal
    done: date
    state: str = "A venir"
    invoice: "Invoice | None" = None
    sold: list[tuple[Product, int, Decimal]] = field(default_factory=list)
    """What it invoices by unit: product, quantity, price."""


@dataclass(slots=True, eq=False)
class Project:
    """A project (affaire): what a won deal becomes."""

    key: str
    deal: Deal
    client: Client
    created: date
    start: date
    end_planned: date
    end: date
    code: str = ""
    time_code: str = ""
    label: str = ""
    reference: str = ""
    how: str = ""
    plan: list[PlanLine] = field(default_factory=list)
    amendments: list[Deal] = field(default_factory=list)
    budget_hours: int = 0
    budget_cost: Decimal = ZERO
    fate: str = ""
    hours: list["Hours"] = field(default_factory=list)
    purchases: list["Purchase"] = field(default_factory=list)

    @property
    def contract(self) -> Decimal:
        """The amount sold, without amendments."""
        return self.deal.amount


@dataclass(frozen=True, slots=True)
class Hours:
    """Time of an employee on a project in a day."""

    on: date
    employee: Employee
    activity: str
    hours: int
    approved: bool


@dataclass(frozen=True, slots=True)
class Purchase:
    """Something bought for a project."""

    on: date
    supplier: tuple[str, str]
    nature: str
    label: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Item:
    """A line of an invoice."""

    article: str
    label: str
    quantity: int
    unit: Decimal
    account: str

    @property
    def amount(self) -> Decimal:
        """Quantity at the price."""
        return self.quantity * self.unit


@dataclass(slots=True, eq=False)
class Invoice:
    """An invoice or a credit note (negative amounts)."""

    kind: str
    on: date
    client: Client
    project: Project | None
    code: str
    terms: str
    due: date
    items: list[Item]
    number: str = ""
    reference: str = ""
    origin: "Invoice | None" = None
    cause: str = ""
    leak: str = ""
    state: str = "Ouverte"
    lettering: str = ""
    settled_on: date | None = None
    paid: Decimal = ZERO

    @property
    def net(self) -> Decimal:
        """Before VAT."""
        return total([item.amount for item in self.items])

    @property
    def vat_rate(self) -> int:
        """20 % in France, 0 % abroad (reverse charge)."""
        return 20 if self.client.entity.country == "FR" else 0

    @property
    def vat(self) -> Decimal:
        """The tax."""
        return (self.net * self.vat_rate / 100).quantize(ZERO)

    @property
    def gross(self) -> Decimal:
        """With VAT: what the customer owes."""
        return self.net + self.vat


@dataclass(slots=True, eq=False)
class Payment:
    """Money received."""

    on: date
    client: Client
    amount: Decimal
    invoices: list[Invoice]
    mode: str
    lettering: str = ""


@dataclass(frozen=True, slots=True)
class Reminder:
    """A dunning letter."""

    on: date
    invoice: Invoice
    level: int


@dataclass(frozen=True, slots=True)
class Fault:
    """A leak put there on purpose, and what it is worth."""

    number: int
    kind: str
    entity: Entity
    deal: Deal | None
    project: Project | None
    invoices: tuple[Invoice, ...]
    accounts: tuple[str, ...]
    amount: Decimal
    exposure: Decimal
    since: date
    note: str
