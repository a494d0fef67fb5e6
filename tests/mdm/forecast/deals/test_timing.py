"""Competing risks: known hazards come back, open deals are never taken for lost, months are those of the calendar."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from mdm.forecast.deals.history import entries
from mdm.forecast.deals.timing import CELLS, MONTHS, WEEKS, by_month, outlook
from mdm.forecast.frames import Frames
from tests.mdm.forecast.deals.test_history import deal
from tests.mdm.forecast.worlds import Row, frames

START = date(2022, 1, 3)
TODAY = date(2025, 12, 31)


def constant(seed: int, count: int, won: float, lost: float) -> pa.Table:
    """Deals that are won and lost at the same rate every week for ever."""
    rng = np.random.default_rng(seed)
    deals: list[Row] = []
    for number in range(count):
        created = START + timedelta(int(rng.integers(0, 1400)))
        weeks = int(rng.geometric(won + lost))
        ends = created + timedelta(7 * weeks - int(rng.integers(0, 7)))
        status = "won" if rng.random() < won / (won + lost) else "lost"
        told = {"status": status, "closes_on": ends} if ends <= TODAY else {"status": "open"}
        deals.append(deal(f"D{number}", created_on=created, **told))
    return entries(frames(facts={"deal": deals}), TODAY)


@pytest.mark.parametrize("landmarks", [False, True])
def test_known_hazards_come_back(landmarks: bool) -> None:
    ahead = outlook(constant(1, 3000, 0.04, 0.06), TODAY, landmarks=landmarks)
    weeks = ahead.won[ahead.states([None], np.array([0]))][0]
    assert weeks.sum() == pytest.approx(0.4, abs=0.05)
    share = np.cumsum(weeks) / weeks.sum()
    assert share[np.array([4, 9, 19])] == pytest.approx(1 - 0.9 ** np.array([5, 10, 20]), abs=0.08)


def test_open_deals_count_for_as_long_as_they_were_seen() -> None:
    """Half of the deals never end: by those that did, two in three are won; by all that were seen, one in three."""
    deals = [
        deal(f"W{at}", created_on=START + timedelta(at), status="won" if at % 3 else "lost", closes_on=START + timedelta(at + 30))
        for at in range(600)
    ]
    deals += [deal(f"O{at}", created_on=START + timedelta(at)) for at in range(600)]
    ahead = outlook(entries(frames(facts={"deal": deals}), TODAY), TODAY, landmarks=False)
    fresh, old = ahead.won[ahead.states([None, None], np.array([0, 400]))].sum(axis=1)
    assert fresh == pytest.approx(1 / 3, abs=0.05)
    assert old < 0.02


def test_a_deal_that_went_through_stages_is_nearer_to_its_end() -> None:
    deals, changes = [], []
    for at in range(300):
        created = START + timedelta(at * 3)
        deals.append(deal(f"D{at}", created_on=created, status="won" if at % 2 else "lost", stage="End", closes_on=created + timedelta(60)))
        for number, (stage, days) in enumerate((("Early", 0), ("Late", 45), ("End", 60))):
            if stage != "Late" or at % 2:
                told = {"source": "crm", "key": f"{at}/{number}", "deal": f"D{at}", "stage": stage}
                changes.append({**told, "changed_at": f"{created + timedelta(days)}T08:00:00+00:00"})
    ahead = outlook(entries(frames(facts={"deal": deals, "deal_change": changes}), TODAY), TODAY, landmarks=False)
    early, late = ahead.won[ahead.states(["Early", "Late"], np.array([0, 0]))]
    assert late.sum() > 0.8 > 0.6 > early.sum() > 0.4
    assert late[:3].sum() > 0.6
    assert early[:5].sum() < 0.1


def test_without_history_half_of_the_deals_end_within_two_months() -> None:
    ahead = outlook(entries(Frames.of(), TODAY), TODAY, landmarks=False)
    weeks = ahead.won[0]
    assert weeks[:9].sum() == pytest.approx(0.25, abs=0.02)
    assert ahead.won.shape == (len(CELLS), WEEKS)


def test_weeks_belong_to_the_months_of_their_middles() -> None:
    gathered = by_month(np.ones((1, WEEKS)), date(2026, 11, 23))
    assert gathered.sum() == WEEKS
    assert gathered.shape == (1, MONTHS)
    assert gathered[0, :3].tolist() == [1, 4, 5]
