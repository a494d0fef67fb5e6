"""The model card of a company: its forecasts back-tested on its own past, and kept."""

from collections.abc import Callable, Sequence

import pyarrow as pa

from mdm.forecast.backtest.card import PARTS, card
from mdm.forecast.frames import Frames
from mdm.hub import Hub
from mdm.store import cards, facts, moment
from mdm.store.moment import Moment


def renew(hub: Hub, model: str, parts: Sequence[str] = tuple(PARTS), step: Callable[[str], None] = lambda part: None) -> list[pa.Table]:
    """Back-test parts by what is known now, and keep what was found; a part of which the past tells nothing too. Takes minutes.

    model: the version that forecasts. step: hears of every part when it begins.
    """
    as_of, currency = hub.now().date(), hub.settings.currency
    with hub.engine.connect() as db:
        at = moment.settled(db)
        frames: Frames = facts.frames(db, Moment(at))
    found = []
    for part in parts:
        step(part)
        found.append(card(frames, as_of, part, currency))
        with hub.engine.begin() as db:
            cards.keep(db, part, as_of, at, model, found[-1].drop_columns(["part"]).to_pylist())
    return found
