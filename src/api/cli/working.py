"""Commands that bring records in and make golden records of them."""

import getpass
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from api.cli.watching import console as terminal
from api.cli.watching import watched
from api.hub import opened_hub
from api.words import number, word
from api.worker import put_off
from mdm import pins, pipeline
from mdm.pipeline import Hub, Loaded, Resolved
from mdm.rulings import columns_of, take_over
from mdm.settings import Settings
from mdm.store import audit, problems
from sources import open_sources

SHOWN = 20
"""Lines that are listed."""
Config = Annotated[Path, typer.Option("--config", "-c", exists=True, dir_okay=False, help="The sources.toml that says what stands where.")]
Root = Annotated[
    Path | None,
    typer.Option(
        "--root", "-r", exists=True, file_okay=False, help="The folder that holds the sources' folders; by default that of the config."
    ),
]
Only = Annotated[list[str] | None, typer.Option("--source", "-s", help="Load this source only; may be repeated.")]


def load(
    config: Config,
    root: Root = None,
    source: Only = None,
    match: Annotated[bool, typer.Option(help="Match and rebuild golden records when something has changed.")] = True,
    later: Annotated[bool, typer.Option("--later", help="Leave it to a worker (mdm worker), with everything the config names.")] = False,
) -> None:
    """Load what the sources hold, and bring the golden records up to date. Loading the same again changes nothing."""
    settings, console = Settings(), terminal()
    sources = [found for found in open_sources(config, root) if not source or found.name in source]
    if not sources:
        raise typer.BadParameter(f"{config} has no source {', '.join(source or [])}")
    with opened_hub(settings) as hub:
        if later:
            job = put_off(hub, "load", config=str(config.resolve()), root=str(root.resolve()) if root else None)
            console.print(word(settings, "put_off").format(job=job))
            return
        with watched(console) as watch:
            done = pipeline.load(hub, sources, watch)
        show_loaded(console, settings, done)
        show_problems(console, settings, hub, done)
        if match:
            resolve(console, hub)


def rule(
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, help="Rulings or pins as CSV, as mdm export rulings and mdm export pins write them."),
    ],
    match: Annotated[bool, typer.Option(help="Match and rebuild golden records when something has changed.")] = True,
) -> None:
    """Take over rulings or pins of stewards from a file; those in force stay, and what cannot be taken is told with its line."""
    settings, console = Settings(), terminal()
    actor = getpass.getuser()
    with opened_hub(settings) as hub:
        with hub.engine.begin() as db:
            pinned = "field" in columns_of(file)
            taken = pins.take_over(db, file, actor, hub.now()) if pinned else take_over(db, file, actor)
            detail = {"file": file.name, "sha256": sha256(file.read_bytes()).hexdigest(), "made": taken.made}
            audit.append(db, actor, "pins.imported" if pinned else "decisions.imported", f"file {file.name}", detail, hub.now())
        told = word(settings, "pins_taken" if pinned else "rulings_taken").format(
            *(number(settings, count) for count in (taken.made, taken.known, len(taken.problems)))
        )
        console.print(told, markup=False, highlight=False)
        for problem in taken.problems[:SHOWN]:
            console.print(f"  {problem}", markup=False, highlight=False, soft_wrap=True)
        if len(taken.problems) > SHOWN:
            console.print(f"  … {word(settings, 'more_changes').format(count=number(settings, len(taken.problems) - SHOWN))}", style="dim")
        if match and taken.made:
            resolve(console, hub)


def match() -> None:
    """Match the records that have changed and bring the golden records up to date."""
    with opened_hub(Settings()) as hub:
        resolve(terminal(), hub)


def rebuild() -> None:
    """Match everything anew and rebuild every golden record. Ids stay where the clusters do."""
    with opened_hub(Settings()) as hub:
        resolve(terminal(), hub, force=True)


def resolve(console: Console, hub: Hub, *, force: bool = False) -> None:
    """Match with progress, and say what came of it."""
    with watched(console) as watch:
        done = pipeline.resolve(hub, watch, force=force)
    show_resolved(console, hub.settings, done)


def show_loaded(console: Console, settings: Settings, done: Sequence[Loaded]) -> None:
    """A row a stream: what was read, and what came of it."""
    columns = ("read", "new", "changed", "unchanged", "deleted", "quarantined", "rejected")
    table = Table(title=word(settings, "loaded"), title_justify="left", box=None, pad_edge=False)
    table.add_column(word(settings, "stream"))
    table.add_column(word(settings, "entity"))
    for column in columns:
        table.add_column(word(settings, column), justify="right")
    for item in done:
        figures = [number(settings, item.counts[column]) if item.counts[column] else "·" for column in columns]
        table.add_row(f"{item.source} · {item.stream}", item.entity, *figures)
    console.print(table)


def show_problems(console: Console, settings: Settings, hub: Hub, done: Sequence[Loaded], most: int = 12) -> None:
    """The first problems of this load in full, and where the rest is."""
    total = sum(item.counts[severity] for item in done for severity in ("quarantined", "rejected", "warning"))
    if not total:
        return
    with hub.engine.connect() as db:
        shown = problems.latest(db, most)
    console.print(f"\n{word(settings, 'problems')} ({number(settings, total)})", style="bold")
    for line in shown:
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    if total > len(shown):
        console.print(f"  … {word(settings, 'more_problems')}", style="dim")


def show_resolved(console: Console, settings: Settings, done: Sequence[Resolved]) -> None:
    """A row an entity: records, golden records, what changed."""
    worked = [item for item in done if not item.skipped]
    if not worked:
        console.print(word(settings, "nothing_changed"))
        return
    table = Table(title=word(settings, "golden_records"), title_justify="left", box=None, pad_edge=False)
    table.add_column(word(settings, "entity"))
    for column in ("records", "golden", "events"):
        table.add_column(word(settings, column), justify="left" if column == "events" else "right")
    for item in worked:
        events = ", ".join(f"{number(settings, count)} {word(settings, event)}" for event, count in sorted(item.events.items()))
        table.add_row(item.entity, number(settings, item.records), number(settings, item.golden), events or word(settings, "no_change"))
    console.print(table)
    for item in worked:
        for rule, (left, largest) in item.oversized.items():
            console.print(
                f"{item.entity}: {word(settings, 'oversized').format(rule=rule, left=left, largest=largest)}", style="yellow", markup=False
            )
