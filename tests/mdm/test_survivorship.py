"""Which value becomes golden, and that row order has no say in it."""

import json
from typing import Annotated, Any, ClassVar

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.kinds import CITY, ORG_NAME, PHONE, POSTCODE, STREET
from mdm.entities import Customer, Master, Survive
from mdm.errors import BadInput
from mdm.survivorship import survive

Row = dict[str, Any]


class Shop(Master):
    """A declaration for the test."""

    entity: ClassVar[str] = "shop"
    prefix: ClassVar[str] = "shp"

    name: Annotated[str, ORG_NAME, Survive(by=("frequent", "longest"))]
    phone: Annotated[str | None, PHONE, Survive(by=("trust", "recent"), trust=("billing", "crm"))] = None
    street: Annotated[str | None, STREET, Survive(by=("recent",), group="address")] = None
    postcode: Annotated[str | None, POSTCODE, Survive(by=("recent",), group="address")] = None
    city: Annotated[str | None, CITY, Survive(by=("recent",), group="address")] = None


def frame(rows: list[Row], entity: type[Master] = Shop) -> pa.Table:
    names = [name for name in entity.model_fields if name in {key for row in rows for key in row} or entity is Shop]
    columns: dict[str, list[Any]] = {name: [row.get(name) for row in rows] for name in ("golden_id", "source", "key", "event_at", *names)}
    table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    return table.append_column("record_id", pa.array([row["record_id"] for row in rows], pa.int64()))


def row(record: int, source: str = "crm", seen: str | None = None, **values: str) -> Row:
    return {"golden_id": "g1", "record_id": record, "source": source, "key": f"k{record}", "event_at": seen, **values}


def golden(rows: list[Row], entity: type[Master] = Shop) -> tuple[Row, Row]:
    found = survive(frame(rows, entity), entity).to_pylist()
    return json.loads(found[0]["data"]), json.loads(found[0]["lineage"])


def test_what_most_records_say_beats_what_is_longer() -> None:
    rows = [row(1, name="Dupont"), row(2, name="Dupont"), row(3, name="Dupont et Fils")]
    assert golden(rows)[0]["name"] == "Dupont"


def test_a_trusted_source_beats_a_newer_one() -> None:
    rows = [row(1, "billing", "2026-01-01", name="A", phone="+33199001234"), row(2, "crm", "2026-02-01", name="A", phone="+33199005678")]
    data, lineage = golden(rows)
    assert data["phone"] == "+33199001234"
    assert lineage["phone"] == 1


def test_of_sources_that_nobody_ranked_the_newest_wins() -> None:
    rows = [row(1, "erp", "2026-01-01", name="A", phone="+33199001234"), row(2, "web", "2026-02-01", name="A", phone="+33199005678")]
    assert golden(rows)[0]["phone"] == "+33199005678"


def test_an_address_survives_whole_or_not_at_all() -> None:
    rows = [
        row(1, seen="2026-01-01", name="A", street="1 rue Haute", postcode="75001", city="Paris"),
        row(2, seen="2026-03-01", name="A", city="Lyon"),
    ]
    data, lineage = golden(rows)
    assert (data["street"], data["postcode"], data["city"]) == ("1 rue Haute", "75001", "Paris")
    assert {lineage[name] for name in ("street", "postcode", "city")} == {1}


def test_a_record_alone_is_its_own_golden_record() -> None:
    data, lineage = golden([row(7, name="Seul", city="Brest")])
    assert data == {"name": "Seul", "city": "Brest"}
    assert lineage == {"name": 7, "city": 7}


def test_a_strategy_that_does_not_exist_is_named_with_those_that_do() -> None:
    class Wrong(Master):
        """A declaration with a slip."""

        entity: ClassVar[str] = "wrong"
        prefix: ClassVar[str] = "wrg"
        name: Annotated[str, ORG_NAME, Survive(by=("newest",))]

    with pytest.raises(BadInput, match=r"newest.*recent"):
        golden([row(1, name="A"), row(2, name="B")], Wrong)


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["g1", "g2"]),
        st.sampled_from(["crm", "billing", "time"]),
        st.sampled_from([None, "2026-01-01", "2026-02-01"]),
        st.sampled_from(["Dupont", "Dupont SA", "Durand"]),
        st.sampled_from([None, "Paris", "Lyon"]),
        st.sampled_from([None, "75001", "69001"]),
    ),
    min_size=1,
    max_size=8,
)


@given(ROWS, st.randoms(use_true_random=False))
def test_row_order_is_nothing_and_every_value_traces_to_a_member(world: list[tuple[Any, ...]], random: Any) -> None:
    rows = [
        {"golden_id": g, "record_id": at, "source": source, "key": f"k{at}", "event_at": seen, "name": name, "city": city, "postcode": code}
        for at, (g, source, seen, name, city, code) in enumerate(world, 1)
    ]
    found = survive(frame(rows, Customer), Customer)
    shuffled = random.sample(rows, len(rows))
    assert survive(frame(shuffled, Customer), Customer).equals(found)
    by_id = {item["record_id"]: item for item in rows}
    for item in found.to_pylist():
        data, lineage = json.loads(item["data"]), json.loads(item["lineage"])
        assert data.keys() == lineage.keys()
        for name, value in data.items():
            assert by_id[lineage[name]][name] == value
            assert by_id[lineage[name]]["golden_id"] == item["golden_id"]
