"""What forecasts are made of: facts, golden records and their members as Arrow tables, and SQL over them."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from matching.declaration import Field, fields
from matching.frames import scratch
from mdm.entities import FACTS, MASTERS, Entity, Master, Refers, golden_fields

_KEYED = [("source", pa.string()), ("key", pa.string()), ("record_id", pa.int64())]
_MEMBERS = pa.schema([("golden_id", pa.string()), *_KEYED])
_EDGES = pa.schema(
    [(f"{side}_{part}", pa.string()) for side in ("left", "right") for part in ("source", "key")]
    + [("weight", pa.float64()), ("levels", pa.string())]
)
HOLDS = pa.schema(
    [("source", pa.string()), ("key", pa.string()), ("kind", pa.string())]
    + [(name, pa.date32()) for name in ("until", "set_on", "released_on")]
    + [("reason", pa.string()), ("set_by", pa.string())]
)
_MASTER_NAMES = frozenset(master.entity for master in MASTERS)
_PARAMETER = re.compile(r"\$(\w+)")
_CENTS = pa.decimal128(24, 2)


@dataclass(frozen=True)
class Frames:
    """Facts by entity, golden records and members by master, and the weighed pairs of project records.

    facts:   source, key, record_id, the declared fields, and for every field X that refers to a master its golden id as X_id.
    golden:  golden_id and the declared fields; those that refer to a master hold golden ids.
    members: golden_id, source, key, record_id.
    edges:   left_source, left_key, right_source, right_key, weight in bits, levels as a JSON object of feature -> level.
    holds:   source, key (of an invoice), kind (`dispute`, `promise`), until (null: until released), set_on, released_on, reason, set_by.
    """

    facts: Mapping[str, pa.Table]
    golden: Mapping[str, pa.Table]
    members: Mapping[str, pa.Table]
    edges: pa.Table
    holds: pa.Table = field(default_factory=HOLDS.empty_table)

    @classmethod
    def of(
        cls,
        facts: Mapping[str, pa.Table] | None = None,
        golden: Mapping[str, pa.Table] | None = None,
        members: Mapping[str, pa.Table] | None = None,
        edges: pa.Table | None = None,
        holds: pa.Table | None = None,
    ) -> Self:
        """Frames of whatever there is: absent tables are empty ones, absent columns and empty cells what the declaration has for them."""
        facts, golden, members = facts or {}, golden or {}, members or {}
        return cls(
            {fact.entity: _defaulted(_shaped(facts.get(fact.entity), fact_schema(fact)), fact) for fact in FACTS},
            {master.entity: _shaped(golden.get(master.entity), golden_schema(master)) for master in MASTERS},
            {master.entity: _shaped(members.get(master.entity), _MEMBERS) for master in MASTERS},
            _shaped(_with_text(edges), _EDGES),
            _shaped(holds, HOLDS),
        )


def fact_schema(entity: type[Entity]) -> pa.Schema:
    """The columns of a fact's table."""
    declared = fields(entity)
    ids = [(f"{field.name}_id", pa.string()) for field in declared if refers_to_master(field)]
    return pa.schema([*_KEYED, *((field.name, field.kind.arrow) for field in declared), *ids])


def golden_schema(entity: type[Master]) -> pa.Schema:
    """The columns of a master's golden records."""
    return pa.schema([("golden_id", pa.string()), *((field.name, field.kind.arrow) for field in golden_fields(entity))])


def refers_to_master(field: Field) -> bool:
    """Whether a field names a record that has a golden id."""
    mark = field.mark(Refers)
    return mark is not None and mark.to in _MASTER_NAMES


def query(frames: Frames, sql: str, /, *, tables: Mapping[str, pa.Table] | None = None, **parameters: object) -> pa.Table:
    """Run SQL over the frames and further tables; `$name` is a parameter, those that it does not name are left aside.

    Facts go by the name of their entity (`invoice`), golden records by `golden_customer`, members by `members_project`, pairs by
    `edges`. Amounts are exact decimals as long as nothing is divided.
    """
    named = {
        **frames.facts,
        **{f"golden_{name}": table for name, table in frames.golden.items()},
        **{f"members_{name}": table for name, table in frames.members.items()},
        "edges": frames.edges,
        "hold": frames.holds,
        **(tables or {}),
    }
    with scratch().cursor() as database:
        for name, table in named.items():
            if name in sql:
                database.register(name, table)
        used = {name: value for name, value in parameters.items() if name in _PARAMETER.findall(sql)}
        return database.sql(sql, params=used).to_arrow_table()


def to_cents(table: pa.Table, *, but: Iterable[str] = ()) -> pa.Table:
    """Round amounts half-even to cents: the last step, so that sums were exact; the columns named keep their decimals."""
    kept = frozenset(but)
    for at, column in enumerate(table.schema):
        if pa.types.is_decimal(column.type) and column.name not in kept:
            table = table.set_column(at, column.name, pc.round(table[column.name], 2, "half_to_even").cast(_CENTS))
    return table


def _shaped(table: pa.Table | None, schema: pa.Schema) -> pa.Table:
    """The columns of a schema in its order and types, null where the table has none."""
    if table is None:
        return schema.empty_table()
    known = set(table.column_names)
    columns = [table[field.name].cast(field.type) if field.name in known else pa.nulls(table.num_rows, field.type) for field in schema]
    return pa.table(columns, schema=schema)


def _defaulted(table: pa.Table, entity: type[Entity]) -> pa.Table:
    """Empty cells hold the default of their field, where it has one: a currency."""
    for name, info in entity.model_fields.items():
        if info.default is not None and not info.is_required():
            table = table.set_column(table.schema.get_field_index(name), name, pc.fill_null(table[name], info.default))
    return table


def _with_text(edges: pa.Table | None) -> pa.Table | None:
    """Levels as JSON, where they come as a struct."""
    if edges is None or "levels" not in edges.column_names or pa.types.is_string(edges.schema.field("levels").type):
        return edges
    levels: list[Any] = edges["levels"].to_pylist()
    text = pa.array([None if level is None else json.dumps(dict(level)) for level in levels], pa.string())
    return edges.set_column(edges.schema.get_field_index("levels"), "levels", text)
