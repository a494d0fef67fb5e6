"""The feed of changes: everything, once, in order."""

import pytest
from sqlalchemy import text

from tests.api.served import Api


def test_everything_that_happened_is_told_once_and_in_order(api: Api) -> None:
    whole = api.get("/v1/changes", params={"limit": 1000}).json()
    assert whole["more"] is False
    seqs = [event["seq"] for event in whole["items"]]
    assert seqs == sorted(set(seqs))
    assert {event["event"] for event in whole["items"]} == {"created", "merged", "absorbed", "retired"}
    found, answer = [], api.get("/v1/changes", params={"limit": 7}).json()
    while answer["more"]:
        found += answer["items"]
        answer = api.get(answer["next"]).json()
    assert found + answer["items"] == whole["items"]
    assert api.get(answer["next"]).json()["items"] == []


def test_an_event_of_an_old_id_tells_where_it_leads(api: Api) -> None:
    events = api.get("/v1/changes", params={"limit": 1000}).json()["items"]
    (absorbed,) = [event for event in events if event["event"] == "absorbed"]
    (merged,) = [event for event in events if event["event"] == "merged"]
    assert absorbed["merged_into"] == merged["golden_id"] == api.id_of("a02")
    assert absorbed["run"] == merged["run"]
    created = next(event for event in events if event["event"] == "created" and event["golden_id"] == absorbed["golden_id"])
    assert created["merged_into"] == merged["golden_id"]


def test_events_of_a_transaction_under_way_are_not_jumped_over(own: Api) -> None:
    after = own.get("/v1/changes", params={"limit": 1000}).json()["items"][-1]["seq"]
    insert = text("INSERT INTO outbox (entity, golden_id, version, event, run_id) VALUES ('customer', :id, 1, 'created', 1)")
    with own.hub.engine.connect() as slow, own.hub.engine.connect() as fast:
        slow.execute(insert, {"id": "slow"})
        fast.execute(insert, {"id": "fast"})
        fast.commit()
        assert own.get("/v1/changes", params={"after": after}).json()["items"] == []
        slow.commit()
    found = own.get("/v1/changes", params={"after": after}).json()["items"]
    assert [event["golden_id"] for event in found] == ["slow", "fast"]


def test_what_was_rolled_back_is_gone_over(own: Api) -> None:
    after = own.get("/v1/changes", params={"limit": 1000}).json()["items"][-1]["seq"]
    insert = text("INSERT INTO outbox (entity, golden_id, version, event, run_id) VALUES ('customer', :id, 1, 'created', 1)")
    with own.hub.engine.connect() as db:
        db.execute(insert, {"id": "never"})
        db.rollback()
        db.execute(insert, {"id": "next"})
        db.commit()
    assert [event["golden_id"] for event in own.get("/v1/changes", params={"after": after}).json()["items"]] == ["next"]


@pytest.mark.parametrize("after", ["-1", "x", "9223372036854775808", "999999"])
def test_a_place_that_there_is_not(api: Api, after: str) -> None:
    answer = api.get("/v1/changes", params={"after": after})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/query/after")
