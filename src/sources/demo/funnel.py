"""The life of a deal in the CRM: stages, typed probabilities, pushed dates, and what is open today."""

import math
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from random import Random
from typing import Final

from .dates import after, between, workday
from .model import Deal, Step
from .money import euros

STAGES: Final = ("Qualification", "Needs Analysis", "Proposal/Price Quote", "Negotiation/Review")
WON: Final = "Closed Won"
LOST: Final = "Closed Lost"


def advance(rng: Random, deals: list[Deal], today: date) -> None:
    """Fill every deal's steps, stage, planned close and typed probabilities as of `today`."""
    for deal in deals:
        deal.crm_outcome = deal.crm_outcome or deal.outcome
        if deal.outcome == "won":
            deal.lines = [line for line in deal.lines if not line.option or rng.random() < 0.7] or deal.lines[:1]
        (_leave_open if deal.outcome == "open" else _close)(rng, deal, today)


def _close(rng: Random, deal: Deal, today: date) -> None:
    won = deal.crm_outcome == "won"
    reached = len(STAGES) if won or rng.random() < 0.2 else rng.randint(1, len(STAGES))
    days = _days(rng, deal.created, deal.closes, reached)
    expected = workday(after(deal.created, round((deal.closes - deal.created).days * rng.uniform(0.5, 1.3)) + 3))
    _walk(rng, deal, days, expected, won=won)
    stage, chance = (WON, 100) if won else (LOST, 0)
    _type_in(deal, lambda: chance)
    deal.steps.append(Step(deal.closes, stage, deal.amount, chance, deal.closes))
    deal.stage, deal.touched = stage, deal.closes


def _leave_open(rng: Random, deal: Deal, today: date) -> None:
    share = (today - deal.created).days / max(1, (deal.closes - deal.created).days)
    reached = min(len(STAGES), 1 + int(share * 4.2 * rng.uniform(0.7, 1.2)))
    days = _days(rng, deal.created, today, reached)
    expected = workday(after(deal.closes, rng.randint(-25, 20)))
    _walk(rng, deal, days, expected, won=None)
    if deal.leak == "stale":
        _forget(rng, deal, today)
        return
    if expected < after(today, 4):
        expected = workday(after(today, rng.randint(6, 115)))
    typed = deal.steps[-1].probability
    _type_in(deal, lambda: _rounded(typed + rng.gauss(0, 8)))
    if deal.leak == "inconsistent":
        extreme = rng.choice((0, 100))
        _type_in(deal, lambda: extreme)
    deal.closes, deal.stage = expected, deal.steps[-1].stage
    deal.touched = max(deal.steps[-1].on, between(rng, after(today, -18), today))
    deal.steps.append(Step(deal.touched, deal.stage, deal.amount, deal.probability, expected))


def _forget(rng: Random, deal: Deal, today: date) -> None:
    """Nobody touches the deal any more and its date is long past."""
    quiet = after(today, -rng.randint(75, 110))
    deal.created = min(deal.created, after(quiet, -20))
    stage, typed = deal.steps[-1].stage, deal.steps[0].probability
    _type_in(deal, lambda: typed)
    deal.closes = workday(after(today, -rng.randint(64, 74)))
    deal.steps = [
        Step(deal.created, STAGES[0], deal.amount, typed, deal.closes),
        Step(quiet, stage, deal.amount, deal.probability, deal.closes),
    ]
    deal.stage, deal.touched = stage, quiet


def _days(rng: Random, first: date, last: date, count: int) -> list[date]:
    """When each stage was entered: the first at creation, the others before the end."""
    span = (last - first).days
    later = sorted(rng.randint(0, max(0, span - 1)) for _ in range(count - 1))
    return [first, *(after(first, days) for days in later)]


def _walk(rng: Random, deal: Deal, days: list[date], expected: date, *, won: bool | None) -> None:
    """One step a stage: the amount nears the last one, the typed probability leans to the outcome."""
    drift = {True: 0.22, False: 0.04, None: 0.12}[won]
    logit = math.log(deal.chance / (1 - deal.chance)) + deal.owner.optimism + rng.gauss(0, 0.4)
    for rank, day in enumerate(days):
        amount = _near(rng, deal.amount, 0.12 * (len(days) - 1 - rank) / len(days))
        typed = _rounded(100 / (1 + math.exp(-(logit + rank * drift))))
        if rank and expected <= day:
            expected = workday(after(day, rng.randint(10, 40)))
        deal.steps.append(Step(day, STAGES[rank], amount, typed, expected))


def _near(rng: Random, amount: Decimal, spread: float) -> Decimal:
    """An earlier estimate: whole euros around the amount, the amount itself at no spread."""
    if spread <= 0:
        return amount
    return euros(round(float(amount) * (1 + rng.uniform(-spread, spread))))


def _rounded(percent: float) -> int:
    """To the nearest 5 %, between 5 and 95."""
    return min(95, max(5, 5 * round(percent / 5)))


def _type_in(deal: Deal, chance: Callable[[], int]) -> None:
    for line in deal.lines:
        line.probability = chance()
