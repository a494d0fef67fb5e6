"""What the months ahead are made of: open deals, the backlog of projects, open invoices, and deals that nobody has created yet.

In:  the facts deal, deal_line, deal_phase, plan_line, invoice, payment, write_off, cost and employee, the golden records; chances of deals by
     month as `deals.winning` has them; how late customers pay.
Out: `Ahead`: the deals as items of `Paths`, and what is signed as money by path and period.

Measures, in the company's currency: bookings (orders, without tax, when they are won), revenue (what is earned), cost (of what is earned),
billing (invoices, without tax), cash (with tax); margin is revenue - cost. A deal brings its amount by its phases, at the distance that they
have to its closing date; its costs are those of its products, in their absence those of past projects. A line of a plan is billed as late
as past lines were, given that it was not until now; a project without a plan is billed evenly until its end. An invoice to come is paid as
its customer pays.

New deals are a compound Poisson process: as many as in the past twelve months, in the same months of the year, each won as late and as often
as deals that began then were, with the amount of one of them; the market moves them too. They are a band of their own, for nobody has seen them yet.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mdm.forecast.cash import open_documents
from mdm.forecast.completion import spread
from mdm.forecast.exchange import exchange
from mdm.forecast.frames import Frames, query
from mdm.forecast.phases import phases
from mdm.forecast.profitability import profitability
from mdm.forecast.settlement import settlements
from mdm.forecast.simulator.paths import Floats, Items
from mdm.forecast.simulator.periods import Calendar

MEASURES = ("bookings", "revenue", "cost", "billing", "cash")
STANDARD_TAX = 0.20
"""Where no invoice tells: CGI art. 278."""
LASTS = 90
"""Days over which what is left of a project is earned that has no end or is past it."""
EARLY, LONGEST = 60, 365
_NOTHING = 1e-9
"""Days before and after its day within which a line is billed, or not at all."""
FEW = 20
"""Lines billed from which on it is believed how late they are."""
Doubles = NDArray[np.float64]
Why = Literal["unpriced", "no_rate", "forgotten"]


@dataclass(frozen=True)
class Late:
    """How customers pay: by golden customer, and under None anybody, the chance to be paid so many days after the issue of an invoice.

    Arrays start with day 0; what is missing to 1 is never paid.
    """

    days: Mapping[str | None, Doubles]

    def of(self, customer: str | None) -> Doubles:
        """Of one customer."""
        return self.days.get(customer, self.days[None])


@dataclass(frozen=True)
class Signed:
    """Money that is signed, a row a fact.

    when: by period, its share of the amount; where `drawn`, the chance that all of it comes then.
    """

    when: Floats
    amount: Floats
    drawn: bool = False


@dataclass(frozen=True)
class Ahead:
    """What the periods ahead are made of."""

    calendar: Calendar
    currency: str
    deals: pa.Table
    """source, key, name, golden_customer_id, golden_salesperson_id, kind, amount, probability, cost_share, cost_by; a row an item."""
    items: Items
    signed: Mapping[str, Sequence[Signed]]
    unsure: Mapping[str, Doubles]
    """Of projects under way, the cost to come and its log-normal spread: `rest` and `sigma`, and `when`, project by period."""
    fresh: "Fresh"
    left_out: Sequence[tuple[str, Why]] = field(default_factory=tuple)
    """What could not be taken in, as `source:key`, and why: deals without amount, or in a currency that nobody has a rate of; lines of plans that
    are later than any was before it was billed, which are rather to be found among leaks."""


@dataclass(frozen=True)
class Fresh:
    """Deals to come: how many are won, period by prototype; amounts; and how the money of one of them spreads, by measure and lag."""

    won: Doubles
    amounts: Doubles
    spread: Mapping[str, Doubles]
    share: float
    """What is won in the end of what deals are worth."""


_DEALS = """
    WITH priced AS (
        SELECT w.source, w.key, w.name, w.golden_customer_id, w.golden_salesperson_id, d.kind, w.currency, w.probability, w.months, x.rate,
            coalesce(w.amount, (SELECT sum(l.amount) FROM deal_line l WHERE l.source = w.source AND l.deal = w.key)) AS amount
        FROM (SELECT *, $as_of::DATE AS priced_on FROM winning) w JOIN deal d ON d.source = w.source AND d.key = w.key
        ASOF LEFT JOIN exchange x ON x.currency = w.currency AND w.priced_on >= x.since
    ), costs AS (
        SELECT l.source, l.deal, sum(l.quantity * p.cost)::DOUBLE AS cost, sum(l.amount)::DOUBLE AS amount
        FROM deal_line l JOIN golden_product p ON p.golden_id = l.product_id WHERE p.cost IS NOT NULL AND l.quantity IS NOT NULL GROUP BY ALL
    )
    SELECT p.source, p.key, p.name, p.golden_customer_id, p.golden_salesperson_id, p.kind,
        (p.amount * p.rate)::DOUBLE AS amount, p.probability, p.months, p.amount IS NULL AS unpriced, p.currency,
        if(c.amount > 0, c.cost / c.amount, NULL) AS cost_share
    FROM priced p LEFT JOIN costs c ON c.source = p.source AND c.deal = p.key ORDER BY p.source, p.key"""

_LINES = """
    SELECT l.source, l.key, p.golden_id, p.customer, l.planned_on, (l.amount * x.rate)::DOUBLE AS amount, l.status
    FROM plan_line l
    JOIN (SELECT *, coalesce(currency, $currency) AS its_currency, coalesce(ordered_on, starts_on, $as_of) AS priced_on FROM golden_project) p
        ON p.golden_id = l.project_id
    ASOF JOIN exchange x ON x.currency = p.its_currency AND p.priced_on >= x.since
    WHERE l.status IN ('planned', 'done') AND l.amount <> 0 ORDER BY l.source, l.key"""

_LATENESS = """
    SELECT coalesce(i.issued_on, $as_of) - l.planned_on AS days, i.issued_on IS NOT NULL AS billed
    FROM plan_line l LEFT JOIN invoice i ON i.source = l.source AND i.key = l.invoice AND i.issued_on <= $as_of
    WHERE l.status <> 'cancelled' AND l.planned_on BETWEEN $as_of - 730 AND $as_of AND (l.invoice IS NULL) = (i.key IS NULL)"""

_TAXED = """
    SELECT customer_id, sum(gross)::DOUBLE / sum(net)::DOUBLE - 1 AS tax FROM invoice
    WHERE kind = 'invoice' AND issued_on <= $as_of AND net > 0 GROUP BY customer_id
    UNION ALL
    SELECT NULL, sum(gross)::DOUBLE / sum(net)::DOUBLE - 1 FROM invoice WHERE kind = 'invoice' AND issued_on <= $as_of AND net > 0 HAVING sum(net) > 0"""

_CREATED = """
    SELECT d.source, d.key, d.created_on, d.status, if(d.status = 'open', NULL, d.closes_on) AS closed_on, x.rate,
        (coalesce(d.amount, (SELECT sum(l.amount) FROM deal_line l WHERE l.source = d.source AND l.deal = d.key)) * x.rate)::DOUBLE AS amount
    FROM deal d ASOF JOIN exchange x ON x.currency = d.currency AND d.created_on >= x.since
    WHERE d.created_on <= $as_of ORDER BY d.created_on, d.source, d.key"""


def ahead(frames: Frames, calendar: Calendar, winning: pa.Table, late: Late, currency: str = "EUR") -> Ahead:
    """What the periods ahead are made of, as it is known on the first day of the calendar."""
    as_of = calendar.as_of
    rates = {"exchange": exchange(frames, currency), "winning": winning}
    found = query(frames, _DEALS, tables=rates, as_of=as_of).to_pylist()
    left_out = [(f"{row['source']}:{row['key']}", _why(row)) for row in found if row["amount"] is None]
    rows = [row for row in found if row["amount"] is not None]
    projects = profitability(frames, as_of, currency).to_pylist()
    usual = _cost_share(projects)
    for row in rows:
        row["cost_by"] = "products" if row["cost_share"] is not None else "past projects" if usual is not None else "unknown"
        row["cost_share"] = row["cost_share"] if row["cost_share"] is not None else usual or 0.0
    lags = _lags(frames, {(row["source"], row["key"]) for row in rows}, calendar)
    taxes = {row["customer_id"]: row["tax"] for row in query(frames, _TAXED, as_of=as_of).to_pylist()}
    paid = _Paid(late, taxes, calendar)
    items = _items(rows, lags, paid, calendar)
    lines = query(frames, _LINES, tables=rates, as_of=as_of, currency=currency).to_pylist()
    slips = _slips(frames, as_of)
    left_out += [(f"{line['source']}:{line['key']}", "forgotten") for line in lines if _forgotten(_day(line["planned_on"]), slips, as_of)]
    signed, unsure = _backlog(projects, lines, slips, paid, calendar)
    signed["cash"] += _open(frames, late, calendar, rates["exchange"], currency)
    columns = (
        "source",
        "key",
        "name",
        "golden_customer_id",
        "golden_salesperson_id",
        "kind",
        "amount",
        "probability",
        "cost_share",
        "cost_by",
    )
    deals = pa.table({name: pa.array([row[name] for row in rows], _TYPES.get(name, pa.string())) for name in columns})
    return Ahead(calendar, currency, deals, items, signed, unsure, _fresh(frames, rates["exchange"], rows, items, calendar), left_out)


_TYPES = {"amount": pa.float64(), "probability": pa.float64(), "cost_share": pa.float64()}


def _why(row: Mapping[str, object]) -> Why:
    return "unpriced" if row["unpriced"] else "no_rate"


def _cost_share(projects: Sequence[Mapping[str, object]]) -> float | None:
    """What past projects cost of what they brought; null where there is none."""
    ended = [row for row in projects if row["progress_by"] == "closed" and row["contract"]]
    price = sum(float(str(row["contract"])) + float(str(row["amendments"])) for row in ended)
    return sum(float(str(row["cost_to_date"])) for row in ended) / price if price > 0 else None


def _lags(frames: Frames, deals: Collection[tuple[str, str]], calendar: Calendar) -> Mapping[tuple[str, str], list[tuple[int, float]]]:
    """By deal, its amount by periods after its closing date, as shares."""
    shares: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for row in phases(frames).select(["source", "deal", "closes_on", "due_on", "amount"]).to_pylist():
        if (row["source"], row["deal"]) in deals and row["amount"]:
            days = (row["due_on"] - row["closes_on"]).days if row["due_on"] and row["closes_on"] else 0
            lag = min(max(round(days / calendar.usual_days), 0), calendar.count - 1)
            shares.setdefault((row["source"], row["deal"]), []).append((lag, float(row["amount"])))
    return {
        deal: [(lag, amount / total) for lag, amount in parts]
        for deal, parts in shares.items()
        if (total := sum(amount for _, amount in parts))
    }


class _Paid:
    """When an invoice to come is paid, and what its tax adds."""

    def __init__(self, late: Late, taxes: Mapping[str | None, float], calendar: Calendar) -> None:
        self._late, self._taxes, self._calendar = late, taxes, calendar
        self._known: dict[str | None, Doubles] = {}

    def by_lag(self, customer: str | None) -> Doubles:
        """The chance that it is paid so many periods after its own; it is issued some day of that, so half a period late on average."""
        if customer not in self._known:
            chance, count = self._late.of(customer), self._calendar.count
            place = np.minimum((np.arange(len(chance)) / self._calendar.usual_days + 0.5).astype(int), count)
            self._known[customer] = np.asarray(np.bincount(place, chance, count + 1)[:count], np.float64)
        return self._known[customer]

    def taxed(self, customer: str | None) -> float:
        """What one euro comes to with its tax."""
        tax = self._taxes.get(customer)
        return 1 + (self._taxes.get(None, STANDARD_TAX) if tax is None else tax)


def _items(
    rows: Sequence[Mapping[str, object]], lags: Mapping[tuple[str, str], list[tuple[int, float]]], paid: _Paid, calendar: Calendar
) -> Items:
    count, periods = len(rows), calendar.count
    when = _by_period(rows, calendar)
    chance = when.sum(axis=1)
    amount = np.array([row["amount"] for row in rows], np.float64)
    spread = np.zeros((count, periods))
    cash = np.zeros((count, periods))
    for at, row in enumerate(rows):
        for lag, share in lags.get((str(row["source"]), str(row["key"])), [(0, 1.0)]):
            spread[at, lag] += share
        customer = _id(row["golden_customer_id"])
        cash[at] = np.convolve(spread[at], paid.by_lag(customer))[:periods] * paid.taxed(customer)
    booked = np.zeros((count, periods))
    booked[:, 0] = 1
    costs = np.array([row["cost_share"] for row in rows], np.float64)
    yields = {"bookings": booked, "revenue": spread, "cost": spread * costs[:, None], "billing": spread, "cash": cash}
    market = np.argmax(when, axis=1) * calendar.usual_days // 91 if count else np.zeros(0)
    return Items(
        chance.astype(np.float32),
        np.divide(when, chance[:, None], out=np.zeros_like(when), where=chance[:, None] > 0).astype(np.float32),
        {name: (part * amount[:, None]).astype(np.float32) for name, part in yields.items()},
        market.astype(np.int64),
    )


def _by_period(rows: Sequence[Mapping[str, object]], calendar: Calendar) -> Doubles:
    """Deal by period: the chance to be won then. Within a month, all days are as likely."""
    if not rows:
        return np.zeros((0, calendar.count))
    months = np.array([row["months"] for row in rows], np.float64)
    if calendar.step == "month":
        short = calendar.count - months.shape[1]
        return np.pad(months, ((0, 0), (0, max(short, 0))))[:, : calendar.count]
    by_month = Calendar(calendar.as_of, "month", months.shape[1])
    share = np.zeros((by_month.count, calendar.count))
    for at, start in enumerate(by_month.starts):
        days = by_month.days(at)
        for day in range(days):
            place = calendar.place(start + timedelta(day))
            if place < calendar.count:
                share[at, place] += 1 / days
    return np.asarray(months @ share)


def _backlog(
    projects: Sequence[Mapping[str, object]], lines: Sequence[Mapping[str, object]], slips: Doubles, paid: _Paid, calendar: Calendar
) -> tuple[dict[str, list[Signed]], Mapping[str, Doubles]]:
    """What signed projects bring: revenue until their end, billing by their plans, cash as it is paid; and their costs to come."""
    planned = {line["golden_id"] for line in lines}
    open_ones = [row for row in projects if row["progress_by"] != "closed" and row["backlog"] is not None]
    spans = np.array([_evenly(row, calendar) for row in open_ones]).reshape(len(open_ones), calendar.count)
    backlog = np.array([float(str(row["backlog"])) for row in open_ones])
    rest = np.array([_rest(row, "estimate_at_completion") for row in open_ones])
    sigma = spread(rest, np.array([_rest(row, "eac_p90") for row in open_ones]))
    when = np.array([_billed(_day(line["planned_on"]), slips, calendar) for line in lines]).reshape(len(lines), calendar.count)
    unplanned = [
        at for at, row in enumerate(open_ones) if row["golden_project_id"] not in planned and float(str(row["to_invoice"] or 0)) > 0
    ]
    when = np.concatenate([when, spans[unplanned]])
    customers = [_id(line["customer"]) for line in lines] + [_id(open_ones[at]["golden_customer_id"]) for at in unplanned]
    amounts = np.array([float(str(line["amount"])) for line in lines] + [float(str(open_ones[at]["to_invoice"])) for at in unplanned])
    received = np.array([np.convolve(row, paid.by_lag(customer))[: calendar.count] for row, customer in zip(when, customers, strict=True)])
    gross = amounts * np.array([paid.taxed(customer) for customer in customers])
    signed = {
        "revenue": [Signed(spans.astype(np.float32), backlog.astype(np.float32))],
        "billing": [Signed(when.astype(np.float32), amounts.astype(np.float32), drawn=True)],
        "cash": [Signed(received.reshape(when.shape).astype(np.float32), gross.astype(np.float32), drawn=True)],
    }
    return signed, {"rest": rest, "sigma": sigma, "when": spans}


def _slips(frames: Frames, as_of: date) -> Doubles:
    """The chance that a line is billed so many days after its day, `EARLY` days before it first (Kaplan and Meier: open lines are censored)."""
    seen = query(frames, _LATENESS, as_of=as_of)
    days, billed = seen["days"].to_numpy().astype(int), seen["billed"].to_numpy(zero_copy_only=False)
    chances = np.zeros(EARLY + LONGEST + 1)
    if billed.sum() < FEW:
        chances[EARLY] = 1
        return chances
    place = np.clip(days, -EARLY, LONGEST) + EARLY
    ended, there = (np.bincount(place[which], minlength=len(chances)) for which in (billed, slice(None)))
    at_risk = len(place) - np.concatenate([[0], np.cumsum(there)[:-1]])
    hazard = np.divide(ended, at_risk, out=np.zeros(len(chances)), where=at_risk > 0)
    left = np.concatenate([[1.0], np.cumprod(1 - hazard)])
    return np.asarray(left[:-1] - left[1:])


def _yet(planned: date, slips: Doubles, as_of: date) -> tuple[int, Doubles]:
    """How many days of its chances a line has behind it, and the others."""
    gone = min(max((as_of - planned).days + EARLY, 0), len(slips))
    return gone, slips[gone:]


def _forgotten(planned: date, slips: Doubles, as_of: date) -> bool:
    """Whether no line was ever billed so late, though enough were seen."""
    return bool(_yet(planned, slips, as_of)[1].sum() <= 0 and slips.sum() < 1 - _NOTHING)


def _billed(planned: date, slips: Doubles, calendar: Calendar) -> Doubles:
    """By period, the chance that a line that was not billed until now is billed then; none where none was ever billed so late."""
    first = planned - timedelta(EARLY)
    gone, chances = _yet(planned, slips, calendar.as_of)
    never = 1 - slips.sum()
    when = np.zeros(calendar.count + 1)
    if chances.sum() + never < _NOTHING:  # too few were seen to tell how late one may be
        when[0] = 1
        return when[:-1]
    days = np.flatnonzero(chances)
    np.add.at(when, [calendar.place(first + timedelta(gone + int(day))) for day in days], chances[days])
    return np.asarray(when[:-1] / (chances.sum() + never))


def _id(value: object) -> str | None:
    return None if value is None else str(value)


def _rest(row: Mapping[str, object], name: str) -> float:
    value = row[name]
    return max(float(str(value)) - float(str(row["cost_to_date"])), 0.0) if value is not None else 0.0


def _day(value: object) -> date:
    assert isinstance(value, date)
    return value


def _evenly(row: Mapping[str, object], calendar: Calendar) -> Doubles:
    """Shares of the periods over which a project goes on; one whose end is past or unknown goes on for `LASTS` days."""
    start = max(_day(row["starts_on"]), calendar.as_of) if row["starts_on"] else calendar.as_of
    end = _day(row["ends_on"]) if row["ends_on"] and _day(row["ends_on"]) > start else start + timedelta(LASTS)
    days = np.array([calendar.place(start + timedelta(at)) for at in range(max((end - start).days, 1))])
    return np.bincount(days, minlength=calendar.count + 1)[: calendar.count] / len(days)


def _open(frames: Frames, late: Late, calendar: Calendar, rates: pa.Table, currency: str) -> list[Signed]:
    """Open invoices by when they are paid, given that they were not until now; credit notes lower what is to come."""
    rows = query(
        frames,
        """SELECT r.issued_on, r.golden_customer_id AS customer, (r.open * x.rate)::DOUBLE AS open
           FROM receivable r ASOF JOIN exchange x ON x.currency = r.currency AND r.issued_on >= x.since ORDER BY r.source, r.key""",
        tables={"receivable": open_documents(frames, settlements(frames, calendar.as_of), calendar.as_of), "exchange": rates},
        currency=currency,
    ).to_pylist()
    when = np.zeros((len(rows), calendar.count))
    ends = [(start - calendar.as_of).days for start in calendar.starts] + [
        (calendar.starts[-1] - calendar.as_of).days + calendar.days(calendar.count - 1)
    ]
    for at, row in enumerate(rows):
        chance, age = late.of(row["customer"]), (calendar.as_of - row["issued_on"]).days
        ahead_of_it = chance[min(age, len(chance)) :]
        left = ahead_of_it.sum() + max(1 - chance.sum(), 0)
        if left > 0 and len(ahead_of_it):
            place = np.searchsorted(ends, np.arange(len(ahead_of_it)), side="right") - 1
            when[at] = np.bincount(place, ahead_of_it, calendar.count + 1)[: calendar.count] / left
    return [Signed(when.astype(np.float32), np.array([row["open"] for row in rows], np.float32), drawn=True)]


def _fresh(frames: Frames, rates: pa.Table, rows: Sequence[Mapping[str, object]], items: Items, calendar: Calendar) -> Fresh:
    """Deals to come: those of the past twelve months once more, in the same part of the year, won as late as deals are."""
    as_of = calendar.as_of
    created = query(frames, _CREATED, tables={"exchange": rates}, as_of=as_of).to_pylist()
    by_age = _won_by_age(created, calendar)
    recent = [row for row in created if row["amount"] is not None and row["created_on"] > as_of - timedelta(365)]
    won = np.zeros((calendar.count, len(recent)))
    for at, row in enumerate(recent):
        for year in (1, 2):
            day = row["created_on"] + timedelta(365 * year)
            start = calendar.place(day)
            won[start:, at] += by_age[: calendar.count - start]
    amounts = np.array([row["amount"] for row in recent], np.float64)
    total = float(items.yields["bookings"].sum()) if items.count else 0.0
    spread = {
        name: items.yields[name].sum(axis=0, dtype=np.float64) / total if total else np.eye(1, calendar.count)[0] * (name != "cost")
        for name in MEASURES
    }
    return Fresh(won, amounts, spread, float(by_age.sum()))


def _won_by_age(created: Sequence[Mapping[str, object]], calendar: Calendar) -> Doubles:
    """The share of what deals are worth that is won so many periods after that in which they began.

    Aalen and Johansen, by amount: open deals count as long as they were seen, and large ones, which are won more rarely, as what they are.
    """
    at_risk, won, lost = (np.zeros(calendar.count) for _ in range(3))
    for row in created:
        worth = float(str(row["amount"] or 0))
        begun, ended = _day(row["created_on"]), row["closed_on"]
        until = _day(ended) if ended and _day(ended) <= calendar.as_of else calendar.as_of
        age = min(max(int((until - begun).days // calendar.usual_days), 0), calendar.count - 1)
        at_risk[: age + 1] += worth
        if ended and _day(ended) <= calendar.as_of:
            (won if row["status"] == "won" else lost)[age] += worth
    hazard_won, hazard_lost = (np.divide(part, at_risk, out=np.zeros_like(part), where=at_risk > 0) for part in (won, lost))
    left = np.cumprod(np.concatenate([[1.0], 1 - hazard_won - hazard_lost]))[:-1]
    by_age = left * hazard_won
    # It began some day of its period: of those won at an age of so many whole periods, half are won one period later still.
    return np.asarray((by_age + np.concatenate([[0.0], by_age[:-1]])) / 2)
