"""Values that stewards set: pinned, told, revoked, refused; and golden records confirmed as one thing."""

from typing import Any

import httpx
import pytest
from sqlalchemy import text

from mdm import pipeline
from mdm.store import audit
from tests.api.served import Api


def patch(api: Api, key: str, body: object, role: Any = "steward") -> httpx.Response:
    return api.call("PATCH", f"/v1/golden/customer/{api.id_of(key)}/overrides", role, json=body)


def city(value: str | bool | None, **more: object) -> dict[str, object]:
    return {"city": {"value": value, "reason": "they moved", **more}}


def golden_city(api: Api, key: str) -> tuple[Any, Any]:
    """The city and its lineage, everything rebuilt."""
    pipeline.resolve(api.hub, force=True)
    path = f"/v1/golden/customer/{api.id_of(key)}"
    (lineage,) = api.get(f"{path}/lineage", params={"field": "city"}).json()["items"]
    return api.get(path).json()["values"]["city"], lineage


def test_a_value_is_pinned_told_and_revoked(own: Api) -> None:
    before = golden_city(own, "a00")
    answer = patch(own, "a00", city("  Brest ", expires_at="2027-01-01T00:00:00Z"))
    assert answer.status_code == 200
    (made,) = answer.json()["items"]
    assert (made["source"], made["key"], made["field"], made["value"], made["pinned_by"]) == ("billing", "C1", "city", "Brest", "a steward")
    value, lineage = golden_city(own, "a00")
    assert (value, lineage["chosen"]) == ("Brest", None)
    assert lineage["pin"] | {"at": None} == {
        "id": made["id"], "by": "a steward", "at": None, "reason": "they moved", "until": "2027-01-01T00:00:00Z", "over": [],
    }  # fmt: skip
    assert {other["value"] for other in lineage["others"]} == {"Limoges", "LIMOGES"}
    assert [item["id"] for item in own.get("/v1/pins", "steward", params={"entity": "customer"}).json()["items"]] == [made["id"]]
    assert own.get("/v1/pins", params={"entity": "contact"}).json() == {"items": [], "next": None}
    assert patch(own, "a00", {"city": None}).json()["items"] == []
    assert golden_city(own, "a00") == before
    assert patch(own, "a00", {"city": None}).status_code == 404


def test_pins_come_in_pages_and_a_second_one_takes_the_place_of_the_first(own: Api) -> None:
    patch(own, "a00", city("Brest"))
    patch(own, "a04", city(None))
    patch(own, "a00", city("Lyon"))
    whole = own.get("/v1/pins").json()["items"]
    assert [item["value"] for item in whole] == ["Lyon", None]
    first = own.get("/v1/pins", params={"limit": 1}).json()
    assert first["items"] + own.get(first["next"]).json()["items"] == whole


def test_a_source_that_moves_on_is_told(own: Api) -> None:
    patch(own, "a00", city("Brest"))
    assert own.get("/v1/pins", params={"drifted": "true"}).json()["items"] == []
    with own.hub.engine.begin() as db:
        db.execute(
            text(
                """UPDATE record_version v SET clean = clean || '{"city": "Brest"}' FROM record r
                   WHERE r.version_id = v.id AND r.source = 'crm' AND r.key = 'a00' AND r.entity = 'customer'"""
            )
        )
    (found,) = own.get("/v1/pins", params={"entity": "customer", "drifted": "true"}).json()["items"]
    assert found["drift"] == [
        {"golden_id": own.id_of("a00"), "source": "crm", "key": "a00", "was": "Limoges", "says": "Brest", "verdict": "agrees"}
    ]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"town": {"value": "x", "reason": "y"}}, "/body"),
        ({"siren": {"value": "732829321", "reason": "y"}}, "/body/siren/value"),
        ({"name": {"value": None, "reason": "y"}}, "/body/name/value"),
        ({"parent": {"value": "cus_1", "reason": "y"}}, "/body/parent/value"),
        (city("x", expires_at="2020-01-01T00:00:00Z"), "/body/city/expires_at"),
        (city("x", expires_at="2030-01-01T00:00:00"), "/body/city/expires_at"),
        ({"city": {"value": "x"}}, "/body/city/reason"),
        ({"city": {"value": "x", "reason": ""}}, "/body/city/reason"),
        ({"city": "x"}, "/body/city"),
    ],
)
def test_what_cannot_be_pinned_is_refused(api: Api, body: object, pointer: str) -> None:
    answer = patch(api, "a00", body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_nothing_is_written_on_an_id_that_is_not_in_force(api: Api) -> None:
    old = api.get(f"/v1/ids/{api.id_of('a02')}").json()["aliases"][0]
    for path, method in (("/overrides", "PATCH"),):
        for golden_id, status in ((old, 409), (api.id_of("gone"), 409), ("cus_none", 404)):
            assert api.call(method, f"/v1/golden/customer/{golden_id}{path}", json={}).status_code == status
        assert api.call(method, f"/v1/golden/planet/x{path}", json={}).status_code == 404


def test_who_pinned_is_in_the_audit(own: Api) -> None:
    patch(own, "a00", city("Brest"))
    patch(own, "a00", {"city": None}, "admin")
    with own.hub.engine.begin() as db:
        rows = db.execute(text("SELECT actor, action, detail FROM audit ORDER BY id")).all()
        assert [(row.actor, row.action) for row in rows] == [("a steward", "golden.pin"), ("a admin", "golden.unpin")]
        assert rows[0].detail == {
            "entity": "customer", "record": "billing:C1", "field": "city", "value": "Brest", "reason": "they moved", "expires_at": None,
        }  # fmt: skip
        assert audit.verify(db) is None
