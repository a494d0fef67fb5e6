"""Encoding: every field becomes integer codes into its distinct normal forms, so that nothing is compared twice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from matching.comparison import Codes
from matching.declaration import Field
from matching.forms import Forms

ABSENT = -1


@dataclass(frozen=True)
class Column:
    """A field of all records: `forms.values[codes[i]]` is the normal form of record i, code -1 says nothing."""

    codes: Codes
    forms: Forms

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many records have each form."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.forms))


Columns = Mapping[str, Column]


def encode(records: pa.Table, declared: Sequence[Field]) -> dict[str, Column]:
    """Columns of every field that is evidence or a veto and is ever filled; values implied by others stand in where it is empty."""
    columns = {
        field.name: _column(_with_implied(records, field, declared), field)
        for field in declared
        if (field.kind.comparison is not None or field.vetoes) and field.name in records.column_names
    }
    return {name: column for name, column in columns.items() if len(column.forms)}


def _with_implied(records: pa.Table, field: Field, declared: Sequence[Field]) -> pa.Array:
    values = _flat(records[field.name])
    for other in declared:
        for implied in other.kind.implies:
            if implied.kind == field.kind.name and other.name in records.column_names:
                values = pc.coalesce(values, _mapped(_flat(records[other.name]), implied.value))
    return values


def _flat(column: pa.ChunkedArray) -> pa.Array:
    return column.cast(pa.string()).combine_chunks()


def _mapped(values: pa.Array, function: object) -> pa.Array:
    encoded = values.dictionary_encode()
    mapped = pa.array([function(value) for value in encoded.dictionary.to_pylist()], pa.string())  # type: ignore[operator]
    return mapped.take(encoded.indices)


def _column(values: pa.Array, field: Field) -> Column:
    encoded = values.dictionary_encode()
    forms = [field.kind.normal(value) for value in encoded.dictionary.to_pylist()]
    codes_of: dict[str, int] = {}
    remap = np.array([codes_of.setdefault(form, len(codes_of)) if form else ABSENT for form in forms] + [ABSENT], np.int32)
    indices = encoded.indices.fill_null(len(forms)).to_numpy(zero_copy_only=False)
    return Column(remap[indices], Forms(np.array(list(codes_of), dtype=object)))
