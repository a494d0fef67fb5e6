"""Encoding: every field becomes integer codes into its distinct normal forms, so that nothing is compared twice."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import BaseModel

from matching.comparison import Codes
from matching.declaration import Field, fields
from matching.forms import Forms
from matching.kinds.kind import Kind, Refused
from matching.normal import tidy

ABSENT = -1
LONGEST = 4000
"""Characters of a value that are looked at; more tell nothing more."""


@dataclass(frozen=True)
class Column:
    """A field of all records: `forms.values[codes[i]]` is the normal form of record i, code -1 says nothing."""

    codes: Codes
    forms: Forms
    refused: int = 0
    """Values that their kind does not accept; they are compared as they are written."""

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """How many records have each form."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.forms))


Columns = Mapping[str, Column]


def encode(records: pa.Table, declared: Sequence[Field], *, every: bool = False) -> dict[str, Column]:
    """Columns of each field that is evidence or a veto and is ever filled, or of `every` one; values implied by others stand in where it is empty."""
    evidence = [field for field in declared if field.kind.comparison is not None or field.vetoes]
    if every:
        missing = {field.name: pa.nulls(records.num_rows, pa.string()) for field in evidence if field.name not in records.column_names}
        records = pa.table({name: records[name] for name in records.column_names} | missing)
    columns = {
        field.name: _column(_with_implied(records, field, declared), field.kind) for field in evidence if field.name in records.column_names
    }
    return {name: column for name, column in columns.items() if every or len(column.forms)}


def _with_implied(records: pa.Table, field: Field, declared: Sequence[Field]) -> pa.Array:
    values = _flat(records[field.name])
    for other in declared:
        for implied in other.kind.implies:
            if implied.kind == field.kind.name and other.name in records.column_names:
                values = pc.coalesce(values, _implied(_flat(records[other.name]), other.kind, implied.value))
    return values


def _flat(column: pa.ChunkedArray) -> pa.Array:
    return column.cast(pa.string()).combine_chunks()


def _implied(values: pa.Array, kind: Kind, function: Callable[[str], str | None]) -> pa.Array:
    encoded = values.dictionary_encode()
    mapped = [function(clean) if accepted and clean else None for clean, accepted in map(cleaner(kind), encoded.dictionary.to_pylist())]
    return pa.array(mapped, pa.string()).take(encoded.indices)


def cleaner(kind: Kind) -> Callable[[str], tuple[str, bool]]:
    """What a kind makes of a value, and whether it accepts it; one that it refuses stays as it is written."""

    def clean(value: str) -> tuple[str, bool]:
        try:
            return kind.clean(value) if value and not value.isspace() else "", True
        except Refused:
            return tidy(value[:LONGEST]), False

    return clean


def _column(values: pa.Array, kind: Kind) -> Column:
    """Codes of what is left of each distinct value; those that are plain by the kind's own word need no look."""
    plain = pa.scalar(False)
    if kind.plain:
        values = pc.utf8_trim_whitespace(pc.ascii_lower(values))
    encoded = values.dictionary_encode()
    dictionary = encoded.dictionary
    if kind.plain:
        plain = pc.match_substring_regex(dictionary, kind.plain)
        kept, rest = dictionary.filter(plain), np.flatnonzero(~plain.to_numpy(zero_copy_only=False))
    else:
        kept, rest = dictionary.slice(0, 0), np.arange(len(dictionary))
    codes_of: dict[str, int] = {form: code for code, form in enumerate(kept.to_pylist())}
    remap = np.full(len(dictionary) + 1, ABSENT, np.int32)
    remap[np.setdiff1d(np.arange(len(dictionary)), rest)] = np.arange(len(kept))
    clean, refused = cleaner(kind), []
    for at, value in zip(rest.tolist(), dictionary.take(pa.array(rest)).to_pylist(), strict=True):
        text, accepted = clean(value)
        form = kind.normal(text)[:LONGEST] if text else ""
        if form:
            remap[at] = codes_of.setdefault(form, len(codes_of))
        if not accepted:
            refused.append(at)
    indices = encoded.indices.fill_null(len(dictionary)).to_numpy(zero_copy_only=False)
    count = int(np.isin(indices, refused).sum()) if refused else 0
    return Column(remap[indices], Forms(_objects(codes_of)), count)


def _objects(forms: Mapping[str, int]) -> NDArray[np.object_]:
    out = np.empty(len(forms), object)
    out[:] = list(forms)
    return out


class OneRecord:
    """Reads one record as `encode` reads many, without arrays, which cost milliseconds however few the records are."""

    def __init__(self, declared: Sequence[Field]) -> None:
        self._evidence = [item for item in declared if item.kind.comparison is not None or item.vetoes]
        self._clean = {item.name: cleaner(item.kind) for item in declared}
        self._plain = {item.name: re.compile(item.kind.plain) for item in declared if item.kind.plain}
        self._implied = {
            item.name: [(other.name, each.value) for other in declared for each in other.kind.implies if each.kind == item.kind.name]
            for item in self._evidence
        }

    def forms(self, record: Mapping[str, str | None]) -> dict[str, str]:
        """The normal form of every field that says something."""
        said = {item.name: self._form(item, self._value(item, record)) for item in self._evidence}
        return {name: form for name, form in said.items() if form}

    def _value(self, item: Field, record: Mapping[str, str | None]) -> str | None:
        """A field's value, or what others imply of it."""
        value = record.get(item.name)
        for other, implied in self._implied[item.name]:
            if value is not None:
                break
            clean, accepted = self._clean[other](record.get(other) or "")
            value = implied(clean) if accepted and clean else None
        return value

    def _form(self, item: Field, value: str | None) -> str:
        if value is None:
            return ""
        if item.name in self._plain:
            value = value.encode().lower().decode().strip()  # small letters in ASCII alone, as for many
            if self._plain[item.name].search(value):
                return value
        text, _ = self._clean[item.name](value)
        return item.kind.normal(text)[:LONGEST] if text else ""


@cache
def one_record(declaration: type[BaseModel]) -> OneRecord:
    """The reader of single records of a declaration."""
    return OneRecord(fields(declaration))
