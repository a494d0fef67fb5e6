"""What waits for a steward, and what stewards ruled."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, cast

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import ConfigDict, Field
from sqlalchemy import Connection

from api.cursors import Cursors, next_link
from api.moments import Known, standing
from api.problems import InvalidRequest, problems
from api.schemas import BY_NAME, Model
from api.selection import Line, Paged, known
from api.session import STEWARD, Caller, Db, hub_of
from mdm.errors import BadInput, Conflict, Forbidden, NotFound, StoreUnavailable, Unauthorised
from mdm.store import audit, decisions, facts
from mdm.store.decisions import RecordKey, Ruling, Verdict

router = APIRouter(
    prefix="/v1",
    tags=["stewardship"],
    dependencies=[STEWARD],
    responses=problems(Unauthorised, Forbidden, BadInput, StoreUnavailable),
)

EntityAsked = Annotated[Line, Field(examples=["customer"], json_schema_extra={"enum": list(BY_NAME)})]
DecisionId = Annotated[int, Path(ge=1, lt=1 << 63)]


class Named(Model):
    """A record as its source names it."""

    source: Annotated[Line, Field(examples=["crm"])]
    key: Annotated[Line, Field(examples=["001"])]


class ReviewAsked(Paged):
    """Which pairs."""

    entity: EntityAsked


class Pair(Model):
    """Two records that may be the same thing, and are not joined."""

    left: Named
    right: Named
    probability: float
    """That they are, from 0 to 1."""


class Review(Model):
    """Pairs that wait for a steward, likeliest first."""

    items: list[Pair]
    next: str | None
    """The address of the next page; null on the last."""


@router.get("/review")
def list_review(request: Request, asked: Annotated[ReviewAsked, Query()], db: Db) -> Review:
    """List the pairs that are too unsure to be joined and too likely to be left apart, those ruled upon left out."""
    known("/query/entity", asked.entity, BY_NAME)
    about = ("review", asked.entity)
    cursors = cast(Cursors, request.app.state.cursors)
    after = cursors.read(about, asked.cursor)
    table = facts.review(db, asked.entity, hub_of(request).settings.match_bits)
    pairs = sorted((-row["probability"], row["left"], row["right"]) for row in table.to_pylist())
    rest = [pair for pair in pairs if after is None or pair > (float(after[0] or 0), str(after[1]), str(after[2]))]
    page = rest[: asked.limit]
    more = cursors.at(about, [repr(page[-1][0]), *page[-1][1:]]) if len(rest) > len(page) else None
    items = [Pair(left=_named(left), right=_named(right), probability=-unlikely) for unlikely, left, right in page]
    return Review(items=items, next=next_link(request, more))


def _named(shown: str) -> Named:
    source, _, key = shown.partition(":")
    return Named(source=source, key=key)


class DecisionIn(Model):
    """A ruling on two records."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "entity": "customer", "left": {"source": "crm", "key": "001"}, "right": {"source": "billing", "key": "C00073"},
                    "verdict": "same", "reason": "the same SIREN on their letterheads",
                }
            ]
        }
    )  # fmt: skip

    entity: EntityAsked
    left: Named
    right: Named
    verdict: Verdict
    reason: Line | None = None


class Decision(Model):
    """A ruling as it is kept."""

    id: int
    entity: str
    left: Named
    right: Named
    verdict: Verdict
    reason: str | None
    decided_by: str
    decided_at: datetime
    revoked_by: str | None
    revoked_at: datetime | None
    takes_effect: Literal["at the next match"] = "at the next match"
    """Making or revoking a ruling changes no golden record by itself; the next match does."""


class DecisionsAsked(Paged, Known):
    """Which rulings."""

    entity: EntityAsked | None = None


class Decisions(Model):
    """Rulings, newest first."""

    items: list[Decision]
    next: str | None
    """The address of the next page; null on the last."""


@router.post("/decisions", status_code=201, responses=problems(Conflict))
def create_decision(request: Request, response: Response, ruling: DecisionIn, db: Db, caller: Caller) -> Decision:
    """Rule on whether two records are the same thing. It takes effect at the next match.

    Refused (409) where a ruling on the two is in force, and where others in force say otherwise, with the chain that does.
    """
    known("/body/entity", ruling.entity, BY_NAME)
    pair = (_record(db, ruling.entity, "left", ruling.left), _record(db, ruling.entity, "right", ruling.right))
    if pair[0] == pair[1]:
        raise InvalidRequest("/body/right", "same_record", "a ruling needs two different records")
    made = decisions.decide(db, ruling.entity, pair, ruling.verdict, ruling.reason, caller.name)
    _audit(request, db, caller.name, "decision.made", made)
    response.headers["Location"] = f"/v1/decisions/{made.id}"
    return _shown(made)


def _record(db: Connection, entity: str, side: str, named: Named) -> int:
    found = decisions.record_id(db, entity, RecordKey(named.source, named.key))
    if found is None:
        raise InvalidRequest(f"/body/{side}", "unknown_record", f"there is no {entity} {named.key!r} of {named.source!r}")
    return found


@router.get("/decisions")
def list_decisions(request: Request, asked: Annotated[DecisionsAsked, Query()], db: Db) -> Decisions:
    """List rulings, newest first, those that were revoked included."""
    if asked.entity is not None:
        known("/query/entity", asked.entity, BY_NAME)
    moment = standing(db, asked.known_at)
    about = ("decisions", asked.entity, moment)
    cursors = cast(Cursors, request.app.state.cursors)
    after = cursors.read(about, asked.cursor)
    rows = decisions.page(db, asked.entity, None if after is None else int(after[0] or 0), asked.limit + 1, moment)
    more = cursors.at(about, [rows[asked.limit - 1].id]) if len(rows) > asked.limit else None
    return Decisions(items=_all(rows[: asked.limit]), next=next_link(request, more))


@router.get("/decisions/{decision_id}", responses=problems(NotFound))
def get_decision(decision_id: DecisionId, asked: Annotated[Known, Query()], db: Db) -> Decision:
    """Get a ruling."""
    found = decisions.get(db, decision_id, standing(db, asked.known_at))
    if found is None:
        raise NotFound(f"there is no decision {decision_id}")
    return _shown(found)


@router.delete("/decisions/{decision_id}", responses=problems(NotFound, Conflict))
def revoke_decision(request: Request, decision_id: DecisionId, db: Db, caller: Caller) -> Decision:
    """Revoke a ruling. It is kept, with who revoked it; the next match goes without it."""
    ended = decisions.revoke(db, decision_id, caller.name)
    if ended is None:
        raise NotFound(f"there is no decision {decision_id}")
    _audit(request, db, caller.name, "decision.revoked", ended)
    return _shown(ended)


def _audit(request: Request, db: Connection, actor: str, action: str, ruling: Ruling) -> None:
    detail = {
        "entity": ruling.entity, "left": str(ruling.left), "right": str(ruling.right), "verdict": ruling.verdict, "reason": ruling.reason,
    }  # fmt: skip
    audit.append(db, actor, action, f"decision {ruling.id}", detail, hub_of(request).now())


def _all(rulings: Sequence[Ruling]) -> list[Decision]:
    return [_shown(ruling) for ruling in rulings]


def _shown(ruling: Ruling) -> Decision:
    return Decision(
        id=ruling.id, entity=ruling.entity, left=Named(source=ruling.left.source, key=ruling.left.key),
        right=Named(source=ruling.right.source, key=ruling.right.key), verdict=ruling.verdict, reason=ruling.reason,
        decided_by=ruling.decided_by, decided_at=ruling.decided_at, revoked_by=ruling.revoked_by, revoked_at=ruling.revoked_at,
    )  # fmt: skip
