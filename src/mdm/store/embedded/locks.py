"""File locks that end with their process, however it ends, and that a forked child does not keep."""

import fcntl
import os
import threading
from pathlib import Path

_held: set[int] = set()
_guard = threading.Lock()


class Lock:
    """A `flock` on one file, not waited for: each attempt answers at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with _guard:  # no fork may come between the opening and the note of it
            self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            _held.add(self.fd)

    def share(self) -> bool:
        """Hold it together with others, unless one process owns it."""
        return self._attempt(fcntl.LOCK_SH)

    def own(self) -> bool:
        """Hold it alone, unless anyone else holds it."""
        return self._attempt(fcntl.LOCK_EX)

    def current(self) -> bool:
        """Whether the path still leads to the file that is open here; a removed cluster takes its locks along."""
        try:
            return os.path.samestat(os.fstat(self.fd), self._path.stat())
        except FileNotFoundError:
            return False

    def close(self) -> None:
        """Let go."""
        with _guard:
            if self.fd in _held:
                _held.remove(self.fd)
                os.close(self.fd)

    def _attempt(self, mode: int) -> bool:
        try:
            fcntl.flock(self.fd, mode | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _forget() -> None:
    # Closing leaves the parent's lock as it is; LOCK_UN here would end it.
    for fd in _held:
        os.close(fd)
    _held.clear()
    _guard.release()


os.register_at_fork(before=_guard.acquire, after_in_parent=_guard.release, after_in_child=_forget)
