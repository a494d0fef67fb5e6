"""A real PostgreSQL for the tests: the embedded one, shared by all workers of a run, a database a worker, rolled back after each test."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import Connection, Engine, NullPool, create_engine, make_url, text

from mdm.pipeline import Hub
from mdm.settings import Settings
from mdm.store import embedded
from mdm.store.migrations import upgrade

hypothesis.settings.register_profile("ordinary", max_examples=50, deadline=None)
hypothesis.settings.register_profile("nightly", max_examples=1000, deadline=None)
hypothesis.settings.register_profile("quick", max_examples=25, deadline=None, phases=[hypothesis.Phase.generate])
hypothesis.settings.load_profile(os.environ.get("MDM_TEST_PROFILE", "ordinary"))

VILLAGE = Path(__file__).parents[2] / "shared" / "village"


@pytest.fixture(scope="session")
def server(testrun_uid: str) -> Iterator[str]:
    """The URL of a throwaway server; the last worker to leave stops and removes it."""
    home = Path(tempfile.gettempdir()) / f"mdm-tests-{testrun_uid}"
    home.mkdir(mode=0o711, exist_ok=True)
    with embedded.running(home, durable=False) as url:
        yield url
    try:
        embedded.remove(home)
        home.rmdir()
    except (embedded.StillInUse, OSError):
        return


@pytest.fixture(scope="session")
def engine(server: str, worker_id: str) -> Iterator[Engine]:
    """A migrated database of this worker's own."""
    with _database(server, f"test_{worker_id}") as engine:
        upgrade(engine)
        yield engine


@pytest.fixture
def db(engine: Engine) -> Iterator[Connection]:
    """A connection whose transaction is rolled back after the test."""
    with engine.connect() as connection, connection.begin() as transaction:
        yield connection
        transaction.rollback()


@pytest.fixture(scope="session")
def template(server: str, worker_id: str) -> Iterator[str]:
    """A migrated database that others are copied from."""
    name = f"template_{worker_id}"
    with _database(server, name) as engine:
        upgrade(engine)
        engine.dispose()
        yield name


@pytest.fixture
def hub(server: str, template: str, worker_id: str, tmp_path: Path) -> Iterator[Hub]:
    """A hub on a database of its own, made for the test and dropped after it."""
    with _database(server, f"hub_{worker_id}", template) as engine:
        yield Hub(engine, Settings(home=tmp_path, language="en"))


@contextmanager
def _database(server: str, name: str, template: str = "template1") -> Iterator[Engine]:
    admin = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    engine = create_engine(make_url(server).set(database=name))
    yield engine
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture(scope="session")
def village() -> Path:
    """The synthetic company with its truth."""
    if not VILLAGE.is_dir():
        pytest.skip("../shared/village is not here")
    return VILLAGE
