"""What every connector has to hold to, as checks that its tests run on each of its streams."""

import json
from collections.abc import Callable, Sequence

import pyarrow as pa

from matching.declaration import fields
from mdm.entities import ENTITIES
from mdm.ports import Batch, Problem, Stream

ENVELOPE = {"key": pa.string(), "line": pa.int64(), "version": pa.string(), "deleted": pa.bool_(), "raw": pa.string()}
"""The columns of a batch before the fields."""

Check = Callable[[Stream, Sequence[Batch]], None]
"""Takes a stream and all that it delivers. Raises AssertionError with what is wrong."""


def hold_to_contract(stream: Stream) -> list[Batch]:
    """Run every check on a stream, whose data must not change meanwhile. Returns all that it delivers."""
    whole = list(stream.batches())
    for check in CHECKS:
        check(stream, whole)
    return whole


def it_says_what_it_is(stream: Stream, whole: Sequence[Batch]) -> None:
    """Names and fingerprint are there, the entity is one, and the count is of the right order where there is one."""
    assert stream.source, "a stream names its source"
    assert stream.name, "a stream has a name"
    assert stream.fingerprint, "a stream has a fingerprint of its mapping"
    assert stream.entity in ENTITIES, f"{stream.name}: {stream.entity!r} is not an entity"
    count = stream.count()
    assert count is None or count >= 0, f"{stream.name}: {count} records"


def rows_are_complete(stream: Stream, whole: Sequence[Batch]) -> None:
    """A key, `deleted` and raw JSON in every row; behind them fields of the entity as text, in every batch the same."""
    known = {field.name for field in fields(ENTITIES[stream.entity])}
    for table in (batch.table for batch in whole):
        columns = list(table.schema)
        envelope, mapped = columns[: len(ENVELOPE)], columns[len(ENVELOPE) :]
        assert {field.name: field.type for field in envelope} == ENVELOPE, f"{stream.name}: {table.schema}"
        assert {field.name for field in mapped} <= known, f"{stream.name}: holds what is not a field of {stream.entity}"
        assert all(field.type == pa.string() for field in mapped), f"{stream.name}: fields are delivered as text"
        assert table.schema.equals(whole[0].table.schema), f"{stream.name}: batches differ in their columns"
        for name in ("key", "deleted", "raw"):
            assert table[name].null_count == 0, f"{stream.name}: {name} is empty"
        assert "" not in set(table["key"].to_pylist()), f"{stream.name}: a key is empty"
        assert all(isinstance(json.loads(raw), dict) for raw in table["raw"].to_pylist()), f"{stream.name}: raw is no JSON object"


def problems_help(stream: Stream, whole: Sequence[Batch]) -> None:
    """A problem says where, why, and what to do about it."""
    for problem in (problem for batch in whole for problem in batch.problems):
        assert problem.place, f"{stream.name}: {problem} has no place"
        assert problem.reason, f"{stream.name}: {problem} has no reason"
        assert problem.fix, f"{stream.name}: {problem} has no fix"
        assert problem.severity in ("rejected", "quarantined", "warning"), f"{stream.name}: {problem.severity}"


def reading_twice_is_reading_once(stream: Stream, whole: Sequence[Batch]) -> None:
    """The same rows, problems and cursors, in the same order."""
    assert _all(list(stream.batches())) == _all(whole), f"{stream.name}: reads differently the second time"


def cursors_resume(stream: Stream, whole: Sequence[Batch]) -> None:
    """From the cursor of any batch exactly the rest follows: nothing lost, nothing doubled."""
    for index, batch in enumerate(whole):
        rest = list(stream.batches(batch.cursor))
        assert _all(rest) == _all(whole[index + 1 :]), f"{stream.name}: from {batch.cursor} comes something else than the rest"


def an_unknown_cursor_starts_anew(stream: Stream, whole: Sequence[Batch]) -> None:
    """A cursor that says nothing to the stream is no reason to lose rows."""
    assert _all(list(stream.batches("nonsense"))) == _all(whole), f"{stream.name}: loses rows by a cursor that it does not know"


CHECKS: tuple[Check, ...] = (
    it_says_what_it_is,
    rows_are_complete,
    problems_help,
    reading_twice_is_reading_once,
    cursors_resume,
    an_unknown_cursor_starts_anew,
)


def _all(batches: Sequence[Batch]) -> tuple[pa.Table | None, list[Problem], str | None]:
    table = pa.concat_tables([batch.table for batch in batches]).combine_chunks() if batches else None
    return table or None, [problem for batch in batches for problem in batch.problems], batches[-1].cursor if batches else None
