"""What the hub asks of a source: streams of batches of records, with the problems found on the way."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import pyarrow as pa

from mdm.errors import BadInput

Severity = Literal["rejected", "quarantined", "warning"]


@dataclass(frozen=True)
class Problem:
    """Something wrong with what a source delivered, said so that its owner can mend it.

    `rejected`: the record was not taken; `quarantined`: one value was left out and the rest taken; `warning`: nothing was lost.
    """

    severity: Severity
    place: str
    """File, or table, or address."""
    line: int | None
    """Line of the file, header included, where there is one."""
    key: str | None
    """Key of the record, where it is known."""
    field: str | None
    value: str | None
    reason: str
    fix: str

    def __str__(self) -> str:
        """One line in plain words."""
        where = self.place if self.line is None else f"{self.place}:{self.line}"
        what = f" {self.field}:" if self.field else ""
        return f"{where}:{what} {self.reason}; {self.fix}"


@dataclass(frozen=True)
class Batch:
    """Some records of a stream, in order of arrival.

    table: key string (never null), line int64 or null, version string (ISO instant) or null, deleted bool, raw string (the row as
    it came, a JSON object), then one string column a mapped field of the entity, not cleaned yet.
    """

    table: pa.Table
    problems: tuple[Problem, ...]
    cursor: str
    """Where to resume after this batch; opaque to the hub, stored with the rows in one transaction."""


class StreamUnreadable(BadInput):
    """Files of a stream cannot be read; raised after everything that can be read was delivered.

    Whoever sweeps records that a complete stream no longer lists must not do so after this.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class Stream(Protocol):
    """The records of one entity from one place of a source."""

    source: str
    """Name of the source, as in `crm`."""
    name: str
    """Name of the stream within it, as in `Account.csv`."""
    entity: str
    """Which declaration its fields are mapped to."""
    fingerprint: str
    """Changes when the mapping does, so that unchanged rows are read anew."""
    complete: bool
    """Whether a full read lists every record there is, so that one which is absent was deleted."""
    distinct: bool
    """Whether it holds nothing twice, so that no two of its records are one thing."""

    def batches(self, cursor: str | None = None) -> Iterator[Batch]:
        """Batches in a stable order, from the beginning or from behind a cursor."""
        ...

    def count(self) -> int | None:
        """About how many records there are, for the progress bar; None where it would cost a read."""
        ...


class Source(Protocol):
    """A system, or an export of it."""

    name: str

    def streams(self) -> Sequence[Stream]:
        """Its streams in the order in which they are to be read."""
        ...
