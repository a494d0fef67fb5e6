"""Which project a deal became, on what grounds, and how sure that is."""

import json
from typing import Any

import pytest

from mdm.forecast.frames import Frames
from mdm.forecast.links import BY_AMOUNT_ALONE, links
from tests.mdm.forecast.worlds import Row, frames, row, shuffled


def deal(key: str, **more: Any) -> Row:
    """A won deal of customer c1."""
    return {"source": "crm", "key": key, "name": "Supervision", "status": "won", "customer_id": "c1", "closes_on": "2026-03-01", **more}


def members(**projects: str) -> dict[str, list[Row]]:
    """Records by project: `p1="crm:D1 billing:A1"`."""
    split = [(golden, *record.split(":")) for golden, records in projects.items() for record in records.split()]
    return {"project": [{"golden_id": golden, "source": source, "key": key} for golden, source, key in split]}


def edge(left: str, right: str, weight: float, **levels: int) -> Row:
    """A weighed pair of records."""
    (left_source, left_key), (right_source, right_key) = left.split(":"), right.split(":")
    sides = {"left_source": left_source, "left_key": left_key, "right_source": right_source, "right_key": right_key}
    return {**sides, "weight": weight, "levels": json.dumps(levels)}


def found(world: Frames, key: str) -> tuple[str | None, str | None, float | None]:
    """Project, grounds and probability of a deal."""
    link = row(links(world), fact="deal", key=key)
    return link["golden_project_id"], link["how"], link["probability"]


@pytest.mark.parametrize(
    ("levels", "how"),
    [
        ({"reference": 3, "label": 10}, "reference"),
        ({"reference": 1, "code": 2, "label": 10}, "code"),
        ({"label": 6, "amount": 5}, "name"),
        ({"label": 5, "amount": 5}, "amount_period"),
        ({}, "amount_period"),
    ],
)
def test_the_strongest_pair_says_what_a_link_rests_on(levels: dict[str, int], how: str) -> None:
    world = frames(
        facts={"deal": [deal("D1")]},
        members=members(p1="crm:D1 billing:A1 time:T1", p2="billing:A2"),
        edges=[edge("billing:A1", "crm:D1", 5.0, **levels), edge("crm:D1", "time:T1", 1.0, label=10), edge("crm:D1", "billing:A2", 9.0)],
    )
    assert found(world, "D1") == ("p1", how, 0.9697)


def test_a_deal_that_only_deals_belong_to_has_no_project_yet() -> None:
    world = frames(facts={"deal": [deal("D1"), deal("D2"), deal("D3", status="open")]}, members=members(p1="crm:D1 crm:D2"))
    assert [found(world, key) for key in ("D1", "D2", "D3")] == [(None, None, None)] * 3


def test_records_put_together_by_a_person_are_certain() -> None:
    world = frames(facts={"deal": [deal("D1")]}, members=members(p1="crm:D1 billing:A1"))
    assert found(world, "D1") == ("p1", "key", 1.0)


AMENDED = {"name": "Avenant 1 - Supervision", "kind": "Avenant", "amount": 500}


@pytest.mark.parametrize(
    "amendment",
    [
        {"parent": "D1", "name": "Extra"},
        {"reference": "OPP-1-A1", "name": "Extra"},
        AMENDED,
        {**AMENDED, "parent": "D2"},
    ],
    ids=["parent", "reference", "name", "chain"],
)
def test_an_amendment_goes_where_its_deal_went(amendment: Row) -> None:
    world = frames(
        facts={"deal": [deal("D1", reference="OPP-1"), deal("D2", parent="D1"), deal("D3", **{"closes_on": "2026-05-01", **amendment})]},
        members=members(p1="crm:D1 billing:A1", p3="crm:D3"),
        edges=[edge("crm:D1", "billing:A1", 5.0, reference=3)],
    )
    assert found(world, "D3") == ("p1", "amendment", 0.9697)
    assert links(shuffled(world)).equals(links(world))


def test_an_amendment_is_known_by_its_amount_where_nothing_else_tells() -> None:
    world = frames(
        facts={
            "deal": [deal("D3", **{**AMENDED, "name": "Avenant n° 1", "closes_on": "2026-05-01"})],
            "amendment": [{"key": "A1/1", "project": "A1", "project_id": "p1", "amount": 500, "signed_on": "2026-05-10"}],
        },
        golden={"project": [{"golden_id": "p1", "label": "Supervision", "customer": "c1"}]},
    )
    assert found(world, "D3") == ("p1", "amendment", BY_AMOUNT_ALONE)


def test_amendments_that_amend_each_other_do_not_turn_in_circles() -> None:
    world = frames(facts={"deal": [deal("D1", parent="D2"), deal("D2", parent="D1")]})
    assert found(world, "D1") == (None, None, None)


def test_invoices_are_linked_by_their_keys() -> None:
    invoices = [{"key": "F1", "project_id": "p1", "customer_id": "c1"}, {"key": "F2", "customer_id": "c2"}]
    answer = links(frames(facts={"invoice": invoices}))
    assert row(answer, key="F1") | {"source": ""} == {
        "fact": "invoice", "source": "", "key": "F1", "golden_project_id": "p1", "golden_customer_id": "c1", "how": "key", "probability": 1.0,
    }  # fmt: skip
    assert row(answer, key="F2")["how"] is None
