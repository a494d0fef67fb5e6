"""Errors on the wire: problem documents (RFC 9457), and the one table of exceptions that become them."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mdm.errors import BadInput, HubError, StoreUnavailable, Unauthorised

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5


class Invalid(BaseModel):
    """One thing that is wrong with a request."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    pointer: str
    """Where it stands: `/query/limit`, `/body/left/key`."""
    code: str
    """What sort of mistake it is."""
    message: str
    """What to change."""


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    model_config = ConfigDict(
        use_attribute_docstrings=True,
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:mdm:problem:not_found", "title": "Not Found", "status": 404, "code": "not_found", "errors": [],
                    "detail": "there is no customer 'cus_01'", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
                }
            ]
        },
    )  # fmt: skip

    type: str
    """A name of the sort of problem that does not change."""
    title: str
    """The same for people."""
    status: int
    """HTTP status."""
    detail: str
    """What happened, and what to do about it."""
    code: str
    """The last part of `type`, to branch on."""
    errors: list[Invalid]
    """Everything that is wrong with the request, where that is the problem."""
    trace_id: str
    """Quote it to whoever runs the hub."""


class InvalidRequest(BadInput):
    """A request that cannot be answered as it is."""

    def __init__(self, pointer: str, code: str, message: str) -> None:
        super().__init__(message)
        self.errors = (Invalid(pointer=pointer, code=code, message=message),)


@dataclass(frozen=True)
class Told:
    """What the client is told of an exception."""

    status: int
    code: str
    detail: str
    errors: Sequence[Invalid] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


def _of_hub(error: HubError) -> Told:
    return Told(error.status, error.code, str(error), getattr(error, "errors", ()), _headers(error))


def _headers(error: HubError) -> dict[str, str]:
    if isinstance(error, Unauthorised):
        return {"WWW-Authenticate": getattr(error, "challenge", "Bearer")}
    return {"Retry-After": str(RETRY_SECONDS)} if error.retry else {}


def _of_validation(error: RequestValidationError) -> Told:
    wrong = [
        Invalid(pointer="/" + "/".join(map(str, found["loc"])), code=found["type"], message=_message(found)) for found in error.errors()
    ]
    return Told(BadInput.status, "invalid_request", "; ".join(f"{one.pointer[1:]}: {one.message}" for one in wrong[:3]), wrong)


def _message(found: Mapping[str, Any]) -> str:
    """Pydantic's sentence, without the name of the exception that a validator raised."""
    return re.sub(r"^Value error, ", "", str(found["msg"]))


def _of_http(error: HTTPException) -> Told:
    phrase = HTTPStatus(error.status_code).phrase
    return Told(error.status_code, phrase.lower().replace(" ", "_"), str(error.detail or phrase), (), dict(error.headers or {}))


def _of_store(error: Exception) -> Told:
    return _of_hub(StoreUnavailable("the database cannot be reached, or is too busy; try again in a few seconds"))


def _unexpected(error: Exception) -> Told:
    return Told(500, HubError.code, "something went wrong that should not have; quote the trace_id to whoever runs the hub")


TABLE: dict[type[Exception], Callable[[Any], Told]] = {
    HubError: _of_hub,
    RequestValidationError: _of_validation,
    HTTPException: _of_http,
    OperationalError: _of_store,
    PoolExhausted: _of_store,
    Exception: _unexpected,
}
"""Which exception is told how; the nearest class counts."""


def told(error: Exception) -> Told:
    """What the client is told of an exception."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return _of_store(error)
    return next(TABLE[kind] for kind in type(error).__mro__ if kind in TABLE)(error)


def document(answer: Told, trace_id: str) -> Response:
    """The response."""
    problem = {
        "type": f"urn:mdm:problem:{answer.code}",
        "title": HTTPStatus(answer.status).phrase,
        "status": answer.status,
        "detail": answer.detail,
        "code": answer.code,
        "errors": [one.model_dump() for one in answer.errors],
        "trace_id": trace_id,
    }
    return Response(json.dumps(problem), answer.status, dict(answer.headers), MEDIA_TYPE)


async def respond(request: Request, error: Exception) -> Response:
    """The handler of every exception that the table names."""
    return document(told(error), request.state.trace_id)


def problems(*errors: type[HubError]) -> dict[int | str, dict[str, Any]]:
    """The problems that an endpoint may answer with, for OpenAPI."""
    return {error.status: described((error.__doc__ or "").strip()) for error in errors}


def described(what: str) -> dict[str, Any]:
    """A problem document in OpenAPI."""
    return {"description": what, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
