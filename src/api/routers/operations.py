"""For those who run the hub: health, readiness, metrics."""

from typing import Any, cast

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from api.problems import problems
from api.schemas import Model
from api.session import ANYBODY, hub_of
from mdm.errors import StoreUnavailable, Unauthorised
from mdm.store import status

router = APIRouter(tags=["operations"])


class Health(Model):
    """That it is well. There is no more to it: health is open to everybody."""

    status: str = "ok"


@router.get("/healthz")
async def get_health() -> Health:
    """Tell whether the process answers."""
    return Health()


@router.get("/readyz", responses=problems(StoreUnavailable))
def get_readiness(request: Request) -> Health:
    """Tell whether the hub can answer: its database does."""
    with hub_of(request).engine.connect() as db:
        status.answers(db)
    return Health()


_TEXT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Metrics in the text format of Prometheus."}
}


@router.get("/metrics", dependencies=[ANYBODY], response_class=Response, responses={**problems(Unauthorised, StoreUnavailable), **_TEXT})
def get_metrics(request: Request) -> Response:
    """Tell how many requests there were, how they ended and how long they took, and what the process needs."""
    registry = cast(CollectorRegistry, request.app.state.registry)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
