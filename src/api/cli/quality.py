"""How good matching is: as the model has it, as people judge it, and what another threshold would change."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Annotated

import numpy as np
import pyarrow as pa
import typer
from babel.numbers import format_decimal, format_percent
from rich.console import Console
from rich.table import Table

from api.cli.watching import console as terminal
from api.hub import opened_hub
from api.words import number, word
from matching.declaration import fields
from matching.engine import Thresholds
from matching.quality import Agreement, Kept, Sentence, Share, estimated, pairs_within, sample_to_judge, upheld
from matching.quality import judged as as_judged
from matching.whatif import Change, WhatIf, changes, curve, regrouped, what_if
from mdm.entities import MASTERS, Master
from mdm.errors import BadInput
from mdm.exports import master, write
from mdm.settings import Settings
from mdm.store.quality import Stored, stored

SEED = 1
"""Of samples: the same records give the same sample."""
SHOWN = 20
"""Changes that are listed."""
SAID = dict.fromkeys(("yes", "y", "oui", "o", "1", "true", "vrai"), True) | dict.fromkeys(("no", "n", "non", "0", "false", "faux"), False)


def quality(
    entity: Annotated[
        str | None, typer.Option("--entity", "-e", help=f"One of {', '.join(item.entity for item in MASTERS)}; all of them by default.")
    ] = None,
    sample: Annotated[
        int | None, typer.Option(help="Draw so many pairs of an entity for people to judge: yes or no in the column verdict.", min=1)
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The file to which the sample is written, as CSV.")] = None,
    judged: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A sample with its verdicts: what they say of precision and recall.")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(help="Bits from which records would be joined: what would change. Nothing is written.")
    ] = None,
) -> None:
    """How good matching is: by the model's own probabilities, or as people judge a sample; and what another threshold would change."""
    settings, console = Settings(), terminal()
    if judged is not None:
        show_judged(console, settings, verdicts(judged))
        return
    if (sample is None) != (out is None) or (sample is not None and entity is None):
        raise BadInput("a sample is of one entity and goes to a file: mdm quality --entity customer --sample 200 --out sample.csv")
    wanted, thresholds = [master(entity)] if entity else list(MASTERS), Thresholds(settings.match_bits, settings.review_bits)
    with opened_hub(settings) as hub, hub.engine.connect() as db:
        several = [(item, stored(db, item, thresholds)) for item in wanted]
    known = [(item, found) for item, found in several if found.records.num_rows]
    if sample is not None and out is not None:
        drawn = drawn_from(*several[0], sample)
        write(drawn, out, "csv")
        told = word(settings, "sample_written").format(count=number(settings, drawn.num_rows), out=out)
        console.print(told, markup=False, highlight=False, soft_wrap=True)
    elif threshold is not None:
        for item, found in known:
            show_what_if(console, settings, item, found, threshold)
    else:
        show_estimated(console, settings, known)


def show_estimated(console: Console, settings: Settings, known: Sequence[tuple[type[Master], Stored]]) -> None:
    """A row an entity: precision and recall as the model has them, of pairs and of golden records, what waits, and what rulings say to it."""
    pairs = _table(settings, "entity", "pairs_joined", "precision", "recall", "waiting")
    golden = _table(settings, "entity", "golden_right", "things_whole", "rulings")
    notes: dict[Sentence, None] = {}
    for item, found in known:
        good, (agreeing, opposed) = estimated(found.kept), upheld(found.kept, found.rulings)
        joined, left = pairs_within(found.kept.labels), waiting(found)
        figures = number(settings, joined), *_shares(settings, good.pairs), number(settings, left) if left else "·"
        pairs.add_row(item.entity, *figures)
        ruled = f"{number(settings, agreeing)} / {number(settings, opposed)}" if found.rulings else "·"
        golden.add_row(item.entity, *_shares(settings, good.clusters or good.pairs), ruled)
        notes[good.rests_on] = None
    console.print(pairs)
    console.print()
    console.print(golden)
    for note in notes:
        console.print(f"\n{_said(settings, note)}", style="dim", markup=False, highlight=False, soft_wrap=True)


def waiting(found: Stored) -> int:
    """Pairs below the threshold that are neither ruled upon nor in one golden record."""
    kept, ruled = found.kept, {(left, right) for left, right, _ in found.rulings}
    doubtful = np.flatnonzero((kept.weight < kept.thresholds.match) & (kept.labels[kept.left] != kept.labels[kept.right]))
    return sum(pair not in ruled for pair in zip(kept.left[doubtful].tolist(), kept.right[doubtful].tolist(), strict=True))


# A sample: out to people, and back.


@dataclass(frozen=True)
class Verdicts:
    """A sample as it came back."""

    entity: str
    sample: pa.Table
    said: list[bool | None]


def drawn_from(item: type[Master], found: Stored, count: int) -> pa.Table:
    """A sample with both records side by side and an empty verdict. Nothing in it tells what the model thinks. Raises BadInput."""
    try:
        sample = sample_to_judge(found.kept, count, SEED)
    except ValueError as error:
        raise BadInput(str(error)) from error
    names = _names(found)
    sides = {side: sample[side].combine_chunks() for side in ("left", "right")}
    columns = {"entity": pa.repeat(pa.scalar(item.entity), sample.num_rows)}
    columns |= {name: sample[name] for name in ("stratum", "pairs", "inclusion")}
    columns |= {side: names.take(places) for side, places in sides.items()} | {"verdict": pa.repeat(pa.scalar(""), sample.num_rows)}
    for field in fields(item):
        if field.kind.comparison is not None or field.vetoes:
            columns |= {f"{side}.{field.name}": found.records[field.name].take(places) for side, places in sides.items()}
    return pa.table(columns)


def _names(found: Stored) -> pa.Array:
    """Each record as people speak of it: `crm:001`."""
    source, key = (found.records[name].to_pylist() for name in ("source", "key"))
    return pa.array([f"{one}:{other}" for one, other in zip(source, key, strict=True)], pa.string())


def verdicts(path: Path) -> Verdicts:
    """A sample with its verdicts, as a spreadsheet may have saved it. Raises BadInput with the line that cannot be understood."""
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    head = text.split("\n", 1)[0]
    lines = list(csv.DictReader(StringIO(text, newline=""), delimiter=max(",;\t", key=head.count)))
    if not lines or not {"entity", "stratum", "pairs", "verdict"} <= lines[0].keys():
        raise BadInput(f"{path} is not a sample; make one with mdm quality --entity customer --sample 200 --out sample.csv")
    said = [_verdict(path, at, line["verdict"]) for at, line in enumerate(lines, 2)]
    if all(verdict is None for verdict in said):
        raise BadInput(f"{path} has no verdict; write yes or no in the column verdict")
    sample = pa.table({name: [_figure(path, at, line[name]) for at, line in enumerate(lines, 2)] for name in ("stratum", "pairs")})
    return Verdicts(lines[0]["entity"], sample, said)


def _verdict(path: Path, line: int, text: str | None) -> bool | None:
    said = (text or "").strip().lower()
    if said and said not in SAID:
        raise BadInput(f"{path}, row {line}: the verdict {text!r} is neither yes nor no; leave it empty where you cannot tell")
    return SAID.get(said)


def _figure(path: Path, line: int, text: str | None) -> int:
    if not (text or "").strip().isdecimal():
        raise BadInput(f"{path}, row {line}: {text!r} is not a number; columns other than verdict must stay as they were")
    return int(text or "")


def show_judged(console: Console, settings: Settings, came: Verdicts) -> None:
    """What the verdicts say."""
    good = as_judged(came.sample, came.said)
    table = _table(settings, "entity", "pairs_judged", "precision", "recall")
    judged = sum(verdict is not None for verdict in came.said)
    told = f"{number(settings, judged)} / {number(settings, len(came.said))}"
    table.add_row(came.entity, told, *_shares(settings, good.pairs))
    console.print(table)
    console.print(f"\n{_said(settings, good.rests_on)}", style="dim", markup=False, highlight=False, soft_wrap=True)


# What if.


def show_what_if(console: Console, settings: Settings, item: type[Master], found: Stored, threshold: float) -> None:
    """What would change, now and then, and what other thresholds would bring. Raises BadInput where nothing is kept of such pairs."""
    try:
        base, tried = tried_at(found, threshold)
    except ValueError as error:
        raise BadInput(str(error)) from error
    title = word(settings, "what_if").format(entity=item.entity, bits=number(settings, threshold))
    console.print(f"\n{title}", style="bold", markup=False, highlight=False)
    console.print(_compared(settings, tried))
    names = _names(found).to_pylist()
    for change in tried.changes[:SHOWN]:
        console.print(f"  {_told(settings, change, names)}", markup=False, highlight=False, soft_wrap=True)
    if len(tried.changes) > SHOWN:
        console.print(f"  … {word(settings, 'more_changes').format(count=number(settings, len(tried.changes) - SHOWN))}", style="dim")
    console.print()
    console.print(_curve(settings, base))
    if stale := len(changes(found.kept.labels, base.labels)):
        told = word(settings, "not_in_force").format(count=number(settings, stale))
        console.print(told, style="yellow", markup=False, highlight=False, soft_wrap=True)
    console.print(word(settings, "what_if_rests_on"), style="dim", soft_wrap=True)


def tried_at(found: Stored, threshold: float) -> tuple[Kept, WhatIf]:
    """The clusters of the stored pairs at the threshold in force, and what another one would change in them."""
    base = replace(found.kept, labels=regrouped(found.kept, found.kept.thresholds.match))
    return base, what_if(base, match=threshold)


def _compared(settings: Settings, tried: WhatIf) -> Table:
    table = _table(settings, "empty", "now", "then")

    def shares(good: Agreement) -> list[str]:
        return [_percent(settings, share.value) for share in good[:2]]

    rows = [
        ("golden", *tried.clusters),
        ("largest", *tried.largest),
        ("merging", 0, tried.count("merge")),
        ("splitting", 0, tried.count("split")),
        ("moving", 0, tried.count("both")),
        ("pairs_gained", 0, tried.gained),
        ("pairs_lost", 0, tried.lost),
    ]
    for name, now, then in rows:
        table.add_row(word(settings, name), number(settings, now) if now else "", number(settings, then))
    for name, before, after in zip(("precision", "recall"), shares(tried.before), shares(tried.after), strict=True):
        table.add_row(word(settings, name), before, after)
    return table


def _told(settings: Settings, change: Change, names: Sequence[str]) -> str:
    sides = (" | ".join(" + ".join(names[at] for at in group) for group in side) for side in (change.before, change.after))
    return f"{word(settings, f'would_{change.kind}')} {' → '.join(sides)}"


def _curve(settings: Settings, kept: Kept) -> Table:
    table = _table(settings, "bits", "golden", "largest", "pairs_joined", "precision", "recall", "f1")
    for row in curve(kept).to_pylist():
        counts = [number(settings, row[name]) for name in ("threshold", "clusters", "largest", "pairs")]
        table.add_row(*counts, *(_percent(settings, row[name]) for name in ("precision", "recall", "f1")))
    return table


def _table(settings: Settings, *columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for at, column in enumerate(columns):
        table.add_column(word(settings, column), justify="right" if at else "left")
    return table


def _shares(settings: Settings, good: Agreement) -> tuple[str, str]:
    return _share(settings, good.precision), _share(settings, good.recall)


def _share(settings: Settings, share: Share) -> str:
    """A share with its interval: `97.3 % (96.1–98.2)`."""
    low, high = (format_decimal(100 * value, locale=settings.language, format="#,##0.0") for value in (share.low, share.high))
    return f"{_percent(settings, share.value)} ({low}–{high})"


def _percent(settings: Settings, value: float) -> str:
    return str(format_percent(value, locale=settings.language, format="#,##0.0 %"))


def _said(settings: Settings, sentence: Sentence) -> str:
    return sentence.fr if settings.language == "fr" else sentence.en
