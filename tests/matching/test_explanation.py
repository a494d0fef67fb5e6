"""Explanations: parts that add up to what the kernel says, in words that hold, with changes that do turn the decision."""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from itertools import combinations, pairwise
from random import Random
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from matching import blocking, kinds, phrases
from matching.declaration import Passing, Premises, Vetoes, Within, fields
from matching.encode import Column, encode
from matching.engine import LocalEngine, Resolution, Rulings, Thresholds, prepared
from matching.explanation import Explanation, Flip, columns_of, explain, explain_pair, shared_rules
from matching.features import Location, taken
from matching.forms import Forms
from matching.kernel import Kernel
from matching.kinds import (
    BIRTH_DATE,
    CATEGORY,
    CITY,
    DATE,
    DESCRIPTION,
    EMAIL,
    FAMILY_NAME,
    GIVEN_NAME,
    MASTER,
    ORG_NAME,
    PEOPLE,
    PHONE,
    POSTCODE,
    PRICE,
    PRODUCT_LABEL,
    SIREN,
    STREET,
    VAT_NUMBER,
    WEBSITE,
    YEAR,
)
from matching.kinds.kind import Kind
from matching.model import VETO
from matching.phrases import LEVELS, NOUNS, Language, Noun
from matching.sources import Sources
from matching.wording import WordWeights

Record = Mapping[str, str | None]
THRESHOLDS = Thresholds()
LANGUAGES: tuple[Language, ...] = ("fr", "en")


class Company(BaseModel):
    """A declaration of the test."""

    name: Annotated[str, ORG_NAME]
    siren: Annotated[str | None, SIREN, Vetoes()] = None
    vat: Annotated[str | None, VAT_NUMBER, Vetoes()] = None
    website: Annotated[str | None, WEBSITE, Premises()] = None
    email: Annotated[str | None, EMAIL, Premises()] = None
    phone: Annotated[str | None, PHONE, Premises()] = None
    street: Annotated[str | None, STREET, Premises()] = None
    postcode: Annotated[str | None, POSTCODE, Premises()] = None
    city: Annotated[str | None, CITY, Premises()] = None


class Person(BaseModel):
    """A declaration of the test."""

    given: Annotated[str | None, GIVEN_NAME] = None
    family: Annotated[str | None, FAMILY_NAME] = None
    born: Annotated[str | None, BIRTH_DATE] = None
    desk_phone: Annotated[str | None, PHONE, Within("employer", shared=True)] = None
    mobile: Annotated[str | None, PHONE] = None
    employer: Annotated[str | None, MASTER, Passing()] = None
    sector: Annotated[str | None, CATEGORY] = None


class Product(BaseModel):
    """A declaration of the test."""

    label: Annotated[str, PRODUCT_LABEL]
    description: Annotated[str | None, DESCRIPTION] = None
    price: Annotated[str | None, PRICE] = None
    released: Annotated[str | None, DATE] = None
    vintage: Annotated[str | None, YEAR] = None
    makers: Annotated[str | None, PEOPLE] = None


SIRENS = ("732829320", "404833048", "552100554", "303265045", "334175221")


def companies() -> list[Record]:
    """Ninety companies of invented names, every second one twice, written otherwise and with gaps."""
    random = Random(11)
    rows: list[Record] = []
    for at in range(90):
        name = f"{('Roussel', 'Kerlan', 'Vidal', 'Ostrova', 'Belmas', 'Quintero')[at % 6]} {random.choice(('Menuiserie', 'Transports', 'Lens'))}"
        host = f"{name.lower().replace(' ', '-')}-{at % 7}.example"
        phone, street = f"01990{random.randrange(10**5):05}", f"{random.randrange(1, 90)} rue du Moulin"
        place = random.choice((("35000", "Rennes"), ("67000", "Strasbourg"), ("44000", "Nantes")))
        row: dict[str, str | None] = {"name": f"{name} SARL", "website": host, "email": f"contact@{host}", "phone": phone, "street": street}
        row |= {"postcode": place[0], "city": place[1], "siren": SIRENS[at] if at < len(SIRENS) else None}
        rows.append(row)
        if at % 2:
            rows.append(row | {"name": name.upper(), random.choice(("phone", "street", "website")): None})
    return rows


def people() -> list[Record]:
    """Eighty people of invented names, every second one twice, some changed employers."""
    random = Random(5)
    rows: list[Record] = []
    for at in range(80):
        row: dict[str, str | None] = {
            "given": random.choice(("Étienne", "Manon", "Rémy", "Jeanne", "Paul")),
            "family": random.choice(("Imbert", "Ollivier", "Gomes", "de Kerlan")),
            "born": f"19{random.randrange(50, 99)}-0{random.randrange(1, 9)}-1{random.randrange(9)}",
            "desk_phone": f"01990011{at % 10}0",
            "mobile": f"06399{random.randrange(10**5):05}",
            "employer": f"cus_{at % 10}",
            "sector": random.choice(("bois", "transport")),
        }
        rows.append(row)
        if at % 2:
            rows.append(row | {"born": None, "employer": random.choice((row["employer"], "cus_77"))})
    return rows


def products() -> list[Record]:
    """Eighty products of invented names, every second one twice."""
    random = Random(3)
    rows: list[Record] = []
    for at in range(80):
        model = f"{random.choice(('KV', 'BX', 'T'))}{random.randrange(100, 999)}{random.choice('ABC')}"
        row: dict[str, str | None] = {
            "label": f"{random.choice(('Scie', 'Perceuse', 'Rabot'))} Ostrova {model} {random.choice(('12', '18', '24'))} volts",
            "description": f"Pour le bois tendre et le bois dur, {random.choice(('filaire', 'sans fil', 'deux batteries'))}, modèle {at}",
            "price": f"{random.randrange(40, 400)},90",
            "released": f"202{random.randrange(6)}-0{random.randrange(1, 9)}-11",
            "vintage": f"202{random.randrange(6)}",
            "makers": random.choice(("Ostrova, Belmas", "Belmas, Quintero", "Vidal")),
        }
        rows.append(row)
        if at % 2:
            rows.append(row | {"label": f"OSTROVA {model}", "description": None, "makers": random.choice((None, row["makers"]))})
    return rows


def table(declaration: type[BaseModel], records: list[Record]) -> pa.Table:
    names = [field.name for field in fields(declaration)]
    return pa.table({name: pa.array([record.get(name) for record in records], pa.string()) for name in names})


@cache
def found(declaration: type[BaseModel]) -> Resolution:
    """What the engine makes of the companies, or of the people."""
    return LocalEngine(Thresholds(review=-8)).resolve(table(declaration, records(declaration)), declaration)


def records(declaration: type[BaseModel]) -> list[Record]:
    return {Company: companies, Person: people, Product: products}[declaration]()


def explained(declaration: type[BaseModel], left: Record, right: Record, kernel: Kernel | None = None) -> Explanation:
    return explain(kernel or found(declaration).kernel, declaration, left, right, thresholds=THRESHOLDS)


def encoded(declaration: type[BaseModel], *both: Record) -> dict[str, Column]:
    """Columns of the kernel as the engine encodes them, empty ones included."""
    known = encode(table(declaration, list(both)), fields(declaration))
    empty = Column(np.full(len(both), -1, np.int32), Forms(np.zeros(0, object)))
    return {name: known.get(name, empty) for name in columns_of(found(declaration).kernel)}


def weight(declaration: type[BaseModel], left: Record, right: Record) -> float:
    """What the kernel says of two records."""
    kernel = found(declaration).kernel
    pairs = taken(encoded(declaration, left, right), np.array([0]), np.array([1]))
    return float(kernel.weights(pairs, kernel.levels(pairs))[0])


def any_of(*values: str) -> st.SearchStrategy[str | None]:
    return st.one_of(st.none(), st.sampled_from(["", " ", "???", "🪚 Été", *values]))


SOME_COMPANY = st.fixed_dictionaries({
    "name": any_of("Roussel Menuiserie SARL", "ROUSSEL MENUISERIE", "Roussel Transports", "Kerlan Lens", "Rousel Menuiserie", "K. L."),
    "siren": any_of(*SIRENS[:2], "732 829 320", "12"),
    "vat": any_of("FR44732829320", "FR82404833048", "DE1"),
    "website": any_of("roussel-menuiserie-0.example", "https://www.Kerlan-Lens-1.example/a", "rien"),
    "email": any_of("contact@roussel-menuiserie-0.example", "Contact@Kerlan-Lens-1.example", "jean@gmail.com", "a@"),
    "phone": any_of("0199001122", "+33 1 99 00 11 22", "0199001123", "12"),
    "street": any_of("4 rue du Moulin", "4 R DU MOULIN", "18 quai Vauban"),
    "postcode": any_of("35000", "67000"),
    "city": any_of("Rennes", "RENNES CEDEX 3", "Strasbourg"),
})  # fmt: skip
SOME_PERSON = st.fixed_dictionaries({
    "given": any_of("Étienne", "Imbert", "E.", "Manon"),
    "family": any_of("Imbert", "Étienne", "de Kerlan", "Kerlan"),
    "born": any_of("1980-02-11", "11/02/1980", "1980-02-12", "1980-06-31"),
    "desk_phone": any_of("0199001100", "0199001110"),
    "mobile": any_of("0639912345", "06 39 91 23 45", "0639999999"),
    "employer": any_of("cus_1", "cus_2"),
    "sector": any_of("bois", "transport"),
})  # fmt: skip
SOME_PRODUCT = st.fixed_dictionaries({
    "label": any_of("Scie Ostrova KV123A 18 volts", "OSTROVA KV123A", "Perceuse Ostrova KV124A 18 volts", "scie ostrova kv123a 18 volts"),
    "description": any_of("Pour le bois tendre et le bois dur, filaire", "Bois dur, filaire", "Sans rapport"),
    "price": any_of("129,90", "1 129,90", "130", "-12", "gratuit"),
    "released": any_of("2024-02-11", "11/03/2024", "2019-01-01", "31/06/2024"),
    "vintage": any_of("2024", "2023", "24"),
    "makers": any_of("Ostrova, Belmas", "BELMAS, OSTROVA", "Vidal"),
})  # fmt: skip
SOME_PAIR = st.one_of(
    *(
        st.tuples(st.just(declaration), some, some)
        for declaration, some in ((Company, SOME_COMPANY), (Person, SOME_PERSON), (Product, SOME_PRODUCT))
    )
)
Pair = tuple[type[BaseModel], Record, Record]


@given(SOME_PAIR)
def test_the_parts_add_up_to_what_the_kernel_says(pair: Pair) -> None:
    declaration, left, right = pair
    says = explained(*pair)
    assert says.total == pytest.approx(says.prior + sum(part.bits for part in says.parts), abs=1e-6)
    assert says.weight == pytest.approx(weight(declaration, left, right), abs=1e-6)
    assert says.weight == (VETO if says.vetoed_by else says.total)
    assert says.rivals == 0
    for part in says.parts:
        assert part.dependence_bits <= 0
        assert part.branch_bits <= 0


@given(SOME_PAIR)
def test_levels_and_forms_are_those_of_the_engine(pair: Pair) -> None:
    declaration, left, right = pair
    columns = encoded(declaration, left, right)
    kernel = found(declaration).kernel
    levels = kernel.levels(taken(columns, np.array([0]), np.array([1])))[0].tolist()
    assert [part.level for part in explained(*pair).parts] == levels


@pytest.mark.parametrize("declaration", [Company, Person, Product])
def test_a_pair_of_a_resolution_weighs_what_the_kernel_says(declaration: type[BaseModel]) -> None:
    resolution, rows = found(declaration), table(declaration, records(declaration))
    left, right = resolution.pairs["left"].to_numpy(), resolution.pairs["right"].to_numpy()
    pairs = taken(resolution.columns, left, right)
    levels = resolution.kernel.levels(pairs)
    weights = resolution.kernel.weights(pairs, levels)
    assert len(left) > 40
    for at in range(len(left)):
        says = explain_pair(resolution, declaration, int(left[at]), int(right[at]), records=rows)
        assert says.weight == pytest.approx(weights[at], abs=1e-6)
        assert [part.level for part in says.parts] == levels[at].tolist()
        assert says.shared_rules


@given(SOME_PAIR)
def test_the_order_of_the_two_is_nothing(pair: Pair) -> None:
    declaration, left, right = pair
    one, other = explained(declaration, left, right), explained(declaration, right, left)
    assert one.total == pytest.approx(other.total, abs=1e-6)
    assert (one.decision, one.shared_rules, one.vetoed_by) == (other.decision, other.shared_rules, other.vetoed_by)


@given(SOME_PAIR)
def test_a_waterfall_goes_from_nothing_to_the_total_the_largest_steps_first(pair: Pair) -> None:
    says = explained(*pair)
    steps = says.waterfall()
    assert steps[0][1:] == (0.0, says.prior)
    assert all(before[2] == after[1] for before, after in pairwise(steps))
    assert steps[-1][2] == pytest.approx(says.total, abs=1e-6)
    sizes = [abs(after - before) for _, before, after in steps[1:]]
    assert all(one >= other - 1e-9 for one, other in pairwise(sizes))


@given(SOME_PAIR)
def test_everything_can_be_said_and_sent(pair: Pair) -> None:
    says = explained(*pair)
    told = json.loads(json.dumps(says.as_dict(), allow_nan=False))
    assert told["decision"] == says.decision
    for language in LANGUAGES:
        for sentence in (*told["sentences"][language], *told["counterfactual"][language]):
            assert sentence[0] == sentence[0].upper()
            assert sentence.endswith(".")
            assert "{" not in sentence


def changed(declaration: type[BaseModel], left: Record, right: Record, name: str, change: str, columns: tuple[str, ...]) -> Pair:
    """The two records after a change of one field."""
    one, other = dict(left), dict(right)
    for column in columns:
        if change == "unknown":
            other[column] = None
        else:
            one[column] = other[column] = left.get(column) if encoded(declaration, left)[column].codes[0] >= 0 else right.get(column)
    return declaration, one, other


@given(SOME_PERSON, SOME_PERSON)
def test_a_counterfactual_turns_the_decision(left: Record, right: Record) -> None:
    says = explained(Person, left, right)
    columns = {part.name: part.fields for part in says.parts}
    for flip in says.flips:
        assert flip.decision != says.decision
        if flip.change == "unknown" or (flip.change == "the same" and flip.known):
            after = explained(*changed(Person, left, right, flip.name, flip.change, columns[flip.name]))
            assert after.decision == flip.decision
            assert after.total - says.total == pytest.approx(flip.bits, abs=1e-6)


@given(SOME_PAIR)
def test_counterfactuals_come_cheapest_first_and_one_a_field(pair: Pair) -> None:
    flips = explained(*pair).flips
    allowed = [abs(flip.bits) for flip in flips if not flip.forbids]
    assert allowed == sorted(allowed)
    assert [flip.forbids for flip in flips] == sorted(flip.forbids for flip in flips)
    assert len({flip.name for flip in flips}) == len(flips)


@pytest.mark.parametrize("cap", [2, 5, 60])
@pytest.mark.parametrize("declaration", [Company, Person])
def test_shared_rules_are_those_under_which_blocking_files_both(declaration: type[BaseModel], cap: int) -> None:
    columns, declared = found(declaration).columns, fields(declaration)
    available, count = blocking.filings(columns, declared), len(found(declaration).labels)
    rules = tuple(rule for rule in {rule.name: rule for rule in found(declaration).model.blocking.rules}.values())
    rules += tuple(blocking.Rule((part,)) for part in available) + (blocking.Rule((("given", "whole"), ("family", "whole"))),) * (
        declaration is Person
    )
    settled, _ = blocking.settled(available, rules, count, cap)
    assert len(settled.common) or cap == 60
    met: dict[tuple[int, int], set[str]] = {}
    for rule in settled.rules:
        place, hashes = blocking.keys(available, settled, rule, np.arange(count))
        for one, other in blocking.blocks(place, hashes):
            for pair in zip(np.minimum(one, other).tolist(), np.maximum(one, other).tolist(), strict=True):
                met.setdefault(pair, set()).add(rule.name)
    for left, right in list(combinations(range(count), 2))[::7]:
        both = {name: (form(column, left), form(column, right)) for name, column in columns.items()}
        assert set(shared_rules(settled, declared, both)) == met.get((left, right), set())


def form(column: Column, at: int) -> str:
    return str(column.forms.values[column.codes[at]]) if column.codes[at] >= 0 else ""


def every_kind() -> list[Kind]:
    return [kind for name in kinds.__all__ if isinstance(kind := getattr(kinds, name), Kind)]


def every_label() -> set[str]:
    scales = [kind.comparison for kind in every_kind() if kind.comparison]
    location = next(feature for feature in found(Company).kernel.features if isinstance(feature, Location))
    return {label for scale in (*scales, location.scale) for label in scale.labels}


def test_every_level_is_said_in_french_and_in_english() -> None:
    assert len(every_label()) > 30
    assert every_label() <= LEVELS.keys()
    for label, templates in LEVELS.items():
        assert all(templates), label
        assert templates[0] != templates[1]
        said = [phrases.phrase(label, Noun("nom", "noms"), language, Noun("ville", "villes", True)) for language in LANGUAGES]
        assert all("{" not in text for text in said)


def test_every_kind_that_is_compared_has_a_noun_in_both_languages() -> None:
    compared = {kind.name for kind in every_kind() if kind.comparison}
    assert compared | {phrases.LOCATION, phrases.AREA} <= NOUNS.keys()


def test_no_phrase_is_left_over() -> None:
    ours = {phrases.MISSING, phrases.SWAPPED, phrases.PASSING, phrases.FOLLOWS, phrases.SHARED, phrases.SILENT}
    assert LEVELS.keys() == every_label() | ours


@pytest.mark.parametrize(("bits", "french", "english"), [
    (9, "très en faveur", "very strongly for"),
    (7, "très en faveur", "very strongly for"),
    (3, "nettement en faveur", "strongly for"),
    (1, "légèrement en faveur", "slightly for"),
    (0.9, "dit peu", "says little"),
    (-1, "dit peu", "says little"),
    (-1.1, "légèrement contre", "slightly against"),
    (-3, "légèrement contre", "slightly against"),
    (-3.1, "nettement contre", "strongly against"),
])  # fmt: skip
def test_bits_are_said_in_words(bits: float, french: str, english: str) -> None:
    assert (phrases.strength(bits, "fr"), phrases.strength(bits, "en")) == (french, english)


@pytest.mark.parametrize(("noun", "french"), [
    (Noun("nom", "noms"), "le nom"),
    (Noun("ville", "villes", True), "la ville"),
    (Noun("adresse", "adresses", True), "l'adresse"),
    (Noun("e-mail", "e-mails"), "l'e-mail"),
])  # fmt: skip
def test_french_nouns_have_their_article(noun: Noun, french: str) -> None:
    assert noun.le == french


def test_fields_of_one_kind_are_told_apart_and_may_be_named_by_the_caller() -> None:
    known = {"desk_phone": "phone", "mobile": "phone", "sector": "category", "born": "birth date"}
    english, french = (phrases.nouns(known, language, {}) for language in ("en", "fr"))
    assert [noun.one for noun in english.values()] == ["desk phone number", "mobile phone number", "sector category", "date of birth"]
    assert [noun.many for noun in french.values()][:2] == ["numéros de téléphone desk", "numéros de téléphone mobile"]
    own = {"mobile": Noun("portable", "portables")}
    assert phrases.nouns(known, "fr", own)["mobile"].many == "portables"


def test_a_place_without_a_street_is_no_address() -> None:
    class Site(BaseModel):
        postcode: Annotated[str | None, POSTCODE] = None

    class Town(Site):
        city: Annotated[str | None, CITY] = None

    class Home(Town):
        street: Annotated[str | None, STREET] = None

    for declaration, noun in ((Site, "code postal"), (Town, "lieu"), (Home, "adresse")):
        rows: list[Mapping[str, str | None]] = [
            {name: value for name, value in row.items() if name in declaration.model_fields} for row in companies()
        ]
        kernel = prepared(encode(table(declaration, rows), fields(declaration)), fields(declaration), len(rows))
        says = explained(declaration, rows[0], {}, kernel)
        assert says.sentences("fr")[0] == f"Dans une seule des deux fiches ({noun}) : ne dit rien."


ROUSSEL = {"name": "Menuiserie Roussel SARL", "phone": "01 99 00 11 22", "street": "4 rue du Moulin", "postcode": "35000", "city": "Rennes"}


def test_sentences_say_what_was_seen_and_what_it_is_worth() -> None:
    says = explained(Company, ROUSSEL, ROUSSEL | {"name": "ROUSSEL MENUISERIE", "phone": "0353014455", "siren": "732829320"})
    french, english = says.sentences("fr"), says.sentences("en")
    assert any(text.startswith("Même nom à l'orthographe près (« Menuiserie Roussel SARL » / « ROUSSEL MENUISERIE »)") for text in french)
    assert any(text.startswith("Same name but for spelling (“Menuiserie Roussel SARL” / “ROUSSEL MENUISERIE”): ") for text in english)
    assert any(text.startswith("Numéros de téléphone différents (« 01 99 00 11 22 » / « 0353014455 ») : ") for text in french)
    assert any(text.startswith("Même adresse") and "(« 4 rue du Moulin, 35000, Rennes »)" in text for text in french)
    assert "Dans une seule des deux fiches (SIREN) : ne dit rien." in french
    assert "In one of the two records only (SIREN): says nothing." in english


def test_the_most_telling_comes_first_and_the_sum_after_it() -> None:
    says = explained(Company, ROUSSEL, ROUSSEL | {"name": "Transports Keller"})
    first = max(says.parts, key=lambda part: abs(part.bits))
    assert says.sentences("en")[0] == first.sentence("en", phrases.nouns(says.kinds, "en", {}))
    assert any(text.startswith("In all, the chance that they are the same is ") for text in says.sentences("en"))


def with_model(kernel: Kernel, **changes: Any) -> Kernel:
    return replace(kernel, model=replace(kernel.model, **changes))


def test_a_rare_value_says_how_rare_it_is_and_a_common_one_how_common() -> None:
    kernel = found(Company).kernel
    known = kernel.model.frequencies["phone"]
    counts = {"0199001122": 2, "0199001133": 1400}
    kernel = with_model(
        kernel, frequencies={**kernel.model.frequencies, "phone": replace(known, total=20_000, counts=counts, expected=0.005)}
    )
    rare = explained(Company, {"phone": "0199001122"}, {"phone": "01 99 00 11 22"}, kernel)
    assert rare.sentences("fr")[0].startswith("Même numéro de téléphone, et seulement 2 fiches l'ont (« 0199001122 » / « 01 99 00 11 22 »)")
    common = explained(Company, {"phone": "0199001133"}, {"phone": "0199001133"}, kernel)
    assert common.sentences("fr")[0].startswith("Même numéro de téléphone, mais 1 400 fiches l'ont")
    assert common.sentences("en")[0].startswith("Same phone number, but 1,400 records have it")
    alone = explained(Company, {"phone": "0199001144"}, {"phone": "0199001144"}, kernel)
    assert "que presque aucune fiche n'a" in alone.sentences("fr")[0]
    assert [part.holders for says in (rare, common, alone) for part in says.parts if part.name == "phone"] == [2, 1400, 1]


def test_what_other_features_have_said_already_is_taken_off_and_named() -> None:
    kernel = found(Person).kernel
    u = kernel.model.u["born"]
    kernel = with_model(kernel, given={("family", "given"): {"born": (*u[:-1], 0.5)}, ("sector",): {"born": (*u[:-1], 2 * u[-1])}})
    says = explained(Person, JEANNE, JEANNE, kernel)
    part = next(part for part in says.parts if part.name == "born")
    assert part.dependence_bits == pytest.approx(-np.log2(0.5 / u[-1]))
    assert part.said_by == ("family", "given")
    assert any("Date de naissance" in text or "date de naissance" in text for text in says.sentences("fr"))
    assert any("le nom de famille et le prénom" in text for text in says.sentences("fr"))
    assert any("the family name and the given name" in text for text in says.sentences("en"))
    apart = explained(Person, JEANNE, JEANNE | {"given": "Manon", "sector": "transport"}, kernel)
    assert next(part for part in apart.parts if part.name == "born").dependence_bits == 0


JEANNE = {"given": "Jeanne", "family": "de Kerlan", "born": "1980-02-11", "mobile": "0639912345", "sector": "bois"}


def test_what_the_branches_of_a_group_share_is_no_evidence() -> None:
    left = {"name": "Kerlan Ostrova Transports", "website": "kerlan.example", "phone": "0199001122"}
    says = explained(Company, left, left | {"name": "Kerlan Ostrova Quinquin"}, branching(found(Company).kernel))
    name, website = (next(part for part in says.parts if part.name == wanted) for wanted in ("name", "website"))
    assert name.label == "a common stem, another branch"
    assert website.branch_bits < 0
    assert website.bits <= 0
    assert any("que les branches d'un groupe partagent" in text for text in says.sentences("fr"))
    assert any("which the branches of a group share" in text for text in says.sentences("en"))


def branching(kernel: Kernel) -> Kernel:
    """The kernel where every word tells."""
    words = {
        name: replace(known, weights=dict.fromkeys(known.weights, 5.0), unseen=5.0) if isinstance(known, WordWeights) else known
        for name, known in kernel.model.words.items()
    }
    return with_model(kernel, words=words)


def test_two_values_of_a_vetoing_field_forbid_and_the_rest_is_shown_beside() -> None:
    left = ROUSSEL | {"siren": "732829320", "website": "roussel.example", "email": "a@roussel.example"}
    says = explained(Company, left, left | {"siren": "404833048"})
    assert says.vetoed_by == ("siren",)
    assert (says.weight, says.decision, says.outcome) == (VETO, "no match", "vetoed")
    assert says.probability < 1e-15
    assert says.total > THRESHOLDS.match
    assert says.sentences("fr")[0] == "Deux SIREN différents : jamais la même, quoi que dise le reste."
    assert says.sentences("en")[0] == "Two different SIRENs: never the same, whatever the rest says."
    assert any(text.startswith("Sans cela, ") for text in says.sentences("fr"))
    assert "Si les SIREN étaient inconnus, rien ne les tiendrait séparées." in says.counterfactual("fr")
    assert "If the SIRENs were unknown they would not be kept apart." in says.counterfactual("en")
    assert [flip.name for flip in says.flips] == ["siren"]


def test_two_vetoes_are_both_named_and_no_single_field_lifts_them() -> None:
    both = ({"siren": "732829320", "vat": "DE136695976"}, {"siren": "404833048", "vat": "ATU13585627"})
    says = explained(Company, ROUSSEL | both[0], ROUSSEL | both[1], vetoing(found(Company).kernel))
    assert says.vetoed_by == ("siren", "vat")
    assert says.flips == ()
    assert says.counterfactual("fr") == []


def vetoing(kernel: Kernel) -> Kernel:
    """The kernel, with the VAT number too as a veto that is no evidence."""
    return replace(kernel, vetoes=("siren", "vat"))


def test_what_a_non_match_lacks_is_said_with_its_bits() -> None:
    left = {"name": "Roussel Menuiserie", "phone": "0199001122"}
    short = explained(Company, left, left | {"phone": "0353014455"}).total + 0.5
    says = explain(
        found(Company).kernel, Company, left, left | {"phone": "0353014455"}, thresholds=Thresholds(match=short, review=short - 1)
    )
    assert says.decision == "review"
    assert {flip.name for flip in says.flips} >= {"phone", "siren"}
    phone = next(flip for flip in says.flips if flip.name == "phone")
    assert phone.bits > 0.5
    assert f"Si les numéros de téléphone étaient {SAID[phone.change]}" in " ".join(says.counterfactual("fr"))
    assert f"If the phone numbers were {phone.change} they would be a match (+{phone.bits:.1f} bits)." in says.counterfactual("en")
    assert any(
        text.startswith("Si les deux fiches avaient le même SIREN, elles seraient à rapprocher (+") for text in says.counterfactual("fr")
    )


SAID = {"the same": "identiques", "unknown": "inconnus"}


def test_what_a_match_rests_on_is_said() -> None:
    least = explained(Person, JEANNE, JEANNE).total - 0.5
    says = explain(found(Person).kernel, Person, JEANNE, JEANNE, thresholds=Thresholds(match=least, review=least - 1))
    assert says.decision == "match"
    assert {flip.name for flip in says.flips} >= {"mobile", "born", "family"}
    assert all(flip.change == "unknown" for flip in says.flips if flip.name in {"mobile", "born", "family"})
    assert any(text.startswith("If the dates of birth were unknown") for text in says.counterfactual("en"))
    sure = explain(found(Person).kernel, Person, JEANNE, JEANNE, thresholds=Thresholds(match=-50))
    assert sure.counterfactual("en") == []


@pytest.mark.parametrize(("change", "known", "decision", "french", "english"), [
    (
        "the same", 2, "match",
        "Si les villes étaient identiques, elles seraient à rapprocher (+9,1 bits).", "If the cities were the same they would be a match (+9.1 bits).",
    ),
    (
        "the same", 1, "match",
        "Si les deux fiches avaient la même ville, elles seraient à rapprocher (+9,1 bits).", "If both had the same city they would be a match (+9.1 bits).",
    ),
    (
        "unknown", 2, "review",
        "Si les villes étaient inconnues, une personne aurait à trancher (+9,1 bits).",
        "If the cities were unknown a person would have to decide (+9.1 bits).",
    ),
    (
        "different", 2, "no match",
        "Si les villes étaient différentes, elles seraient à laisser séparées (+9,1 bits).",
        "If the cities differed they would be left apart (+9.1 bits).",
    ),
])  # fmt: skip
def test_changes_are_said_in_words(change: str, known: int, decision: str, french: str, english: str) -> None:
    nouns = {"fr": {"city": Noun("ville", "villes", True)}, "en": {"city": Noun("city", "cities")}}
    flip = Flip("city", change, known, 9.1, decision, False, False)  # type: ignore[arg-type]
    assert (flip.sentence("fr", nouns["fr"]), flip.sentence("en", nouns["en"])) == (french, english)


def test_swapped_names_are_called_so() -> None:
    says = explained(Person, {"given": "Étienne", "family": "Imbert"}, {"given": "Imbert", "family": "Étienne"})
    assert [part.label for part in says.parts if part.name in {"given", "family"}] == [phrases.SWAPPED] * 2
    assert any(text.startswith("Prénom et nom de famille intervertis (« Étienne » / « Imbert ») : ") for text in says.sentences("fr"))
    assert any(text.startswith("Family name and given name swapped") for text in says.sentences("en"))


def test_two_names_that_only_look_alike_are_not_called_swapped() -> None:
    says = explained(Person, {"given": "Étienne", "family": "Imbert"}, {"given": "Etiene", "family": "Imbert"})
    assert phrases.SWAPPED not in {part.label for part in says.parts}


@pytest.mark.parametrize(("left", "right", "label", "french"), [
    ({"employer": "cus_1"}, {"employer": "cus_2"}, phrases.PASSING, "Fiches employer différentes, ce qui arrive avec le temps"),
    (
        {"employer": "cus_1", "desk_phone": "0199001100"}, {"employer": "cus_2", "desk_phone": "0353014455"},
        phrases.FOLLOWS, "Numéros de téléphone desk différents, mais la fiche employer diffère déjà",
    ),
    (
        {"employer": "cus_1", "desk_phone": "0199001100"}, {"employer": "cus_1", "desk_phone": "0199001100"},
        phrases.SHARED, "Même numéro de téléphone desk, mais la fiche employer suffit à l'expliquer",
    ),
])  # fmt: skip
def test_a_field_that_is_silent_says_why(left: Record, right: Record, label: str, french: str) -> None:
    says = explained(Person, left, right)
    part = next(part for part in says.parts if part.label == label)
    assert (part.level, part.bits) == (0, 0.0)
    assert any(text.startswith(french) and text.endswith("ne dit rien.") for text in says.sentences("fr"))


@pytest.mark.parametrize("declaration", [Company, Person, Product])
def test_two_empty_records_say_nothing(declaration: type[BaseModel]) -> None:
    says = explained(declaration, {}, {})
    assert says.total == says.prior
    assert says.outcome == "never compared"
    assert all(part.bits == 0 for part in says.parts)
    assert len(says.sentences("fr")) == 2


def test_one_empty_record_leaves_everything_open() -> None:
    says = explained(Company, ROUSSEL, {"name": "", "phone": None})
    assert says.total == says.prior
    assert "Dans une seule des deux fiches (nom, numéro de téléphone, adresse) : ne dit rien." in says.sentences("fr")


def test_values_that_their_kind_refuses_are_compared_and_shown_as_they_are_written() -> None:
    says = explained(Person, {"born": "vers 1980", "mobile": "12"}, {"born": "vers 1980", "mobile": "12"})
    assert {part.label for part in says.parts if part.name in {"mobile", "born"}} == {"the same"}
    assert any("« vers 1980 »" in text for text in says.sentences("fr"))


def test_emoji_are_text_like_any_other() -> None:
    says = explained(Company, {"name": "🪚 Scierie Quintero 🪵"}, {"name": "Scierie Quintero"})
    assert any("« 🪚 Scierie Quintero 🪵 »" in text for text in says.sentences("fr"))
    assert explained(Company, {"name": "🪚"}, {"name": "🪚"}).sentences("fr")


@pytest.mark.parametrize("declaration", [Company, Person, Product])
def test_a_record_matches_itself(declaration: type[BaseModel]) -> None:
    says = explained(declaration, records(declaration)[0], records(declaration)[0])
    assert says.decision == "match"
    assert all(flip.change != "the same" for flip in says.flips)


def test_what_another_field_implies_is_shown_where_the_field_is_empty() -> None:
    says = explained(Company, {"vat": "FR44732829320"}, {"siren": "732 829 320"})
    part = next(part for part in says.parts if part.name == "siren")
    assert (part.left, part.right, part.label) == (("732829320",), ("732 829 320",), "the same")


def test_long_values_are_cut_in_sentences_alone() -> None:
    name = "Quintero " * 40
    says = explained(Company, {"name": name}, {"name": name})
    assert says.parts[0].left == (name,)
    assert all(len(text) < 300 for text in says.sentences("fr"))


# Why, and why not.


class Shop(BaseModel):
    """A declaration of the test."""

    name: Annotated[str, ORG_NAME]
    siren: Annotated[str | None, SIREN, Vetoes()] = None
    phone: Annotated[str | None, PHONE] = None
    city: Annotated[str | None, CITY] = None


SHOPS: list[Record] = [
    {"name": "Menuiserie Roussel", "phone": "0199001122", "city": "Rennes"},
    {"name": "ROUSSEL MENUISERIE", "phone": "0199001122", "city": "Rennes"},
    {"name": "Transports Keller", "phone": "0353014455", "city": "Lille"},
    {"name": "Cabinet Ferrand", "phone": "0261917788", "city": "Nantes"},
    {"name": "Boulangerie Petitpont", "phone": "0478000011", "city": "Lyon"},
    {"name": "Garage Ostrova", "phone": "0478000022", "city": "Brest"},
]


def shops(
    *more: Record, rulings: Rulings | None = None, sources: Sources | None = None, apart: int | None = None, pair: tuple[int, int]
) -> Explanation:
    """Why two shops are together or apart."""
    every = [*SHOPS, *more]
    resolution = LocalEngine().resolve(table(Shop, every), Shop, rulings=rulings, sources=sources)
    return explain_pair(resolution, Shop, *pair, records=table(Shop, every), rulings=rulings, sources=sources)


def last(says: Explanation, language: Language = "fr") -> str:
    return says.sentences(language)[-1]


def test_records_that_match_are_together_by_their_own_weight() -> None:
    says = shops(pair=(0, 1))
    assert (says.outcome, says.decision) == ("match", "match")
    assert "name.sorted" in " ".join(says.shared_rules) or says.shared_rules


def test_records_without_a_common_key_were_never_compared() -> None:
    says = shops(pair=(2, 5))
    assert (says.outcome, says.shared_rules) == ("never compared", ())
    assert last(says) == "Elles n'ont aucune clé de rapprochement en commun : elles n'ont jamais été comparées."
    assert last(says, "en") == "They share no blocking key: they were never compared."


def test_a_veto_is_why_records_are_apart() -> None:
    says = shops({"name": "Transports Keller", "siren": "732829320"}, {"name": "Transports Keller", "siren": "404833048"}, pair=(6, 7))
    assert (says.outcome, says.vetoed_by) == ("vetoed", ("siren",))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_ruling_overrules_the_weight(order: tuple[int, int]) -> None:
    apart = shops(rulings=Rulings(apart=frozenset({(0, 1)})), pair=order)
    assert (apart.outcome, apart.decision, apart.flips) == ("ruled apart", "match", ())
    assert last(apart) == "Une personne a décidé qu'elles sont différentes."
    assert not any("à rapprocher" in text for text in apart.sentences("fr"))
    together = shops(rulings=Rulings(together=frozenset({(2, 5)})), pair=(2, 5))
    assert (together.outcome, together.flips) == ("ruled together", ())
    assert last(together, "en") == "A person has ruled that they are the same."


@pytest.mark.parametrize(("ruled", "outcome"), [("apart", "ruled apart"), ("together", "ruled together")])
def test_any_two_records_may_be_explained_with_a_ruling(ruled: Any, outcome: str) -> None:
    says = explain(found(Company).kernel, Company, ROUSSEL, ROUSSEL, thresholds=THRESHOLDS, ruled=ruled)
    assert (says.outcome, says.flips) == (outcome, ())


def test_records_of_a_source_without_duplicates_are_not_compared() -> None:
    sources = Sources(np.array([0, 0, 0, 1, 1, 1], np.int32), frozenset({0}))
    says = shops(sources=sources, pair=(0, 1))
    assert says.outcome == "same source"
    assert "jamais été comparées" in last(says)


def test_one_to_one_leaves_a_record_with_its_best_partner() -> None:
    second = {"name": "Menuiserie Rousel Fils", "phone": "0199001122", "city": "Rennes"}
    sources = Sources(np.array([0, 1, 1, 1, 1, 1, 0], np.int32), frozenset({0}))
    assert shops(second, sources=sources, pair=(0, 1)).outcome == "match"
    taken_one = shops(second, sources=sources, pair=(6, 1))
    assert taken_one.outcome == "taken"
    assert "ne contient pas de doublons" in last(taken_one)
    assert taken_one.weight == pytest.approx(taken_one.total + taken_one.rivals)
    assert any(text.startswith("D'autres fiches d'une source sans doublons conviennent aussi : ") for text in taken_one.sentences("fr"))
    assert taken_one.waterfall()[-1] == ("Other records of a source without duplicates fit too", taken_one.total, taken_one.weight)


def together(labels: list[int], resolution: Resolution) -> Resolution:
    return replace(resolution, labels=np.array(labels, np.int64))


def test_records_may_be_together_through_others_or_apart_because_of_them() -> None:
    every = [*SHOPS, {"name": "Menuiserie Roussel", "siren": "732829320"}, {"name": "Cabinet Ferrand", "siren": "404833048"}]
    resolution = LocalEngine().resolve(table(Shop, every), Shop)
    through = explain_pair(together([0, 0, 0, 3, 4, 5, 6, 7], resolution), Shop, 0, 2)
    assert (through.outcome, last(through)) == ("through others", "Elles sont réunies par d'autres fiches, qui ressemblent aux deux.")
    vetoed = explain_pair(together([0, 1, 2, 1, 4, 5, 0, 1], resolution), Shop, 0, 1)
    assert (vetoed.outcome, vetoed.outcome_field) == ("group vetoed", "siren")
    assert "des SIREN différents" in last(vetoed)
    rulings = Rulings(apart=frozenset({(2, 3)}))
    ruled = explain_pair(together([0, 1, 0, 1, 4, 5, 6, 7], resolution), Shop, 0, 1, rulings=rulings)
    assert ruled.outcome == "group ruled apart"
    outvoted = explain_pair(together([0, 1, 0, 1, 4, 5, 6, 7], resolution), Shop, 0, 1)
    assert (outvoted.outcome, last(outvoted, "en")) == (
        "outvoted",
        "They are kept apart: the other records that are like them do not go together.",
    )


def test_without_the_records_normal_forms_are_shown() -> None:
    resolution = LocalEngine().resolve(table(Shop, SHOPS), Shop)
    bare = explain_pair(resolution, Shop, 0, 1)
    assert bare.parts[0].left == ("menuiserie roussel",)
    written = explain_pair(resolution, Shop, 0, 1, records=table(Shop, SHOPS))
    assert written.parts[0].left == ("Menuiserie Roussel",)
    assert written.total == bare.total
