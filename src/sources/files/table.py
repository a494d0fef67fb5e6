"""What every format is read as: a header and chunks of text columns."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from mdm.ports import Problem, StreamUnreadable

LINE = "line"
"""Column of a chunk with the line of the file, or the row of the sheet, of each row."""
ROWS = 100_000
"""Rows of a batch, at most."""


def cell(index: int) -> str:
    """Name in a chunk of the column at that place of the header; the header's own names are free text."""
    return f"c{index}"


@dataclass(frozen=True)
class Chunk:
    """Some rows: `line` int64, then text columns `c0`, `c1` and so on, null where empty."""

    table: pa.Table
    problems: tuple[Problem, ...] = ()

    @property
    def last(self) -> int:
        """The last line that it speaks of."""
        lines = self.table[LINE].slice(max(0, self.table.num_rows - 1)).to_pylist()
        return max([*lines, *(problem.line or 0 for problem in self.problems)], default=0)

    @classmethod
    def of(cls, lines: pa.Array, columns: Sequence[pa.Array | pa.ChunkedArray], problems: Sequence[Problem] = ()) -> "Chunk":
        """A chunk of these columns."""
        names = [LINE, *(cell(index) for index in range(len(columns)))]
        return cls(pa.table([lines, *columns], names=names), tuple(problems))


class Table(Protocol):
    """A file that was opened and whose header was read."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The header, every name once."""
        ...

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the file as a whole."""
        ...

    def chunks(self) -> Iterator[Chunk]:
        """The rows in order, some at a time; the same chunks every time."""
        ...

    def count(self) -> int | None:
        """About how many rows there are, where it costs no read."""
        ...


def distinct(names: Sequence[str | None], place: str, line: int | None) -> tuple[tuple[str, ...], list[Problem]]:
    """Names of columns without blanks around them, every one once, and the problems with them."""
    plain = [" ".join((name or "").split()) for name in names]
    doubled = [name for name, times in Counter(plain).items() if times > 1 and name]
    seen: Counter[str] = Counter()
    columns = []
    for index, name in enumerate(plain):
        seen[name] += 1
        columns.append(f"column {index + 1}" if not name else name if seen[name] == 1 else f"{name} ({seen[name]})")
    reason = "stands in the header more than once"
    return tuple(columns), [warning(place, line, name, reason, "rename one; the first keeps the name") for name in doubled]


def warning(place: str, line: int | None, field: str | None, reason: str, fix: str) -> Problem:
    """A problem by which nothing was lost."""
    return Problem("warning", place, line, None, field, None, reason, fix)


def unreadable(place: str, reason: str, fix: str) -> StreamUnreadable:
    """The failure of a whole file."""
    return StreamUnreadable([Problem("rejected", place, None, None, None, None, reason, fix)])
