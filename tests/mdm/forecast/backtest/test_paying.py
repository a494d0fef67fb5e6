"""The back-test knows at each origin what was known, and the model beats the baselines where there is something to learn."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from mdm.forecast.backtest.paying import MEASURES, MODELS, POINTS, backtest, origins
from mdm.forecast.frames import Frames
from tests.mdm.forecast.payments.companies import START, company, invoice, payment, with_facts
from tests.mdm.forecast.village import TODAY, VILLAGE, village

UNTIL = date(2026, 3, 31)
beside = pytest.mark.skipif(not VILLAGE.is_dir(), reason=f"the sample company is not at {VILLAGE}")


@pytest.fixture(scope="module")
def world() -> Frames:
    habits = {f"p{at}": (1.0, 2.0) for at in range(8)} | {f"l{at}": (30.0, 6.0) for at in range(8)}
    return company(habits, 60, until=UNTIL)


def scores(frames: Frames, until: date, first: date | None = None) -> dict[tuple[str, str], float]:
    return {(row["model"], row["measure"]): row["value"] for row in backtest(frames, until, first=first).to_pylist()}


def test_where_customers_differ_their_habits_beat_the_baselines(world: Frames) -> None:
    found = scores(world, UNTIL)
    assert found["habits", "crps"] < 0.3 * found["due date", "crps"]
    assert found["habits", "crps"] < 0.6 * found["segment", "crps"]
    assert found["habits", "crps"] < 0.85 * found["customer mean", "crps"]
    assert found["habits", "wape"] < 0.2


def test_the_table_has_every_measure_of_every_model(world: Frames) -> None:
    first = date(2025, 12, 1)
    rows, weeks = backtest(world, UNTIL, first=first).to_pylist(), sum(len(one.cash) for one in origins(world, UNTIL, first=first))
    assert [(row["model"], row["measure"]) for row in rows] == [
        (model, measure) for model in MODELS for measure in MEASURES if measure != "coverage" or model not in POINTS
    ]
    for row in rows:
        assert row["n"] == weeks or row["measure"] == "crps"
        assert (row["low"] is not None) is (row["measure"] == "coverage")
        assert np.isfinite(row["value"])


def test_nothing_after_an_origin_is_known_at_it(world: Frames) -> None:
    """What comes later changes what came, not what was forecast."""
    first = date(2025, 8, 1)
    later = date(2025, 9, 2)
    more = with_facts(
        world,
        invoice=[invoice(f"x{at}", f"p{at}", later, later + timedelta(days=30)) for at in range(8)],
        payment=[payment(f"x{at}", later + timedelta(days=90)) for at in range(8)],
        write_off=[{"key": "W", "invoice": "l0-030", "on": later, "amount": 100}],
    )
    plain, other = (next(iter(origins(one, UNTIL, first=first))) for one in (world, more))
    assert plain.as_of == other.as_of == date(2025, 8, 31)
    assert plain.left.equals(other.left)
    assert np.array_equal(plain.how.habits.belief, other.how.habits.belief)


def test_the_state_of_an_invoice_is_left_aside() -> None:
    world = company({"a": (5.0, 2.0)}, 40, until=UNTIL)
    invoices = world.facts["invoice"]
    at = invoices.schema.get_field_index("status")
    disputed = invoices.set_column(at, "status", pa.array(["Litige"] * invoices.num_rows))
    told = replace(world, facts={**world.facts, "invoice": disputed})
    assert scores(told, UNTIL) == scores(world, UNTIL)


def test_of_nothing_and_of_little_there_is_nothing_to_score() -> None:
    assert list(origins(Frames.of(), UNTIL)) == []
    assert {row["n"] for row in backtest(Frames.of(), UNTIL).to_pylist()} == {0}
    assert list(origins(company({"a": (5.0, 2.0)}, 3), START + timedelta(days=60))) == []


@beside
def test_on_the_sample_company_the_bars_are_met_as_far_as_they_can_be() -> None:
    """40 % below the due date; below the segment's curve by nine tenths of what knowing every true habit there is would give (16.6 %)."""
    rows = {(row["model"], row["measure"]): row for row in backtest(village(), TODAY).to_pylist()}
    crps = {model: rows[model, "crps"]["value"] for model in MODELS}
    assert crps["habits"] < 0.6 * crps["due date"]
    assert crps["habits"] < 0.86 * crps["segment"]
    covered = rows["habits", "coverage"]
    assert covered["n"] >= 52
    assert covered["low"] <= covered["value"] <= covered["high"]
    assert abs(rows["habits", "bias"]["value"]) < 0.08
