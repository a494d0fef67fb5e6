"""What stewards do to golden records: merge, split, move, confirm; and taking it back."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, cast

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field
from sqlalchemy import Connection

from api.answers import golden_json
from api.cursors import Cursors, next_link
from api.impacts import ImpactShown, impact_of
from api.problems import InvalidRequest, problems
from api.schemas import BY_NAME, AnyGolden, Model, Named
from api.selection import Line, Paged, known
from api.session import STEWARD, Caller, Db, hub_of
from mdm import stewardship
from mdm.entities import Master
from mdm.errors import BadInput, Conflict, Forbidden, NotFound, PreconditionFailed, StoreUnavailable, Unauthorised
from mdm.stewardship import Done, Steward
from mdm.store import decisions, golden, operations, stakes
from mdm.store.decisions import RecordKey
from mdm.store.operations import Operation

router = APIRouter(
    prefix="/v1",
    tags=["stewardship"],
    dependencies=[STEWARD],
    responses=problems(Unauthorised, Forbidden, NotFound, Conflict, PreconditionFailed, BadInput, StoreUnavailable),
)

GoldenId = Annotated[Line, Field(max_length=64, examples=["cus_01m85w7wxw8rjw6jdrc0knx17c"])]
ActId = Annotated[str, Path(max_length=64, examples=["opa_01m85w7wxw8rjw6jdrc0knx17c"])]
Versions = Annotated[dict[str, int], Field(max_length=1000)]


class Act(Model):
    """What every act has."""

    entity: Annotated[Line, Field(examples=["customer"], json_schema_extra={"enum": list(BY_NAME)})]
    reason: Line | None = None
    dry_run: bool = False
    """Only tell what would come of it."""
    versions: Versions | None = None
    """By golden id, the version that was looked at; where one is another by now, nothing is done (412)."""


class MergeIn(Act):
    """Golden records to become one."""

    ids: Annotated[list[GoldenId], Field(min_length=2, max_length=1000)]


class SplitIn(Act):
    """Records to be a golden record of their own."""

    id: GoldenId
    records: Annotated[list[Named], Field(min_length=1, max_length=10_000)]


class MoveIn(SplitIn):
    """Records to go into another golden record."""

    to: GoldenId


class ConfirmIn(Act):
    """A golden record that is one thing."""

    id: GoldenId


class RevertIn(Model):
    """Why something is taken back."""

    reason: Line | None = None
    dry_run: bool = False
    """Only tell what would come of it."""


class Became(Model):
    """What became of a golden record."""

    entity: str
    golden_id: str
    version: int
    event: str
    """`created`, `updated`, `merged`, `absorbed`, `split`, `revived`, `redirected`, `retired`."""
    detail: dict[str, Any] | None = None


class Outcome(Model):
    """What was done, or would be."""

    id: str | None
    """The number by which it can be taken back; null where it was not done."""
    events: list[Became]
    records: list[Named]
    """The records that go to another golden record."""
    golden: list[AnyGolden]
    """The golden records of the entity that come of it."""
    impact: ImpactShown
    """What moves with the records: facts and their sums."""


@router.post("/merges")
def merge_golden(request: Request, asked: MergeIn, db: Db, caller: Caller) -> Outcome:
    """Make one golden record of several. The oldest id survives, the others lead to it from then on.

    Refused (409) where an id is out of use, and where rulings in force say otherwise, with the chain that does.
    """
    return _told(
        request, db, asked, lambda entity, by: stewardship.merge(hub_of(request), db, entity, asked.ids, by, asked.versions), caller.name
    )


@router.post("/splits")
def split_golden(request: Request, asked: SplitIn, db: Db, caller: Caller) -> Outcome:
    """Take records out of a golden record, to be one of their own. Rulings that held them together are revoked, and return when it is taken back."""

    def act(entity: type[Master], by: Steward) -> Done:
        records = _records(db, entity, asked.records)
        return stewardship.split(hub_of(request), db, entity, asked.id, records, by, asked.versions)

    return _told(request, db, asked, act, caller.name)


@router.post("/moves")
def move_records(request: Request, asked: MoveIn, db: Db, caller: Caller) -> Outcome:
    """Take records out of one golden record and into another."""

    def act(entity: type[Master], by: Steward) -> Done:
        records = _records(db, entity, asked.records)
        return stewardship.move(hub_of(request), db, entity, asked.id, records, asked.to, by, asked.versions)

    return _told(request, db, asked, act, caller.name)


@router.post("/confirmations")
def confirm_golden(request: Request, asked: ConfirmIn, db: Db, caller: Caller) -> Outcome:
    """Rule that a golden record is one thing: it stays whole whatever the engine thinks of its records."""
    return _told(request, db, asked, lambda entity, by: stewardship.confirm(hub_of(request), db, entity, asked.id, by), caller.name)


class ActsAsked(Paged):
    """Which acts."""

    entity: Annotated[Line, Field(examples=["customer"], json_schema_extra={"enum": list(BY_NAME)})] | None = None


class Acted(Model):
    """Something that a steward did."""

    id: str
    entity: str
    kind: str
    """`merge`, `split`, `move`, `confirm`, `rule`, `revoke`, `pin`, `unpin`, `revert`."""
    actor: str
    reason: str | None
    at: datetime
    run: int
    detail: dict[str, Any]
    reverts: str | None
    """The act that this one takes back."""
    reverted_by: str | None
    """The act that took this one back."""


class Acts(Model):
    """What stewards did, newest first."""

    items: list[Acted]
    next: str | None
    """The address of the next page; null on the last."""


@router.get("/acts")
def list_acts(request: Request, asked: Annotated[ActsAsked, Query()], db: Db) -> Acts:
    """List what stewards did, newest first."""
    if asked.entity is not None:
        known("/query/entity", asked.entity, BY_NAME)
    about = ("acts", asked.entity)
    cursors = cast(Cursors, request.app.state.cursors)
    after = cursors.read(about, asked.cursor)
    rows = operations.page(db, asked.entity, None if after is None else str(after[0]), asked.limit + 1)
    more = cursors.at(about, [rows[asked.limit - 1].id]) if len(rows) > asked.limit else None
    return Acts(items=[_acted(row) for row in rows[: asked.limit]], next=next_link(request, more))


class ActDone(Acted):
    """An act with what came of it."""

    events: list[Became]


@router.get("/acts/{act_id}")
def get_act(act_id: ActId, db: Db) -> ActDone:
    """Get an act with what came of it."""
    found = operations.get(db, act_id)
    if found is None:
        raise NotFound(f"there is no act {act_id!r}")
    return ActDone(**dict(_acted(found)), events=_became(operations.events(db, found.run_id)))


@router.post("/acts/{act_id}/revert")
def revert_act(request: Request, act_id: ActId, asked: RevertIn, db: Db, caller: Caller) -> Outcome:
    """Take an act back, however long ago it was: what it ruled is revoked, what it revoked is ruled again, its ids return."""
    by = Steward(caller.name, asked.reason)
    return _outcome(request, db, lambda: stewardship.revert(hub_of(request), db, act_id, by, BY_NAME), dry_run=asked.dry_run)


def _told(request: Request, db: Connection, asked: Act, act: Callable[[type[Master], Steward], Done], caller: str) -> Outcome:
    known("/body/entity", asked.entity, BY_NAME)
    by = Steward(caller, asked.reason)
    return _outcome(request, db, lambda: act(BY_NAME[asked.entity], by), dry_run=asked.dry_run)


def _outcome(request: Request, db: Connection, act: Callable[[], Done], *, dry_run: bool) -> Outcome:
    """Do it and tell what came of it; a dry run takes it back before anybody sees it."""
    settings = hub_of(request).settings
    with db.begin_nested() as trial:
        done = act()
        entity = BY_NAME[done.entity]
        ids = dict.fromkeys(event.golden_id for event in done.events if event.entity == done.entity)
        found = golden.many(db, done.entity, list(ids))
        live = [golden_json(entity, found[golden_id]) for golden_id in ids if golden_id in found and found[golden_id].status == "live"]
        named = decisions.keys_of(db, done.records)
        moved = stakes.impact(db, entity, done.records, settings.currency)
        if dry_run:
            trial.rollback()
    records = [Named(source=key.source, key=key.key) for key in named]
    number, shown = None if dry_run else done.id, cast(list[AnyGolden], live)
    return Outcome(id=number, events=_became(done.events), records=records, golden=shown, impact=impact_of(settings, moved))


def _became(events: Sequence[operations.Event]) -> list[Became]:
    return [
        Became(entity=event.entity, golden_id=event.golden_id, version=event.version, event=event.event, detail=cast(Any, event.detail))
        for event in events
    ]


def _acted(found: Operation) -> Acted:
    return Acted(
        id=found.id, entity=found.entity, kind=found.kind, actor=found.actor, reason=found.reason, at=found.at, run=found.run_id,
        detail=dict(found.detail), reverts=found.reverts, reverted_by=found.reverted_by,
    )  # fmt: skip


def _records(db: Connection, entity: type[Master], named: Sequence[Named]) -> list[int]:
    found = []
    for at, one in enumerate(named):
        number = decisions.record_id(db, entity.entity, RecordKey(one.source, one.key))
        if number is None:
            raise InvalidRequest(f"/body/records/{at}", "unknown_record", f"there is no {entity.entity} {one.key!r} of {one.source!r}")
        found.append(number)
    return found
