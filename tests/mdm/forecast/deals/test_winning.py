"""Win probabilities: true chances come back, few data say that they are few, nothing of the future is in them."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from mdm.forecast.backtest.probability import brier, score
from mdm.forecast.deals.winning import winning
from mdm.forecast.frames import Frames
from tests.mdm.forecast.deals.sales import sales
from tests.mdm.forecast.deals.test_history import change, deal
from tests.mdm.forecast.village import TODAY as VILLAGE_TODAY
from tests.mdm.forecast.village import truth, village
from tests.mdm.forecast.worlds import frames, row, shuffled

TODAY = date(2026, 5, 1)


def ended(count: int, won: int, **more: Any) -> list[dict[str, Any]]:
    """Deals that were open for forty days each."""
    return [
        deal(
            f"E{at}",
            status="won" if at < won else "lost",
            created_on=date(2025, 1, 1) + timedelta(at),
            closes_on=date(2025, 2, 10) + timedelta(at),
        )
        | more
        for at in range(count)
    ]


def test_without_history_the_usual_rate_stands_and_says_so() -> None:
    answer = row(winning(frames(facts={"deal": [deal("D1")]}), TODAY))
    assert (answer["rung"], answer["closed"], answer["similar"], answer["probability"]) == ("no_history", 0, 0, 0.3)
    assert answer["low"] < 0.3 < answer["high"]
    assert answer["entered"] is answer["recalibrated"] is answer["amount"] is answer["closes_on"] is None


def test_without_history_salespeople_know_more_than_nobody() -> None:
    told = winning(frames(facts={"deal": [deal("D1", probability=80), deal("D2", probability=60)]}), TODAY)
    assert row(told, key="D2")["rung"] == "no_history"
    assert 0.6 < row(told, key="D2")["probability"] < 0.7 < row(told, key="D1")["probability"] < 0.8


def test_a_few_deals_shrink_to_a_rate_and_never_to_nothing() -> None:
    answer = row(winning(frames(facts={"deal": [*ended(6, 6), deal("D1", created_on="2026-04-20")]}), TODAY))
    assert (answer["rung"], answer["closed"], answer["similar"]) == ("stage_table", 6, 6)
    assert answer["probability"] == pytest.approx((6 + 8 * (6 + 2.4) / 14) / 14, abs=1e-4)


def test_a_deal_of_the_first_of_the_month_has_the_whole_month_ahead() -> None:
    """Every deal is won fifteen days after the day on which it was to close, which was ten days after it began, on any day of a month."""
    days = [date(2025, 1, 1) + timedelta(2 * at) for at in range(200)]
    past = [
        deal(f"E{at}", status="won" if at % 2 else "lost", stage="Done", created_on=day, closes_on=day + timedelta(25))
        for at, day in enumerate(days)
    ]
    entered = [
        change(f"{at}", f"E{at}", day.isoformat(), stage="Offer", closes_on=(day + timedelta(10)).isoformat())
        for at, day in enumerate(days)
    ]
    now = deal("D1", stage="Offer", created_on="2026-06-01", closes_on="2026-06-11")
    found = row(winning(frames(facts={"deal": [*past, now], "deal_change": entered}), date(2026, 6, 1)))
    assert found["months"][0] > 0.75 * found["probability"]
    assert date(2026, 6, 18) <= found["expected_on"] <= date(2026, 6, 30)


@pytest.mark.parametrize(
    ("count", "rung"), [(29, "stage_table"), (30, "logit"), (149, "logit"), (150, "empirical_bayes"), (1000, "competing_risks")]
)
def test_the_rung_goes_by_how_many_deals_have_ended(count: int, rung: str) -> None:
    answer = row(winning(frames(facts={"deal": [*ended(count, count // 2), deal("D1", created_on="2026-04-25")]}), date(2028, 5, 1)))
    assert (answer["rung"], answer["closed"]) == (rung, count)
    assert 0 < answer["low"] < answer["probability"] < answer["high"] < 1


@pytest.mark.parametrize("count", [400, 1600])
def test_true_chances_come_back(count: int) -> None:
    """Open deals of several days, each by what was known then, against the chances that they have in truth."""
    made = sales(7, count)
    world, said, true, came, entered = made.world(date(2027, 6, 1)), [], [], [], []
    for day in (date(2025, 9, 1), date(2026, 1, 1), date(2026, 4, 1)):
        for found in winning(world, day).to_pylist():
            said.append(found["probability"])
            true.append(made.chance[found["key"]])
            came.append(float(made.end[found["key"]][0] == "won"))
            entered.append(found["entered"])
    chance, outcome = np.array(said), np.array(came)
    assert np.corrcoef(chance, np.array(true))[0, 1] > 0.6
    assert brier(chance, outcome) < brier(np.array(entered), outcome)
    assert abs(score(chance, outcome).bias) < 0.08


def test_who_hopes_too_much_is_read_lower_where_there_are_enough_of_his_deals() -> None:
    made, day = sales(11, 900, hopes=(-0.6, 1.4)), date(2026, 4, 1)
    answers = winning(made.world(day), day).to_pylist()
    sober, hopeful = (
        np.mean([found["recalibrated"] - found["entered"] for found in answers if found["golden_salesperson_id"] == one])
        for one in made.people
    )
    assert hopeful < sober - 0.1


def test_nothing_after_a_day_changes_an_answer() -> None:
    made, day = sales(5, 400), date(2025, 12, 15)
    assert winning(made.world(date(2027, 6, 1)), day).equals(winning(made.world(day), day))


def test_months_sum_to_the_probability_and_begin_with_this_one() -> None:
    made, day = sales(6, 300), date(2025, 11, 20)
    for found in winning(made.world(day), day).to_pylist():
        assert sum(found["months"]) == pytest.approx(found["probability"], abs=1e-3)
        assert len(found["months"]) == 24
        assert found["expected_on"] >= day


def test_a_closing_date_moves_the_month() -> None:
    deals = [deal("near", closes_on="2026-05-20"), deal("far", closes_on="2026-11-20"), *ended(20, 10)]
    answers = winning(frames(facts={"deal": deals}), TODAY)
    near, far = (np.array(row(answers, key=key)["months"]) for key in ("near", "far"))
    assert near[0] > far[0]
    assert far[6] > near[6]


def test_a_deal_that_has_not_begun_is_won_in_no_month_soon() -> None:
    found = row(winning(frames(facts={"deal": [*ended(40, 20), deal("D1", created_on=None)]}), TODAY))
    assert sum(found["months"][:-1]) == 0
    assert found["months"][-1] == pytest.approx(found["probability"], abs=1e-3)


def test_amounts_stay_in_their_currencies() -> None:
    answers = winning(frames(facts={"deal": [deal("D1", amount=70, currency="USD"), deal("D2", amount=50)]}), TODAY)
    assert [(found["currency"], float(found["amount"])) for found in answers.to_pylist()] == [("USD", 70.0), ("EUR", 50.0)]


def test_zero_and_a_hundred_are_no_estimate() -> None:
    answers = winning(frames(facts={"deal": [deal("D1", probability=100), deal("D2", probability=50)]}), TODAY)
    assert row(answers, key="D1")["recalibrated"] is None
    assert row(answers, key="D2")["recalibrated"] == 0.5


def test_what_speaks_against_a_deal_is_said_in_words() -> None:
    """A deal that stays in a stage for longer than nine in ten of those that were won."""
    made, day = sales(8, 300), date(2026, 4, 1)
    world = made.world(day)
    old = deal("OLD", stage="Offer", created_on="2025-01-01", closes_on="2026-01-31", last_activity_on="2025-12-01", probability=50)
    rows = [*world.facts["deal"].to_pylist(), old]
    found = row(winning(Frames.of({**world.facts, "deal": frames(facts={"deal": rows}).facts["deal"]}, world.golden), day), key="OLD")
    assert found["at_risk"]
    assert found["why_en"].startswith("in “Offer” for 455 days, where 9 won deals in 10 took ")
    assert found["why_en"].endswith("; closing date passed 60 days ago; no activity for 121 days")
    assert "date de clôture dépassée de 60 jours" in found["why_fr"]


def test_without_stages_a_deal_is_at_risk_by_its_age() -> None:
    answers = winning(frames(facts={"deal": [*ended(40, 20), deal("OLD", stage="Offer"), deal("NEW", created_on="2026-04-20")]}), TODAY)
    assert row(answers, key="OLD")["why_en"] == "open for 116 days, where 9 won deals in 10 took 40 at most"
    assert not row(answers, key="NEW")["at_risk"]


def test_row_order_is_nothing() -> None:
    world = sales(9, 200).world(TODAY)
    assert winning(shuffled(world), TODAY).equals(winning(world, TODAY))


def test_nothing_is_said_of_nothing() -> None:
    assert winning(Frames.of(), TODAY).num_rows == 0


def test_the_village_is_foretold_better_than_by_its_salespeople() -> None:
    """Deals open today, against the chance that each has in truth."""
    now = winning(village(), VILLAGE_TODAY).to_pylist()
    true = {one["crm_key"]: float(one["true_win_prob"]) for one in truth("open_deals")}
    chance = np.array([true[found["key"]] for found in now])
    said, entered = (np.array([found[name] for found in now]) for name in ("probability", "entered"))
    assert len(now) == len(true) == 65
    assert np.mean((said - chance) ** 2) < 0.75 * np.mean((entered - chance) ** 2)
    assert np.mean((said - chance) ** 2) < 0.06
    assert sum(found["at_risk"] for found in now) >= 5
