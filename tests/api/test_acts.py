"""Merging, splitting, moving, confirming over the API, looking first, and taking it back."""

from typing import Any

from tests.api.served import Api


def merged(own: Api, *keys: str, **more: Any) -> Any:
    return own.post("/v1/merges", {"entity": "customer", "ids": [own.id_of(key) for key in keys], "reason": "one letterhead", **more})


def named(*keys: str) -> list[dict[str, str]]:
    return [{"source": "crm", "key": key} for key in keys]


def test_a_merge_takes_effect_at_once_and_is_taken_back(own: Api) -> None:
    before = {key: own.id_of(key) for key in ("a05", "a07")}
    values = own.get(f"/v1/golden/customer/{before['a07']}").json()["values"]
    answer = merged(own, "a05", "a07")
    assert answer.status_code == 200
    done = answer.json()
    survivor, gone = sorted(before.values())
    assert own.id_of("a05") == own.id_of("a07") == survivor
    assert [golden["id"] for golden in done["golden"]] == [survivor]
    assert {(event["event"], event["golden_id"]) for event in done["events"]} == {("merged", survivor), ("absorbed", gone)}
    assert own.get(f"/v1/golden/customer/{gone}").json()["merged_into"] == survivor
    told = own.get(f"/v1/acts/{done['id']}").json()
    assert (told["kind"], told["actor"], told["reason"], told["events"]) == ("merge", "a admin", "one letterhead", done["events"])
    back = own.post(f"/v1/acts/{done['id']}/revert", {"reason": "two firms"}).json()
    assert {key: own.id_of(key) for key in before} == before
    assert own.get(f"/v1/golden/customer/{before['a07']}").json()["values"] == values
    assert {event["event"] for event in back["events"]} == {"revived", "split"}
    assert own.get(f"/v1/acts/{done['id']}").json()["reverted_by"] == back["id"]
    again = own.post(f"/v1/acts/{done['id']}/revert", {})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    own.post(f"/v1/acts/{back['id']}/revert", {})
    assert own.id_of("a05") == own.id_of("a07") == survivor


def test_a_look_first_changes_nothing(own: Api) -> None:
    before = own.get("/v1/changes").json()
    told = merged(own, "a05", "a07", dry_run=True).json()
    assert told["id"] is None
    assert [golden["members"] for golden in told["golden"]] == [2]
    assert len(told["records"]) == 1
    assert own.get("/v1/changes").json() == before
    assert own.get("/v1/acts").json()["items"] == []
    assert own.id_of("a05") != own.id_of("a07")


def test_records_are_split_off_and_moved_on(own: Api) -> None:
    merged(own, "a05", "a07", "a10")
    whole = own.id_of("a05")
    split = own.post("/v1/splits", {"entity": "customer", "id": whole, "records": named("a07")})
    assert split.status_code == 200
    assert own.id_of("a05") == own.id_of("a10") == whole
    alone = own.id_of("a07")
    assert alone != whole
    identity = own.get(f"/v1/ids/{alone}").json()
    assert (identity["status"], identity["resolved"]) == ("live", alone)
    assert own.get(f"/v1/ids/{whole}").json()["parts"] == sorted([whole, alone])
    moved = own.post("/v1/moves", {"entity": "customer", "id": whole, "records": named("a10"), "to": own.id_of("a11")})
    assert moved.status_code == 200
    assert own.id_of("a10") == own.id_of("a11")
    assert own.id_of("a05") == whole
    own.post(f"/v1/acts/{split.json()['id']}/revert", {})
    assert own.id_of("a07") == whole


def test_what_cannot_be_done_is_said(own: Api) -> None:
    done = merged(own, "a05", "a07").json()
    (gone,) = [event["golden_id"] for event in done["events"] if event["event"] == "absorbed"]
    whole = own.id_of("a05")
    version = own.get(f"/v1/golden/customer/{whole}").json()["version"]

    def asked(address: str, status: int, words: str, **body: Any) -> None:
        answer = own.post(address, {"entity": "customer", **body})
        assert answer.status_code == status, answer.text
        assert words in answer.text

    asked("/v1/merges", 409, "it leads to", ids=[gone, own.id_of("a10")])
    asked("/v1/merges", 422, "two golden records", ids=[whole, whole])
    asked("/v1/merges", 404, "there is no customer", ids=[whole, "cus_none"])
    asked("/v1/merges", 412, "look at it again", ids=[whole, own.id_of("a10")], versions={whole: version - 1})
    asked("/v1/splits", 422, "no record would stay", id=whole, records=named("a05", "a07"))
    asked("/v1/splits", 422, "records of the golden record", id=whole, records=named("a10"))
    asked("/v1/splits", 422, "unknown_record", id=whole, records=named("nobody"))
    asked("/v1/moves", 422, "there already", id=whole, records=named("a05"), to=whole)
    own.post("/v1/splits", {"entity": "customer", "id": whole, "records": named("a07")})
    asked("/v1/merges", 409, "other rulings say otherwise", ids=[own.id_of("a05"), own.id_of("a07")])
    assert own.post("/v1/acts/opa_none/revert", {}).status_code == 404


def test_a_confirmed_golden_record_stays_whole(own: Api) -> None:
    whole = own.id_of("a00")
    told = own.post("/v1/confirmations", {"entity": "customer", "id": whole})
    assert (told.status_code, told.json()["events"]) == (200, [])
    rulings = own.get("/v1/decisions?entity=customer").json()["items"]
    assert [ruling["act"] for ruling in rulings if ruling["act"]] == [told.json()["id"]]
    assert own.id_of("a00") == whole


def test_the_feed_tells_what_became_of_whom(own: Api) -> None:
    done = merged(own, "a05", "a07").json()
    own.post(f"/v1/acts/{done['id']}/revert", {})
    survivor, gone = sorted((own.id_of("a05"), own.id_of("a07")))
    told = [(event["event"], event["golden_id"], event["detail"]) for event in own.get("/v1/changes?limit=1000").json()["items"]][-4:]
    assert told == [
        ("merged", survivor, {"absorbed": [gone], "from": [gone]}),
        ("absorbed", gone, {"into": survivor}),
        ("split", survivor, {"to": [gone]}),
        ("revived", gone, {"from": [survivor]}),
    ]
