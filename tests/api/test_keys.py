"""Keys: issued once, listed without themselves, revoked; never the last that can issue another."""

import pytest

from tests.api.served import Api


def test_a_key_is_shown_once_and_works_until_it_is_revoked(own: Api) -> None:
    made = own.post("/v1/api-keys", {"name": "BI", "role": "viewer", "expires_at": "2099-12-31T23:59:59+01:00"})
    assert made.status_code == 201
    key = made.json().pop("key")
    shown = {name: value for name, value in made.json().items() if name != "key"}
    assert made.headers["Location"] == f"/v1/api-keys/{shown['id']}"
    assert key.startswith(f"mdm_{shown['prefix']}_")
    assert shown["expires_at"] == "2099-12-31T22:59:59Z"
    listed = own.get("/v1/api-keys")
    assert shown in listed.json()["items"]
    assert key not in listed.text
    assert key.rpartition("_")[2] not in listed.text
    assert own.get("/v1/status", None, headers={"X-API-Key": key}).status_code == 200
    ended = own.delete(f"/v1/api-keys/{shown['id']}")
    assert ended.json()["revoked_at"] is not None
    assert own.get("/v1/status", None, headers={"X-API-Key": key}).status_code == 401
    assert own.delete(f"/v1/api-keys/{shown['id']}").status_code == 404


def test_the_last_key_that_can_issue_another_stays(own: Api) -> None:
    admins = [key["id"] for key in own.get("/v1/api-keys").json()["items"] if key["role"] == "admin"]
    answer = own.delete(f"/v1/api-keys/{admins[0]}")
    assert len(admins) == 1
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    other = own.post("/v1/api-keys", {"name": "second", "role": "admin"}).json()["key"]
    assert own.delete(f"/v1/api-keys/{admins[0]}").status_code == 200
    assert own.get("/v1/api-keys").status_code == 401
    assert own.get("/v1/api-keys", None, headers={"X-API-Key": other}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {}, {"name": "x"}, {"name": "", "role": "viewer"}, {"name": "x", "role": "king"}, {"name": "x\x00", "role": "viewer"},
        {"name": "x", "role": "viewer", "expires_at": "2020-01-01T00:00:00Z"}, {"name": "x", "role": "viewer", "expires_at": "2099-01-01T00:00:00"},
        {"name": "x", "role": "viewer", "hash": "x"},
    ],
)  # fmt: skip
def test_a_key_that_cannot_be(api: Api, body: object) -> None:
    assert api.post("/v1/api-keys", body).status_code == 422
    assert api.delete("/v1/api-keys/0").status_code == 422
    assert api.delete("/v1/api-keys/999999").status_code == 404
