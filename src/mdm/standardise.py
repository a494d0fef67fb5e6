"""Standardising: text as it came becomes canonical text, value by distinct value; what a kind refuses is set aside with its reason."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from matching.declaration import Field, fields
from matching.frames import as_json, query
from matching.kinds import Refused
from mdm.entities import Entity

PROBLEMS = pa.schema(
    [
        ("severity", pa.string()),
        ("line", pa.int64()),
        ("key", pa.string()),
        ("field", pa.string()),
        ("value", pa.string()),
        ("reason", pa.string()),
        ("fix", pa.string()),
    ]
)
"""What is wrong with records: `quarantined` values were left out, `rejected` records were not taken."""


@dataclass(frozen=True)
class Standardised:
    """Clean records and what could not be cleaned."""

    clean: pa.Table
    """One row a record taken: `n` (row of the input), `clean` (JSON object of the fields that hold something)."""
    problems: pa.Table


def standardise(rows: pa.Table, entity: type[Entity]) -> Standardised:
    """Clean the mapped fields of records.

    In:  key, line, one text column a mapped field, and `deleted` where a row may say that its record is gone.
    Out: see Standardised. A record that lacks a required field is rejected whole, unless all that it says is that it is gone.
    """
    declared = [field for field in fields(entity) if field.name in rows.column_names]
    columns: dict[str, pa.Array] = {}
    refused: list[pa.Table] = []
    for field in declared:
        columns[field.name], problems = _cleaned(rows, field)
        refused.append(problems)
    _imply(columns, declared)
    missing, rejected = _lacking(rows, columns, entity)
    kept = np.flatnonzero(~missing)
    table = pa.table({"n": pa.array(kept)} | {name: column.take(pa.array(kept)) for name, column in columns.items()})
    clean = query(f"SELECT n, {as_json(columns)} AS clean FROM t ORDER BY n", t=table)
    return Standardised(clean, pa.concat_tables([*refused, *rejected]) if refused or rejected else PROBLEMS.empty_table())


def _cleaned(rows: pa.Table, field: Field) -> tuple[pa.Array, pa.Table]:
    """A column cleaned by its distinct values, and the problems with them."""
    encoded = rows[field.name].combine_chunks().dictionary_encode()
    values = encoded.dictionary.to_pylist()
    clean: list[str | None] = []
    bad: dict[int, Refused] = {}
    for at, value in enumerate(values):
        try:
            clean.append(clean_value(field, value) if value.strip() else None)
        except Refused as refusal:
            clean.append(None)
            bad[at] = refusal
    column = pa.array(clean, pa.string()).take(encoded.indices)
    return column, _refusals(rows, field, encoded, values, bad)


def clean_value(field: Field, value: str) -> str:
    """A value in the clean form of its field. Raises Refused."""
    clean = field.kind.clean(value)
    if field.choices and clean not in field.choices:
        raise Refused(f"{value!r} is not one of {', '.join(field.choices)}", "translate it in the mapping, or correct it at the source")
    return clean


def _refusals(rows: pa.Table, field: Field, encoded: pa.DictionaryArray, values: list[str], bad: dict[int, Refused]) -> pa.Table:
    if not bad:
        return PROBLEMS.empty_table()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    where = np.flatnonzero(np.isin(codes, list(bad)))
    order = {code: at for at, code in enumerate(bad)}
    which = pa.array([order[int(code)] for code in codes[where]])
    reasons, fixes = [refusal.reason for refusal in bad.values()], [refusal.fix for refusal in bad.values()]
    return _problems(
        rows,
        where,
        severity="quarantined",
        field=field.name,
        value=pa.array([values[code][:500] for code in bad], pa.string()).take(which),
        reason=pa.array(reasons, pa.string()).take(which),
        fix=pa.array(fixes, pa.string()).take(which),
    )


def _problems(rows: pa.Table, where: NDArray[np.int64], **given: str | pa.Array) -> pa.Table:
    taken = {name: rows[name].take(pa.array(where)) for name in ("line", "key")}
    filled = {name: pa.repeat(value, len(where)) if isinstance(value, str) else value for name, value in given.items()}
    empty = {"value": pa.nulls(len(where), pa.string())}
    return pa.table(empty | taken | filled).select(PROBLEMS.names).cast(PROBLEMS)


def _imply(columns: dict[str, pa.Array], declared: list[Field]) -> None:
    """Fill a field from another one that carries its value for certain: the SIREN inside a VAT number."""
    for source in declared:
        for implied in source.kind.implies:
            target = next((field for field in declared if field.kind.name == implied.kind), None)
            if target is not None and implied.certain:
                encoded = columns[source.name].dictionary_encode()
                values = pa.array([implied.value(value) for value in encoded.dictionary.to_pylist()], pa.string())
                columns[target.name] = pc.coalesce(columns[target.name], values.take(encoded.indices))


def _lacking(rows: pa.Table, columns: dict[str, pa.Array], entity: type[Entity]) -> tuple[NDArray[np.bool_], list[pa.Table]]:
    """Records without a required field, and a rejection for each."""
    missing, rejected = np.zeros(rows.num_rows, np.bool_), []
    gone = rows["deleted"].to_numpy() if "deleted" in rows.column_names else missing
    for field in fields(entity):
        if field.required:
            column = columns.get(field.name)
            empty = np.ones(rows.num_rows, np.bool_) if column is None else column.is_null().to_numpy(zero_copy_only=False)
            empty = empty & ~gone
            rejected.append(
                _problems(
                    rows,
                    np.flatnonzero(empty & ~missing),
                    severity="rejected",
                    field=field.name,
                    reason=f"a {entity.entity} needs its {field.name}, and it is missing or was refused",
                    fix="fill it in at the source and load again",
                )
            )
            missing |= empty
    return missing, rejected
