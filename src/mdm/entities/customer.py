"""Customers and the people who work there."""

from dataclasses import replace
from decimal import Decimal
from typing import Annotated, ClassVar

from matching.declaration import Passing, Premises, Vetoes, Within
from matching.kinds import (
    CITY,
    CODE,
    COUNTRY,
    CURRENCY,
    EMAIL,
    FAMILY_NAME,
    FLAG,
    GIVEN_NAME,
    MASTER,
    ORG_EMAIL,
    ORG_NAME,
    PERCENT,
    PHONE,
    POSTCODE,
    SIREN,
    SIRET,
    STREET,
    TEXT,
    VAT_NUMBER,
    WEBSITE,
)
from mdm.entities.declare import Master, Refers, SameAs, Survive

ADDRESS = Survive(by=("trust", "recent", "longest"), group="address")
OFFICIAL = Survive(by=("verified", "frequent", "trust", "recent"))


class Customer(Master):
    """An organisation that buys from us, or may: one legal entity. Its sites and trade names are records of it, its group a relation."""

    entity: ClassVar[str] = "customer"
    prefix: ClassVar[str] = "cus"

    name: Annotated[str, ORG_NAME, Survive(by=("frequent", "trust", "longest"), collect="names")]
    """Legal or trading name, as the source writes it."""
    siren: Annotated[str | None, SIREN, Vetoes(), OFFICIAL] = None
    """French company number; two different valid ones are never the same customer."""
    siret: Annotated[str | None, SIRET, replace(OFFICIAL, collect="sites")] = None
    """French number of the establishment that the record speaks of."""
    vat_number: Annotated[str | None, VAT_NUMBER, Vetoes(), OFFICIAL] = None
    """VAT number of the EU."""
    website: Annotated[str | None, WEBSITE, Premises(), Survive()] = None
    """Host of its website."""
    email: Annotated[str | None, ORG_EMAIL, Premises(), Survive(collect="emails")] = None
    """General or accounts e-mail address."""
    phone: Annotated[str | None, PHONE, Premises(), Survive(collect="phones")] = None
    """Switchboard."""
    street: Annotated[str | None, STREET, Premises(), ADDRESS] = None
    """Street line."""
    postcode: Annotated[str | None, POSTCODE, Premises(), ADDRESS] = None
    """Postal code."""
    city: Annotated[str | None, CITY, Premises(), ADDRESS] = None
    """City."""
    country: Annotated[str | None, COUNTRY, ADDRESS] = None
    """Country."""
    account_code: Annotated[str | None, CODE, Survive()] = None
    """The account code in billing, where the record quotes it."""
    currency: Annotated[str | None, CURRENCY, Survive()] = None
    """Currency of its account."""
    payment_terms: Annotated[str | None, TEXT, Survive()] = None
    """Payment terms in the source's words."""
    salesperson: Annotated[str | None, MASTER, Refers("salesperson"), Survive()] = None
    """Who looks after it."""
    active: Annotated[bool | None, FLAG, Survive()] = None
    """Whether the source still trades with it."""
    parent: Annotated[str | None, MASTER, Refers("customer"), Survive()] = None
    """The customer record that it belongs to, as a group or a head office."""
    merged_into: Annotated[str | None, MASTER, Refers("customer"), SameAs(), Survive()] = None
    """The record into which the source has merged this one."""
    notes: Annotated[str | None, TEXT, Survive(by=("longest",))] = None
    """What people wrote about it."""


class Contact(Master):
    """A person whom we deal with, at one customer or, over time, at several."""

    entity: ClassVar[str] = "contact"
    prefix: ClassVar[str] = "con"

    given_name: Annotated[str | None, GIVEN_NAME, Survive(by=("longest", "frequent", "trust"))] = None
    """Given name."""
    family_name: Annotated[str, FAMILY_NAME, Survive(by=("frequent", "trust", "longest"))]
    """Family name."""
    email: Annotated[str | None, EMAIL, Within("customer", shared=True), Survive(collect="emails")] = None
    """Personal address at work."""
    phone: Annotated[str | None, PHONE, Within("customer", shared=True), Survive(collect="phones")] = None
    """Desk phone, often the switchboard."""
    mobile: Annotated[str | None, PHONE, Survive()] = None
    """Mobile phone."""
    title: Annotated[str | None, TEXT, Survive()] = None
    """Function."""
    salutation: Annotated[str | None, TEXT, Survive()] = None
    """How the person is addressed: M., Mme."""
    customer: Annotated[str | None, MASTER, Refers("customer"), Passing(), Survive()] = None
    """The customer where the person works, or worked last."""
    notes: Annotated[str | None, TEXT, Survive(by=("longest",))] = None
    """What people wrote about the person."""


class Salesperson(Master):
    """One of our own people who sells."""

    entity: ClassVar[str] = "salesperson"
    prefix: ClassVar[str] = "sal"

    given_name: Annotated[str | None, GIVEN_NAME, Survive(by=("longest", "trust"))] = None
    """Given name."""
    family_name: Annotated[str, FAMILY_NAME, Survive(by=("longest", "trust"))]
    """Family name."""
    email: Annotated[str | None, EMAIL, Survive()] = None
    """Address at work."""
    title: Annotated[str | None, TEXT, Survive()] = None
    """Function."""
    discount_authority: Annotated[Decimal | None, PERCENT, Survive()] = None
    """Largest discount in percent that needs no approval."""
    active: Annotated[bool | None, FLAG, Survive()] = None
    """Whether the person still sells."""
