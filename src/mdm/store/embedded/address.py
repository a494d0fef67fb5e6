"""Where the server listens: a Unix socket, or the loopback where the socket's path would be too long."""

import os
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote

import psycopg

from mdm.store.embedded.place import Place

USER = DATABASE = "postgres"
_LOOPBACK = "127.0.0.1"
_SOCKET_PORT = 5432
_LONGEST = 103 if sys.platform == "darwin" else 107


@dataclass(frozen=True)
class Address:
    """Host (a directory or the loopback), port, and the password where the host is open to other users."""

    host: str
    port: int
    password: str | None = None

    @property
    def url(self) -> str:
        """For SQLAlchemy, and without its driver's name for libpq, asyncpg and ADBC too."""
        if self.password is None:
            return f"postgresql+psycopg://{USER}@/{DATABASE}?host={quote(self.host)}&port={self.port}"
        return f"postgresql+psycopg://{USER}:{self.password}@{self.host}:{self.port}/{DATABASE}?sslmode=disable"

    def connect(self) -> "psycopg.Connection[tuple[str]]":
        """Open a connection, patient for a few seconds only."""
        return psycopg.connect(
            autocommit=True,
            connect_timeout=5,
            dbname=DATABASE,
            host=self.host,
            password=self.password or "",
            port=self.port,
            sslmode="disable",
            user=USER,
        )


def by_socket(place: Place) -> bool:
    """Whether a socket will do: libpq takes a comma for a list of hosts, and the kernel has its limit."""
    name = os.fsencode(place.socket / f".s.PGSQL.{_SOCKET_PORT}")
    return len(name) <= _LONGEST and b"," not in name


def current(place: Place) -> Address | None:
    """The address that the last start chose; none if there is none yet."""
    if by_socket(place):
        return Address(str(place.socket), _SOCKET_PORT)
    with suppress(FileNotFoundError):
        return Address(_LOOPBACK, int(place.port.read_text()), place.password.read_text())
    return None


def assign(place: Place) -> Address:
    """Choose the address for a start; a loopback port stays the same while it is free."""
    before = current(place)
    if before is not None and (before.password is None or _free(before.port)):
        return before
    port = _any_free()
    place.write(place.port, str(port))
    return Address(_LOOPBACK, port, place.password.read_text())


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_LOOPBACK, port))
        except OSError:
            return False
        return True


def _any_free() -> int:
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        return int(probe.getsockname()[1])
