"""Which values prove themselves, and which are possible but hardly meant."""

import pytest

from matching.kinds import CITY, EMAIL, FAMILY_NAME, IBAN, ORG_EMAIL, ORG_NAME, PHONE, PRODUCT_LABEL, SIREN, VAT_NUMBER, Kind


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (ORG_NAME, "Test"), (ORG_NAME, "xxx"), (ORG_NAME, "À compléter"), (ORG_NAME, "N/A"), (ORG_NAME, "TEST CLIENT"), (FAMILY_NAME, "Xxxx"),
        (CITY, "Inconnu"), (PRODUCT_LABEL, "aaa"), (PHONE, "+33099001234"), (PHONE, "+33800"), (ORG_EMAIL, "toto@gmail.com"),
    ],
)  # fmt: skip
def test_what_is_hardly_meant(kind: Kind, value: str) -> None:
    assert kind.doubtful is not None
    assert kind.doubtful(value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (ORG_NAME, "Testud"), (ORG_NAME, "Laboratoires Test"), (FAMILY_NAME, "Na"), (FAMILY_NAME, "Li"), (ORG_NAME, "AA Conseil"),
        (PHONE, "+33199001234"), (PHONE, "+33612345678"), (PHONE, "+3225551212"), (ORG_EMAIL, "info@dupont.fr"),
    ],
)  # fmt: skip
def test_what_is_meant(kind: Kind, value: str) -> None:
    assert kind.doubtful is not None
    assert not kind.doubtful(value)


def test_a_person_may_have_an_address_that_anybody_may_have() -> None:
    assert EMAIL.doubtful is None
    assert ORG_EMAIL.name == EMAIL.name


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (SIREN, "732829320", True), (VAT_NUMBER, "FR44732829320", True), (VAT_NUMBER, "FR00732829320", False),
        (IBAN, "FR1420041010050500013M02606", True),
    ],
)  # fmt: skip
def test_what_proves_itself(kind: Kind, value: str, expected: bool) -> None:
    assert kind.verified is not None
    assert kind.verified(value) is expected
