"""Health, metrics, how the hub stands, what it could not take, and the description of all of it."""

import json
import re
from html.parser import HTMLParser

import pytest

from tests.api.served import Api


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_open_and_says_no_more(api: Api, path: str) -> None:
    answer = api.get(path, None)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_metrics_count_by_route_and_not_by_what_clients_make_up(api: Api) -> None:
    api.get("/healthz")
    api.get("/v1/golden/customer/cus_none")
    api.get("/made/up/by/a/client")
    api.call("BREW", "/healthz")
    told = api.get("/metrics", "viewer")
    assert told.headers["Content-Type"].startswith("text/plain")
    counted = dict(re.findall(r"http_request_seconds_count\{(.*?)\} (\S+)", told.text))
    assert float(counted['method="GET",route="/healthz",status="200"']) >= 1
    assert float(counted['method="GET",route="/v1/golden/{entity}/{golden_id}",status="404"']) >= 1
    assert float(counted['method="GET",route="none",status="404"']) >= 1
    assert any('method="other"' in name for name in counted)
    assert "process_cpu_seconds_total" in told.text
    assert "made" not in told.text
    assert "BREW" not in told.text


def test_the_hub_at_a_glance(api: Api) -> None:
    found = api.get("/v1/status", "viewer").json()
    records = {(row["entity"], row["source"]): (row["live"], row["deleted"]) for row in found["records"]}
    assert records["customer", "crm"] == (12, 1)
    assert records["customer", "billing"] == (2, 0)
    assert {"entity": "customer", "live": 11, "merged": 1, "retired": 1} in found["golden"]
    assert {"source": "billing", "entity": "customer", "severity": "rejected", "problems": 1} in found["problems"]
    assert [run["kind"] for run in found["runs"]] == ["match", "load", "match", "load"]
    assert all(run["status"] == "done" for run in found["runs"])


def test_what_was_set_aside_says_how_to_mend_it(api: Api) -> None:
    found = api.get("/v1/problems", "steward").json()["items"]
    (email,) = [row for row in found if row["key"] == "a04"]
    assert (email["severity"], email["field"], email["value"], email["line"]) == ("quarantined", "email", "not an address", 6)
    assert email["reason"]
    assert email["fix"]
    (rejected,) = api.get("/v1/problems", params={"severity": "rejected", "source": "billing"}).json()["items"]
    assert (rejected["stream"], rejected["key"]) == ("clients.csv", "C3")
    assert api.get("/v1/problems", params={"entity": "product"}).json()["items"] == []
    assert api.get("/v1/problems", params={"severity": "grave"}).status_code == 422
    first = api.get("/v1/problems", params={"limit": 1}).json()
    assert first["items"] + api.get(first["next"]).json()["items"] == found


def test_the_description_is_whole(api: Api) -> None:
    found = api.get("/openapi.json").json()
    assert found["openapi"].startswith("3.1")
    named = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(found)))
    assert named <= found["components"]["schemas"].keys()
    operations = [operation for methods in found["paths"].values() for operation in methods.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    for operation in operations:
        assert operation["summary"]
        assert operation["description"]
        for status, answer in operation["responses"].items():
            assert status != "422" or "application/problem+json" in answer["content"]


class Links(HTMLParser):
    """What a page has and where it leads."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.ids: set[str] = set()
        self.leads: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.tags.add(tag)
        self.ids |= {value or "" for name, value in attrs if name == "id"}
        self.leads |= {value or "" for name, value in attrs if name in {"href", "src"}}


def test_the_reference_needs_nothing_from_elsewhere(api: Api) -> None:
    answer = api.get("/docs")
    assert answer.headers["Content-Type"].startswith("text/html")
    links = Links()
    links.feed(answer.text)
    assert "script" not in links.tags
    assert links.leads - {"/openapi.json"} <= {f"#{name}" for name in links.ids}
    for path in api.get("/openapi.json").json()["paths"]:
        assert path in answer.text
