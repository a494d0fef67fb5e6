"""How the hub stands, and what could not be taken."""

from datetime import datetime
from typing import Annotated, Literal, cast

from fastapi import APIRouter, Query, Request
from pydantic import Field

from api.cursors import Cursors, next_link
from api.problems import problems
from api.schemas import Model
from api.selection import Line, Paged
from api.session import STEWARD, VIEWER, Db
from mdm.errors import BadInput, Forbidden, StoreUnavailable, Unauthorised
from mdm.store import problems as set_aside
from mdm.store import status

router = APIRouter(prefix="/v1", tags=["operations"], responses=problems(Unauthorised, Forbidden, StoreUnavailable))

Severity = Literal["rejected", "quarantined", "warning"]


class Records(Model):
    """Records of one entity from one source."""

    entity: str
    source: str
    live: int
    deleted: int
    """Deleted by the source."""


class GoldenIds(Model):
    """Golden ids of one entity."""

    entity: str
    live: int
    merged: int
    retired: int


class SetAside(Model):
    """Problems of one entity from one source."""

    source: str
    entity: str
    severity: Severity
    problems: int


class Run(Model):
    """Something that the pipeline did."""

    id: int
    kind: str
    status: str
    started_at: datetime
    finished_at: datetime | None


class Status(Model):
    """The hub at a glance."""

    records: list[Records]
    golden: list[GoldenIds]
    problems: list[SetAside]
    runs: list[Run]
    """The last ten, newest first."""


@router.get("/status", dependencies=[VIEWER])
def get_status(db: Db) -> Status:
    """Tell what the hub holds, what was set aside, and what it did last."""
    return Status(
        records=[Records(**row._mapping) for row in status.records(db)],
        golden=[GoldenIds(**row._mapping) for row in status.ids(db)],
        problems=[SetAside(**row._mapping) for row in set_aside.counts(db)],
        runs=[Run(**row._mapping) for row in status.last_runs(db, 10)],
    )


class ProblemsAsked(Paged):
    """Which problems."""

    severity: Severity | None = None
    source: Line | None = None
    stream: Line | None = None
    entity: Annotated[Line | None, Field(examples=["customer"])] = None


class SourceProblem(Model):
    """Something that a source delivered and that could not be taken."""

    id: int
    source: str
    stream: str
    entity: str
    severity: Severity
    """`rejected`: the record was not taken; `quarantined`: one value was left out; `warning`: nothing was lost."""
    place: str
    line: int | None
    key: str | None
    field: str | None
    value: str | None
    reason: str
    fix: str
    """What to do at the source."""
    first_load: int
    last_load: int
    """The newest load that found it."""
    found_at: datetime


class SourceProblems(Model):
    """Problems in the order in which they were found."""

    items: list[SourceProblem]
    next: str | None
    """The address of the next page; null on the last."""


@router.get("/problems", dependencies=[STEWARD], responses=problems(BadInput))
def list_problems(request: Request, asked: Annotated[ProblemsAsked, Query()], db: Db) -> SourceProblems:
    """List what was rejected or quarantined: where it stands, what is wrong with it, and how to mend it."""
    wanted = asked.model_dump(include={"severity", "source", "stream", "entity"}, exclude_none=True)
    about = ("problems", sorted(wanted.items()))
    cursors = cast(Cursors, request.app.state.cursors)
    after = cursors.read(about, asked.cursor)
    rows = set_aside.after_number(db, wanted, 0 if after is None else int(after[0] or 0), asked.limit + 1)
    more = cursors.at(about, [rows[asked.limit - 1].id]) if len(rows) > asked.limit else None
    items = [
        SourceProblem(
            **{name: getattr(row, name) for name in SourceProblem.model_fields if name not in {"first_load", "last_load"}},
            first_load=row.first_load_id,
            last_load=row.last_load_id,
        )
        for row in rows[: asked.limit]
    ]
    return SourceProblems(items=items, next=next_link(request, more))
