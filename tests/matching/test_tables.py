"""Matching without a hub: `dedupe` and `link`, and what they make of bad data."""

from pathlib import Path
from typing import Annotated

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import BaseModel

import matching
from matching import saving
from matching.kinds import BIRTH_DATE, CITY, EMAIL, FAMILY_NAME, GIVEN_NAME, ORG_NAME, PHONE, POSTCODE, PRODUCT_LABEL, STREET


class Person(BaseModel):
    """A declaration of the test."""

    given: Annotated[str | None, GIVEN_NAME] = None
    family: Annotated[str | None, FAMILY_NAME] = None
    born: Annotated[str | None, BIRTH_DATE] = None
    phone: Annotated[str | None, PHONE] = None


class Company(BaseModel):
    """A declaration of the test."""

    name: Annotated[str | None, ORG_NAME] = None
    street: Annotated[str | None, STREET] = None
    postcode: Annotated[str | None, POSTCODE] = None
    city: Annotated[str | None, CITY] = None
    email: Annotated[str | None, EMAIL] = None


class Product(BaseModel):
    """A declaration of the test."""

    label: Annotated[str | None, PRODUCT_LABEL] = None


Columns = dict[str, list[str | None]]

PEOPLE: Columns = {
    "id": ["a", "b", "c", "d", "e"],
    "given": ["Étienne", "ETIENNE", "Manon", "Rémy", "Manon"],
    "family": ["Imbert", "Imbert", "Ollivier", "Gomes", "Ollivier"],
    "born": ["1984-03-02", "02/03/1984", "1990-01-01", None, "1990-01-01"],
    "phone": ["06 39 98 00 01", "+33639980001", "0639980002", "0639980003", None],
    "colour": ["red", "red", "blue", "blue", "red"],
}


def together(found: matching.Matches) -> set[frozenset[str]]:
    """The clusters of more than one record."""
    groups: dict[int, set[str]] = {}
    for row in found.clusters.to_pylist():
        groups.setdefault(row["cluster"], set()).add(row["id"])
    return {frozenset(group) for group in groups.values() if len(group) > 1}


def test_a_table_a_file_and_a_data_frame_are_matched_alike(tmp_path: Path) -> None:
    table = pa.table(PEOPLE)
    pq.write_table(table, tmp_path / "people.parquet")
    capsule = type("Frame", (), {"__arrow_c_stream__": lambda self, requested_schema=None: table.__arrow_c_stream__(requested_schema)})()
    found = [matching.dedupe(given, Person) for given in (table, tmp_path / "people.parquet", str(tmp_path / "people.parquet"), capsule)]
    assert together(found[0]) == {frozenset("ab"), frozenset("ce")}
    assert all(each.pairs.equals(found[0].pairs) and each.clusters.equals(found[0].clusters) for each in found)


def test_pairs_say_what_they_rest_on() -> None:
    found = matching.dedupe(pa.table(PEOPLE), Person)
    first = found.pairs.to_pylist()[0]
    assert found.pairs.column_names[:5] == ["left_id", "right_id", "match", "weight", "probability"]
    assert first["match"] is True
    assert first["probability"] == pytest.approx(1 / (1 + 2 ** -first["weight"]))
    assert found.pairs["weight"].to_pylist() == sorted(found.pairs["weight"].to_pylist(), reverse=True)
    assert {first["left_id"], first["right_id"]} == {"a", "b"}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"id": None}, "the table has no column `id`"),
        ({"id": ["a", "a", "c", "d", "e"]}, "occur twice"),
        ({"id": ["a", None, "c", "d", "e"]}, "empty"),
        (dict.fromkeys(("given", "family", "born", "phone")), "none of the fields given, family, born, phone"),
    ],
)
def test_a_table_that_cannot_be_matched_is_told_why(change: Columns, complaint: str) -> None:
    columns = {name: values for name, values in (PEOPLE | change).items() if values is not None}
    with pytest.raises(ValueError, match=complaint):
        matching.dedupe(pa.table(columns), Person)


def test_values_that_a_kind_refuses_are_counted_and_compared_as_written() -> None:
    columns = PEOPLE | {"born": ["1984-13-45", "1984-13-45", "1990-01-01", "soon", "1990-01-01"]}
    found = matching.dedupe(pa.table(columns), Person)
    assert found.refused == {"born": 3}
    assert frozenset("ab") in together(found)


def test_two_tables_are_linked_across_alone_and_one_to_one_where_they_say_so() -> None:
    left = pa.table({"id": ["1", "2"], "label": ["Perceuse Ostrova KV120", "Scie Ostrova KV300"]})
    right = pa.table({"id": ["1", "2", "3"], "label": ["OSTROVA perceuse KV-120", "Scie KV300 Ostrova bleue", "Scie Ostrova KV300"]})
    found = matching.link(left, right, Product, distinct=True)
    sides = {(row["side"], row["id"]): row["cluster"] for row in found.clusters.to_pylist()}
    assert sides["left", "1"] == sides["right", "1"]
    assert sides["left", "2"] == sides["right", "3"]
    assert len(set(sides.values())) == 3
    every = matching.link(left, right, Product)
    assert all(row["left_id"] in {"1", "2"} for row in every.pairs.to_pylist())


def test_a_model_that_was_saved_matches_as_it_did(tmp_path: Path) -> None:
    trained = matching.dedupe(pa.table(PEOPLE), Person)
    saving.save(trained.model, tmp_path / "model.json")
    again = matching.dedupe(pa.table(PEOPLE), Person, model=saving.load(tmp_path / "model.json"))
    assert again.pairs.equals(trained.pairs)
    assert again.clusters.equals(trained.clusters)
    assert saving.as_json(again.model) == saving.as_json(trained.model)


def test_a_field_that_is_empty_by_now_is_no_trouble_for_a_model() -> None:
    trained = matching.dedupe(pa.table(PEOPLE), Person)
    for field in ("given", "family", "born", "phone"):
        again = matching.dedupe(pa.table(PEOPLE | {field: [None] * 5}), Person, model=trained.model)
        assert again.clusters.num_rows == 5


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 99}', '{"format": 1, "features": 3}'])
def test_what_is_no_model_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "model.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="train again"):
        saving.load(tmp_path / "model.json")


def test_no_records_one_and_two_are_no_trouble() -> None:
    for count in (0, 1, 2):
        found = matching.dedupe(pa.table(PEOPLE).slice(0, count), Person)
        assert found.clusters.num_rows == count


def test_constant_columns_and_empty_ones_say_nothing() -> None:
    names = [f"{first}{last} Conseil" for first in ("Bor", "Tal", "Mer", "Vos") for last in ("din", "kar", "lo", "sen", "mu")]
    rows = {"id": [str(at) for at in range(21)], "name": [*names, "BORDIN CONSEIL SARL"], "city": ["Paris"] * 21, "email": [None] * 21}
    found = matching.dedupe(pa.table(rows | {"street": pa.nulls(21, pa.string())}), Company)
    assert together(found) == {frozenset({"0", "20"})}


def test_odd_texts_are_matched_like_any_others() -> None:
    names = [
        "🏭 Łódź Wërk 東京",
        "🏭 ŁÓDŹ WËRK 東京",
        "مصنع النور",
        "مصنع النور",
        "\u202eabc\u202c",
        "—",
        "\x00\x01",
        "🙂🙂🙂",
        "Ω" * 300,
        "a" * 1_000_000,
    ]
    towns = ["Łódź", "Łódź", "دبي", "دبي", "🏙️", "\x00", "Rome", "Oslo", "Ω" * 300, "b" * 1_000_000]
    found = matching.dedupe(pa.table({"id": [str(at) for at in range(len(names))], "name": names, "city": towns}), Company)
    assert together(found) >= {frozenset("01"), frozenset("23")}
    assert len(found.clusters) == len(names)


@pytest.mark.parametrize("count", [50_000, pytest.param(1_000_000, marks=pytest.mark.nightly)])
def test_a_name_that_all_have_does_not_make_every_pair(count: int) -> None:
    rows = {"id": np.arange(count).astype(str), "name": ["Mairie"] * count, "postcode": [f"{at % 90_000 + 1000:05}" for at in range(count)]}
    found = matching.dedupe(pa.table(rows), Company)
    assert found.resolution.compared < 70 * count
    assert found.clusters.num_rows == count


def test_a_block_that_stays_too_large_is_reported_with_its_size() -> None:
    rows = {"id": [str(at) for at in range(5000)], "name": ["Mairie"] * 4000 + [f"Atelier {at}" for at in range(1000)]}
    found = matching.dedupe(pa.table(rows), Company)
    assert max(size for _, size in found.report.oversized.values()) >= 4000
    assert found.resolution.compared < 100_000


def test_longest_values_cost_no_more_than_their_beginning() -> None:
    rows = {"id": [str(at) for at in range(30)], "label": [f"Scie {at} " + "x" * 1_000_000 for at in range(30)]}
    assert matching.dedupe(pa.table(rows), Product).clusters.num_rows == 30
