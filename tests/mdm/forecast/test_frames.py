"""Frames tolerate what a company does not have; figures are rounded once, at the end."""

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from mdm.entities import FACTS, MASTERS
from mdm.forecast.billing import billing
from mdm.forecast.cash import cash, receivables
from mdm.forecast.frames import Frames, query, to_cents
from mdm.forecast.leakage import leakage
from mdm.forecast.links import links
from mdm.forecast.pipeline import pipeline
from mdm.forecast.profitability import profitability
from tests.mdm.forecast.worlds import frames

TODAY = date(2026, 11, 23)


def test_nothing_at_all_gives_empty_answers() -> None:
    nothing = Frames.of()
    answers = [pipeline(nothing, TODAY), billing(nothing, TODAY), cash(nothing, TODAY), receivables(nothing, TODAY), links(nothing)]
    assert [answer.num_rows for answer in [*answers, profitability(nothing, TODAY), leakage(nothing, TODAY)]] == [0] * 7


def test_every_entity_has_its_table_with_ids_of_masters() -> None:
    nothing = Frames.of()
    assert set(nothing.facts) == {fact.entity for fact in FACTS}
    assert set(nothing.golden) == set(nothing.members) == {master.entity for master in MASTERS}
    assert {"customer_id", "project_id"} <= set(nothing.facts["invoice"].column_names)
    assert "origin_id" not in nothing.facts["invoice"].column_names


def test_columns_that_a_source_lacks_are_null_and_a_currency_has_its_default() -> None:
    table = pa.table({"source": ["s"], "key": ["1"], "gross": [Decimal(1)]})
    read = Frames.of(facts={"invoice": table}).facts["invoice"]
    assert read["gross"].type == pa.decimal128(24, 6)
    assert read.to_pylist()[0]["currency"] == "EUR"
    assert read.to_pylist()[0]["project_id"] is None


def test_levels_come_as_a_struct_or_as_json() -> None:
    edges = {"left_source": ["a"], "left_key": ["1"], "right_source": ["b"], "right_key": ["2"], "weight": [4.0]}
    struct = Frames.of(edges=pa.table({**edges, "levels": pa.array([{"label": 3}])}))
    text = Frames.of(edges=pa.table({**edges, "levels": ['{"label": 3}']}))
    assert struct.edges.equals(text.edges)


@pytest.mark.parametrize(("exact", "cents"), [("0.125", "0.12"), ("0.135", "0.14"), ("-0.125", "-0.12"), ("2.675", "2.68")])
def test_cents_are_rounded_half_even(exact: str, cents: str) -> None:
    table = pa.table(
        {"amount": pa.array([Decimal(exact)], pa.decimal128(24, 6)), "hours": pa.array([Decimal(exact)], pa.decimal128(24, 6))}
    )
    rounded = to_cents(table, but=["hours"]).to_pylist()[0]
    assert (rounded["amount"], rounded["hours"]) == (Decimal(cents), Decimal(exact))


def test_sql_takes_the_parameters_that_it_names() -> None:
    world = frames(facts={"invoice": [{"key": "F1", "kind": "invoice", "gross": "12.30"}]})
    found = query(world, "SELECT key, gross * $times AS gross FROM invoice", times=2, other="unused")
    assert found.to_pylist() == [{"key": "F1", "gross": Decimal("24.600000")}]
