"""The index: one record against many says what the batch says, and batches in any order leave what a full rebuild leaves."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import combinations
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from matching import blocking
from matching.blocking import Blocking, Rule
from matching.declaration import Vetoes, fields
from matching.encode import encode
from matching.engine import LocalEngine, Resolution, Rulings, Thresholds
from matching.hashing import hashed, mixed
from matching.index import Change, Index
from matching.index.reading import Reading, hashed_one, mixed_one
from matching.index.storage import Pages, Run, looked_up, run, with_run
from matching.kinds import BIRTH_DATE, CITY, EMAIL, FAMILY_NAME, GIVEN_NAME, ORG_NAME, PHONE, POSTCODE, SIREN, STREET, VAT_NUMBER, WEBSITE
from matching.sources import Sources

Row = tuple[str | None, ...]
Record = Mapping[str, str | None]


class Company(BaseModel):
    """A declaration of the test."""

    name: Annotated[str, ORG_NAME]
    siren: Annotated[str | None, SIREN, Vetoes()] = None
    vat: Annotated[str | None, VAT_NUMBER] = None
    phone: Annotated[str | None, PHONE] = None
    website: Annotated[str | None, WEBSITE] = None
    email: Annotated[str | None, EMAIL] = None
    street: Annotated[str | None, STREET] = None
    postcode: Annotated[str | None, POSTCODE] = None
    city: Annotated[str | None, CITY] = None


class Person(BaseModel):
    """A declaration of the test."""

    given: Annotated[str, GIVEN_NAME]
    family: Annotated[str, FAMILY_NAME]
    born: Annotated[str | None, BIRTH_DATE] = None
    phone: Annotated[str | None, PHONE] = None


COMPANY = [field.name for field in fields(Company)]
PERSON = [field.name for field in fields(Person)]
GIVEN = "Étienne Manon Rémy Louise Kévin Jean-Baptiste Zoé Anaïs Tristan Odile".split()
FAMILY = "Imbert Ollivier Gomes Castel Lemoine Vasseur Roche Delmas Fabre Perrin Guyot Carlier".split()
WORDS = "Menuiserie Roussel Transports Keller Cabinet Ferrand Boulangerie Petit Atelier Vidal Garage Morin Holding Lens".split()
SIRENS = "732829320 404833048 552100554 443061841 542051180".split()
"""Numbers with a valid key, of nobody in particular."""


def table(names: Sequence[str], rows: Sequence[Row], ids: Sequence[str] | None = None) -> pa.Table:
    columns = {name: pa.array([row[at] for row in rows], pa.string()) for at, name in enumerate(names)}
    return pa.table(columns | ({} if ids is None else {"id": pa.array(ids, pa.string())}))


def people(count: int, seed: int = 1) -> pa.Table:
    """People, every third of them twice, the second time with a slip."""
    random = np.random.default_rng(seed)
    rows: list[Row] = []
    for at in range(count):
        given, family = random.choice(GIVEN), random.choice(FAMILY)
        row = (
            given,
            family,
            f"19{random.integers(50, 99)}-0{random.integers(1, 9)}-1{random.integers(0, 9)}",
            f"06399{random.integers(10**4, 10**5)}",
        )
        rows.append(row)
        if at % 3 == 0:
            rows.append((given, family[:-1], row[2] if at % 2 else None, row[3]))
    return table(PERSON, rows)


def companies(count: int, seed: int = 2) -> pa.Table:
    """Companies with shared words, some of them three times, spelled another way."""
    random = np.random.default_rng(seed)
    rows: list[Row] = []
    for at in range(count):
        words = random.choice(WORDS, 2 + at % 2, replace=False)
        siren = SIRENS[at % 5] if at % 4 == 0 else None
        name, street = " ".join(words), f"{random.integers(1, 40)} rue du Moulin"
        phone, site = f"+3319900{random.integers(1000, 9999)}", f"{words[0].lower()}-{words[1].lower()}{at}.fr"
        rows.append((f"{name} SARL", siren, None, phone, site, f"info@{site}", street, "35000", "Rennes"))
        if at % 3 == 0:
            rows.append(
                (
                    name.upper(),
                    None,
                    f"FR44{siren}" if siren else None,
                    phone,
                    None,
                    f"INFO@{site}",
                    street.replace("rue", "r"),
                    "35000",
                    None,
                )
            )
            rows.append((" ".join(words[::-1]), None, None, None, site, None, street, "35000", "RENNES"))
    return table(COMPANY, rows)


@cache
def of_people() -> tuple[pa.Table, Resolution]:
    return people(400), LocalEngine().resolve(people(400), Person)


@cache
def of_companies() -> tuple[pa.Table, Resolution]:
    return companies(150), LocalEngine().resolve(companies(150), Company)


def edges(found: pa.Table, names: Sequence[Any]) -> dict[tuple[Any, Any], tuple[float, ...]]:
    """Weight and levels by pair of ids."""
    rows = zip(*(column.to_pylist() for column in found.columns), strict=True)
    return {tuple(sorted((names[row[0]], names[row[1]]))): row[2:] for row in rows}


def partition(labels: Sequence[int], names: Sequence[Any]) -> dict[Any, set[Any]]:
    """Clusters, by the name of the record that names them."""
    groups: dict[Any, set[Any]] = {}
    for at, label in enumerate(labels):
        if label >= 0:
            groups.setdefault(names[label], set()).add(names[at])
    return groups


@pytest.mark.parametrize("distinct", [frozenset(), frozenset({1}), frozenset({0, 1})])
@pytest.mark.parametrize("across", [False, True])
@pytest.mark.parametrize(("declaration", "made"), [(Person, of_people), (Company, of_companies)])
def test_a_stored_record_is_answered_as_the_batch_decided(
    declaration: type[BaseModel], made: Any, distinct: frozenset[int], across: bool
) -> None:
    records, trained = made()
    sources = Sources(np.arange(records.num_rows, dtype=np.int32) % 2, distinct, across)
    resolution = LocalEngine().resolve(records, declaration, model=trained.model, sources=sources)
    index = Index.of(resolution, declaration, sources=sources)
    expected: dict[int, dict[int, tuple[float, ...]]] = {}
    for (left, right), said in edges(resolution.pairs, range(records.num_rows)).items():
        expected.setdefault(left, {})[right] = expected.setdefault(right, {})[left] = said
    assert expected
    for at, record in enumerate(records.to_pylist()):
        found = index.match(record, source=int(sources.of[at]), instead_of=at, limit=records.num_rows)
        assert {item.position: (item.weight, *item.levels.values()) for item in found} == expected.get(at, {})
        joined = {item.position for item in found if item.joined}
        assert joined == {other for other in expected.get(at, {}) if resolution.labels[other] == resolution.labels[at]}


@pytest.mark.parametrize("distinct", [frozenset(), frozenset({0, 1})])
@pytest.mark.parametrize(("declaration", "made"), [(Person, of_people), (Company, of_companies)])
def test_another_version_of_a_record_is_held_to_the_rulings_on_it(
    declaration: type[BaseModel], made: Any, distinct: frozenset[int]
) -> None:
    records, trained = made()
    sources = Sources(np.arange(records.num_rows, dtype=np.int32) % 2, distinct)
    free = LocalEngine().resolve(records, declaration, model=trained.model, sources=sources)
    found = list(zip(free.pairs["left"].to_pylist(), free.pairs["right"].to_pylist(), strict=True))
    apart = [pair for pair in found if free.labels[pair[0]] == free.labels[pair[1]]][::3]
    joined = [pair for pair in found if free.labels[pair[0]] != free.labels[pair[1]]][::3]
    assert apart
    assert joined or declaration is Person
    decided = Rulings(frozenset(joined), frozenset(apart))
    resolution = LocalEngine().resolve(records, declaration, model=trained.model, rulings=decided, sources=sources)
    index = Index.of(resolution, declaration, rulings=decided, sources=sources)
    changed = 0
    for at, record in enumerate(records.to_pylist()):
        for item in index.match(record, source=int(sources.of[at]), instead_of=at, limit=records.num_rows):
            assert item.joined == (resolution.labels[item.position] == resolution.labels[at])
            changed += item.joined != (free.labels[item.position] == free.labels[at])
    assert changed >= len(joined) + len(apart)


@pytest.mark.parametrize("distinct", [frozenset(), frozenset({0, 1})])
@pytest.mark.parametrize(("declaration", "made"), [(Person, of_people), (Company, of_companies)])
def test_a_record_that_was_never_stored_is_answered_as_a_batch_with_it_decides(
    declaration: type[BaseModel], made: Any, distinct: frozenset[int]
) -> None:
    records, trained = made()
    count, answers = records.num_rows, 0
    of = np.arange(count, dtype=np.int32) % 2
    for at in range(0, 36, 4):
        others = np.delete(np.arange(count), at)
        index = Index.build(records.take(pa.array(others)), declaration, trained.model, sources=Sources(of[others], distinct))
        order = np.append(others, at)
        batch = LocalEngine().resolve(records.take(pa.array(order)), declaration, model=trained.model, sources=Sources(of[order], distinct))
        found = index.match(records.slice(at, 1).to_pylist()[0], source=int(of[at]), limit=count)
        said = {pair: values for pair, values in edges(batch.pairs, range(count)).items() if pair[1] == count - 1}
        assert {(item.position, count - 1): (item.weight, *item.levels.values()) for item in found} == said
        assert all(item.joined == (batch.labels[item.position] == batch.labels[count - 1]) for item in found)
        answers += len(found)
    assert answers


@pytest.mark.parametrize(("declaration", "made"), [(Person, of_people), (Company, of_companies)])
def test_one_record_is_read_and_filed_as_many_are(declaration: type[BaseModel], made: Any) -> None:
    records, resolution = made()
    reading = Reading(declaration, resolution.model)
    columns = encode(records, fields(declaration))
    place, hashes = reading.filed(columns, records.num_rows)
    for at, record in enumerate(records.to_pylist()):
        forms = reading.forms(record)
        assert forms == {name: column.forms.values[column.codes[at]] for name, column in columns.items() if column.codes[at] >= 0}
        assert sorted(reading.keys(forms).tolist()) == sorted(hashes[place == at].tolist())


RULES = st.lists(
    st.sampled_from(
        [
            Rule((("given", "whole"),)),
            Rule((("family", "sound"),)),
            Rule((("given", "whole"), ("family", "whole"))),
            Rule((("given", "start"), ("born", "day"))),
            Rule((("family", "start"), ("born", "month"), ("phone", "whole"))),
        ]
    ),
    unique=True,
    max_size=4,
)


@given(RULES, st.integers(0, 2**32))
def test_common_keys_are_refined_for_one_record_as_they_are_for_many(rules: list[Rule], seed: int) -> None:
    records, resolution = of_people()
    known = Blocking(tuple(rules), (("phone", "whole"), ("born", "whole"), ("family", "whole"), ("given", "whole")))
    available = blocking.filings(resolution.columns, fields(Person))
    every = np.arange(40)
    filed = [blocking.keys(available, known, rule, every)[1] for rule in rules]
    drawn = np.random.default_rng(seed)
    first = np.concatenate([np.zeros(0, np.uint64), *filed])
    known = replace(known, common=np.sort(drawn.choice(first, len(first) // 2, replace=False)))
    finer = np.concatenate([np.zeros(0, np.uint64), *(blocking.keys(available, known, rule, every)[1] for rule in rules)])
    known = replace(known, common=np.union1d(known.common, drawn.choice(finer, len(finer) // 3, replace=False)))
    reading = Reading(Person, replace(resolution.model, blocking=known))
    for at, record in enumerate(records.slice(0, 40).to_pylist()):
        expected = [found[place == at] for place, found in (blocking.keys(available, known, rule, every) for rule in rules)]
        assert sorted(reading.keys(reading.forms(record)).tolist()) == sorted(np.concatenate([np.zeros(0, np.uint64), *expected]).tolist())


@given(st.text(), st.text())
def test_hashes_of_one_string_are_those_of_many(one: str, other: str) -> None:
    one, other = (text.encode(errors="ignore").decode() for text in (one, other))
    assert [hashed_one(one), hashed_one(other)] == hashed(pa.array([one, other], pa.string())).tolist()
    pair = hashed(pa.array([one, other], pa.string()))
    assert mixed_one(hashed_one(one), hashed_one(other)) == int(mixed(pair[:1], pair[1:])[0])


def test_a_new_record_is_answered_without_being_stored() -> None:
    records, resolution = of_people()
    index = Index.of(resolution, Person)
    first = records.slice(0, 1).to_pylist()[0]
    before = index.labels.tolist()
    best = index.match({**first, "family": f"{first['family']}t", "unknown to the declaration": "x"}, limit=1)[0]
    assert (best.position, best.id, best.joined, best.cluster) == (0, "0", True, index.labels[0])
    assert 0.9 < best.probability <= 1
    assert set(best.levels) == {"given", "family", "born", "phone"}
    assert index.labels.tolist() == before
    assert len(index) == records.num_rows


def test_a_record_that_says_nothing_matches_nothing() -> None:
    index = Index.of(of_people()[1], Person)
    assert index.match({}) == []
    assert index.match({"given": "", "family": None, "phone": "no number"}) == []


def test_an_index_without_records_answers_and_grows() -> None:
    index = Index(Person, of_people()[1].model)
    assert index.match({"given": "Zoé", "family": "Perrin"}) == []
    change = index.add(of_people()[0])
    assert partition(index.labels.tolist(), index.ids) == partition(of_people()[1].labels.tolist(), index.ids)
    assert change.after == dict(enumerate(index.labels.tolist()))
    assert change.before == {}


def test_what_follows_from_another_field_counts() -> None:
    records, resolution = of_companies()
    index = Index.of(resolution, Company)
    first = records.slice(0, 1).to_pylist()[0]
    assert index.match(first)[0].levels["siren"] == 3
    assert index.match({**first, "siren": None})[0].levels["siren"] == 0
    assert index.match({**first, "siren": None, "vat": f"FR44{first['siren']}"})[0].levels["siren"] == 3


def test_a_source_that_holds_nothing_twice_is_not_matched_with_itself() -> None:
    records, model = of_people()[0], of_people()[1].model
    sources = Sources(np.arange(records.num_rows, dtype=np.int32) % 2, frozenset({1}))
    index = Index.build(records, Person, model, sources=sources)
    record = records.slice(1, 1).to_pylist()[0]
    assert 1 in {item.position for item in index.match(record)}
    assert {item.position % 2 for item in index.match(record, source=1)} <= {0}
    across = Index(Person, model, sources=Sources(np.zeros(0, np.int32), across=True))
    across.add(records.slice(0, 2), source=3)
    assert len(across.match(record, source=4)) > 0
    assert across.match(record, source=3) == []


def test_a_rival_too_weak_to_be_joined_parts_what_barely_was() -> None:
    model, sources = of_people()[1].model, Sources(np.array([0, 1, 1], np.int32), frozenset({1}))
    mine = ("Zoé", "Perrin", "1960-01-10", "0639912345")
    rows = table(PERSON, [mine, mine, ("Zoé", "Perin", None, "0639912345")], ["0", "1", "2"])
    bits = Index.build(rows.slice(0, 2), Person, model).pairs["weight"][0].as_py()
    index = Index(Person, model, thresholds=Thresholds(match=bits), sources=sources)
    index.add(rows.slice(0, 2), source=[0, 1])
    assert index.labels.tolist() == [0, 0]
    change = index.add(rows.slice(2), source=1)
    assert index.labels.tolist() == [0, 1, 2]
    assert LocalEngine(Thresholds(match=bits)).resolve(rows, Person, model=model, sources=sources).labels.tolist() == [0, 1, 2]
    assert change.before == {0: 0, 1: 0}
    index.remove([2])
    assert index.labels.tolist() == [0, 0, -1]


def test_fields_that_were_never_filled_count_once_they_are() -> None:
    full, model = of_people()[0], of_people()[1].model
    bare = full.slice(0, 20).set_column(3, "phone", pa.nulls(20, pa.string()))
    index = Index(Person, model)
    index.add(bare.drop_columns(["phone", "born"]))
    index.add(full.slice(20))
    record = full.slice(20, 1).to_pylist()[0]
    assert index.match(record)[0].levels["phone"] == 3


POOL = companies(6, seed=5).to_pylist()
POOL += [record | {"siren": SIRENS[at % 3]} for at, record in enumerate(POOL[:4])]
POOL += [record | {"phone": POOL[0]["phone"], "street": POOL[0]["street"]} for record in POOL[2:6]]
FULL = POOL[0] | {"siren": SIRENS[3], "vat": f"FR44{SIRENS[3]}"}
"""A record that fills every field: the batch does not know of fields that are never filled."""


@st.composite
def worlds(draw: Any) -> tuple[pa.Table, Sources, list[tuple[str, str, bool]], list[list[int]]]:
    """Records with ids, sources, rulings by id, and batches in which they arrive; a few that come and go."""
    rows = draw(st.lists(st.sampled_from(POOL), max_size=14))
    ids = draw(st.lists(st.text("abc", min_size=1, max_size=3), min_size=len(rows) + 1, max_size=len(rows) + 1, unique=True))
    of = draw(st.lists(st.integers(0, 2), min_size=len(rows) + 1, max_size=len(rows) + 1))
    sources = Sources(np.array(of, np.int32), draw(st.frozensets(st.integers(0, 2))), draw(st.booleans()))
    pairs = list(combinations(sorted(ids), 2))
    ruled = draw(st.lists(st.sampled_from(pairs), max_size=3, unique=True)) if pairs else []
    order = draw(st.permutations(range(len(ids))))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), max_size=4)))
    batches = [order[start:end] for start, end in zip([0, *cuts], [*cuts, len(order)], strict=True)]
    records = table(COMPANY, [tuple(row[name] for name in COMPANY) for row in [FULL, *rows]], ids)
    return records, sources, [(*pair, draw(st.booleans())) for pair in ruled], batches


def rulings(index: Index, ruled: Sequence[tuple[str, str, bool]]) -> Rulings:
    """The rulings about records that are there."""
    places = [(index.position(one), index.position(other), together) for one, other, together in ruled]
    known = {(min(one, other), max(one, other), together) for one, other, together in places if one is not None and other is not None}
    return Rulings(
        frozenset((one, other) for one, other, together in known if together),
        frozenset((one, other) for one, other, together in known if not together),
    )


def rebuilt(records: pa.Table, sources: Sources, ruled: Sequence[tuple[str, str, bool]]) -> Resolution:
    """All of it at once, in the order of ids."""
    ids = records["id"].to_pylist()
    place = {name: at for at, name in enumerate(ids)}
    known = [(*sorted((place[one], place[other])), together) for one, other, together in ruled]
    decided = Rulings(*(frozenset((one, other) for one, other, together in known if together is wanted) for wanted in (True, False)))
    return LocalEngine().resolve(records, Company, model=of_companies()[1].model, rulings=decided, sources=sources)


@given(worlds(), st.booleans())
def test_any_order_of_arrival_leaves_the_pairs_and_clusters_of_a_rebuild(world: Any, detour: bool) -> None:
    records, sources, ruled, batches = world
    index = Index(Company, of_companies()[1].model, sources=sources)
    seen: dict[int, int] = {}
    for batch in batches:
        changes = [
            index.add(records.take(pa.array(batch, pa.int64())), source=sources.of[batch].tolist()),
            index.rule(rulings(index, ruled)),
        ]
        if detour and len(batch):
            changes += passing_through(index, records, batch, sources, ruled)
        for change in changes:
            assert {record: label for record, label in seen.items() if record in change.before} == change.before
            seen = {record: label for record, label in seen.items() if record not in change.before} | dict(change.after)
        assert seen == {at: label for at, label in enumerate(index.labels.tolist()) if label >= 0}
    names = records["id"].to_pylist()
    order = sorted(range(len(names)), key=lambda at: (len(names[at]), names[at]))
    ordered = records.take(pa.array(order, pa.int64()))
    expected = rebuilt(ordered, replace(sources, of=sources.of[order]), ruled)
    assert edges(index.pairs, index.ids) == edges(expected.pairs, ordered["id"].to_pylist())
    assert partition(index.labels.tolist(), index.ids) == partition(expected.labels.tolist(), ordered["id"].to_pylist())


def passing_through(
    index: Index, records: pa.Table, batch: Sequence[int], sources: Sources, ruled: Sequence[tuple[str, str, bool]]
) -> list[Change]:
    """A copy of a record comes and goes, and one that is there goes and comes."""
    copy = records.slice(batch[0], 1).set_column(records.column_names.index("id"), "id", pa.array(["passing"]))
    changes = [index.add(copy, source=int(sources.of[batch[0]]))]
    changes.append(index.remove([change for change in [index.position("passing")] if change is not None]))
    there = index.position(records["id"][batch[-1]].as_py())
    assert there is not None
    changes.append(index.remove([there]))
    changes.append(index.add(records.slice(batch[-1], 1), source=int(sources.of[batch[-1]])))
    changes.append(index.rule(rulings(index, ruled)))
    return changes


def test_a_change_says_which_clusters_have_other_members() -> None:
    records, resolution = of_people()
    index = Index.of(resolution, Person, ids=[f"r{at:04}" for at in range(records.num_rows)])
    twin = records.slice(0, 1).append_column("id", pa.array(["the twin"]))
    stranger = table(PERSON, [("Xavier", "Quetzal", "1933-03-30", None)], ["the stranger"])
    change = index.add(pa.concat_tables([twin, stranger], promote_options="permissive"))
    assert change.records.tolist() == [records.num_rows, records.num_rows + 1]
    cluster = int(index.labels[0])
    assert {*change.edges["right"].to_pylist()} == {records.num_rows}
    assert 0 in change.edges["left"].to_pylist()
    assert change.clusters == {cluster, records.num_rows + 1}
    assert change.after[records.num_rows] == cluster
    assert change.before == dict.fromkeys(np.flatnonzero(resolution.labels == cluster).tolist(), cluster)
    gone = index.remove([records.num_rows])
    assert gone.after == change.before
    assert gone.before == {**change.before, records.num_rows: cluster}
    assert index.position("the twin") is None
    assert len(index) == records.num_rows + 1


def test_a_ruling_is_held_to_until_it_is_taken_back() -> None:
    resolution = of_people()[1]
    index = Index.of(resolution, Person)
    left, right = next((at, other) for at, other in combinations(range(9), 2) if resolution.labels[at] != resolution.labels[other])
    ruled = index.rule(Rulings(together=frozenset({(left, right)})))
    assert index.labels[left] == index.labels[right]
    assert {left, right} <= set(ruled.after)
    index.rule(Rulings())
    assert index.labels.tolist() == resolution.labels.tolist()


def test_the_first_id_names_a_cluster_however_records_are_ordered() -> None:
    records, resolution = of_people()
    count = records.num_rows
    index = Index.of(resolution, Person, ids=[str(count - at) for at in range(count)])
    groups = {frozenset(np.flatnonzero(resolution.labels == label).tolist()) for label in resolution.labels.tolist()}
    assert {frozenset(np.flatnonzero(index.labels == label).tolist()) for label in index.labels.tolist()} == groups
    assert all(label == max(group) for group in groups for label in index.labels[list(group)].tolist())


@pytest.mark.parametrize(
    ("ids", "reason"), [(["a", "a"], "twice"), (["a", ""], "empty"), (["a", None], "empty"), (["a", "0"], "'0' is there already")]
)
def test_ids_that_name_nothing_or_two_things_are_refused_and_nothing_is_changed(ids: list[str | None], reason: str) -> None:
    records, resolution = of_people()
    index = Index.of(resolution, Person)
    batch = records.slice(0, 2).append_column("id", pa.array(ids, pa.string()))
    with pytest.raises(ValueError, match=reason):
        index.add(batch)
    assert index.labels.tolist() == resolution.labels.tolist()
    index.add(batch.set_column(batch.column_names.index("id"), "id", pa.array(["a", "b"])))
    assert len(index) == records.num_rows + 2


def test_what_is_not_there_cannot_go() -> None:
    index = Index.of(of_people()[1], Person)
    index.remove([3])
    for place in (-1, 3, len(index) + 1):
        with pytest.raises(ValueError, match="no record"):
            index.remove([place])
    with pytest.raises(ValueError, match="no record"):
        index.rule(Rulings(apart=frozenset({(0, 100_000)})))


def test_a_reader_sees_a_batch_whole_or_not_at_all() -> None:
    records, resolution = of_people()
    index = Index.of(resolution, Person)
    record = records.slice(0, 1).to_pylist()[0]
    alone, size, batches = len(index.match(record, limit=10_000)), 7, 12
    seen: list[int] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            found = index.match(record, limit=10_000)
            seen.append(len(found) - alone)
            assert len({item.cluster for item in found if item.joined}) == 1

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(batches):
        copies = [tuple(record[name] for name in PERSON)] * size
        index.add(table(PERSON, copies, [f"copy {number} {at}" for at in range(size)]))
    done.set()
    for reader in readers:
        reader.join()
    assert len(set(seen)) > 1
    assert {extra % size for extra in seen} == {0}
    assert len(index.match(record, limit=10_000)) == alone + size * batches


def test_a_small_batch_leaves_the_large_arrays_alone() -> None:
    records, resolution = of_people()
    index = Index.of(resolution, Person)
    index.add(records.slice(0, 1).append_column("id", pa.array(["first"])))
    before = index._state
    index.add(records.slice(1, 1).append_column("id", pa.array(["second"])))
    after = index._state
    assert after.filed[0] is before.filed[0]
    assert after.edges[0] is before.edges[0]
    assert after.forms["given"].room is before.forms["given"].room
    assert after.ids.room is before.ids.room


ENTRIES = st.lists(st.lists(st.integers(0, 20), max_size=12), max_size=12)


@given(ENTRIES, st.lists(st.integers(0, 20)))
def test_runs_hold_what_came_and_are_few(batches: list[list[int]], wanted: list[int]) -> None:
    runs: tuple[Run, ...] = (run(np.zeros(0, np.uint64), np.zeros(0, np.int32)),)
    every: list[int] = []
    for batch in batches:
        runs = with_run(runs, run(np.array(batch, np.uint64), np.arange(len(every), len(every) + len(batch), dtype=np.int32)))
        every += batch
    place, row = looked_up(runs, np.array(wanted, np.uint64), 1)
    expected = [(at, number) for at, key in enumerate(wanted) for number, each in enumerate(every) if each == key]
    assert sorted(zip(place.tolist(), row.tolist(), strict=True)) == expected
    assert len(runs) <= 1 + np.log2(len(every) + 1)


@given(st.lists(st.dictionaries(st.integers(0, 10_000), st.integers(0, 9), max_size=5), max_size=6))
def test_pages_keep_what_they_were(changes: list[dict[int, int]]) -> None:
    kept = [Pages()]
    expected: dict[int, int] = {}
    history = [dict(expected)]
    for change in changes:
        kept.append(kept[-1].put(np.array([*change], np.int64), np.array([*change.values()], np.int64)))
        history.append(history[-1] | change)
    for pages, known in zip(kept, history, strict=True):
        assert {at: number for at, number in enumerate(pages.values.tolist()) if number >= 0} == known
        places = np.array([*known], np.int64)
        assert pages.at(places).tolist() == [*known.values()]
