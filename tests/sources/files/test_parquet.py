"""Parquet files."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sources import StreamUnreadable
from sources.files.table import ROWS
from tests.sources.files.given import config, over, rows, told


def read(folder: Path, value: pa.Array) -> list[object]:
    """A column as it is delivered."""
    ids = pa.array(range(len(value)), pa.int64())
    pq.write_table(pa.table({"Id": ids, "Name": value}), folder / "a.parquet")
    return [row["name"] for row in rows(over(folder, config(file="a.parquet")))]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (pa.array(["a", "", None, " b "]), ["a", None, None, "b"]),
        (pa.array([1, None, 10**15]), ["1", None, "1000000000000000"]),
        (pa.array([1.5, 5.0, float("nan"), 1e21, 1e-7, None]), ["1.5", "5", None, "1000000000000000000000", "0.0000001", None]),
        (pa.array([Decimal("12.50")]), ["12.50"]),
        (pa.array([True, False]), ["true", "false"]),
        (pa.array([date(2026, 12, 31)]), ["2026-12-31"]),
        (pa.array([datetime(2026, 12, 31, 14, 5, tzinfo=UTC)], pa.timestamp("us", "Europe/Paris")), ["2026-12-31 14:05:00+00"]),
        (pa.array([datetime(2026, 12, 31)], pa.timestamp("ns")), ["2026-12-31 00:00:00"]),  # noqa: DTZ001
        (pa.array(["x", "y", "x"]).dictionary_encode(), ["x", "y", "x"]),
        (pa.array(["é".encode()], pa.binary()), ["é"]),
        (pa.array([b"\xff"], pa.binary()), ["\\xFF"]),
        (pa.array([[1, 2]]), ["[1,2]"]),
        (pa.array([{"a": 1}]), ['{"a":1}']),
        (pa.array([None, None], pa.null()), [None, None]),
    ],
)
def test_every_type_becomes_text(tmp_path: Path, values: pa.Array, texts: list[str | None]) -> None:
    assert read(tmp_path, values) == texts


def test_the_line_is_the_number_of_the_row_and_batches_are_bounded(tmp_path: Path) -> None:
    count = ROWS + 5
    pq.write_table(pa.table({"Id": pa.array(range(count)), "Name": ["a"] * count}), tmp_path / "a.parquet")
    found = over(tmp_path, config(file="a.parquet"))
    batches = list(found.batches())
    assert [batch.table.num_rows for batch in batches] == [ROWS, 5]
    assert batches[1].table["line"].to_pylist() == [ROWS + 1, ROWS + 2, ROWS + 3, ROWS + 4, ROWS + 5]
    assert found.count() == count
    assert rows(found, batches[0].cursor) == batches[1].table.to_pylist()


def test_nul_characters_are_left_out_and_told(tmp_path: Path) -> None:
    assert read(tmp_path, pa.array(["a", "b\0c"])) == ["a", "bc"]
    assert list(told(over(tmp_path, config(file="a.parquet")))) == [("warning", 2, "holds NUL characters; they were left out")]


@pytest.mark.parametrize("content", [b"Id;Name\n", b"PAR1" + b"\0" * 40 + b"PAR1"])
def test_what_is_no_parquet(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(StreamUnreadable, match="is not a Parquet file"):
        rows(over(tmp_path, config(file="a.parquet")))
    assert over(tmp_path, config(file="a.parquet")).count() is None
