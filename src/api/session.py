"""The transaction of a request: opened for a caller with a valid key, committed before the response is sent."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBasic, HTTPBasicCredentials, HTTPBearer
from sqlalchemy import Connection

from mdm.errors import Forbidden, Unauthorised
from mdm.pipeline import Hub
from mdm.store import keys
from mdm.store.keys import ApiKey, Role

SLOTS = 10
"""Requests that hold a database connection at a time, as many as the pool keeps. Others wait for a slot, not for a connection: waiting
for one inside a worker thread, while those who have one wait for a thread, would be a deadlock."""

RANK: dict[Role, int] = {"source": 0, "viewer": 1, "analyst": 2, "steward": 3, "admin": 4}

_BEARER = HTTPBearer(auto_error=False, scheme_name="bearer", description="`Authorization: Bearer mdm_...`: an API key.")
_HEADER = APIKeyHeader(name="X-API-Key", auto_error=False, scheme_name="apiKey", description="The same key in a header of its own.")
_BASIC = HTTPBasic(auto_error=False, scheme_name="basic")


@dataclass(frozen=True)
class Visit:
    """A caller and the transaction of its request."""

    caller: ApiKey
    db: Connection


def hub_of(request: Request) -> Hub:
    """The hub that the app serves."""
    return cast(Hub, request.app.state.hub)


async def presented(
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)], header: Annotated[str | None, Depends(_HEADER)]
) -> str:
    """The key that came with the request. Raises Unauthorised before the database is asked."""
    key = bearer.credentials if bearer is not None else header
    if key is None:
        raise Unauthorised("this needs an API key: send `Authorization: Bearer <key>` or `X-API-Key: <key>`")
    if not keys.FORM.fullmatch(key):
        raise Unauthorised("this is not a key of this hub: one looks like mdm_<8 figures>_<64 figures>")
    return key


def visit(request: Request, key: Annotated[str, Depends(presented)]) -> Iterator[Visit]:
    """One transaction a request. Raises Unauthorised."""
    with hub_of(request).engine.begin() as db:
        caller = keys.find(db, key)
        if caller is None:
            raise Unauthorised("this key is unknown, expired or revoked")
        request.state.key = caller.prefix
        yield Visit(caller, db)


_VISIT = Depends(visit, scope="function", max_concurrency=SLOTS)
"""`scope="function"`: with the default, a commit that fails would follow a response that said all was well."""


async def _db(visiting: Annotated[Visit, _VISIT]) -> Connection:
    return visiting.db


async def _caller(visiting: Annotated[Visit, _VISIT]) -> ApiKey:
    return visiting.caller


Db = Annotated[Connection, Depends(_db)]
"""The transaction of the request."""
Caller = Annotated[ApiKey, Depends(_caller)]
"""Whose request it is."""


class Unread(Unauthorised):
    """No valid key, on a page that is read in a browser."""

    challenge = 'Basic realm="a key of this hub, as password", charset="UTF-8"'


def reading(
    request: Request,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
    header: Annotated[str | None, Depends(_HEADER)],
    basic: Annotated[HTTPBasicCredentials | None, Depends(_BASIC)],
) -> None:
    """Lets those pass who have a key; a browser asks for it as a password. Raises Unread."""
    key = bearer.credentials if bearer is not None else basic.password if basic is not None else header
    if key is None or not keys.FORM.fullmatch(key):
        raise Unread("this needs an API key: as Bearer, as X-API-Key, or as the password of whatever user")
    with hub_of(request).engine.begin() as db:
        if keys.find(db, key) is None:
            raise Unread("this key is unknown, expired or revoked")


READER = Depends(reading)
"""Whoever has a valid key, in a browser too. For pages that change nothing: a browser sends a password again without being asked."""


class AtLeast:
    """Lets those pass who have the role, or one above it. Raises Forbidden."""

    def __init__(self, role: Role) -> None:
        self.role = role

    async def __call__(self, caller: Caller) -> None:
        """Check the caller."""
        if RANK[caller.role] < RANK[self.role]:
            raise Forbidden(f"this needs a key with the role {self.role!r} or above; yours has {caller.role!r}")


ANYBODY = Depends(_caller)
"""Whoever has a valid key."""
VIEWER, ANALYST, STEWARD, ADMIN = (Depends(AtLeast(role)) for role in ("viewer", "analyst", "steward", "admin"))
