"""Commands that show what lies ahead."""

from typing import Annotated, Any

import typer
from babel.dates import format_date
from rich.table import Table

from api.cli.looking import Day, KnownAt, past, today
from api.cli.watching import console as terminal
from api.hub import opened_hub
from api.words import money, month, percent, word
from mdm.forecast.deals.calibration import calibration
from mdm.forecast.deals.winning import winning
from mdm.settings import Settings
from mdm.store import facts
from mdm.store.moment import Moment

SHOWN = 30
"""Deals that are listed where nothing else is said."""


def deals(
    at_risk: Annotated[bool, typer.Option("--at-risk", help="Only deals that something speaks against.")] = False,
    most: Annotated[int, typer.Option(help="How many deals to list, the largest first.", min=1)] = SHOWN,
    as_of: Day = None,
    known_at: KnownAt = None,
) -> None:
    """What to expect of open deals: the chance that each is won, when, and what speaks against it; and how salespeople's entries come true."""
    settings, console = Settings(), terminal()
    day = as_of.date() if as_of else today()
    with opened_hub(settings) as hub, hub.engine.connect() as db:
        frames = facts.frames(db, Moment(past(db, known_at)))
    found = [row for row in winning(frames, day).to_pylist() if row["at_risk"] or not at_risk]
    if not found:
        console.print(word(settings, "no_open_deal"))
        return
    found.sort(key=lambda row: (-(row["amount"] or 0), row["source"], row["key"]))
    table = Table(box=None, pad_edge=False)
    for name in ("deal", "customer", "salesperson", "amount", "closes_on", "entered", "chance", "expected_on", "why_at_risk"):
        table.add_column(word(settings, name), justify="right" if name in {"amount", "entered", "chance"} else "left")
    for row in found[:most]:
        table.add_row(*_cells(settings, row))
    console.print(table)
    if len(found) > most:
        console.print(f"  … {word(settings, 'more_changes').format(count=len(found) - most)}", style="dim")
    console.print(f"\n{word(settings, found[0]['rung']).format(closed=found[0]['closed'])}", style="dim")
    for row in calibration(frames, day).to_pylist():
        if row["golden_salesperson_id"] and row["verdict"] in {"optimistic", "pessimistic"}:
            sentence = row["fr" if settings.language == "fr" else "en"]
            console.print(
                f"{row['salesperson'] or row['golden_salesperson_id']} : {sentence}", markup=False, highlight=False, soft_wrap=True
            )


def _cells(settings: Settings, row: dict[str, Any]) -> tuple[str, ...]:
    closes = format_date(row["closes_on"], "short", locale=settings.language) if row["closes_on"] else "–"
    band = f"{percent(settings, row['probability'])} ({percent(settings, row['low'])} – {percent(settings, row['high'])})"
    return (
        row["name"],
        row["customer"] or "–",
        row["salesperson"] or "–",
        money(settings, row["amount"], row["currency"]),
        closes,
        percent(settings, row["entered"]),
        band,
        month(settings, row["expected_on"]) if row["expected_on"] else "–",
        row["why_fr" if settings.language == "fr" else "why_en"] or "",
    )
