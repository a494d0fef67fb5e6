"""What every response has, and what is refused at the door."""

import json
from collections.abc import Iterator
from unittest.mock import patch

import pytest
import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from mdm.store import status
from tests.api.served import Api

KEPT_OUT = "Solveig"


def test_every_response_can_be_traced_and_is_nothing_to_embed(api: Api) -> None:
    for path in ("/healthz", "/v1/status", "/nowhere", "/docs"):
        answer = api.get(path)
        assert len(answer.headers["X-Trace-Id"]) == 32
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert "server" not in answer.headers
    assert api.get("/v1/status").headers["Cache-Control"] == "no-store"


def test_a_trace_of_the_caller_goes_on(api: Api) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = api.get("/nowhere", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    assert answer.headers["X-Trace-Id"] == trace == answer.json()["trace_id"]
    assert api.get("/nowhere", headers={"traceparent": "nonsense"}).headers["X-Trace-Id"] != trace


@pytest.mark.parametrize(
    ("method", "path", "code"), [("GET", "/nowhere", 404), ("GET", "/v1/golden/customer/", 404), ("PUT", "/healthz", 405)]
)
def test_what_there_is_not_is_a_problem_document(api: Api, method: str, path: str, code: int) -> None:
    answer = api.call(method, path)
    assert answer.status_code == answer.json()["status"] == code
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["type"].startswith("urn:mdm:problem:")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/xref?entity=customer&source=crm&key=%00",
        "/v1/golden/customer?q=a%00b",
        "/v1/golden/customer/%00",
        "/v1/golden/customer?filter[name]=%ED%A0%80",
        "/v1/golden/customer/%ED%A0%80",
        "/v1/ids/%FF",
        "/v1/golden/customer?%00=1",
    ],
)
def test_characters_that_no_text_holds_are_refused(api: Api, path: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["code"] in {"nul", "encoding"}


@pytest.mark.parametrize(
    "body",
    [
        '{"ids": ["\\u0000"]}', '{"ids": ["\\ud800"]}', '{"ids": [', '"', "[]", "{}", "null", "", '{"ids": ' + "[" * 5000 + "]" * 5000 + "}",
        '{"ids": ["x"], "ids": NaN}', b'{"ids": ["\xff"]}',
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_read_is_a_mistake_of_who_sent_it(api: Api, body: str | bytes) -> None:
    answer = api.call("POST", "/v1/golden/customer:batch-get", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_a_body_has_a_limit_said_or_not(api: Api) -> None:
    path, large = "/v1/golden/customer:batch-get", b" " * ((1 << 20) + 1)
    assert api.call("POST", path, content=large).status_code == 413
    answer = api.call("POST", path, content=(large[at : at + 65536] for at in range(0, len(large), 65536)))
    assert answer.status_code == 413
    assert answer.json()["code"] == "request_entity_too_large"


@pytest.fixture
def failing(api: Api) -> Iterator[None]:
    def fail(db: Connection) -> None:
        raise RuntimeError(f"{KEPT_OUT} fails")

    with patch.object(status, "records", fail):
        yield


@pytest.mark.usefixtures("failing")
def test_what_nobody_foresaw_is_told_without_what_it_was_about(api: Api) -> None:
    with structlog.testing.capture_logs() as logs:
        answer = api.get("/v1/status")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert KEPT_OUT not in answer.text
    assert KEPT_OUT not in json.dumps(logs)
    (failed,) = [entry for entry in logs if entry["event"] == "request.failed"]
    assert (failed["error"], failed["trace_id"]) == ("RuntimeError", answer.json()["trace_id"])
    assert "fail" in failed["where"][-1]


def test_a_database_that_is_away_is_told_with_when_to_come_again(api: Api) -> None:
    def away(db: Connection) -> None:
        raise OperationalError("SELECT 1", {}, Exception("connection refused at 10.0.0.1"))

    with patch.object(status, "answers", away):
        answer = api.get("/readyz", None)
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (503, "store_unavailable", "5")
    assert "10.0.0.1" not in answer.text


def test_the_log_names_the_route_and_no_value(api: Api) -> None:
    with structlog.testing.capture_logs() as logs:
        asked = ((f"/v1/golden/salesperson?q={KEPT_OUT}", 200), (f"/v1/golden/salesperson/{KEPT_OUT}", 404), (f"/{KEPT_OUT}", 404))
        traces = [api.get(path).headers["X-Trace-Id"] for path, _ in asked]
        api.get("/healthz")  # a response is logged when it has been sent; the next one comes after that
    told = {entry["trace_id"]: (entry["route"], entry["status"]) for entry in logs if entry["event"] == "request"}
    assert [told[trace] for trace in traces] == [("/v1/golden/{entity}", 200), ("/v1/golden/{entity}/{golden_id}", 404), (None, 404)]
    assert KEPT_OUT not in json.dumps(logs)
