"""The API: what its endpoints share, put together."""

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector

from api.cursors import Cursors, secret_of
from api.edge import Edge
from api.figures import Figures
from api.hub import version
from api.problems import TABLE, Problem, described, respond
from api.routers import (
    acts,
    cards,
    changes,
    dunning,
    golden,
    identities,
    keys,
    leaks,
    lines,
    operations,
    pins,
    reference,
    relations,
    reports,
    rules,
    simulations,
    status,
    stewardship,
    tasks,
)  # fmt: skip
from api.search import Search
from mdm.pipeline import Hub

DESCRIPTION = """\
Golden records of customers, contacts, products, projects and salespeople, the evidence behind them, and what they let you see ahead.

Every address but /healthz and /readyz needs an API key. Amounts are exact decimals as text; days and times are ISO 8601. Mistakes are
answered as application/problem+json (RFC 9457), with all that is wrong in `errors`. Lists answer with `next`, the address of the next page."""


class Application(FastAPI):
    """FastAPI, with problem documents in its OpenAPI."""

    def openapi(self) -> dict[str, Any]:
        """OpenAPI 3.1. Every operation is summed up by the first line of its description, and may answer with a problem."""
        if self.openapi_schema is None:
            found = super().openapi()
            schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            found["components"]["schemas"] |= {**schema.pop("$defs"), "Problem": schema}
            for operation in (operation for methods in found["paths"].values() for operation in methods.values()):
                operation["summary"] = operation["description"].partition("\n")[0].rstrip(".")
                operation["responses"].setdefault("default", described("Anything else that went wrong."))
        assert self.openapi_schema is not None
        return self.openapi_schema


def create_app(hub: Hub) -> FastAPI:
    """The API of a hub. Whoever opened the hub closes it."""
    app = Application(
        title="MDM hub",
        version=version(),
        description=DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
        exception_handlers={kind: respond for kind in TABLE if kind is not Exception},  # the edge answers what nobody foresaw
    )
    app.state.hub = hub
    app.state.cursors = Cursors(secret_of(hub.settings.home))
    app.state.search = Search()
    app.state.figures = Figures(hub)
    app.state.registry = _registry()
    for part in (
        golden, relations, identities, lines, reports, leaks, simulations, cards, dunning, changes, tasks, stewardship, acts, pins, rules, status,
        keys, operations, reference,
    ):  # fmt: skip
        app.include_router(part.router)
    app.add_middleware(Edge, registry=app.state.registry)
    return app


def _registry() -> CollectorRegistry:
    """The metrics of one app, with those of its process."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    return registry


def _operation_id(route: APIRoute) -> str:
    return route.name
