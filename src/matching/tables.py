"""Matching of tables without a hub: `dedupe` one, `link` two. Arrow, pandas or Parquet in; pairs, clusters and the model out.

class Person(BaseModel):
    given: Annotated[str | None, GIVEN_NAME] = None
    family: Annotated[str | None, FAMILY_NAME] = None
    born: Annotated[str | None, BIRTH_DATE] = None
    phone: Annotated[str | None, PHONE] = None

found = matching.dedupe("people.parquet", Person)
found.clusters  # id, cluster
"""

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel

from matching import blocking
from matching.declaration import fields
from matching.engine import Engine, LocalEngine, Resolution, Rulings
from matching.model import Model
from matching.sources import Sources

ID = "id"
Tabular = Any
"""An Arrow table, a pandas data frame (anything with the Arrow PyCapsule interface), or the path of a Parquet file."""
LEFT, RIGHT = 0, 1


@dataclass(frozen=True)
class Matches:
    """What was found among the records of one table, or of two."""

    pairs: pa.Table
    """left_id, right_id, match (joined or not), weight in bits, probability, and a level a feature: every pair worth a look, the likeliest first."""
    clusters: pa.Table
    """id, cluster (a number); of two tables also `side`, left or right."""
    model: Model
    report: blocking.Report
    refused: Mapping[str, int]
    """By field, the values that their kind does not accept; they were compared as they are written."""
    resolution: Resolution
    """The same by position of the records: columns, keys, pairs, labels."""


def dedupe(
    table: Tabular,
    declaration: type[BaseModel],
    *,
    model: Model | None = None,
    rulings: Rulings | None = None,
    engine: Engine | None = None,
) -> Matches:
    """Find the records of a table that are one thing.

    `table` has a column `id` and columns named like the declaration's fields; others are left alone. Raises ValueError where it has not.
    """
    records = opened(table, declaration, "the table")
    found = (engine or LocalEngine()).resolve(records, declaration, model=model, rulings=rulings)
    ids = records[ID]
    return Matches(_pairs(found, ids), pa.table({ID: ids, "cluster": found.labels}), found.model, found.report, refused(found), found)


def link(
    left: Tabular,
    right: Tabular,
    declaration: type[BaseModel],
    *,
    distinct: bool | Literal["left", "right", "both"] = False,
    model: Model | None = None,
    rulings: Rulings | None = None,
    engine: Engine | None = None,
) -> Matches:
    """Find the records of one table in the other. `distinct` says which of them hold nothing twice: matches are then one to one."""
    tables = [opened(left, declaration, "the left table"), opened(right, declaration, "the right table")]
    records = pa.concat_tables(tables, promote_options="permissive")
    sides = np.repeat(np.array([LEFT, RIGHT], np.int32), [table.num_rows for table in tables])
    once = {False: (), True: (LEFT, RIGHT), "left": (LEFT,), "right": (RIGHT,), "both": (LEFT, RIGHT)}[distinct]
    sources = Sources(sides, frozenset(once), across=True)
    found = (engine or LocalEngine()).resolve(records, declaration, model=model, rulings=rulings, sources=sources)
    ids = records[ID]
    named = pa.array(["left", "right"]).take(pa.array(sides))
    clusters = pa.table({"side": named, ID: ids, "cluster": found.labels})
    return Matches(_pairs(found, ids), clusters, found.model, found.report, refused(found), found)


def opened(table: Tabular, declaration: type[BaseModel], what: str) -> pa.Table:
    """The columns of a table that a declaration speaks of, and its ids as text."""
    found = pq.read_table(table) if isinstance(table, str | PathLike) else table if isinstance(table, pa.Table) else pa.table(table)
    if ID not in found.column_names:
        raise ValueError(f"{what} has no column `id`; add one that names each record")
    known = [field.name for field in fields(declaration) if field.name in found.column_names]
    if not known:
        raise ValueError(f"{what} has none of the fields {', '.join(field.name for field in fields(declaration))}; rename its columns")
    records = pa.table({ID: found[ID].cast(pa.string())} | {name: found[name].cast(pa.string()) for name in known if name != ID})
    if len(records[ID].unique()) != records.num_rows or records[ID].null_count:
        raise ValueError(f"{what} has ids that are empty or occur twice; make them unique")
    return records


def refused(found: Resolution) -> dict[str, int]:
    """By field, how many values its kind does not accept."""
    return {name: column.refused for name, column in found.columns.items() if column.refused}


def _pairs(found: Resolution, ids: pa.ChunkedArray) -> pa.Table:
    order = np.lexsort((found.pairs["right"].to_numpy(), found.pairs["left"].to_numpy(), -found.pairs["weight"].to_numpy()))
    pairs = found.pairs.take(order)
    weight = pairs["weight"].to_numpy()
    left, right = pairs["left"].to_numpy(), pairs["right"].to_numpy()
    match = found.labels[left] == found.labels[right]
    named = {"left_id": ids.take(left), "right_id": ids.take(right), "match": match, "weight": pairs["weight"]}
    named["probability"] = pa.array(1 / (1 + np.exp2(-np.clip(weight, -60, 60))))
    return pa.table(named | {name: pairs[name] for name in pairs.column_names if name not in {"left", "right", "weight"}})
