"""COPY in and out of PostgreSQL keeps every value as it is."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from mdm.store.bulk import copy_in, read, reserve, temporary

TEXTS = st.one_of(st.none(), st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(TEXTS, st.one_of(st.none(), st.integers(-(2**62), 2**62))), max_size=20))
def test_what_goes_in_comes_out(db: Connection, rows: list[tuple[str | None, int | None]]) -> None:
    table = pa.table(
        {
            "n": pa.array(range(len(rows)), pa.int64()),
            "t": pa.array([row[0] for row in rows], pa.string()),
            "i": pa.array([row[1] for row in rows], pa.int64()),
        }
    )
    temporary(db, "probe", {"n": "bigint", "t": "text", "i": "bigint"}, table)
    assert read(db, "SELECT n, t, i FROM probe ORDER BY n", table.schema).equals(table)
    db.execute(text("DROP TABLE probe"))


def test_types_and_parameters(db: Connection) -> None:
    schema = pa.schema(
        [
            ("amount", pa.decimal128(24, 6)),
            ("flag", pa.bool_()),
            ("day", pa.date32()),
            ("at", pa.timestamp("us", "UTC")),
            ("none", pa.string()),
        ]
    )
    query = "SELECT 1.50, true, date '2026-02-03', '2026-02-03T04:05:06Z', CASE WHEN %(wanted)s = 'x' THEN NULL ELSE 'y' END"
    (row,) = read(db, query, schema, {"wanted": "x"}).to_pylist()
    assert row == {
        "amount": Decimal("1.5"),
        "flag": True,
        "day": date(2026, 2, 3),
        "at": datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC),
        "none": None,
    }


def test_reserved_numbers_are_nobody_else_s(db: Connection) -> None:
    first, second = reserve(db, "record", 3).to_pylist(), reserve(db, "record", 2).to_pylist()
    assert len({*first, *second}) == 5
    assert reserve(db, "record", 0).to_pylist() == []


def test_appending_nothing_is_nothing(db: Connection) -> None:
    assert copy_in(db, "outbox", pa.table({"entity": pa.array([], pa.string())})) == 0
