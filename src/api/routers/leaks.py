"""Where money leaks: findings, what people say of them, and what came back."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, cast

import pyarrow as pa
from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import ConfigDict, Field
from sqlalchemy import Connection

from api.answers import Json
from api.figures import FINDING, Figures, Made, columns
from api.problems import problems
from api.routers.reports import Day, ReportList, day, listed, made_of, page_model
from api.schemas import Amount, Model, row_model
from api.selection import FILTER_PARAMETER, Filters, Line
from api.session import ANALYST, STEWARD, Caller, Db, hub_of
from mdm import leaks
from mdm.errors import BadInput, Forbidden, NotFound, StoreUnavailable, Unauthorised
from mdm.store import findings, moment
from mdm.store.findings import Mark, State

router = APIRouter(
    prefix="/v1/leakage-findings",
    tags=["leakage"],
    responses=problems(Unauthorised, Forbidden, BadInput, StoreUnavailable),
)
FindingId = Annotated[str, Path(max_length=64, examples=["leak_0123456789abcdef0123"])]
INSTANT = pa.timestamp("us", "UTC")
STANDING = pa.schema(
    [
        *columns("leakage"),
        *((name, pa.string()) for name in ("state", "reason", "marked_by")),
        ("marked_at", INSTANT),
        ("first_seen", INSTANT),
        ("recovered", pa.decimal128(24, 2)),
    ]
)
"""What is told of a finding."""
_DOC = "Something that was sold, done, billed or paid and does not tie, who is to act on it, and what became of it."
FindingRow: Any = row_model("LeakageFinding", _DOC, STANDING)
FindingPage: Any = page_model("LeakageFindings", "Findings, and where there are more.", FindingRow, next=(str | None, ...))


def standing(request: Request, db: Connection, asked: Day) -> Callable[[Made, date, Filters], Made]:
    """The report with what is known of its rows; what is found today is kept. Those that are fixed come where they are asked for.

    It is known when the newest mark was made: asked for at that instant again, it is the same.
    """

    def shaped(made: Made, as_of: date, wanted: Filters) -> Made:
        hub = hub_of(request)
        if asked.known_at is None and as_of == hub.now().date():
            figures = cast(Figures, request.app.state.figures)
            leaks.refresh(db, made.rows, lambda: figures.frames(made.known_at), as_of, hub.settings.currency, made.known_at)
        known = findings.known(db, asked.known_at)
        gone = leaks.fixed(known, (row[FINDING] for row in made.rows)) if "state" in wanted else []
        said = [one.mark.at for one in known.values() if one.mark is not None and asked.known_at is None]
        return Made([*leaks.standing(made.rows, known), *gone], max([made.known_at, *said]))

    return shaped


@router.get(
    "",
    responses={200: {"model": FindingPage}},
    openapi_extra={"parameters": [FILTER_PARAMETER]},
    response_class=Json,
    dependencies=[ANALYST],
)
def list_leakage_findings(request: Request, asked: Annotated[ReportList, Query()], db: Db) -> Response:
    """List where money leaks, what weighs most first: the check, its evidence, the amount at risk, whose it is, and what became of it.

    The `amount` is at risk, in `currency`, the company's own; `confidence` is that of the links that the finding rests on. Where it is below .95,
    `link_first` says that first the `pair` is to be reviewed. `filter[state]` for `open`, `accepted`, `false_alarm` or `fixed`: those that the data
    show no longer are fixed, and only listed where they are asked for.
    """
    return listed(request, db, "leakage", asked, FINDING, usual="-amount", schema=STANDING, shaped=standing(request, db, asked))


class TotalShown(Model):
    """What findings come to."""

    by: str
    """`all`, `check` or `owner`."""
    value: str | None
    """The slug of the check; the name of the owner, or the role where facts name nobody."""
    open: int
    at_risk: Amount
    """Of the open ones."""
    accepted: Amount
    fixed: int
    recovered: Amount
    link_first: int
    """Of which first a link is to be reviewed; they are in no sum."""


class Totals(Model):
    """What findings come to in all, by check and by owner, most at risk first."""

    as_of: date
    known_at: datetime
    currency: str
    items: list[TotalShown]


@router.get("/totals", dependencies=[ANALYST])
def get_leakage_totals(request: Request, asked: Annotated[Day, Query()], db: Db) -> Totals:
    """Tell what is at risk, by check and by owner, and what came back."""
    as_of = day(request, asked.as_of)
    made = made_of(request, db, "leakage", as_of, asked.known_at)
    made = standing(request, db, asked)(made, as_of, {"state": ()})
    items = [
        TotalShown(
            by=one.by, value=one.value, open=one.open, at_risk=_plain(one.at_risk), accepted=_plain(one.accepted), fixed=one.fixed,
            recovered=_plain(one.recovered), link_first=one.link_first,
        )
        for one in leaks.totals(made.rows)
    ]  # fmt: skip
    return Totals(as_of=as_of, known_at=made.known_at, currency=hub_of(request).settings.currency, items=items)


class Judgement(Model):
    """What somebody says of a finding."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"state": "false_alarm", "reason": "billed by the parent company"}]})

    state: State | None = None
    """Left as it is where it is not given."""
    reason: Line | None = None
    """A false alarm needs one."""
    owner: Line | None = None
    """Who is to act, where it is not whom the facts name."""


class MarkShown(Model):
    """What somebody said of a finding, or what became of it."""

    state: State
    owner: str | None
    reason: str | None
    recovered: Amount | None
    """What came back, in the company's currency; null where nothing tells."""
    by: str
    """`hub` for what the data said by themselves."""
    at: datetime


class FindingHistory(Model):
    """Everything that was said of a finding, in its order; it was open before."""

    id: str
    first_seen: datetime
    gone_at: datetime | None
    """Since when the data do not show it any more."""
    items: Annotated[list[MarkShown], Field()]


@router.patch("/{finding_id}", responses=problems(NotFound), dependencies=[STEWARD])
def mark_finding(request: Request, finding_id: FindingId, given: Judgement, db: Db, caller: Caller) -> FindingHistory:
    """Say what a finding is, or who is to act on it.

    What was said before is kept. A finding that the data show no longer becomes `fixed` by itself, with what came back where that can be told, and
    `open` again where it returns.
    """
    as_of = day(request, None)
    standing(request, db, Day())(made_of(request, db, "leakage", as_of, None), as_of, {})
    leaks.judge(db, finding_id, caller.name, moment.now(db), state=given.state, owner=given.owner, reason=given.reason)
    return _history(db, finding_id)


@router.get("/{finding_id}/history", responses=problems(NotFound), dependencies=[ANALYST])
def get_finding_history(finding_id: FindingId, db: Db) -> FindingHistory:
    """Tell everything that was said of a finding, and what became of it."""
    return _history(db, finding_id)


def _history(db: Connection, finding_id: str) -> FindingHistory:
    found = findings.known(db, ids=[finding_id]).get(finding_id)
    if found is None:
        raise NotFound(f"there is no finding {finding_id!r}")
    return FindingHistory(id=found.id, first_seen=found.first_seen, gone_at=found.gone_at, items=_marks(findings.history(db, finding_id)))


def _marks(found: Sequence[Mark]) -> list[MarkShown]:
    return [
        MarkShown(
            state=one.state, owner=one.owner, reason=one.reason, recovered=None if one.recovered is None else _plain(one.recovered),
            by=one.actor, at=one.at,
        )
        for one in found
    ]  # fmt: skip


def _plain(amount: Decimal) -> str:
    return f"{amount:.2f}"
