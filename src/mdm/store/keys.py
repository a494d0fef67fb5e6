"""Keys of the API in the database: 256 bits of chance, shown once, kept as their SHA-256."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal, get_args

from sqlalchemy import Connection, Row, bindparam, func, insert, or_, select, update

from mdm.errors import BadInput, Conflict
from mdm.store.database import lock
from mdm.store.tables import api_key

Role = Literal["source", "viewer", "analyst", "steward", "admin"]
"""What a key may do: viewer < analyst < steward < admin each hold the rights of the one before; source only delivers."""

FORM = re.compile(r"mdm_[0-9a-f]{8}_[0-9a-f]{64}")
"""What a key looks like: `mdm_<prefix>_<secret>`."""


@dataclass(frozen=True)
class ApiKey:
    """A key as it may be shown: everything but the key."""

    id: int
    name: str
    role: Role
    prefix: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


_SHOWN = [column for column in api_key.c if column.name != "hash"]
_VALID = api_key.c.revoked_at.is_(None) & or_(api_key.c.expires_at.is_(None), api_key.c.expires_at > func.now())
_FIND = select(*_SHOWN).where(api_key.c.hash == bindparam("hash"), _VALID)


def issue(db: Connection, name: str, role: str, expires_at: datetime | None = None) -> str:
    """Make a key. It is returned here and nowhere else. Raises BadInput on a role that there is not."""
    if role not in get_args(Role):
        raise BadInput(f"there is no role {role!r}; there are {', '.join(get_args(Role))}")
    prefix = secrets.token_hex(4)
    key = f"mdm_{prefix}_{secrets.token_hex(32)}"
    db.execute(insert(api_key).values(name=name, role=role, prefix=prefix, hash=_hash(key), expires_at=expires_at))
    return key


def find(db: Connection, key: str) -> ApiKey | None:
    """The key, if it is one that is in force.

    It is looked up by its hash: how long that takes tells nothing of how much of the key was right.
    """
    row = db.execute(_FIND, {"hash": _hash(key)}).one_or_none()
    return None if row is None else _shown(row)


def listed(db: Connection) -> list[ApiKey]:
    """Every key ever issued, oldest first."""
    return [_shown(row) for row in db.execute(select(*_SHOWN).order_by(api_key.c.id))]


def revoke(db: Connection, key_id: int) -> ApiKey | None:
    """End a key from now on; None where there is no such key, or it was revoked before.

    Raises Conflict on the last admin key in force: nobody could issue another.
    """
    lock(db, "api keys")
    admins = list(db.execute(select(api_key.c.id).where(api_key.c.role == "admin", _VALID)).scalars())
    if admins == [key_id]:
        raise Conflict("this is the last admin key in force; issue another one first")
    row = db.execute(
        update(api_key).where(api_key.c.id == key_id, api_key.c.revoked_at.is_(None)).values(revoked_at=func.now()).returning(*_SHOWN)
    ).one_or_none()
    return None if row is None else _shown(row)


def first_admin_key(db: Connection) -> str | None:
    """The one-time admin key of a new hub, or None once there ever was one; of several processes that start at once, one gets it."""
    lock(db, "api keys")
    if db.execute(select(api_key.c.id).where(api_key.c.role == "admin").limit(1)).one_or_none() is not None:
        return None
    return issue(db, "first admin", "admin")


def _hash(key: str) -> bytes:
    return sha256(key.encode()).digest()


def _shown(row: Row[*tuple[Any, ...]]) -> ApiKey:
    return ApiKey(**row._mapping)
