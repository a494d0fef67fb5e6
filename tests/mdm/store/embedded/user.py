"""A process of its own that uses a cluster, and what can be seen of a cluster's processes from outside."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from mdm.store.embedded.place import Place, settle

PROGRAM = """
import sys
from pathlib import Path
sys.modules["rich"] = None  # structlog would load it for its colours, longer than a server takes to start
import structlog
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
from mdm.store import embedded
with embedded.running(Path(sys.argv[1])) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


class User:
    """Another process inside `running(home)`, until it leaves or is killed."""

    def __init__(self, home: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(home)],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def url(self) -> str:
        """Wait until it is inside."""
        assert self.process.stdout is not None
        url = self.process.stdout.readline().strip()
        assert url, "it did not get inside"
        return url

    def leave(self) -> int:
        """Let it go through the end of its `with`."""
        self.process.communicate(timeout=20)
        return self.process.returncode

    def kill(self) -> None:
        """kill -9, and close our ends of its pipes."""
        self.process.kill()
        self.process.communicate()


def query(url: str, statement: str) -> str:
    """Run a statement in a connection of its own; its first value, as text."""
    with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return "" if cursor.description is None else str((cursor.fetchone() or ("",))[0])


def keeper(home: Path) -> int:
    """The keeper's process number."""
    users = str(settle(home).users).encode()
    return next(pid for pid, words in _commands() if users in words and any(w.endswith(b"keeper.py") for w in words))


def postmaster(home: Path) -> int:
    """The server's process number."""
    return int((settle(home).data / "postmaster.pid").read_text().split()[0])


def processes(place: Place) -> list[int]:
    """Keeper, server and backends of one cluster, that run now."""
    return [pid for pid, words in _commands() if str(place.users).encode() in words or _works_in(pid, place.data)]


def eventually(true: Callable[[], bool], seconds: float = 10) -> bool:
    """Whether it becomes true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.02)
    return False


def answers(url: str) -> bool:
    """Whether the server takes a new connection and answers."""
    try:
        return query(url, "SELECT 1") == "1"
    except psycopg.OperationalError:
        return False


def kill(pid: int) -> None:
    """kill -9."""
    os.kill(pid, signal.SIGKILL)


def _commands() -> list[tuple[int, list[bytes]]]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append((int(path.parent.name), path.read_bytes().split(b"\0")))
        except OSError:
            continue
    return found


def _works_in(pid: int, data: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").samefile(data)
    except OSError:
        return False
