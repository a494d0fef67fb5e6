"""What hangs together: groups, sites, people, projects, deals, invoices and payments, dated; and what it comes to."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import Field
from sqlalchemy import Connection

from api.answers import moved
from api.cursors import Cursors, next_link
from api.figures import Figures
from api.moments import Standing, standing
from api.problems import problems
from api.routers.golden import MOVED, GoldenId
from api.schemas import BY_NAME, Amount, Model, naming_fields
from api.selection import Paged
from api.session import ANALYST, Db, hub_of
from mdm import past
from mdm.entities import Customer
from mdm.errors import BadInput, Forbidden, NotFound, StoreUnavailable, Unauthorised
from mdm.forecast.frames import Frames
from mdm.forecast.rollup import hanging, rollup
from mdm.relations import Family, Span, family, spans
from mdm.store import golden, relations
from mdm.store.moment import Moment

router = APIRouter(
    prefix="/v1/golden",
    tags=["golden records"],
    dependencies=[ANALYST],
    responses=problems(Unauthorised, Forbidden, NotFound, BadInput, StoreUnavailable),
)

Related = Literal["customer", "contact", "project"]
Kind = Literal["parent", "subsidiary", "site", "contact", "employer", "project", "deal", "invoice", "payment"]
Entity = Annotated[Related, Path(examples=["customer"], description="Which master.")]


class RelationsAsked(Standing, Paged):
    """Parameters of relations."""

    rollup: Annotated[Literal["own", "group"], Field(examples=["group"])] = "own"
    """Of a customer: whether figures are its own, or those of its whole group."""


class Relation(Model):
    """Something that the golden record has to do with."""

    kind: Kind
    id: str | None
    """Its golden id, where it has one."""
    source: str | None
    """The record that says so, or that it is."""
    key: str | None
    name: str | None
    since: datetime | date | None = Field(union_mode="left_to_right")
    """From when, by the event times of the source; of a document, its day."""
    until: datetime | None = None
    """Until when; null where it still is so."""
    of: str | None = None
    """What it hangs on: the project of a deal, the invoice (`source:key`) of a payment."""
    status: str | None = None
    amount: Amount | None = None
    currency: str | None = None
    siret: str | None = None
    address: str | None = None


class Group(Model):
    """The group of companies that a customer belongs to."""

    top: str
    """The one above all others."""
    members: list[str]
    """All of them, the one above first."""
    ring: list[str]
    """Those whose references to their parents go in a circle, where there are such: an error in a source."""


class Rollup(Model):
    """What it comes to in one currency. Those of several are never added."""

    currency: str
    invoiced: Amount
    """Without tax, net of credit notes."""
    paid: Amount
    """With tax."""
    outstanding: Amount
    """With tax."""
    pipeline: Amount
    """Open deals, without tax."""
    weighted: Amount
    """The same by their probabilities."""
    cost: Amount
    """Of its projects."""
    margin: Amount
    """Invoiced and not spent, both in this currency."""


class Relations(Model):
    """What a golden record has to do with."""

    id: str
    as_of: date
    """The day to which facts count."""
    known_at: datetime
    group: Group | None
    """Of a customer."""
    rollup: list[Rollup]
    """Of a customer: a row for each currency."""
    items: list[Relation]
    next: str | None
    """The address of the next page; null on the last."""


@router.get("/{entity}/{golden_id}/relations", response_model=Relations, responses=MOVED)
def list_relations(
    request: Request, entity: Entity, golden_id: GoldenId, asked: Annotated[RelationsAsked, Query()], db: Db
) -> Response | Relations:
    """List what a customer, a contact or a project has to do with, from when to when, and what a customer comes to.

    A customer: the company above it and those below, its sites (its records with their addresses), the people who worked there, its
    projects, deals, invoices and payments. A contact: where the person worked. A project: its deals, invoices and payments. With `as_of`,
    groups and employers are those of then, and facts count to that day; without, all employers are told, those of before too.
    """
    wanted = standing(db, asked.known_at, asked.as_of)
    figures = cast(Figures, request.app.state.figures)
    moment = Moment(figures.settled(db, asked.known_at), wanted.as_of)
    found = golden.find(db, entity, golden_id, moment)
    if found is None:
        raise NotFound(f"there is no {entity} {golden_id!r}")
    if (elsewhere := moved(request, BY_NAME[entity], found)) is not None:
        return elsewhere
    assert moment.known_at is not None
    frames, day = figures.frames(moment.known_at), (moment.as_of or hub_of(request).now()).date()
    group = _group(db, frames, golden_id, moment) if entity == "customer" else None
    items = list(_items(db, frames, entity, golden_id, moment, day))
    cursors = cast(Cursors, request.app.state.cursors)
    about = ("relations", golden_id, moment, asked.rollup)
    after = cursors.read(about, asked.cursor)
    start = 0 if after is None else int(after[0] or 0)
    end = start + asked.limit
    more = cursors.at(about, [end]) if end < len(items) else None
    return Relations(
        id=golden_id,
        as_of=day,
        known_at=moment.known_at,
        group=None if group is None else Group(top=group.top, members=list(group.members), ring=list(group.ring)),
        rollup=_rollup(request, frames, group.members if asked.rollup == "group" else (golden_id,), day) if group else [],
        items=items[start:end],
        next=next_link(request, more, known_at=moment.known_at.isoformat()),
    )


def _group(db: Connection, frames: Frames, customer: str, moment: Moment) -> Family:
    """The group of a customer by golden parents, as of then where an instant of the world was asked for."""
    if moment.as_of is None:
        table = frames.golden["customer"]
        said: Iterable[tuple[str, str | None]] = zip(table["golden_id"].to_pylist(), table["parent"].to_pylist(), strict=True)
    else:
        ever = relations.referring(db, "customer", "parent", moment)
        said = [(one.id, one.data.get("parent")) for one in past.as_of(db, Customer, ever, moment).values()]
    return family(customer, {child: parent for child, parent in said if parent is not None})


def _rollup(request: Request, frames: Frames, customers: Sequence[str], day: date) -> list[Rollup]:
    rows = rollup(frames, customers, day, hub_of(request).settings.currency).to_pylist()
    return [Rollup(**{name: f"{value:f}" if isinstance(value, Decimal) else value for name, value in row.items()}) for row in rows]


def _items(db: Connection, frames: Frames, entity: Related, golden_id: str, moment: Moment, day: date) -> Iterator[Relation]:
    names = _names(frames)
    if entity == "customer":
        for span in _spans(db, "customer", "parent", moment, of=[golden_id], at=[golden_id]):
            if span.golden_id != span.to:
                above = span.golden_id == golden_id
                yield _dated("parent" if above else "subsidiary", span.to if above else span.golden_id, span, names)
        yield from (_site(row) for row in relations.sites(db, golden_id, moment))
        for span in _spans(db, "contact", "customer", moment, at=[golden_id]):
            if span.to == golden_id:
                yield _dated("contact", span.golden_id, span, names)
    if entity == "contact":
        yield from (_dated("employer", span.to, span, names) for span in _spans(db, "contact", "customer", moment, of=[golden_id]))
        return
    for row in hanging(frames, [golden_id], day).to_pylist():
        if row["id"] != golden_id:
            yield _document(row)


def _spans(db: Connection, entity: str, field: str, moment: Moment, *, of: Sequence[str] = (), at: Sequence[str] = ()) -> list[Span]:
    """From when to when records referred to others, in that order; as of an instant, those that held."""
    found = spans(relations.references(db, entity, field, "customer", moment, of=of, at=at))
    held = found if moment.as_of is None else [span for span in found if span.holds(moment.as_of)]
    return sorted(held, key=lambda span: (span.since, span.source, span.key))


def _names(frames: Frames) -> Mapping[str, str]:
    """What golden customers and contacts are called."""
    names: dict[str, str] = {}
    for entity in ("customer", "contact"):
        table = frames.golden[entity]
        parts = zip(*(table[name].to_pylist() for name in naming_fields(BY_NAME[entity])), strict=True)
        said = (" ".join(part for part in name if part) for name in parts)
        names.update(zip(table["golden_id"].to_pylist(), said, strict=True))
    return names


def _dated(kind: Kind, golden_id: str, span: Span, names: Mapping[str, str]) -> Relation:
    return Relation(
        kind=kind, id=golden_id, source=span.source, key=span.key, name=names.get(golden_id), since=span.since, until=span.until
    )


def _site(row: Any) -> Relation:
    place = " ".join(part for part in (row.postcode, row.city) if part)
    address = ", ".join(part for part in (row.street, place, row.country) if part)
    return Relation(
        kind="site", id=None, source=row.source, key=row.key, name=row.name, since=row.since, siret=row.siret, address=address or None
    )


def _document(row: dict[str, Any]) -> Relation:
    return Relation(
        kind=row["kind"], id=row["id"], source=row["source"], key=row["key"], name=row["name"], since=row["on"], of=row["of"],
        status=row["status"], amount=None if row["amount"] is None else f"{row['amount']:.2f}", currency=row["currency"],
    )  # fmt: skip
