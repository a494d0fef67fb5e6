"""All that a steward needs to judge a task: the records side by side, the evidence, and what would move."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from mdm.entities import MASTERS, Master
from mdm.entities.declare import own_references
from mdm.errors import NotFound
from mdm.evidence import Evidence, evidence
from mdm.settings import Settings
from mdm.store import masters, stakes, tasks
from mdm.store.decisions import RecordKey
from mdm.store.stakes import Impact
from mdm.store.tasks import Task

MOST = 200
"""Records of a golden record that are shown."""
BY_NAME: dict[str, type[Master]] = {master.entity: master for master in MASTERS}


@dataclass(frozen=True)
class Shown:
    """A record with its clean values; those of references are golden ids."""

    record: RecordKey
    values: dict[str, str]


@dataclass(frozen=True)
class Dossier:
    """A task with what there is to know about it: `evidence` between two records, `moving` the side that would move where there are two."""

    task: Task
    records: list[Shown]
    between: tuple[RecordKey, RecordKey] | None
    evidence: Evidence | None
    impact: Impact
    moving: RecordKey | None


def dossier(db: Connection, settings: Settings, found: Task) -> Dossier:
    """What there is to know about a task; evidence only where it is about two records, and both are there."""
    entity = BY_NAME[found.entity]
    shown = _records(db, entity, _about(db, found))
    told = None
    if (two := _two(db, found)) is not None:
        with suppress(NotFound):
            told = evidence(db, settings, entity, *two)
    impact, moving = _impact(db, settings, entity, found)
    return Dossier(found, shown, two, told, impact, moving)


def _about(db: Connection, found: Task) -> list[int]:
    """The records that a task is about."""
    own = [one for one in (found.left_id, found.right_id) if one is not None]
    if own or found.golden_id is None:
        return own
    return tasks.members(db, [found.golden_id])[:MOST]


def _two(db: Connection, found: Task) -> tuple[RecordKey, RecordKey] | None:
    """The two records of a pair, or those that make a golden record look most broken."""
    if found.left is not None and found.right is not None:
        return found.left, found.right
    sign = next((sign for sign in found.detail.get("signs", ()) if sign["left"] is not None), None)
    if sign is None:
        return None
    keys = tasks.keys(db, [sign["left"], sign["right"]])
    return keys[sign["left"]], keys[sign["right"]]


def _records(db: Connection, entity: type[Master], ids: list[int]) -> list[Shown]:
    rows = masters.records(db, entity, ids).drop_columns([*own_references(entity), "event_at"]).to_pylist()
    told = {row.pop("record_id"): Shown(RecordKey(row.pop("source"), row.pop("key")), _said(row)) for row in rows}
    return [told[one] for one in ids if one in told]


def _said(row: dict[str, Any]) -> dict[str, str]:
    return {name: value for name, value in row.items() if value is not None}


def _impact(db: Connection, settings: Settings, entity: type[Master], found: Task) -> tuple[Impact, RecordKey | None]:
    """What moves: of a pair the side on which less hangs, of a golden record all."""
    if found.left_id is None or found.right_id is None or found.left is None or found.right is None:
        golden = [] if found.golden_id is None else tasks.members(db, [found.golden_id])
        return stakes.impact(db, entity, golden, settings.currency), None
    sides = [stakes.impact(db, entity, ids, settings.currency) for ids in _sides(db, found.left_id, found.right_id)]
    least = 0 if (sides[0].stake, sides[0].facts_count) <= (sides[1].stake, sides[1].facts_count) else 1
    return sides[least], (found.left, found.right)[least]


def _sides(db: Connection, left: int, right: int) -> tuple[list[int], list[int]]:
    """The golden records of two records, as records; the two alone where they are in one, or in none."""
    golden = masters.golden_of(db, [left, right])
    one, other = golden.get(left), golden.get(right)
    if one is None or other is None or one == other:
        return [left], [right]
    return tasks.members(db, [one]), tasks.members(db, [other])
