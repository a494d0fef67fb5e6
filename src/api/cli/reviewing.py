"""Commands for stewards: what waits, and judging it one key at a time."""

import getpass
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Annotated, get_args

import click
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy import Connection

from api.cli.watching import console as terminal
from api.hub import opened_hub
from api.queueing import moving, titles, why
from api.words import money, nouns, number, word
from mdm import judgement
from mdm.agreement import Verdict
from mdm.dossier import Dossier, dossier
from mdm.entities import MASTERS
from mdm.errors import BadInput, Conflict
from mdm.exports import master
from mdm.pipeline import Hub
from mdm.queue import KINDS, Kind
from mdm.settings import Settings
from mdm.store import audit
from mdm.store import tasks as queue
from mdm.store.tasks import Task, Wanted

Entity = Annotated[str | None, typer.Option("--entity", "-e", help=f"One of {', '.join(item.entity for item in MASTERS)}; all by default.")]
Sort = Annotated[str | None, typer.Option("--kind", "-k", help=f"One of {', '.join(KINDS)}; all by default.")]
TOLD = 6
"""Sentences of evidence that are shown."""
SIDES = 4
"""Records that are shown side by side."""
QUIT, SKIP = "q", "s"
RULING: dict[str, Verdict] = {"y": "same", "n": "different", "u": "unsure"}
CHOICE: dict[str, Verdict] = {"y": "keep", "n": "drop", "u": "unsure"}


def tasks(
    entity: Entity = None,
    kind: Sort = None,
    limit: Annotated[int, typer.Option(help="How many to list.", min=1, max=1000)] = 20,
) -> None:
    """What waits for a steward, that by which most euros are at stake first."""
    settings, console = Settings(), terminal()
    wanted = _wanted(entity, kind)
    with opened_hub(settings) as hub, hub.engine.connect() as db:
        found = queue.page(db, wanted, None, limit)
        called, waiting = titles(db, found), queue.counts(db)
    if not found:
        console.print(word(settings, "no_task"))
        return
    table = Table(box=None, pad_edge=False)
    for column in ("task", "stake", "about", "kind", "why_asked"):
        table.add_column(word(settings, column), justify="right" if column in ("task", "stake") else "left")
    for task in found:
        about = escape(f"{called[task.id]} ({task.entity})")
        table.add_row(str(task.id), money(settings, task.stake), about, word(settings, task.kind), escape(why(settings, task)))
    console.print(table)
    total = sum(one[2] for one in waiting), sum(one[3] for one in waiting)
    console.print(
        word(settings, "more_tasks").format(count=number(settings, total[0]), euros=money(settings, total[1])), style="dim", highlight=False
    )


def review(entity: Entity = None, kind: Sort = None) -> None:
    """Judge what waits, one key each: y same, n different, u unsure, s skip, q quit. Keys may come from a pipe, one a line."""
    settings, console = Settings(), terminal()
    wanted, steward, done = _wanted(entity, kind), getpass.getuser(), 0
    with opened_hub(settings) as hub:
        keys = _keys()
        while (found := _next(hub, wanted, steward)) is not None:
            with hub.engine.connect() as db:
                show(console, settings, dossier(db, settings, found), titles(db, [found])[found.id])
                if judgement.standing(queue.opinions(db, found)) == "third":
                    console.print(word(settings, "disagreed"), style="yellow")
            key = _key(console, settings, keys, found)
            if key == QUIT:
                _put_back(hub, found, steward)
                break
            done += _judge(console, hub, found, steward, key)
        else:
            console.print(word(settings, "no_task"))
    console.print(word(settings, "reviewed").format(count=number(settings, done)), highlight=False)


def _wanted(entity: str | None, kind: str | None) -> Wanted:
    if kind is not None and kind not in get_args(Kind):
        raise BadInput(f"{kind!r} is no kind of task; there are {', '.join(KINDS)}")
    return Wanted(kinds=[kind] if kind else (), entities=[master(entity).entity] if entity else ())


def _next(hub: Hub, wanted: Wanted, steward: str) -> Task | None:
    with hub.engine.begin() as db:
        found = queue.claim(db, steward, wanted.kinds, wanted.entities, 1, hub.now(), hub.settings.lease_minutes)
    return found[0] if found else None


def _keys() -> Iterator[str]:
    """Keys as they are struck on a terminal, or the first letters of the lines that come from a pipe; quit where they end."""
    if sys.stdin.isatty():
        while True:
            try:
                yield click.getchar().lower()
            except (EOFError, KeyboardInterrupt):
                yield QUIT
    yield from (line.strip().lower() for line in sys.stdin)


def _key(console: Console, settings: Settings, keys: Iterator[str], found: Task) -> str:
    """The next key that means something."""
    choice = found.kind in ("value", "pin")
    while True:
        console.print(word(settings, "review_keys_choice" if choice else "review_keys"), style="bold", markup=False, highlight=False)
        key = next(keys, QUIT)
        if key in (*RULING, SKIP, QUIT):
            return key
        console.print(word(settings, "unknown_key").format(key=key), style="yellow", markup=False)


def _judge(console: Console, hub: Hub, found: Task, steward: str, key: str) -> int:
    """Do what a key says; how many verdicts that is. One that other rulings contradict is told, and the task skipped."""
    verdict = (CHOICE if found.kind in ("value", "pin") else RULING).get(key)
    if verdict is None:
        _skip(hub, found, steward)
        return 0
    try:
        with hub.engine.begin() as db:
            done = judgement.judge(hub, db, found.id, steward, verdict, None)
            _audit(hub, db, steward, "task.judged", found, verdict=verdict, reason=None, outcome=done.outcome)
    except Conflict as error:
        console.print(str(error), style="yellow", markup=False, highlight=False, soft_wrap=True)
        _skip(hub, found, steward)
        return 0
    console.print(word(hub.settings, f"judged_{done.outcome}"), style="green")
    return 1


def _skip(hub: Hub, found: Task, steward: str) -> None:
    """Put a task behind; one that is closed by now, or in another's hands, does not come back by itself."""
    with suppress(Conflict), hub.engine.begin() as db:
        judgement.skip(db, hub.now(), found.id, steward)
        _audit(hub, db, steward, "task.skipped", found)


def _put_back(hub: Hub, found: Task, steward: str) -> None:
    with suppress(Conflict), hub.engine.begin() as db:
        judgement.release(db, hub.now(), found.id, steward)


def _audit(hub: Hub, db: Connection, steward: str, action: str, found: Task, **more: str | None) -> None:
    audit.append(db, steward, action, f"task {found.id}", {"entity": found.entity, "subject": found.subject, **more}, hub.now())


def show(console: Console, settings: Settings, found: Dossier, title: str) -> None:
    """A task: its records side by side, the evidence in words, what would move."""
    task = found.task
    console.print(f"\n{title} · {word(settings, task.kind)} {task.id}", style="bold cyan", markup=False, highlight=False)
    console.print(why(settings, task), markup=False, highlight=False, soft_wrap=True)
    console.print(_side_by_side(settings, found))
    if found.evidence is not None:
        told = found.evidence.explanation.sentences(settings.language, nouns(settings))
        for sentence in [*told[: TOLD - 1], *told[TOLD - 1 :][-1:]]:
            console.print(f"  {sentence}", markup=False, highlight=False, soft_wrap=True)
    side = f" ({found.moving})" if found.moving else ""
    console.print(
        f"{word(settings, 'would_move').format(side=side)} {moving(settings, found.impact)}", markup=False, highlight=False, soft_wrap=True
    )


def _side_by_side(settings: Settings, found: Dossier) -> Table:
    """A row a field, a column a record; where they differ, in bold."""
    table = Table(box=None, pad_edge=False)
    shown, called = found.records[:SIDES], nouns(settings)
    table.add_column()
    for one in shown:
        table.add_column(escape(str(one.record)), overflow="fold")
    for name in dict.fromkeys(name for one in shown for name in one.values):
        said = [one.values.get(name) for one in shown]
        style = None if len({text.casefold() for text in said if text}) < 2 else "bold"
        table.add_row(called[name].one if name in called else name, *(escape(text or "–") for text in said), style=style)
    return table
