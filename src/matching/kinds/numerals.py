"""Numbers in words, English and French, and ordinals, as figures."""

_WORDS = {
    "1": "one first 1st premier premiere 1er 1ere",
    "2": "two second 2nd deux deuxieme 2eme 2e",
    "3": "three third 3rd trois troisieme 3eme 3e",
    "4": "four fourth 4th quatre quatrieme 4eme 4e",
    "5": "five fifth 5th cinq cinquieme 5eme 5e",
    "6": "six sixth 6th sixieme 6eme 6e",
    "7": "seven seventh 7th sept septieme 7eme 7e",
    "8": "eight eighth 8th huit huitieme 8eme 8e",
    "9": "nine ninth 9th neuvieme 9eme 9e",
    "10": "ten tenth 10th dix dixieme 10eme 10e",
    "11": "eleven eleventh 11th onze",
    "12": "twelve twelfth 12th douze",
    "13": "thirteen 13th treize",
    "14": "fourteen 14th quatorze",
    "15": "fifteen 15th quinze",
    "16": "sixteen 16th seize",
    "17": "seventeen 17th",
    "18": "eighteen 18th",
    "19": "nineteen 19th",
    "20": "twenty 20th vingt",
    "30": "thirty 30th trente",
    "40": "forty fourty 40th quarante",
    "50": "fifty 50th cinquante",
    "60": "sixty 60th soixante",
    "70": "seventy 70th",
    "80": "eighty 80th",
    "90": "ninety 90th",
}
_FIGURES = {word: figure for figure, spellings in _WORDS.items() for word in spellings.split()}
_TENS = frozenset(word for word, figure in _FIGURES.items() if figure.endswith("0") and figure != "10" and word.isalpha())


def in_figures(words: list[str]) -> list[str]:
    """The words with their numbers in figures: `brigade forty four` -> `brigade 44`, `first` -> `1`."""
    if _FIGURES.keys().isdisjoint(words):
        return words
    found: list[str] = []
    for at, word in enumerate(words):
        figure = _FIGURES.get(word, word)
        if at and words[at - 1] in _TENS and len(figure) == 1 and figure.isdigit():
            found[-1] = found[-1][0] + figure
        else:
            found.append(figure)
    return found
