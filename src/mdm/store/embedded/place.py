"""Where a cluster lives: its files by name, and the choice of the directory that holds them."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from mdm.store.embedded import shelter
from mdm.store.embedded.account import Account, serving
from mdm.store.embedded.errors import DiskFull, HomeUnusable

log = structlog.get_logger()

_POINTER = "cluster-is-in"
_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class Place:
    """The files of one cluster. `root` is `home`, except below a home that the server's account cannot reach."""

    home: Path
    root: Path
    account: Account

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.root / "data"

    @property
    def nursery(self) -> Path:
        """Where initdb works, until its result is complete and takes the name `data`."""
        return self.root / "data.new"

    @property
    def socket(self) -> Path:
        """The 0700 directory of the Unix socket."""
        return self.root / "socket"

    @property
    def configuration(self) -> Path:
        """The server's settings, written anew at every start."""
        return self.root / "postgresql.conf"

    @property
    def access(self) -> Path:
        """Who may connect (pg_hba.conf)."""
        return self.root / "pg_hba.conf"

    @property
    def password(self) -> Path:
        """The superuser's password, for the days when a socket cannot be had."""
        return self.root / "password"

    @property
    def port(self) -> Path:
        """The loopback port, if one is used."""
        return self.root / "port"

    @property
    def throwaway(self) -> Path:
        """Stands beside data that was made to be lost."""
        return self.root / "throwaway"

    @property
    def users(self) -> Path:
        """Locked shared by every process that uses the cluster."""
        return self.root / "users.lock"

    @property
    def server(self) -> Path:
        """Locked by the keeper and by every process of the server."""
        return self.root / "server.lock"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.home / "postgres.log"

    @property
    def pointer(self) -> Path:
        """Tells, in the home, that the cluster lives elsewhere."""
        return self.home / _POINTER

    def write(self, path: Path, text: str, mode: int = 0o600) -> None:
        """Put a whole file in place at once; a reader sees the old one or the new one."""
        draft = path.with_name(f"{path.name}.{os.getpid()}.new")
        with suppress(FileNotFoundError):
            draft.unlink()
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text)
        draft.replace(path)

    def erase(self) -> None:
        """Delete every file of the cluster, and the directories where nothing else is in them."""
        for tree in (self.data, self.nursery, self.socket):
            if tree.exists():
                shutil.rmtree(tree)
        files = (self.configuration, self.access, self.password, self.port, self.throwaway, self.log)
        for file in (*files, self.log.with_name(f"{self.log.name}.1"), self.pointer, self.users, self.server):
            file.unlink(missing_ok=True)
        for directory in {self.root, self.home}:
            with suppress(OSError):
                directory.rmdir()


def settle(home: Path) -> Place:
    """Find or choose the place of this home's cluster, and make its directory."""
    home = Path(os.path.realpath(home.expanduser()))
    with speaking(home):
        _make(home)
        root = _pointed(home / _POINTER) or home
        place = Place(home, root, serving(root / "data"))
        return place if place.account.can_enter(root) else _displaced(place)


def _make(home: Path) -> None:
    fresh = not home.exists()
    home.mkdir(parents=True, exist_ok=True)
    if fresh:
        home.chmod(0o711 if os.geteuid() == 0 else 0o700)


def _pointed(pointer: Path) -> Path | None:
    if not pointer.exists():
        return None
    if os.geteuid() != 0:
        raise HomeUnusable(f"The cluster of {str(pointer.parent)!r} was made by root: go on as root, or take another")
    root = Path(pointer.read_text().strip())
    if root.parent != shelter.ROOT:  # whoever owns the home could have written anything here
        raise HomeUnusable(f"{str(pointer)!r} names {str(root)!r}, which is no directory of {str(shelter.ROOT)!r}")
    return shelter.trusted(root)


def _displaced(place: Place) -> Place:
    if place.data.exists():
        raise HomeUnusable(
            f"The account that owns {str(place.data)!r} cannot enter {str(place.root)!r} any more: "
            "let it in (chmod o+x on each directory above), or move the home"
        )
    root = shelter.room(place.home)
    root.mkdir(mode=0o711, exist_ok=True)
    elsewhere = Place(place.home, shelter.trusted(root), serving(root / "data"))
    elsewhere.write(place.pointer, f"{root}\n")
    log.warning("postgres.placed_elsewhere", home=str(place.home), place=str(root), reason="root may not serve")
    return elsewhere


@contextmanager
def speaking(home: Path) -> Iterator[None]:
    """Turn the system's refusals into words about the home."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFull(f"No space is left for the database in {str(home)!r}: {error.strerror}") from error
        raise HomeUnusable(
            f"The database cannot use {str(home)!r} as its home: {error.strerror} ({error.filename}). "
            "Choose a directory that you own and can write; one that root made stays root's."
        ) from error
