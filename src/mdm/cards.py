"""The model card of a company: its forecasts back-tested on its own past, and kept."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date

import pyarrow as pa

from mdm.forecast.backtest.card import PARTS, card
from mdm.forecast.frames import Frames
from mdm.hub import Hub
from mdm.store import cards, facts, moment
from mdm.store.moment import Moment


def made(frames: Frames, as_of: date, currency: str, parts: Sequence[str], step: Callable[[str], None]) -> Iterator[tuple[str, pa.Table]]:
    """Parts back-tested, one after the other; `step` hears of each when it begins."""
    for part in parts:
        step(part)
        yield part, card(frames, as_of, part, currency)


def renew(hub: Hub, model: str, parts: Sequence[str] = tuple(PARTS), step: Callable[[str], None] = lambda part: None) -> list[pa.Table]:
    """Back-test parts by what is known now, and keep what was found; a part of which the past tells nothing too. Takes minutes.

    model: the version that forecasts.
    """
    as_of, currency = hub.now().date(), hub.settings.currency
    with hub.engine.connect() as db:
        at = moment.settled(db)
        frames = facts.frames(db, Moment(at))
    found = []
    for part, table in made(frames, as_of, currency, parts, step):
        with hub.engine.begin() as db:
            cards.keep(db, part, as_of, at, model, table.drop_columns(["part"]).to_pylist())
        found.append(table)
    return found
