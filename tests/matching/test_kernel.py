"""The kernel: what it passes over early is never a pair that reaches the floor."""

from itertools import combinations
from typing import Annotated

import numpy as np
import pyarrow as pa
import pytest
from pydantic import BaseModel

from matching.declaration import Passing, Within, fields
from matching.encode import encode
from matching.engine import prepared
from matching.features import taken
from matching.kinds import CITY, FAMILY_NAME, GIVEN_NAME, ORG_NAME, PHONE, POSTCODE, STREET


class Contact(BaseModel):
    """A declaration of the test, with fields that silence others."""

    given: Annotated[str, GIVEN_NAME]
    family: Annotated[str, FAMILY_NAME]
    employer: Annotated[str | None, ORG_NAME, Passing()] = None
    phone: Annotated[str | None, PHONE, Within("employer", shared=True)] = None
    street: Annotated[str | None, STREET] = None
    postcode: Annotated[str | None, POSTCODE] = None
    city: Annotated[str | None, CITY] = None


def contacts(count: int) -> pa.Table:
    """People of few names at few places: every way to agree on a part of it occurs."""
    draw = np.random.default_rng(4)
    said: dict[str, list[str | None]] = {
        "given": ["Odile", "Odille", "Tristan"],
        "family": ["Lemoine", "Lemoyne", "Odile"],
        "employer": ["Garage Morin", "Atelier Vidal", None],
        "phone": ["0639912345", "0639912346", None],
        "street": ["3 rue du Moulin", "3 rue du Moulin", "3 rue du Moulin", "14 avenue Pasteur", "4 rue du Moulin", None],
        "postcode": ["35000", "35001", "59000", None],
        "city": ["Rennes", "Renes", "Lille", None],
    }
    rows = {name: pa.array([values[at] for at in draw.integers(0, len(values), count)], pa.string()) for name, values in said.items()}
    return pa.table(rows)


@pytest.mark.parametrize("floor", [-12.0, -6.0, -3.0, -1.0, 0.0, 2.0, 5.0, 9.0])
def test_pairs_passed_over_early_are_below_the_floor(floor: float) -> None:
    columns = encode(contacts(120), fields(Contact))
    kernel = prepared(columns, fields(Contact), 120)
    left, right = np.array(list(combinations(range(120), 2)), np.int64).T
    pairs = taken(columns, left, right)
    levels = kernel.levels(pairs)
    weights = kernel.weights(pairs, levels)
    kept, found, bits = kernel.scored(columns, left, right, floor)
    assert kept.tolist() == np.flatnonzero(weights >= floor).tolist()
    assert (found == levels[kept]).all()
    assert (bits == weights[kept]).all()
