"""Pins laid over golden records: a steward's value takes the place of what survived. Pure: pins and records in, golden records out.

Pins are a frame: pin_id, record_id (the pin goes where this record goes), field, value (clean text; null says that there is none),
pinned_at.
"""

import json
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from matching.frames import query
from matching.kinds import Refused
from mdm.entities import Master, Refers, golden_fields
from mdm.entities.declare import collected_fields
from mdm.errors import BadInput
from mdm.standardise import clean_value

PINS = pa.schema(
    [("pin_id", pa.int64()), ("record_id", pa.int64()), ("field", pa.string()), ("value", pa.string()), ("pinned_at", pa.string())]
)
Document = dict[str, Any]


def pinned(golden: pa.Table, records: pa.Table, entity: type[Master], pins: pa.Table) -> pa.Table:
    """Golden records with what is pinned; of two pins of a field that meet in one golden record the newest wins.

    In:  golden (golden_id, members, data, lineage), records (golden_id, record_id), pins.
    Out: golden; the lineage of a pinned field is {"pin": its number, "over": numbers of those that gave way, where there are any}.
    """
    if not pins.num_rows:
        return golden
    met = query(
        """SELECT r.golden_id, p.field, p.pin_id, p.value FROM p JOIN r USING (record_id)
           ORDER BY r.golden_id, p.field, p.pinned_at DESC, p.pin_id DESC""",
        p=pins,
        r=records.select(["golden_id", "record_id"]),
    )
    if not met.num_rows:
        return golden
    lists = {field.name: name for name, field in collected_fields(entity).items()}
    known = {field.name for field in golden_fields(entity)}
    told = {golden_id: [*rows] for golden_id, rows in groupby(met.to_pylist(), lambda row: str(row["golden_id"]))}
    where = pc.index_in(pa.array(list(told), pa.string()), value_set=golden["golden_id"].combine_chunks())
    before = golden.take(where).select(["data", "lineage"]).to_pylist()
    after = [_laid(row, [pin for pin in rows if pin["field"] in known], lists) for row, rows in zip(before, told.values(), strict=True)]
    return _replaced(_replaced(golden, "data", where, (data for data, _ in after)), "lineage", where, (lineage for _, lineage in after))


def _laid(row: Mapping[str, str], pins: Iterable[Document], lists: Mapping[str, str]) -> tuple[str, str]:
    """Data and lineage of one golden record under its pins, sorted by field, newest first."""
    data, lineage = json.loads(row["data"]), json.loads(row["lineage"])
    for field, rows in groupby(pins, lambda pin: str(pin["field"])):
        newest, *others = rows
        given: Document = {"pin": newest["pin_id"]} | ({"over": [pin["pin_id"] for pin in others]} if others else {})
        if field in lists:
            _put_first(data, lineage, field, lists[field], newest["value"], given)
        lineage[field] = given
        data[field] = newest["value"]
    held = {name: value for name, value in data.items() if value is not None}
    return _text(held), _text(lineage)


def _put_first(data: Document, lineage: Document, field: str, name: str, value: str | None, given: Document) -> None:
    """A pinned value comes first in the list that collects its field; where there is none, so there is no list."""
    said = data.pop(name, None) or ([data[field]] if field in data else [])
    records = lineage.pop(name, None) or ([lineage[field]] if field in lineage else [])
    rest = [(one, record) for one, record in zip(said, records, strict=True) if one != value]
    if value is not None and rest:
        data[name], lineage[name] = [value, *(one for one, _ in rest)], [given, *(record for _, record in rest)]


def _text(document: Document) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _replaced(golden: pa.Table, column: str, where: pa.Array, texts: Iterable[str]) -> pa.Table:
    """A column with other texts at some places, which ascend."""
    mask = pc.is_in(pa.array(range(golden.num_rows), pa.int32()), value_set=where)
    fresh = pc.replace_with_mask(golden[column].combine_chunks(), mask, pa.array(list(texts), pa.string()))
    return golden.set_column(golden.schema.get_field_index(column), column, fresh)


def checked(entity: type[Master], name: str, value: str | None) -> str | None:
    """The clean form of a value that is to be pinned; None says that there is none.

    Raises BadInput where the field cannot be pinned, or its kind refuses the value.
    """
    declared = {field.name: field for field in golden_fields(entity)}
    if name not in declared:
        raise BadInput(f"there is no field {name!r} in {entity.entity}; there are {', '.join(declared)}")
    field = declared[name]
    if (refers := field.mark(Refers)) is not None:
        raise BadInput(f"{name} leads to a {refers.to} and follows its records; correct it at the source instead of pinning it")
    if value is None or not value.strip():
        if field.required:
            raise BadInput(f"a {entity.entity} needs its {name}; write the right one instead of none")
        return None
    try:
        return clean_value(field, value)
    except Refused as refusal:
        raise BadInput(f"{name}: {refusal}") from None


__all__ = ["PINS", "checked", "pinned"]
