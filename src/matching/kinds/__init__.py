"""The kinds: what a field can mean. Each is one object that cleans, compares and blocks."""

from matching.kinds.contact import EMAIL, ORG_EMAIL, PHONE, WEBSITE
from matching.kinds.identifiers import CODE, GTIN, IBAN, IDENTIFIER, KEY, MASTER, REFERENCE, SIREN, SIRET, VAT_NUMBER
from matching.kinds.kind import Implied, Kind, Refused
from matching.kinds.location import ADDRESS, CITY, COUNTRY, HOUSE_NUMBER, PLACE, POSTCODE, STREET
from matching.kinds.organisation import ORG_NAME
from matching.kinds.person import FAMILY_NAME, GIVEN_NAME, PEOPLE, PERSON_NAME
from matching.kinds.scalar import (
    BIRTH_DATE,
    CURRENCY,
    DATE,
    FLAG,
    INSTANT,
    MONEY,
    PERCENT,
    PRICE,
    QUANTITY,
    RATE,
    SIGNED_QUANTITY,
    YEAR,
)
from matching.kinds.text import CATEGORY, CHOICE, DESCRIPTION, PRODUCT_LABEL, PROJECT_LABEL, TEXT, TITLE

__all__ = [
    "ADDRESS", "BIRTH_DATE", "CATEGORY", "CHOICE", "CITY", "CODE", "COUNTRY", "CURRENCY", "DATE", "DESCRIPTION", "EMAIL", "FAMILY_NAME", "FLAG",
    "GIVEN_NAME", "GTIN", "HOUSE_NUMBER", "IBAN", "IDENTIFIER", "INSTANT", "KEY", "MASTER", "MONEY", "ORG_EMAIL", "ORG_NAME", "PEOPLE", "PERCENT",
    "PERSON_NAME", "PHONE", "PLACE", "POSTCODE", "PRICE", "PRODUCT_LABEL", "PROJECT_LABEL", "QUANTITY", "RATE", "REFERENCE", "SIGNED_QUANTITY",
    "SIREN", "SIRET", "STREET", "TEXT", "TITLE", "VAT_NUMBER", "WEBSITE", "YEAR", "Implied", "Kind", "Refused",
]  # fmt: skip
