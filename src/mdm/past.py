"""Golden records as of an instant of the world: chosen anew, when somebody asks, among what the records had said by then.

Which records belong together is what the hub knew; what they said is what held by event time.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from matching.frames import query
from mdm.entities import Master
from mdm.entities.declare import own_references
from mdm.store import masters, pins, rules
from mdm.store.moment import Moment
from mdm.survivorship import survive


@dataclass(frozen=True)
class Past:
    """A golden record as of an instant."""

    id: str
    data: Mapping[str, str]
    lineage: Mapping[str, Any]
    """By field, the record that gave its value, or the pin that did."""
    members: int
    """How many records there were already, and not deleted."""


def as_of(db: Connection, entity: type[Master], ids: Collection[str], moment: Moment) -> dict[str, Past]:
    """By golden id, those of `ids` of which any record was there."""
    held = masters.held(db, ids, moment)
    records = masters.records(db, entity, held["record_id"].to_pylist(), moment)
    crossed = query("SELECT h.golden_id, r.* FROM r JOIN h USING (record_id) ORDER BY r.record_id", r=records, h=held)
    ruled, held_fast = rules.in_force(db, entity, moment.known_at), pins.in_force(db, entity.entity, moment.known_at)
    chosen = survive(_settled(db, crossed, entity, moment), entity, ruled, held_fast)
    return {row["golden_id"]: _past(row) for row in chosen.to_pylist()}


def _past(row: dict[str, object]) -> Past:
    data, lineage = (json.loads(str(row[name])) for name in ("data", "lineage"))
    return Past(str(row["golden_id"]), data, lineage, int(str(row["members"])))


def _settled(db: Connection, records: pa.Table, entity: type[Master], moment: Moment) -> pa.Table:
    """With golden ids where records name others of their own entity by number."""
    for name in own_references(entity):
        numbers = pc.unique(records[name].drop_null()).to_pylist()
        golden = masters.golden_of(db, [int(number) for number in numbers], moment)
        settled = [None if number is None else golden.get(int(number)) for number in records[name].to_pylist()]
        records = records.set_column(records.schema.get_field_index(name), name, pa.array(settled, pa.string()))
    return records
