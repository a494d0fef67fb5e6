"""The entities, one declaration each: everything that needs to know a field reads it here."""

from mdm.entities.billing import Invoice, InvoiceLine, Payment, PlanLine, Reminder, WriteOff
from mdm.entities.customer import Contact, Customer, Salesperson
from mdm.entities.declare import Entity, Fact, Master, NameOf, Refers, SameAs, Survive, collected_fields, golden_fields
from mdm.entities.delivery import Amendment, Budget, Cost, Employee
from mdm.entities.offer import Product, Project
from mdm.entities.selling import Deal, DealChange, DealLine, DealPhase

MASTERS: tuple[type[Master], ...] = (Salesperson, Customer, Product, Contact, Project)
"""In the order in which they are resolved: later ones compare golden references to earlier ones."""

FACTS: tuple[type[Fact], ...] = (
    Deal, DealLine, DealPhase, DealChange, PlanLine, Invoice, InvoiceLine, Payment, WriteOff, Reminder, Budget, Amendment, Employee, Cost,
)  # fmt: skip

ENTITIES: dict[str, type[Entity]] = {entity.entity: entity for entity in (*MASTERS, *FACTS)}

__all__ = [
    "ENTITIES", "FACTS", "MASTERS", "Amendment", "Budget", "Contact", "Cost", "Customer", "Deal", "DealChange", "DealLine", "DealPhase",
    "Employee", "Entity", "Fact", "Invoice", "InvoiceLine", "Master", "NameOf", "Payment", "PlanLine", "Product", "Project", "Refers",
    "Reminder", "Salesperson", "SameAs", "Survive", "WriteOff", "collected_fields", "golden_fields",
]  # fmt: skip
