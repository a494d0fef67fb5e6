"""Back-tests of win probabilities: as they would have been, beside what came; bounds on the samples."""

from datetime import date
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from mdm.forecast.backtest.winning import WAYS, month_ends, quarters, rolled, scored
from mdm.forecast.deals.winning import winning
from mdm.forecast.frames import Frames
from tests.mdm.forecast.deals.sales import sales
from tests.mdm.forecast.maven import LAST, MAVEN, maven
from tests.mdm.forecast.village import TODAY, VILLAGE, village
from tests.mdm.forecast.worlds import row

LATER = date(2027, 6, 1)
ORIGINS = (date(2025, 9, 30), date(2026, 1, 31))
COMPANY_ORIGINS = tuple(date(2025 + (8 + 2 * at) // 12, (8 + 2 * at) % 12 + 1, 28) for at in range(6))


@cache
def back(seed: int = 21) -> pa.Table:
    """The back-test of an invented company."""
    return rolled(sales(seed, 700).world(LATER), LATER, ORIGINS)


def test_an_origin_says_what_would_have_been_said_that_day() -> None:
    made = sales(21, 700)
    for origin in ORIGINS:
        then = {found["key"]: found["probability"] for found in winning(made.world(origin), origin).to_pylist()}
        told = {found["key"]: found for found in back().filter(pc.equal(back()["origin"], origin)).to_pylist()}
        assert told.keys() == then.keys()
        for key, chance in then.items():
            assert told[key]["model"] == pytest.approx(chance, abs=1e-4)
            assert told[key]["outcome"] == float(made.end[key][0] == "won")


def test_measures_stand_beside_each_other_on_the_same_rows() -> None:
    measures = scored(back())
    assert measures["model"].to_pylist() == list(WAYS)
    assert row(measures, model="stage_rate")["skill"] == pytest.approx(0)
    assert row(measures, model="model")["skill"] > 0
    assert row(measures, model="model")["deals"] == back().num_rows
    assert row(measures, model="model")["origins"] == len(ORIGINS)


def test_origins_of_which_most_are_open_say_nothing_yet() -> None:
    world = sales(22, 200).world(LATER)
    assert rolled(world, LATER, [date(2026, 6, 1)]).num_rows > 0
    assert rolled(world, date(2026, 6, 3), [date(2026, 6, 1)]).num_rows == 0


def test_nothing_is_scored_of_nothing() -> None:
    assert rolled(Frames.of(), LATER).num_rows == 0
    assert [found["deals"] for found in scored(rolled(Frames.of(), LATER)).to_pylist()] == [0] * len(WAYS)
    assert month_ends(date(2026, 1, 31), date(2026, 4, 30)) == [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)]


def test_currencies_are_never_added() -> None:
    made, day = sales(23, 300), date(2025, 12, 31)
    deals = made.world(LATER).facts["deal"].to_pylist()
    for at, one in enumerate(deals):
        one["currency"] = "USD" if at % 2 else "EUR"
    world = made.world(LATER)
    mixed = Frames.of({**world.facts, "deal": pa.Table.from_pylist(deals, schema=world.facts["deal"].schema)}, world.golden)
    told = quarters(mixed, LATER, [day]).to_pylist()
    assert [found["currency"] for found in told] == ["EUR", "USD"]
    one = quarters(world, LATER, [day]).to_pylist()[0]
    assert sum(found["won"] for found in told) == one["won"]
    assert sum(found["open"] for found in told) == one["open"]


@pytest.mark.skipif(not MAVEN.is_dir(), reason=f"the sample is not at {MAVEN}")
def test_maven_is_foretold_by_the_age_of_its_deals() -> None:
    """What was won in the third quarter of 2017: list price x win rate is 95 % off (FORECASTS)."""
    found = quarters(maven(), LAST, [date(2017, 6, 30)]).to_pylist()[0]
    assert found["open"] == 1686
    assert found["rate"] / found["won"] - 1 == pytest.approx(0.95, abs=0.01)
    assert abs(found["model"] / found["won"] - 1) < 0.15


@pytest.mark.skipif(not VILLAGE.is_dir(), reason=f"the sample company is not at {VILLAGE}")
def test_the_village_is_foretold_better_than_by_stage_and_by_hand() -> None:
    measures = scored(rolled(village(), TODAY, COMPANY_ORIGINS))
    model, entered = row(measures, model="model"), row(measures, model="entered")
    assert model["deals"] > 300
    assert model["skill"] > 0.06
    assert model["brier"] < entered["brier"]
    assert 0.8 < model["slope"] < 1.3
    assert model["ece"] < 0.08
