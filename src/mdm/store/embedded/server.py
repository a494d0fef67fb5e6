"""Starting the server and waiting for its answer; whoever gets the server's lock is the one to start it."""

import os
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import psycopg
import structlog

from mdm.errors import StoreUnavailable
from mdm.store.embedded import address, binaries, cluster, configuration
from mdm.store.embedded.account import ENVIRONMENT
from mdm.store.embedded.address import Address
from mdm.store.embedded.errors import NotDurable, StartFailed, diagnosis
from mdm.store.embedded.locks import Lock
from mdm.store.embedded.place import Place

log = structlog.get_logger()

KEEPER = Path(__file__).with_name("keeper.py")
GLANCE = 0.01
"""Seconds between two looks at something that ends soon."""
PATIENCE = 90.0
"""Seconds without any progress after which something is wrong."""

_ATTEMPTS = 2  # a server that was killed while it started deserves another
_LONGEST_LOG = 16 * 1024 * 1024
_FULL_HOUSE = ("too many clients", "remaining connection slots")


def stopped(place: Place) -> Lock | None:
    """The server's lock, if no process of a server and no starter holds it; the caller closes it."""
    lock = Lock(place.server)
    if lock.own():
        return lock
    lock.close()
    return None


def bring_up(place: Place, *, durable: bool) -> Address:
    """Start the server, or wait for one that another process starts, until it answers."""
    begun: list[int] = []
    refusal: object = "it gave no sign of life"
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if lock := stopped(place):
            if len(begun) == _ATTEMPTS:
                lock.close()
                raise diagnosis("Starting the database", _said(place, begun[-1]), place.log)
            begun.append(launch(place, lock, durable=durable))
        status, where = cluster.status(place), address.current(place)
        if status == "starting":  # recovery after a crash takes what it takes
            deadline = time.monotonic() + PATIENCE
        elif status == "ready" and where is not None:
            try:
                return _answering(where, durable=durable)
            except psycopg.OperationalError as error:
                refusal = error
        time.sleep(GLANCE)
    raise StartFailed(f"The database does not answer: {refusal}. See {str(place.log)!r}")


def launch(place: Place, lock: Lock, *, durable: bool) -> int:
    """Start a server that inherits the lock; returns where in the log its words begin."""
    with closing(lock):
        version = cluster.made_by(place)
        chosen = binaries.choose(place.account, place.data, version)
        if version is None:
            cluster.create(place, chosen, durable=durable, holding=lock.fd)
        durable = cluster.settle_durability(place, chosen, wanted=durable)
        cluster.clear_remains(place)
        configuration.write(place, address.assign(place), durable=durable)
        log.info("postgres.starting", place=str(place.root), version=chosen.version, durable=durable)
        return _spawn(place, lock, configuration.command(place, chosen.tool("postgres")))


def revive(place: Place, *, durable: bool) -> bool:
    """Start the server again if it is gone; says whether it was."""
    lock = stopped(place)
    if lock is None:
        return False
    log.warning("postgres.reviving", place=str(place.root))
    try:
        launch(place, lock, durable=durable)
    except (StoreUnavailable, OSError) as error:
        log.error("postgres.not_revived", place=str(place.root), reason=str(error))
    return True


def _answering(where: Address, *, durable: bool) -> Address:
    try:
        with where.connect() as connection:
            syncs = connection.execute("SHOW fsync").fetchone()
    except psycopg.OperationalError as error:
        if any(sign in str(error) for sign in _FULL_HOUSE):
            return where
        raise
    if durable and syncs == ("off",):
        raise NotDurable(
            "This database runs now as throwaway, for another process, and may lose what you write: "
            "end that one first, or take another home"
        )
    return where


def _spawn(place: Place, lock: Lock, command: list[str]) -> int:
    account, keeper = place.account, [sys.executable, "-I", "-S", str(KEEPER)]
    with _open_log(place.log) as output:
        begun = output.tell()
        subprocess.run(  # noqa: S603 - every part is ours
            [*keeper, str(lock.fd), str(place.users), str(account.uid), str(account.gid), *command],
            check=False,  # if it fails the lock is free again, and the log says why
            cwd="/",
            env=ENVIRONMENT,
            pass_fds=(lock.fd,),
            start_new_session=True,  # a Ctrl-C in the terminal is not meant for the server
            stderr=output,
            stdin=subprocess.DEVNULL,
            stdout=output,
        )
    return begun


def _open_log(path: Path) -> BinaryIO:
    if path.exists() and path.stat().st_size > _LONGEST_LOG:
        path.replace(path.with_name(f"{path.name}.1"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600), "ab")


def _said(place: Place, begun: int) -> str:
    return place.log.read_bytes()[begun:].decode(errors="replace")
