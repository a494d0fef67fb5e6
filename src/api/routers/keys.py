"""API keys: issued, listed, revoked."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import AwareDatetime, ConfigDict

from api.problems import InvalidRequest, problems
from api.schemas import Model
from api.selection import Line
from api.session import ADMIN, Caller, Db, hub_of
from mdm.errors import BadInput, Conflict, Forbidden, NotFound, StoreUnavailable, Unauthorised
from mdm.store import audit, keys
from mdm.store.keys import ApiKey, Role

router = APIRouter(
    prefix="/v1/api-keys",
    tags=["API keys"],
    dependencies=[ADMIN],
    responses=problems(Unauthorised, Forbidden, BadInput, StoreUnavailable),
)

KeyId = Annotated[int, Path(ge=1, lt=1 << 63)]


class KeyIn(Model):
    """A key to be issued."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Power BI", "role": "analyst", "expires_at": "2027-12-31T23:59:59Z"}]}
    )

    name: Line
    """Who or what it is for."""
    role: Role
    """viewer < analyst < steward < admin: each has the rights of the one before; source only delivers."""
    expires_at: AwareDatetime | None = None
    """When it ends by itself."""


class Key(Model):
    """A key, without the key."""

    id: int
    name: str
    role: Role
    prefix: str
    """The part by which it can be told from others."""
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class NewKey(Key):
    """A key that was issued."""

    key: str
    """The key itself. It is shown here and never again."""


class Keys(Model):
    """Keys, oldest first."""

    items: list[Key]


@router.post("", status_code=201)
def create_api_key(request: Request, response: Response, wanted: KeyIn, db: Db, caller: Caller) -> NewKey:
    """Issue a key. The answer shows it, and nothing ever will again."""
    if wanted.expires_at is not None and wanted.expires_at <= hub_of(request).now():
        raise InvalidRequest("/body/expires_at", "past", "a key cannot expire before it is issued; give a time ahead, or none")
    secret = keys.issue(db, wanted.name, wanted.role, wanted.expires_at)
    made = keys.find(db, secret)
    if made is None:
        raise InvalidRequest("/body/expires_at", "past", "by the clock of the database this key has expired already; give a later time")
    audit.append(db, caller.name, "key.issued", f"key {made.prefix}", {"name": made.name, "role": made.role}, hub_of(request).now())
    response.headers["Location"] = f"/v1/api-keys/{made.id}"
    return NewKey(**vars(made), key=secret)


@router.get("")
def list_api_keys(db: Db) -> Keys:
    """List every key ever issued, without the keys."""
    return Keys(items=[_shown(key) for key in keys.listed(db)])


@router.delete("/{key_id}", responses=problems(NotFound, Conflict))
def revoke_api_key(request: Request, key_id: KeyId, db: Db, caller: Caller) -> Key:
    """Revoke a key, from now on. The last admin key cannot be."""
    ended = keys.revoke(db, key_id)
    if ended is None:
        raise NotFound(f"there is no key {key_id} in force")
    audit.append(db, caller.name, "key.revoked", f"key {ended.prefix}", {"name": ended.name, "role": ended.role}, hub_of(request).now())
    return _shown(ended)


def _shown(key: ApiKey) -> Key:
    return Key(**vars(key))
