"""Responses that are made by hand: JSON bytes, entity tags, the way from an old id to its survivor."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from pydantic_core import to_json

from api.schemas import collected, typed
from mdm.entities import Master
from mdm.store.golden import Found

REVALIDATE = "private, no-cache"
"""It may be kept, and is asked for again with its tag."""


class Json(JSONResponse):
    """A response from values that need no model."""

    def render(self, content: Any) -> bytes:
        """As JSON, dates and times in ISO 8601."""
        return to_json(content)


def golden_json(entity: type[Master], found: Found, only: tuple[str, ...] | None = None, **more: Any) -> dict[str, Any]:
    """A golden record as it goes over the wire."""
    return {
        "id": found.id,
        "entity": entity.entity,
        "status": getattr(found, "status", "live"),
        "merged_into": getattr(found, "merged_into", None),
        "version": found.version,
        "members": found.members,
        "known_from": found.known_from,
        "known_to": found.known_to,
        "score": None,
        "expanded": None,
        "values": {**typed(entity, found.data, only), **(collected(entity, found.data) if only is None else {})},
        **more,
    }


def tagged(request: Request, content: Any) -> Response:
    """A response with its strong entity tag, or 304 where the client has it already."""
    body = to_json(content)
    etag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": REVALIDATE}
    if _has(request.headers, etag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


def _has(headers: Mapping[str, str], etag: str) -> bool:
    held = [one.strip().removeprefix("W/") for one in headers.get("if-none-match", "").split(",")]
    return etag in held or held == ["*"]


def moved(request: Request, entity: type[Master], found: Found) -> Response | None:
    """The way to the survivor, in one hop, where an id was merged."""
    if found.status != "merged":
        return None
    path = request.url.path.replace(f"/{found.id}", f"/{found.merged_into}", 1)
    location = f"{path}?{request.url.query}" if request.url.query else path
    body = {"id": found.id, "entity": entity.entity, "status": "merged", "merged_into": found.merged_into, "merged_at": found.known_to}
    return Json(body, 308, {"Location": location, "Cache-Control": "private, max-age=60"})
