"""A folder of files as a source, and each configured file, or pattern of files, as a stream of it."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from mdm.ports import Batch, Problem, StreamUnreadable
from sources.config import Dialect, SourceConfig, StreamConfig
from sources.files.engine import connected
from sources.files.folder import Folder, readable
from sources.files.keys import Doubled, KeyRegister, judged
from sources.files.mapping import Mapping, positions
from sources.files.opening import open_table
from sources.files.table import Table, warning

_VERSION = "1"
"""Of the way from file to rows; raise it when the same file and mapping would give other rows."""


@dataclass(frozen=True)
class Cursor:
    """Where a stream was left: every row up to this line of this file was delivered, and all files before it.

    `digest` is of the names and bytes of the files up to this one. If it is another one now, reading starts anew.
    """

    file: str = ""
    line: int = 0
    digest: str = ""

    def __str__(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def read(cls, text: str | None) -> "Cursor":
        """The cursor in a text; the beginning where there is none, or none that this version wrote."""
        try:
            return cls(**json.loads(text)) if text else cls()
        except (ValueError, TypeError):
            return cls()


class FileStream:
    """The files of one name or pattern, read as one entity."""

    def __init__(self, source: str, name: str, folder: Folder, config: StreamConfig, dialect: Dialect, *, complete: bool) -> None:
        self.source = source
        self.name = name
        self.entity = config.entity
        self.complete = complete
        self.distinct = config.distinct
        self._config = config
        self._dialect = dialect
        self._folder = folder
        self._doubled: Doubled = "number" if config.key_ordinal else "pass" if config.version else "reject"
        mapping = f"{_VERSION} {config.model_dump_json(exclude={'name', 'complete', 'distinct', 'dialect'})} {dialect.model_dump_json()}"
        self.fingerprint = hashlib.blake2b(mapping.encode(), digest_size=8).hexdigest()

    def count(self) -> int | None:
        """About how many rows its files have."""
        try:
            counts = [self._open(path).count() for path in self._folder.find(self._config.file)]
        except StreamUnreadable:
            return None
        return None if None in counts else sum(count or 0 for count in counts)

    def batches(self, cursor: str | None = None) -> Iterator[Batch]:
        """The rows of its files in order of their names. Raises StreamUnreadable, at the end, for files that cannot be read."""
        paths = self._folder.find(self._config.file)
        digests = self._folder.digests(paths)
        left = Cursor.read(cursor)
        if digests.get(left.file) != left.digest:
            left = Cursor()
        failed: list[Problem] = []
        for path in paths:
            name = self._folder.name(path)
            if name >= left.file:
                try:
                    yield from self._file(path, Cursor(name, left.line if name == left.file else 0, digests[name]))
                except StreamUnreadable as error:
                    failed.extend(error.problems)
        if failed:
            raise StreamUnreadable(failed)

    def _open(self, path: Path) -> Table:
        with readable(self._folder.place(path)):
            return open_table(path, self._folder.place(path), self._dialect)

    def _file(self, path: Path, left: Cursor) -> Iterator[Batch]:
        """Batches of one file, from behind a line of it. What was delivered is read again for its keys, which are counted."""
        place = self._folder.place(path)
        table = self._open(path)
        mapping = Mapping(self._config, self._dialect, table.columns, positions(self._config, table.columns, place))
        told = table.problems if left.line == 0 else ()
        register = KeyRegister()
        chunk = None
        with readable(place), connected() as connection:
            for chunk in table.chunks():
                delivered = chunk.last <= left.line
                rows = mapping.rows(connection, chunk, keys_only=delivered)
                rows, problems = judged(rows, register, place, self._doubled)
                if not delivered:
                    every = sorted((*told, *chunk.problems, *problems, *mapping.problems(rows, place)), key=_line)
                    yield Batch(mapping.shaped(rows), tuple(every), str(replace(left, line=chunk.last)))
                    told = ()
        if chunk is None and left.line == 0:
            told = (*told, warning(place, None, None, "has a header and no rows", "check the export"))
            yield Batch(mapping.nothing(), told, str(replace(left, line=1)))


class FileSource:
    """A folder whose files are the tables of a system."""

    def __init__(self, name: str, root: Path, config: SourceConfig) -> None:
        self.name = name
        self.folder = root / config.folder
        self._config = config

    def streams(self) -> Sequence[FileStream]:
        """One for every stream of the config, in its order."""
        folder = Folder(self.folder, self._config.folder)
        dialect = self._config.dialect
        return [
            FileStream(self.name, title, folder, stream, stream.dialect.over(dialect), complete=stream.complete or self._config.complete)
            for title, stream in self._config.titled()
        ]


def _line(problem: Problem) -> int:
    return problem.line or 0
