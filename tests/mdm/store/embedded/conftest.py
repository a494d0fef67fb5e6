"""Homes for clusters, that are gone with every process of theirs when the test is."""

import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from os import kill
from pathlib import Path

import pytest

from mdm.store import embedded
from mdm.store.embedded.place import settle
from tests.mdm.store.embedded.user import User, eventually, processes

collect_ignore_glob = [] if sys.platform == "linux" else ["test_keeper.py"]


@pytest.fixture(scope="package")
def made() -> Iterator[Path]:
    """A home whose cluster was made once, for the tests that only start and stop it; its name has odd letters."""
    parent = Path(tempfile.mkdtemp(prefix="mdm"))
    parent.chmod(0o711)
    home = parent / "a b%:é@'\\"
    with embedded.running(home):
        pass
    yield home
    embedded.remove(home)
    parent.rmdir()


@pytest.fixture
def home(made: Path) -> Iterator[Path]:
    """A home with a cluster that does not run."""
    yield made
    _end(made)


@pytest.fixture
def fresh() -> Iterator[Path]:
    """A home below a directory that every account can enter, without a cluster yet."""
    parent = Path(tempfile.mkdtemp(prefix="mdm"))
    parent.chmod(0o711)
    yield parent / "home"
    _end(parent / "home")
    embedded.remove(parent / "home")
    shutil.rmtree(parent)


@pytest.fixture
def private(tmp_path: Path) -> Iterator[Path]:
    """A home below a directory that only we can enter."""
    tmp_path.chmod(0o700)
    yield tmp_path / "home"
    _end(tmp_path / "home")
    embedded.remove(tmp_path / "home")


@pytest.fixture
def user() -> Iterator[Callable[[Path], User]]:
    """Starts processes that use a home; those still there at the end are killed."""
    started: list[User] = []

    def start(home: Path) -> User:
        started.append(User(home))
        return started[-1]

    yield start
    for one in started:
        one.kill()


def _end(home: Path) -> None:
    place = settle(home)
    if not eventually(lambda: not processes(place), 5):
        for pid in processes(place):
            with suppress(ProcessLookupError):
                kill(pid, signal.SIGKILL)
        eventually(lambda: not processes(place), 5)
