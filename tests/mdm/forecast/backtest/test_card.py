"""The model card: what a past does not tell is null, for it is kept as JSON."""

import json
from datetime import date, timedelta

from mdm.forecast.backtest.card import CARD, PARTS, card
from mdm.forecast.frames import Frames
from tests.mdm.forecast.deals.test_history import deal
from tests.mdm.forecast.worlds import frames

UNTIL = date(2026, 6, 30)


def test_where_every_deal_was_won_there_is_no_slope() -> None:
    begun = [date(2025, 1, 6) + timedelta(4 * at) for at in range(60)]
    deals = [deal(f"D{at}", status="won", created_on=day, closes_on=day + timedelta(40)) for at, day in enumerate(begun)]
    told = {(row["model"], row["measure"]): row["value"] for row in card(frames(facts={"deal": deals}), UNTIL, "winning").to_pylist()}
    assert told["rate", "slope"] is None
    assert told["rate", "brier"] is not None
    assert json.loads(json.dumps(list(told.values()), allow_nan=False)) == list(told.values())


def test_of_no_past_there_is_no_card() -> None:
    assert {part: card(Frames.of(), UNTIL, part) for part in PARTS} == dict.fromkeys(PARTS, CARD.empty_table())
