"""Pages of a report that is in memory: filtered, sorted, behind a cursor."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from api.cursors import Part
from api.figures import Row
from api.selection import Filters, Sort


def chosen(rows: Sequence[Row], wanted: Filters) -> list[Row]:
    """The rows that pass the filters."""
    return [row for row in rows if all(_text(row[name]) in values for name, values in wanted.items())]


def ordered(rows: Sequence[Row], sort: Sort, key: str) -> list[Row]:
    """Sorted by a column and, behind it, the key; those without a value last."""
    by = sort.field or key
    present = sorted((row for row in rows if row[by] is not None), key=lambda row: (row[by], row[key]), reverse=sort.descending)
    return [*present, *sorted((row for row in rows if row[by] is None), key=lambda row: str(row[key]), reverse=sort.descending)]


def behind(rows: Sequence[Row], sort: Sort, key: str, position: Sequence[Part] | None, schema: pa.Schema) -> list[Row]:
    """The rows of an ordered report that follow a position, whether or not the row is still there."""
    if position is None:
        return list(rows)
    by = sort.field or key
    place, tie = _parsed(position[0], schema.field(by).type), position[1]
    return [row for row in rows if _follows(row[by], row[key], place, tie, descending=sort.descending)]


def position_of(row: Row, sort: Sort, key: str) -> list[Part]:
    """The position of a row."""
    return [_text(row[sort.field or key]), row[key]]


def _follows(value: Any, key: Any, place: Any, tie: Any, *, descending: bool) -> bool:
    if value is None or place is None:
        beyond = key < tie if descending else key > tie
        return value is None and (place is not None or beyond)
    here, there = (value, key), (place, tie)
    return here < there if descending else here > there


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date) else str(value)


def _parsed(text: Part, kind: pa.DataType) -> Any:
    if text is None:
        return None
    if pa.types.is_decimal(kind):
        return Decimal(str(text))
    if pa.types.is_date(kind):
        return date.fromisoformat(str(text))
    if pa.types.is_timestamp(kind):
        return datetime.fromisoformat(str(text))
    if pa.types.is_boolean(kind):
        return text == "True"
    if pa.types.is_floating(kind):
        return float(text)
    if pa.types.is_boolean(kind):
        return text == "true"
    return int(text) if pa.types.is_integer(kind) else text
