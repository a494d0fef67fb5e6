"""Search by name among ten thousand: typing errors, parts, other orders."""

from collections.abc import Callable
from random import Random

import pyarrow as pa
import pytest

from api.search import Names

COUNT = 10_000
_SYLLABLES = (
    "ba be bi bo ca co da de di fa fe ga go la le li lo ma me mi mo na ne ni no pa pe ra re ri ro sa se si so ta te ti to va ve vi".split()
)
_TRADES = "menuiserie transports atelier imprimerie fonderie laboratoires scierie verrerie cartonnages editions garage cabinet".split()

Spoil = Callable[[str, Random], str]


@pytest.fixture(scope="module")
def told() -> list[str]:
    """What they are called: a trade and one or two made-up words, accents and case as people write them."""
    chance = Random(7)
    return [
        " ".join([chance.choice(_TRADES), *("".join(chance.choices(_SYLLABLES, k=chance.randint(3, 4))) for _ in range(2))]).title()
        for _ in range(COUNT)
    ]


@pytest.fixture(scope="module")
def names(told: list[str]) -> Names:
    """All of them."""
    return Names(pa.table({"golden_id": [f"cus_{at:05d}" for at in range(COUNT)], "name": told}))


def mistyped(name: str, chance: Random) -> str:
    """A letter left out, changed, doubled or swapped with the next."""
    at = chance.randrange(len(name) - 1)
    spoilt = ("", chance.choice("aeimnrstu"), name[at] * 2, name[at + 1] + name[at])[sort := chance.randrange(4)]
    return name[:at] + spoilt + name[at + (2 if sort == 3 else 1) :]


def twice_mistyped(name: str, chance: Random) -> str:
    """Two errors."""
    return mistyped(mistyped(name, chance), chance)


def turned(name: str, chance: Random) -> str:
    """The words in another order, one of them mistyped."""
    return mistyped(" ".join(reversed(name.split())), chance)


def without_trade(name: str, chance: Random) -> str:
    """Only what is its own."""
    return mistyped(name.split(maxsplit=1)[1], chance)


def glued(name: str, chance: Random) -> str:
    """Two words as one, in capitals."""
    return name.replace(" ", "", 1).upper()


@pytest.mark.parametrize("spoil", [mistyped, twice_mistyped, turned, without_trade, glued])
def test_the_name_meant_is_among_the_first_ten(told: list[str], names: Names, spoil: Spoil) -> None:
    chance = Random(11)
    meant = chance.sample(range(COUNT), 60)
    found = [f"cus_{at:05d}" in {golden_id for golden_id, _ in names.find(spoil(told[at], chance), 10)} for at in meant]
    assert sum(found) / len(found) >= 0.95


def test_a_name_as_it_is_comes_first(told: list[str], names: Names) -> None:
    assert names.find(told[1234].swapcase(), 3)[0] == ("cus_01234", 1.0)


@pytest.mark.parametrize("query", ["", " ", "!?", "xyzzyq wvutq", "\N{PILE OF POO}"])
def test_what_is_like_nothing_finds_nothing(names: Names, query: str) -> None:
    assert names.find(query, 10) == []


def test_where_there_is_nothing_nothing_is_found() -> None:
    assert Names(pa.table({"golden_id": pa.array([], pa.string()), "name": pa.array([], pa.string())})).find("anything", 10) == []


def test_a_long_question_is_answered_too(names: Names) -> None:
    assert len(names.find("menuiserie " * 100, 5)) <= 5
