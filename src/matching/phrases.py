"""What explanations say, in French and in English: nouns for kinds, phrases for levels, words for weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

Language = Literal["fr", "en"]
Either = TypeVar("Either")

MISSING = "missing"
SWAPPED = "swapped with another field"
PASSING = "different, as happens over time"
FOLLOWS = "different, as is the field that it comes with"
SHARED = "the same for everybody under the field that it comes with"
SILENT = "says nothing here"

LOCATION, AREA = "location", "area"
"""What several fields are together: with a street, or without."""


@dataclass(frozen=True)
class Noun:
    """What a field is called; `feminine` matters in French only."""

    one: str
    many: str
    feminine: bool = False

    @property
    def le(self) -> str:
        """With its French article: le nom, la ville, l'adresse."""
        if self.one[:1].lower() in "aeéèêiouh":
            return f"l'{self.one}"
        return f"{'la' if self.feminine else 'le'} {self.one}"


NOUNS: Mapping[str, tuple[Noun, Noun]] = {
    "e-mail": (Noun("adresse e-mail", "adresses e-mail", True), Noun("e-mail address", "e-mail addresses")),
    "phone": (Noun("numéro de téléphone", "numéros de téléphone"), Noun("phone number", "phone numbers")),
    "website": (Noun("site web", "sites web"), Noun("website", "websites")),
    "SIREN": (Noun("SIREN", "SIREN"), Noun("SIREN", "SIRENs")),
    "SIRET": (Noun("SIRET", "SIRET"), Noun("SIRET", "SIRETs")),
    "VAT number": (Noun("numéro de TVA", "numéros de TVA"), Noun("VAT number", "VAT numbers")),
    "GTIN": (Noun("GTIN", "GTIN"), Noun("GTIN", "GTINs")),
    "IBAN": (Noun("IBAN", "IBAN"), Noun("IBAN", "IBANs")),
    "identifier": (Noun("identifiant", "identifiants"), Noun("identifier", "identifiers")),
    "code": (Noun("code", "codes"), Noun("code", "codes")),
    "key": (Noun("clé", "clés", True), Noun("key", "keys")),
    "reference": (Noun("référence", "références", True), Noun("reference", "references")),
    "master": (Noun("fiche", "fiches", True), Noun("record", "records")),
    LOCATION: (Noun("adresse", "adresses", True), Noun("address", "addresses")),
    AREA: (Noun("lieu", "lieux"), Noun("place", "places")),
    "street": (Noun("rue", "rues", True), Noun("street", "streets")),
    "postcode": (Noun("code postal", "codes postaux"), Noun("postcode", "postcodes")),
    "city": (Noun("ville", "villes", True), Noun("city", "cities")),
    "house number": (Noun("numéro de rue", "numéros de rue"), Noun("house number", "house numbers")),
    "place": (Noun("lieu", "lieux"), Noun("place", "places")),
    "address": (Noun("adresse", "adresses", True), Noun("address", "addresses")),
    "country": (Noun("pays", "pays"), Noun("country", "countries")),
    "organisation name": (Noun("nom", "noms"), Noun("name", "names")),
    "given name": (Noun("prénom", "prénoms"), Noun("given name", "given names")),
    "family name": (Noun("nom de famille", "noms de famille"), Noun("family name", "family names")),
    "person name": (Noun("nom", "noms"), Noun("name", "names")),
    "people": (Noun("liste de noms", "listes de noms", True), Noun("list of names", "lists of names")),
    "money": (Noun("montant", "montants"), Noun("amount", "amounts")),
    "price": (Noun("prix", "prix"), Noun("price", "prices")),
    "quantity": (Noun("quantité", "quantités", True), Noun("quantity", "quantities")),
    "signed quantity": (Noun("quantité", "quantités", True), Noun("quantity", "quantities")),
    "percent": (Noun("pourcentage", "pourcentages"), Noun("percentage", "percentages")),
    "rate": (Noun("taux", "taux"), Noun("rate", "rates")),
    "date": (Noun("date", "dates", True), Noun("date", "dates")),
    "birth date": (Noun("date de naissance", "dates de naissance", True), Noun("date of birth", "dates of birth")),
    "instant": (Noun("moment", "moments"), Noun("moment", "moments")),
    "currency": (Noun("devise", "devises", True), Noun("currency", "currencies")),
    "flag": (Noun("réponse", "réponses", True), Noun("answer", "answers")),
    "year": (Noun("année", "années", True), Noun("year", "years")),
    "product label": (Noun("désignation", "désignations", True), Noun("label", "labels")),
    "project label": (Noun("intitulé", "intitulés"), Noun("label", "labels")),
    "title": (Noun("titre", "titres"), Noun("title", "titles")),
    "description": (Noun("description", "descriptions", True), Noun("description", "descriptions")),
    "category": (Noun("catégorie", "catégories", True), Noun("category", "categories")),
    "text": (Noun("texte", "textes"), Noun("text", "texts")),
    "choice": (Noun("choix", "choix"), Noun("choice", "choices")),
}  # fmt: skip
"""By kind: French, English."""
VALUE = (Noun("valeur", "valeurs", True), Noun("value", "values"))
GENERAL = frozenset({"identifier", "code", "master", "category", "date", "place"})
"""Kinds whose noun alone does not say which field is meant."""

LEVELS: Mapping[str, tuple[str, str]] = {
    "different": ("{many} différent{e}s", "{many} differ"),
    "the same": ("même {one}", "same {one}"),
    "the same but for spelling": ("même {one} à l'orthographe près", "same {one} but for spelling"),
    "alike": ("{many} qui se ressemblent", "{many} are alike"),
    "somewhat alike": ("{many} qui se ressemblent un peu", "{many} are somewhat alike"),
    "the same but for a word": ("même {one} à un mot près", "same {one} but for a word"),
    "one figure apart": ("même {one} à un chiffre près", "same {one} but for one figure"),
    "two figures apart": ("même {one} à deux chiffres près", "same {one} but for two figures"),
    "one letter apart": ("même {one} à une lettre près", "same {one} but for one letter"),
    "one character apart": ("même {one} à un caractère près", "same {one} but for one character"),
    "another site": ("{many} d'établissements différents", "{many} of different sites"),
    "of the same order": ("{many} du même ordre", "{many} are of the same order"),
    "close": ("{many} proches", "{many} are close"),
    "as good as equal": ("{many} quasi identiques", "{many} are as good as equal"),
    "far apart": ("{many} éloigné{e}s", "{many} are far apart"),
    "within half a year": ("{many} à moins de six mois d'écart", "{many} are within half a year"),
    "within two months": ("{many} à moins de deux mois d'écart", "{many} are within two months"),
    "within three weeks": ("{many} à moins de trois semaines d'écart", "{many} are within three weeks"),
    "the same day": ("même {one}", "same {one}"),
    "a year apart": ("{many} à un an d'écart", "{many} are a year apart"),
    "about a year apart": ("{many} à un an d'écart environ", "{many} are about a year apart"),
    "hardly anything in common": ("{many} avec presque rien en commun", "{many} have hardly anything in common"),
    "a little in common": ("{many} avec peu en commun", "{many} have a little in common"),
    "half in common": ("{many} avec la moitié en commun", "{many} have half in common"),
    "much in common": ("{many} avec beaucoup en commun", "{many} have much in common"),
    "some in common": ("{many} avec une partie en commun", "{many} have some in common"),
    "most in common": ("{many} avec l'essentiel en commun", "{many} have most in common"),
    "partly the same": ("{many} en partie identiques", "{many} are partly the same"),
    "mostly the same": ("{many} en grande partie identiques", "{many} are mostly the same"),
    "nearly the same": ("{many} presque identiques", "{many} are nearly the same"),
    "a common stem, another branch": (
        "{many} de même souche, mais d'une autre branche",
        "{many} have a common stem, but name another branch",
    ),
    "some words shared": ("{many} avec quelques mots en commun", "{many} share some words"),
    "most words shared": ("{many} avec la plupart des mots en commun", "{many} share most words"),
    "elsewhere": ("{many} en des lieux différents", "{many} are in different places"),
    "the same place, another street": ("même lieu, autre rue", "same place, another street"),
    "nearly the same place": ("presque le même lieu", "nearly the same place"),
    "the same place": ("même lieu", "same place"),
    "nearly the same street": ("presque la même rue, au même endroit", "nearly the same street, in the same place"),
    "the same street": ("même {one}", "same {one}"),
    MISSING: ("{many} inconnu{e}s", "{many} unknown"),
    SWAPPED: ("{one} et {other} intervertis", "{one} and {other} swapped"),
    PASSING: ("{many} différent{e}s, ce qui arrive avec le temps", "{many} differ, as they do over time"),
    FOLLOWS: ("{many} différent{e}s, mais {the_other} diffère déjà", "{many} differ, but the {other} does already"),
    SHARED: ("même {one}, mais {the_other} suffit à l'expliquer", "same {one}, but the {other} explains it"),
    SILENT: ("{many} sans portée ici", "{many} do not matter here"),
}
"""By label of a level: French, English."""

STRENGTHS: tuple[tuple[float, str, str], ...] = (
    (7, "très en faveur", "very strongly for"),
    (3, "nettement en faveur", "strongly for"),
    (1, "légèrement en faveur", "slightly for"),
    (-1, "dit peu", "says little"),
    (-3, "légèrement contre", "slightly against"),
)
"""From how many bits on; below all of them it is strongly against."""
NOTABLE = 1.0
"""Bits from which it is worth a word that a value is rare, common or nothing new."""
LONGEST = 80
"""Characters of a value that a sentence quotes."""


DECISIONS: Mapping[str, tuple[str, str]] = {
    "match": ("à rapprocher", "a match"),
    "review": ("à trancher par une personne", "for a person to decide"),
    "no match": ("à laisser séparées", "to be left apart"),
}
"""By decision: French, English."""

OUTCOMES: Mapping[str, tuple[str, str]] = {
    "ruled apart": ("Une personne a décidé qu'elles sont différentes.", "A person has ruled that they are different."),
    "ruled together": ("Une personne a décidé que c'est la même.", "A person has ruled that they are the same."),
    "through others": (
        "Elles sont réunies par d'autres fiches, qui ressemblent aux deux.",
        "They are together through other records, which are like both.",
    ),
    "same source": (
        "Elles viennent de la même source, dans laquelle on ne cherche pas de doublons : elles n'ont jamais été comparées.",
        "They come from the same source, in which no duplicates are looked for: they were never compared.",
    ),
    "never compared": (
        "Elles n'ont aucune clé de rapprochement en commun : elles n'ont jamais été comparées.",
        "They share no blocking key: they were never compared.",
    ),
    "taken": (
        "Elles restent séparées : une de leurs sources ne contient pas de doublons, et une autre de ses fiches convient aussi bien ou mieux.",
        "They are kept apart: one of their sources holds nothing twice, and another record of it fits as well or better.",
    ),
    "group vetoed": (
        "Elles restent séparées : les fiches qui leur ressemblent ont des {many} différent{e}s.",
        "They are kept apart: the records that are like them have different {many}.",
    ),
    "group ruled apart": (
        "Elles restent séparées : une personne a décidé que des fiches qui leur ressemblent sont différentes.",
        "They are kept apart: a person has ruled that records like them are different.",
    ),
    "outvoted": (
        "Elles restent séparées : les autres fiches qui leur ressemblent ne vont pas ensemble.",
        "They are kept apart: the other records that are like them do not go together.",
    ),
}
"""Why records are together or apart, where their own weight does not say it: French, English."""


CONDITIONS: Mapping[tuple[str, bool], tuple[str, str]] = {
    ("the same", True): ("Si les {many} étaient identiques", "If the {many} were the same"),
    ("the same", False): ("Si les deux fiches avaient {le} même {one}", "If both had the same {one}"),
    ("unknown", True): ("Si les {many} étaient inconnu{e}s", "If the {many} were unknown"),
    ("unknown", False): ("Si les {many} étaient inconnu{e}s", "If the {many} were unknown"),
    ("different", True): ("Si les {many} étaient différent{e}s", "If the {many} differed"),
    ("different", False): ("Si les deux fiches avaient des {many} différent{e}s", "If both had {many} and they differed"),
}
"""By change, and whether both records say something: French, English."""

RESULTS: Mapping[str, tuple[str, str]] = {
    "match": (", elles seraient à rapprocher", " they would be a match"),
    "review": (", une personne aurait à trancher", " a person would have to decide"),
    "no match": (", elles seraient à laisser séparées", " they would be left apart"),
}
"""By decision after a change: French, English."""


def phrase(label: str, noun: Noun, language: Language, other: Noun | None = None) -> str:
    """A level in words: `same phone number`. `other` is the noun of the field that has a say in it."""
    beside = other or noun
    text = _of(LEVELS[label], language).format(
        one=noun.one, many=noun.many, e="e" if noun.feminine else "", other=beside.one, the_other=beside.le
    )
    return capital(text)


def strength(bits: float, language: Language) -> str:
    """How much bits say, in words."""
    words = next((words for least, *words in STRENGTHS if bits >= least), ["nettement contre", "strongly against"])
    return words[0] if language == "fr" else words[1]


def nouns(kinds: Mapping[str, str], language: Language, own: Mapping[str, Noun]) -> dict[str, Noun]:
    """A noun a field: the caller's own, or the kind's, with the field's name where several fields would be called the same."""
    general = {field: NOUNS.get(kind, VALUE) for field, kind in kinds.items()}
    known = [_of(pair, language).one for pair in general.values()]
    found = {}
    for field, pair in general.items():
        noun = _of(pair, language)
        alone = known.count(noun.one) == 1 and kinds[field] not in GENERAL and kinds[field] in NOUNS
        found[field] = own.get(field) or (noun if alone else _named(noun, field, pair[1], language))
    return found


def _named(noun: Noun, field: str, english: Noun, language: Language) -> Noun:
    """A noun with what the field's name adds to it: `mobile phone number`."""
    added = " ".join(word for word in field.split("_") if word not in english.one.split())
    if not added:
        return noun
    if language == "fr":
        return replace(noun, one=f"{noun.one} {added}", many=f"{noun.many} {added}")
    return Noun(f"{added} {noun.one}", f"{added} {noun.many}")


def rarity(holders: int, bits: float, language: Language) -> str:
    """How rare or how common a value is that both records have, where that is worth a word."""
    count = f"{holders:,}".replace(",", " " if language == "fr" else ",")
    if bits >= NOTABLE and holders < 2:
        return {"fr": ", que presque aucune fiche n'a", "en": ", which hardly any record has"}[language]
    if bits >= NOTABLE:
        return {"fr": f", et seulement {count} fiches l'ont", "en": f", and only {count} records have it"}[language]
    if bits <= -NOTABLE:
        return {"fr": f", mais {count} fiches l'ont", "en": f", but {count} records have it"}[language]
    return ""


def repeated(known: Sequence[Noun], left: float, language: Language) -> str:
    """What other fields had said already; `left` is what still counts, in bits."""
    if not known:
        return ""
    if left < NOTABLE:
        return {"fr": ", ce qui dit peu de plus que ", "en": ", which says little more than "}[language] + listed(known, language)
    return {"fr": ", dont une part est déjà dite par ", "en": ", part of which is said already by "}[language] + listed(known, language)


def branches(language: Language) -> str:
    """That agreement is worth nothing between branches."""
    return {"fr": ", que les branches d'un groupe partagent", "en": ", which the branches of a group share"}[language]


def listed(known: Sequence[Noun], language: Language) -> str:
    """`the given name and the family name`."""
    every = [noun.le if language == "fr" else f"the {noun.one}" for noun in known]
    return {"fr": " et ", "en": " and "}[language].join([", ".join(every[:-1]), every[-1]] if len(every) > 1 else every)


def quoted(left: str, right: str, *, language: Language) -> str:
    """Two values in quotation marks, or one where they are written alike; an empty one is left out."""
    every = dict.fromkeys(value if len(value) <= LONGEST else value[: LONGEST - 1] + "…" for value in (left, right) if value)
    opening, closing = ("« ", " »") if language == "fr" else ("“", "”")
    return f" ({' / '.join(f'{opening}{value}{closing}' for value in every)})" if every else ""


def stated(seen: str, worth: str, language: Language) -> str:
    """What was seen, and what it is worth."""
    return f"{seen}{' :' if language == 'fr' else ':'} {worth}."


def nothing(language: Language) -> str:
    """The worth of a feature that is silent."""
    return "ne dit rien" if language == "fr" else "says nothing"


def one_sided(lone: Sequence[Noun], language: Language) -> list[str]:
    """Fields that one record alone has."""
    if not lone:
        return []
    head = "Dans une seule des deux fiches" if language == "fr" else "In one of the two records only"
    return [stated(f"{head} ({', '.join(noun.one for noun in lone)})", nothing(language), language)]


def veto(noun: Noun, language: Language) -> str:
    """That two values of a field forbid a match."""
    if language == "fr":
        return f"Deux {noun.many} différent{'e' if noun.feminine else ''}s : jamais la même, quoi que dise le reste."
    return f"Two different {noun.many}: never the same, whatever the rest says."


def by_chance(language: Language) -> str:
    """Where every explanation starts."""
    return "Deux fiches prises au hasard" if language == "fr" else "Two records by chance"


def rivals(language: Language) -> str:
    """That other records of a source without duplicates fit too."""
    if language == "fr":
        return "D'autres fiches d'une source sans doublons conviennent aussi"
    return "Other records of a source without duplicates fit too"


def total(probability: float, decision: str, language: Language, *, vetoed: bool) -> str:
    """What all of it comes to; beside a veto, what it would. The decision is left out where something else overrules it."""
    chance = share(probability, language)
    if vetoed:
        return (
            f"Sans cela, il y aurait {chance} de chances que ce soit la même."
            if language == "fr"
            else f"Without that, the chance would be {chance}."
        )
    seen = (
        f"En tout, {chance} de chances que ce soit la même"
        if language == "fr"
        else f"In all, the chance that they are the same is {chance}"
    )
    return stated(seen, _of(DECISIONS[decision], language), language) if decision else f"{seen}."


def outcome(reason: str, noun: Noun | None, language: Language) -> list[str]:
    """Why records are together or apart, where their own weight does not say it."""
    if reason not in OUTCOMES:
        return []
    named = noun or Noun("valeurs", "valeurs", True)
    return [_of(OUTCOMES[reason], language).format(many=named.many, e="e" if named.feminine else "")]


def condition(change: str, known: int, noun: Noun, language: Language) -> str:
    """`If the phone numbers were the same`; `known` is how many records have one."""
    conditions = CONDITIONS[change, known == 2]
    return _of(conditions, language).format(
        one=noun.one, many=noun.many, le="la" if noun.feminine else "le", e="e" if noun.feminine else ""
    )


def would_be(decision: str, bits: float, language: Language) -> str:
    """The decision after a change, and how much the change weighs."""
    return f"{_of(RESULTS[decision], language)} ({signed(bits, language)} bits)."


def kept_apart(language: Language, *, not_any_more: bool) -> str:
    """That a veto is there, or is gone."""
    if language == "fr":
        return ", rien ne les tiendrait séparées." if not_any_more else ", elles resteraient séparées quoi que dise le reste."
    return " they would not be kept apart." if not_any_more else " they would be kept apart whatever the rest says."


def share(probability: float, language: Language) -> str:
    """A probability in per cent; never quite none, never quite all."""
    text = f"{100 * min(max(probability, 0.001), 0.999):.{0 if 0.02 <= probability <= 0.98 else 1}f}"
    sign = ("> " if probability > 0.999 else "< " if probability < 0.001 else "") + text
    return f"{sign.replace('.', ',')} %" if language == "fr" else f"{sign}%"


def signed(bits: float, language: Language) -> str:
    """Bits with their sign: `+9.1`."""
    text = f"{bits:+.1f}".replace("-", "−")
    return text.replace(".", ",") if language == "fr" else text


def capital(text: str) -> str:
    """With a capital letter in front."""
    return text[:1].upper() + text[1:]


def _of(pair: tuple[Either, Either], language: Language) -> Either:
    return pair[0 if language == "fr" else 1]
