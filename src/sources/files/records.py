"""Cutting CSV text into records: where each begins, on which line, and which are torn.

Quotes are read by RFC 4180. A quote inside a value that is not quoted is a character like any other.
Whole blocks are cut with numpy; only what looks odd is read character by character.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from sources.files.layout import Found, Positions, Text

LONGEST = 10 << 20
"""Bytes of a record; a longer one is torn."""
_NEWLINE = 10


@dataclass(frozen=True)
class Torn:
    """A record that cannot be read."""

    line: int
    excerpt: str
    reason: str
    fix: str


@dataclass
class Cut:
    """What a scan of some text found: good records, one after the other, and the torn ones."""

    good: list[bytes] = field(default_factory=list)
    lines: list[Positions] = field(default_factory=list)
    torn: list[Torn] = field(default_factory=list)
    several: bool = False
    """Whether a good record spans lines."""
    consumed: int = 0
    """Bytes read; the rest is the beginning of a record."""
    newlines: int = 0
    """How many of them are newlines."""
    skipping: bool = False
    """Whether what follows belongs to a torn record, up to the end of its line."""

    @property
    def text(self) -> bytes:
        """The good records."""
        return b"".join(self.good)

    @property
    def line_numbers(self) -> Positions:
        """Line on which each good record begins."""
        return np.concatenate(self.lines) if self.lines else np.empty(0, np.int64)


@dataclass(frozen=True)
class Record:
    """One record, read character by character; `fields` is None where it cannot be, `end` None where it does not end in the text."""

    fields: tuple[bytes, ...] | None
    end: int | None


def read_record(data: bytes, start: int, separator: bytes) -> Record:
    """The record that begins at a position; one whose quotes make no sense ends with its first line."""
    fields: list[bytes] = []
    at = start
    while True:
        if data[at : at + 1] == b'"':
            close = _closing(data, at + 1)
            if close is None:
                return Record(None, None)
            value, at = data[at + 1 : close].replace(b'""', b'"'), close + 1
            while data[at : at + 1] in (b" ", b"\t") and data[at : at + 1] != separator:
                at += 1
            if data[at : at + 2] == b"\r\n":
                at += 1
            if at < len(data) and data[at] != _NEWLINE and data[at : at + 1] != separator:
                newline = data.find(b"\n", start)
                return Record(None, newline + 1 if newline >= 0 else None)
            fields.append(value)
        else:
            newline = data.find(b"\n", at)
            stop = data.find(separator, at, newline if newline >= 0 else len(data))
            end = stop if stop >= 0 else newline if newline >= 0 else len(data)
            value, at = data[at:end], end
            fields.append(value.removesuffix(b"\r") if stop < 0 else value)
        if at >= len(data):
            return Record(None, None)
        if data[at] == _NEWLINE:
            return Record(tuple(fields), at + 1)
        at += 1


def _closing(data: bytes, at: int) -> int | None:
    while (quote := data.find(b'"', at)) >= 0:
        if data[quote + 1 : quote + 2] != b'"':
            return quote
        at = quote + 2
    return None


class Cutter:
    """Cuts text that begins with a record. `final` text ends with the file."""

    def __init__(self, separator: bytes, width: int) -> None:
        self._separator = separator
        self._width = width

    def cut(self, data: bytes, line: int, *, final: bool) -> Cut:
        """Every record that ends in the text; `line` is the line on which it begins."""
        text = Text(data, self._separator)
        cut = Cut()
        enough = True
        while enough and cut.consumed < len(data):
            found = text.records(cut.consumed)
            enough = self._take(text, found, line, cut, final) if len(found) else self._careful(text, line, cut, final)
        cut.newlines = text.newlines_before(cut.consumed)
        return cut

    def _take(self, text: Text, found: Found, line: int, cut: Cut, final: bool) -> bool:
        """Take records, up to one that turns out to end elsewhere; False where more text is needed."""
        done = 0
        for index in (*np.flatnonzero(self._odd(text, found)).tolist(), len(found)):
            if index > done:
                self._bulk(text, found.between(done, index), line, cut)
                cut.consumed = int(found.ends[index - 1]) + 1
            if index < len(found):
                enough = self._careful(text, line, cut, final)
                if not enough or cut.consumed != found.ends[index] + 1:
                    return enough
            done = index + 1
        return True

    def _odd(self, text: Text, found: Found) -> npt.NDArray[np.bool_]:
        """Which records are to be read with care."""
        odd = (found.torn(self._width) & (found.spans > 1)) | (found.ends - found.starts > LONGEST)
        for positions in (text.zeros, text.lone_returns):
            inside = positions[slice(*np.searchsorted(positions, (found.start, found.stop)))]
            odd[np.searchsorted(found.ends, inside)] = True
        return odd

    def _bulk(self, text: Text, found: Found, line: int, cut: Cut) -> None:
        """Take records of which none is odd."""
        torn = found.torn(self._width)
        good = ~torn & ~found.blank
        cut.good.extend(text.data[found.starts[first] : found.ends[last - 1] + 1] for first, last in _runs(good))
        cut.lines.append(found.newlines[good] + line)
        cut.several |= bool((found.spans[good] > 1).any())
        cut.torn.extend(
            self._miscounted(
                text.data[found.starts[index] : found.ends[index]], int(found.newlines[index]) + line, int(found.counts[index]) + 1
            )
            for index in np.flatnonzero(torn).tolist()
        )

    def _careful(self, text: Text, line: int, cut: Cut, final: bool) -> bool:
        """Read one record character by character; False where more text is needed for it."""
        data, start = text.data, cut.consumed
        number = line + text.newlines_before(start)
        record = read_record(data, start, self._separator)
        first_line = data.find(b"\n", start) + 1 or len(data)
        if record.end is None and not final and len(data) - start <= LONGEST:
            return False
        if isinstance(taken := self._verdict(data, start, first_line, record), Torn):
            whole = record.end is not None and record.fields is not None and not self._follows(data, first_line)
            cut.consumed = record.end if whole and record.end is not None else first_line
            cut.skipping = not data.endswith(b"\n", start, cut.consumed)
            cut.torn.append(replace(taken, line=number))
        else:
            cut.consumed = taken
            cut.good.append(b'"' + (b'"' + self._separator + b'"').join(one.replace(b'"', b'""') for one in record.fields or ()) + b'"\n')
            cut.lines.append(np.array([number], np.int64))
            cut.several = True
        return True

    def _verdict(self, data: bytes, start: int, first_line: int, record: Record) -> Torn | int:
        """Where the record ends, or what is wrong with it."""
        if first_line - start > LONGEST or (record.fields is not None and (record.end or 0) - start > LONGEST):
            return _torn(data[start : start + 200], f"the record is longer than {LONGEST >> 20} MB", "shorten it, or close its quote")
        if record.end is None:
            return _torn(data[start:first_line], "a quote is opened and never closed", 'close it, or write a quote inside a value as ""')
        if record.fields is None:
            return _torn(data[start:first_line], "text follows a closing quote", 'write a quote inside a quoted value as ""')
        if b"\0" in data[start : record.end]:
            return _torn(data[start : record.end], "it holds a NUL byte", "export the file again; this one is damaged")
        if len(record.fields) != self._width:
            return self._miscounted(data[start : record.end], 0, len(record.fields))
        return record.end

    def _follows(self, data: bytes, at: int) -> bool:
        """Whether a good record begins there."""
        fields = read_record(data, at, self._separator).fields
        return fields is not None and len(fields) == self._width

    def _miscounted(self, excerpt: bytes, line: int, count: int) -> Torn:
        name = "tabs" if self._separator == b"\t" else repr(self._separator.decode())
        if count < self._width:
            return _torn(excerpt, f"too few columns: {count} instead of {self._width}", "complete the line", line)
        return _torn(excerpt, f"too many columns: {count} instead of {self._width}", f"quote values that hold {name} or line breaks", line)


def _runs(flags: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """First and last-plus-one of every run of true flags."""
    edges = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _torn(excerpt: bytes, reason: str, fix: str, line: int = 0) -> Torn:
    return Torn(line, excerpt[:200].decode("utf-8", "replace").rstrip("\r\n"), reason, fix)
