"""Golden records: one, many, a page, and the evidence behind them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import Field
from sqlalchemy import Connection

from api.answers import Json, golden_json, moved, tagged
from api.cursors import Cursors, next_link
from api.lineage import lineage, members
from api.moments import Known, Standing, standing
from api.problems import InvalidRequest, problems
from api.schemas import (
    BY_NAME,
    AnyGolden,
    Batch,
    FieldLineage,
    GoldenPage,
    Membership,
    Model,
    Scalar,
    golden_fields,
    is_numeric,
    typed,
)
from api.search import Search
from api.selection import FILTER_PARAMETER, Filters, Line, Listed, Paged, filters, listed, sorting
from api.session import VIEWER, Db
from mdm import past
from mdm.entities import Master
from mdm.errors import BadInput, Forbidden, NotFound, StoreUnavailable, Unauthorised
from mdm.past import Past
from mdm.store import golden
from mdm.store.golden import Order, Position
from mdm.store.moment import NOW, Moment

router = APIRouter(
    prefix="/v1/golden",
    tags=["golden records"],
    dependencies=[VIEWER],
    responses=problems(Unauthorised, Forbidden, NotFound, BadInput, StoreUnavailable),
)

EntityName = Annotated[str, Path(json_schema_extra={"enum": list(BY_NAME)}, examples=["customer"], description="Which master.")]
GoldenId = Annotated[str, Path(max_length=64, examples=["cus_01m85w7wxw8rjw6jdrc0knx17c"], description="A golden id, old or new.")]
FilterSchema = {"parameters": [FILTER_PARAMETER]}


class Moved(Model):
    """Where the record of an old id is now."""

    id: str
    """The id asked for."""
    entity: str
    status: Literal["merged"]
    merged_into: str
    """The survivor. `Location` leads there in one hop, however many merges it took."""
    merged_at: datetime


MOVED: dict[int | str, dict[str, Any]] = {308: {"model": Moved, "description": "The id was merged; `Location` leads to the survivor."}}
_TAG = {"ETag": {"description": "Changes with the record.", "schema": {"type": "string"}}}


class GoldenList(Standing, Listed):
    """Parameters of a list of golden records."""

    q: Annotated[str | None, Field(max_length=200, examples=["menuisrie labrouse"])] = None
    """Search by name: the best answers first, typing errors forgiven, in one page; `sort` and `cursor` do not go with it."""
    fields: Annotated[str | None, Field(max_length=1000, examples=["name,city"])] = None
    """Fields to answer with, separated by commas; all where it is not given."""


class GoldenOne(Standing):
    """Parameters of a golden record."""

    fields: Annotated[str | None, Field(max_length=1000, examples=["name,city"])] = None
    """Fields to answer with, separated by commas."""
    expand: Annotated[str | None, Field(max_length=100, examples=["members,provenance"])] = None
    """`members`, `provenance`, or both, separated by a comma."""
    follow: bool = True
    """Whether an id that was merged leads to its survivor (308). Without, the answer is what it was last."""


@router.get("/{entity}", openapi_extra=FilterSchema, responses={200: {"model": GoldenPage}}, response_class=Json)
def list_golden(request: Request, entity: EntityName, asked: Annotated[GoldenList, Query()], db: Db) -> Response:
    """List golden records in force, filtered and sorted, or search them by name.

    `q` looks at the names of all of them: typing errors, missing and swapped words are forgiven; synonyms and initials are not found, nor
    words that share less than about two thirds of their letters. With a filter, it is applied to the thousand best. Names are searched as
    they are now, so `q` goes with neither `known_at` nor `as_of`. Values as of an instant of the world are chosen for the page alone, so
    `as_of` goes with neither filters nor `sort`.
    """
    master = _master(entity)
    declared = golden_fields(master)
    allowed = {name: field.kind.clean for name, field in declared.items()}
    wanted = filters(request, allowed, type(asked).model_fields)
    only = listed("/query/fields", asked.fields, declared)
    if asked.q is not None:
        return Json(_found(request, db, master, asked, wanted, only))
    return Json(_page(request, db, master, asked, wanted, only))


def _page(
    request: Request, db: Connection, master: type[Master], asked: GoldenList, wanted: Filters, only: tuple[str, ...] | None
) -> dict[str, Any]:
    declared = golden_fields(master)
    sort, moment = sorting(asked.sort, declared), standing(db, asked.known_at, asked.as_of)
    if moment.as_of is not None and (wanted or sort.field is not None):
        raise InvalidRequest(
            "/query/as_of", "not_with_as_of", "values as of an instant are chosen page by page; leave out filters and sort"
        )
    order = Order(sort.field, sort.descending, sort.field is not None and is_numeric(declared[sort.field]))
    about = ("golden", master.entity, order, sorted(wanted.items()), moment)
    cursors = cast(Cursors, request.app.state.cursors)
    after = cursors.read(about, asked.cursor)
    position = None if after is None else Position(cast(str | None, after[0]), str(after[1]))
    rows = golden.page(db, master.entity, wanted, order, position, asked.limit + 1, moment)
    shown = rows[: asked.limit]
    more = cursors.at(about, [_text(shown[-1].place), shown[-1].id]) if len(rows) > asked.limit else None
    items = [golden_json(master, row, only) for row in shown] if moment.as_of is None else _then(db, master, shown, only, moment)
    return {"items": items, "next": next_link(request, more)}


def _then(
    db: Connection, master: type[Master], rows: Sequence[golden.Found], only: tuple[str, ...] | None, moment: Moment
) -> list[dict[str, Any]]:
    """Golden records with the values as of an instant of the world; those of which no record was there are left out."""
    then = past.as_of(db, master, [row.id for row in rows], moment)
    return [golden_json(master, row, only, **_values(master, then[row.id], only)) for row in rows if row.id in then]


def _values(master: type[Master], then: Past, only: tuple[str, ...] | None) -> dict[str, Any]:
    return {"members": then.members, "values": typed(master, then.data, golden_fields(master) if only is None else only)}


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _found(
    request: Request, db: Connection, master: type[Master], asked: GoldenList, wanted: Filters, only: tuple[str, ...] | None
) -> dict[str, Any]:
    for name in ("sort", "cursor", "known_at", "as_of"):
        if getattr(asked, name) is not None:
            raise InvalidRequest(
                f"/query/{name}", "not_with_q", f"an answer to q has its own order, one page and the names of now; leave out {name!r}"
            )
    search = cast(Search, request.app.state.search)
    best = search.names(db, master).find(asked.q or "", 1000 if wanted else asked.limit)
    rows = golden.among(db, master.entity, [golden_id for golden_id, _ in best], wanted)
    items = [golden_json(master, rows[golden_id], only, score=score) for golden_id, score in best if golden_id in rows]
    return {"items": items[: asked.limit], "next": None}


class BatchIds(Model):
    """Golden ids, old or new."""

    ids: Annotated[list[Annotated[Line, Field(max_length=64)]], Field(min_length=1, max_length=1000)]


@router.post("/{entity}:batch-get", responses={200: {"model": Batch}}, response_class=Json)
def batch_get_golden(entity: EntityName, wanted: BatchIds, asked: Annotated[Known, Query()], db: Db) -> Response:
    """Get many golden records at once, each with the id that the one asked for leads to."""
    master, moment = _master(entity), standing(db, asked.known_at)
    found = golden.many(db, master.entity, wanted.ids, moment)
    into = {row.merged_into for row in found.values() if row.merged_into is not None}
    found |= golden.many(db, master.entity, into - found.keys(), moment)
    return Json({"items": [_resolved(master, golden_id, found) for golden_id in wanted.ids]})


def _resolved(master: type[Master], requested: str, found: Mapping[str, golden.Found]) -> dict[str, Any]:
    row = found.get(requested)
    if row is None:
        return {"requested": requested, "resolved": None, "record": None}
    resolved = found[row.merged_into or row.id]
    return {"requested": requested, "resolved": resolved.id, "record": golden_json(master, resolved)}


@router.get(
    "/{entity}/{golden_id}",
    responses={200: {"model": AnyGolden, "headers": _TAG}, 304: {"description": "The client has it already."}, **MOVED},
    response_class=Json,
)
def get_golden(request: Request, entity: EntityName, golden_id: GoldenId, asked: Annotated[GoldenOne, Query()], db: Db) -> Response:
    """Get a golden record.

    An id that was merged leads to its survivor (308). One that is retired, because no source holds any of its records any more, is
    answered with status `retired` and its last values: every id ever given out resolves.
    """
    master, moment = _master(entity), standing(db, asked.known_at, asked.as_of)
    only = listed("/query/fields", asked.fields, golden_fields(master))
    expand = listed("/query/expand", asked.expand, ("members", "provenance")) or ()
    found = _get(db, master, golden_id, moment)
    if asked.follow and (elsewhere := moved(request, master, found)) is not None:
        return elsewhere
    then = _as_of(db, master, found, moment)
    more = {} if then is None else _values(master, then, only)
    if expand:
        more["expanded"] = {
            "members": members(db, found.id, moment) if "members" in expand else None,
            "provenance": lineage(db, master, then or found, moment=moment) if "provenance" in expand else None,
        }
    return tagged(request, golden_json(master, found, only, **more))


class Members(Model):
    """The records of a golden record."""

    id: str
    items: list[Membership]


@router.get("/{entity}/{golden_id}/members", response_model=Members, responses=MOVED)
def list_members(
    request: Request, entity: EntityName, golden_id: GoldenId, asked: Annotated[Standing, Query()], db: Db
) -> Response | Members:
    """List the records of the sources that make up a golden record, with the file and line that each was read from."""
    master, moment = _master(entity), standing(db, asked.known_at, asked.as_of)
    found = _get(db, master, golden_id, moment)
    return moved(request, master, found) or Members(id=found.id, items=members(db, found.id, moment))


class LineageAsked(Standing):
    """Parameters of a lineage."""

    field: Annotated[str | None, Field(max_length=1000, examples=["vat_number"])] = None
    """The field, or several separated by commas; all where it is not given."""


class Lineage(Model):
    """Where the values of a golden record came from."""

    id: str
    items: list[FieldLineage]


@router.get("/{entity}/{golden_id}/lineage", response_model=Lineage, responses=MOVED)
def get_lineage(
    request: Request, entity: EntityName, golden_id: GoldenId, asked: Annotated[LineageAsked, Query()], db: Db
) -> Response | Lineage:
    """Tell where each value came from: the record, its file and line, the rule that chose it, and what the other records say."""
    master, moment = _master(entity), standing(db, asked.known_at, asked.as_of)
    only = listed("/query/field", asked.field, golden_fields(master))
    found = _get(db, master, golden_id, moment)
    if (elsewhere := moved(request, master, found)) is not None:
        return elsewhere
    then = _as_of(db, master, found, moment)
    return Lineage(id=found.id, items=lineage(db, master, then or found, only, moment))


class Version(Model):
    """A golden record as it was for a time."""

    version: int
    cause: str
    """`created`, `updated`, or `merged` where it absorbed another."""
    known_from: datetime
    known_to: datetime | None
    """Null while it is in force."""
    run: int
    """The run of the pipeline that made it."""
    members: int
    changed: list[str]
    """Fields that differ from the version before."""
    values: dict[str, Scalar]


class History(Model):
    """The versions of a golden record, newest first."""

    id: str
    status: Literal["live", "merged", "retired"]
    merged_into: str | None
    absorbed: list[str]
    """Ids that lead to this one."""
    items: list[Version]
    next: str | None
    """The address of the next page; null on the last."""


class HistoryAsked(Paged, Known):
    """Parameters of a history."""


@router.get("/{entity}/{golden_id}/history", response_model=History)
def get_history(request: Request, entity: EntityName, golden_id: GoldenId, page: Annotated[HistoryAsked, Query()], db: Db) -> History:
    """List the versions that a golden record has had, each with its cause; an id that was merged keeps its own."""
    master, moment = _master(entity), standing(db, page.known_at)
    found = _get(db, master, golden_id, moment)
    about = ("history", found.id, moment)
    cursors = cast(Cursors, request.app.state.cursors)
    after = cursors.read(about, page.cursor)
    rows = golden.versions(db, found.id, None if after is None else int(after[0] or 0), page.limit + 1, moment)
    more = cursors.at(about, [rows[page.limit - 1].version]) if len(rows) > page.limit else None
    return History(
        id=found.id,
        status=found.status,
        merged_into=found.merged_into,
        absorbed=golden.aliases(db, found.id, moment),
        items=_versions(master, rows)[: page.limit],
        next=next_link(request, more),
    )


def _versions(master: type[Master], rows: Sequence[Any]) -> list[Version]:
    values = [typed(master, row.data) for row in rows]
    before = [*values[1:], dict.fromkeys(golden_fields(master))]
    return [
        Version(
            version=row.version, cause=row.cause, known_from=row.known_from, known_to=row.known_to, run=row.run_id, members=row.members,
            changed=[name for name in now if now[name] != then[name]], values=now,
        )
        for row, now, then in zip(rows, values, before, strict=True)
    ]  # fmt: skip


def _master(entity: str) -> type[Master]:
    if entity not in BY_NAME:
        raise NotFound(f"there is no master {entity!r}; there are {', '.join(BY_NAME)}")
    return BY_NAME[entity]


def _get(db: Connection, master: type[Master], golden_id: str, moment: Moment = NOW) -> golden.Found:
    found = golden.find(db, master.entity, golden_id, moment)
    if found is None:
        raise NotFound(f"there is no {master.entity} {golden_id!r}{_at(moment.known_at, 'known at')}")
    return found


def _as_of(db: Connection, master: type[Master], found: golden.Found, moment: Moment) -> Past | None:
    """What it was as of the instant of the world that was asked for. Raises NotFound where none of its records was there."""
    if moment.as_of is None:
        return None
    then = past.as_of(db, master, [found.id], moment).get(found.id)
    if then is None:
        raise NotFound(f"none of the records of {found.id!r} was there{_at(moment.as_of, 'as of')}")
    return then


def _at(instant: datetime | None, said: str) -> str:
    return "" if instant is None else f" {said} {instant.isoformat()}"
