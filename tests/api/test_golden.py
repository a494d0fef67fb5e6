"""Golden records: found by id, by filter, by name; old ids; the evidence."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.api.served import Api


def page(api: Api, path: str, **params: object) -> list[dict[str, Any]]:
    """Every item of a list, page after page."""
    answer = api.get(path, params=params).json()
    found: list[dict[str, Any]] = list(answer["items"])
    while answer["next"] is not None:
        answer = api.get(answer["next"]).json()
        found += answer["items"]
    return found


def merged(api: Api) -> tuple[str, str]:
    """An id that was merged, and its survivor."""
    events = api.get("/v1/changes", params={"limit": 1000}).json()["items"]
    return next((event["golden_id"], event["merged_into"]) for event in events if event["event"] == "absorbed")


def test_a_record_is_typed_by_its_declaration(api: Api) -> None:
    found = api.get(f"/v1/golden/customer/{api.id_of('a00')}").json()
    assert found["status"] == "live"
    assert found["entity"] == "customer"
    assert found["members"] == 2
    assert found["values"]["name"] == "MENUISERIE LABROUSSE SARL"
    assert found["values"]["active"] is True
    assert found["values"]["notes"] is None
    assert found["values"]["salesperson"] == api.id_of("u0", "salesperson")
    price = api.get(f"/v1/golden/product/{api.id_of('x2', 'product')}").json()["values"]["price"]
    assert price == "480.5"
    ordered = api.get(f"/v1/golden/project/{api.id_of('P0', 'project', 'billing')}").json()["values"]["ordered_on"]
    assert ordered == "2026-03-01"


def test_a_client_that_has_the_record_is_sent_nothing(api: Api) -> None:
    path = f"/v1/golden/customer/{api.id_of('a00')}"
    first = api.get(path)
    tag = first.headers["ETag"]
    assert tag.startswith('"')
    again = api.get(path, headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert api.get(path, headers={"If-None-Match": "*"}).status_code == 304
    assert api.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_what_is_sent_differently_is_tagged_differently(api: Api) -> None:
    path = f"/v1/golden/customer/{api.id_of('a00')}"
    asked: tuple[dict[str, str], ...] = (
        {},
        {"fields": "name"},
        {"fields": "name,city"},
        {"expand": "members"},
        {"expand": "members,provenance"},
    )
    tags = [api.get(path, params=params).headers["ETag"] for params in asked]
    assert len(set(tags)) == len(asked)


def test_fields_are_those_asked_for(api: Api) -> None:
    path = f"/v1/golden/customer/{api.id_of('a00')}"
    assert api.get(path, params={"fields": "city,siren"}).json()["values"].keys() == {"city", "siren"}
    wrong = api.get(path, params={"fields": "colour"})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["pointer"] == "/query/fields"
    assert "siren" in wrong.json()["detail"]


def test_what_is_expanded_is_what_its_own_address_says(api: Api) -> None:
    path = f"/v1/golden/customer/{api.id_of('a00')}"
    found = api.get(path, params={"expand": "members,provenance"}).json()["expanded"]
    assert found["members"] == api.get(f"{path}/members").json()["items"]
    assert found["provenance"] == api.get(f"{path}/lineage").json()["items"]


def test_an_id_that_was_merged_leads_to_its_survivor(api: Api) -> None:
    old, survivor = merged(api)
    answer = api.get(f"/v1/golden/customer/{old}", params={"fields": "name"})
    assert answer.status_code == 308
    assert answer.headers["Location"] == f"/v1/golden/customer/{survivor}?fields=name"
    assert answer.headers["Cache-Control"] == "private, max-age=60"
    assert (answer.json()["merged_into"], answer.json()["status"]) == (survivor, "merged")
    assert api.get(answer.headers["Location"]).json()["id"] == survivor
    for evidence in ("members", "lineage"):
        assert api.get(f"/v1/golden/customer/{old}/{evidence}").headers["Location"] == f"/v1/golden/customer/{survivor}/{evidence}"


def test_it_is_still_there_for_who_asks_not_to_be_led(api: Api) -> None:
    old, survivor = merged(api)
    answer = api.get(f"/v1/golden/customer/{old}", params={"follow": "false"})
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["merged_into"]) == ("merged", survivor)
    assert answer.json()["known_to"] is not None


def test_a_retired_id_has_its_last_values(api: Api) -> None:
    found = api.get(f"/v1/golden/customer/{api.id_of('gone')}").json()
    assert (found["status"], found["values"]["name"]) == ("retired", "Forges Oubliées")
    assert found["known_to"] is not None


@pytest.mark.parametrize(
    "path", ["/v1/golden/customer/cus_none", "/v1/golden/planet/x", "/v1/golden/planet", "/v1/golden/product/{customer}"]
)
def test_what_is_not_there_is_said_so(api: Api, path: str) -> None:
    answer = api.get(path.format(customer=api.id_of("a00")))
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_many_at_once_in_the_order_asked_for(api: Api) -> None:
    old, survivor = merged(api)
    asked = [api.id_of("a01"), "cus_none", old, survivor, api.id_of("a01")]
    found = api.post("/v1/golden/customer:batch-get", {"ids": asked}).json()["items"]
    assert [item["requested"] for item in found] == asked
    assert [item["resolved"] for item in found] == [asked[0], None, survivor, survivor, asked[0]]
    assert found[1]["record"] is None
    assert found[2]["record"] == found[3]["record"]
    assert found[0]["record"] == api.get(f"/v1/golden/customer/{asked[0]}").json()


@pytest.mark.parametrize("body", [{}, {"ids": []}, {"ids": ["x"] * 1001}, {"ids": ["x\x00"]}, {"ids": [1]}, {"ids": ["x"], "more": 1}, []])
def test_a_batch_that_cannot_be_is_refused(api: Api, body: object) -> None:
    answer = api.post("/v1/golden/customer:batch-get", body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith("/body")


def test_the_list_holds_what_is_in_force(api: Api) -> None:
    old, survivor = merged(api)
    ids = [str(item["id"]) for item in page(api, "/v1/golden/customer", limit=5)]
    assert ids == sorted(set(ids))
    assert len(ids) == 11
    assert survivor in ids
    assert not {old, api.id_of("gone")} & set(ids)


@pytest.mark.parametrize(("sort", "field"), [("name", "name"), ("-name", "name"), ("siren", "siren"), ("-siren", "siren")])
def test_pages_follow_each_other_in_order_and_those_without_a_value_come_last(api: Api, sort: str, field: str) -> None:
    values = [item["values"][field] for item in page(api, "/v1/golden/customer", sort=sort, limit=2)]
    said = [value for value in values if value is not None]
    assert values == said + [None] * (len(values) - len(said))
    assert len(values) == 11
    if field == "siren":
        assert said == sorted(said, reverse=sort.startswith("-"))


@pytest.mark.parametrize("sort", ["amount", "-amount", "price", "-price"])
def test_numbers_are_sorted_as_numbers(api: Api, sort: str) -> None:
    entity, field = ("project", "amount") if "amount" in sort else ("product", "price")
    found = [item["values"][field] for item in page(api, f"/v1/golden/{entity}", sort=sort, limit=1)]
    numbers = [float(value) for value in found if value is not None]
    assert numbers == sorted(numbers, reverse=sort.startswith("-"))
    assert len(found) == 3


def test_filters_are_cleaned_as_the_sources_are(api: Api) -> None:
    found = page(api, "/v1/golden/customer", **{"filter[postcode]": "10000"})
    assert [item["id"] for item in found] == [api.id_of("a00")]
    assert len(page(api, "/v1/golden/customer", **{"filter[city]": ["Brest", "Lyon"]})) == 2
    assert page(api, "/v1/golden/customer", **{"filter[city]": ["Brest"], "filter[postcode]": "10000"}) == []
    without = page(api, "/v1/golden/customer", **{"filter[siren]": ""})
    assert [item["id"] for item in without] == [api.id_of("a02")]
    spaced = api.get(f"/v1/golden/customer/{api.id_of('a01')}").json()["values"]["siren"]
    found = page(api, "/v1/golden/customer", **{"filter[siren]": f"{spaced[:3]} {spaced[3:6]} {spaced[6:]}"})
    assert [item["id"] for item in found] == [api.id_of("a01")]
    assert [item["id"] for item in page(api, "/v1/golden/customer", **{"filter[active]": "false"})] == [api.id_of("a05")]


@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        ({"filter[colour]": "red"}, "/query/filter[colour]"),
        ({"filter[siren]": "12"}, "/query/filter[siren]"),
        ({"colour": "red"}, "/query/colour"),
        ({"sort": "colour"}, "/query/sort"),
        ({"limit": "0"}, "/query/limit"),
        ({"limit": "1001"}, "/query/limit"),
        ({"limit": "many"}, "/query/limit"),
        ({"cursor": "made-up"}, "/query/cursor"),
        ({"cursor": "é"}, "/query/cursor"),
        ({"cursor": "x" * 4001}, "/query/cursor"),
        ({"q": "menuiserie", "sort": "name"}, "/query/sort"),
    ],
)
def test_a_parameter_that_cannot_be_is_named(api: Api, params: dict[str, str], pointer: str) -> None:
    answer = api.get("/v1/golden/customer", params=params)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_a_cursor_is_good_for_its_own_query_and_as_it_was_made(api: Api) -> None:
    cursor = urlsplit(api.get("/v1/golden/customer", params={"limit": 2}).json()["next"]).query.partition("cursor=")[2]
    assert api.get("/v1/golden/customer", params={"limit": 5, "cursor": cursor}).status_code == 200
    for path, more in (("customer", {"sort": "name"}), ("customer", {"filter[city]": "Lyon"}), ("product", {})):
        assert api.get(f"/v1/golden/{path}", params={"cursor": cursor, **more}).json()["errors"][0]["code"] == "cursor"
    for at in range(0, len(cursor), 5):
        other = "A" if cursor[at] != "A" else "B"
        assert api.get("/v1/golden/customer", params={"cursor": cursor[:at] + other + cursor[at + 1 :]}).status_code == 422


def test_names_are_found_with_typing_errors(api: Api) -> None:
    found = api.get("/v1/golden/customer", params={"q": "menuisrie labrouse"}).json()["items"]
    assert found[0]["id"] == api.id_of("a00")
    assert found[0]["score"] > 0.8
    assert [item["score"] for item in found] == sorted((item["score"] for item in found), reverse=True)
    person = api.get("/v1/golden/contact", params={"q": "massart hippolyte"}).json()["items"]
    assert person[0]["id"] == api.id_of("p1", "contact")
    assert api.get("/v1/golden/customer", params={"q": "zzzz"}).json() == {"items": [], "next": None}
    near = api.get("/v1/golden/customer", params={"q": "menuiserie", "filter[postcode]": "10000"}).json()["items"]
    assert [item["id"] for item in near] == [api.id_of("a00")]


def test_members_are_traced_to_the_line_of_their_file(api: Api) -> None:
    found = api.get(f"/v1/golden/customer/{api.id_of('a00')}/members").json()["items"]
    assert [(item["source"], item["key"], item["file"], item["line"]) for item in found] == [
        ("billing", "C1", "clients.csv", 2), ("crm", "a00", "accounts.csv", 2),
    ]  # fmt: skip
    assert found[1]["changed_at"] == "2026-01-15T08:00:00Z"


def test_every_value_is_traced_to_a_record_that_says_so(api: Api) -> None:
    for key in ("a00", "a02", "a06"):
        golden_id = api.id_of(key)
        values = api.get(f"/v1/golden/customer/{golden_id}").json()["values"]
        told = {item["field"]: item for item in api.get(f"/v1/golden/customer/{golden_id}/lineage").json()["items"]}
        assert {name: value for name, value in values.items() if value is not None and not isinstance(value, list)} == {
            name: item["value"] for name, item in told.items() if item["chosen"] is not None
        }
        for name, item in told.items():
            if item["chosen"] is not None and name != "parent":
                assert item["chosen"]["value"] == item["value"]
                assert item["chosen"]["agrees"]


def test_lineage_tells_the_rule_and_what_others_say(api: Api) -> None:
    path = f"/v1/golden/customer/{api.id_of('a00')}/lineage"
    (name,) = api.get(path, params={"field": "name"}).json()["items"]
    assert name["rule"]["by"] == ["frequent", "trust", "longest"]
    assert (name["chosen"]["source"], name["chosen"]["key"], name["chosen"]["line"]) == ("billing", "C1", 2)
    assert [(other["value"], other["agrees"]) for other in name["others"]] == [("Menuiserie Labrousse", False)]
    assert [item["field"] for item in api.get(path, params={"field": "siren,city"}).json()["items"]] == ["siren", "city"]
    assert api.get(path, params={"field": "colour"}).status_code == 422


def test_a_reference_is_told_as_the_golden_record_that_it_leads_to(api: Api) -> None:
    (parent,) = api.get(f"/v1/golden/customer/{api.id_of('a06')}/lineage", params={"field": "parent"}).json()["items"]
    assert parent["value"] == api.id_of("a00") == parent["chosen"]["value"]


def test_history_tells_what_changed_and_why(api: Api) -> None:
    old, survivor = merged(api)
    found = api.get(f"/v1/golden/customer/{survivor}/history").json()
    assert [(item["version"], item["cause"], item["members"]) for item in found["items"]] == [(2, "merged", 2), (1, "created", 1)]
    assert found["absorbed"] == [old]
    assert found["items"][0]["known_to"] is None
    assert found["items"][0]["known_from"] == found["items"][1]["known_to"]
    assert "name" in found["items"][1]["changed"]
    first = api.get(f"/v1/golden/customer/{survivor}/history", params={"limit": 1}).json()
    assert [item["version"] for item in first["items"]] == [2]
    assert first["items"][0] == found["items"][0]
    assert [item["version"] for item in api.get(first["next"]).json()["items"]] == [1]


def test_the_history_of_an_old_id_is_its_own(api: Api) -> None:
    old, survivor = merged(api)
    found = api.get(f"/v1/golden/customer/{old}/history").json()
    assert (found["status"], found["merged_into"]) == ("merged", survivor)
    assert [item["cause"] for item in found["items"]] == ["created"]
