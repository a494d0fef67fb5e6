"""Cutting text into records, against the csv module and against itself."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.files.records import Cut, Cutter, read_record

PIECES = st.lists(
    st.sampled_from(["a", "é", ";", '"', '""', '"b', 'c"', "\n", "\r\n", "\r", "\0", '"d;e"', '"f\ng"', " ", "h;i\n"]), max_size=30
)
VALUES = st.lists(st.lists(st.text(st.sampled_from('ab;,"\n\r é'), max_size=6), min_size=2, max_size=2), max_size=8)


def whole(data: bytes) -> list[tuple[int, bytes]]:
    """Good records with their lines, cut in one go."""
    return found(Cutter(b";", 2).cut(data, 1, final=True))


def found(cut: Cut) -> list[tuple[int, bytes]]:
    """Good records of a cut with their lines."""
    kept, at = [], 0
    text = cut.text
    for line in cut.line_numbers.tolist():
        record = read_record(text, at, b";")
        while record.fields is not None and len(record.fields) == 1:  # a blank line among good ones
            at = record.end or 0
            record = read_record(text, at, b";")
        assert record.end is not None
        kept.append((line, b"|".join(record.fields or ())))
        at = record.end
    return kept


@given(VALUES)
def test_well_formed_records_are_those_of_the_csv_module(rows: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    cut = Cutter(b";", 2).cut(text.getvalue().encode(), 1, final=True)
    assert [value for _, value in found(cut)] == ["|".join(row).encode() for row in rows]
    assert cut.torn == []


@given(PIECES, st.integers(0, 60))
@settings(max_examples=60)
def test_where_blocks_end_is_nothing(pieces: list[str], at: int) -> None:
    data = "".join(pieces).encode() + b"\n"
    cutter = Cutter(b";", 2)
    first = cutter.cut(data[:at], 1, final=False)
    second = cutter.cut(data[first.consumed :], 1 + first.newlines, final=True)
    once = cutter.cut(data, 1, final=True)
    assert found(first) + found(second) == found(once)
    assert first.torn + second.torn == once.torn
    assert first.consumed + second.consumed == len(data)


@given(PIECES)
def test_every_line_is_in_a_record_or_torn_or_blank(pieces: list[str]) -> None:
    data = "".join(pieces).encode() + b"\n"
    cut = Cutter(b";", 2).cut(data, 1, final=True)
    starts = sorted([*cut.line_numbers.tolist(), *(torn.line for torn in cut.torn)])
    assert len(starts) == len(set(starts))
    lines = data.split(b"\n")
    assert all(
        number in starts
        for number, line in enumerate(lines[:-1], start=1)
        if line.count(b";") == 1 and b'"' not in data and b"\0" not in data
    )


@pytest.mark.parametrize("data", [b"a;b\n", b'"a";"b"\n', b'"a;b"";\nc";d\n'])
def test_records_end_with_their_line(data: bytes) -> None:
    assert read_record(data, 0, b";").end == len(data)
    assert read_record(data[:-1], 0, b";").end is None


def test_many_odd_records_take_no_longer_than_their_number() -> None:
    data = b'1;2" pipe\n' * 5_000 + b'3;"open\n' * 500 + b"4;a\rb\n" * 5_000
    cut = Cutter(b";", 2).cut(data, 1, final=True)
    assert len(cut.line_numbers) == 10_000
    assert len(cut.torn) == 500
