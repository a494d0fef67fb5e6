"""Rulings as a file: a year of stewards' work goes from one hub to another, by the keys of the records, and survives a re-installation."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import StringIO
from pathlib import Path

import pyarrow as pa
from sqlalchemy import Connection

from mdm.entities import MASTERS
from mdm.errors import BadInput
from mdm.exports import LIVE_CELL
from mdm.ports import Problem
from mdm.store import decisions, pending
from mdm.store.decisions import RecordKey, Standing, Verdict

NEEDED = ("entity", "left_source", "left_key", "right_source", "right_key", "verdict")
COLUMNS = (*NEEDED, "reason", "decided_by", "decided_at")
VERDICTS: dict[str, Verdict] = {"same": "same", "different": "different"}


@dataclass(frozen=True)
class Given:
    """A ruling as a line of a file has it."""

    line: int
    entity: str
    left: RecordKey
    right: RecordKey
    verdict: Verdict
    reason: str | None
    decided_by: str | None
    decided_at: datetime | None


@dataclass
class Taken:
    """What came of a file."""

    made: int = 0
    known: int = 0
    """Rulings that were in force."""
    problems: list[Problem] = field(default_factory=list)
    """Lines that were left out, with the reason."""


def take_over(db: Connection, path: Path, by: str) -> Taken:
    """Make the rulings of a file, in its order, but for those that are in force, contradict others or name records that are not there.

    Raises BadInput where the file is no such file.
    """
    taken, standing = Taken(), {entity.entity: Standing() for entity in MASTERS}
    for name, known in standing.items():
        known.hold(db, name)
    for given in read(path, taken.problems):
        fault = _made(db, given, standing[given.entity], by, taken)
        if fault is not None:
            taken.problems.append(Problem("rejected", path.name, given.line, None, None, None, *fault))
    return taken


def _made(db: Connection, given: Given, standing: Standing, by: str, taken: Taken) -> tuple[str, str] | None:
    """Reason and fix where a ruling cannot be made."""
    ids = [decisions.record_id(db, given.entity, key) for key in (given.left, given.right)]
    for found, key in zip(ids, (given.left, given.right), strict=True):
        if found is None:
            return f"there is no {given.entity} {key}", "load its source first, then take the file over again"
    left, right = sorted(found for found in ids if found is not None)
    if left == right:
        return "both records are the same one", "take the line out"
    if (said := standing.pairs.get((left, right))) is not None:
        if said == given.verdict:
            taken.known += 1
            return None
        return f"a ruling in force says that they are {said}", decisions.REVOKE
    if not standing.allows(left, right, given.verdict):
        in_force = [(*pair, verdict) for pair, verdict in standing.pairs.items()]
        return decisions.otherwise(db, decisions.contradiction(in_force, left, right, given.verdict) or ()), decisions.REVOKE
    decisions.record(db, given.entity, (left, right), given.verdict, given.reason, given.decided_by or by, given.decided_at)
    pending.add(db, given.entity, pa.chunked_array([pa.array([left, right], pa.int64())]))
    standing.add(left, right, given.verdict)
    taken.made += 1
    return None


def read(path: Path, problems: list[Problem]) -> Iterator[Given]:
    """The rulings of a CSV file as `mdm export rulings` writes it, or as a spreadsheet saved it since; lines that are none go to the problems."""
    for line, cells in cells_of(path, NEEDED, COLUMNS, "rulings"):
        fault = _fault(cells)
        if fault is not None:
            problems.append(Problem("rejected", path.name, line, None, fault[0], cells[fault[0]] or None, *fault[1:]))
            continue
        yield Given(
            line,
            cells["entity"],
            RecordKey(cells["left_source"], cells["left_key"]),
            RecordKey(cells["right_source"], cells["right_key"]),
            VERDICTS[cells["verdict"]],
            cells["reason"] or None,
            cells["decided_by"] or None,
            datetime.fromisoformat(cells["decided_at"]) if cells["decided_at"] else None,
        )


def cells_of(path: Path, needed: Sequence[str], columns: Sequence[str], what: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The lines of a CSV file with their numbers: every column as bare text. Raises BadInput where it lacks one that is needed."""
    lines = _lines(path)
    if not set(needed) <= set(lines.fieldnames or ()):
        raise BadInput(f"{path} holds no {what}: it needs the columns {', '.join(needed)}; mdm export {what} writes such a file")
    for row in lines:
        yield lines.line_num, {name: _bare(row.get(name)) for name in columns}


def columns_of(path: Path) -> frozenset[str]:
    """The columns of a CSV file."""
    return frozenset(_lines(path).fieldnames or ())


def _lines(path: Path) -> "csv.DictReader[str]":
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    head = text.split("\n", 1)[0]
    return csv.DictReader(StringIO(text, newline=""), delimiter=max(",;\t", key=head.count))


def _fault(cells: dict[str, str]) -> tuple[str, str, str] | None:
    """Field, reason and fix of a line that is no ruling."""
    masters = [entity.entity for entity in MASTERS]
    if cells["entity"] not in masters:
        return "entity", f"{cells['entity']!r} is not a master", f"write one of {', '.join(masters)}"
    if cells["verdict"] not in VERDICTS:
        return "verdict", f"{cells['verdict']!r} is no verdict", "write same or different"
    fault = moment_fault(cells["decided_at"])
    return None if fault is None else ("decided_at", *fault)


def moment_fault(text: str) -> tuple[str, str] | None:
    """Reason and fix of a time that is none, or that lacks its zone; an empty one is in order."""
    fix = "write it as 2026-03-31T14:05:00+02:00, or leave it empty"
    if not text:
        return None
    try:
        zoned = datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return f"{text!r} is no time", fix
    return None if zoned else (f"{text!r} has no time zone", fix)


def _bare(cell: object) -> str:
    """A cell without the apostrophe that keeps a spreadsheet from running it."""
    text = cell.strip() if isinstance(cell, str) else ""
    return text[1:] if text.startswith("'") and text[1:].startswith(LIVE_CELL) else text
