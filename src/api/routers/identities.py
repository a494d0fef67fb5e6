"""From a record of a source to its golden record, and from an old id to the one in force."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import ConfigDict, Field

from api.moments import Known, standing
from api.problems import problems
from api.schemas import BY_NAME, Model
from api.selection import Line, known
from api.session import VIEWER, Db
from mdm.errors import BadInput, Forbidden, NotFound, StoreUnavailable, Unauthorised
from mdm.store import golden

router = APIRouter(
    prefix="/v1",
    tags=["identity"],
    dependencies=[VIEWER],
    responses=problems(Unauthorised, Forbidden, NotFound, BadInput, StoreUnavailable),
)


class CrosswalkAsked(Known):
    """A record as its source names it."""

    entity: Annotated[Line, Field(examples=["customer"], json_schema_extra={"enum": list(BY_NAME)})]
    source: Annotated[Line, Field(examples=["crm"])]
    key: Annotated[Line, Field(examples=["001"])]


class Crosswalk(Model):
    """The golden record that a record of a source belongs to."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "entity": "customer", "source": "crm", "key": "001", "golden_id": "cus_01m85w7wxw8rjw6jdrc0knx17c",
                    "since": "2026-11-23T06:00:00Z", "until": None, "deleted": False,
                }
            ]
        }
    )  # fmt: skip

    entity: str
    source: str
    key: str
    golden_id: str
    """The id in force; of a record that the source has deleted, that of the golden record that it belonged to last."""
    since: datetime
    """Since when the record belongs there."""
    until: datetime | None = None
    """Until when, where the source has deleted it."""
    deleted: bool
    """Whether the source has deleted the record."""


@router.get("/xref")
def get_crosswalk(asked: Annotated[CrosswalkAsked, Query()], db: Db) -> Crosswalk:
    """Find the golden record of a source's record."""
    known("/query/entity", asked.entity, BY_NAME)
    found = golden.crosswalk(db, asked.entity, asked.source, asked.key, standing(db, asked.known_at))
    if found is None:
        raise NotFound(f"there is no {asked.entity} {asked.key!r} of {asked.source!r}")
    if found.golden_id is None or found.since is None:
        raise NotFound(
            f"{asked.entity} {asked.key!r} of {asked.source!r} has landed and is not matched yet; ask again after the next match"
        )
    return Crosswalk(
        entity=asked.entity,
        source=asked.source,
        key=asked.key,
        golden_id=found.merged_into or found.golden_id,
        since=found.since,
        until=found.until,
        deleted=found.deleted,
    )


class Identity(Model):
    """What became of an id."""

    id: str
    """The id asked for."""
    entity: str
    status: Literal["live", "merged", "retired"]
    resolved: str
    """The id in force: itself, or the one that absorbed it, in one hop."""
    born_at: datetime
    ended_at: datetime | None
    """When it was merged or retired."""
    aliases: list[str]
    """Every id that leads to the one in force, oldest first."""
    parts: list[str]
    """The ids in use that hold records which this one has ever held: several where it was split."""


@router.get("/ids/{golden_id}")
def get_identity(
    golden_id: Annotated[str, Path(max_length=64, examples=["cus_01m85w7wxw8rjw6jdrc0knx17c"])], asked: Annotated[Known, Query()], db: Db
) -> Identity:
    """Tell what became of an id, of whatever entity."""
    moment = standing(db, asked.known_at)
    found = golden.identified(db, golden_id, moment)
    if found is None:
        raise NotFound(f"the hub has never given out the id {golden_id!r}")
    resolved = found.merged_into or found.id
    return Identity(
        id=found.id,
        entity=found.entity,
        status=found.status,
        resolved=resolved,
        born_at=found.born_at,
        ended_at=found.known_to,
        aliases=golden.aliases(db, resolved, moment),
        parts=golden.parts(db, found.id, moment),
    )
