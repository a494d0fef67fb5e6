"""Commands for the rules by which golden values are chosen: shown, tried, applied."""

import getpass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection

from api.cli.watching import console as terminal
from api.hub import opened_hub
from api.words import number, word
from mdm.entities import MASTERS, Master
from mdm.exports import master
from mdm.rule_simulation import Simulation, simulate
from mdm.rules import RuleSet, checked, read, shown, written
from mdm.settings import Settings
from mdm.store import audit
from mdm.store import rules as stored

app = typer.Typer(no_args_is_help=True, help="The rules by which golden values are chosen: show, try and apply them.")
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Rules as TOML, as mdm rules show writes them.")]


@app.command()
def show(entity: Annotated[str, typer.Argument(help=f"One of {', '.join(item.entity for item in MASTERS)}.")]) -> None:
    """Print the rules in force as TOML, to be changed, tried and applied."""
    found = master(entity)
    with opened_hub(Settings()) as hub, hub.engine.connect() as db:
        typer.echo(written(found, shown(stored.in_force(db, found), found)), nl=False)


@app.command(name="try")
def attempt(file: File, most: Annotated[int, typer.Option(help="How many changes of a field to show.", min=0)] = 5) -> None:
    """Show which golden values other rules would change. Nothing is written."""
    settings = Settings()
    with opened_hub(settings) as hub, hub.engine.connect() as db:
        entity, asked = _read(db, file)
        show_simulation(terminal(), settings, simulate(db, entity, asked, most))


@app.command()
def apply(file: File, reason: Annotated[str, typer.Option("--reason", help="Why; it is kept with the rules.")]) -> None:
    """Put rules in force as a new version. The next match rebuilds the golden records by them."""
    settings, console, actor = Settings(), terminal(), getpass.getuser()
    with opened_hub(settings) as hub, hub.engine.begin() as db:
        entity, asked = _read(db, file)
        before = stored.version(db, entity.entity)
        made = stored.put(db, entity, asked, reason, actor)
        if made is None or made == before:
            console.print(word(settings, "rules_same"))
            return
        audit.append(db, actor, "rules.put", f"rules {made.id}", {"entity": entity.entity, "reason": reason}, hub.now())
        console.print(word(settings, "rules_put").format(entity=entity.entity, version=made.id), highlight=False)


def _read(db: Connection, file: Path) -> tuple[type[Master], RuleSet]:
    """The rules of a file, in which nothing is wrong. Raises BadInput."""
    name, asked = read(file)
    entity = master(name)
    return entity, checked(asked, entity, stored.sources(db, entity.entity))


def show_simulation(console: Console, settings: Settings, found: Simulation) -> None:
    """How many values would change by field, and some of them, old and new."""
    changed, golden = number(settings, found.changed), number(settings, found.golden)
    console.print(word(settings, "rules_would").format(changed=changed, golden=golden), highlight=False)
    table = Table(box=None, pad_edge=False, show_header=False)
    for _ in range(4):
        table.add_column()
    for field, count in found.fields.items():
        told = [change for change in found.examples if change.field == field]
        rule = word(settings, "by_rule").format(rule=told[0].rule) if told else ""
        table.add_row(field, number(settings, count), rule)
        for change in told:
            table.add_row("", change.golden_id, _text(change.old), f"-> {_text(change.new)}")
    console.print(table, highlight=False, markup=False)


def _text(value: str | list[str] | None) -> str:
    return "–" if value is None else value if isinstance(value, str) else " | ".join(value)
