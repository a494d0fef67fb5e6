"""What every request passes first and every response last: trace, limits, headers, log, and no exception beyond here."""

import re
import secrets
import traceback
from collections.abc import Mapping
from time import perf_counter
from typing import Any
from urllib.parse import unquote

import structlog
from prometheus_client import CollectorRegistry, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import InvalidRequest, document, told

BODY_LIMIT = 1 << 20
"""Bytes that a request may bring."""
_NUL = "a NUL character cannot be part of any value; leave it out"
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Those that metrics tell apart: a client can make up any number."""
BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)

SECURITY: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Headers of a response that says nothing else."""


class Edge:
    """An ASGI middleware, the outermost one.

    The log holds the route and not the path, and no query: values there may be those of people.
    """

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self.app = app
        self.log = structlog.get_logger("api")
        self.seconds = Histogram(
            "http_request_seconds", "How long requests took", ["method", "route", "status"], buckets=BUCKETS, registry=registry
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        passing = _Passing(scope, receive, send)
        try:
            _check(scope)
            await self.app(scope, passing.receive, passing.send)
        except Exception as error:
            if passing.status:
                raise
            answer = told(error)
            if answer.status >= 500:
                self.log.error("request.failed", trace_id=passing.trace_id, error=type(error).__name__, where=_where(error))
            await document(answer, passing.trace_id)(scope, receive, passing.send)
        finally:
            self._count(passing)

    def _count(self, passing: "_Passing") -> None:
        summary = passing.summary()
        self.log.info("request", **summary)
        method = summary["method"] if summary["method"] in METHODS else "other"
        self.seconds.labels(method, summary["route"] or "none", passing.status).observe(passing.seconds)


class _Passing:
    """One request on its way."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope, self._receive, self._send = scope, receive, send
        self.started = perf_counter()
        self.seconds = 0.0
        self.status = 0
        self.received = 0
        self.trace_id = _trace_id(scope)
        scope.setdefault("state", {})["trace_id"] = self.trace_id

    async def receive(self) -> Message:
        """What the client sends, up to the limit."""
        message = await self._receive()
        self.received += len(message.get("body", b""))
        if self.received > BODY_LIMIT:
            raise _too_large()
        return message

    async def send(self, message: Message) -> None:
        """What the client is sent, with the headers that every response has."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY.items():
                headers.setdefault(name, value)
            headers["X-Trace-Id"] = self.trace_id
        await self._send(message)

    def summary(self) -> dict[str, Any]:
        """What the log tells of it."""
        route = self.scope.get("route")
        self.seconds = perf_counter() - self.started
        return {
            "method": self.scope["method"],
            "route": getattr(route, "path", None),
            "status": self.status,
            "ms": round(self.seconds * 1000, 1),
            "key": self.scope["state"].get("key"),
            "trace_id": self.trace_id,
        }


def _trace_id(scope: Scope) -> str:
    """The caller's trace (W3C Trace Context), or one of our own."""
    given = _TRACEPARENT.fullmatch(Headers(scope=scope).get("traceparent", ""))
    return given.group(1) if given else secrets.token_hex(16)


def _check(scope: Scope) -> None:
    """Refuse what nothing behind could take: a body that is too large, characters that a text cannot hold."""
    length = Headers(scope=scope).get("content-length", "")
    if length.isdigit() and int(length[:20]) > BODY_LIMIT:
        raise _too_large()
    query = scope["query_string"]
    if "\x00" in scope["path"]:
        raise InvalidRequest("/path", "nul", _NUL)
    if b"%00" in query or b"\x00" in query:
        raise InvalidRequest("/query", "nul", _NUL)
    try:
        unquote(query.decode("ascii"), errors="strict")
        unquote(scope.get("raw_path", b"").decode("ascii"), errors="strict")
    except UnicodeDecodeError:
        raise InvalidRequest("/query", "encoding", "the address is not UTF-8, percent-encoded; encode it so") from None


def _too_large() -> HTTPException:
    return HTTPException(413, f"a request may bring {BODY_LIMIT} bytes at most; split it")


def _where(error: Exception) -> list[str]:
    """The way to the error without its message, which may quote values: file:line function, innermost last."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename.rpartition('/src/')[2]}:{frame.lineno} {frame.name}" for frame in frames[-6:]]
