"""What every connector has to hold to, as checks that its tests run on each of its streams."""

import json
from collections.abc import Callable

import pyarrow as pa

from matching.declaration import fields
from mdm.entities import ENTITIES
from mdm.ports import Batch, Problem, Stream

ENVELOPE = {"key": pa.string(), "line": pa.int64(), "version": pa.string(), "deleted": pa.bool_(), "raw": pa.string()}


def every_row_is_complete(stream: Stream) -> None:
    """A key, `deleted` and raw JSON in every row; behind them only fields of the entity, as text, in every batch the same."""
    known = {field.name for field in fields(ENTITIES[stream.entity])}
    schema = None
    for batch in stream.batches():
        table, columns = batch.table, list(batch.table.schema)
        envelope, mapped = columns[: len(ENVELOPE)], columns[len(ENVELOPE) :]
        assert {field.name: field.type for field in envelope} == ENVELOPE, f"{stream.name}: {table.schema}"
        assert {field.name for field in mapped} <= known, f"{stream.name}: not fields of {stream.entity}"
        assert all(field.type == pa.string() for field in mapped), f"{stream.name}: fields are delivered as text"
        assert schema is None or table.schema.equals(schema), f"{stream.name}: batches differ in their columns"
        schema = table.schema
        for name in ("key", "deleted", "raw"):
            assert table[name].null_count == 0, f"{stream.name}: {name} is empty"
        assert "" not in set(table["key"].to_pylist()), f"{stream.name}: a key is empty"
        assert all(isinstance(json.loads(raw), dict) for raw in table["raw"].to_pylist()), f"{stream.name}: raw is no JSON object"


def every_row_is_found_again(stream: Stream) -> None:
    """Reading twice gives the same rows, problems and cursors."""
    assert _all(list(stream.batches())) == _all(list(stream.batches()))


def every_cursor_resumes(stream: Stream) -> None:
    """From the cursor of any batch exactly the rest follows: nothing lost, nothing doubled."""
    whole = list(stream.batches())
    for index, batch in enumerate(whole):
        rest = list(stream.batches(batch.cursor))
        assert _all(rest) == _all(whole[index + 1 :]), f"{stream.name}: from {batch.cursor} comes something else than the rest"


def an_unknown_cursor_starts_anew(stream: Stream) -> None:
    """A cursor that says nothing to the stream is no reason to lose rows."""
    assert _all(list(stream.batches("nonsense"))) == _all(list(stream.batches()))


def every_problem_helps(stream: Stream) -> None:
    """A problem says where, why, and what to do about it."""
    for batch in stream.batches():
        for problem in batch.problems:
            assert problem.place, problem
            assert problem.reason, problem
            assert problem.fix, problem
            assert problem.severity in ("rejected", "quarantined", "warning"), problem


def it_says_what_it_is(stream: Stream) -> None:
    """Name, source, entity and fingerprint are there, and the count is near the truth where there is one."""
    assert stream.name
    assert stream.source
    assert stream.fingerprint
    assert stream.entity in ENTITIES
    count = stream.count()
    assert count is None or count >= 0


CHECKS: tuple[Callable[[Stream], None], ...] = (
    it_says_what_it_is,
    every_row_is_complete,
    every_row_is_found_again,
    every_cursor_resumes,
    an_unknown_cursor_starts_anew,
    every_problem_helps,
)


def _all(batches: list[Batch]) -> tuple[list[dict[str, object]], list[Problem], str | None]:
    rows = [row for batch in batches for row in batch.table.to_pylist()]
    return rows, [problem for batch in batches for problem in batch.problems], batches[-1].cursor if batches else None
