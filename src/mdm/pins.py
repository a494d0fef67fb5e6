"""Pins as a file: what stewards have set goes from one hub to another, by the keys of the records, as rulings do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from mdm.entities import MASTERS
from mdm.errors import BadInput
from mdm.pinning import checked
from mdm.ports import Problem
from mdm.rulings import Taken, cells_of, moment_fault
from mdm.store import decisions, pins
from mdm.store.decisions import RecordKey

NEEDED = ("entity", "source", "key", "field", "value", "reason")
COLUMNS = (*NEEDED, "pinned_by", "pinned_at", "expires_at")


@dataclass(frozen=True)
class Given:
    """A pin as a line of a file has it."""

    line: int
    entity: str
    record: RecordKey
    field: str
    value: str | None
    reason: str
    pinned_by: str | None
    pinned_at: datetime | None
    expires_at: datetime | None


def take_over(db: Connection, path: Path, by: str, now: datetime) -> Taken:
    """Make the pins of a file, in its order, but for those that are in force, are over, contradict others or name records that are not there.

    Raises BadInput where the file is no such file.
    """
    taken = Taken()
    for given in read(path, taken.problems):
        fault = _made(db, given, by, now, taken)
        if fault is not None:
            taken.problems.append(Problem("rejected", path.name, given.line, None, given.field, given.value, *fault))
    return taken


def _made(db: Connection, given: Given, by: str, now: datetime, taken: Taken) -> tuple[str, str] | None:
    """Reason and fix where a pin cannot be made."""
    record = decisions.record_id(db, given.entity, given.record)
    if record is None:
        return f"there is no {given.entity} {given.record}", "load its source first, then take the file over again"
    if given.expires_at is not None and given.expires_at <= now:
        return "its time is over", "take the line out, or write a later expires_at"
    for before in pins.on(db, given.entity, record, given.field):
        if before.value == given.value:
            taken.known += 1
            return None
        return f"a pin in force on {before.record} says {before.value!r}", "revoke the one that is wrong first"
    pins.make(
        db, given.entity, record, given.field, given.value, given.reason, given.pinned_by or by,
        expires_at=given.expires_at, at=given.pinned_at,
    )  # fmt: skip
    taken.made += 1
    return None


def read(path: Path, problems: list[Problem]) -> Iterator[Given]:
    """The pins of a CSV file as `mdm export pins` writes it; an empty value says that there is none. Lines that are none go to the problems."""
    for line, cells in cells_of(path, NEEDED, COLUMNS, "pins"):
        fault = _fault(cells)
        if fault is not None:
            problems.append(Problem("rejected", path.name, line, None, fault[0], cells[fault[0]] or None, *fault[1:]))
            continue
        entity = next(entity for entity in MASTERS if entity.entity == cells["entity"])
        yield Given(
            line, cells["entity"], RecordKey(cells["source"], cells["key"]), cells["field"],
            checked(entity, cells["field"], cells["value"]), cells["reason"], cells["pinned_by"] or None,
            _moment(cells["pinned_at"]), _moment(cells["expires_at"]),
        )  # fmt: skip


def _fault(cells: dict[str, str]) -> tuple[str, str, str] | None:
    """Field, reason and fix of a line that is no pin."""
    entity = next((entity for entity in MASTERS if entity.entity == cells["entity"]), None)
    if entity is None:
        return "entity", f"{cells['entity']!r} is not a master", f"write one of {', '.join(one.entity for one in MASTERS)}"
    if not cells["reason"]:
        return "reason", "a pin needs a reason", "write why the sources are not to be believed"
    try:
        checked(entity, cells["field"], cells["value"])
    except BadInput as error:
        reason, _, fix = str(error).rpartition("; ")
        return "value", reason, fix
    for name in ("pinned_at", "expires_at"):
        if (fault := moment_fault(cells[name])) is not None:
            return name, *fault
    return None


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
