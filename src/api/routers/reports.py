"""What projects earn, and what the months ahead bring."""

from datetime import date
from typing import Annotated, Any, cast

from fastapi import APIRouter, FastAPI, Path, Query, Request
from fastapi.responses import Response
from pydantic import ConfigDict, Field, create_model
from sqlalchemy import Connection

from api.answers import Json, moved
from api.cursors import Cursors, next_link
from api.figures import Figures, Row, columns, shown
from api.problems import problems
from api.reports import behind, chosen, ordered, position_of
from api.routers.golden import Moved
from api.schemas import BY_NAME, row_model
from api.selection import FILTER_PARAMETER, Asked, Listed, filters, sorting
from api.session import ANALYST, Db, hub_of
from mdm.errors import BadInput, Forbidden, NotFound, StoreUnavailable, Unauthorised
from mdm.store import golden

_PROBLEMS = problems(Unauthorised, Forbidden, BadInput, StoreUnavailable)
KEY = "golden_project_id"

AsOf = Annotated[date | None, Field(ge=date(1990, 1, 1), le=date(2100, 12, 31), examples=["2026-11-23"])]


class Day(Asked):
    """Parameters of a report."""

    as_of: AsOf = None
    """The day to which facts count; today where it is not given."""


class ProfitabilityAsked(Listed):
    """Parameters of the list of projects."""

    as_of: AsOf = None
    """The day to which facts count; today where it is not given."""


def register(app: FastAPI) -> None:
    """Add the endpoints. Their shapes follow from the reports themselves."""
    app.include_router(_projects())
    app.include_router(_forecasts())


def _projects() -> APIRouter:
    router = APIRouter(prefix="/v1/projects", tags=["profitability"], dependencies=[ANALYST], responses=_PROBLEMS)
    schema = columns("profitability")
    model = row_model("ProjectProfitability", "What a project earns. Amounts are in `currency`.", schema)
    paged = _page("ProfitabilityPage", "Projects, and where there are more.", model, next=(str | None, ...))
    moves: dict[int | str, dict[str, Any]] = {308: {"model": Moved, "description": "The id was merged; `Location` leads to the survivor."}}

    @router.get("/profitability", responses={200: {"model": paged}}, openapi_extra={"parameters": [FILTER_PARAMETER]}, response_class=Json)
    def list_profitability(request: Request, asked: Annotated[ProfitabilityAsked, Query()], db: Db) -> Response:
        """List what every project earns: contract, billing, cost, margin, and where it will end."""
        wanted = filters(request, {name: str for name in schema.names}, type(asked).model_fields)
        sort, as_of = sorting(asked.sort, schema.names), _day(request, asked.as_of)
        about = ("profitability", as_of, sort, sorted(wanted.items()))
        cursors = cast(Cursors, request.app.state.cursors)
        after = cursors.read(about, asked.cursor)
        rows = ordered(chosen(_rows(request, db, "profitability", as_of), wanted), sort, KEY)
        rest = behind(rows, sort, KEY, after, schema)
        page = rest[: asked.limit]
        more = cursors.at(about, position_of(page[-1], sort, KEY)) if len(rest) > len(page) else None
        return Json({"as_of": as_of, "items": [shown(row) for row in page], "next": next_link(request, more)})

    @router.get("/{golden_id}/profitability", responses={200: {"model": model}, **moves, **problems(NotFound)}, response_class=Json)
    def get_profitability(
        request: Request,
        golden_id: Annotated[str, Path(max_length=64, examples=["prj_01m85w83y4005c44ftc7gc00c6"])],
        asked: Annotated[Day, Query()],
        db: Db,
    ) -> Response:
        """Tell what a project earns."""
        rows = _rows(request, db, "profitability", _day(request, asked.as_of))
        row = next((row for row in rows if row[KEY] == golden_id), None)
        if row is not None:
            return Json(shown(row))
        found = golden.find(db, "project", golden_id)
        elsewhere = moved(request, BY_NAME["project"], found) if found is not None else None
        if elsewhere is None:
            raise NotFound(
                f"there is no project {golden_id!r}" if found is None else f"project {golden_id!r} is retired and has no figures"
            )
        return elsewhere

    return router


_FORECASTS = {
    "pipeline": ("PipelineMonth", "Open deals and won ones by month, in total and by salesperson.", "Tell what is on offer, and what it weighs, by month."),
    "billing": ("BillingMonth", "What was and will be billed in a month.", "Tell what was billed and what will be, by month."),
    "cash": ("CashMonth", "What came in and will come in in a month.", "Tell what was cashed and what will be, by month."),
}  # fmt: skip


def _forecasts() -> APIRouter:
    router = APIRouter(prefix="/v1/forecasts", tags=["forecasts"], dependencies=[ANALYST], responses=_PROBLEMS)
    for report, (name, doc, summary) in _FORECASTS.items():
        model = _page(
            f"{name}s",
            f"{doc} Amounts are in `currency`; those of several currencies are never added.",
            row_model(name, doc, columns(report)),
        )
        router.add_api_route(
            f"/{report}", _months(report), name=f"forecast_{report}", summary=summary, description=doc, responses={200: {"model": model}},
            response_class=Json,
        )  # fmt: skip
    return router


def _months(report: str) -> Any:
    def forecast(request: Request, asked: Annotated[Day, Query()], db: Db) -> Response:
        as_of = _day(request, asked.as_of)
        return Json({"as_of": as_of, "items": [shown(row) for row in _rows(request, db, report, as_of)]})

    return forecast


def _page(name: str, doc: str, row: Any, **more: Any) -> Any:
    config = ConfigDict(extra="forbid")
    return create_model(name, __config__=config, __doc__=doc, as_of=(date, ...), items=(list[row], ...), **more)


def _day(request: Request, asked: date | None) -> date:
    return asked or hub_of(request).now().date()


def _rows(request: Request, db: Connection, report: str, as_of: date) -> list[Row]:
    return cast(Figures, request.app.state.figures).rows(db, report, as_of)
