"""Commands that show what the hub knows."""

from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection

from api.cli.watching import console as terminal
from api.cli.watching import watched
from api.figures import REPORTS as FIGURES
from api.figures import Row
from api.hub import opened_hub
from api.page import page
from api.reporting import web, workbook
from api.reporting.contents import REPORTS, Told
from api.reporting.contents import report as make
from api.reporting.terminal import shown as terminal_report
from api.words import nouns, number, word
from mdm import leaks, verification
from mdm.entities import MASTERS
from mdm.errors import BadInput
from mdm.evidence import evidence
from mdm.exports import DOCUMENTS, EXPORTS, Wanted, master, write, write_document
from mdm.settings import Settings
from mdm.store import cards, facts, moment, problems
from mdm.store import findings as stored
from mdm.store import status as standing
from mdm.store.decisions import RecordKey
from mdm.store.moment import Moment
from mdm.verification import Difference

SHOWN = 20
"""Differences that are listed."""
Day = Annotated[datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="The day on which to stand; today by default.")]


def instant(said: str) -> datetime:
    """An instant as RFC 3339 writes it. Raises BadInput."""
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        found = datetime.min  # noqa: DTZ901 it has no offset, which is what is asked next
    if found.tzinfo is None:
        raise typer.BadParameter(f"{said!r} is no instant; write one as 2026-11-23T06:00:00Z, with its offset")
    return found


KnownAt = Annotated[
    datetime | None,
    typer.Option(
        "--known-at",
        parser=instant,
        metavar="INSTANT",
        help="What the hub knew then, as 2026-11-23T06:00:00Z; what it knows now by default.",
    ),
]


def status(
    show: Annotated[bool, typer.Option("--problems", help="List what was set aside, newest first.")] = False,
    most: Annotated[int, typer.Option(help="How many problems to list.", min=1)] = 200,
) -> None:
    """How many records, golden records and problems there are, and what ran last."""
    settings, console = Settings(), terminal()
    with opened_hub(settings) as hub, hub.engine.connect() as db:
        if show:
            for problem in problems.latest(db, most):
                console.print(f"{problem.severity}: {problem}", markup=False, highlight=False, soft_wrap=True)
            return
        table = Table(box=None, pad_edge=False)
        for column in ("entity", "records", "golden", "waiting"):
            table.add_column(word(settings, column), justify="left" if column == "entity" else "right")
        for row in standing.entities(db, settings.match_bits):
            table.add_row(
                row.entity,
                number(settings, row.records),
                number(settings, row.golden) if row.golden else "·",
                number(settings, row.waiting) if row.waiting else "·",
            )
        console.print(table)
        for told in problems.counts(db):
            console.print(f"{told.source} · {told.entity}: {number(settings, told.problems)} {word(settings, told.severity)}")
        console.print(f"\n{word(settings, 'last_runs')}", style="bold")
        for run in standing.last_runs(db, 5):
            took = f"{(run.finished_at - run.started_at).total_seconds():6.1f} s" if run.finished_at else ""
            console.print(f"  {run.started_at:%Y-%m-%d %H:%M:%S}  {run.kind:8} {run.status:8} {took}", highlight=False)


def report(
    name: Annotated[str | None, typer.Argument(help=f"One of {', '.join(REPORTS)}; without it, the page for a director.")] = None,
    as_of: Day = None,
    known_at: KnownAt = None,
    form: Annotated[str | None, typer.Option("--format", help="text, xlsx or html, where the ending of the file does not say.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The file to write: .xlsx or .html.")] = None,
    language: Annotated[str | None, typer.Option("--language", help="fr or en; MDM_LANGUAGE by default.")] = None,
) -> None:
    """What projects earn, what lies ahead, where money leaks: on the terminal, as a workbook, or as a page of HTML.

    Without a name, the page for a director: who is who, what projects earn, what will be billed and cashed, where money leaks. Each report ends or
    begins with the instant at which all of that was known. Made for it again, with the same day, figures and sentences are the same.
    """
    settings, console = _speaking(language), terminal()
    written = _form(form, out)
    if name is not None and name not in REPORTS:
        raise BadInput(f"{name!r} is not a report; there are {', '.join(REPORTS)}")
    if name is None and written != "text":
        raise BadInput(f"say which report: {', '.join(REPORTS)}")
    with opened_hub(settings) as hub, hub.engine.connect() as db:
        day = as_of.date() if as_of else today()
        if name is None:
            console.print(page(settings, db, day, console.width, past(db, known_at)))
            return
        made = make(name, told(settings, db, day, past(db, known_at)))
    if out is None:
        console.print(terminal_report(made, settings.language))
        return
    (workbook if written == "xlsx" else web).write(made, settings.language, out)
    Console(stderr=True).print(f"{out}: {made.title(settings.language)}", highlight=False)


def told(settings: Settings, db: Connection, as_of: date, known_at: datetime | None) -> Told:
    """What reports are made of, as it was known at an instant; each of the API's reports is worked out once."""
    at = moment.settled(db) if known_at is None else min(known_at, moment.settled(db))
    frames = facts.frames(db, Moment(at))

    @cache
    def rows(name: str) -> list[Row]:
        found: list[Row] = FIGURES[name](frames, as_of, settings.currency).to_pylist()
        return found

    known = stored.known(db, known_at)
    said = [one.mark.at for one in known.values() if one.mark is not None and known_at is None]

    def found() -> list[Row]:
        return [*leaks.standing(rows("leakage"), known), *leaks.fixed(known, (row["id"] for row in rows("leakage")))]

    return Told(settings, as_of, max([at, *said]), rows, found, lambda: cards.newest(db, known_at))


def _form(form: str | None, out: Path | None) -> str:
    """How a report is written. Raises BadInput."""
    found = form or {".xlsx": "xlsx", ".html": "html", ".htm": "html"}.get(out.suffix.lower() if out else "", "text")
    if found not in ("text", "xlsx", "html"):
        raise BadInput(f"{found!r} is no format; there are text, xlsx, html")
    if found == "text" and out is not None:
        raise BadInput(f"cannot tell how to write {out.name!r}; end it in .xlsx or .html, or say --format")
    if found != "text" and out is None:
        raise BadInput(f"say which file to write: --out report.{found}")
    return found


def _speaking(language: str | None) -> Settings:
    if language not in (None, "fr", "en"):
        raise BadInput(f"{language!r} is no language of the hub; there are fr, en")
    return Settings().model_copy(update={"language": language} if language else {})


def past(db: Connection, known_at: datetime | None) -> datetime | None:
    """Raises BadParameter on knowledge of the future."""
    if known_at is not None and known_at > moment.now(db):
        raise typer.BadParameter(f"what will be known at {known_at.isoformat()} is not known yet")
    return known_at


def explain(
    entity: Annotated[str, typer.Argument(help=f"One of {', '.join(item.entity for item in MASTERS)}.")],
    left: Annotated[str, typer.Argument(help="A record, as source:key.")],
    right: Annotated[str, typer.Argument(help="Another.")],
) -> None:
    """Why two records are one golden record, or why they are not: in bits, in words, and what would turn it."""
    settings, console = Settings(), terminal()
    with opened_hub(settings) as hub, hub.engine.connect() as db:
        found = evidence(db, settings, master(entity), _record(left), _record(right))
    title = word(settings, "together" if found.together else "apart").format(*(golden or "–" for golden in found.golden))
    console.print(title, style="bold", markup=False, highlight=False)
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column(justify="right")
    language, own = settings.language, nouns(settings)
    for label, before, after in found.explanation.waterfall(language, own):
        table.add_row(label, f"{after - before:+.1f}", f"{after:+.1f}")
    console.print(table)
    for sentence in [*found.explanation.sentences(language, own), *found.explanation.counterfactual(language, own)]:
        console.print(sentence, markup=False, highlight=False, soft_wrap=True)


def _record(named: str) -> RecordKey:
    source, colon, key = named.partition(":")
    if not colon or not source or not key:
        raise BadInput(f"{named!r} names no record; write source:key, as in crm:001")
    return RecordKey(source, key)


def verify() -> None:
    """Make every golden record anew beside what is stored, and tell what differs: nothing should. Writes nothing; exits with 1 on a difference."""
    settings, console = Settings(), terminal()
    found: list[Difference] = []
    with opened_hub(settings) as hub, hub.engine.connect() as db, watched(console) as watch:
        for one in verification.verify(hub, db, watch):
            found += one.differences
            if one.waiting:
                waits = word(settings, "verify_waiting").format(entity=one.entity, count=number(settings, one.waiting))
                console.print(waits, style="yellow", highlight=False)
            elif one.records:
                told = word(settings, "verified").format(entity=one.entity, records=number(settings, one.records))
                console.print(told, highlight=False)
    for difference in found[:SHOWN]:
        named = " · ".join(part for part in (difference.entity, difference.what, difference.where) if part)
        console.print(f"  {named}: {difference.reason}", markup=False, highlight=False, soft_wrap=True)
    if len(found) > SHOWN:
        console.print(f"  … {word(settings, 'more_changes').format(count=number(settings, len(found) - SHOWN))}", style="dim")
    console.print(word(settings, "differences").format(count=number(settings, len(found))), style="bold red" if found else "bold green")
    if found:
        raise typer.Exit(1)


def export(
    what: Annotated[str, typer.Argument(help=f"One of {', '.join((*EXPORTS, *DOCUMENTS))}.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write; its ending says how: .csv or .parquet; .json for ocel.")],
    entity: Annotated[
        str | None,
        typer.Option("--entity", "-e", help=f"For members, golden, review: one of {', '.join(item.entity for item in MASTERS)}."),
    ] = None,
    form: Annotated[str | None, typer.Option("--format", help="csv or parquet, where the ending does not say.")] = None,
    as_of: Day = None,
    known_at: KnownAt = None,
) -> None:
    """Write members, golden records, links, profitability, pairs to review, rulings or pins to a file, or an event log (OCEL 2.0, JSON)."""
    if what not in EXPORTS and what not in DOCUMENTS:
        raise typer.BadParameter(f"{what!r} is not an export; there are {', '.join((*EXPORTS, *DOCUMENTS))}")
    settings = Settings()
    with opened_hub(settings) as hub, hub.engine.connect() as db:
        day, of = as_of.date() if as_of else today(), master(entity) if entity else None
        wanted = Wanted(settings, day, of, past(db, known_at))
        if what in DOCUMENTS:
            document = DOCUMENTS[what](db, wanted)
            write_document(document, out)
            count = len(document["events"])
        else:
            table = EXPORTS[what](db, wanted)
            write(table, out, form)
            count = table.num_rows
    Console(stderr=True).print(f"{out}: {number(settings, count)}", highlight=False)


def today() -> date:
    """The day it is."""
    return datetime.now(UTC).astimezone().date()
