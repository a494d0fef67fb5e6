"""Commands for findings: what leaks and whose it is, what people say of it, and what came back."""

import getpass
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from api.cli.watching import console as terminal
from api.hub import opened_hub
from api.words import money, number, word
from mdm import leaks
from mdm.errors import BadInput, NotFound
from mdm.forecast.checks.acting import NAMES
from mdm.settings import Settings
from mdm.store import findings as stored
from mdm.store import moment
from mdm.store.findings import STATES, State

app = typer.Typer(no_args_is_help=True, help="Where money leaks: list what was found, say what it is, see what came back.")
Finding = Annotated[str, typer.Argument(help="The id of a finding, as mdm leaks list shows it.")]


@app.command(name="list")
def list_(
    state: Annotated[str | None, typer.Option("--state", help=f"One of {', '.join(STATES)}; all but fixed by default.")] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="Only those of this owner: a name or a role.")] = None,
    limit: Annotated[int, typer.Option(help="How many to list.", min=1)] = 20,
) -> None:
    """List findings, what weighs most first, and what they come to."""
    if state is not None and state not in STATES:
        raise BadInput(f"{state!r} is no state of a finding; there are {', '.join(STATES)}")
    settings, console = Settings(), terminal()
    with opened_hub(settings) as hub:
        rows = leaks.current(hub)
    wanted = [row for row in rows if (row["state"] == state if state else row["state"] != "fixed")]
    wanted = [row for row in wanted if owner is None or owner in (row["owner"], row["owner_role"])]
    wanted.sort(key=lambda row: (-(row["amount"] or 0), row["id"]))
    if not wanted:
        console.print(word(settings, "no_leak"))
    for row in wanted[:limit]:
        head = f"{row['id']}  {money(settings, row['amount'], row['currency'])}  {told_state(settings, row)}  {whose(settings, row)}"
        console.print(head, style="bold", markup=False, highlight=False, soft_wrap=True)
        console.print(f"  {row[settings.language]}", markup=False, highlight=False, soft_wrap=True)
        console.print(f"  → {row[f'action_{settings.language}']}", style="dim", markup=False, highlight=False, soft_wrap=True)
    if len(wanted) > limit:
        console.print(f"… {word(settings, 'more_changes').format(count=number(settings, len(wanted) - limit))}", style="dim")
    console.print(summed(settings, rows))


@app.command()
def mark(
    finding: Finding,
    state: Annotated[str | None, typer.Option("--state", help=f"One of {', '.join(STATES)}.")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why; a false alarm needs one.")] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="Who is to act.")] = None,
) -> None:
    """Say what a finding is, or who is to act on it. What was said before is kept."""
    settings, actor = Settings(), getpass.getuser()
    said: State | None = next((one for one in STATES if one == state), None)
    if state is not None and said is None:
        raise BadInput(f"{state!r} is no state of a finding; there are {', '.join(STATES)}")
    with opened_hub(settings) as hub:
        leaks.current(hub)
        with hub.engine.begin() as db:
            found = leaks.judge(db, finding, actor, moment.now(db), state=said, owner=owner, reason=reason)
    told = word(settings, "leak_marked").format(id=found.id, state=word(settings, f"leak_{found.state}"))
    terminal().print(told, markup=False, highlight=False, soft_wrap=True)


@app.command()
def history(finding: Finding) -> None:
    """Tell everything that was said of a finding, and what became of it."""
    settings, console = Settings(), terminal()
    with opened_hub(settings) as hub, hub.engine.connect() as db:
        known = stored.known(db, ids=[finding]).get(finding)
        marks = stored.history(db, finding)
    if known is None:
        raise NotFound(f"there is no finding {finding!r}")
    console.print(f"{known.first_seen:%Y-%m-%d %H:%M}  {word(settings, 'leak_first_seen')}", highlight=False)
    for one in marks:
        back = "" if one.recovered is None else f"  {word(settings, 'recovered')} {money(settings, one.recovered)}"
        parts = (word(settings, f"leak_{one.state}"), one.actor, one.owner and f"→ {one.owner}", one.reason)
        told = "  ".join(part for part in parts if part)
        console.print(f"{one.at:%Y-%m-%d %H:%M}  {told}{back}", markup=False, highlight=False, soft_wrap=True)


def told_state(settings: Settings, row: leaks.Row) -> str:
    """The state in words; where first a link is to be reviewed, which."""
    if row["link_first"]:
        return word(settings, "link_first").format(pair=" ↔ ".join((row["pair"] or "?").split(";")))
    return word(settings, f"leak_{row['state']}")


def whose(settings: Settings, row: leaks.Row) -> str:
    """The owner: a name, else a role."""
    return row["owner"] or word(settings, f"role_{row['owner_role']}")


def summed(settings: Settings, rows: Sequence[leaks.Row]) -> Table:
    """What findings come to, by check and by owner."""
    table = Table(box=None, pad_edge=False)
    for at, column in enumerate(("findings", "open", "at_risk", "recovered")):
        table.add_column(word(settings, column), justify="right" if at else "left")
    for one in leaks.totals(rows):
        name = word(settings, "total") if one.by == "all" else named(settings, one.value or "–")
        style = "bold" if one.by == "all" else None
        table.add_row(
            escape(name), number(settings, one.open), money(settings, one.at_risk), money(settings, one.recovered), style=style,
            end_section=one.by == "all",
        )  # fmt: skip
    return table


def named(settings: Settings, value: str) -> str:
    """A check or a role in words; a person by name."""
    if value in NAMES:
        return NAMES[value][0 if settings.language == "fr" else 1]
    return word(settings, f"role_{value}") if value in ("salesperson", "lead", "accounting") else value
