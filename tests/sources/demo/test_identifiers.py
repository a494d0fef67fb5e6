"""Numbers are valid where they should be, and no telephone can ring."""

import re
from collections.abc import Iterator
from random import Random

import pytest
from stdnum import ean, luhn
from stdnum.eu import vat
from stdnum.fr import siren, siret

from sources.demo import dirt, identifiers

from .reading import Demo

FICTION = ("019900", "026191", "035301", "046571", "053649", "063998")


def telephones(demo: Demo) -> Iterator[str]:
    for table in ("crm/Account", "crm/Contact", "billing/clients"):
        for row in demo.rows(table):
            for column in ("Phone", "MobilePhone", "Téléphone"):
                if row.get(column):
                    yield row[column]


def national(number: str) -> str:
    digits = re.sub(r"\D", "", number.replace("(0)", ""))
    return re.sub(r"^(0033|33)", "0", digits)


def test_every_telephone_is_kept_for_fiction(demo: Demo) -> None:
    numbers = [national(number) for number in telephones(demo)]
    assert len(numbers) > 500
    assert {len(number) for number in numbers} == {10}
    assert {number for number in numbers if not number.startswith(FICTION)} == set()


def test_every_host_is_an_example(demo: Demo) -> None:
    for table in ("crm/Account", "crm/Contact", "crm/User", "billing/clients"):
        for row in demo.rows(table):
            for column in ("Email", "Email__c", "E-mail"):
                assert not row.get(column) or row[column].endswith(".example")
            assert not row.get("Website") or row["Website"].rstrip("/").endswith(".example")


def test_official_numbers_are_valid_but_for_a_few_typing_errors(demo: Demo) -> None:
    typed = [re.sub(r"\D", "", row["SIREN/SIRET"]) for row in demo.rows("billing/clients") if row["SIREN/SIRET"]]
    wrong = [number for number in typed if not (siren.is_valid(number) or siret.is_valid(number))]
    assert len(wrong) <= len(typed) * 0.05


@pytest.mark.parametrize("seed", range(30))
def test_generated_numbers_pass_their_checks(seed: int) -> None:
    rng = Random(seed)
    company = identifiers.siren(rng)
    assert siren.is_valid(company)
    assert siret.is_valid(identifiers.siret(company, rng.randint(1, 99)))
    assert vat.is_valid(identifiers.french_vat(company))
    assert ean.is_valid(identifiers.ean13(rng))
    for country in ("DE", "BE", "IT", "NL", "LU"):
        assert vat.is_valid(identifiers.foreign_vat(rng, country))


def test_a_wrong_digit_breaks_the_check() -> None:
    rng = Random(1)
    numbers = [identifiers.siren(rng) for _ in range(50)]
    assert not any(luhn.is_valid(dirt.wrong_digit(rng, number)) for number in numbers)
