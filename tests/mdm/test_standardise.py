"""Text as it came becomes canonical text; what is refused is told with line, key, reason and fix."""

import json

import pyarrow as pa

from mdm.entities import Customer, Deal, PlanLine
from mdm.standardise import standardise


def rows(**columns: list[str | None]) -> pa.Table:
    count = len(next(iter(columns.values())))
    table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    return table.append_column("key", pa.array([f"k{at}" for at in range(count)])).append_column(
        "line", pa.array(range(2, count + 2), pa.int64())
    )


def test_values_are_cleaned_and_empty_ones_left_out() -> None:
    done = standardise(rows(name=["  Dupont  ", "Durand"], phone=["01 99 00 12 34", ""], siren=[None, " "]), Customer)
    assert [json.loads(text) for text in done.clean["clean"].to_pylist()] == [
        {"name": "Dupont", "phone": "+33199001234"},
        {"name": "Durand"},
    ]
    assert done.problems.num_rows == 0


def test_a_refused_value_is_set_aside_and_the_rest_of_the_record_goes_on() -> None:
    done = standardise(rows(name=["Dupont"], siren=["732829321"]), Customer)
    assert json.loads(done.clean["clean"][0].as_py()) == {"name": "Dupont"}
    (problem,) = done.problems.to_pylist()
    assert (problem["severity"], problem["line"], problem["key"], problem["field"], problem["value"]) == (
        "quarantined",
        2,
        "k0",
        "siren",
        "732829321",
    )
    assert "check digit" in problem["reason"]
    assert "correct it at the source" in problem["fix"]


def test_a_record_without_a_required_field_is_rejected_whole() -> None:
    done = standardise(rows(name=["", "Durand"], city=["Paris", "Lyon"]), Customer)
    assert done.clean["n"].to_pylist() == [1]
    assert [(problem["severity"], problem["key"], problem["field"]) for problem in done.problems.to_pylist()] == [
        ("rejected", "k0", "name")
    ]


def test_a_required_field_that_nobody_mapped_rejects_every_record() -> None:
    assert standardise(rows(city=["Paris"]), Customer).clean.num_rows == 0


def test_the_siren_inside_a_vat_number_is_taken_out() -> None:
    done = standardise(rows(name=["Dupont"], siren=[None], vat_number=["FR44732829320"]), Customer)
    assert json.loads(done.clean["clean"][0].as_py())["siren"] == "732829320"


def test_a_value_that_is_not_among_the_choices_is_refused_with_the_choices() -> None:
    done = standardise(rows(name=["Audit"], status=["gagné"]), Deal)
    assert "open, won, lost" in done.problems.to_pylist()[0]["reason"]


def test_a_negative_quantity_and_an_impossible_date_name_their_line() -> None:
    done = standardise(
        rows(project=["A", "B"], planned_on=["31/02/2026", "28/02/2026"], amount=["1", "x"], status=["planned", "planned"]), PlanLine
    )
    assert done.clean.num_rows == 0
    assert {(problem["line"], problem["field"], problem["severity"]) for problem in done.problems.to_pylist()} == {
        (2, "planned_on", "quarantined"),
        (3, "amount", "quarantined"),
        (2, "planned_on", "rejected"),
        (3, "amount", "rejected"),
    }
