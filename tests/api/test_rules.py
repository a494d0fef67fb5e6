"""The rules by which golden values are chosen: read, tried, put in force."""

from typing import Any

import pytest
from sqlalchemy import text

from mdm import pipeline
from mdm.store import pending
from tests.api.served import Api

TRUSTING = {"rules": {"name": {"by": ["trust"], "trust": ["crm"]}}}


def put(api: Api, body: object, entity: str = "customer") -> Any:
    return api.call("PUT", f"/v1/rules/{entity}", json=body)


def test_the_declared_rules_are_in_force_until_others_are(own: Api) -> None:
    found = own.get("/v1/rules/customer", "viewer").json()
    assert (found["version"], found["rules"]["name"]["by"]) == (None, ["frequent", "trust", "longest"])
    assert found["rules"]["city"]["group"] == "address"
    made = put(own, TRUSTING | {"reason": "the CRM is kept"}).json()
    assert (made["made_by"], made["reason"], made["rules"]["name"]["trust"]) == ("a admin", "the CRM is kept", ["crm"])
    assert own.get("/v1/rules/customer").json() == made
    assert put(own, TRUSTING | {"reason": "again"}).json() == made
    with own.hub.engine.connect() as db:
        assert pending.count(db, "customer") >= 10
        assert db.execute(text("SELECT action FROM audit")).scalars().all() == ["rules.put"]


def test_a_simulation_says_what_applying_then_does(own: Api) -> None:
    customer = own.id_of("a00")
    tried = own.post("/v1/rules/customer:simulate", TRUSTING, "steward").json()
    assert {
        "id": customer,
        "field": "name",
        "old": "MENUISERIE LABROUSSE SARL",
        "new": "Menuiserie Labrousse",
        "rule": "trust (crm)",
    } in tried["examples"]
    assert own.get("/v1/rules/customer").json()["version"] is None
    put(own, TRUSTING | {"reason": "the CRM is kept"})
    pipeline.resolve(own.hub, force=True)
    found = own.get(f"/v1/golden/customer/{customer}").json()["values"]
    assert (found["name"], found["names"]) == ("Menuiserie Labrousse", ["Menuiserie Labrousse", "MENUISERIE LABROUSSE SARL"])
    (name,) = own.get(f"/v1/golden/customer/{customer}/lineage", params={"field": "name"}).json()["items"]
    assert (name["rule"]["trust"], name["chosen"]["key"]) == (["crm"], "a00")
    assert own.post("/v1/rules/customer:simulate", TRUSTING).json()["changed"] == 0


@pytest.mark.parametrize(
    ("rules", "pointer"),
    [
        ({"nam": {"by": ["recent"]}}, "/body/rules/nam"),
        ({"name": {"by": ["newest"]}}, "/body/rules/name/by"),
        ({"name": {"by": ["trust"], "trust": ["moon"]}}, "/body/rules/name/trust"),
        ({"name": {"by": []}}, "/body/rules/name/by"),
        ({"name": {"by": ["decay"], "scores": {"crm": 2}}}, "/body/rules/name/scores/crm"),
        ({"name": {"by": ["recent"], "until": 1}}, "/body/rules/name/until"),
    ],
)
def test_rules_that_cannot_be_are_refused(api: Api, rules: object, pointer: str) -> None:
    for answer in (put(api, {"rules": rules, "reason": "x"}), api.post("/v1/rules/customer:simulate", {"rules": rules})):
        assert answer.status_code == 422
        assert pointer in [error["pointer"] for error in answer.json()["errors"]]


def test_a_master_that_there_is_not(api: Api) -> None:
    assert api.get("/v1/rules/planet").status_code == 404
    assert put(api, TRUSTING | {"reason": "x"}, "planet").status_code == 404
    assert put(api, TRUSTING).status_code == 422
