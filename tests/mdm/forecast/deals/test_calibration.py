"""What salespeople enter: hope and caution come back with their intervals."""

from datetime import date

import pytest

from mdm.forecast.deals.calibration import calibration
from mdm.forecast.frames import Frames
from tests.mdm.forecast.deals.sales import sales
from tests.mdm.forecast.deals.test_history import deal
from tests.mdm.forecast.worlds import frames, row

TODAY = date(2027, 6, 1)


def test_hope_and_caution_come_back() -> None:
    hopes = {"s0": -0.6, "s1": 0.0, "s2": 1.2}
    found = {
        one["golden_salesperson_id"]: one
        for one in calibration(sales(2, 1500, hopes=tuple(hopes.values())).world(TODAY), TODAY).to_pylist()
    }
    assert [found[one]["verdict"] for one in ("s0", "s2")] == ["pessimistic", "optimistic"]
    for one, hope in hopes.items():
        assert found[one]["bias"] == pytest.approx(hope, abs=0.35)
        assert found[one]["low"] < found[one]["bias"] < found[one]["high"]
    assert found[None]["deals"] == sum(found[one]["deals"] for one in hopes) == 1500
    assert found["s2"]["en"].startswith("Enters too high: 60% entered are worth ")
    assert found["s0"]["fr"].startswith("Saisit trop bas : 60 % saisis valent ")


def test_of_a_few_deals_nothing_is_said() -> None:
    deals = [deal(f"D{at}", status="lost", probability=90, closes_on="2026-03-01") for at in range(3)]
    found = row(calibration(frames(facts={"deal": deals}), TODAY), golden_salesperson_id="s1")
    assert (found["verdict"], found["deals"], found["entered"], found["won"]) == ("too_few", 3, 0.9, 0.0)


def test_an_end_is_no_entry() -> None:
    """Where there is no history, what is written at the end was written because of it."""
    deals = [
        deal("D1", status="won", probability=100, closes_on="2026-03-01"),
        deal("D2", status="lost", probability=0, closes_on="2026-03-01"),
    ]
    assert calibration(frames(facts={"deal": deals}), TODAY).num_rows == 0
    assert calibration(Frames.of(), TODAY).num_rows == 0
