"""Truth tables of names of people and of organisations: which two name the same, which do not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.comparison import DIFFERENT
from matching.encode import _objects
from matching.forms import Forms
from matching.kinds import FAMILY_NAME, GIVEN_NAME, ORG_NAME, PERSON_NAME, Kind
from matching.kinds.legal_forms import without_forms
from matching.kinds.numerals import in_figures

FILLING = ("Ostrava Glass", "Bellwether Foods", "Kestrel Optics", "Marlowe Paper", "Tidewater Salt", "Juniper Tools")
"""Other names, from which word weights are learnt."""


def level(kind: Kind, one: str, other: str) -> int:
    """The level on which two names agree."""
    assert kind.comparison is not None
    left, right = kind.normal(kind.clean(one)), kind.normal(kind.clean(other))
    if left == right:
        return kind.comparison.exact
    forms = Forms(_objects(dict.fromkeys([left, right, *map(kind.normal, FILLING)], 0)))
    fitted = kind.comparison.fit(forms) if kind.comparison.fit else None
    codes = np.array([0], np.int32), np.array([1], np.int32)
    return int(kind.comparison.levels(forms, *codes, fitted)[0])


MOSTLY, SPELLED, SAME = 3, 4, 5

PEOPLE = [
    ("Mira Kovalenko", "KOVALENKO, Mira", SAME),
    ("Mr Tobias van der Meer", "Tobias Meer", SAME),
    ("Leila Bint Nasser Al-Harun", "Leila Nasser Harun", SAME),
    ("MiraKovalenko", "Mira Kovalenko", SAME),
    ("mirakovalenko", "Mira Kovalenko", SPELLED),
    ("Jean-Marc Oliveira", "Jeanmarc Oliveira", SPELLED),
    ("Tobias Lindqvist", "Tobias Lindkvist", SPELLED),
    ("Mohammed Karimi", "Muhamad Karimi", SPELLED),
    ("Wolodymyr Hontschar", "Volodymyr Honchar", SPELLED),
    ("Юлия Соколова", "Yulia Sokolova", SPELLED),
    ("Bill Hartwell", "William Hartwell", SPELLED),
    ("Abd al-Karim Sefrioui", "Abdul Karim Sefrioui", SAME),
    ("T0bias Lindqvist", "Tobias Lindqvist", SPELLED),
    ("T. Lindqvist", "Tobias Lindqvist", MOSTLY),
    ("JM Oliveira", "Jean Marc Oliveira", SPELLED),
    ("Rosa Elena Quintana Prado", "Rosa Quintana", MOSTLY),
]
OTHERS = [
    ("Tobias Lindqvist", "Tobias Lindberg"),
    ("Tobias Lindqvist", "Torben Lindqvist"),
    ("Rosa Elena Quintana Prado", "Rosa Elena Quintana Vidal"),
    ("Tobias A. Lindqvist", "Tobias B. Lindqvist"),
    ("Mario Quintana", "Maria Quintana"),
    ("Rosa", "Rosa Quintana"),
    ("Lee Min Ho", "Lee Min Su"),
    ("李明华", "李明辉"),
]


@pytest.mark.parametrize(("one", "other", "wanted"), PEOPLE)
def test_the_same_person_in_other_words(one: str, other: str, wanted: int) -> None:
    assert level(PERSON_NAME, one, other) == wanted
    assert level(PERSON_NAME, other, one) == wanted


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_a_word_that_contradicts_makes_another_person(one: str, other: str) -> None:
    assert level(PERSON_NAME, one, other) < MOSTLY
    assert level(PERSON_NAME, other, one) < MOSTLY


def test_a_contradicting_word_costs_more_than_a_missing_one() -> None:
    assert level(PERSON_NAME, "Rosa Quintana", "Rosa Quintana Vidal") > level(PERSON_NAME, "Rosa Quintana Prado", "Rosa Quintana Vidal")


@given(st.text("abéz '-.XM", min_size=1, max_size=20), st.text("abéz '-.XM", min_size=1, max_size=20))
def test_whole_names_are_compared_in_either_order(one: str, other: str) -> None:
    if any(map(str.isalpha, one)) and any(map(str.isalpha, other)):
        assert level(PERSON_NAME, one, other) == level(PERSON_NAME, other, one)


@pytest.mark.parametrize("kind", [GIVEN_NAME, FAMILY_NAME])
def test_a_part_of_a_name_is_still_judged_by_spelling(kind: Kind) -> None:
    assert level(kind, "Lindqvist", "Lindkvist") == SPELLED
    assert level(kind, "Lindqvist", "Ortega") == DIFFERENT


FORMS = [
    ("OOO Kestrel", "kestrel"),
    ("Open Joint Stock Company Kestrel", "kestrel"),
    ("Kestrel Limited Liability Company", "kestrel"),
    ("Kestrel Limited Liabilty Company", "kestrel"),
    ("Kestrel Aktiengeselschaft", "kestrel"),
    ("KestrelAG", "kestrel"),
    ("Kestrel Sp. z o.o.", "kestrel"),
    ("Kestrel A/S", "kestrel"),
    ("Kestrel S.A.", "kestrel"),
    ("Kestrel, S.à r.l.", "kestrel"),
    ("Kestrel Public Limited Company", "kestrel"),
    ("Общество с ограниченной ответственностью Кестрел", "kestrel"),
    ("K.O.P. Company", "kop"),
    ("Miner’s Rest", "miners rest"),
    ("First Kestrel Bank", "1 kestrel bank"),
    ("1st Kestrel Bank", "1 kestrel bank"),
    ("Lodge Forty-Two", "lodge 42"),
    ("Lodge Forty 2", "lodge 42"),
    ("L'Atelier du Lin", "atelier lin"),
    ("The Limited", "the limited"),
]


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_what_tells_of_an_organisation(name: str, form: str) -> None:
    assert ORG_NAME.normal(ORG_NAME.clean(name)) == form


MOST_WORDS = 4

ORGANISATIONS = [
    ("POC", "Port Operators' Cooperative", True),
    ("POC Ostend", "Port Operators Cooperative Ostend", True),
    ("N.U. Harbour Board", "Northern Union Harbour Board", True),
    ("Karlovac Optics", "Kerlovac Optics", True),
    ("Kestrel Ironworks", "Kestrel Ironwroks GmbH", True),
    ("KOP", "KOT", False),
    ("AKOP", "KOP", False),
    ("Northwind Management Company", "Management Company", False),
    ("Northwind Management", "Southgate Management", False),
    ("Lodge Forty-Two", "Lodge Forty-Three", False),
]


@pytest.mark.parametrize(("one", "other", "same"), ORGANISATIONS)
def test_organisations_by_their_telling_words(one: str, other: str, same: bool) -> None:
    assert (level(ORG_NAME, one, other) >= MOST_WORDS) is same
    assert (level(ORG_NAME, other, one) >= MOST_WORDS) is same


def test_a_word_mistyped_tells_no_more_than_the_word_that_is_meant() -> None:
    assert level(ORG_NAME, "Kestrel Optics", "Kestrel Optiks") >= 5


def test_legal_forms_go_only_as_a_whole() -> None:
    assert without_forms("joint venture stock kestrel".split()) == "joint venture stock kestrel".split()
    assert without_forms("societe anonyme kestrel".split()) == ["kestrel"]


@given(st.lists(st.sampled_from("one forty two first fifth ten kestrel 3 twelve".split())))
def test_numbers_in_figures_stay_as_they_are(words: list[str]) -> None:
    once = in_figures(words)
    assert in_figures(once) == once
