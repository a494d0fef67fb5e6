"""One server shared by the processes that use it: the first starts it, any of them revives it, the last ends it."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import structlog

from mdm.store.embedded import server
from mdm.store.embedded.errors import StartFailed, StillInUse
from mdm.store.embedded.locks import Lock
from mdm.store.embedded.place import Place, settle, speaking

log = structlog.get_logger()

_WATCH = 0.5
_LONGEST_WATCH = 10.0


@contextmanager
def running(home: Path, *, durable: bool = True) -> Iterator[str]:
    """Use the cluster below `home`; yields its SQLAlchemy URL. Raises a `StoreUnavailable`."""
    with speaking(home):
        place = settle(home)
        users = _join(place)
    me = os.getpid()
    try:
        with speaking(home):
            where = server.bring_up(place, durable=durable)
        with _kept_up(place, durable=durable):
            yield where.url
    finally:
        if os.getpid() == me:  # a forked child that unwinds through here has no say
            users.close()
            _see_it_end(place)


def remove(home: Path) -> None:
    """Delete the cluster below `home`, with all its data. Raises `StillInUse` while a process uses it."""
    with speaking(home):
        place = settle(home)
        with closing(Lock(place.users)) as users, closing(Lock(place.server)) as lock:
            if not (users.own() and lock.own()):
                raise StillInUse(f"The database in {str(home)!r} is in use: end the processes that use it first")
            place.erase()


def _join(place: Place) -> Lock:
    """Count as a user. A keeper that is stopping the server keeps us waiting until it is done."""
    deadline = time.monotonic() + server.PATIENCE
    while time.monotonic() < deadline:
        users = Lock(place.users)
        if users.share() and users.current():
            return users
        users.close()
        time.sleep(server.GLANCE)
    raise StartFailed(f"The database in {str(place.home)!r} has been stopping for {server.PATIENCE:.0f} seconds")


@contextmanager
def _kept_up(place: Place, *, durable: bool) -> Iterator[None]:
    """Watch the server meanwhile and start it again when it or its keeper was killed."""
    leaving = threading.Event()

    def watch() -> None:
        pause = _WATCH
        while not leaving.wait(pause):
            pause = min(2 * pause, _LONGEST_WATCH) if server.revive(place, durable=durable) else _WATCH

    watcher = threading.Thread(target=watch, name="postgres-watch", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        leaving.set()
        watcher.join()


def _see_it_end(place: Place) -> None:
    """Wait for the server to stop, unless others use it."""
    deadline = time.monotonic() + server.PATIENCE
    with suppress(FileNotFoundError):  # the whole home was deleted meanwhile
        while time.monotonic() < deadline:
            if lock := server.stopped(place):
                lock.close()
                return
            if _others(place):
                return
            time.sleep(server.GLANCE)
        log.warning("postgres.slow_to_stop", place=str(place.root))


def _others(place: Place) -> bool:
    """Whether others hold the users' lock shared: it is neither free nor the stopping keeper's."""
    with closing(Lock(place.users)) as users:
        return not users.own() and users.share()
