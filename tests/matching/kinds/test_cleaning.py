"""Truth tables of the kinds: what goes in, what comes out, what is refused and why."""

import string

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.fr import siren

from matching.declaration import fields
from matching.kinds import (
    CITY,
    CODE,
    COUNTRY,
    CURRENCY,
    DATE,
    EMAIL,
    FAMILY_NAME,
    FLAG,
    GIVEN_NAME,
    GTIN,
    IBAN,
    INSTANT,
    MONEY,
    ORG_NAME,
    PERCENT,
    PHONE,
    POSTCODE,
    PRODUCT_LABEL,
    QUANTITY,
    REFERENCE,
    SIGNED_QUANTITY,
    SIREN,
    SIRET,
    STREET,
    TEXT,
    VAT_NUMBER,
    WEBSITE,
    Kind,
    Refused,
)
from matching.kinds.identifiers import luhn
from mdm.entities import ENTITIES

ACCEPTED: list[tuple[Kind, str, str]] = [
    (SIREN, " 732 829 320 ", "732829320"),
    (SIREN, "73282932000074", "732829320"),
    (SIREN, "FR 44 732 829 320", "732829320"),
    (SIREN, "732.829.320", "732829320"),
    (SIRET, "732 829 320 00074", "73282932000074"),
    (SIRET, "356 000 000 00048", "35600000000048"),
    (VAT_NUMBER, "fr 44 732829320", "FR44732829320"),
    (VAT_NUMBER, "FR 00 732829320", "FR00732829320"),
    (VAT_NUMBER, "DE 136 695 976", "DE136695976"),
    (GTIN, "4006381333931", "4006381333931"),
    (IBAN, "FR14 2004 1010 0505 0001 3M02 606", "FR1420041010050500013M02606"),
    (EMAIL, " Jean.Dupont@Exemple.FR ", "jean.dupont@exemple.fr"),
    (EMAIL, "mailto:a@b.example", "a@b.example"),
    (PHONE, "01 99 00 12 34", "+33199001234"),
    (PHONE, "+33 (0)1 99 00 12 34", "+33199001234"),
    (PHONE, "01.99.00.12.34", "+33199001234"),
    (PHONE, "+49 30 901820", "+4930901820"),
    (WEBSITE, "https://www.Exemple.fr/accueil?x=1", "exemple.fr"),
    (POSTCODE, " 75001 ", "75001"),
    (COUNTRY, "France", "FR"),
    (COUNTRY, "Allemagne", "DE"),
    (COUNTRY, "Germany", "DE"),
    (COUNTRY, "be", "BE"),
    (CURRENCY, "€", "EUR"),
    (CURRENCY, "gbp", "GBP"),
    (MONEY, "1 234,56", "1234.56"),
    (MONEY, "1.234,56", "1234.56"),
    (MONEY, "1,234.56", "1234.56"),
    (MONEY, "(12,50)", "-12.5"),
    (MONEY, " 000000000005600,00", "5600"),
    (MONEY, "12,50 €", "12.5"),
    (SIGNED_QUANTITY, "-3", "-3"),
    (QUANTITY, "0", "0"),
    (PERCENT, "35 %", "35"),
    (DATE, "31/12/2026", "2026-12-31"),
    (DATE, "2026-12-31T23:59:00Z", "2026-12-31"),
    (DATE, "20261231", "2026-12-31"),
    (DATE, "29/02/2024", "2024-02-29"),
    (DATE, "1.2.26", "2026-02-01"),
    (INSTANT, "2026-01-02T03:04:05+02:00", "2026-01-02T01:04:05+00:00"),
    (INSTANT, "2026-01-02", "2026-01-02T00:00:00+00:00"),
    (FLAG, "Oui", "true"),
    (FLAG, "N", "false"),
    (ORG_NAME, "  OricitÃ©   SARL ", "Oricité SARL"),
    (ORG_NAME, "Zero\u200bWidth", "ZeroWidth"),
    (GIVEN_NAME, "JEAN-PIERRE", "Jean-Pierre"),
    (FAMILY_NAME, "Le Goff", "Le Goff"),
    (CITY, "  Saint-Malo", "Saint-Malo"),
    (STREET, "12, rue de la Paix,", "12, rue de la Paix"),
    (CODE, " ab-12 ", "AB-12"),
    (REFERENCE, "opp-2400001", "OPP-2400001"),
    (PRODUCT_LABEL, "Switch  48 ports", "Switch 48 ports"),
    (TEXT, "a\x00b", "ab"),
]  # fmt: skip

REFUSED: list[tuple[Kind, str, str]] = [
    (SIREN, "732829321", "check digit"),
    (SIREN, "12", "number of characters"),
    (SIRET, "73282932000075", "check digit"),
    (VAT_NUMBER, "XX123", "form"),
    (GTIN, "4006381333932", "check digit"),
    (EMAIL, "no at sign", "e-mail"),
    (PHONE, "call me", "phone"),
    (PHONE, "12", "phone"),
    (WEBSITE, "n/a", "website"),
    (COUNTRY, "Atlantis", "country"),
    (CURRENCY, "XXQ", "currency"),
    (MONEY, "abc", "number"),
    (MONEY, "NaN", "number"),
    (MONEY, "1e400", "number"),
    (QUANTITY, "-3", "negative"),
    (PERCENT, "120", "0 to 100"),
    (DATE, "31/02/2026", "date"),
    (DATE, "00/00/0000", "date"),
    (DATE, "31/12/9999", "plausible"),
    (FLAG, "maybe", "yes nor no"),
    (ORG_NAME, "---", "letter"),
    (FAMILY_NAME, "123", "letter"),
    (CODE, "--", "letter"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "clean"), ACCEPTED, ids=lambda item: getattr(item, "name", item))
def test_what_a_kind_accepts(kind: Kind, value: str, clean: str) -> None:
    assert kind.clean(value) == clean
    assert kind.clean(clean) == clean


@pytest.mark.parametrize(("kind", "value", "reason"), REFUSED, ids=lambda item: getattr(item, "name", item))
def test_what_a_kind_refuses_and_why(kind: Kind, value: str, reason: str) -> None:
    with pytest.raises(Refused) as refusal:
        kind.clean(value)
    assert reason in refusal.value.reason
    assert refusal.value.fix


EVERY = sorted({field.kind.name: field.kind for entity in ENTITIES.values() for field in fields(entity)}.items())


@pytest.mark.parametrize("kind", [kind for _, kind in EVERY], ids=[name for name, _ in EVERY])
@given(value=st.text(max_size=60))
def test_cleaning_never_crashes_and_twice_is_once(kind: Kind, value: str) -> None:
    try:
        clean = kind.clean(value)
    except Refused:
        return
    assert kind.clean(clean) == clean
    kind.normal(clean)


@given(st.text(string.digits, min_size=9, max_size=9))
def test_the_fast_luhn_is_the_library_s(number: str) -> None:
    assert luhn(number) == siren.is_valid(number)


@given(st.from_regex(r"(\+33|0)[1-9]([ .-]?\d\d){4}", fullmatch=True, alphabet=string.digits + "+ .-"))
def test_the_fast_french_phone_is_the_library_s(number: str) -> None:
    found = phonenumbers.parse(number, "FR")
    assert PHONE.clean(number) == phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)
