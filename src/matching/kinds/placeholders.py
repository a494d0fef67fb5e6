"""What people type where a form wants something: believed only where nothing better is said."""

import re

from matching.normal import words

_MEANS_NOTHING = frozenset(
    {
        "a completer", "a confirmer", "a definir", "a preciser", "a renseigner", "a saisir", "a supprimer", "anonyme", "aucun", "azerty",
        "client test", "dummy", "essai", "fake", "inconnu", "inconnue", "n a", "n c", "neant", "ne pas utiliser", "non communique",
        "non renseigne", "none", "null", "qwerty", "sans nom", "tba", "tbc", "tbd", "test", "test client", "test test", "teste", "tests",
        "to be completed", "to be defined", "unknown",
    }
)  # fmt: skip
_ONE_LETTER = re.compile(r"x{2,}|(.)\1{2,}")


def placeholder(value: str) -> bool:
    """Whether a text stands for one that is not known: `test`, `xxx`, `à compléter`."""
    if len(value) > 30:
        return False
    said = " ".join(words(value))
    return said in _MEANS_NOTHING or _ONE_LETTER.fullmatch(said.replace(" ", "")) is not None
