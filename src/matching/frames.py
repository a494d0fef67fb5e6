"""Arrow frames through DuckDB SQL: pure functions, results in a stated order, spilling to disk rather than growing."""

import tempfile
from collections.abc import Iterable
from functools import cache

import duckdb
import pyarrow as pa

MEMORY = "1GB"


def query(sql: str, **tables: pa.Table) -> pa.Table:
    """The answer to SQL over named tables. Without ORDER BY its order means nothing."""
    with scratch().cursor() as database:
        for name, table in tables.items():
            database.register(name, table)
        return database.sql(sql).to_arrow_table()


@cache
def scratch() -> duckdb.DuckDBPyConnection:
    """One in-memory database a process: to open one takes longer than most queries. Cursors do not see each other's tables."""
    return duckdb.connect(config={"threads": 2, "memory_limit": MEMORY, "temp_directory": _spill().name})


@cache
def _spill() -> tempfile.TemporaryDirectory[str]:
    """Where it spills to: a folder that nobody else can read, gone with the process."""
    return tempfile.TemporaryDirectory(prefix="mdm-hub-")


def quoted(name: str) -> str:
    """An identifier in SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """A text in SQL."""
    return "'" + value.replace("'", "''") + "'"


def as_json(columns: Iterable[str], prefix: str = "") -> str:
    """A SQL expression that makes one JSON object of columns, without those that are null; a prefix of the columns is not of the keys."""
    fields = ", ".join(f"{quoted(name)} := {quoted(prefix + name)}" for name in columns)
    return f"json_merge_patch('{{}}', to_json(struct_pack({fields})))::VARCHAR"
