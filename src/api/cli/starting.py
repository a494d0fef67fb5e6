"""Commands for the first quarter of an hour: a demo company, and a config to start from."""

import shutil
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from api.cli.looking import today
from api.cli.serving import announce, run_server
from api.cli.watching import console as terminal
from api.cli.watching import watched
from api.cli.working import show_loaded, show_resolved
from api.hub import opened_hub
from api.page import page
from api.words import word
from mdm import pipeline
from mdm.errors import BadInput
from mdm.settings import Settings
from mdm.store import embedded
from sources import demo as company
from sources import open_sources
from sources.demo.config import CONFIG


def demo(
    serve: Annotated[bool, typer.Option(help="Go on serving the API.")] = True,
    seed: Annotated[int, typer.Option(help="Another seed is another company.")] = 1,
    customers: Annotated[int, typer.Option(help="How large the company's customer base is.", min=20, max=20000)] = 300,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget the last demo first.")] = False,
) -> None:
    """Make a demo company, reconcile its CRM, billing and time tool, and show what comes of it. A second run changes nothing."""
    console = terminal()
    settings = Settings()
    place = settings.home / "demo"
    settings = settings.model_copy(update={"home": place, "database_url": None})
    if fresh:
        forget(place)
    files = place / f"company-{seed}-{customers}"
    made = _company(console, settings, files, seed, customers)
    with opened_hub(settings, durable=False) as hub:
        with watched(console) as watch:
            loaded = pipeline.load(hub, open_sources(CONFIG, files), watch)
            resolved = pipeline.resolve(hub, watch)
        show_loaded(console, settings, loaded)
        console.print()
        show_resolved(console, settings, resolved)
        with hub.engine.connect() as db:
            console.print(page(settings, db, made, console.width))
        console.print()
        announce(console, hub, serving=serve)
        console.print(word(settings, "own_files"), style="dim")
        if serve:
            run_server(hub)


def _company(console: Console, settings: Settings, files: Path, seed: int, customers: int) -> date:
    """Its files, made once; the day on which they were made is the day on which the demo stands."""
    stamp = files / "made-on"
    if not stamp.exists():
        shutil.rmtree(files, ignore_errors=True)
        made = today()
        company.generate(files, seed=seed, customers=customers, today=made)
        stamp.write_text(made.isoformat(), encoding="ascii")
    console.print(f"{word(settings, 'demo_made')}: {files}", style="dim", highlight=False, soft_wrap=True)
    return date.fromisoformat(stamp.read_text(encoding="ascii"))


def forget(place: Path) -> None:
    """Remove a demo with its database."""
    embedded.remove(place / "postgres")
    shutil.rmtree(place, ignore_errors=True)


def init(
    folder: Annotated[Path, typer.Argument(help="Where to put the config.")] = Path(),
) -> None:
    """Write a sources.toml to start from: a CRM, a billing package and a time tool as CSV files, every mapping explained."""
    target = folder / "sources.toml"
    if target.exists():
        raise BadInput(f"{target} is there already; move it away, or say another folder")
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(CONFIG, target)
    Console().print(f"{target}\n\nmdm load --config {target} --root {folder}", highlight=False, soft_wrap=True)
