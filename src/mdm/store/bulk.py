"""Bulk reads and writes: Arrow in and out of PostgreSQL by COPY, inside the caller's transaction."""

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.csv as pc
from psycopg import Connection as Psycopg
from psycopg import Copy, sql
from sqlalchemy import Connection, text

MANY = 1000
"""New rows from which on statistics are taken."""
_CHUNK = 1 << 20
_WRITE = pc.WriteOptions(include_header=False, quoting_style="needed")


def copy_in(db: Connection, table: str, rows: pa.Table) -> int:
    """Append rows to a table; columns go by name. An empty string stays one, null is null."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, rows.column_names))
    )
    with _raw(db).cursor() as cursor, cursor.copy(statement) as copy:
        for batch in rows.to_batches(max_chunksize=50_000):
            sink = pa.BufferOutputStream()
            pc.write_csv(batch, sink, _WRITE)
            copy.write(sink.getvalue())
    return int(rows.num_rows)


def read(db: Connection, query: str, schema: pa.Schema, parameters: Mapping[str, Any] | None = None) -> pa.Table:
    """The answer to a query as Arrow; `schema` names and types its columns. Parameters are written %(name)s."""
    statement = "COPY (" + query + ") TO STDOUT (FORMAT csv)"
    with _raw(db).cursor() as cursor, cursor.copy(statement, parameters or {}) as copy:
        return _parsed(copy, schema)


def _parsed(copy: Copy, schema: pa.Schema) -> pa.Table:
    stream = _Reader(iter(copy))
    if stream.empty():
        return schema.empty_table()
    batches = pc.open_csv(
        stream,
        pc.ReadOptions(column_names=schema.names, block_size=16 * _CHUNK),
        pc.ParseOptions(newlines_in_values=True),
        pc.ConvertOptions(
            column_types={field.name: field.type for field in schema},
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        ),
    )
    return pa.Table.from_batches(batches, schema)


class _Reader:
    """The rows of a COPY as a file that pyarrow can read."""

    closed = False

    def __init__(self, rows: Iterator[Any]) -> None:
        self._rows, self._rest = rows, b""

    def empty(self) -> bool:
        """Whether there is nothing to read."""
        self._fill(1)
        return not self._rest

    def readable(self) -> bool:
        """It can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes."""
        wanted = size if size >= 0 else _CHUNK
        self._fill(wanted)
        out, self._rest = self._rest[:wanted], self._rest[wanted:]
        return out

    def close(self) -> None:
        """Nothing is held open."""
        self.closed = True

    def _fill(self, wanted: int) -> None:
        if len(self._rest) < wanted:
            parts, length = [self._rest], len(self._rest)
            for row in self._rows:
                parts.append(bytes(row))
                length += len(row)
                if length >= wanted:
                    break
            self._rest = b"".join(parts)


def temporary(db: Connection, name: str, columns: Mapping[str, str], rows: pa.Table) -> None:
    """Rows as a table of the transaction, to be joined in SQL; analysed, gone at its end."""
    body = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
    db.execute(text(f'CREATE TEMPORARY TABLE "{name}" ({body}) ON COMMIT DROP'))
    copy_in(db, name, rows.select(list(columns)))
    db.execute(text(f'ANALYZE "{name}"'))


def weigh(db: Connection, new: int, *tables: str) -> None:
    """Take statistics of tables of which many rows are new: until then, what is read of them may be read in the slowest of ways."""
    if new >= MANY:
        db.execute(text(f"ANALYZE {', '.join(tables)}"))


def reserve(db: Connection, table: str, count: int, column: str = "id") -> pa.Array:
    """Ascending numbers of a table's identity column that nobody else will get."""
    query = "SELECT nextval(pg_get_serial_sequence(%(table)s, %(column)s)) FROM generate_series(1, %(count)s)"
    schema = pa.schema([("number", pa.int64())])
    return read(db, query, schema, {"table": table, "column": column, "count": count})["number"].combine_chunks()


def _raw(db: Connection) -> Psycopg[Any]:
    found = db.connection.driver_connection
    assert isinstance(found, Psycopg)
    return found
