"""The files of a folder: found by name or pattern, named as people know them, known by their bytes."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sources.config import nearest
from sources.files.table import unreadable


@dataclass(frozen=True)
class Folder:
    """A folder of exports."""

    path: Path
    shown: str
    """As the config names it."""

    def find(self, pattern: str) -> list[Path]:
        """The file of a name, or those of a pattern in order of their names. Raises StreamUnreadable where there is none."""
        if any(mark in pattern for mark in "*?["):
            every = (path for path in self.path.glob(pattern) if path.is_file() and not path.name.startswith((".", "~$")))
            found = sorted(every, key=self.name)
        else:
            found = [path for path in (self.path / pattern,) if path.is_file()]
        if found:
            return found
        if not self.path.is_dir():
            raise unreadable(self.shown, "is not there", "create the folder, or say with --root where it is")
        present = sorted(path.name for path in self.path.iterdir() if path.is_file())[:50]
        if not present:
            raise unreadable(self.shown, "is a folder without files", f"put {pattern} there")
        raise unreadable(f"{self.shown}/{pattern}", "matches no file", f"put it there, or correct the name{nearest(pattern, present)}")

    def name(self, path: Path) -> str:
        """A file's path below the folder."""
        return path.relative_to(self.path).as_posix()

    def place(self, path: Path) -> str:
        """A file as problems speak of it."""
        return f"{self.shown}/{self.name(path)}"

    def digests(self, paths: Sequence[Path]) -> dict[str, str]:
        """By the name of each file, a hash of the names and bytes of all up to it."""
        digest = hashlib.blake2b(digest_size=12)
        digests = {}
        for path in paths:
            digest.update(self.name(path).encode() + b"\0")
            with readable(self.place(path)), path.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
            digests[self.name(path)] = digest.hexdigest()
        return digests


@contextmanager
def readable(place: str) -> Iterator[None]:
    """Turns a failure of the file system into StreamUnreadable."""
    try:
        yield
    except OSError as error:
        raise unreadable(place, f"cannot be read ({error.strerror or error})", "check the disk, and who may read the file") from None
