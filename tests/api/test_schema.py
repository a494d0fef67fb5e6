"""What is answered is what OpenAPI says, and its examples are what it would accept."""

import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from mdm.entities import Customer
from mdm.store import questions
from tests.api.served import Api

Node = dict[str, Any]


@pytest.fixture(scope="module")
def openapi(api: Api) -> Node:
    """The description."""
    found: Node = api.get("/openapi.json").json()
    return found


def check(openapi: Node, schema: Node, value: object) -> None:
    """Raises where the value is not what the schema says."""
    validator = jsonschema.Draft202012Validator({**schema, "components": openapi["components"]})
    errors = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]
    assert errors == []


def asked(api: Api) -> Iterator[tuple[str, str]]:
    """An operation and addresses that it answers: well, led on, or with a problem."""
    customer, old = api.id_of("a00"), merged(api)
    for entity in ("customer", "salesperson", "product", "contact", "project"):
        yield "/v1/golden/{entity}", f"/v1/golden/{entity}?limit=3"
    yield "/v1/golden/{entity}", "/v1/golden/customer?q=menuisrie"
    yield "/v1/golden/{entity}", "/v1/golden/customer?sort=nothing"
    yield "/v1/golden/{entity}", "/v1/golden/king"
    one = "/v1/golden/{entity}/{golden_id}"
    yield one, f"/v1/golden/customer/{customer}?expand=members,provenance"
    yield one, f"/v1/golden/customer/{api.id_of('gone')}"
    for question in ("", "?follow=false"):
        yield one, f"/v1/golden/customer/{old}{question}"
    for part in ("members", "lineage", "history"):
        yield f"{one}/{part}", f"/v1/golden/customer/{customer}/{part}"
        yield f"{one}/{part}", f"/v1/golden/customer/{old}/{part}"
    for entity, key in (("customer", "a00"), ("contact", "p0")):
        yield f"{one}/relations", f"/v1/golden/{entity}/{api.id_of(key, entity)}/relations?rollup=group"
    yield "/v1/xref", "/v1/xref?entity=customer&source=crm&key=a00"
    yield "/v1/xref", "/v1/xref?entity=customer&source=crm&key=gone"
    yield "/v1/xref", "/v1/xref"
    yield "/v1/ids/{golden_id}", f"/v1/ids/{old}"
    yield "/v1/changes", "/v1/changes"
    for path in ("/v1/projects/profitability", "/v1/forecasts/pipeline", "/v1/forecasts/billing", "/v1/forecasts/cash"):
        yield path, path
    for path in ("/v1/forecasts/deals", "/v1/forecasts/salespeople", "/v1/forecasts/sales-process"):
        yield path, path
    for path in ("outlook", "receivables", "collections", "ageing", "ageing-history", "dso"):
        yield f"/v1/forecasts/{path}", f"/v1/forecasts/{path}?as_of=2027-01-15"
    for path in ("proposals", "holds"):
        yield f"/v1/dunning/{path}", f"/v1/dunning/{path}"
    yield "/v1/dunning/proposals", "/v1/dunning/proposals?as_of=2027-01-15"
    yield "/v1/dunning/letters/{golden_customer_id}", f"/v1/dunning/letters/{customer}"
    yield "/v1/leakage-findings", "/v1/leakage-findings"
    yield "/v1/projects/{golden_id}/profitability", f"/v1/projects/{api.id_of('P0', 'project', 'billing')}/profitability"
    with api.hub.engine.begin() as db:
        questions.refresh(db, Customer, api.hub.settings, api.hub.now())
    for path in ("/v1/tasks", "/v1/stewards"):
        yield path, path
    for task in api.get("/v1/tasks").json()["items"]:
        yield "/v1/tasks/{task_id}", f"/v1/tasks/{task['id']}"
    yield (
        "/v1/projects/{golden_id}/profitability/lines",
        f"/v1/projects/{api.id_of('P0', 'project', 'billing')}/profitability/lines?figure=contract",
    )
    yield "/v1/forecasts/{report}/lines", "/v1/forecasts/cash/lines?month=2026-06-01&currency=EUR&figure=received"
    finding = api.get("/v1/leakage-findings").json()["items"][0]["id"]
    yield "/v1/leakage-findings/{finding_id}/lines", f"/v1/leakage-findings/{finding}/lines"
    yield "/v1/leakage-findings/{finding_id}/history", f"/v1/leakage-findings/{finding}/history"
    yield "/v1/leakage-findings/totals", "/v1/leakage-findings/totals"
    yield "/v1/projects/profitability/by/{dimension}", "/v1/projects/profitability/by/customer"
    yield "/v1/projects/profitability/by/{dimension}/projects", "/v1/projects/profitability/by/product/projects"
    yield "/v1/decisions", "/v1/decisions"
    yield "/v1/decisions/{decision_id}", "/v1/decisions/1"
    yield "/v1/acts", "/v1/acts"
    yield "/v1/acts/{act_id}", "/v1/acts/opa_none"
    kept = api.post("/v1/scenarios", {"name": "Dearer", "levers": [{"kind": "price", "value": 0.1}], "periods": 3}).json()["id"]
    for part in ("", "/{scenario_id}", "/{scenario_id}/answer"):
        yield f"/v1/scenarios{part}", f"/v1/scenarios{part}".replace("{scenario_id}", kept)
    yield "/v1/scenarios/{scenario_id}", "/v1/scenarios/scn_none"
    yield "/v1/model-card", "/v1/model-card"
    yield "/v1/rules/{entity}", "/v1/rules/customer"
    yield "/v1/rules/{entity}", "/v1/rules/planet"
    yield "/v1/pins", "/v1/pins"
    for path in ("/v1/api-keys", "/v1/status", "/v1/problems", "/healthz", "/readyz"):
        yield path, path


def merged(api: Api) -> str:
    """An id that leads to another."""
    aliases = api.get(f"/v1/ids/{api.id_of('a02')}").json()["aliases"]
    return str(aliases[0])


def test_every_answer_is_what_openapi_says(api: Api, openapi: Node) -> None:
    seen = set()
    for path, address in asked(api):
        answer = api.get(address)
        described = openapi["paths"][path]["get"]["responses"].get(str(answer.status_code))
        assert described is not None, (address, answer.status_code)
        content = described["content"][answer.headers["Content-Type"].partition(";")[0]]
        check(openapi, content["schema"], answer.json())
        seen.add(path)
    gets = {path for path, methods in openapi["paths"].items() if "get" in methods}
    assert gets - seen == {"/metrics"}


def test_what_writes_answers_what_openapi_says(own: Api, openapi: Node) -> None:
    ruling = {"entity": "customer", "left": {"source": "crm", "key": "a08"}, "right": {"source": "crm", "key": "a09"}, "verdict": "same"}
    decided = own.post("/v1/decisions", ruling)
    issued = own.post("/v1/api-keys", {"name": "x", "role": "viewer"})
    with own.hub.engine.begin() as db:
        questions.refresh(db, Customer, own.hub.settings, own.hub.now())
    one = own.get("/v1/tasks").json()["items"][0]["id"]
    steps: list[tuple[str, Node | None]] = [
        ("skip", None), ("snooze", {"hours": 1}), ("release", None), ("assign", {"steward": None}), ("verdict", {"verdict": "unsure"}),
    ]  # fmt: skip
    judged = [(f"/v1/tasks/{{task_id}}/{step}", "post", own.post(f"/v1/tasks/{one}/{step}", body)) for step, body in steps]
    answers = [
        ("/v1/tasks:claim", "post", own.post("/v1/tasks:claim", {})),
        *judged,
        ("/v1/decisions", "post", decided),
        ("/v1/decisions", "post", own.post("/v1/decisions", ruling)),
        ("/v1/decisions/{decision_id}", "delete", own.delete(f"/v1/decisions/{decided.json()['id']}")),
        ("/v1/merges", "post", merge := own.post("/v1/merges", {"entity": "customer", "ids": [own.id_of("a05"), own.id_of("a07")]})),
        ("/v1/acts/{act_id}", "get", own.get(f"/v1/acts/{merge.json()['id']}")),
        ("/v1/acts/{act_id}/revert", "post", own.post(f"/v1/acts/{merge.json()['id']}/revert", {})),
        ("/v1/api-keys", "post", issued),
        ("/v1/api-keys/{key_id}", "delete", own.delete(f"/v1/api-keys/{issued.json()['id']}")),
        (
            "/v1/golden/{entity}:batch-get",
            "post",
            own.post("/v1/golden/customer:batch-get", {"ids": [own.id_of("a00"), merged(own), "cus_none"]}),
        ),
    ]
    assert [answer.status_code for _, _, answer in answers] == [200] * 6 + [201, 409, 200, 200, 200, 200, 201, 200, 200]
    pinned = own.call("PATCH", f"/v1/golden/customer/{own.id_of('a00')}/overrides", json={"city": {"value": "Brest", "reason": "moved"}})
    rules = {"rules": {"name": {"by": ["recent"]}}}
    answers += [
        ("/v1/golden/{entity}/{golden_id}/overrides", "patch", pinned),
        ("/v1/pins", "get", own.get("/v1/pins")),
        ("/v1/rules/{entity}:simulate", "post", own.post("/v1/rules/customer:simulate", rules)),
        ("/v1/rules/{entity}", "put", own.call("PUT", "/v1/rules/customer", json=rules | {"reason": "x"})),
    ]
    assert {answer.status_code for _, _, answer in answers[15:]} == {200}
    for path, method, answer in answers:
        (content,) = openapi["paths"][path][method]["responses"][str(answer.status_code)]["content"].values()
        check(openapi, content["schema"], answer.json())


def test_examples_are_what_their_schemas_say(openapi: Node) -> None:
    given = [(schema, example) for schema in openapi["components"]["schemas"].values() for example in schema.get("examples", ())]
    for schema, example in given:
        check(openapi, {key: value for key, value in schema.items() if key != "examples"}, example)
    for methods in openapi["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", ()):
                for example in parameter["schema"].get("examples", ()):
                    check(openapi, parameter["schema"], example)
    assert len(given) >= 5


def test_every_parameter_of_an_address_has_an_example_or_a_range(openapi: Node) -> None:
    for path, methods in openapi["paths"].items():
        for operation in methods.values():
            named = {parameter["name"]: parameter["schema"] for parameter in operation.get("parameters", ()) if parameter["in"] == "path"}
            assert named.keys() == set(re.findall(r"\{(\w+)\}", path))
            assert all("examples" in schema or "minimum" in schema for schema in named.values()), path
