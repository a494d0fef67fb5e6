"""What became of invoices, and that none is dropped."""

from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from mdm.forecast.frames import HOLDS, Frames
from mdm.forecast.payments.outcomes import outcomes
from mdm.forecast.settlement import settlements
from tests.mdm.forecast.payments.companies import invoice, payment
from tests.mdm.forecast.worlds import Row, euros, frames

JAN, FEB, MAR = date(2026, 1, 5), date(2026, 2, 4), date(2026, 3, 2)


def fate(facts: dict[str, list[Row]], as_of: date = date(2026, 6, 1), **golden: Any) -> dict[str, Row]:
    world = frames(facts=facts, golden={"customer": [{"golden_id": "c", "name": "C", **golden}]})
    return {row["key"]: row for row in outcomes(world, settlements(world, as_of), as_of).to_pylist()}


def test_partial_payments_end_with_the_last_and_what_is_short_is_told() -> None:
    found = fate(
        {
            "invoice": [invoice(key, "c", JAN, FEB) for key in ("whole", "parts", "short", "half", "none")],
            "payment": [
                payment("whole", FEB), payment("parts", FEB, 40), payment("parts", MAR, 60), payment("short", FEB, 97), payment("half", FEB, 50),
            ],
        }
    )  # fmt: skip
    told = {key: (row["outcome"], row["paid_on"], row["open"], row["short"]) for key, row in found.items()}
    assert told == {
        "whole": ("paid", FEB, euros(0), False),
        "parts": ("paid", MAR, euros(0), False),
        "short": ("paid", FEB, euros(3), True),
        "half": ("open", None, euros(50), False),
        "none": ("open", None, euros(100), False),
    }


def test_what_is_written_off_is_lost_and_what_a_credit_note_settles_is_cancelled() -> None:
    credit = {**invoice("A", "c", FEB, FEB, -100), "kind": "credit_note", "origin": "wrong"}
    found = fate(
        {
            "invoice": [invoice("lost", "c", JAN, FEB), invoice("wrong", "c", JAN, FEB), credit],
            "write_off": [{"key": "W", "invoice": "lost", "on": MAR, "amount": 100}],
        }
    )
    assert {key: (row["outcome"], row["paid_on"]) for key, row in found.items()} == {"lost": ("lost", None), "wrong": ("cancelled", None)}


def test_nothing_after_the_day_is_known() -> None:
    facts = {"invoice": [invoice("F", "c", JAN, FEB), invoice("later", "c", MAR, None)], "payment": [payment("F", MAR)]}
    assert {key: row["outcome"] for key, row in fate(facts, FEB).items()} == {"F": "open"}
    assert fate(facts)["later"]["due_on"] == date(2026, 4, 1)


@pytest.mark.parametrize(
    ("golden", "segment"),
    [({}, "company"), ({"siren": "213500002"}, "public"), ({"siren": "924681075"}, "company"), ({"country": "DE"}, "abroad")],
)
def test_segments(golden: Row, segment: str) -> None:
    assert fate({"invoice": [invoice("F", "c", JAN, FEB)]}, **golden)["F"]["segment"] == segment


@pytest.mark.parametrize(
    ("hold", "disputed"),
    [
        ({}, True), ({"kind": "promise"}, False), ({"set_on": date(2026, 6, 2)}, False), ({"released_on": date(2026, 6, 1)}, False),
        ({"released_on": date(2026, 6, 2)}, True), ({"until": date(2026, 5, 31)}, False), ({"until": date(2026, 6, 1)}, True), ({"key": "G"}, False),
    ],
)  # fmt: skip
def test_a_hold_makes_a_dispute_while_it_lasts(hold: Row, disputed: bool) -> None:
    row = {"source": "billing", "key": "F", "kind": "dispute", "set_on": MAR, "reason": "wrong price", "set_by": "x", **hold}
    world = frames(facts={"invoice": [invoice("F", "c", JAN, FEB)]})
    held = Frames(world.facts, world.golden, world.members, world.edges, pa.Table.from_pylist([row], schema=HOLDS))
    as_of = date(2026, 6, 1)
    assert outcomes(held, settlements(held, as_of), as_of)["disputed"].to_pylist() == [disputed]


@pytest.mark.parametrize(
    ("status", "disputed"), [("En litige", True), ("CONTESTÉE", True), ("Disputed", True), ("Ouverte", False), (None, False)]
)
def test_a_source_may_say_so(status: str | None, disputed: bool) -> None:
    assert fate({"invoice": [invoice("F", "c", JAN, FEB, status=status)]})["F"]["disputed"] is disputed
