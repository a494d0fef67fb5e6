"""Parquet: every column as text, whatever its type."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from duckdb import col, fn, lit, when

from mdm.ports import Problem
from sources.files.engine import connected
from sources.files.table import LINE, ROWS, Chunk, cell, distinct, unreadable, warning


class ParquetTable:
    """A Parquet file."""

    def __init__(self, path: Path, place: str) -> None:
        self._place = place
        try:
            self._file = pq.ParquetFile(path)
        except (pa.ArrowException, OSError) as error:
            raise unreadable(place, f"is not a Parquet file ({error})", "write it again") from None
        self.columns, problems = distinct(self._file.schema_arrow.names, place, None)
        self.problems: tuple[Problem, ...] = tuple(problems)

    def count(self) -> int | None:
        """By the footer."""
        return int(self._file.metadata.num_rows)

    def chunks(self) -> Iterator[Chunk]:
        """Rows as text; the line is the number of the row."""
        line = 1
        with connected() as connection:
            for batch in self._batches():
                names = [cell(index) for index in range(batch.num_columns)]
                rows = connection.from_arrow(pa.table([_decoded(column) for column in batch.columns], names=names))
                text = rows.select(*(_text(column.type, name).alias(name) for column, name in zip(batch.columns, names, strict=True)))
                table, problems = self._without_nul(text.to_arrow_table(), line)
                lines = pa.array(range(line, line + batch.num_rows), pa.int64())
                yield Chunk(table.add_column(0, LINE, lines), problems)
                line += batch.num_rows

    def _batches(self) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._file.iter_batches(ROWS)
        except pa.ArrowException as error:
            raise unreadable(self._place, f"is damaged ({error})", "write it again") from None

    def _without_nul(self, table: pa.Table, line: int) -> tuple[pa.Table, tuple[Problem, ...]]:
        """The table without NUL characters, which no database takes."""
        problems = []
        for index, name in enumerate(self.columns):
            holds = pc.fill_null(pc.match_substring(table[cell(index)], "\0"), fill_value=False)
            if pc.any(holds).as_py():
                first = line + pc.index(holds, value=True).as_py()
                problems.append(warning(self._place, first, name, "holds NUL characters; they were left out", "clean it at the source"))
                table = table.set_column(index, cell(index), pc.replace_substring(table[cell(index)], "\0", ""))
        return table, tuple(problems)


def _decoded(column: pa.Array) -> pa.Array:
    """Bytes as the text that they are, if they are UTF-8; else as they are."""
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        try:
            return column.cast(pa.string())
        except pa.ArrowInvalid:
            return column
    return column


def _text(arrow: pa.DataType, name: str) -> duckdb.Expression:
    """A column as text without loss: no exponents in numbers, JSON for what is nested, null for empty text and not-a-number."""
    value = col(name)
    if pa.types.is_nested(arrow):
        return fn("to_json", value).cast("VARCHAR")
    text = value.cast("VARCHAR")
    if not pa.types.is_floating(arrow):
        return fn("nullif", text, lit(""))
    figures = fn("rtrim", fn("rtrim", fn("format", lit("{:.12f}"), value), lit("0")), lit("."))
    short = fn("regexp_replace", text, lit(r"\.0$"), lit(""))
    return when(fn("isnan", value)).then(lit(None)).when(fn("contains", text, lit("e"))).then(figures).otherwise(short)
