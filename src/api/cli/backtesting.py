"""The command that shows how good forecasts were on the company's own past."""

from pathlib import Path
from typing import Annotated

import pyarrow as pa
import typer
from rich.console import Console
from rich.table import Table

from api.cli.looking import Day, KnownAt, past, today
from api.cli.watching import console as terminal
from api.cli.watching import watched
from api.hub import opened_hub, version
from api.words import number, word
from mdm.cards import made, renew
from mdm.errors import BadInput
from mdm.exports import write
from mdm.forecast.backtest.card import CARD, PARTS
from mdm.settings import Settings
from mdm.store import facts
from mdm.store.moment import Moment


def backtest(
    part: Annotated[list[str] | None, typer.Argument(help=f"Of {', '.join(PARTS)}; all of them by default.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write the figures to this .csv or .parquet file too.")] = None,
    as_of: Day = None,
    known_at: KnownAt = None,
) -> None:
    """How good forecasts were: made again for days of the past with what was known then, beside what came, and beside what needs no model.

    What was found by what is known now is kept: mdm report card shows it, with what it means.
    """
    settings, console = Settings(), terminal()
    wanted = part or list(PARTS)
    if unknown := sorted({*wanted} - PARTS.keys()):
        raise BadInput(f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    with opened_hub(settings) as hub, watched(console) as watch:

        def step(name: str) -> None:
            watch.step(word(settings, f"part_{name}"), None)

        if as_of is None and known_at is None:
            found = renew(hub, version(), wanted, step)
        else:
            with hub.engine.connect() as db:
                frames = facts.frames(db, Moment(past(db, known_at)))
            day = as_of.date() if as_of else today()
            found = [table for _, table in made(frames, day, settings.currency, wanted, step)]
    for name, table in zip(wanted, found, strict=True):
        _show(console, settings, name, table)
    if out is not None:
        write(pa.concat_tables([CARD.empty_table(), *found]), out, None)


def _show(console: Console, settings: Settings, part: str, card: pa.Table) -> None:
    """A row a model, a column a measure; beside a coverage, where one that is truly 80 % is found."""
    rows = card.to_pylist()
    console.print(word(settings, f"part_{part}"), style="bold")
    if not rows:
        console.print(word(settings, "no_backtest"))
        return
    measures = list(dict.fromkeys(row["measure"] for row in rows))
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for measure in (*measures, "n"):
        table.add_column(word(settings, f"score_{measure}"), justify="right")
    for model in dict.fromkeys(row["model"] for row in rows):
        own = {row["measure"]: row for row in rows if row["model"] == model}
        table.add_row(model, *(_cell(settings, own.get(measure)) for measure in measures), number(settings, next(iter(own.values()))["n"]))
    console.print(table, highlight=False)


def _cell(settings: Settings, row: dict[str, float | None] | None) -> str:
    if row is None or row["value"] is None:
        return "–"
    shown = number(settings, round(row["value"], 3))
    if row["low"] is None or row["high"] is None:
        return shown
    return f"{shown} ({number(settings, round(row['low'], 2))}–{number(settings, round(row['high'], 2))})"
