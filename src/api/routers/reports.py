"""What projects earn, what the months ahead bring, and where money leaks."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any, Literal, cast

import pyarrow as pa
from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import ConfigDict, Field, create_model
from sqlalchemy import Connection

from api.answers import Json, moved
from api.cursors import Cursors, next_link
from api.figures import DEAL, DOCUMENT, Figures, Made, Row, columns, shown
from api.moments import KnownAt, standing
from api.problems import problems
from api.reports import behind, chosen, ordered, position_of
from api.routers.golden import Moved
from api.schemas import BY_NAME, row_model
from api.selection import FILTER_PARAMETER, Asked, Filters, Listed, filters, sorting
from api.session import ANALYST, Db, hub_of
from mdm.errors import BadInput, Forbidden, NotFound, StoreUnavailable, Unauthorised
from mdm.forecast.margins import DIMENSIONS, RISK, SHARES, risk, rollup
from mdm.store import golden
from mdm.store.moment import Moment

_PROBLEMS = problems(Unauthorised, Forbidden, BadInput, StoreUnavailable)
_FILTERED = {"parameters": [FILTER_PARAMETER]}
PROJECT = "golden_project_id"
_KNOWN_AT = {"Known-At": {"description": "The instant at which this was known.", "schema": {"type": "string", "format": "date-time"}}}

PROFITABILITY = pa.schema([*columns("profitability"), *RISK])
"""What is told of a project."""
PARTS = pa.schema([("id", pa.string()), *SHARES])
SUMS = pa.schema([("id", pa.string()), *(column for column in rollup(SHARES.empty_table()).schema if column.name != "value")])
Floor = Annotated[float | None, Field(ge=-1, lt=1, examples=[0.15])]
Dimension = Annotated[Literal[DIMENSIONS], Path(examples=["customer"], description="By what projects are summed.")]  # type: ignore[valid-type]
AsOf = Annotated[date | None, Field(ge=date(1990, 1, 1), le=date(2100, 12, 31), examples=["2026-11-23"])]


class Day(Asked):
    """Parameters of a report."""

    as_of: AsOf = None
    """The day to which facts count; today where it is not given."""
    known_at: KnownAt = None
    """What the hub knew at that instant; what it knows now where it is not given. A report tells the one at which it was made, and asked
    for at it again, with the same `as_of`, it is the same to the cent."""


class ReportList(Day, Listed):
    """Parameters of a report that is a list."""


class FlooredDay(Day):
    """Parameters of what a project earns."""

    floor: Floor = None
    """Margin at completion, as a share of sales, that is asked for in `below_floor`; MDM_MARGIN_FLOOR where it is not given."""


class ProfitabilityList(ReportList):
    """Parameters of what projects earn."""

    floor: Floor = None
    """Margin at completion, as a share of sales, that is asked for in `below_floor`; MDM_MARGIN_FLOOR where it is not given."""


def _projects() -> APIRouter:
    router = APIRouter(prefix="/v1/projects", tags=["profitability"], dependencies=[ANALYST], responses=_PROBLEMS)
    doc = (
        "What a project earns. Amounts are in `currency`; `below_floor` is the probability that its margin at completion is below `floor`."
    )
    model = row_model("ProjectProfitability", doc, PROFITABILITY)
    paged = page_model("ProfitabilityPage", "Projects, and where there are more.", model, next=(str | None, ...))
    moves: dict[int | str, dict[str, Any]] = {308: {"model": Moved, "description": "The id was merged; `Location` leads to the survivor."}}

    @router.get("/profitability", responses={200: {"model": paged}}, openapi_extra=_FILTERED, response_class=Json)
    def list_profitability(request: Request, asked: Annotated[ProfitabilityList, Query()], db: Db) -> Response:
        """List what every project earns: contract, billing, cost, margin, where it will end, and how likely below a floor."""
        floor = _floor(request, asked.floor)

        def shaped(made: Made, as_of: date, wanted: Filters) -> Made:
            return replace(made, rows=with_risk(made.rows, floor))

        return listed(request, db, "profitability", asked, PROJECT, schema=PROFITABILITY, shaped=shaped, about=[floor])

    @router.get(
        "/{golden_id}/profitability",
        responses={200: {"model": model, "headers": _KNOWN_AT}, **moves, **problems(NotFound)},
        response_class=Json,
    )
    def get_profitability(
        request: Request,
        golden_id: Annotated[str, Path(max_length=64, examples=["prj_01m85w83y4005c44ftc7gc00c6"])],
        asked: Annotated[FlooredDay, Query()],
        db: Db,
    ) -> Response:
        """Tell what a project earns. The header `Known-At` tells the instant at which that was known."""
        made = made_of(request, db, "profitability", day(request, asked.as_of), asked.known_at)
        row = next((row for row in made.rows if row[PROJECT] == golden_id), None)
        if row is not None:
            (told,) = with_risk([row], _floor(request, asked.floor))
            return Json(shown(told), headers={"Known-At": made.known_at.isoformat()})
        found = golden.find(db, "project", golden_id, Moment(asked.known_at))
        elsewhere = moved(request, BY_NAME["project"], found) if found is not None else None
        if elsewhere is None:
            raise NotFound(
                f"there is no project {golden_id!r}" if found is None else f"project {golden_id!r} is retired and has no figures"
            )
        return elsewhere

    return router


def _floor(request: Request, asked: float | None) -> float:
    return hub_of(request).settings.margin_floor if asked is None else asked


def with_risk(rows: Sequence[Row], floor: float) -> list[Row]:
    """What projects earn, with what is not known of it."""
    return [{**row, **doubt} for row, doubt in zip(rows, risk(rows, floor), strict=True)]


def _sums() -> APIRouter:
    router = APIRouter(prefix="/v1/projects/profitability/by", tags=["profitability"], dependencies=[ANALYST], responses=_PROBLEMS)
    told = "`id` is that of the customer, product or salesperson, the nature or the period (2026-11, 2026-Q4, 2026), empty where there is none."
    value = row_model("ProfitabilitySum", f"What projects come to. Amounts are in the company's currency. {told}", SUMS)
    share = row_model(
        "ProfitabilityShare", "What a project gives to a value: `share` of it, null where it is split by the days of facts.", PARTS
    )
    values = page_model("ProfitabilitySums", "Sums, and where there are more.", value, next=(str | None, ...))
    parts = page_model("ProfitabilityShares", "Shares, and where there are more.", share, next=(str | None, ...))

    @router.get("/{dimension}", responses={200: {"model": values}}, openapi_extra=_FILTERED, response_class=Json)
    def list_profitability_sums(request: Request, dimension: Dimension, asked: Annotated[ReportList, Query()], db: Db) -> Response:
        """List what projects come to by customer, group of customers, product, salesperson, nature, or period of order or revenue.

        The values of a dimension sum to all projects, to the cent; projects without one are under the empty `id`. A project is split over the
        products of its deals, else of its invoices; over periods of revenue by the days of its invoices and costs.
        """

        def shaped(made: Made, as_of: date, wanted: Filters) -> Made:
            summed = rollup(pa.Table.from_pylist(made.rows, SHARES)).to_pylist()
            return replace(made, rows=[{"id": row.pop("value") or "", **row} for row in summed])

        return listed(request, db, f"by_{dimension}", asked, "id", schema=SUMS, shaped=shaped)

    @router.get("/{dimension}/projects", responses={200: {"model": parts}}, openapi_extra=_FILTERED, response_class=Json)
    def list_profitability_shares(request: Request, dimension: Dimension, asked: Annotated[ReportList, Query()], db: Db) -> Response:
        """List the projects behind the sums, each with what it gives to every value; `filter[value]` for those of one."""

        def shaped(made: Made, as_of: date, wanted: Filters) -> Made:
            return replace(made, rows=[{"id": f"{row['golden_project_id']} {row['value'] or ''}", **row} for row in made.rows])

        return listed(request, db, f"by_{dimension}", asked, "id", schema=PARTS, shaped=shaped)

    return router


def _deals() -> APIRouter:
    router = APIRouter(prefix="/v1/forecasts", tags=["forecasts"], dependencies=[ANALYST], responses=_PROBLEMS)
    model = row_model("OpenDeal", "What to expect of an open deal. Its amount is in `currency`.", columns("deals"))
    paged = page_model("OpenDeals", "Open deals, and where there are more.", model, next=(str | None, ...))

    @router.get("/deals", responses={200: {"model": paged}}, openapi_extra=_FILTERED, response_class=Json)
    def list_deal_forecasts(request: Request, asked: Annotated[ReportList, Query()], db: Db) -> Response:
        """List the open deals: the chance that each is won with its 80 % interval, in which month, and what speaks against it.

        `rung` is the model that gave the chance and `closed` the deals that ended behind it; `entered` is what the salesperson says and
        `recalibrated` what that came to so far. `months` begins with the month of `as_of`; the last one holds all after it, too.
        """
        return listed(request, db, "deals", asked, DEAL)

    return router


_PROCESS = {
    "stages": ("SalesStage", "Progress from a stage, and time in it, of a salesperson or (`golden_salesperson_id` null) of all together."),
    "slips": ("ClosingDates", "How often closing dates were put off, and by how much, by salesperson and of all together."),
    "conformance": ("ChainStep", "A step of contact - deal - project - invoice - payment behind won deals, missing or out of order."),
}


def _process() -> APIRouter:
    router = APIRouter(prefix="/v1/forecasts", tags=["forecasts"], dependencies=[ANALYST], responses=_PROBLEMS)
    parts: dict[str, Any] = {}
    for report, (name, doc) in _PROCESS.items():
        row: Any = row_model(name, doc, columns(report))
        parts[report] = (list[row], ...)
    config, told = ConfigDict(extra="forbid"), "How deals are sold: stages, closing dates, and what follows a won deal."
    model = create_model("SalesProcess", __config__=config, __doc__=told, as_of=(date, ...), known_at=(datetime, ...), **parts)

    @router.get("/sales-process", responses={200: {"model": model}}, response_class=Json)
    def get_sales_process(request: Request, asked: Annotated[Day, Query()], db: Db) -> Response:
        """Tell how deals are sold: stage by stage, closing dates put off, and which steps behind won deals are missing or out of order."""
        as_of, known_at = day(request, asked.as_of), asked.known_at
        answer: dict[str, Any] = {}
        for report in _PROCESS:
            made = made_of(request, db, report, as_of, known_at)
            known_at = made.known_at
            answer[report] = [shown(row) for row in made.rows]
        return Json({"as_of": as_of, "known_at": known_at, **answer})

    return router


_FORECASTS = {
    "pipeline": ("PipelineMonth", "Open deals and won ones by month, in total and by salesperson."),
    "billing": ("BillingMonth", "What was billed by month, and what will be."),
    "cash": ("CashMonth", "What came in by month, and what will come in."),
    "salespeople": ("SalespersonCalibration", "What each salesperson enters beside what comes of it; all together first."),
    "outlook": (
        "OutlookMonth",
        "What the twelve months ahead bring: orders, revenue, costs, margin, billing and cash, with bands of simulated paths.",
    ),
    "collections": ("CollectionsPeriod", "What open invoices should bring in by week and by month: P10, P50 and P90 of sampled paths."),
    "ageing": ("AgeingRow", "What is owed by age since the due date, in total and by golden customer."),
    "ageing_history": ("AgeingMonth", "What was owed by age at the ends of months."),
    "dso": ("DsoMonth", "Days sales outstanding by count-back, best possible DSO and average days delinquent, at the ends of months."),
}


def _forecasts() -> APIRouter:
    router = APIRouter(prefix="/v1/forecasts", tags=["forecasts"], dependencies=[ANALYST], responses=_PROBLEMS)
    for report, (name, doc) in _FORECASTS.items():
        told = doc if report == "salespeople" else f"{doc}\n\nAmounts are in `currency`; those of several currencies are never added."
        model = page_model(f"{name}s", told, row_model(name, doc, columns(report)))
        endpoint, named = _months(report), f"forecast_{report}"
        path = f"/{report.replace('_', '-')}"
        router.add_api_route(path, endpoint, name=named, description=told, responses={200: {"model": model}}, response_class=Json)
    return router


def _receivables() -> APIRouter:
    router = APIRouter(prefix="/v1/forecasts", tags=["forecasts"], dependencies=[ANALYST], responses=_PROBLEMS)
    model = row_model("Receivable", "An open document, and when it should be paid.", columns("receivables"))
    paged = page_model("Receivables", "Open documents, and where there are more.", model, next=(str | None, ...))

    @router.get("/receivables", responses={200: {"model": paged}}, openapi_extra=_FILTERED, response_class=Json)
    def list_receivables(request: Request, asked: Annotated[ReportList, Query()], db: Db) -> Response:
        """List every open document by due date, with the day on which it should be paid, its band, and what that rests on.

        One in ten is paid before `expected_p10` and one in ten after `expected_p90`, if it is paid at all; `never_probability` is how likely it
        is not to be. `customer_invoices` are those of the customer behind it; `rests_on` tells whether they, or others, say so.
        """
        return listed(request, db, "receivables", asked, DOCUMENT, usual="due_on")

    return router


def _months(report: str) -> Any:
    def forecast(request: Request, asked: Annotated[Day, Query()], db: Db) -> Response:
        as_of = day(request, asked.as_of)
        made = made_of(request, db, report, as_of, asked.known_at)
        return Json({"as_of": as_of, "known_at": made.known_at, "items": [shown(row) for row in made.rows]})

    return forecast


def listed(
    request: Request,
    db: Connection,
    report: str,
    asked: ReportList,
    key: str,
    *,
    usual: str | None = None,
    schema: pa.Schema | None = None,
    shaped: Callable[[Made, date, Filters], Made] = lambda made, as_of, wanted: made,
    about: Sequence[object] = (),
) -> Response:
    """A page of a report, or of rows that are made of it: filtered by whatever is not a measure, sorted by whatever there is."""
    schema = pa.schema([column for column in columns(report) if not pa.types.is_nested(column.type)]) if schema is None else schema
    told = [column.name for column in schema if not pa.types.is_decimal(column.type) and not pa.types.is_floating(column.type)]
    wanted = filters(request, dict.fromkeys(told, str), type(asked).model_fields)
    sort, as_of = sorting(asked.sort or usual, schema.names), day(request, asked.as_of)
    made = shaped(made_of(request, db, report, as_of, asked.known_at), as_of, wanted)
    about = (request.url.path, report, as_of, made.known_at, sort, sorted(wanted.items()), *about)
    cursors = cast(Cursors, request.app.state.cursors)
    after = cursors.read(about, asked.cursor)
    rest = behind(ordered(chosen(made.rows, wanted), sort, key), sort, key, after, schema)
    page = rest[: asked.limit]
    more = cursors.at(about, position_of(page[-1], sort, key)) if len(rest) > len(page) else None
    # The pages of one report are of one day and one knowledge, whatever comes in while they are read.
    following = next_link(request, more, as_of=as_of.isoformat(), known_at=made.known_at.isoformat())
    return Json({"as_of": as_of, "known_at": made.known_at, "items": [shown(row) for row in page], "next": following})


def page_model(name: str, doc: str, row: Any, **more: Any) -> Any:
    """The shape of rows of a report with their day."""
    config = ConfigDict(extra="forbid")
    return create_model(name, __config__=config, __doc__=doc, as_of=(date, ...), known_at=(datetime, ...), items=(list[row], ...), **more)


def day(request: Request, asked: date | None) -> date:
    """The day asked for, or today."""
    return asked or hub_of(request).now().date()


def made_of(request: Request, db: Connection, report: str, as_of: date, known_at: datetime | None) -> Made:
    """A report. Raises InvalidRequest on knowledge of the future."""
    standing(db, known_at)
    return cast(Figures, request.app.state.figures).made(db, report, as_of, known_at)


router = APIRouter()
"""The shapes follow from the reports themselves."""
for part in (_sums(), _projects(), _forecasts(), _deals(), _process(), _receivables()):
    router.include_router(part)
