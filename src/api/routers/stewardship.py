"""What stewards ruled."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, cast

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import ConfigDict, Field
from sqlalchemy import Connection

from api.cursors import Cursors, next_link
from api.moments import Known, standing
from api.problems import InvalidRequest, problems
from api.schemas import BY_NAME, Model, Named
from api.selection import Line, Paged, known
from api.session import STEWARD, Caller, Db, hub_of
from mdm import stewardship
from mdm.errors import BadInput, Conflict, Forbidden, NotFound, StoreUnavailable, Unauthorised
from mdm.stewardship import Steward
from mdm.store import decisions
from mdm.store.decisions import RecordKey, Ruling, Verdict
from mdm.store.moment import NOW, Moment

router = APIRouter(
    prefix="/v1",
    tags=["stewardship"],
    dependencies=[STEWARD],
    responses=problems(Unauthorised, Forbidden, BadInput, StoreUnavailable),
)

EntityAsked = Annotated[Line, Field(examples=["customer"], json_schema_extra={"enum": list(BY_NAME)})]
DecisionId = Annotated[int, Path(ge=1, lt=1 << 63)]


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
    act: str | None = None
    """The act that it was a part of, by which all of it can be taken back."""


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
    """Rule on whether two records are the same thing, with effect at once.

    Refused (409) where a ruling on the two is in force, and where others in force say otherwise, with the chain that does.
    """
    known("/body/entity", ruling.entity, BY_NAME)
    pair = (_record(db, ruling.entity, "left", ruling.left), _record(db, ruling.entity, "right", ruling.right))
    if pair[0] == pair[1]:
        raise InvalidRequest("/body/right", "same_record", "a ruling needs two different records")
    by = Steward(caller.name, ruling.reason)
    _, (number,) = stewardship.rule(hub_of(request), db, BY_NAME[ruling.entity], [pair], ruling.verdict, by)
    response.headers["Location"] = f"/v1/decisions/{number}"
    return _get(db, number)


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
    return _get(db, decision_id, standing(db, asked.known_at))


@router.delete("/decisions/{decision_id}", responses=problems(NotFound, Conflict))
def revoke_decision(request: Request, decision_id: DecisionId, db: Db, caller: Caller) -> Decision:
    """Revoke a ruling, with effect at once. It is kept, with who revoked it."""
    found = _get(db, decision_id)
    stewardship.revoke(hub_of(request), db, BY_NAME[found.entity], decision_id, Steward(caller.name))
    return _get(db, decision_id)


def _get(db: Connection, decision_id: int, moment: Moment = NOW) -> Decision:
    found = decisions.get(db, decision_id, moment)
    if found is None:
        raise NotFound(f"there is no decision {decision_id}")
    return _shown(found)


def _all(rulings: Sequence[Ruling]) -> list[Decision]:
    return [_shown(ruling) for ruling in rulings]


def _shown(ruling: Ruling) -> Decision:
    return Decision(
        id=ruling.id, entity=ruling.entity, left=Named(source=ruling.left.source, key=ruling.left.key),
        right=Named(source=ruling.right.source, key=ruling.right.key), verdict=ruling.verdict, reason=ruling.reason,
        decided_by=ruling.decided_by, decided_at=ruling.decided_at, revoked_by=ruling.revoked_by, revoked_at=ruling.revoked_at,
        act=ruling.operation,
    )  # fmt: skip
