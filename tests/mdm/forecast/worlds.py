"""Small invented worlds: frames from rows written in a test."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from mdm.entities import ENTITIES
from mdm.exports import master
from mdm.forecast.frames import Frames, fact_schema, golden_schema

Row = dict[str, Any]
_MEMBERS = pa.schema([("golden_id", pa.string()), ("source", pa.string()), ("key", pa.string()), ("record_id", pa.int64())])
_EDGES = pa.schema(
    [(f"{side}_{part}", pa.string()) for side in ("left", "right") for part in ("source", "key")]
    + [("weight", pa.float64()), ("levels", pa.string())]
)


def frames(
    facts: Mapping[str, Iterable[Row]] | None = None,
    golden: Mapping[str, Iterable[Row]] | None = None,
    members: Mapping[str, Iterable[Row]] | None = None,
    edges: Iterable[Row] | None = None,
) -> Frames:
    """Frames of rows: amounts and dates may be text, what is left out is null, `source` is `billing` where it is not given."""
    return Frames.of(
        {name: _table(rows, fact_schema(ENTITIES[name])) for name, rows in (facts or {}).items()},
        {name: _table(rows, golden_schema(master(name))) for name, rows in (golden or {}).items()},
        {name: _table(rows, _MEMBERS) for name, rows in (members or {}).items()},
        None if edges is None else _table(edges, _EDGES),
    )


def row(table: pa.Table, **wanted: Any) -> Row:
    """The only row with these values."""
    found = [row for row in table.to_pylist() if all(row[name] == value for name, value in wanted.items())]
    assert len(found) == 1, f"{len(found)} rows with {wanted}"
    return dict(found[0])


def euros(value: str | int) -> Decimal:
    """An amount in cents."""
    return Decimal(value).quantize(Decimal("0.01"))


def shuffled(world: Frames) -> Frames:
    """The same frames, every table from its end."""
    facts, golden, members = ({name: _turned(table) for name, table in part.items()} for part in (world.facts, world.golden, world.members))
    return Frames(facts, golden, members, _turned(world.edges))


def _turned(table: pa.Table) -> pa.Table:
    return table.take(pa.array(range(table.num_rows - 1, -1, -1), pa.int64()))


def _table(rows: Iterable[Row], schema: pa.Schema) -> pa.Table:
    filled = [{"source": "billing", "record_id": at, **row} for at, row in enumerate(rows, 1)]
    unknown = {name for row in filled for name in row} - set(schema.names) - {"source", "record_id"}
    assert not unknown, f"no such columns: {sorted(unknown)}"
    columns = [pa.array([_typed(row.get(field.name), field.type) for row in filled], field.type) for field in schema]
    return pa.table(columns, schema=schema)


def _typed(value: Any, kind: pa.DataType) -> Any:
    if value is None:
        return None
    if pa.types.is_decimal(kind):
        return Decimal(str(value)).quantize(Decimal("0.000001"))
    if pa.types.is_date(kind) and isinstance(value, str):
        return date.fromisoformat(value)
    if pa.types.is_timestamp(kind) and isinstance(value, str):
        return datetime.fromisoformat(value)
    if pa.types.is_boolean(kind) and isinstance(value, str):
        return value == "true"
    return value
