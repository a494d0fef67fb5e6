"""Reaching the database: the one that was given, or the embedded one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from mdm.errors import StoreUnavailable
from mdm.store import embedded

LEAST_VERSION = 15


@contextmanager
def opened(url: str | None, home: Path, *, durable: bool = True) -> Iterator[Engine]:
    """An engine on `url`, or on the embedded PostgreSQL below `home` where none is given.

    Raises StoreUnavailable (or NoPostgres) with what to do about it.
    """
    if url is not None:
        yield from _engine(_psycopg(url))
        return
    with embedded.running(home / "postgres", durable=durable) as found:
        yield from _engine(make_url(found))


def _engine(url: URL) -> Iterator[Engine]:
    engine = create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=10)
    try:
        _check(engine)
        yield engine
    finally:
        engine.dispose()


def _psycopg(url: str) -> URL:
    parsed = make_url(url)
    return parsed.set(drivername="postgresql+psycopg") if parsed.drivername in {"postgresql", "postgres"} else parsed


def _check(engine: Engine) -> None:
    try:
        with engine.connect() as db:
            version = int(db.execute(text("SHOW server_version_num")).scalar_one()) // 10000
    except OperationalError as error:
        where = engine.url.render_as_string(hide_password=True)
        raise StoreUnavailable(f"cannot reach the database {where}: {str(error.orig).strip()}; check DATABASE_URL") from error
    if version < LEAST_VERSION:
        raise StoreUnavailable(f"PostgreSQL {version} is too old; the hub needs {LEAST_VERSION} or later")


def lock(db: Connection, name: str) -> None:
    """Wait for, and hold until the end of the transaction, the lock of that name, across all processes.

    What is written from then on is stamped with the instant at which the lock was given, not with the start of the transaction: whoever waited
    comes after the one waited for.
    """
    db.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})
    db.execute(text("SELECT set_config('mdm.stamp', clock_timestamp()::text, true)"))


STAMP = "coalesce(nullif(current_setting('mdm.stamp', true), '')::timestamptz, now())"
"""In SQL, the instant with which a transaction stamps what it writes."""
