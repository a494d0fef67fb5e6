"""Which value becomes golden, and that row order has no say in it."""

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, ClassVar

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.kinds import CITY, DATE, MONEY, ORG_EMAIL, ORG_NAME, PHONE, POSTCODE, STREET, VAT_NUMBER
from mdm.entities import Customer, Master, Survive
from mdm.errors import BadInput
from mdm.pinning import PINS
from mdm.strategies import STRATEGIES
from mdm.survivorship import DECLARED, Rules, survive

Row = dict[str, Any]


class Shop(Master):
    """A declaration for the test."""

    entity: ClassVar[str] = "shop"
    prefix: ClassVar[str] = "shp"

    name: Annotated[str, ORG_NAME, Survive(by=("frequent", "longest"), collect="names")]
    phone: Annotated[str | None, PHONE, Survive(by=("trust", "recent"), trust=("billing", "crm"))] = None
    street: Annotated[str | None, STREET, Survive(by=("recent",), group="address")] = None
    postcode: Annotated[str | None, POSTCODE, Survive(by=("recent",), group="address")] = None
    city: Annotated[str | None, CITY, Survive(by=("recent",), group="address")] = None
    email: Annotated[str | None, ORG_EMAIL, Survive(collect="emails")] = None
    vat_number: Annotated[str | None, VAT_NUMBER, Survive()] = None
    rent: Annotated[Decimal | None, MONEY, Survive()] = None
    opened_on: Annotated[date | None, DATE, Survive()] = None


def frame(rows: list[Row], entity: type[Master] = Shop) -> pa.Table:
    names = [name for name in entity.model_fields if name in {key for row in rows for key in row} or entity is Shop]
    columns: dict[str, list[Any]] = {name: [row.get(name) for row in rows] for name in ("golden_id", "source", "key", "event_at", *names)}
    table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    return table.append_column("record_id", pa.array([row["record_id"] for row in rows], pa.int64()))


def row(record: int, source: str = "crm", seen: str | None = None, **values: str) -> Row:
    return {"golden_id": "g1", "record_id": record, "source": source, "key": f"k{record}", "event_at": seen, **values}


def golden(rows: list[Row], entity: type[Master] = Shop, rules: Rules = DECLARED) -> tuple[Row, Row]:
    found = survive(frame(rows, entity), entity, rules).to_pylist()
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


Said = Sequence[tuple[str, str | None, str | None]]
"""Source, event time and value of each record."""


@pytest.mark.parametrize(
    ("field", "rule", "said", "expected"),
    [
        ("phone", Survive(by=("trust",), trust=("b", "a")), [("a", None, "1"), ("b", None, "2"), ("c", None, "3")], "2"),
        ("phone", Survive(by=("trust",)), [("b", None, "2"), ("a", None, "1")], "1"),
        ("phone", Survive(by=("recent",)), [("a", "2026-01-01", "1"), ("b", "2026-03-01", "2"), ("c", None, "3")], "2"),
        ("phone", Survive(by=("recent",)), [("a", None, "1"), ("b", "2026-03-01", None)], "1"),
        ("phone", Survive(by=("frequent",)), [("a", None, "1"), ("b", None, "2"), ("c", None, "2")], "2"),
        ("phone", Survive(by=("longest",)), [("a", None, "1"), ("b", None, "22"), ("c", None, "33")], "22"),
        ("phone", Survive(by=("longest", "recent")), [("a", "2026-01-01", "11"), ("b", "2026-02-01", "22")], "22"),
        ("rent", Survive(by=("minimum",)), [("a", None, "100"), ("b", None, "9"), ("c", None, "20.5")], "9"),
        ("rent", Survive(by=("maximum",)), [("a", None, "100"), ("b", None, "9"), ("c", None, "20.5")], "100"),
        ("rent", Survive(by=("minimum",)), [("a", None, "-1"), ("b", None, "-20")], "-20"),
        ("opened_on", Survive(by=("minimum",)), [("a", None, "2026-10-01"), ("b", None, "1999-12-31")], "1999-12-31"),
        ("phone", Survive(by=("maximum",)), [("a", None, "b"), ("b", None, "c"), ("c", None, "a")], "c"),
        # Worth 1 a year ago, and so a half now; worth 0.6 now.
        ("phone", Survive(by=("decay",), scores=(("a", 1.0), ("b", 0.6))), [("a", "2025-03-01", "1"), ("b", "2026-03-01", "2")], "2"),
        ("phone", Survive(by=("decay",), scores=(("a", 1.0), ("b", 0.4))), [("a", "2025-03-01", "1"), ("b", "2026-03-01", "2")], "1"),
        (
            "phone",
            Survive(by=("decay",), scores=(("a", 1.0), ("b", 0.4)), half_life_days=30),
            [("a", "2025-03-01", "1"), ("b", "2026-03-01", "2")],
            "2",
        ),
        ("phone", Survive(by=("decay", "recent"), scores=(("a", 1.0),)), [("b", "2025-03-01", "1"), ("c", "2026-03-01", "2")], "2"),
        # As old as the oldest, where the source does not say.
        ("phone", Survive(by=("decay",), scores=(("a", 1.0), ("b", 0.6))), [("a", None, "1"), ("b", "2026-03-01", "2")], "1"),
        ("vat_number", Survive(by=("verified", "recent")), [("a", "2025-01-01", "FR44732829320"), ("b", "2026-01-01", "FR00732829320")], "FR44732829320"),
        ("phone", Survive(by=("verified",), registers=("c",)), [("a", None, "1"), ("c", None, "3")], "3"),
        ("name", Survive(by=("frequent",)), [("a", None, "Test"), ("b", None, "Test"), ("c", None, "Dupont")], "Dupont"),
        ("name", Survive(by=("longest",)), [("a", None, "à compléter"), ("b", None, "Dupont")], "Dupont"),
        ("name", Survive(by=("longest",)), [("a", None, "xxx"), ("b", None, "xxx")], "xxx"),
        ("phone", Survive(by=("trust",), trust=("a",)), [("a", None, "+33099001234"), ("b", None, "+33199001234")], "+33199001234"),
        ("email", Survive(by=("recent",)), [("a", "2026-01-01", "toto@gmail.com"), ("b", "2025-01-01", "info@dupont.fr")], "info@dupont.fr"),
    ],
)  # fmt: skip
def test_what_each_strategy_prefers(field: str, rule: Survive, said: Said, expected: str) -> None:
    rows = [
        row(at, source, seen, **{"name": "A"} | {field: value}) for at, (source, seen, value) in enumerate(said, 1) if value is not None
    ]
    rows += [row(at + 10, source, seen, name="A") for at, (source, seen, value) in enumerate(said) if value is None]
    for world in (rows, rows[::-1]):
        data, lineage = golden(world, rules={field: rule})
        assert data[field] == expected
        assert {item["record_id"]: item for item in rows}[lineage[field]][field] == expected


def test_the_most_complete_record_speaks_for_the_others() -> None:
    rows = [row(1, "a", name="A", phone="1"), row(2, "b", name="B", phone="2", rent="3"), row(3, "c", name="A")]
    assert golden(rows, rules={"phone": Survive(by=("complete",))})[0]["phone"] == "2"


def test_every_value_is_collected_best_first_with_its_record() -> None:
    rows = [row(1, name="Dupont"), row(2, name="Dupont et Fils"), row(3, name="Dupont"), row(4, name="test"), row(5, name="Éts Dupont")]
    data, lineage = golden(rows)
    assert data["names"] == ["Dupont", "Dupont et Fils", "Éts Dupont", "test"]
    assert lineage["names"] == [1, 2, 5, 4]
    assert "emails" not in data


def test_what_only_one_value_was_said_of_has_no_list() -> None:
    assert golden([row(1, name="Dupont"), row(2, name="Dupont")])[0] == {"name": "Dupont"}


def pins(*rows: tuple[int, int, str, str | None, str]) -> pa.Table:
    """Pins: number, record, field, value, when."""
    return pa.table([list(column) for column in zip(*rows, strict=True)], schema=PINS) if rows else PINS.empty_table()


def test_a_pin_comes_before_what_records_say() -> None:
    rows = [row(1, name="Dupont", phone="1"), row(2, name="Durand", phone="2"), row(3, name="Autre", phone="3") | {"golden_id": "g2"}]
    found = survive(frame(rows), Shop, pins=pins((7, 2, "phone", "9", "2026-01-01"), (8, 2, "city", "Brest", "2026-01-01")))
    data, lineage = json.loads(found[2][0].as_py()), json.loads(found[3][0].as_py())
    assert (data["phone"], data["city"]) == ("9", "Brest")
    assert (lineage["phone"], lineage["city"]) == ({"pin": 7}, {"pin": 8})
    assert found.slice(1).equals(survive(frame(rows), Shop).slice(1))
    assert survive(frame(rows), Shop, pins=pins()).equals(survive(frame(rows), Shop))


def test_where_two_pins_meet_the_newest_wins_and_the_other_is_told() -> None:
    rows = [row(1, name="A"), row(2, name="B")]
    found = survive(frame(rows), Shop, pins=pins((7, 1, "phone", "9", "2026-02-01"), (8, 2, "phone", "8", "2026-01-01"))).to_pylist()[0]
    assert json.loads(found["data"])["phone"] == "9"
    assert json.loads(found["lineage"])["phone"] == {"pin": 7, "over": [8]}


def test_a_pin_that_says_that_there_is_none_leaves_the_field_empty() -> None:
    rows = [row(1, name="A", phone="1", email="a@a.fr"), row(2, name="A", email="b@a.fr")]
    found = survive(frame(rows), Shop, pins=pins((7, 1, "phone", None, "2026-02-01"), (8, 1, "email", None, "2026-02-01"))).to_pylist()[0]
    assert json.loads(found["data"]) == {"name": "A"}
    assert json.loads(found["lineage"]) == {"name": 1, "phone": {"pin": 7}, "email": {"pin": 8}}


def test_a_pinned_value_heads_the_list_of_its_field() -> None:
    rows = [row(1, name="A", email="a@a.fr"), row(2, name="B")]
    both = pins((7, 1, "name", "B", "2026-02-01"), (8, 1, "email", "c@a.fr", "2026-02-01"))
    found = survive(frame(rows), Shop, pins=both).to_pylist()[0]
    data, lineage = json.loads(found["data"]), json.loads(found["lineage"])
    assert (data["names"], lineage["names"]) == (["B", "A"], [{"pin": 7}, 1])
    assert (data["emails"], lineage["emails"]) == (["c@a.fr", "a@a.fr"], [{"pin": 8}, 1])


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["g1", "g2"]),
        st.sampled_from(["crm", "billing", "time"]),
        st.sampled_from([None, "2026-01-01", "2026-02-01"]),
        st.sampled_from(["Dupont", "Dupont SA", "Durand", "test"]),
        st.sampled_from([None, "Paris", "Lyon"]),
        st.sampled_from([None, "75001", "69001"]),
    ),
    min_size=1,
    max_size=8,
)
RULES = st.builds(
    Survive,
    by=st.lists(st.sampled_from(sorted(STRATEGIES)), min_size=1, max_size=4).map(tuple),
    trust=st.permutations(["crm", "billing"]).map(tuple),
    scores=st.just((("crm", 0.9), ("billing", 0.5))),
    registers=st.sampled_from([(), ("time",)]),
    collect=st.sampled_from(["", "all"]),
)


@given(
    ROWS,
    st.randoms(use_true_random=False),
    RULES,
    st.lists(st.tuples(st.integers(1, 8), st.sampled_from(["Dupont", "Pinned"])), max_size=3),
)
def test_row_order_is_nothing_and_every_value_traces_to_a_member_or_a_pin(
    world: list[tuple[Any, ...]], random: Any, rule: Survive, said: list[tuple[int, str]]
) -> None:
    rows = [
        {"golden_id": g, "record_id": at, "source": source, "key": f"k{at}", "event_at": seen, "name": name, "city": city, "postcode": code}
        for at, (g, source, seen, name, city, code) in enumerate(world, 1)
    ]
    held = pins(*((at, record, "name", value, "2026-01-01") for at, (record, value) in enumerate(said)))
    rules = {"name": rule}
    found = survive(frame(rows, Customer), Customer, rules, held)
    assert survive(frame(random.sample(rows, len(rows)), Customer), Customer, rules, held).equals(found)
    by_id = {item["record_id"]: item for item in rows}
    for item in found.to_pylist():
        data, lineage = json.loads(item["data"]), json.loads(item["lineage"])
        assert data.keys() == lineage.keys()
        for name, value in data.items():
            field = "name" if name in {"all", "names"} else name
            pairs = zip(value, lineage[name], strict=True) if isinstance(value, list) else [(value, lineage[name])]
            for one, origin in pairs:
                if isinstance(origin, dict):
                    record, pinned = said[origin["pin"]]
                    assert (by_id[record]["golden_id"], pinned) == (item["golden_id"], one)
                else:
                    assert by_id[origin][field] == one
                    assert by_id[origin]["golden_id"] == item["golden_id"]
