"""The work queue: what waits for a steward, taken, judged, put off; and how far stewards agree."""

from typing import Annotated, Literal, cast

from fastapi import APIRouter, Path, Query, Request
from pydantic import ConfigDict, Field
from sqlalchemy import Connection

from api.cursors import Cursors, next_link
from api.problems import problems
from api.routers.stewardship import EntityAsked
from api.schemas import BY_NAME, Model
from api.selection import Asked, Line, Paged, known
from api.session import STEWARD, Caller, Db, hub_of
from api.tasks import Case, TaskShown, case_of, shown
from api.words import word
from mdm import agreement, judgement
from mdm.agreement import Agreement, Verdict
from mdm.dossier import dossier
from mdm.errors import BadInput, Conflict, Forbidden, NotFound, StoreUnavailable, Unauthorised
from mdm.judgement import Outcome
from mdm.queue import KINDS, Kind
from mdm.store import audit, tasks
from mdm.store.tasks import WAITING, Status, Task, Wanted

router = APIRouter(
    prefix="/v1",
    tags=["work queue"],
    dependencies=[STEWARD],
    responses=problems(Unauthorised, Forbidden, BadInput, StoreUnavailable),
)

TaskId = Annotated[int, Path(ge=1, lt=1 << 63)]
Language = Literal["fr", "en"]
MOST_AT_ONCE = 50


class Tasks(Model):
    """Tasks in the order in which they are to be done."""

    items: list[TaskShown]
    next: str | None
    """The address of the next page; null on the last."""


class TasksAsked(Paged):
    """Which tasks."""

    kind: Annotated[Kind | None, Field(examples=["pair"])] = None
    entity: EntityAsked | None = None
    status: Status | None = None
    """Those that wait, `open` and `second`, where it is not given."""
    assignee: Line | None = None


@router.get("/tasks")
def list_tasks(request: Request, asked: Annotated[TasksAsked, Query()], db: Db) -> Tasks:
    """List tasks, by default those that wait: the least skipped first, then by what hangs on them times how open they are."""
    if asked.entity is not None:
        known("/query/entity", asked.entity, BY_NAME)
    about = ("tasks", asked.kind, asked.entity, asked.status, asked.assignee)
    cursors = cast(Cursors, request.app.state.cursors)
    after = cursors.read(about, asked.cursor)
    place = None if after is None else (int(after[0] or 0), float(after[1] or 0), str(after[2]))
    wanted = Wanted(
        kinds=[asked.kind] if asked.kind else (),
        entities=[asked.entity] if asked.entity else (),
        statuses=[asked.status] if asked.status else WAITING,
        assignee=asked.assignee,
    )
    rows = tasks.page(db, wanted, place, asked.limit + 1)
    page = rows[: asked.limit]
    more = cursors.at(about, [page[-1].skips, repr(page[-1].rank), page[-1].subject]) if len(rows) > len(page) else None
    return Tasks(items=shown(hub_of(request).settings, db, page), next=next_link(request, more))


class Claim(Model):
    """Which tasks to take."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"kinds": ["pair"], "entity": "customer", "limit": 5}]})

    kinds: list[Kind] = Field(default_factory=list, max_length=len(KINDS))
    """All where none is named."""
    entity: EntityAsked | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_AT_ONCE)] = 5


class Claimed(Model):
    """Tasks that are kept for the caller."""

    items: list[TaskShown]


@router.post("/tasks:claim")
def claim_tasks(request: Request, wanted: Claim, db: Db, caller: Caller) -> Claimed:
    """Take the next tasks; nobody else gets them until the lease ends (MDM_LEASE_MINUTES) or they are released.

    What the caller has taken before and not judged comes again, with a new lease. A task that waits for another steward is not given to
    one who has judged it.
    """
    if wanted.entity is not None:
        known("/body/entity", wanted.entity, BY_NAME)
    hub = hub_of(request)
    entities = [wanted.entity] if wanted.entity else ()
    found = tasks.claim(db, caller.name, wanted.kinds, entities, wanted.limit, hub.now(), hub.settings.lease_minutes)
    return Claimed(items=shown(hub.settings, db, found))


class CaseAsked(Asked):
    """In which language."""

    lang: Language | None = None
    """Of everything in words; MDM_LANGUAGE where it is not given."""


@router.get("/tasks/{task_id}", responses=problems(NotFound))
def get_task(request: Request, task_id: TaskId, asked: Annotated[CaseAsked, Query()], db: Db, caller: Caller) -> Case:
    """Get a task with all that it takes to judge it: records, evidence, what would move, what others thought."""
    found = tasks.get(db, task_id)
    if found is None:
        raise NotFound(f"there is no task {task_id}")
    settings = hub_of(request).settings.model_copy(update={"language": asked.lang} if asked.lang else {})
    return case_of(settings, db, dossier(db, settings, found), caller.name)


class Judgement(Model):
    """A verdict."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"verdict": "same", "reason": "the same SIREN on their letterheads"}]})

    verdict: Verdict
    """`same`, `different` or `unsure` of a pair or a golden record; `keep`, `drop` or `unsure` of a value or a pin."""
    reason: Line | None = None


class Judged(Model):
    """What came of a verdict."""

    task: TaskShown
    outcome: Outcome
    """`settled`: it is ruled; `second`: another steward has to see it; `third`: stewards disagree, and one more has to see it."""
    message: str


_CLOSED = problems(NotFound, Conflict)


@router.post("/tasks/{task_id}/verdict", responses=_CLOSED)
def judge_task(request: Request, task_id: TaskId, given: Judgement, db: Db, caller: Caller) -> Judged:
    """Judge a task.

    It takes effect at once where the stake is not above MDM_SECOND_STEWARD_ABOVE, else when a second steward agrees; where they disagree a
    third is asked. Refused (409) where the task is closed, another looks at it, or the caller has judged it.
    """
    hub = hub_of(request)
    done = judgement.judge(hub, db, task_id, caller.name, given.verdict, given.reason)
    _audit(request, db, caller.name, "task.judged", done.task, verdict=given.verdict, reason=given.reason, outcome=done.outcome)
    return Judged(task=_one(request, db, done.task), outcome=done.outcome, message=word(hub.settings, f"judged_{done.outcome}"))


@router.post("/tasks/{task_id}/skip", responses=_CLOSED)
def skip_task(request: Request, task_id: TaskId, db: Db, caller: Caller) -> TaskShown:
    """Put a task behind those that were skipped less often, for whoever comes to it."""
    done = judgement.skip(db, hub_of(request).now(), task_id, caller.name)
    _audit(request, db, caller.name, "task.skipped", done)
    return _one(request, db, done)


class Snooze(Model):
    """For how long."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"hours": 24}]})

    hours: Annotated[float, Field(gt=0, le=24 * 366)]


@router.post("/tasks/{task_id}/snooze", responses=_CLOSED)
def snooze_task(request: Request, task_id: TaskId, wanted: Snooze, db: Db, caller: Caller) -> TaskShown:
    """Put a task off."""
    done = judgement.snooze(db, hub_of(request).now(), task_id, caller.name, wanted.hours)
    _audit(request, db, caller.name, "task.snoozed", done, until=str(done.snoozed_until))
    return _one(request, db, done)


class Assignment(Model):
    """To whom."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"steward": "ines"}]})

    steward: Line | None
    """The name of the steward's key; null for whoever comes first."""


@router.post("/tasks/{task_id}/assign", responses=_CLOSED)
def assign_task(request: Request, task_id: TaskId, to: Assignment, db: Db, caller: Caller) -> TaskShown:
    """Keep a task for a steward; whoever else looks at it has it no longer."""
    done = judgement.assign(db, task_id, to.steward)
    _audit(request, db, caller.name, "task.assigned", done, to=to.steward)
    return _one(request, db, done)


@router.post("/tasks/{task_id}/release", responses=_CLOSED)
def release_task(request: Request, task_id: TaskId, db: Db, caller: Caller) -> TaskShown:
    """Let others have a task that the caller has taken."""
    done = judgement.release(db, hub_of(request).now(), task_id, caller.name)
    _audit(request, db, caller.name, "task.released", done)
    return _one(request, db, done)


class ShareShown(Model):
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


class AgreementShown(Model):
    """How far two views of the same tasks agree. `unsure` is no view."""

    tasks: int
    """Pairs of views: a task that three have judged gives a steward two."""
    raw: ShareShown | None
    kappa: ShareShown | None
    """Beyond chance (Cohen); null where all said the same of everything, which tells nothing."""


class StewardShown(Model):
    """What a steward did."""

    steward: str
    opinions: int
    unsure: int
    per_hour: float | None
    """Decisions an hour of work; a pause of more than ten minutes is none."""
    agreement: AgreementShown
    """With all other stewards of the same tasks."""


class Stewards(Model):
    """How far stewards agree, on tasks that several have judged: those with a high stake, or where the first was unsure."""

    overall: AgreementShown
    """Of the first steward of a task with the second."""
    items: list[StewardShown]


@router.get("/stewards")
def list_stewards(db: Db) -> Stewards:
    """List stewards with what they did, how fast, and how far they agree with each other."""
    opinions = tasks.all_opinions(db)
    items = [
        StewardShown(
            steward=one.steward, opinions=one.opinions, unsure=one.unsure, per_hour=one.per_hour, agreement=_agreement(one.agreement)
        )
        for one in agreement.records(opinions)
    ]
    return Stewards(overall=_agreement(agreement.overall(opinions)), items=items)


def _agreement(found: Agreement) -> AgreementShown:
    raw = ShareShown(**found.raw._asdict()) if found.pairs else None
    return AgreementShown(tasks=found.pairs, raw=raw, kappa=None if found.kappa is None else ShareShown(**found.kappa._asdict()))


def _audit(request: Request, db: Connection, actor: str, action: str, done: Task, **more: str | None) -> None:
    detail = {"entity": done.entity, "subject": done.subject, **more}
    audit.append(db, actor, action, f"task {done.id}", detail, hub_of(request).now())


def _one(request: Request, db: Connection, found: Task) -> TaskShown:
    return shown(hub_of(request).settings, db, [found])[0]
