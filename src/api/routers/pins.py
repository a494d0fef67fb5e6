"""Values that stewards set on golden records, whatever the sources say."""

from datetime import datetime
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, ConfigDict, Field, RootModel
from sqlalchemy import Connection

from api.cursors import Cursors, next_link
from api.problems import InvalidRequest, problems
from api.routers.golden import EntityName, GoldenId
from api.schemas import BY_NAME, Model, golden_fields
from api.selection import Line, Paged, known
from api.session import STEWARD, Caller, Db, hub_of
from mdm import stewardship
from mdm.entities import Master
from mdm.errors import BadInput, Conflict, Forbidden, NotFound, StoreUnavailable, Unauthorised
from mdm.pinning import checked
from mdm.stewardship import Steward
from mdm.store import golden, pins

router = APIRouter(
    prefix="/v1",
    tags=["pins"],
    dependencies=[STEWARD],
    responses=problems(Unauthorised, Forbidden, BadInput, StoreUnavailable),
)
EntityAsked = Annotated[Line, Field(examples=["customer"], json_schema_extra={"enum": list(BY_NAME)})]


class Override(Model):
    """A value that is to stand whatever the sources say."""

    value: Annotated[str | bool | None, Field(max_length=4000)]
    """Cleaned as values of the sources are; null says that there is none."""
    reason: Line
    expires_at: AwareDatetime | None = None
    """When the sources are to be believed again."""


class Overrides(RootModel[dict[str, Override | None]]):
    """By field: a value to be pinned, or null to revoke what is pinned there."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"phone": {"value": "05 55 00 00 00", "reason": "they called us", "expires_at": None}}]}
    )


class PinShown(Model):
    """A pin as it is kept."""

    id: int
    entity: str
    source: str
    """The record that holds it: the pin goes where the record goes."""
    key: str
    field: str
    value: str | None
    """Null says that there is none."""
    reason: str
    pinned_by: str
    pinned_at: datetime
    expires_at: datetime | None
    act: str | None
    """The act that it was a part of, by which it can be taken back."""


class DriftShown(Model):
    """A source that has said something else since the pin was made."""

    golden_id: str
    source: str
    key: str
    was: str | None
    says: str | None
    verdict: Literal["agrees", "differs"]
    """Whether it now says what the pin says, or something new again."""


class PinListed(PinShown):
    """A pin, and who has said something else since."""

    drift: list[DriftShown]


class PinsInForce(Model):
    """The pins in force on a golden record, newest first."""

    id: str
    items: list[PinShown]


class Pins(Model):
    """Pins in force, newest first."""

    items: list[PinListed]
    next: str | None
    """The address of the next page; null on the last."""


class PinsAsked(Paged):
    """Which pins."""

    entity: EntityAsked | None = None
    drifted: bool = False
    """Only those of which a source has said something else since; all of them in one page."""


@router.patch("/golden/{entity}/{golden_id}/overrides", responses=problems(NotFound, Conflict))
def patch_overrides(request: Request, entity: EntityName, golden_id: GoldenId, asked: Overrides, db: Db, caller: Caller) -> PinsInForce:
    """Pin values on a golden record, or revoke its pins, with effect at once.

    A pin is held by the first record of the golden record and follows it through merges and splits. Refused (409) on an id that was merged.
    """
    master, anchor = _written(db, entity, golden_id)
    now = hub_of(request).now()
    values = {name: _checked(master, name, wanted, now) for name, wanted in asked.root.items()}
    for name, wanted in asked.root.items():
        if wanted is not None:
            by = Steward(caller.name, wanted.reason)
            stewardship.pin(hub_of(request), db, master, anchor, name, values[name], by, wanted.expires_at)
        else:
            stewardship.unpin(hub_of(request), db, master, anchor, name, Steward(caller.name))
    return PinsInForce(id=golden_id, items=[PinShown(**_shown(pin)) for pin in pins.on(db, entity, anchor)])


def _checked(master: type[Master], name: str, wanted: Override | None, now: datetime) -> str | None:
    known("/body", name, golden_fields(master))
    if wanted is None:
        return None
    if wanted.expires_at is not None and wanted.expires_at <= now:
        raise InvalidRequest(f"/body/{name}/expires_at", "past", "this time is over; leave it out for a pin that does not expire")
    value = str(wanted.value).lower() if isinstance(wanted.value, bool) else wanted.value
    try:
        return checked(master, name, value)
    except BadInput as error:
        raise InvalidRequest(f"/body/{name}/value", "value", str(error)) from None


@router.get("/pins")
def list_pins(request: Request, asked: Annotated[PinsAsked, Query()], db: Db) -> Pins:
    """List pins in force, newest first, each with the sources that have said something else since it was made."""
    if asked.entity is not None:
        known("/query/entity", asked.entity, BY_NAME)
    drifts: dict[int, list[pins.Drift]] = {}
    for entity in [asked.entity] if asked.entity else BY_NAME:
        for drift in pins.drifted(db, entity):
            drifts.setdefault(drift.pin.id, []).append(drift)
    if asked.drifted:
        found = [one[0].pin for _, one in sorted(drifts.items(), reverse=True)]
        return Pins(items=[_listed(pin, drifts[pin.id]) for pin in found], next=None)
    about = ("pins", asked.entity)
    cursors = cast(Cursors, request.app.state.cursors)
    after = cursors.read(about, asked.cursor)
    rows = pins.page(db, asked.entity, None if after is None else int(after[0] or 0), asked.limit + 1)
    more = cursors.at(about, [rows[asked.limit - 1].id]) if len(rows) > asked.limit else None
    return Pins(items=[_listed(pin, drifts.get(pin.id, [])) for pin in rows[: asked.limit]], next=next_link(request, more))


def _written(db: Connection, entity: str, golden_id: str) -> tuple[type[Master], int]:
    """The master, and the record that holds what is pinned on a golden record. Raises NotFound, and Conflict where the id is not in force."""
    if entity not in BY_NAME:
        raise NotFound(f"there is no master {entity!r}; there are {', '.join(BY_NAME)}")
    found = golden.find(db, entity, golden_id)
    if found is None:
        raise NotFound(f"there is no {entity} {golden_id!r}")
    if found.status == "merged":
        raise Conflict(f"{golden_id} was merged into {found.merged_into}; write to that one")
    anchor = pins.anchor(db, golden_id)
    if anchor is None:
        raise Conflict(f"{golden_id} is retired: no source holds any of its records")
    return BY_NAME[entity], anchor


def _listed(pin: pins.Pin, drifts: list[pins.Drift]) -> PinListed:
    told = [
        DriftShown(
            golden_id=one.golden_id, source=one.record.source, key=one.record.key, was=one.was, says=one.says, verdict=one.verdict
        )
        for one in drifts
    ]  # fmt: skip
    return PinListed(**_shown(pin), drift=told)


def _shown(pin: pins.Pin) -> dict[str, Any]:
    return {
        "id": pin.id, "entity": pin.entity, "source": pin.record.source, "key": pin.record.key, "field": pin.field, "value": pin.value,
        "reason": pin.reason, "pinned_by": pin.pinned_by, "pinned_at": pin.pinned_at, "expires_at": pin.expires_at,
        "act": pin.operation,
    }  # fmt: skip
