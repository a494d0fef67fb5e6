"""Pages of golden records: every record once, in order, whatever is sorted by and however small the page."""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, text

from mdm.store import golden
from mdm.store.golden import Order, Position
from mdm.store.tables import golden as golden_ids
from mdm.store.tables import golden_version, run

VALUES = ("Étude", "etude", "Zinc", "10", "9", "", None)
Rows = list[tuple[str | None, str | None]]
ROWS = st.lists(st.tuples(st.sampled_from(VALUES), st.sampled_from(("3", "20", "-1.5", "20.0", None))), max_size=9)


def fill(db: Connection, rows: Rows) -> None:
    """Golden products g0, g1, ... with a label and a price."""
    db.execute(text("DELETE FROM golden_version"))
    db.execute(text("DELETE FROM golden"))
    number = db.execute(insert(run).values(kind="match").returning(run.c.id)).scalar_one()
    for at, (label, price) in enumerate(rows):
        data = {name: value for name, value in (("label", label), ("price", price)) if value is not None}
        db.execute(insert(golden_ids).values(id=f"g{at}", entity="product"))
        for version in (1, 2):
            ended = {} if version == 2 else {"known_to": text("now()")}
            db.execute(
                insert(golden_version).values(
                    golden_id=f"g{at}", version=version, entity="product", data=data if version == 2 else {"label": "old"}, lineage={},
                    members=1, hash="x", cause="created", run_id=number, **ended,
                )
            )  # fmt: skip


def walk(db: Connection, order: Order, limit: int) -> Sequence[golden.Found]:
    """Every row, page after page."""
    found: list[golden.Found] = []
    after = None
    while rows := golden.page(db, "product", {}, order, after, limit):
        assert len(rows) <= limit
        found += rows
        place = rows[-1].place
        after = Position(None if place is None else str(place), rows[-1].id)
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(rows=ROWS, field=st.sampled_from([None, "label", "price"]), descending=st.booleans(), limit=st.integers(1, 4))
def test_pages_are_the_whole_in_order(db: Connection, rows: Rows, field: str | None, descending: bool, limit: int) -> None:
    fill(db, rows)
    order = Order(field, descending, numeric=field == "price")
    found = walk(db, order, limit)
    assert sorted(row.id for row in found) == sorted(f"g{at}" for at in range(len(rows)))
    assert [row.id for row in found] == [row.id for row in golden.page(db, "product", {}, order, None, 1000)]
    places = [row.place for row in found]
    said = [place for place in places if place is not None]
    assert places == said + [None] * (len(places) - len(said))
    if field == "price":
        assert said == sorted(said, reverse=descending)


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({"label": ["Zinc"]}, ["g1"]),
        ({"label": ["Zinc", "Étude"]}, ["g0", "g1"]),
        ({"label": [None]}, ["g2"]),
        ({"label": [None, "Zinc"]}, ["g1", "g2"]),
        ({"label": ["Zinc"], "price": ["3"]}, []),
        ({"label": ["old"]}, []),
        ({"label": ["%"]}, []),
    ],
)
def test_filters_are_any_of_the_values_of_all_of_the_fields(db: Connection, filters: golden.Filters, ids: list[str]) -> None:
    fill(db, [("Étude", "3"), ("Zinc", "20"), (None, "3")])
    assert [row.id for row in golden.page(db, "product", filters, Order(), None, 10)] == ids
    assert sorted(golden.among(db, "product", ["g0", "g1", "g2", "none"], filters)) == ids


def test_the_newest_version_is_found(db: Connection) -> None:
    fill(db, [("Étude", "3"), ("Zinc", None)])
    found = golden.find(db, "product", "g0")
    assert found is not None
    assert (found.version, found.data, found.status) == (2, {"label": "Étude", "price": "3"}, "live")
    assert golden.find(db, "customer", "g0") is None
    assert golden.find(db, "product", "none") is None
    assert golden.many(db, "product", ["g1", "none", "g0"]).keys() == {"g0", "g1"}
    assert golden.many(db, "product", []) == {}
    assert [row.version for row in golden.versions(db, "g0", None, 10)] == [2, 1]
    assert [row.version for row in golden.versions(db, "g0", 2, 10)] == [1]


def test_names_are_those_in_force(db: Connection) -> None:
    fill(db, [("Étude", "3"), (None, None)])
    assert golden.names(db, "product", ("label", "price")).to_pylist() == [
        {"golden_id": "g0", "name": "Étude 3"}, {"golden_id": "g1", "name": ""},
    ]  # fmt: skip


def test_an_old_id_leads_on_in_one_hop(db: Connection) -> None:
    fill(db, [("a", None), ("b", None), ("c", None)])
    db.execute(text("UPDATE golden SET status = 'merged', merged_into = 'g2' WHERE id <> 'g2'"))
    found = golden.identified(db, "g0")
    assert found is not None
    assert (found.entity, found.status, found.merged_into) == ("product", "merged", "g2")
    assert golden.aliases(db, "g2") == ["g0", "g1"]
    assert golden.identified(db, "none") is None
