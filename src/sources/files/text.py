"""CSV and its relatives: any usual separator and encoding, line numbers right, torn lines told apart from good ones."""

import csv
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa
from pyarrow import csv as arrow_csv

from mdm.ports import Problem
from sources.config import Dialect
from sources.files.encoding import Block, blocks, detect
from sources.files.records import Cut, Cutter, Torn, read_record
from sources.files.table import ROWS, Chunk, distinct, unreadable, warning

BLOCK = 16 << 20
"""Bytes read at a time."""
_HEAD = 4 << 20
"""Bytes in which the header ends."""
SEPARATORS = ";,\t|"
_SAMPLE = 1 << 16


class TextTable:
    """A text file with a header."""

    def __init__(self, path: Path, place: str, dialect: Dialect) -> None:
        self._path = path
        self._place = place
        self._encoding = detect(path, dialect.encoding)
        start = _start(next((block.data for block in blocks(path, self._encoding, _HEAD)), b""))
        if not start.strip():
            raise unreadable(place, "is empty", "export it again, with its header")
        hint, skipped = _hint(start)
        self._separator = (dialect.separator or hint or separator_of(start[skipped:])).encode()
        header, self._header_end = self._header(start, skipped)
        self._line = start.count(b"\n", 0, self._header_end) + 1
        self.columns, problems = distinct([name.decode("utf-8", "replace") for name in header], place, self._line - 1)
        if self._encoding.doubt is not None:
            fix = f"it was read as {self._encoding.name}; declare that"
            problems.append(warning(place, None, None, f"is not {dialect.encoding} as declared: {self._encoding.doubt}", fix))
        self.problems = tuple(problems)

    def count(self) -> int | None:
        """By the lines at the start, in the middle and at the end."""
        size = self._path.stat().st_size
        with self._path.open("rb") as file:
            samples = [file.read(_SAMPLE) for start in (0, size // 2, max(0, size - _SAMPLE)) if file.seek(start) is not None]
        return max(0, round(size * sum(map(_newlines, samples)) / sum(map(len, samples))) - 1)

    def chunks(self) -> Iterator[Chunk]:
        """The rows, block by block."""
        cutter = Cutter(self._separator, len(self.columns))
        pending, line, skipping = b"", self._line, False
        for data, problems, final in self._blocks():
            if skipping:
                _, newline, data = data.partition(b"\n")
                line, skipping = line + len(newline), not newline
            data = pending + data
            cut = cutter.cut(data, line, final=final)
            pending, line, skipping = data[cut.consumed :], line + cut.newlines, skipping or cut.skipping
            yield from self._parsed(cut, [*problems, *map(self._problem, cut.torn)])

    def _blocks(self) -> Iterator[tuple[bytes, list[Problem], bool]]:
        """Text behind the header, problems of its encoding, and whether it is the last."""
        line, told, skip = 1, False, self._header_end
        text = b""
        problems: list[Problem] = []
        for block in blocks(self._path, self._encoding, BLOCK):
            if text:
                yield text, problems, False
                problems = []
            if block.odd is not None and not told:
                problems.append(self._odd(block, line))
                told = True
            line += block.data.count(b"\n")
            text, skip = block.data[skip:], 0
        yield text if not text or text.endswith(b"\n") else text + b"\n", problems, True

    def _parsed(self, cut: Cut, problems: list[Problem]) -> Iterator[Chunk]:
        """The good records of a cut in chunks of even size, each with the problems up to its last line."""
        text, lines = cut.text, pa.array(cut.line_numbers)
        if not len(lines):
            if problems:
                yield Chunk.of(lines, [pa.array([], pa.string())] * len(self.columns), problems)
            return
        table = self._arrow(text, several=cut.several)
        assert table.num_rows == len(lines), f"{self._place}: {len(lines)} records became {table.num_rows} rows near line {lines[0]}"
        size = -(-len(lines) // -(-len(lines) // ROWS))
        for start in range(0, len(lines), size):
            rows, numbers = table.slice(start, size), lines.slice(start, size)
            upto = numbers[-1].as_py() if start + size < len(lines) else float("inf")
            now = [problem for problem in problems if (problem.line or 0) <= upto]
            problems = [problem for problem in problems if (problem.line or 0) > upto]
            yield Chunk.of(numbers, rows.columns, now)

    def _arrow(self, text: bytes, *, several: bool) -> pa.Table:
        names = [str(index) for index in range(len(self.columns))]
        return arrow_csv.read_csv(
            pa.BufferReader(text),
            read_options=arrow_csv.ReadOptions(column_names=names, block_size=len(text) + 1),
            parse_options=arrow_csv.ParseOptions(delimiter=self._separator.decode(), newlines_in_values=several),
            convert_options=arrow_csv.ConvertOptions(
                check_utf8=False, column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True
            ),
        )

    def _problem(self, torn: Torn) -> Problem:
        return Problem("rejected", self._place, torn.line, None, None, torn.excerpt, torn.reason, torn.fix)

    def _odd(self, block: Block, line: int) -> Problem:
        newlines, reason = block.odd or (0, "")
        return warning(self._place, line + newlines, None, reason, "save the file in one encoding, best UTF-8")

    def _header(self, start: bytes, at: int) -> tuple[tuple[bytes, ...], int]:
        while at < len(start):
            record = read_record(start, at, self._separator)
            if record.fields is None or record.end is None:
                raise unreadable(self._place, "has a header whose quotes do not close", "correct the first line")
            if any(name.strip() for name in record.fields):
                return record.fields, record.end
            at = record.end
        raise unreadable(self._place, "has no header", "write the names of the columns on the first line")


def _newlines(sample: bytes) -> int:
    return sample.count(b"\n") or sample.count(b"\r")


def _start(data: bytes) -> bytes:
    """The beginning of a file, with a newline at the end even if the file has none."""
    return data if data.endswith(b"\n") else data + b"\n"


def _hint(start: bytes) -> tuple[str | None, int]:
    """The separator that Excel writes on a first line of its own, as in `sep=;`, and the length of that line."""
    found = re.match(rb"sep=(.)\r?\n", start)
    return (found.group(1).decode("latin-1"), found.end()) if found else (None, 0)


def separator_of(start: bytes) -> str:
    """The separator by which the first lines have as many columns as the header; the one with most columns, if several do."""
    lines = start[:_SAMPLE].decode("utf-8", "replace").splitlines(keepends=True)
    widths = {mark: [len(row) for row in islice(csv.reader(lines, delimiter=mark), 30) if row] for mark in SEPARATORS}

    def even(mark: str) -> tuple[float, int]:
        several = widths[mark]
        return (several.count(several[0]) / len(several), several[0]) if several and several[0] > 1 else (0.0, 0)

    best = max(SEPARATORS, key=even)
    return best if even(best) > (0.0, 0) else ","
