"""How far a price may go down: floor prices, the room that is left, and what each further step costs.

In:  the facts deal, deal_line and invoice, the golden records of product, what projects cost (`profitability`), how customers pay (`Late`).
Out: `Negotiation`: three floors, each for goods alone (`cash`: one's own people are paid anyway), for all direct costs (`contribution`), and for
     these with overheads and the margin that is wanted (`full`).

floor = Q_q(cost) / (1 - m - r (1 + tax) E[days] / 365 - PD LGD - commission): the price at which the q-quantile of the cost still leaves the margin
m on sales (taux de marque), after what it costs to wait for the money, with tax, and to lose it. The cost is log-normal around that of the
lines, as past projects of the same nature were around their budgets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

import numpy as np
from scipy.special import ndtr, ndtri

from mdm.errors import BadInput, NotFound
from mdm.forecast.completion import WEIGHT, Usual
from mdm.forecast.exchange import exchange
from mdm.forecast.frames import Frames, query
from mdm.forecast.profitability import profitability
from mdm.forecast.simulator.ahead import STANDARD_TAX, Late

Level = Literal["cash", "contribution", "full"]
LEVELS: tuple[Level, ...] = ("cash", "contribution", "full")
WORK = "^(jour|jours|j|journee|heure|heures|h|jh|day|days|hour|hours|man.?day|mois|month)s?$"
"""Units in which one's own people are sold, folded."""


@dataclass(frozen=True)
class Policy:
    """How a company negotiates; shares, not percents."""

    quantile: float = 0.8
    """How sure a floor is to cover the cost."""
    margin: float = 0.20
    """On sales (taux de marque), wanted after overheads."""
    overhead: float = 0.15
    """What overheads add to direct costs."""
    capital: float = 0.05
    """A year's cost of money that comes late."""
    loss: float = 0.60
    """What is lost of an invoice that is never paid."""
    commission: float = 0.0
    """Of sales."""

    def __post_init__(self) -> None:
        if not 0 < self.quantile < 1:
            raise BadInput("the quantile lies between 0 and 1; 0.8 is four times out of five")
        if min(self.overhead, self.capital, self.loss, self.commission) < 0 or self.margin >= 1:
            raise BadInput("overheads, capital, loss and commission are shares from 0 on, and a margin on sales is below 1")


@dataclass(frozen=True)
class Offered:
    """A line of a quote: a golden product, how many, and the price of all of them."""

    product: str | None
    quantity: float | None
    price: float


@dataclass(frozen=True)
class Quote:
    """What is negotiated: its price without tax, what it costs by the lines, and who pays."""

    price: float
    goods: float
    work: float
    unknown: float
    """Price of lines whose cost nobody knows; they cost what past projects did of their price."""
    customer: str | None = None
    nature: str | None = None

    def at(self, price: float) -> "Quote":
        """The same at another price: what its lines cost does not change, what they are guessed to cost neither."""
        return replace(self, price=price)


@dataclass(frozen=True)
class Spread:
    """Cost by budget of past projects: the middle of their ratio, its log-normal spread, and how many there were."""

    ratio: float
    sigma: float
    projects: int


@dataclass(frozen=True)
class Negotiation:
    """Where a price stands. Amounts without tax in the company's currency; `margin` is expected, on sales, after overheads."""

    price: float
    cost: float
    margin: float
    margin_sure: float
    """The chance that the price leaves the margin that is wanted."""
    floors: Mapping[Level, float]
    room: Mapping[Level, float]
    """Price - floor: how far down, negative where the price is below already."""
    each_percent: float
    """What each further percent of discount costs."""
    days: float
    """From issue to payment, expected of the customer."""
    never: float
    """The chance not to be paid."""
    spread: Spread
    cost_unknown: float
    """The share of the price whose cost was taken from past projects."""


class Habits:
    """What past projects and payments tell a negotiation."""

    def __init__(self, frames: Frames, as_of: date, late: Late, currency: str = "EUR", usual: Usual | None = None) -> None:
        self._frames, self._as_of, self._currency, self._late = frames, as_of, currency, late
        self._usual = usual or Usual()
        ended = [row for row in profitability(frames, as_of, currency).to_pylist() if row["progress_by"] == "closed"]
        jobs = frames.golden["project"]
        natures = dict(zip(jobs["golden_id"].to_pylist(), jobs["nature"].to_pylist(), strict=True))
        self._ratios = [
            (natures[row["golden_project_id"]], float(np.log(float(row["cost_to_date"]) / budget)))
            for row in ended
            if (budget := _budget(row)) > 0 and row["cost_to_date"] > 0
        ]
        price = sum(float(row["contract"] or 0) + float(row["amendments"]) for row in ended)
        spent = sum(float(row["cost_to_date"]) for row in ended if row["contract"])
        self.cost_share = spent / price if price > 0 and spent > 0 else None
        taxed = query(frames, _TAX, as_of=as_of).to_pylist()[0]["tax"]
        self.tax = STANDARD_TAX if taxed is None else float(taxed)

    def spread(self, nature: str | None) -> Spread:
        """Of projects of a nature, leaning on all of them, those on what is usual."""
        middle, variance = -np.log(self._usual.index), self._usual.spread**2
        every, own = [ratio for _, ratio in self._ratios], [ratio for kind, ratio in self._ratios if kind == nature]
        for ratios in (every, own if nature is not None else []):
            count = len(ratios)
            center = (sum(ratios) + WEIGHT * middle) / (count + WEIGHT)
            variance = (sum((ratio - center) ** 2 for ratio in ratios) + WEIGHT * variance) / (count + WEIGHT)
            middle = center
        return Spread(float(np.exp(middle)), float(np.sqrt(variance)), len(own) if nature is not None else len(every))

    def quote(self, lines: Sequence[Offered], customer: str | None = None, nature: str | None = None) -> Quote:
        """A quote that need not be in the CRM. Raises BadInput on one without lines or without a price."""
        if not lines or sum(line.price for line in lines) <= 0:
            raise BadInput("a quote needs lines, and a price above 0")
        known = {row["golden_id"]: row for row in query(self._frames, _PRODUCTS, work=WORK).to_pylist()}
        goods = work = unknown = 0.0
        for line in lines:
            product = known.get(line.product or "")
            if product is None or product["cost"] is None or line.quantity is None:
                unknown += line.price
            elif product["work"]:
                work += product["cost"] * line.quantity
            else:
                goods += product["cost"] * line.quantity
        return Quote(sum(line.price for line in lines), goods, work, unknown, customer, nature)

    def deal(self, source: str, key: str) -> Quote:
        """The quote that a deal is. Raises NotFound, BadInput where it has no amount or no exchange rate."""
        found = query(
            self._frames, _LINES, tables={"exchange": exchange(self._frames, self._currency)}, as_of=self._as_of, source=source, key=key
        ).to_pylist()
        if not found:
            raise NotFound(f"there is no deal {source}:{key}")
        if found[0]["rate"] is None:
            raise BadInput(f"there is no exchange rate for the currency of {source}:{key}; an invoice with one would tell it")
        lines = [Offered(row["product_id"], row["quantity"], row["price"]) for row in found if row["price"] is not None]
        if not lines:
            raise BadInput(f"{source}:{key} has no amount; give it one, or lines")
        return self.quote(lines, found[0]["customer_id"], found[0]["kind"])

    def negotiate(self, quote: Quote, policy: Policy) -> Negotiation:
        """Where the price of a quote stands. Raises BadInput where no price would leave the margin that is wanted, or nobody knows the cost."""
        if quote.unknown and self.cost_share is None:
            raise BadInput("nobody knows the cost: no product of the quote has one, and no project has ended; give the products a cost")
        spread = self.spread(quote.nature)
        days, never = paid(self._late, quote.customer)
        guess = quote.unknown * (self.cost_share or 0)
        # What past projects cost of their price is what they cost, not what was planned: only the lines' own costs are a budget.
        direct = (quote.goods + quote.work) * spread.ratio + guess
        goods = quote.goods * spread.ratio + guess
        waiting = policy.capital * (1 + self.tax) * days / 365 + never * policy.loss + policy.commission
        sure = float(np.exp(ndtri(policy.quantile) * spread.sigma))
        wanted: Mapping[Level, tuple[float, float]] = {
            "cash": (goods, 0.0),
            "contribution": (direct, 0.0),
            "full": (direct * (1 + policy.overhead), policy.margin),
        }
        floors: dict[Level, float] = {}
        for level, (cost, margin) in wanted.items():
            left = 1 - margin - waiting
            if left <= 0:
                raise BadInput(
                    f"no price leaves a margin of {margin:.0%}: waiting for the money and losing it take {waiting:.1%}; lower the margin"
                )
            floors[level] = cost * sure / left
        full = direct * (1 + policy.overhead)
        middle = full * float(np.exp(spread.sigma**2 / 2))
        allowed = quote.price * (1 - policy.margin - waiting)
        chance = float(ndtr(np.log(allowed / full) / spread.sigma)) if full > 0 and allowed > 0 else float(full <= 0)
        return Negotiation(
            quote.price,
            middle,
            1 - waiting - middle / quote.price,
            chance,
            floors,
            {level: quote.price - floor for level, floor in floors.items()},
            quote.price * 0.01 * (1 - waiting),
            days,
            never,
            spread,
            min(quote.unknown / quote.price, 1.0),
        )

    def discount(self, quote: Quote, policy: Policy, margin: float, confidence: float) -> float:
        """The discount on the price that still leaves a margin with a confidence: the share of the price, negative where it must rise."""
        found = self.negotiate(quote, replace(policy, margin=margin, quantile=confidence))
        return 1 - found.floors["full"] / quote.price


def paid(late: Late, customer: str | None) -> tuple[float, float]:
    """The days from issue to payment that are to be expected of a customer, and the chance that it never pays."""
    chances = late.of(customer)
    total = float(chances.sum())
    days = float(chances @ np.arange(len(chances))) / total if total > 0 else 0.0
    return days, max(1 - total, 0.0)


def _budget(project: Mapping[str, Any]) -> float:
    """What a project was to cost, its amendments included."""
    growth = 1 + float(project["amendments"]) / float(project["contract"]) if project["contract"] else 1.0
    return float(project["budget_cost"] or 0) * max(growth, 0.0)


def words(found: Negotiation, currency: str, language: str) -> str:
    """What a salesperson reads."""
    room = found.room["full"]
    said = _ABOVE if room >= 0 else _BELOW
    shown = _fr if language == "fr" else _en
    amounts = {"floor": found.floors["full"], "direct": found.floors["contribution"], "room": abs(room), "percent": found.each_percent}
    return said[language].format(**{name: f"{shown(amount)} {currency}" for name, amount in amounts.items()})


_ABOVE = {
    "fr": "Vous pouvez descendre jusqu'à {floor} ; il reste {room}, et chaque pour cent de plus coûte {percent} de marge.",
    "en": "You can go down to {floor}; {room} are left, and each further 1% costs {percent} of margin.",
}
_BELOW = {
    "fr": "Le prix est déjà {room} sous le plancher de {floor} ; les coûts directs sont couverts à partir de {direct}.",
    "en": "The price is {room} below the floor of {floor} already; direct costs are covered from {direct} on.",
}


def _en(amount: float) -> str:
    return f"{amount:,.0f}"


def _fr(amount: float) -> str:
    return f"{amount:,.0f}".replace(",", "\u202f")


_TAX = """
    SELECT sum(gross)::DOUBLE / nullif(sum(net)::DOUBLE, 0) - 1 AS tax FROM invoice WHERE kind = 'invoice' AND issued_on <= $as_of"""
_PRODUCTS = """
    SELECT golden_id, cost::DOUBLE AS cost, coalesce(regexp_matches(lower(strip_accents(unit)), $work), false) AS work FROM golden_product"""
_LINES = """
    SELECT d.customer_id, d.kind, x.rate, l.product_id, l.quantity::DOUBLE AS quantity,
        (if(l.key IS NULL, d.amount, l.amount) * x.rate)::DOUBLE AS price
    FROM (SELECT *, coalesce(closes_on, created_on, $as_of) AS priced_on FROM deal WHERE source = $source AND key = $key) d
    LEFT JOIN deal_line l ON l.source = d.source AND l.deal = d.key
    ASOF LEFT JOIN exchange x ON x.currency = d.currency AND d.priced_on >= x.since
    ORDER BY l.key"""
