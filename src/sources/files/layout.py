"""Where lines, separators and quotes stand in a piece of CSV text, and what records they make of it, by arrays of positions."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Positions: TypeAlias = npt.NDArray[np.int64]
_QUOTE, _NEWLINE, _RETURN = 34, 10, 13
_NOWHERE: Positions = np.empty(0, np.int64)


@dataclass(frozen=True)
class Found:
    """Records of a stretch of text, `start` to `stop`, column by column."""

    start: int
    stop: int
    starts: Positions
    ends: Positions
    newlines: Positions
    """How many stand before each."""
    spans: Positions
    """How many lines each covers."""
    counts: Positions
    """How many separators each holds."""
    blank: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ends)

    def torn(self, width: int) -> npt.NDArray[np.bool_]:
        """Which have the wrong number of columns."""
        return np.asarray((self.counts != width - 1) & ~self.blank)

    def between(self, first: int, last: int) -> "Found":
        """Some of them."""
        some = slice(first, last)
        return Found(
            self.start,
            self.stop,
            self.starts[some],
            self.ends[some],
            self.newlines[some],
            self.spans[some],
            self.counts[some],
            self.blank[some],
        )


class Text:
    """A piece of text with the positions that matter in it."""

    def __init__(self, data: bytes, separator: bytes) -> None:
        self.data = data
        self._bytes = np.frombuffer(data, np.uint8)
        self._newlines = np.flatnonzero(self._bytes == _NEWLINE)
        self._separators = np.flatnonzero(self._bytes == separator[0])
        self._quotes = np.flatnonzero(self._bytes == _QUOTE) if b'"' in data else _NOWHERE
        self._newline_quotes = np.searchsorted(self._quotes, self._newlines)
        self._separator_quotes = np.searchsorted(self._quotes, self._separators)
        self._misplaced = self._out_of_place(separator[0])
        returns = np.flatnonzero(self._bytes == _RETURN) if b"\r" in data else _NOWHERE
        self.zeros = np.flatnonzero(self._bytes == 0) if b"\0" in data else _NOWHERE
        self.lone_returns = returns[self._after(returns) != _NEWLINE]
        """Carriage returns that no newline follows."""

    def newlines_before(self, position: int) -> int:
        """Lines that end before a position."""
        return int(np.searchsorted(self._newlines, position))

    def records(self, start: int) -> Found:
        """The records from `start` as far as quotes make sense; the last of them may not be complete, and is left out."""
        first_quote = int(np.searchsorted(self._quotes, start))
        stop = self._sensible_until(first_quote)
        low, high = np.searchsorted(self._newlines, (start, stop))
        outside = low + np.flatnonzero(((self._newline_quotes[low:high] - first_quote) & 1) == 0)
        if not len(outside):
            return Found(start, start, _NOWHERE, _NOWHERE, _NOWHERE, _NOWHERE, _NOWHERE, np.empty(0, bool))
        ends = self._newlines[outside]
        starts = np.concatenate(([start], ends[:-1] + 1))
        newlines = np.concatenate(([low], outside[:-1] + 1))
        lengths = ends - starts
        return Found(
            start,
            int(ends[-1]),
            starts,
            ends,
            newlines,
            spans=np.diff(newlines, append=outside[-1] + 1),
            counts=np.diff(self._separators_before(start, ends, first_quote), prepend=0),
            blank=(lengths == 0) | ((lengths == 1) & (self._bytes[starts] == _RETURN)),
        )

    def _separators_before(self, start: int, ends: Positions, first_quote: int) -> Positions:
        """Separators outside quotes between `start` and each end."""
        low, high = np.searchsorted(self._separators, (start, ends[-1]))
        outside = self._separators[low:high]
        if len(self._quotes):
            outside = outside[((self._separator_quotes[low:high] - first_quote) & 1) == 0]
        return np.searchsorted(outside, ends)

    def _sensible_until(self, first_quote: int) -> int:
        """The first quote that neither opens nor closes a value as it should, if `first_quote` opens one."""
        misplaced = self._misplaced[first_quote & 1]
        at = int(np.searchsorted(misplaced, first_quote))
        return int(self._quotes[misplaced[at]]) if at < len(misplaced) else len(self.data)

    def _out_of_place(self, separator: int) -> tuple[Positions, Positions]:
        """Indexes of quotes out of place: where the even ones open, and where the odd ones do."""
        quotes = self._quotes
        if not len(quotes):
            return _NOWHERE, _NOWHERE
        before = np.where(quotes > 0, self._bytes[quotes - 1], _NEWLINE)
        after = self._after(quotes)
        beside = np.diff(quotes) == 1
        opens = (before == separator) | (before == _NEWLINE) | np.concatenate(([False], beside))
        closes = (after == separator) | (after == _NEWLINE) | (after == _RETURN) | np.concatenate((beside, [False]))
        even = np.arange(len(quotes)) % 2 == 0
        return np.flatnonzero(~np.where(even, opens, closes)), np.flatnonzero(~np.where(even, closes, opens))

    def _after(self, positions: Positions) -> npt.NDArray[np.uint8]:
        """The byte behind each position; a newline behind the end of the text."""
        if not len(positions):
            return np.empty(0, np.uint8)
        return np.where(positions + 1 < len(self._bytes), self._bytes[np.minimum(positions + 1, len(self._bytes) - 1)], np.uint8(_NEWLINE))
