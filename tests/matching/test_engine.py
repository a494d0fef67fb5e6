"""The engine on small tables: what is evidence, what is not, and that the kernel alone says the same."""

from typing import Annotated

import numpy as np
import pyarrow as pa
import pytest
from pydantic import BaseModel

from matching.declaration import Vetoes, fields
from matching.encode import encode
from matching.engine import LocalEngine, Thresholds
from matching.features import features
from matching.kernel import Kernel
from matching.kinds import CITY, FAMILY_NAME, GIVEN_NAME, ORG_NAME, PHONE, POSTCODE, SIREN, STREET
from matching.model import VETO


class Company(BaseModel):
    """A declaration of the test."""

    name: Annotated[str, ORG_NAME]
    siren: Annotated[str | None, SIREN, Vetoes()] = None
    phone: Annotated[str | None, PHONE] = None
    street: Annotated[str | None, STREET] = None
    postcode: Annotated[str | None, POSTCODE] = None
    city: Annotated[str | None, CITY] = None


class Person(BaseModel):
    """A declaration of the test."""

    given: Annotated[str, GIVEN_NAME]
    family: Annotated[str, FAMILY_NAME]
    phone: Annotated[str | None, PHONE] = None


def table(declaration: type[BaseModel], *rows: tuple[str | None, ...]) -> pa.Table:
    names = [field.name for field in fields(declaration)]
    return pa.table({name: pa.array([row[at] if at < len(row) else None for row in rows], pa.string()) for at, name in enumerate(names)})


COMPANIES = table(
    Company,
    ("Menuiserie Roussel SARL", "732829320", "+33199001122", "4 rue du Moulin", "35000", "Rennes"),
    ("ROUSSEL MENUISERIE", None, "+33199001122", "4 R DU MOULIN", "35000", "RENNES"),
    ("Transports Keller", None, "+33353014455", "18 quai Vauban", "67000", "Strasbourg"),
    ("Transports Keller SAS", "404833048", None, "18 quai Vauban", "67000", "Strasbourg"),
    ("Cabinet Ferrand", None, "+33261917788", "2 place Foch", "44000", "Nantes"),
    ("Boulangerie Petit", "552100554", None, "9 rue Haute", "59000", "Lille"),
)


def test_ten_records_need_no_training_data() -> None:
    assert LocalEngine().resolve(COMPANIES, Company).labels.tolist() == [0, 0, 2, 2, 4, 5]


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_hardly_any_records_are_no_trouble(rows: int) -> None:
    assert len(LocalEngine().resolve(COMPANIES.slice(0, rows), Company).labels) == rows


def test_where_no_record_has_a_street_postcode_and_city_still_count() -> None:
    bare = COMPANIES.set_column(3, "street", pa.nulls(COMPANIES.num_rows, pa.string()))
    found = LocalEngine().resolve(bare, Company)
    assert "location" in found.pairs.column_names
    assert found.labels.tolist() == [0, 0, 2, 2, 4, 5]


def test_columns_that_are_all_the_same_or_all_empty_say_nothing() -> None:
    rows = [("Nom Commun", None, None, None, "75001", "Paris")] * 3 + [("Autre Chose", None, None, None, "75001", "Paris")]
    labels = LocalEngine().resolve(table(Company, *rows), Company).labels.tolist()
    assert labels[3] == 3


def test_a_given_and_a_family_name_in_each_other_s_place_meet() -> None:
    people = table(
        Person,
        ("Étienne", "Imbert", "+33639980001"),
        ("Imbert", "Étienne", "+33639980001"),
        ("Manon", "Ollivier", "+33639980002"),
        ("Rémy", "Gomes", "+33639980003"),
    )
    assert LocalEngine().resolve(people, Person).labels.tolist() == [0, 0, 2, 3]


def test_the_order_of_records_decides_nothing() -> None:
    order = [5, 3, 1, 0, 4, 2]
    labels = LocalEngine().resolve(COMPANIES.take(order), Company).labels
    groups = {frozenset(order[at] for at in np.flatnonzero(labels == label)) for label in set(labels.tolist())}
    assert groups == {frozenset({0, 1}), frozenset({2, 3}), frozenset({4}), frozenset({5})}


def test_the_kernel_on_a_batch_of_strings_weighs_as_the_engine_does() -> None:
    found = LocalEngine(Thresholds(review=VETO)).resolve(COMPANIES, Company)
    columns = encode(COMPANIES, fields(Company))
    kernel = Kernel(features([field for field in fields(Company) if field.name in columns]), ("siren",), found.model)
    left, right = found.pairs["left"].to_numpy(), found.pairs["right"].to_numpy()
    batch = {"left": pa.array(left), "right": pa.array(right), "rules": pa.array(np.zeros(len(left), np.int64))}
    for name, column in columns.items():
        forms = pa.array([None if code < 0 else column.forms.values[code] for code in column.codes], pa.string())
        batch |= {f"l.{name}": forms.take(pa.array(left)), f"r.{name}": forms.take(pa.array(right))}
    weighed = kernel(pa.RecordBatch.from_pydict(batch))
    assert len(left) > 0
    np.testing.assert_allclose(weighed.column("weight").to_numpy(), found.pairs["weight"].to_numpy())
    for feature in kernel.features:
        assert weighed.column(feature.name).to_pylist() == found.pairs[feature.name].to_pylist()
