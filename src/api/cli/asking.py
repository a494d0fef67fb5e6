"""Commands that ask what if: the simulator, and how far a price may go down."""

import re
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from api.cli.looking import SHOWN, Day, KnownAt, past, today
from api.cli.watching import console as terminal
from api.hub import opened_hub
from api.words import money, month, number, percent, word
from mdm.errors import BadInput
from mdm.forecast.negotiation import LEVELS, Habits, Policy, words
from mdm.forecast.simulator.company import company, late
from mdm.forecast.simulator.levers import KINDS, SELECTS, Lever, Scenario
from mdm.forecast.simulator.periods import Calendar
from mdm.forecast.simulator.simulator import ALL, BASE, Answer, Simulator
from mdm.settings import Settings
from mdm.store import facts
from mdm.store.moment import Moment

_LEVER = re.compile(r"(?P<kind>\w+)=(?P<value>[-+]?[0-9.]+)(?::(?P<where>.+))?")


def simulate(
    lever: Annotated[
        list[str] | None,
        typer.Option(
            help=f"What is moved, as kind=value: {', '.join(KINDS)}. Some deals only: price=-0.05:kind=Forfait, by {', '.join(SELECTS)}."
        ),
    ] = None,
    months: Annotated[int, typer.Option(min=1, max=60, help="How far ahead.")] = 12,
    target: Annotated[list[str] | None, typer.Option(help="A total to be reached, as margin=500000: the chance is told.")] = None,
    as_of: Day = None,
    known_at: KnownAt = None,
) -> None:
    """What the months ahead bring, with bands; with levers, beside what they would bring then, on the same paths."""
    settings, console = Settings(), terminal()
    asked, targets = Scenario("asked", [_lever(text) for text in lever or []]), dict(_target(text) for text in target or [])
    calendar = Calendar(as_of.date() if as_of else today(), "month", months)
    with opened_hub(settings) as hub, hub.engine.connect() as db:
        frames = facts.frames(db, Moment(past(db, known_at)))
    simulator = company(frames, calendar, settings.currency)
    base = simulator.answer(BASE, ALL, targets)
    _show_totals(console, settings, base, simulator.answer(asked, ALL, targets) if asked.levers else None)
    _show_months(console, settings, simulator.answer(asked, ["bookings", "billing", "cash"]) if asked.levers else base)
    _show_behind(console, settings, simulator)


def negotiate(
    deal: Annotated[str, typer.Argument(help="A deal, as source:key.")],
    price: Annotated[float | None, typer.Option(min=0.01, help="The price that is asked for; that of the deal by default.")] = None,
    margin: Annotated[float, typer.Option(min=-1, max=0.99, help="Wanted on sales (taux de marque), after overheads.")] = Policy.margin,
    sure: Annotated[float, typer.Option(min=0.01, max=0.99, help="How sure a floor is to cover its cost.")] = Policy.quantile,
    overhead: Annotated[float, typer.Option(min=0, help="What overheads add to direct costs.")] = Policy.overhead,
    as_of: Day = None,
) -> None:
    """How far the price of a deal may go down: three floors, the room that is left, what each further percent costs."""
    settings, console = Settings(), terminal()
    source, colon, key = deal.partition(":")
    if not colon:
        raise BadInput(f"{deal!r} names no deal; write source:key, as in crm:001")
    day = as_of.date() if as_of else today()
    with opened_hub(settings) as hub, hub.engine.connect() as db:
        frames = facts.frames(db)
    habits = Habits(frames, day, late(frames, day), settings.currency)
    quote = habits.deal(source, key)
    found = habits.negotiate(quote if price is None else quote.at(price), Policy(quantile=sure, margin=margin, overhead=overhead))
    console.print(words(found, settings.currency, settings.language), style="bold", highlight=False)
    table = Table(box=None, pad_edge=False)
    for column in ("", word(settings, "floor"), word(settings, "room")):
        table.add_column(column, justify="right" if column else "left")
    for level in LEVELS:
        table.add_row(word(settings, f"floor_{level}"), money(settings, found.floors[level]), money(settings, found.room[level]))
    console.print(table)
    told = word(settings, "negotiation_behind").format(
        margin=percent(settings, found.margin),
        sure=percent(settings, found.margin_sure),
        wanted=percent(settings, margin),
        days=round(found.days),
        projects=number(settings, found.spread.projects),
    )
    console.print(told, highlight=False)


def _lever(text: str) -> Lever:
    found = _LEVER.fullmatch(text)
    if found is None or found["kind"] not in KINDS:
        raise BadInput(f"{text!r} is no lever; write kind=value, the kind one of {', '.join(KINDS)}")
    where: dict[str, list[str]] = {}
    for part in (found["where"] or "").split(","):
        name, equals, value = part.partition("=")
        if equals:
            where.setdefault(name, []).append(value)
        elif part:
            raise BadInput(f"{part!r} chooses no deals; write by=value, by {', '.join(SELECTS)}")
    return Lever(found["kind"], float(found["value"]), where)  # type: ignore[arg-type]  # it is one of KINDS


def _target(text: str) -> tuple[str, float]:
    name, equals, value = text.partition("=")
    try:
        amount = float(value)
    except ValueError:
        amount = float("nan")
    if name not in ALL or not equals or amount != amount:
        raise BadInput(f"{text!r} is no target; write measure=amount, the measure one of {', '.join(ALL)}")
    return name, amount


def _show_totals(console: Console, settings: Settings, base: Answer, asked: Answer | None) -> None:
    """By measure, the mean and the band of all months; those of the scenario beside, and the chance to reach the target."""
    table = Table(box=None, pad_edge=False, title=word(settings, "months_ahead"), title_justify="left")
    for name in ("measure", "known_deals", "with_new_deals", "p10", "p90", *(("asked", "difference") if asked else ()), "reached"):
        table.add_column(word(settings, f"ahead_{name}"), justify="left" if name == "measure" else "right")
    others = asked.totals.to_pylist() if asked else [None] * base.totals.num_rows
    for row, other in zip(base.totals.to_pylist(), others, strict=True):
        cells = [
            word(settings, f"measure_{row['measure']}"),
            *(money(settings, row[name]) for name in ("mean", "mean_with_new", "p10_with_new", "p90_with_new")),
        ]
        if other:
            cells += [money(settings, other["mean_with_new"]), money(settings, other["mean_with_new"] - row["mean_with_new"])]
        table.add_row(*cells, percent(settings, (other or row)["reached"]))
    console.print(table, highlight=False)


def _show_months(console: Console, settings: Settings, answer: Answer) -> None:
    measures = list(dict.fromkeys(answer.bands["measure"].to_pylist()))
    shown = [measure for measure in measures if measure in {"bookings", "billing", "cash"}]
    rows = {(row["measure"], row["period"]): row for row in answer.bands.to_pylist()}
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for measure in shown:
        table.add_column(word(settings, f"measure_{measure}"), justify="right")
        table.add_column("P10 – P90", justify="right", style="dim")
    for period in sorted({period for _, period in rows}):
        cells = [month(settings, period)]
        for measure in shown:
            row = rows[measure, period]
            cells += [
                money(settings, row["mean_with_new"]),
                f"{number(settings, round(row['p10_with_new']))} – {number(settings, round(row['p90_with_new']))}",
            ]
        table.add_row(*cells)
    console.print(table, highlight=False)


def _show_behind(console: Console, settings: Settings, simulator: Simulator) -> None:
    told = word(settings, "ahead_behind").format(
        deals=number(settings, simulator.ahead.items.count),
        paths=number(settings, simulator.paths),
        rho=number(settings, round(simulator.rho, 3)),
    )
    console.print(told, style="dim", highlight=False)
    for what, why in simulator.ahead.left_out[:SHOWN]:
        console.print(
            word(settings, "ahead_left_out").format(what=what, why=word(settings, f"left_{why}")),
            style="yellow",
            markup=False,
            highlight=False,
        )
