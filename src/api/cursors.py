"""Cursors: where the next page begins, signed, so that nobody can make one up."""

import hmac
import json
import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode

from fastapi import Request

from api.problems import InvalidRequest

Part = str | int | None
_SIGNATURE = 16


def secret_of(home: Path) -> bytes:
    """The installation's secret, below its home and readable by its owner only; made by whoever asks first.

    Several nodes of one installation share the file, or their cursors are not good for each other.
    """
    place = home / "cursor.key"
    if not place.exists():
        home.mkdir(parents=True, exist_ok=True)
        draft = home / f"cursor.key.{os.getpid()}.{secrets.token_hex(4)}"
        draft.touch(mode=0o600)
        draft.write_bytes(secrets.token_bytes(32))
        with suppress(FileExistsError):
            place.hardlink_to(draft)
        draft.unlink()
    return place.read_bytes()


class Cursors:
    """Makes and reads cursors. One is good for the query that it was made for, in the same words."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def at(self, query: Sequence[object], position: Sequence[Part]) -> str:
        """The cursor of a position in the answer to a query."""
        content = json.dumps(list(position), separators=(",", ":")).encode()
        return urlsafe_b64encode(self._sign(query, content) + content).rstrip(b"=").decode()

    def read(self, query: Sequence[object], cursor: str | None) -> list[Part] | None:
        """The position that a cursor tells; None without one. Raises InvalidRequest."""
        if cursor is None:
            return None
        try:
            decoded = urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        except (Error, ValueError):
            decoded = b""
        signature, content = decoded[:_SIGNATURE], decoded[_SIGNATURE:]
        if not hmac.compare_digest(signature, self._sign(query, content)):
            raise InvalidRequest("/query/cursor", "cursor", "this cursor was not made by this hub for this query; begin without one")
        return list(json.loads(content))

    def _sign(self, query: Sequence[object], content: bytes) -> bytes:
        about = json.dumps(list(query), separators=(",", ":"), default=str).encode()
        return hmac.digest(self._secret, len(about).to_bytes(8) + about + content, "sha256")[:_SIGNATURE]


def next_link(request: Request, cursor: str | None, **fixed: str) -> str | None:
    """The address of the next page: this one's with another cursor, and with what is fixed from now on."""
    if cursor is None:
        return None
    asked = [(name, value) for name, value in request.query_params.multi_items() if name not in {"cursor", *fixed}]
    return f"{request.url.path}?{urlencode([*asked, *fixed.items(), ('cursor', cursor)])}"
