"""Numbers and dates of a dialect."""

from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.kinds import MONEY
from sources.files.engine import connected
from sources.files.spelling import iso_dates, iso_instant, plain_number
from tests.sources.files.given import rows, stream


def made(expression: duckdb.Expression, *values: str | None) -> list[str | None]:
    """What an expression over the column `x` makes of values."""
    with connected() as connection:
        table = connection.from_arrow(pa.table({"x": pa.array(values, pa.string())})).select(expression.alias("y")).to_arrow_table()
    found: list[str | None] = table["y"].to_pylist()
    return found


X = duckdb.col("x")


@pytest.mark.parametrize(
    ("decimal", "text", "plain"),
    [
        (",", "1.234,56", "1234.56"),
        (",", "1 234,56", "1234.56"),
        (",", "1\u202f234\u00a0567,5", "1234567.5"),
        (",", "1.234", "1234"),
        (",", "-12,5", "-12.5"),
        (",", ",5", "0.5"),
        (",", "+1'000", "+1000"),
        (",", "12", "12"),
        (".", "1,234.56", "1234.56"),
        (".", "1,234", "1234"),
        (".", ".5", "0.5"),
        (".", "-1 234.5", "-1234.5"),
        (",", "12.5", "12.5"),
        (",", "1,234.56", "1,234.56"),
        (".", "1.234,56", "1.234,56"),
        (",", "n/a", "n/a"),
        (",", "", ""),
        (",", "-", "-"),
        (",", None, None),
    ],
)
def test_numbers_by_their_decimal_sign(decimal: str, text: str | None, plain: str | None) -> None:
    assert made(plain_number(X, decimal), text) == [plain]


@given(st.decimals(-(10**9), 10**9, places=2))
@settings(max_examples=30, deadline=None)
def test_any_amount_comes_back_from_each_spelling(amount: Decimal) -> None:
    english = f"{amount:,.2f}"
    french = english.replace(",", "\u202f").replace(".", ",")
    german = english.translate(str.maketrans(",.", ".,"))
    clean = MONEY.clean(str(amount))
    assert [MONEY.clean(text or "") for text in made(plain_number(X, ","), french, german)] == [clean, clean]
    assert [MONEY.clean(text or "") for text in made(plain_number(X, "."), english)] == [clean]


@pytest.mark.parametrize(
    ("order", "text", "iso"),
    [
        ("dmy", "01/02/2026", "2026-02-01"),
        ("mdy", "01/02/2026", "2026-01-02"),
        ("mdy", "1/2/26", "2026-01-02"),
        ("dmy", "1.2.2026", "2026-02-01"),
        ("dmy", "31-12-2026", "2026-12-31"),
        ("dmy", "31/12/2026 14:05", "2026-12-31T14:05:00"),
        ("mdy", "12/31/2026 2:05 PM", "2026-12-31T14:05:00"),
        ("mdy", "31/12/2026", "31/12/2026"),
        ("dmy", "2026-02-01", "2026-02-01"),
        ("dmy", "soon", "soon"),
        ("iso", "01/02/2026", "01/02/2026"),
        (None, "01/02/2026", "01/02/2026"),
        ("dmy", None, None),
    ],
)
def test_dates_by_their_order(order: str | None, text: str | None, iso: str | None) -> None:
    assert made(iso_dates(X, order), text) == [iso]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("order", "text", "instant"),
    [
        (None, "2024-01-22T07:46:31.000Z", "2024-01-22T07:46:31.000000+00:00"),
        (None, "2024-01-22T07:46:31.5+0200", "2024-01-22T05:46:31.500000+00:00"),
        (None, "2024-01-22 07:46:31", "2024-01-22T07:46:31.000000+00:00"),
        (None, "2024-01-22", "2024-01-22T00:00:00.000000+00:00"),
        (None, "01/02/2024 10:00", "2024-02-01T10:00:00.000000+00:00"),
        ("mdy", "01/02/2024", "2024-01-02T00:00:00.000000+00:00"),
        ("iso", "01/02/2024", None),
        (None, "yesterday", None),
        (None, None, None),
    ],
)
def test_instants_in_utc(order: str | None, text: str | None, instant: str | None) -> None:
    assert made(iso_instant(X, order), text) == [instant]  # type: ignore[arg-type]


def test_a_dialect_reaches_the_fields_that_are_numbers_or_dates_and_no_others(tmp_path: Path) -> None:
    content = "Id;Amount;Day;Note\n1;1.234,5;02/01/2026;1.234,5\n"
    fields = {"project": '"Id"', "planned_on": '"Day"', "amount": '"Amount"', "status": '{ value = "planned" }', "label": '"Note"'}
    row = rows(stream(tmp_path, content, entity="plan_line", source='decimal = ","\ndates = "mdy"', **fields))[0]
    assert (row["amount"], row["planned_on"], row["label"]) == ("1234.5", "2026-02-01", "1.234,5")
