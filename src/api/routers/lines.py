"""From a figure of a report to the files: the facts that it is the sum of, each with its load, file and line."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, cast

import pyarrow as pa
from fastapi import APIRouter, Path, Query, Request
from pydantic import Field
from sqlalchemy import Connection

from api.cursors import Cursors, next_link
from api.figures import FINDING, Figures
from api.moments import standing
from api.problems import problems
from api.routers.reports import PROJECT, Day
from api.schemas import Amount, Model
from api.selection import Line as Text
from api.selection import Paged
from api.session import ANALYST, Db, hub_of
from mdm.errors import BadInput, Forbidden, NotFound, StoreUnavailable, Unauthorised
from mdm.forecast import lines
from mdm.store import golden, places
from mdm.store.moment import Moment
from mdm.store.places import Key, Place

router = APIRouter(
    prefix="/v1",
    tags=["lineage of figures"],
    dependencies=[ANALYST],
    responses=problems(Unauthorised, Forbidden, NotFound, BadInput, StoreUnavailable),
)

Row = dict[str, Any]


class ProjectLinesAsked(Day, Paged):
    """Which figure of a project."""

    figure: Annotated[Text, Field(examples=["cost_to_date"], json_schema_extra={"enum": list(lines.PROJECT)})]
    """A figure of the report that is a sum of facts."""


class MonthLinesAsked(Day, Paged):
    """Which figure of a month."""

    month: Annotated[date, Field(examples=["2026-11-01"])]
    """A day of the month."""
    currency: Annotated[Text, Field(examples=["EUR"])]
    figure: Annotated[Text, Field(examples=["invoiced"])]
    """A column of the report that is an amount."""


class FactLine(Model):
    """A fact behind a figure, and where it was read."""

    entity: str
    source: str | None
    key: str | None
    on: date | None
    """The day of the fact."""
    amount: Amount | None
    """Exact, in the currency of the figure; null where a fact has no exchange rate, then it does not count. Of hours, hours."""
    load: int | None
    file: str | None
    line: int | None
    """Its line in the file, the header included."""


class FactLines(Model):
    """The facts that a figure is the sum of."""

    as_of: date
    known_at: datetime
    figure: str
    total: Amount
    """The figure: the sum of all lines, those of other pages included, rounded half-even to cents."""
    items: list[FactLine]
    next: str | None
    """The address of the next page; null on the last."""


class EvidenceLine(Model):
    """A record that a finding rests on, and where it was read."""

    entity: str
    source: str
    key: str
    load: int
    file: str
    line: int | None


class EvidenceLines(Model):
    """The records that a finding rests on."""

    as_of: date
    known_at: datetime
    items: list[EvidenceLine]


@router.get("/projects/{golden_id}/profitability/lines")
def list_project_lines(
    request: Request,
    golden_id: Annotated[str, Path(max_length=64, examples=["prj_01m85w83y4005c44ftc7gc00c6"])],
    asked: Annotated[ProjectLinesAsked, Query()],
    db: Db,
) -> FactLines:
    """List the facts that a figure of a project is the sum of, each with the load, file and line that it was read from."""
    figures, as_of, at = _standing(request, db, asked)
    if all(row[PROJECT] != golden_id for row in figures.made(db, "profitability", as_of, at).rows):
        raise NotFound(f"there is no project {golden_id!r} that has figures; old ids lead on at /v1/ids")
    parts = lines.project_parts(figures.frames(at), as_of, hub_of(request).settings.currency)
    found = lines.project_lines(parts, golden_id, asked.figure)
    return _answer(request, db, asked, as_of, at, found, golden_id)


Months = Annotated[Literal["billing", "cash"], Path(examples=["billing"], description="Which forecast.")]


@router.get("/forecasts/{report}/lines")
def list_month_lines(request: Request, report: Months, asked: Annotated[MonthLinesAsked, Query()], db: Db) -> FactLines:
    """List the facts that a figure of a month is the sum of, each with the load, file and line that it was read from."""
    figures, as_of, at = _standing(request, db, asked)
    parts = lines.month_parts(figures.frames(at), report, as_of, hub_of(request).settings.currency)
    found = lines.month_lines(parts, report, asked.figure, asked.month, asked.currency)
    return _answer(request, db, asked, as_of, at, found, None)


@router.get("/leakage-findings/{finding_id}/lines")
def list_finding_lines(
    request: Request,
    finding_id: Annotated[str, Path(max_length=64, examples=["leak_0123456789abcdef0123"])],
    asked: Annotated[Day, Query()],
    db: Db,
) -> EvidenceLines:
    """List the records that a finding rests on, each with the load, file and line that it was read from."""
    figures, as_of, at = _standing(request, db, asked)
    finding = next((row for row in figures.made(db, "leakage", as_of, at).rows if row[FINDING] == finding_id), None)
    if finding is None:
        raise NotFound(f"there is no finding {finding_id!r} on {as_of}")
    named = [(source, key) for source, colon, key in (one.partition(":") for one in (finding["evidence"] or "").split(";")) if colon]
    found = places.named(db, named, Moment(at))
    return EvidenceLines(as_of=as_of, known_at=at, items=[EvidenceLine(**key._asdict(), **place._asdict()) for key, place in found.items()])


def _standing(request: Request, db: Connection, asked: Day) -> tuple[Figures, date, datetime]:
    """The reports, the day, and the settled instant of what is known. Raises InvalidRequest on knowledge of the future."""
    standing(db, asked.known_at)
    figures = cast(Figures, request.app.state.figures)
    return figures, asked.as_of or hub_of(request).now().date(), figures.settled(db, asked.known_at)


def _answer(
    request: Request,
    db: Connection,
    asked: ProjectLinesAsked | MonthLinesAsked,
    as_of: date,
    at: datetime,
    found: pa.Table,
    project: str | None,
) -> FactLines:
    """A page of lines; a cursor holds how many there were before it."""
    cursors = cast(Cursors, request.app.state.cursors)
    about = ("lines", request.url.path, sorted(asked.model_dump(exclude={"limit", "cursor", "as_of", "known_at"}).items()), as_of, at)
    after = cursors.read(about, asked.cursor)
    start = 0 if after is None else int(after[0] or 0)
    end = start + asked.limit
    more = cursors.at(about, [end]) if end < found.num_rows else None
    return FactLines(
        as_of=as_of,
        known_at=at,
        figure=asked.figure,
        total=_plain(lines.total(found).quantize(Decimal("0.01"))),
        items=_placed(db, found.slice(start, asked.limit).to_pylist(), Moment(at), project),
        next=next_link(request, more, as_of=as_of.isoformat(), known_at=at.isoformat()),
    )


def _placed(db: Connection, rows: Sequence[Row], moment: Moment, project: str | None) -> list[FactLine]:
    contract = _contract(db, project, moment) if any(row["key"] is None for row in rows) else None
    keys = [contract if row["key"] is None else Key(row["entity"], row["source"], row["key"]) for row in rows]
    found = places.of(db, {key for key in keys if key is not None}, moment)
    return [_line(row, key, found.get(key) if key else None) for row, key in zip(rows, keys, strict=True)]


def _contract(db: Connection, project: str | None, moment: Moment) -> Key | None:
    """The record that gave a project its amount."""
    found = None if project is None else golden.find(db, "project", project, moment)
    given = None if found is None else found.lineage.get("amount")
    if found is None or given is None:
        return None
    (row,) = (row for row in golden.evidence(db, found.id, [given], moment) if row.record_id == given)
    return Key("project", row.source, row.key)


def _line(row: Row, key: Key | None, place: Place | None) -> FactLine:
    return FactLine(
        entity=row["entity"],
        source=key.source if key else None,
        key=key.key if key else None,
        on=row["on"],
        amount=None if row["amount"] is None else _plain(row["amount"]),
        load=place.load if place else None,
        file=place.file if place else None,
        line=place.line if place else None,
    )


def _plain(amount: Decimal) -> str:
    """Without the zeros behind the cents."""
    whole, _, decimals = f"{amount:f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"
