"""Who may do what: nobody without a key but look at health, and each role what it is for."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from mdm.store import keys
from mdm.store.keys import Role
from tests.api.served import ROLES, Api

OPEN = {"/healthz", "/readyz"}
LEAST: dict[str, Role] = {
    "list_golden": "viewer", "get_golden": "viewer", "batch_get_golden": "viewer", "list_members": "viewer", "get_lineage": "viewer",
    "get_history": "viewer", "get_crosswalk": "viewer", "get_identity": "viewer", "list_changes": "viewer", "get_status": "viewer",
    "list_profitability": "analyst", "get_profitability": "analyst", "forecast_pipeline": "analyst", "forecast_billing": "analyst",
    "forecast_cash": "analyst", "list_leakage_findings": "analyst",
    "list_profitability_sums": "analyst", "list_profitability_shares": "analyst",
    "get_leakage_totals": "analyst", "get_finding_history": "analyst", "mark_finding": "steward",
    "list_tasks": "steward", "claim_tasks": "steward", "get_task": "steward", "judge_task": "steward", "skip_task": "steward",
    "snooze_task": "steward", "assign_task": "steward", "release_task": "steward", "list_stewards": "steward",
    "list_problems": "steward", "list_decisions": "steward", "get_decision": "steward",
    "list_relations": "analyst", "list_project_lines": "analyst", "list_month_lines": "analyst", "list_finding_lines": "analyst",
    "create_decision": "steward", "revoke_decision": "steward",
    "merge_golden": "steward", "split_golden": "steward", "move_records": "steward", "confirm_golden": "steward",
    "list_acts": "steward", "get_act": "steward", "revert_act": "steward",
    "patch_overrides": "steward", "list_pins": "steward",
    "get_rules": "viewer", "simulate_rules": "steward", "put_rules": "admin",
    "list_api_keys": "admin", "create_api_key": "admin", "revoke_api_key": "admin",
    "forecast_outlook": "analyst", "forecast_collections": "analyst", "forecast_ageing": "analyst", "forecast_ageing_history": "analyst", "forecast_dso": "analyst",
    "list_receivables": "analyst", "list_dunning_proposals": "analyst", "get_dunning_letter": "analyst", "list_dunning_holds": "analyst",
    "put_dunning_hold": "steward", "release_dunning_hold": "steward",
    "list_deal_forecasts": "analyst", "forecast_salespeople": "analyst", "get_sales_process": "analyst",
    "simulate": "analyst", "seek_goal": "analyst", "keep_scenario": "analyst", "list_scenarios": "analyst", "get_scenario": "analyst",
    "answer_scenario": "analyst", "negotiate": "analyst",
    "get_model_card": "analyst",
    "get_metrics": "source",
}  # fmt: skip
"""The lowest role that may call an operation."""

Operation = tuple[str, str, str]


def operations(api: Api) -> list[Operation]:
    """Method, address with its parameters filled in, and name of everything behind a key."""
    paths = api.get("/openapi.json").json()["paths"]
    filled = {"entity": "customer", "golden_id": "cus_none", "decision_id": "999999", "task_id": "999999", "key_id": "999999"}
    filled |= {"act_id": "opa_none", "golden_customer_id": "cus_none", "hold_id": "999999", "scenario_id": "scn_none"}
    filled |= {"report": "billing", "finding_id": "leak_none", "dimension": "customer"}
    return [
        (method.upper(), path.format(**filled), operation["operationId"])
        for path, methods in paths.items()
        for method, operation in methods.items()
        if path not in OPEN
    ]


def test_every_operation_is_known_here(api: Api) -> None:
    assert {name for _, _, name in operations(api)} == LEAST.keys()


@pytest.mark.parametrize("key", [None, "mdm_00000000_" + "0" * 64, "something", "mdm_é"])
def test_nothing_but_health_is_open(api: Api, key: str | None) -> None:
    headers = {} if key is None else {"Authorization": f"Bearer {key}".encode()}
    for method, path, name in operations(api):
        answer = api.call(method, path, None, headers=headers)
        assert (name, answer.status_code, answer.json()["code"]) == (name, 401, "unauthorised")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_do_what_it_is_for_and_no_more(api: Api, role: Role) -> None:
    for method, path, name in operations(api):
        may = ROLES.index(role) >= ROLES.index(LEAST[name])
        assert (api.call(method, path, role).status_code != 403) is may, name


def test_a_key_goes_in_either_header(api: Api) -> None:
    assert api.get("/v1/status", None, headers={"X-API-Key": api.keys["viewer"]}).status_code == 200
    assert api.get("/v1/status", None, headers={"Authorization": f"bearer {api.keys['viewer']}"}).status_code == 200
    assert api.get("/v1/status", None, auth=("anybody", api.keys["viewer"])).status_code == 401


@pytest.mark.parametrize("path", ["/docs", "/openapi.json"])
def test_the_reference_is_read_in_a_browser_with_the_key_as_password(api: Api, path: str) -> None:
    refused = api.get(path, None)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Basic ")
    assert api.get(path, None, auth=("anybody", "guess")).status_code == 401
    assert api.get(path, None, auth=("anybody", "mdm_00000000_" + "0" * 64)).status_code == 401
    assert api.get(path, None, auth=("anybody", api.keys["source"])).status_code == 200
    assert api.get(path, "viewer").status_code == 200
    assert api.get(path, None, headers={"X-API-Key": api.keys["viewer"]}).status_code == 200


def test_a_key_that_has_expired_or_was_revoked_opens_nothing(own: Api) -> None:
    with own.hub.engine.begin() as db:
        expired = keys.issue(db, "expired", "admin", datetime.now(UTC) - timedelta(seconds=1))
        living = keys.issue(db, "living", "admin", datetime.now(UTC) + timedelta(hours=1))
    assert own.get("/v1/status", None, headers={"X-API-Key": expired}).status_code == 401
    assert own.get("/v1/status", None, headers={"X-API-Key": living}).status_code == 200
    with own.hub.engine.begin() as db:
        db.execute(text("UPDATE api_key SET revoked_at = now() WHERE name = 'living'"))
    assert own.get("/v1/status", None, headers={"X-API-Key": living}).status_code == 401
