"""A company of the sample data as frames: its files by the example configuration, its truth for golden ids."""

import csv
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path

from matching.declaration import fields
from matching.kinds import Refused
from mdm.entities import ENTITIES, Refers
from mdm.forecast.frames import Frames, refers_to_master
from mdm.ports import Stream
from sources import open_sources
from tests.mdm.forecast.worlds import Row, frames

PROJECT = Path(__file__).resolve().parents[3]
VILLAGE = PROJECT.parent / "shared" / "village"
CONFIG = PROJECT / "examples" / "village" / "sources.toml"
TODAY = date(2026, 11, 23)
UNREAD = ("contact",)
"""What no report reads yet."""

Key = tuple[str, str]
Ids = Mapping[str, Mapping[Key, str]]


def truth(name: str, folder: Path = VILLAGE) -> list[dict[str, str]]:
    """A table of the answers."""
    with (folder / "truth" / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@cache
def village(folder: Path = VILLAGE) -> Frames:
    """The company, clean, with the true customers, products and projects as golden ids."""
    records: dict[str, list[Row]] = defaultdict(list)
    for source in open_sources(CONFIG, folder):
        for stream in source.streams():
            if stream.entity not in UNREAD:
                records[stream.entity] += _read(stream)
    ids = {entity: of(folder, records[entity]) for entity, of in _IDS.items()}
    facts = {name: [_referred(name, row, ids) for row in rows] for name, rows in records.items() if name not in ids}
    golden = {entity: _golden(entity, records[entity], ids) for entity in ids}
    members = {entity: [{"golden_id": ids[entity][row["source"], row["key"]], **_keyed(row)} for row in records[entity]] for entity in ids}
    return frames(facts=facts, golden=golden, members=members, edges=list(_edges(folder)))


def _read(stream: Stream) -> Iterator[Row]:
    """The records of a stream with the values that their kinds accept."""
    kinds = {field.name: field.kind.clean for field in fields(ENTITIES[stream.entity])}
    clean = cache(lambda name, text: _clean(kinds[name], text))
    for batch in stream.batches():
        for row in batch.table.to_pylist():
            if not row["deleted"]:
                values = {name: clean(name, text) for name, text in row.items() if name in kinds and text}
                yield {"source": stream.source, "key": row["key"], "record_id": row["line"] or 0, **values}


def _clean(kind: Callable[[str], str], text: str) -> str | None:
    try:
        return kind(text)
    except Refused:
        return None


def _keyed(row: Row) -> Row:
    return {name: row[name] for name in ("source", "key", "record_id")}


def _alone(known: Mapping[Key, str], records: list[Row]) -> dict[Key, str]:
    """The true id of every record; a record that the truth does not speak of is alone."""
    keys = [(row["source"], row["key"]) for row in records]
    return {key: known.get(key) or "alone:" + ":".join(key) for key in keys}


def _customers(folder: Path, records: list[Row]) -> dict[Key, str]:
    return _alone({(row["source"], row["key"]): row["true_id"] for row in truth("entity_clusters", folder)}, records)


def _salespersons(folder: Path, records: list[Row]) -> dict[Key, str]:
    """Salespersons of the CRM only matter to facts."""
    return _alone({}, records)


def _products(folder: Path, records: list[Row]) -> dict[Key, str]:
    return _alone({(row["source"], row["key"]): row["true_id"] for row in truth("product_clusters", folder)}, records)


def _projects(folder: Path, records: list[Row]) -> dict[Key, str]:
    links = truth("deal_project_links", folder)
    known = {(source, row[f"{source}_key"]): row["project_id"] for row in links for source in ("billing", "time")}
    known |= {("crm", row["crm_key"]): row["project_id"] for row in links if row["how"] != "amendment"}
    return _alone(known, records)


_IDS = {"customer": _customers, "salesperson": _salespersons, "product": _products, "project": _projects}
_TRUST = {"billing": 0, "crm": 1, "time": 2}


def _referred(entity: str, row: Row, ids: Ids) -> Row:
    """The fact with the golden ids of what it refers to."""
    golden = {}
    for field in fields(ENTITIES[entity]):
        mark = field.mark(Refers)
        if mark is not None and refers_to_master(field) and row.get(field.name):
            golden[f"{field.name}_id"] = ids.get(mark.to, {}).get((row["source"], row[field.name]))
    return {**row, **golden}


def _golden(entity: str, records: list[Row], ids: Ids) -> list[Row]:
    """For every field the value of the most trusted source that has one."""
    found: dict[str, Row] = {}
    for row in sorted(records, key=lambda row: (_TRUST[row["source"]], row["key"])):
        record = found.setdefault(ids[entity][row["source"], row["key"]], {})
        for field in fields(ENTITIES[entity]):
            value = row.get(field.name)
            mark = field.mark(Refers)
            if value is not None and mark is not None:
                value = ids.get(mark.to, {}).get((row["source"], value))
            if value is not None:
                record.setdefault(field.name, value)
    return [{"golden_id": golden_id, **record} for golden_id, record in found.items()]


_LEVELS = {
    "reference": {"reference": 3, "label": 1, "amount": 5},
    "name": {"label": 6, "amount": 5},
    "amount_period": {"label": 1, "amount": 5},
}


def _edges(folder: Path) -> Iterator[Row]:
    """What a matcher would have said of the true links."""
    for row in truth("deal_project_links", folder):
        if row["crm_key"] and row["how"] in _LEVELS:
            pair = {"left_source": "crm", "left_key": row["crm_key"], "right_source": "billing", "right_key": row["billing_key"]}
            yield {**pair, "weight": 9.0, "levels": json.dumps(_LEVELS[row["how"]])}
