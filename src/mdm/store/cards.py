"""Model cards that were kept: how good each forecast was on the company's own past, when that was found out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from mdm.store.tables import model_card


@dataclass(frozen=True)
class Card:
    """A part of a back-test. scores: model, measure, value, low, high, n, as `forecast.backtest.card` has them."""

    part: str
    as_of: date
    known_at: datetime
    model: str
    scores: Sequence[Mapping[str, Any]]
    made_at: datetime


def keep(db: Connection, part: str, as_of: date, known_at: datetime, model: str, scores: Sequence[Mapping[str, Any]]) -> None:
    """Keep what a back-test found of a part."""
    values = {"part": part, "as_of": as_of, "known_at": known_at, "model": model, "scores": list(scores)}
    db.execute(insert(model_card).values(values))


def newest(db: Connection, known_at: datetime | None = None) -> list[Card]:
    """Of each part what was found last, or had been at an instant; in no order."""
    query = select(model_card).ext(distinct_on(model_card.c.part)).order_by(model_card.c.part, model_card.c.id.desc())
    found = db.execute(query if known_at is None else query.where(model_card.c.made_at <= known_at))
    return [Card(row.part, row.as_of, row.known_at, row.model, row.scores, row.made_at) for row in found]
