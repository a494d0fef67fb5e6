"""The queue over the API: listed, taken, judged, put off; what a review screen needs in one answer; agreement."""

from typing import Any

import pytest
from sqlalchemy import text

from mdm.entities import Customer
from mdm.store import questions
from tests.api.served import Api

Row = dict[str, Any]


@pytest.fixture
def queue(own: Api) -> Api:
    """The company with its queue: a pair of accounts, a few more, and a value that was set aside."""
    with own.hub.engine.begin() as db:
        db.execute(
            text(
                """INSERT INTO edge (left_id, right_id, entity, weight, alone, levels)
                   SELECT least(a.id, b.id), greatest(a.id, b.id), 'customer', 0.25, 0.25, '{}' FROM record a, record b
                   WHERE a.key = 'a00' AND b.key IN ('a01', 'a10', 'a11') AND a.entity = 'customer' AND b.entity = 'customer'"""
            )
        )
        questions.refresh(db, Customer, own.hub.settings, own.hub.now())
    return own


def listed(api: Api, **asked: Any) -> list[Row]:
    found: list[Row] = api.get("/v1/tasks", "steward", params=asked).json()["items"]
    return found


def the_pair(api: Api, left: str = "a08", right: str = "a09") -> Row:
    return next(one for one in listed(api, kind="pair") if {one["left"]["key"], one["right"]["key"]} == {left, right})


def test_most_euros_at_stake_first(queue: Api) -> None:
    found = listed(queue)
    assert [one["rank"] for one in found] == sorted((one["rank"] for one in found), reverse=True)
    first = found[0]
    assert (first["kind"], first["title"], first["status"]) == ("pair", "Menuiserie Labrousse ↔ Transports Quéméner", "open")
    # The smaller side: 1,200 of deal d2; on the other hang 5,000 of d1 and 6,000 of F1.
    assert first["stake"] == {"amount": "1200.00", "currency": "EUR"}
    assert first["why"] == "a 54 % chance that they are one thing"
    (value,) = (one for one in found if one["kind"] == "value")
    assert (value["detail"]["field"], value["left"]["key"]) == ("email", "a04")
    assert "email" in value["why"]


def test_tasks_come_in_pages_and_by_filter(queue: Api) -> None:
    whole = listed(queue)
    assert len(whole) >= 4
    found, answer = [], queue.get("/v1/tasks", params={"limit": 1}).json()
    while answer["next"]:
        found += answer["items"]
        answer = queue.get(answer["next"]).json()
    assert found + answer["items"] == whole
    assert {one["kind"] for one in listed(queue, kind="value")} == {"value"}
    assert listed(queue, entity="product") == listed(queue, status="done") == listed(queue, assignee="nobody") == []
    for wrong in ({"entity": "planet"}, {"kind": "x"}, {"status": "x"}, {"cursor": "x"}, {"page": 1}):
        assert queue.get("/v1/tasks", params=wrong).status_code == 422
    assert queue.get("/v1/tasks", "analyst").status_code == 403


def test_two_stewards_take_different_tasks(queue: Api) -> None:
    first = queue.post("/v1/tasks:claim", {"kinds": ["pair"], "entity": "customer", "limit": 2}, "steward").json()["items"]
    other = queue.post("/v1/tasks:claim", {"limit": 50}, "admin").json()["items"]
    assert len(first) == 2
    assert not {one["id"] for one in first} & {one["id"] for one in other}
    assert {one["leased_by"] for one in first} == {"a steward"}
    taken = f"/v1/tasks/{first[0]['id']}"
    assert queue.post(f"{taken}/verdict", {"verdict": "same"}, "admin").status_code == 409
    assert queue.post(f"{taken}/skip", None, "admin").status_code == 409
    assert queue.post(f"{taken}/release", None, "steward").json()["leased_by"] is None
    assert first[0]["id"] in {one["id"] for one in queue.post("/v1/tasks:claim", {"limit": 50}, "admin").json()["items"]}
    assert queue.post("/v1/tasks:claim", {"entity": "planet"}).status_code == 422


def test_a_review_screen_gets_all_it_needs_in_one_answer(queue: Api) -> None:
    found = queue.get(f"/v1/tasks/{the_pair(queue, 'a00', 'a01')['id']}", "steward").json()
    names = [one["values"]["name"] for one in found["records"]]
    assert names == ["Menuiserie Labrousse", "Transports Quéméner"]
    evidence = found["evidence"]
    assert (evidence["left"]["key"], evidence["right"]["key"]) == ("a00", "a01")
    assert evidence["sentences"]
    assert evidence["waterfall"][0]["before"] == 0
    impact = found["impact"]
    assert impact["moving"] == {"source": "crm", "key": "a01"}
    assert {one["fact"]: (one["count"], one["amounts"]) for one in impact["facts"]} == {
        "deal": (1, [{"amount": "1200", "currency": "EUR"}]),
        "invoice": (1, [{"amount": "1000.1", "currency": "EUR"}]),
    }
    assert impact["sentence"].startswith("1 deal, 1 invoice: ")
    assert (found["opinions"], found["disagreed"]) == ([], False)
    french = queue.get(f"/v1/tasks/{found['task']['id']}", params={"lang": "fr"}).json()
    assert french["impact"]["sentence"].startswith("1 affaire, 1 facture : ")
    assert french["evidence"]["sentences"] != evidence["sentences"]
    assert queue.get("/v1/tasks/999999").status_code == 404
    assert queue.get("/v1/tasks/0").status_code == 422


def test_a_verdict_is_a_ruling(queue: Api) -> None:
    task = the_pair(queue)
    done = queue.post(f"/v1/tasks/{task['id']}/verdict", {"verdict": "same", "reason": "seen on a letterhead"}, "steward").json()
    assert (done["outcome"], done["task"]["status"], done["message"]) == ("settled", "done", "Decided.")
    ruling = queue.get("/v1/decisions").json()["items"][0]
    assert (ruling["verdict"], ruling["decided_by"], ruling["reason"]) == ("same", "a steward", "seen on a letterhead")
    assert {ruling["left"]["key"], ruling["right"]["key"]} == {"a08", "a09"}
    assert queue.post(f"/v1/tasks/{task['id']}/verdict", {"verdict": "same"}, "admin").status_code == 409
    assert queue.post(f"/v1/tasks/{the_pair(queue, 'a00', 'a01')['id']}/verdict", {"verdict": "keep"}).status_code == 422
    with queue.hub.engine.connect() as db:
        row = db.execute(text("SELECT actor, action, object, detail FROM audit ORDER BY id DESC LIMIT 1")).one()
    assert queue.id_of("a08") == queue.id_of("a09")
    assert (row.actor, row.action, row.object) == ("a steward", "task.judged", f"task {task['id']}")
    assert row.detail["outcome"] == "settled"


def test_a_second_steward_does_not_know_what_the_first_said(queue: Api) -> None:
    address = f"/v1/tasks/{the_pair(queue)['id']}"
    first = queue.post(f"{address}/verdict", {"verdict": "unsure", "reason": "ask Ines"}, "steward").json()
    assert (first["outcome"], first["task"]["status"]) == ("second", "second")
    (seen,) = queue.get(address, "admin").json()["opinions"]
    assert (seen["steward"], seen["verdict"], seen["reason"]) == ("a steward", None, None)
    (own,) = queue.get(address, "steward").json()["opinions"]
    assert (own["verdict"], own["reason"]) == ("unsure", "ask Ines")
    assert queue.post(f"{address}/verdict", {"verdict": "same"}, "steward").status_code == 409
    assert queue.post(f"{address}/verdict", {"verdict": "different"}, "admin").json()["outcome"] == "settled"
    assert [one["verdict"] for one in queue.get(address, "admin").json()["opinions"]] == ["unsure", "different"]


def test_skipped_snoozed_and_assigned(queue: Api) -> None:
    first, second = (one["id"] for one in listed(queue)[:2])
    assert queue.post(f"/v1/tasks/{first}/skip", None, "steward").json()["skips"] == 1
    assert listed(queue)[0]["id"] == second
    assert listed(queue)[-1]["id"] == first
    snoozed = queue.post(f"/v1/tasks/{second}/snooze", {"hours": 24}, "steward").json()
    assert snoozed["snoozed_until"] == "2026-11-24T09:00:00Z"
    assert second not in {one["id"] for one in queue.post("/v1/tasks:claim", {"limit": 50}).json()["items"]}
    queue.post(f"/v1/tasks/{first}/release", None)
    assert queue.post(f"/v1/tasks/{first}/assign", {"steward": "ines"}, "steward").json()["assignee"] == "ines"
    assert [one["id"] for one in listed(queue, assignee="ines")] == [first]
    assert queue.post(f"/v1/tasks/{first}/verdict", {"verdict": "same"}, "steward").status_code == 409
    assert queue.post(f"/v1/tasks/{second}/snooze", {"hours": 0}).status_code == 422
    with queue.hub.engine.connect() as db:
        actions = db.execute(text("SELECT action FROM audit ORDER BY id")).scalars().all()
    assert actions == ["task.skipped", "task.snoozed", "task.released", "task.assigned"]


def test_how_far_stewards_agree(queue: Api) -> None:
    assert queue.get("/v1/stewards").json() == {"overall": {"tasks": 0, "raw": None, "kappa": None}, "items": []}
    limited = queue.hub.settings.model_copy(update={"second_steward_above": 0})
    queue.app.state.hub = type(queue.hub)(queue.hub.engine, limited, now=queue.hub.now)
    task = the_pair(queue, "a00", "a01")
    assert task["stewards"] == 2
    address = f"/v1/tasks/{task['id']}/verdict"
    assert queue.post(address, {"verdict": "same"}, "steward").json()["outcome"] == "second"
    assert queue.post(address, {"verdict": "different"}, "admin").json()["outcome"] == "third"
    assert queue.get(f"/v1/tasks/{task['id']}").json()["disagreed"] is True
    found = queue.get("/v1/stewards").json()
    assert (found["overall"]["tasks"], found["overall"]["raw"]["value"], found["overall"]["kappa"]["value"]) == (1, 0, 0)
    assert [(one["steward"], one["opinions"], one["per_hour"]) for one in found["items"]] == [("a admin", 1, None), ("a steward", 1, None)]
