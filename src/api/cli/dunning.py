"""Commands for reminders: what to send today, the letters, the invoices that are left in peace, and the policy."""

import getpass
import re
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from api.cli.looking import Day, today
from api.cli.watching import console as terminal
from api.hub import opened_hub
from api.words import money, number, word
from mdm.errors import BadInput
from mdm.forecast.dunning import letters as writing
from mdm.forecast.dunning import policy as policies
from mdm.forecast.dunning.proposals import Proposal, proposals
from mdm.settings import Settings
from mdm.store import audit, facts, holds

app = typer.Typer(invoke_without_command=True, help="Reminders of what is overdue: what to send today, the letters, and what is held.")
SUFFIX = {"html": "html", "text": "txt"}


@app.callback()
def dunning(context: typer.Context, as_of: Day = None) -> None:
    """List which reminder to send to which golden customer, and what is frozen and why."""
    if context.invoked_subcommand is not None:
        return
    settings, console = Settings(), terminal()
    found = _proposals(settings, as_of)
    if not found:
        console.print(word(settings, "dunning_none"))
        return
    table = Table(box=None, pad_edge=False)
    for column in ("dunning_level", "customer", "dunning_amount", "dunning_invoices", "dunning_oldest", "dunning_frozen", "dunning_why"):
        table.add_column(word(settings, column), justify="left" if column in ("customer", "dunning_why") else "right")
    for one in found:
        overdue = (*one.claims, *one.waiting, *one.frozen)
        table.add_row(
            str(one.level or "·"),
            escape(one.customer),
            money(settings, one.amount) if one.level else "·",
            number(settings, len(one.claims)) if one.claims else "·",
            number(settings, max(claim.days_overdue for claim in overdue)),
            number(settings, len(one.frozen)) if one.frozen else "·",
            word(settings, f"dunning_{one.why}").format(channel=one.channel),
        )
    console.print(table, markup=False, highlight=False)
    for told in sorted({one.missing_rate for one in found if one.missing_rate}):
        console.print(told, style="yellow", markup=False, highlight=False, soft_wrap=True)


@app.command()
def letters(
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to which the letters are written, one for a golden customer.")],
    form: Annotated[str, typer.Option("--form", help="html, which prints on A4, or text.")] = "html",
    language: Annotated[str | None, typer.Option("--language", help="fr or en; by the country of each customer by default.")] = None,
    as_of: Day = None,
) -> None:
    """Write the letters that are proposed for a day."""
    if form not in SUFFIX:
        raise BadInput(f"{form!r} is no form of a letter; there are {', '.join(SUFFIX)}")
    if language is not None and language not in ("fr", "en"):
        raise BadInput(f"{language!r} is no language of a letter; there are fr, en")
    spoken: writing.Language | None = None if language is None else "fr" if language == "fr" else "en"
    settings = Settings()
    rules = policies.read(settings.dunning_policy)
    chosen = [one for one in _proposals(settings, as_of) if one.level]
    out.mkdir(parents=True, exist_ok=True)
    for one in chosen:
        said = writing.html(one, rules, spoken) if form == "html" else writing.text(one, rules, spoken)
        (out / f"{_plain(one.golden_customer_id)}.{SUFFIX[form]}").write_text(said, encoding="utf-8")
    told = word(settings, "dunning_written").format(count=number(settings, len(chosen)), folder=out)
    terminal().print(told, markup=False, highlight=False, soft_wrap=True)


@app.command()
def hold(
    invoice: Annotated[str, typer.Argument(help="The invoice, as source:key.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it is kept with the hold.")],
    kind: Annotated[str, typer.Option("--kind", help=f"One of {', '.join(holds.KINDS)}.")] = "dispute",
    until: Annotated[
        datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="The last day on which it holds; until released by default.")
    ] = None,
) -> None:
    """Leave an invoice in peace: it is disputed, or its payment was promised."""
    source, colon, key = invoice.partition(":")
    wanted = next((one for one in holds.KINDS if one == kind), None)
    if not colon or not source or not key:
        raise BadInput(f"{invoice!r} names no invoice; write source:key, as in billing:FA26-00613")
    if wanted is None:
        raise BadInput(f"{kind!r} is no kind of hold; there are {', '.join(holds.KINDS)}")
    if until is not None and until.date() < today():
        raise BadInput(f"{until.date()} is over; leave --until out for a hold that holds until it is released")
    settings, actor = Settings(), getpass.getuser()
    with opened_hub(settings) as hub, hub.engine.begin() as db:
        made = holds.put(db, source, key, wanted, reason, actor, today(), until.date() if until else None)
        audit.append(db, actor, "hold.set", f"hold {made.id}", {"invoice": invoice, "kind": kind}, hub.now())
    terminal().print(word(settings, "hold_set").format(id=made.id, invoice=invoice), markup=False, highlight=False, soft_wrap=True)


@app.command()
def release(
    number_: Annotated[int, typer.Argument(metavar="HOLD", help="The number of the hold, as `mdm dunning holds` lists it.")],
) -> None:
    """Release a hold: reminders of its invoice are proposed again."""
    settings, actor = Settings(), getpass.getuser()
    with opened_hub(settings) as hub, hub.engine.begin() as db:
        ended = holds.release(db, number_, actor, today())
        named = f"{ended.source}:{ended.key}"
        audit.append(db, actor, "hold.released", f"hold {ended.id}", {"invoice": named}, hub.now())
    terminal().print(word(settings, "hold_released").format(id=ended.id, invoice=named), markup=False, highlight=False, soft_wrap=True)


@app.command(name="holds")
def held() -> None:
    """List the invoices that are held."""
    settings, console = Settings(), terminal()
    with opened_hub(settings) as hub, hub.engine.connect() as db:
        found = holds.live(db)
    for one in found:
        named = " · ".join([str(one.id), f"{one.source}:{one.key}", word(settings, f"dunning_{one.kind}"), one.reason, one.set_by])
        console.print(named + (f" → {one.until}" if one.until else ""), markup=False, highlight=False, soft_wrap=True)


@app.command()
def policy() -> None:
    """Print the policy in force as TOML, to be changed and named in MDM_DUNNING_POLICY."""
    typer.echo(policies.written(policies.read(Settings().dunning_policy)), nl=False)


def _proposals(settings: Settings, as_of: datetime | None) -> list[Proposal]:
    rules, day = policies.read(settings.dunning_policy), _day(as_of)
    with opened_hub(settings) as hub, hub.engine.connect() as db:
        frames = facts.frames(db)
    return proposals(frames, day, rules, settings.currency, settings.refinancing_rates)


def _day(as_of: datetime | None) -> date:
    return as_of.date() if as_of else today()


def _plain(golden_id: str) -> str:
    """An id as the name of a file."""
    return re.sub(r"[^\w.-]", "_", golden_id)
