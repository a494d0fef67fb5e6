"""How good forecasts were on the company's own past."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field

from api.moments import KnownAt, standing
from api.problems import problems
from api.schemas import Model
from api.selection import Asked
from api.session import ANALYST, Db
from mdm.errors import BadInput, Forbidden, StoreUnavailable, Unauthorised
from mdm.forecast.backtest.card import PARTS
from mdm.store import cards

router = APIRouter(prefix="/v1", tags=["forecasts"], responses=problems(Unauthorised, Forbidden, BadInput, StoreUnavailable))


class CardAsked(Asked):
    """Of when."""

    known_at: KnownAt = None
    """What had been found at that instant; what was found last where it is not given."""


class Score(Model):
    """How good one way to forecast was, by one measure."""

    model: str
    """Ours is `model`, `habits`, `shrunk` or `simulator`; the others need none, and are there to be held against it."""
    measure: str
    value: float | None
    low: float | None = Field(description="Of a coverage: where one that is truly 80 % is found, at least.")
    high: float | None
    n: int
    """Deals, invoices, projects or periods behind it."""


class CardPart(Model):
    """A part of the model card: every forecast made again for days of the past, by what was known then."""

    part: str
    as_of: date
    known_at: datetime
    version: str
    """Of the hub that forecast."""
    made_at: datetime
    scores: list[Score]


class ModelCard(Model):
    """How good forecasts were: what was found last of each part. Empty where nothing was back-tested yet."""

    parts: list[CardPart]


@router.get("/model-card", dependencies=[ANALYST])
def get_model_card(request: Request, asked: Annotated[CardAsked, Query()], db: Db) -> ModelCard:
    """Tell how good forecasts were on the company's own past: deals, payments, projects, orders; `mdm backtest` and the worker find it out."""
    standing(db, asked.known_at)
    found = {card.part: card for card in cards.newest(db, asked.known_at)}
    return ModelCard(
        parts=[
            CardPart(
                part=part, as_of=card.as_of, known_at=card.known_at, version=card.model, made_at=card.made_at,
                scores=[Score.model_validate(score) for score in card.scores],
            )
            for part in PARTS
            if (card := found.get(part)) is not None
        ]
    )  # fmt: skip
