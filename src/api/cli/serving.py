"""Commands that keep running, and keys to reach them."""

from typing import Annotated

import typer
import uvicorn
from rich.console import Console

from api.app import create_app
from api.cli.watching import console as terminal
from api.hub import opened_hub
from api.words import word
from api.worker import work
from mdm.pipeline import Hub
from mdm.settings import Settings
from mdm.store import keys


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; MDM_HOST by default.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; MDM_PORT by default.")] = None,
) -> None:
    """Serve the API until Ctrl+C."""
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = Settings().model_copy(update=given)
    with opened_hub(settings) as hub:
        announce(terminal(), hub, serving=True)
        run_server(hub)


def worker() -> None:
    """Do the jobs that were put off with `mdm load --later`, until Ctrl+C; what a killed worker left is taken up again."""
    with opened_hub(Settings()) as hub:
        work(hub)


def key(
    name: Annotated[str, typer.Argument(help="Whom the key is for.")],
    role: Annotated[str, typer.Option(help="viewer, analyst, steward, admin or source.")] = "viewer",
) -> None:
    """Make a key for the API. It is shown once."""
    with opened_hub(Settings()) as hub, hub.engine.begin() as db:
        made = keys.issue(db, name, role)
    Console(soft_wrap=True).print(made, markup=False, highlight=False)


def announce(console: Console, hub: Hub, *, serving: bool) -> None:
    """Say where the API is and, the first time, with which key."""
    settings = hub.settings
    with hub.engine.begin() as db:
        first = keys.first_admin_key(db)
    if serving:
        address = f"http://{settings.host}:{settings.port}"
        console.print(word(settings, "serving"), style="bold cyan")
        console.print(
            f"   {word(settings, 'api_at')} {address}/v1, {word(settings, 'docs_at')} {address}/docs", highlight=False, soft_wrap=True
        )
    shown = f"{word(settings, 'key_once')}: {first}" if first else word(settings, "key_known")
    console.print(f"   {shown}", markup=False, highlight=False, soft_wrap=True)
    if serving:
        console.print(f"   {word(settings, 'stop')}", style="dim")


def run_server(hub: Hub) -> None:
    """Serve until told to stop."""
    uvicorn.run(create_app(hub), host=hub.settings.host, port=hub.settings.port, log_level="warning", server_header=False)
