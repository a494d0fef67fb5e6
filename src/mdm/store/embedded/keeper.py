"""The process that owns the server: it starts it, and stops it when nobody uses it any more.

Run by path with the standard library alone (`python -I -S keeper.py`), so that it starts in 50 ms and stays small:

    keeper.py LOCK USERS UID GID POSTGRES ARGUMENT...

LOCK is an inherited descriptor that holds the server's lock. The keeper and every process of the server keep it open,
so the lock is free exactly when all of them are gone. USERS is the file that each user process locks shared.

- The last user leaves or is killed: the keeper gets USERS to itself and stops the server.
- The server is killed: the keeper ends what is left of it, then itself. A user that lives on starts a new pair.
- The keeper is killed: the kernel (on macOS a watchdog) tells the server to stop.
"""

import ctypes
import fcntl
import os
import signal
import sys
import threading
import time
from pathlib import Path

LINUX = sys.platform == "linux"

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_STOPPING = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))
"""Fast: sessions are ended and all is written. Immediate: the next start recovers. Each with seconds to take effect."""


def main(arguments: list[str]) -> int:
    """Keep one server until it ends."""
    lock, users, uid, gid, *command = arguments
    if os.fork():  # whoever starts the keeper must not be its parent, nor have to bury it
        return 0
    waiting = os.open(users, os.O_RDWR)
    if LINUX:
        # Children of a killed server come to us, so that we know when the last is gone.
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    alive, tether = os.pipe()
    server = _start(command, int(uid), int(gid), int(lock))
    if not LINUX:
        _leave_watchdog(server, alive, tether, int(lock))
    for name in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)  # only the users decide: a service manager signals everyone at once
    ended = threading.Event()
    threading.Thread(target=_stop_when_unused, args=(waiting, server, ended), daemon=True).start()
    _wait(server)
    ended.set()
    _end_orphans()
    os.write(tether, b".")
    return 0


def _start(command: list[str], uid: int, gid: int, lock: int) -> int:
    library, keeper = ctypes.CDLL(None), os.getpid()
    if server := os.fork():
        return server
    try:
        if uid != os.geteuid():
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
        if LINUX:
            # After setuid, which clears it. It follows the thread that forked: our main one, which lives to the end.
            library.prctl(_PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0)
            if os.getppid() != keeper:
                os._exit(1)
        os.set_inheritable(lock, True)
        os.execv(command[0], command)  # noqa: S606 - the command comes from the supervisor
    except OSError as error:
        sys.stderr.write(f"could not run {command[0]}: {error}\n")
        sys.stderr.flush()
    finally:
        os._exit(127)


def _leave_watchdog(server: int, alive: int, tether: int, lock: int) -> None:
    """A child that reads a pipe: its end without a word means that the keeper was killed."""
    if os.fork():
        os.close(alive)
        return
    os.close(tether)
    os.close(lock)
    if os.read(alive, 1) == b"":
        os.kill(server, signal.SIGINT)
    os._exit(0)


def _stop_when_unused(users: int, server: int, ended: threading.Event) -> None:
    fcntl.flock(users, fcntl.LOCK_EX)  # given when the last user is gone; held to our end, so that a new one waits
    for request, patience in _STOPPING:
        if not ended.is_set():
            os.kill(server, request)
        if ended.wait(patience):
            return


def _wait(server: int) -> None:
    ended = 0
    while ended != server:
        ended, status = os.wait()
    if not os.WIFEXITED(status) or os.WEXITSTATUS(status):
        sys.stderr.write(f"keeper: the server ended with status {os.waitstatus_to_exitcode(status)}\n")


def _end_orphans() -> None:
    """End the processes that outlived a killed server: some are deep in a query and would not notice for long."""
    for request in (signal.SIGQUIT, signal.SIGKILL):
        for child in _children():
            os.kill(child, request)
        if _all_gone(5.0):
            return


def _children() -> list[int]:
    return [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/stat") if _parent(path) == os.getpid()]


def _parent(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except OSError:  # it ended while we looked
        return 0


def _all_gone(patience: float) -> bool:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.01)
        except ChildProcessError:
            return True
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
