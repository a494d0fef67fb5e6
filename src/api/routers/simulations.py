"""What if: the months ahead under levers, kept scenarios, targets, and how far a price may go down."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Literal, cast, get_args

from fastapi import APIRouter, Path, Query, Request
from pydantic import ConfigDict, Field
from sqlalchemy import Connection

from api.cursors import Cursors, next_link
from api.figures import Figures
from api.moments import KnownAt, standing
from api.problems import problems
from api.routers.reports import AsOf
from api.schemas import Amount, Model
from api.selection import Line, Paged
from api.session import ANALYST, Caller, Db, hub_of
from mdm import identity
from mdm.errors import BadInput, Forbidden, NotFound, StoreUnavailable, Unauthorised
from mdm.forecast.negotiation import Level, Negotiation, Offered, Policy, words
from mdm.forecast.simulator.ahead import Why
from mdm.forecast.simulator.levers import Kind, Lever, Scenario
from mdm.forecast.simulator.periods import Calendar, Step
from mdm.forecast.simulator.simulator import ALL, BASE, Answer, Simulator
from mdm.store import audit, scenarios
from mdm.store.scenarios import Kept

router = APIRouter(
    prefix="/v1", tags=["simulator"], dependencies=[ANALYST], responses=problems(Unauthorised, Forbidden, BadInput, StoreUnavailable)
)
PREFIX = "scn"
MOST = 3
"""Scenarios beside the base."""
Measure = Literal["bookings", "revenue", "cost", "margin", "billing", "cash"]
ScenarioId = Annotated[str, Path(max_length=64, examples=["scn_01m85w83y4005c44ftc7gc00c6"])]
Share = Annotated[float, Field(ge=-1, le=10, allow_inf_nan=False)]
_LEVER: dict[str, Any] = {"kind": "price", "value": -0.05, "where": {"kind": ["Forfait"]}}


class LeverIn(Model):
    """One thing that is moved."""

    model_config = ConfigDict(json_schema_extra={"examples": [_LEVER]})

    kind: Kind
    value: Annotated[float, Field(ge=-10_000, le=10_000, allow_inf_nan=False)]
    """price, cost, probability, new_deals: the share by which it changes, -0.2 for a fifth less; outcome: 1 won, 0 lost; start: months later;
    terms, delay: days more; hire: people."""
    where: dict[Literal["salesperson", "customer", "kind", "deal"], list[Line]] = Field(default_factory=dict)
    """Deals that it is on, all where it is empty: golden ids of salespeople or customers, kinds, `source:key` of deals."""
    cost: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] = 0
    """Of hire: what each costs a month."""
    revenue: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] = 0
    """Of hire: what each can deliver a month."""
    start: Annotated[float, Field(ge=0, le=120, allow_inf_nan=False)] = 0
    """Of hire: after how many months."""

    def lever(self) -> Lever:
        """As the simulator takes it. Raises BadInput on one that means nothing."""
        return Lever(self.kind, self.value, {str(name): values for name, values in self.where.items()}, self.cost, self.revenue, self.start)


class ScenarioIn(Model):
    """Levers moved together."""

    name: Line
    levers: list[LeverIn] = Field(default_factory=list, max_length=20)

    def scenario(self) -> Scenario:
        """As the simulator takes it."""
        return Scenario(self.name, [lever.lever() for lever in self.levers])


class Ahead(Model):
    """Which periods."""

    as_of: AsOf = None
    """The day on which they begin; today where it is not given."""
    known_at: KnownAt = None
    """What the hub knew at that instant; what it knows now where it is not given."""
    step: Step = "month"
    periods: Annotated[int, Field(ge=1, le=60)] = 12


class SimulationIn(Ahead):
    """A question to the simulator."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"scenarios": [{"name": "A fifth fewer wins", "levers": [{"kind": "probability", "value": -0.2}]}]}]
        }
    )

    scenarios: list[ScenarioIn] = Field(default_factory=list, max_length=MOST)
    """At most three, beside the base."""
    measures: list[Measure] = Field(default_factory=lambda: list(get_args(Measure)), min_length=1, max_length=6)
    targets: dict[Measure, float] = Field(default_factory=dict)
    """By measure, the total to be reached: the answer tells the chance."""
    tornado: Measure | None = None
    """Of which total it is asked what each lever does to it."""
    drivers: Measure | None = None
    """Of which total it is asked which deals its spread comes from."""


class Band(Model):
    """What to expect: the mean, and what nine, five and one paths in ten are above."""

    mean: Amount
    p10: Amount
    p50: Amount
    p90: Amount


class PeriodBand(Model):
    """What a period brings."""

    period: date
    """Its first day."""
    known: Band
    """Open deals, signed projects and open invoices."""
    with_new: Band
    """And deals that nobody has created yet, as in the past twelve months."""


class MeasureOut(Model):
    """A measure under a scenario."""

    measure: Measure
    periods: list[PeriodBand]
    total: Band
    """Over all periods, of what is known."""
    total_with_new: Band
    reached: float | None
    """The chance that the total with deals to come is the target or more; null without a target."""


class AnswerOut(Model):
    """What a scenario brings."""

    name: str
    measures: list[MeasureOut]


class Swing(Model):
    """What a lever does to the total."""

    lever: str
    by: float
    """How far it was moved, both ways."""
    low: Amount
    """Change of the mean where it is moved down."""
    high: Amount


class Driver(Model):
    """A deal that the spread of the total comes from."""

    deal: str
    name: str | None
    probability: float
    swing: Amount
    """What it brings if it is won."""
    share: float
    """Of the variance of the total."""


class LeftOut(Model):
    """A deal, or a line of a plan, that could not be taken in."""

    what: str
    """As `source:key`."""
    why: Why
    """A deal has no amount, or is in a currency of which no invoice tells a rate; a line is later than any was before it was billed."""


class Simulation(Model):
    """The answer of the simulator. Amounts are estimates, in `currency`."""

    as_of: date
    known_at: datetime
    currency: str
    step: Step
    seed: int
    """The same seed, day and knowledge give the same paths."""
    paths: int
    rho: float
    """How much the market moves deals together: the correlation of their common factor."""
    deals: int
    """Open deals behind it."""
    left_out: list[LeftOut]
    answers: list[AnswerOut]
    """Of the base first, then of each scenario."""
    tornado: list[Swing] | None
    drivers: list[Driver] | None


class SeekIn(Ahead):
    """Which value of a lever reaches a target?"""

    lever: LeverIn
    """Its value is what is sought."""
    low: float
    high: float
    measure: Measure = "margin"
    target: float
    """Of the total over all periods, with deals to come."""
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.8


class Sought(Model):
    """The value of a lever."""

    as_of: date
    known_at: datetime
    value: float | None
    """The one nearest to `low` that reaches the target with the confidence; null where none between the two does."""


class ScenarioKeptIn(Ahead, ScenarioIn):
    """A scenario to be kept, with the day and the knowledge that it is about."""


class ScenarioOut(ScenarioIn):
    """A scenario that was kept."""

    id: str
    as_of: date
    known_at: datetime
    step: Step
    periods: int
    seed: int
    model: str
    """The version of the hub."""
    made_by: str
    made_at: datetime


class ScenarioPage(Model):
    """Scenarios, newest first."""

    items: list[ScenarioOut]
    next: str | None


class OfferedIn(Model):
    """A line of a quote."""

    product: Line | None = None
    """The golden id of the product."""
    quantity: Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)] | None = None
    price: Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
    """Of all of them, without tax, in the company's currency."""


class NegotiationIn(Model):
    """A deal, or a quote that no system knows yet."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"deal": "crm:006"}]})

    as_of: AsOf = None
    known_at: KnownAt = None
    deal: Line | None = None
    """As `source:key`."""
    lines: list[OfferedIn] = Field(default_factory=list, max_length=500)
    """In place of a deal."""
    customer: Line | None = None
    """The golden id of who would pay; anybody where it is not given."""
    nature: Line | None = None
    """The kind of project; past ones of the same kind tell how far costs stray."""
    price: Annotated[float, Field(gt=0, le=1e12, allow_inf_nan=False)] | None = None
    """The price that is asked for in place of that of the lines."""
    quantile: Annotated[float, Field(gt=0, lt=1)] = Policy.quantile
    """How sure a floor is to cover its cost."""
    margin: Annotated[float, Field(ge=-1, lt=1)] = Policy.margin
    """Wanted on sales (taux de marque), after overheads."""
    overhead: Share = Policy.overhead
    capital: Share = Policy.capital
    """A year's cost of money that comes late."""
    loss: Share = Policy.loss
    """What is lost of an invoice that is never paid."""
    commission: Share = Policy.commission
    language: Literal["fr", "en"] | None = None
    """Of the sentence; that of the hub where it is not given."""


class NegotiationOut(Model):
    """How far a price may go down. Amounts are estimates without tax, in `currency`."""

    as_of: date
    known_at: datetime
    currency: str
    price: Amount
    cost: Amount
    """Expected, with overheads."""
    margin: float
    """Expected on sales."""
    margin_sure: float
    """The chance that the price leaves the margin that is wanted."""
    floors: dict[Level, Amount]
    """cash: goods alone; contribution: all direct costs; full: overheads and the margin too."""
    room: dict[Level, Amount]
    """Price - floor."""
    each_percent: Amount
    """What each further percent of discount costs."""
    days: float
    """Expected from issue to payment."""
    never: float
    """The chance not to be paid."""
    projects: int
    """Past projects behind the spread of the cost."""
    cost_unknown: float
    """The share of the price whose cost was taken from past projects."""
    sentence: str


@router.post("/simulations")
def simulate(request: Request, asked: SimulationIn, db: Db) -> Simulation:
    """Tell what the periods ahead bring, under levers or without. Nothing is written."""
    simulator, at = _simulator(request, db, asked)
    asked_for = [BASE, *(scenario.scenario() for scenario in asked.scenarios)]
    answers = [simulator.answer(scenario, asked.measures, cast(dict[str, float], asked.targets)) for scenario in asked_for]
    return _told(simulator, at, answers, asked.tornado, asked.drivers)


@router.post("/goal-seeks")
def seek_goal(request: Request, asked: SeekIn, db: Db) -> Sought:
    """Find the value of a lever with which a total reaches a target."""
    simulator, at = _simulator(request, db, asked)
    if asked.lever.kind == "outcome":
        raise BadInput("an outcome is 1 or 0; there is nothing between to be sought")
    found = simulator.seek(asked.lever.lever(), asked.low, asked.high, asked.measure, asked.target, asked.confidence)
    return Sought(as_of=simulator.ahead.calendar.as_of, known_at=at, value=found)


@router.post("/scenarios", status_code=201)
def keep_scenario(request: Request, asked: ScenarioKeptIn, db: Db, caller: Caller) -> ScenarioOut:
    """Keep a scenario with the day and the knowledge that it is about: asked again, it is answered the same."""
    scenario = asked.scenario()
    hub = hub_of(request)
    simulator, at = _simulator(request, db, asked)
    number = str(identity.new_ids(PREFIX, 1, now_ms=int(hub.now().timestamp() * 1000), random=hub.random)[0])
    values = {
        "id": number, "name": scenario.name, "levers": [lever.model_dump(mode="json") for lever in asked.levers],
        "as_of": simulator.ahead.calendar.as_of, "known_at": at, "step": asked.step, "periods": asked.periods, "seed": simulator.seed,
        "model": request.app.version, "made_by": caller.name,
    }  # fmt: skip
    audit.append(db, caller.name, "scenario.keep", f"scenario {number}", {"name": scenario.name}, hub.now())
    return _shown(scenarios.keep(db, values))


@router.get("/scenarios")
def list_scenarios(request: Request, asked: Annotated[Paged, Query()], db: Db) -> ScenarioPage:
    """List the scenarios that were kept, newest first."""
    cursors = cast(Cursors, request.app.state.cursors)
    after = cursors.read(("scenarios",), asked.cursor)
    found = scenarios.page(db, str(after[0]) if after else None, asked.limit + 1)
    page = found[: asked.limit]
    more = cursors.at(("scenarios",), (page[-1].id,)) if len(found) > len(page) else None
    return ScenarioPage(items=[_shown(one) for one in page], next=next_link(request, more))


@router.get("/scenarios/{scenario_id}", responses=problems(NotFound))
def get_scenario(scenario_id: ScenarioId, db: Db) -> ScenarioOut:
    """Get a scenario that was kept."""
    return _shown(_kept(db, scenario_id))


@router.get("/scenarios/{scenario_id}/answer", responses=problems(NotFound))
def answer_scenario(request: Request, scenario_id: ScenarioId, db: Db) -> Simulation:
    """Answer a kept scenario: beside its base, as of its day and of what was known then."""
    kept = _kept(db, scenario_id)
    calendar = Calendar(kept.as_of, cast(Step, kept.step), kept.periods)
    simulator, at = _figures(request).simulator(db, calendar, kept.known_at)
    scenario = Scenario(kept.name, [LeverIn.model_validate(lever).lever() for lever in kept.levers])
    return _told(simulator, at, [simulator.answer(one) for one in (BASE, scenario)], None, None)


@router.post("/negotiations", responses=problems(NotFound))
def negotiate(request: Request, asked: NegotiationIn, db: Db) -> NegotiationOut:
    """Tell how far the price of a deal, or of a quote, may go down. Nothing is written."""
    standing(db, asked.known_at)
    hub = hub_of(request)
    as_of = asked.as_of or hub.now().date()
    habits, at = _figures(request).habits(db, as_of, asked.known_at)
    if (asked.deal is None) == (not asked.lines):
        raise BadInput("name a deal as source:key, or give the lines of a quote; one of the two")
    if asked.deal is not None:
        source, colon, key = asked.deal.partition(":")
        if not colon:
            raise BadInput(f"{asked.deal!r} names no deal; write source:key, as in crm:001")
        quote = habits.deal(source, key)
    else:
        quote = habits.quote([Offered(line.product, line.quantity, line.price) for line in asked.lines], asked.customer, asked.nature)
    if asked.price is not None:
        quote = quote.at(asked.price)
    policy = Policy(asked.quantile, asked.margin, asked.overhead, asked.capital, asked.loss, asked.commission)
    found = habits.negotiate(quote, policy)
    return _negotiated(found, as_of, at, hub.settings.currency, asked.language or hub.settings.language)


def _negotiated(found: Negotiation, as_of: date, at: datetime, currency: str, language: str) -> NegotiationOut:
    return NegotiationOut(
        as_of=as_of,
        known_at=at,
        currency=currency,
        price=_amount(found.price),
        cost=_amount(found.cost),
        margin=round(found.margin, 4),
        margin_sure=round(found.margin_sure, 4),
        floors={level: _amount(value) for level, value in found.floors.items()},
        room={level: _amount(value) for level, value in found.room.items()},
        each_percent=_amount(found.each_percent),
        days=round(found.days, 1),
        never=round(found.never, 4),
        projects=found.spread.projects,
        cost_unknown=round(found.cost_unknown, 4),
        sentence=words(found, currency, language),
    )


def _figures(request: Request) -> Figures:
    return cast(Figures, request.app.state.figures)


def _simulator(request: Request, db: Connection, asked: Ahead) -> tuple[Simulator, datetime]:
    standing(db, asked.known_at)
    calendar = Calendar(asked.as_of or hub_of(request).now().date(), asked.step, asked.periods)
    return _figures(request).simulator(db, calendar, asked.known_at)


def _told(simulator: Simulator, at: datetime, answers: Sequence[Answer], tornado: str | None, drivers: str | None) -> Simulation:
    ahead = simulator.ahead
    swings = None if tornado is None else [
        Swing(lever=row["lever"], by=row["by"], low=_amount(row["low"]), high=_amount(row["high"])) for row in simulator.tornado(tornado).to_pylist()
    ]  # fmt: skip
    driving = None if drivers is None else [
        Driver(deal=f"{row['source']}:{row['key']}", name=row["name"], probability=row["probability"], swing=_amount(row["swing"]), share=round(row["share"], 4))
        for row in simulator.drivers(drivers).slice(0, 20).to_pylist()
    ]  # fmt: skip
    return Simulation(
        as_of=ahead.calendar.as_of,
        known_at=at,
        currency=ahead.currency,
        step=ahead.calendar.step,
        seed=simulator.seed,
        paths=simulator.paths,
        rho=round(simulator.rho, 4),
        deals=ahead.items.count,
        left_out=[LeftOut(what=what, why=why) for what, why in ahead.left_out],
        answers=[_answer(answer) for answer in answers],
        tornado=swings,
        drivers=driving,
    )


def _answer(answer: Answer) -> AnswerOut:
    bands: dict[str, list[PeriodBand]] = {name: [] for name in ALL}
    for row in answer.bands.to_pylist():
        bands[row["measure"]].append(PeriodBand(period=row["period"], known=_band(row, ""), with_new=_band(row, "_with_new")))
    measures = [
        MeasureOut(
            measure=row["measure"],
            periods=bands[row["measure"]],
            total=_band(row, ""),
            total_with_new=_band(row, "_with_new"),
            reached=row["reached"],
        )
        for row in answer.totals.to_pylist()
    ]
    return AnswerOut(name=answer.scenario.name, measures=measures)


def _band(row: dict[str, Any], suffix: str) -> Band:
    return Band(**{name: _amount(row[f"{name}{suffix}"]) for name in ("mean", "p10", "p50", "p90")})


def _amount(value: float) -> str:
    return f"{value + 0.0:.2f}"


def _kept(db: Connection, scenario_id: str) -> Kept:
    found = scenarios.get(db, scenario_id)
    if found is None:
        raise NotFound(f"there is no scenario {scenario_id!r}")
    return found


def _shown(kept: Kept) -> ScenarioOut:
    return ScenarioOut.model_validate(asdict(kept))
