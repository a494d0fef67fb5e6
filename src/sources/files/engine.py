"""DuckDB, closed off: it reads what it is given and nothing else."""

import duckdb


def connected() -> duckdb.DuckDBPyConnection:
    """An engine in memory, in UTC, without access to files and network."""
    connection = duckdb.connect(config={"enable_external_access": "false"})
    connection.execute("SET TimeZone = 'UTC'")
    return connection
