"""Rulings: made, refused, revoked, carried out."""

from typing import Any

import pytest
from sqlalchemy import text

from mdm.store import audit
from tests.api.served import Api

Named = dict[str, str]


def account(key: str) -> Named:
    """An account of the CRM."""
    return {"source": "crm", "key": key}


def ruling(left: str, right: str, verdict: str = "same", **more: Any) -> dict[str, Any]:
    """A ruling on two accounts."""
    return {"entity": "customer", "left": account(left), "right": account(right), "verdict": verdict, **more}


def test_a_ruling_is_kept_and_found(own: Api) -> None:
    made = own.post("/v1/decisions", ruling("a09", "a08", reason="seen on a letterhead"), "steward")
    assert made.status_code == 201
    decision = made.json()
    assert made.headers["Location"] == f"/v1/decisions/{decision['id']}"
    assert (decision["decided_by"], decision["reason"], decision["revoked_at"]) == ("a steward", "seen on a letterhead", None)
    assert own.get(made.headers["Location"]).json() == decision
    assert own.get("/v1/decisions", params={"entity": "customer", "limit": 1}).json()["items"] == [decision]


def test_rulings_are_heard_at_once_until_they_are_revoked(own: Api) -> None:
    (old,) = own.get("/v1/decisions").json()["items"]
    survivor = own.id_of("a02")
    assert survivor == own.id_of("a03")
    ended = own.delete(f"/v1/decisions/{old['id']}", "steward").json()
    assert (ended["revoked_by"], ended["id"]) == ("a steward", old["id"])
    assert own.get(f"/v1/decisions/{old['id']}").json() == ended
    assert own.delete(f"/v1/decisions/{old['id']}").status_code == 409
    apart = {own.id_of("a02"), own.id_of("a03")}
    assert len(apart) == 2
    assert own.post("/v1/decisions", ruling("a02", "a03")).status_code == 201
    together = own.id_of("a02")
    assert together == own.id_of("a03")
    (gone,) = apart - {together}
    answer = own.get(f"/v1/golden/customer/{gone}")
    assert (answer.status_code, answer.json()["merged_into"]) == (308, together)


def test_a_ruling_against_another_is_refused_with_the_way_it_is_known(own: Api) -> None:
    assert own.post("/v1/decisions", ruling("a05", "a07")).status_code == 201
    assert own.post("/v1/decisions", ruling("a07", "a10")).status_code == 201
    again = own.post("/v1/decisions", ruling("a07", "a05"))
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert own.post("/v1/decisions", ruling("a05", "a07", "different")).status_code == 409
    against = own.post("/v1/decisions", ruling("a10", "a05", "different"))
    assert against.status_code == 409
    assert "crm:a05 - crm:a07 - crm:a10" in against.json()["detail"]
    assert len(own.get("/v1/decisions").json()["items"]) == 3


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (ruling("a00", "a00"), "/body/right"),
        (ruling("a00", "none"), "/body/right"),
        (ruling("none", "a00"), "/body/left"),
        (ruling("a00", "a01", "perhaps"), "/body/verdict"),
        (ruling("a00", "a01", reason="x" * 501), "/body/reason"),
        (ruling("a00", "a01", reason="x\x00"), "/body/reason"),
        (ruling("a00", "a01", more=1), "/body/more"),
        (ruling("a00", "a01") | {"entity": "planet"}, "/body/entity"),
        (ruling("a00", "a01") | {"left": "a00"}, "/body/left"),
        ({}, "/body/entity"),
    ],
)
def test_a_ruling_that_cannot_be_is_refused(api: Api, body: object, pointer: str) -> None:
    answer = api.post("/v1/decisions", body)
    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


@pytest.mark.parametrize("number", ["0", "x", "9223372036854775808"])
def test_a_number_that_cannot_be(api: Api, number: str) -> None:
    assert api.get(f"/v1/decisions/{number}").status_code == 422
    assert api.get("/v1/decisions/999999").status_code == 404
    assert api.delete("/v1/decisions/999999").status_code == 404


def test_rulings_come_in_pages_newest_first(own: Api) -> None:
    for left, right in (("a05", "a07"), ("a10", "a11")):
        own.post("/v1/decisions", ruling(left, right, "different"))
    whole = own.get("/v1/decisions").json()["items"]
    first = own.get("/v1/decisions", params={"limit": 2}).json()
    assert first["items"] + own.get(first["next"]).json()["items"] == whole
    assert [item["id"] for item in whole] == sorted((item["id"] for item in whole), reverse=True)
    assert own.get("/v1/decisions", params={"entity": "product"}).json()["items"] == []


def test_who_ruled_is_in_an_audit_that_shows_every_change(own: Api) -> None:
    made = own.post("/v1/decisions", ruling("a05", "a07", reason="same phone"), "steward").json()
    own.delete(f"/v1/decisions/{made['id']}", "admin")
    own.post("/v1/api-keys", {"name": "BI", "role": "analyst"})
    with own.hub.engine.begin() as db:
        rows = db.execute(text("SELECT actor, action, object, detail FROM audit ORDER BY id")).all()
        assert [(row.actor, row.action) for row in rows] == [
            ("a steward", "golden.rule"), ("a admin", "golden.revoke"), ("a admin", "key.issued"),
        ]  # fmt: skip
        assert rows[0].object == f"operation {made['act']}"
        assert rows[0].detail == {
            "entity": "customer", "pairs": [["crm:a05", "crm:a07"]], "verdict": "same", "reason": "same phone",
        }  # fmt: skip
        assert audit.verify(db) is None
        db.execute(text("UPDATE audit SET actor = 'nobody' WHERE action = 'golden.revoke'"))
        broken = audit.verify(db)
        assert broken is not None
        assert "not what was written" in broken.reason
        db.rollback()
