"""Dirt is what it says, and nothing more."""

from decimal import Decimal
from random import Random

import pytest

from sources.demo import dirt, money


def test_shouting_drops_accents() -> None:
    assert dirt.shouted("Société Éloïse & Cœur") == "SOCIETE ELOISE & COEUR"


def test_shortening_touches_whole_words_only() -> None:
    assert dirt.shortened("12 avenue de la Rue, Saint-Elven") == "12 av. de la Rue, St-Elven"


def test_mojibake_is_reversible() -> None:
    assert dirt.mojibake("Société") == "SociÃ©tÃ©"
    assert dirt.mojibake("Société").encode("cp1252").decode() == "Société"


@pytest.mark.parametrize("seed", range(20))
def test_a_mistyped_name_differs_by_a_letter(seed: int) -> None:
    name = dirt.mistyped(Random(seed), "Marchelot")
    assert abs(len(name) - len("Marchelot")) <= 1
    assert name[0] == "M"


@pytest.mark.parametrize("seed", range(40))
def test_a_legal_form_moves_but_the_name_stays(seed: int) -> None:
    assert "Vorinova" in dirt.formed(Random(seed), "Vorinova", "SARL")


def test_a_split_ties() -> None:
    parts = money.split(Decimal("100.01"), [30, 25, 25, 20])
    assert sum(parts) == Decimal("100.01")
    assert parts[0] == Decimal("30.00")
