"""Normal forms of text: what is left of a value once case, accents and typography are gone."""

import re
from functools import lru_cache

from anyascii import anyascii

_MOJIBAKE = re.compile("[ÂÃâ][\u0080-\u00bf\u2018-\u203a\u0152\u0153\u0160\u0161\u017d\u017e\u0178\u02c6\u02dc€™]")
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_DOTTED = re.compile(r"\b(?:[a-z]\.){2,}[a-z]?\b\.?")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_LATIN = {code: anyascii(chr(code)) for code in range(0xA0, 0x250)}


def tidy(text: str) -> str:
    """Text without control and invisible characters, outer and doubled blanks, and with broken UTF-8 mended."""
    if not text.isascii():
        text = _INVISIBLE.sub("", text)
        text = mended(text) if _MOJIBAKE.search(text) else text
    return " ".join(text.replace("\x00", "").split())


def mended(text: str) -> str:
    """UTF-8 that was read as cp1252 (`OricitÃ©`), read again as UTF-8; anything else comes back as it is."""
    try:
        return text.encode("cp1252").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text


def folded(text: str) -> str:
    """Lower-case ASCII: `Étude Saint-Malo` -> `etude saint-malo`."""
    if text.isascii():
        return text.lower()
    latin = text.translate(_LATIN)
    return (latin if latin.isascii() else anyascii(latin)).lower()


def words(text: str) -> list[str]:
    """The folded words of a text; dotted initials are one word (`S.A.R.L.` -> `sarl`)."""
    plain = _DOTTED.sub(lambda found: found.group().replace(".", "") + " ", folded(text).replace("'", " "))
    return _NOT_WORD.sub(" ", plain).split()


@lru_cache(maxsize=65536)
def sounds(word: str) -> str:
    """A phonetic skeleton of a folded French or English word, four consonants long at most.

    Groups letters that are heard or mistyped alike, drops vowels behind the first letter and doubled codes.
    """
    for spelling, sound in _SPELLINGS:
        word = word.replace(spelling, sound)
    codes = [_CODES.get(letter, "") for letter in word]
    skeleton = [code for at, code in enumerate(codes) if code and (at == 0 or code != codes[at - 1])]
    return (word[:1] + "".join(skeleton[1:] if codes and codes[0] else skeleton))[:5]


_SPELLINGS = (("ph", "f"), ("eaux", "o"), ("eau", "o"), ("au", "o"), ("qu", "k"), ("ch", "s"), ("gn", "n"), ("ll", "l"))
_CODES = dict(
    zip("bpfvcgjkqsxzdtlmnr", "bbffkkkkksssttlmmr", strict=True),
)
