"""The feed of changes."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from api.problems import InvalidRequest, problems
from api.schemas import Model
from api.selection import MOST, Asked
from api.session import VIEWER, Db
from mdm.errors import BadInput, Forbidden, StoreUnavailable, Unauthorised
from mdm.store import changes

router = APIRouter(
    prefix="/v1/changes",
    tags=["changes"],
    dependencies=[VIEWER],
    responses=problems(Unauthorised, Forbidden, BadInput, StoreUnavailable),
)


class ChangesAsked(Asked):
    """Where to go on."""

    after: Annotated[int, Field(ge=0, lt=1 << 63)] = 0
    """The number of the last event that was dealt with; 0 begins at the beginning."""
    limit: Annotated[int, Field(ge=1, le=MOST)] = 100
    """Events at a time."""


class Event(Model):
    """Something that happened to a golden record."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "seq": 17, "entity": "customer", "golden_id": "cus_01m85w7wxw8rjw6jdrc0knx17c", "version": 2, "event": "merged",
                    "at": "2026-11-23T06:00:00Z", "run": 4, "merged_into": None,
                }
            ]
        }
    )  # fmt: skip

    seq: int
    """Its number. They ascend; some are never used."""
    entity: str
    golden_id: str
    version: int
    """The version that it made; of `absorbed` and `retired`, the last one."""
    event: str
    """`created`, `updated`, `merged` (it absorbed another), `absorbed` (into another), `split` (some of its records went), `revived` (an id is in use
    again), `redirected` (an id out of use leads elsewhere), `retired` (no source holds it any more)."""
    detail: dict[str, Any] | None = None
    """Of a merge, a split or a way to another id: `absorbed`, `from`, `to`, `into`, each the ids."""
    act: str | None = None
    """The act of a steward from which it came."""
    at: datetime
    run: int
    merged_into: str | None = None
    """The id that it leads to by now."""


class Changes(Model):
    """Events in order."""

    items: list[Event]
    next: str
    """The address to ask next, now or later."""
    more: bool
    """Whether there may be more already; if not, ask again in a while."""


@router.get("")
def list_changes(asked: Annotated[ChangesAsked, Query()], db: Db) -> Changes:
    """Follow what happens to golden records, in order and without gaps.

    An event is shown once no earlier one can still appear. Numbers are given out as events are written, and events are seen when their
    transaction is committed; so while a transaction that writes is under way, the feed ends before the first number that is missing, which
    may be its own. Whoever keeps the last number dealt with and goes on from there misses nothing, and gets nothing twice.
    """
    known = changes.horizon(db)
    if asked.after > known.last:
        raise InvalidRequest(
            "/query/after",
            "beyond",
            f"event {asked.after} has not happened; the newest is {known.last}. Was the hub restored? Begin again at 0",
        )
    rows = changes.after(db, asked.after, known, asked.limit)
    items = [
        Event(
            seq=row.seq, entity=row.entity, golden_id=row.golden_id, version=row.version, event=row.event, at=row.at, run=row.run_id,
            merged_into=row.merged_into, detail=row.detail, act=row.act,
        )
        for row in rows
    ]  # fmt: skip
    last = items[-1].seq if items else asked.after
    return Changes(items=items, next=f"/v1/changes?after={last}&limit={asked.limit}", more=len(items) == asked.limit)
