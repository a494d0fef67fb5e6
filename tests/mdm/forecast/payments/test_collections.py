"""What open invoices bring in, by week and month."""

from datetime import date, timedelta

import pytest

from mdm.forecast.frames import Frames
from mdm.forecast.payments.collections import collections
from tests.mdm.forecast.payments.companies import company, invoice, with_facts

TODAY = date(2026, 6, 30)


@pytest.fixture(scope="module")
def world() -> Frames:
    """Twenty invoices in euros and one in dollars, open."""
    known = company({f"c{at}": (10.0, 4.0) for at in range(20)}, 10)
    rows = [invoice(f"o{at}", f"c{at}", TODAY - timedelta(days=20), TODAY + timedelta(days=10), 1000) for at in range(20)]
    return with_facts(known, invoice=[*rows, invoice("usd", "c0", TODAY, TODAY + timedelta(days=30), 500, currency="USD")])


def test_quantiles_are_in_order_and_currencies_apart(world: Frames) -> None:
    found = collections(world, TODAY).to_pylist()
    assert {row["currency"] for row in found} == {"EUR", "USD"}
    for row in found:
        assert 0 <= row["p10"] <= row["p50"] <= row["p90"]
    for currency, owed in (("EUR", 20_000), ("USD", 500)):
        for period, count in (("month", 12), ("week", 52)):
            rows = [row for row in found if row["currency"] == currency and row["period"] == period]
            assert len(rows) == count
            assert sum(row["due"] for row in rows) == owed
            assert 0.85 * owed < sum(row["mean"] for row in rows) <= owed + 1
    weeks = [row["starts_on"] for row in found if row["period"] == "week" and row["currency"] == "EUR"]
    assert weeks[0] == date(2026, 6, 29)
    assert all(day.weekday() == 0 for day in weeks)
    july = next(row for row in found if row["period"] == "month" and row["currency"] == "EUR")
    assert (july["starts_on"], july["due"]) == (date(2026, 7, 1), 20_000)
    assert july["p50"] > 14_000


def test_the_band_of_a_sum_is_narrower_than_the_sum_of_bands(world: Frames) -> None:
    weeks = [row for row in collections(world, TODAY).to_pylist() if row["period"] == "week" and row["currency"] == "EUR"]
    middle = max(weeks, key=lambda row: row["mean"])
    assert middle["p10"] > 0
    assert middle["p90"] - middle["p10"] < 0.75 * 20_000


def test_it_is_the_same_again_and_empty_of_nothing(world: Frames) -> None:
    assert collections(world, TODAY).equals(collections(world, TODAY))
    assert collections(Frames.of(), TODAY).num_rows == 0
