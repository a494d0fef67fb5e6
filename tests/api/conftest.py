"""A small company, loaded and matched once a worker, served; and copies of it for the tests that change it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from mdm.pipeline import Hub
from mdm.settings import Settings
from mdm.store.migrations import upgrade
from tests.api.served import Api, served
from tests.api.world import NOW, happen

Copy = Callable[[], AbstractContextManager[Hub]]


@pytest.fixture(scope="session")
def copies(server: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """Makes hubs on copies of the loaded database, each there as long as it is used: the server has connections for a hundred."""
    template, numbers = f"api_{worker_id}", count(1)
    with _made(server, template, "template0") as hub:
        upgrade(hub.engine)
        happen(hub, tmp_path_factory.mktemp("files"))
        hub.engine.dispose()
        yield lambda: _made(server, f"{template}_{next(numbers)}", template, tmp_path_factory.mktemp("home"))


@contextmanager
def _made(server: str, name: str, template: str, home: Path | None = None) -> Iterator[Hub]:
    """A hub on a database that is there for as long as it is used."""
    admin = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    engine = create_engine(make_url(server).set(database=name), pool_pre_ping=True, pool_size=10, max_overflow=10)
    yield Hub(engine, Settings(home=home or Path("/nonexistent"), language="en"), now=lambda: NOW)
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture(scope="session")
def api(copies: Copy) -> Iterator[Api]:
    """The company, served to tests that only read."""
    with copies() as hub, served(hub) as found:
        yield found


@pytest.fixture
def own(copies: Copy) -> Iterator[Api]:
    """The company in a database of the test's own, served to a test that writes."""
    with copies() as hub, served(hub) as found:
        yield found
