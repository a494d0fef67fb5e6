"""The data directory: made once and whole, kept in step with what its users ask for."""

import os
import secrets
import shutil
import sys
from pathlib import Path

import structlog

from mdm.store.embedded.address import USER
from mdm.store.embedded.binaries import Binaries
from mdm.store.embedded.errors import diagnosis
from mdm.store.embedded.place import Place

log = structlog.get_logger()

_BUILTIN_LOCALE = 17
_STATUS_LINE = 7


def made_by(place: Place) -> int | None:
    """The major version that made the data, or none where there is no data yet."""
    try:
        return int((place.data / "PG_VERSION").read_text())
    except FileNotFoundError:
        return None


def status(place: Place) -> str:
    """What the server last noted about itself: starting, ready, stopping; empty if it never did, or ended cleanly."""
    try:
        lines = (place.data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return ""
    return lines[_STATUS_LINE].strip() if len(lines) > _STATUS_LINE else ""


def create(place: Place, binaries: Binaries, *, durable: bool, holding: int) -> None:
    """Run initdb aside and rename its result, so that an interrupted one is simply done again.

    initdb inherits the server's lock (`holding`): should this process be killed, the next one waits for it.
    """
    log.info("postgres.creating", place=str(place.root), version=binaries.version, durable=durable)
    shutil.rmtree(place.nursery, ignore_errors=True)
    _own_directory(place, place.nursery)
    if durable:
        place.throwaway.unlink(missing_ok=True)
    else:
        place.write(place.throwaway, "")
    _initialise(place, binaries, durable=durable, holding=holding)
    place.nursery.rename(place.data)
    _sync(place.root)


def settle_durability(place: Place, binaries: Binaries, *, wanted: bool) -> bool:
    """Whether the next start syncs to disk. Only data made as throwaway may go without, and only until kept once."""
    if not place.throwaway.exists():
        return True
    if wanted:
        done = place.account.run(binaries.tool("initdb"), "--sync-only", "-D", place.data)
        if done.returncode != 0:
            raise diagnosis("Writing the data to disk", done.stderr, place.root)
        place.throwaway.unlink()
    return wanted


def clear_remains(place: Place) -> None:
    """Remove what a killed server left and the next one could stumble over. Call it with the server's lock held.

    PostgreSQL handles a stale postmaster.pid itself, unless its number belongs to another process by now, as is
    common in containers.
    """
    shutil.rmtree(place.socket, ignore_errors=True)
    _own_directory(place, place.socket)
    record = place.data / "postmaster.pid"
    if record.exists() and not _is_server(record.read_text().split(), place.data):
        record.unlink()


def _is_server(record: list[str], data: Path) -> bool:
    if not record:  # killed while it wrote
        return False
    if sys.platform != "linux":
        return True
    try:
        return Path("/proc", record[0].lstrip("-"), "cwd").samefile(data)
    except FileNotFoundError:
        return False
    except PermissionError:
        return True


def _own_directory(place: Place, directory: Path) -> None:
    directory.mkdir(mode=0o700)
    place.account.own(directory)


def _initialise(place: Place, binaries: Binaries, *, durable: bool, holding: int) -> None:
    password = place.root / "password.new"
    place.write(password, secrets.token_hex(32))
    place.account.own(password)
    try:
        done = place.account.run(
            binaries.tool("initdb"),
            f"--pgdata={place.nursery}",
            f"--username={USER}",
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            *_locale(binaries.version),
            "--no-instructions",
            "--data-checksums" if durable else "--no-sync",
            holding=(holding,),
        )
        if done.returncode != 0:
            raise diagnosis("Making the database", done.stderr, place.root)
        place.write(place.password, password.read_text())
    finally:
        password.unlink()


def _locale(version: int) -> list[str]:
    """Order by code point everywhere; know the case of accented letters, without the system's locales where possible."""
    if version >= _BUILTIN_LOCALE:
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["--locale=C", f"--lc-ctype={'UTF-8' if sys.platform == 'darwin' else 'C.UTF-8'}"]


def _sync(directory: Path) -> None:
    fd = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
