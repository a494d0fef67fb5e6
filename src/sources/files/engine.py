"""DuckDB as the reader of files uses it."""

import duckdb

from matching.frames import scratch


def connected() -> duckdb.DuckDBPyConnection:
    """A cursor of the process's own database in memory, in UTC; close it after use."""
    cursor = scratch().cursor()
    cursor.execute("SET TimeZone = 'UTC'")
    return cursor
