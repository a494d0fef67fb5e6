"""Reminders of what is overdue: what to send today, the letters, and the invoices that are left in peace."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, cast

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import BeforeValidator, ConfigDict
from sqlalchemy import Connection

from api.cursors import Cursors, next_link
from api.figures import Figures
from api.moments import standing
from api.problems import InvalidRequest, problems
from api.routers.reports import Day
from api.schemas import Amount as Text
from api.schemas import Model
from api.selection import Line, Paged
from api.session import ANALYST, STEWARD, Caller, Db, hub_of
from mdm.errors import BadInput, Conflict, Forbidden, NotFound, StoreUnavailable, Unauthorised
from mdm.forecast.dunning import letters, policy
from mdm.forecast.dunning.policy import Tone
from mdm.forecast.dunning.proposals import Proposal, proposals
from mdm.store import audit, holds
from mdm.store.holds import Hold

Amount = Annotated[Text, BeforeValidator(lambda value: f"{value:f}" if isinstance(value, Decimal) else value)]
"""An exact decimal as text."""

router = APIRouter(prefix="/v1/dunning", tags=["dunning"], responses=problems(Unauthorised, Forbidden, BadInput, StoreUnavailable))


class ClaimShown(Model):
    """An overdue invoice."""

    model_config = ConfigDict(from_attributes=True, extra="ignore")

    source: str
    key: str
    account: str | None
    reference: str | None
    issued_on: date
    due_on: date
    days_overdue: int
    currency: str
    gross: Amount
    open: Amount
    interest: Amount | None
    """By law until `as_of`, on what is open; null where the rate of a half-year is not known."""
    indemnity: Amount
    """EUR."""
    sent_level: int
    """The last level that was sent for it; 0 for none."""
    sent_on: date | None
    level: int | None
    """The level for which it is due."""
    why: Literal["due", "too_early", "gap", "all_sent", "dispute", "promise"]
    until: date | None
    """Until when that holds; of `too_early` and `gap` the day on which it is due for a letter."""
    reason: str | None


class CreditShown(Model):
    """What a customer has on account."""

    model_config = ConfigDict(from_attributes=True, extra="ignore")

    source: str
    key: str
    kind: Literal["credit_note", "payment"]
    on: date
    currency: str
    amount: Amount


class TotalShown(Model):
    """What a letter claims in a currency."""

    model_config = ConfigDict(from_attributes=True, extra="ignore")

    currency: str
    open: Amount
    credit: Amount
    net: Amount
    interest: Amount | None


class ProposalShown(Model):
    """The letter to send to a golden customer, or why there is none."""

    model_config = ConfigDict(from_attributes=True, extra="ignore")

    golden_customer_id: str
    customer: str
    level: int | None
    """Counted from 1; null: no letter."""
    tone: Tone | None
    channel: str | None
    amount: Amount
    """Claimed, net of what is on account, in the company's currency."""
    why: Literal["due", "covered", "minimum", "too_early", "gap", "all_sent", "dispute", "promise"]
    claims: list[ClaimShown]
    """Invoices that the letter is about."""
    waiting: list[ClaimShown]
    """Overdue, and not in the letter."""
    frozen: list[ClaimShown]
    """Disputed, or a payment was promised."""
    credits: list[CreditShown]
    totals: list[TotalShown]
    indemnity: Amount
    missing_rate: str | None
    """Which rate is missing for the interest, and how to add it."""


class Proposals(Model):
    """Golden customers with something overdue, the highest level first, then by amount."""

    as_of: date
    known_at: datetime
    items: list[ProposalShown]
    next: str | None


class ProposalList(Day, Paged):
    """Parameters of what to send."""


class LetterAsked(Day):
    """Which letter."""

    language: Literal["fr", "en"] | None = None
    """By the country of the customer where it is not given."""
    form: Literal["html", "text"] = "html"
    """HTML prints on A4."""


class HoldIn(Model):
    """An invoice that is not to be reminded of."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"source": "billing", "key": "FA26-00613", "kind": "dispute", "reason": "wrong quantity, credit note asked"}]
        }
    )

    source: Line
    key: Line
    kind: Literal["dispute", "promise"]
    reason: Line
    until: date | None = None
    """The last day on which it holds: the day of a promised payment. Left out, it holds until it is released."""


class HoldShown(Model):
    """A hold as it is kept."""

    model_config = ConfigDict(from_attributes=True, extra="ignore")

    id: int
    source: str
    key: str
    kind: Literal["dispute", "promise"]
    until: date | None
    reason: str
    set_by: str
    set_on: date
    released_by: str | None
    released_on: date | None


class Holds(Model):
    """Holds that were not released, newest first."""

    items: list[HoldShown]
    next: str | None


GoldenCustomer = Annotated[str, Path(max_length=64, examples=["cus_01m85w83y4005c44ftc7gc00c6"])]


@router.get("/proposals", dependencies=[ANALYST])
def list_dunning_proposals(request: Request, asked: Annotated[ProposalList, Query()], db: Db) -> Proposals:
    """List which reminder to send to which golden customer today, with its invoices, interest and indemnity, and what is frozen and why."""
    as_of, known_at, found = _proposals(request, db, asked)
    cursors = cast(Cursors, request.app.state.cursors)
    about = ("dunning", as_of, known_at)
    after = cursors.read(about, asked.cursor)
    start = 0 if after is None else int(str(after[0]))  # of one day and one knowledge the list is always the same
    page = found[start : start + asked.limit]
    more = cursors.at(about, (start + len(page),)) if len(found) > start + len(page) else None
    following = next_link(request, more, as_of=as_of.isoformat(), known_at=known_at.isoformat())
    return Proposals(as_of=as_of, known_at=known_at, items=[ProposalShown.model_validate(one) for one in page], next=following)


@router.get(
    "/letters/{golden_customer_id}",
    dependencies=[ANALYST],
    response_class=Response,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}, "text/plain": {"schema": {"type": "string"}}}}, **problems(NotFound)},
)  # fmt: skip
def get_dunning_letter(request: Request, golden_customer_id: GoldenCustomer, asked: Annotated[LetterAsked, Query()], db: Db) -> Response:
    """Get the letter that is proposed for a golden customer, as HTML that prints on A4 or as plain text."""
    _, _, found = _proposals(request, db, asked, golden_customer_id)
    if not found or found[0].level is None:
        why = f": {found[0].why}" if found else ""
        raise NotFound(f"no letter is proposed for customer {golden_customer_id!r}{why}; old ids lead on at /v1/ids")
    rules = policy.read(hub_of(request).settings.dunning_policy)
    if asked.form == "text":
        return Response(letters.text(found[0], rules, asked.language), media_type="text/plain")
    return Response(letters.html(found[0], rules, asked.language), media_type="text/html")


@router.get("/holds", dependencies=[ANALYST])
def list_dunning_holds(request: Request, asked: Annotated[Paged, Query()], db: Db) -> Holds:
    """List the invoices that are held: disputed, or a payment was promised; newest first."""
    cursors = cast(Cursors, request.app.state.cursors)
    after = cursors.read(("holds",), asked.cursor)
    found = [one for one in holds.live(db) if after is None or one.id < int(str(after[0]))]
    page = found[: asked.limit]
    more = cursors.at(("holds",), (page[-1].id,)) if len(found) > len(page) else None
    return Holds(items=[_shown(one) for one in page], next=next_link(request, more))


@router.post("/holds", status_code=201, dependencies=[STEWARD], responses=problems(NotFound))
def put_dunning_hold(request: Request, asked: HoldIn, db: Db, caller: Caller) -> HoldShown:
    """Hold an invoice: no reminder is proposed for it. A new hold takes the place of one of its kind."""
    now = hub_of(request).now()
    if asked.until is not None and asked.until < now.date():
        raise InvalidRequest("/body/until", "past", "this day is over; leave it out for a hold that holds until it is released")
    made = holds.put(db, asked.source, asked.key, asked.kind, asked.reason, caller.name, now.date(), asked.until)
    audit.append(db, caller.name, "hold.set", f"hold {made.id}", {"invoice": f"{made.source}:{made.key}", "kind": made.kind}, now)
    return _shown(made)


@router.delete("/holds/{hold_id}", dependencies=[STEWARD], responses=problems(NotFound, Conflict))
def release_dunning_hold(request: Request, hold_id: Annotated[int, Path(ge=1, le=2**63 - 1)], db: Db, caller: Caller) -> HoldShown:
    """Release a hold. Refused (409) where it was released already."""
    now = hub_of(request).now()
    ended = holds.release(db, hold_id, caller.name, now.date())
    audit.append(db, caller.name, "hold.released", f"hold {ended.id}", {"invoice": f"{ended.source}:{ended.key}"}, now)
    return _shown(ended)


def _shown(hold: Hold) -> HoldShown:
    return HoldShown.model_validate(hold)


def _proposals(request: Request, db: Connection, asked: Day, customer: str | None = None) -> tuple[date, datetime, list[Proposal]]:
    hub, figures = hub_of(request), cast(Figures, request.app.state.figures)
    standing(db, asked.known_at)
    as_of, at = asked.as_of or hub.now().date(), figures.settled(db, asked.known_at)
    settings = hub.settings
    rules, wanted = policy.read(settings.dunning_policy), None if customer is None else [customer]
    return as_of, at, proposals(figures.frames(at), as_of, rules, settings.currency, settings.refinancing_rates, wanted)
