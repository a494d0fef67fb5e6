"""Exports of a stable shape, on which applications rely: what each holds, and writing it as CSV, Parquet or JSON."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.csv as pc
import pyarrow.parquet as pq
from sqlalchemy import Connection

from mdm.entities import MASTERS, Master
from mdm.errors import BadInput
from mdm.forecast.deals.ocel import Document, event_log
from mdm.forecast.links import links
from mdm.forecast.profitability import profitability
from mdm.settings import Settings
from mdm.store import facts, masters
from mdm.store import pins as pinned
from mdm.store.moment import Moment

LIVE_CELL = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would run as a formula where text begins with it (OWASP, CSV injection)."""


@dataclass(frozen=True)
class Wanted:
    """What an export may depend on."""

    settings: Settings
    as_of: date
    entity: type[Master] | None = None
    known_at: datetime | None = None
    """What was known then; None is now."""

    @property
    def moment(self) -> Moment:
        """Where it stands in the hub's knowledge."""
        return Moment(self.known_at)


def members(db: Connection, wanted: Wanted) -> pa.Table:
    """The crosswalk of an entity: source, key, golden_id."""
    return facts.members(db, _entity(wanted).entity, wanted.moment).select(["source", "key", "golden_id"])


def golden(db: Connection, wanted: Wanted) -> pa.Table:
    """Golden records of an entity: golden_id, every field, and the lists of those that are collected."""
    entity = _entity(wanted)
    found, lists = facts.golden(db, entity, wanted.moment), masters.collected(db, entity, wanted.moment)
    for name in lists.column_names[1:]:
        found = found.append_column(name, lists[name])
    return found


def deal_links(db: Connection, wanted: Wanted) -> pa.Table:
    """Deals and invoices with the golden project and customer that they belong to, how that was found, and how sure it is."""
    return links(facts.frames(db, wanted.moment))


def project_profitability(db: Connection, wanted: Wanted) -> pa.Table:
    """What each golden project is worth, billed, paid, cost and earns."""
    return profitability(facts.frames(db, wanted.moment), wanted.as_of, wanted.settings.currency)


def review(db: Connection, wanted: Wanted) -> pa.Table:
    """Pairs that wait for a steward: left, right (source:key), probability; of one entity, or of all. They are not kept for the past."""
    if wanted.known_at is not None:
        raise BadInput("the pairs that waited are not kept; leave out --known-at")
    entities = [wanted.entity] if wanted.entity else MASTERS
    return pa.concat_tables(facts.review(db, entity.entity, wanted.settings.match_bits) for entity in entities)


def rulings(db: Connection, wanted: Wanted) -> pa.Table:
    """Rulings of stewards in force, by the keys of the records, as `mdm rule` takes them over; of one entity, or of all."""
    entities = [wanted.entity] if wanted.entity else MASTERS
    return pa.concat_tables(facts.rulings(db, entity.entity, wanted.moment) for entity in entities)


def pins(db: Connection, wanted: Wanted) -> pa.Table:
    """Pins of stewards in force, by the keys of the records, as `mdm rule` takes them over; of one entity, or of all."""
    entities = [wanted.entity] if wanted.entity else MASTERS
    return pa.concat_tables(pinned.exported(db, entity.entity) for entity in entities)


EXPORTS: Mapping[str, Callable[[Connection, Wanted], pa.Table]] = {
    "members": members,
    "golden": golden,
    "links": deal_links,
    "profitability": project_profitability,
    "review": review,
    "rulings": rulings,
    "pins": pins,
}


def ocel(db: Connection, wanted: Wanted) -> Document:
    """What happened to customers, contacts, deals, projects, invoices and payments, as an OCEL 2.0 event log."""
    return event_log(facts.frames(db, wanted.moment), wanted.as_of)


DOCUMENTS: Mapping[str, Callable[[Connection, Wanted], Document]] = {"ocel": ocel}
"""Exports that are no tables: written as JSON."""


def _entity(wanted: Wanted) -> type[Master]:
    if wanted.entity is None:
        raise BadInput(f"say of which entity: --entity {' | '.join(entity.entity for entity in MASTERS)}")
    return wanted.entity


def master(name: str) -> type[Master]:
    """The master of that name. Raises BadInput with the names that there are."""
    for entity in MASTERS:
        if entity.entity == name:
            return entity
    raise BadInput(f"{name!r} is not a master; there are {', '.join(entity.entity for entity in MASTERS)}")


def write(table: pa.Table, out: Path, form: str | None = None) -> None:
    """Write a table as CSV (UTF-8, comma, no live cells) or Parquet, by name or by the file's ending; a file appears whole or not at all."""
    form = form or {".parquet": "parquet", ".csv": "csv"}.get(out.suffix.lower())
    if form not in {"csv", "parquet"}:
        raise BadInput(f"cannot tell how to write {out.name!r}; end it in .csv or .parquet, or say --format")
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(out.name + ".partial")
    if form == "parquet":
        pq.write_table(table, partial)
    else:
        pc.write_csv(tamed(joined(table)), partial)
    partial.replace(out)


def write_document(document: Document, out: Path) -> None:
    """Write a document as JSON (UTF-8); a file appears whole or not at all."""
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(out.name + ".partial")
    partial.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    partial.replace(out)


def joined(table: pa.Table) -> pa.Table:
    """Lists as one text, for a cell holds no list."""
    for at, column in enumerate(table.schema):
        if pa.types.is_list(column.type):
            table = table.set_column(at, column.name, compute.binary_join(table[column.name], " | "))
    return table


def tamed(table: pa.Table) -> pa.Table:
    """Text that a spreadsheet would take for a formula gets an apostrophe in front; numbers stay numbers."""
    for at, column in enumerate(table.schema):
        if pa.types.is_string(column.type):
            table = table.set_column(at, column.name, pa.array([_tame(text) for text in table[column.name].to_pylist()], pa.string()))
    return table


def _tame(text: str | None) -> str | None:
    return f"'{text}" if text is not None and text.startswith(LIVE_CELL) and not _number(text) else text


def _number(text: str) -> bool:
    return text.lstrip("+-").replace(".", "", 1).isdigit()
