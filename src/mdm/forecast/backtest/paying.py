"""Back-test of when customers pay: origins of the past, what was known at each, and what came.

In:  `Frames` and the last day of which it is known what came.
Out: model (`due date`, `customer mean`, `segment`, `habits`), measure, value, n (what it is the mean of or was pooled over), low and high (the
     range in which a true 80 % band would lie; else null). By model and measure in the order of the words above and below.

Measures: `crps`: CRPS of the date of payment in days, of invoices open at an origin, those still open at the end censored there, all up to
180 days after their origin. `wape` and `bias`: of the cash of each of the four weeks that follow an origin, from invoices open at it, in the
company's currency. `coverage`: of the 80 % band of the cash of a week. `pinball`: of the P10 and P90 of the cash of a week, the mean of both.

The baselines: the due date; the due date and the mean delay of the customer, that of all weighing as three invoices; and the Kaplan-Meier
curve of the segment, given the age of the invoice. Everything is learned anew at each origin; what the source says of the state of an
invoice is left aside, since it is of today.
"""

from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mdm.forecast.backtest.distribution import bias, coverage, crps_by_day, pinball, wape
from mdm.forecast.exchange import exchange
from mdm.forecast.frames import Frames, query
from mdm.forecast.payments import banking
from mdm.forecast.payments.expected import standing, still_open
from mdm.forecast.payments.habits import DAYS, DISPUTE, FIRST, delays
from mdm.forecast.payments.outcomes import SEGMENTS, outcomes
from mdm.forecast.payments.payers import NEVER_DAY, Payers, days_of, learned
from mdm.forecast.settlement import settlements

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

POINTS = ("due date", "customer mean")
MODELS = (*POINTS, "segment", "habits")
MEASURES = ("crps", "wape", "bias", "coverage", "pinball")
WEEKS = 4
"""After an origin, so that monthly origins share none."""
HORIZON = 180
"""Days after an origin that count for the date of payment."""
PRIOR_INVOICES = 3
"""How many invoices the mean of all customers weighs as much as."""
PATHS = 1000
BAND = (0.1, 0.9)
SCHEMA = pa.schema(
    [
        ("model", pa.string()), ("measure", pa.string()), ("value", pa.float64()), ("n", pa.int64()),
        ("low", pa.float64()), ("high", pa.float64()),
    ]
)  # fmt: skip

_CASH = """
    SELECT s.source, s.invoice AS key, s."on", sum(s.amount * x.rate)::DOUBLE AS amount
    FROM settlement s JOIN invoice i ON i.source = s.source AND i.key = s.invoice
    ASOF LEFT JOIN exchange x ON x.currency = i.currency AND i.issued_on >= x.since
    WHERE s.kind = 'payment' AND s."on" > $since AND s."on" <= $until GROUP BY ALL"""

_WORTH = """
    SELECT o.source, o.key, coalesce(o.open * x.rate, 0)::DOUBLE AS amount
    FROM open_invoice o ASOF LEFT JOIN exchange x ON x.currency = o.currency AND o.issued_on >= x.since ORDER BY o.source, o.key"""


@dataclass(frozen=True)
class Origin:
    """What was known at an origin of the invoices open then, and what came of them: an element an invoice, cash a week."""

    as_of: date
    left: pa.Table
    how: Payers
    due: Ints
    age: Ints
    came: Array
    """Days from due date to payment; infinite where it has not come."""
    until: Ints
    """Days from due date to the last day that is known."""
    worth: Array
    cash: Array
    """What they brought in each of the weeks that are known to their end."""
    past: pa.Table
    """What had become of all invoices."""


def backtest(frames: Frames, until: date, *, first: date | None = None, currency: str = "EUR", seed: int = 1) -> pa.Table:
    """Scores of the model and its baselines over monthly origins, by what is known on a day."""
    told = list(origins(frames, until, first=first, currency=currency))
    rng = np.random.default_rng(seed)
    rows = [row for model in MODELS for row in _scored(model, told, rng)]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def origins(frames: Frames, until: date, *, first: date | None = None, currency: str = "EUR") -> Iterator[Origin]:
    """The ends of months on which enough was known to learn from: thirty invoices paid, or from the day that is given."""
    undated = _without_states(frames)
    final = outcomes(undated, settlements(undated, until), until)
    for as_of in _month_ends(final, until):
        past = outcomes(undated, settlements(undated, as_of), as_of)
        if as_of >= (first or as_of) and (first is not None or pc.sum(pc.equal(past["outcome"], "paid")).as_py() >= 30):
            yield _origin(undated, final, past, as_of, until, currency)


def _without_states(frames: Frames) -> Frames:
    invoices = frames.facts["invoice"]
    at = invoices.schema.get_field_index("status")
    return replace(frames, facts={**frames.facts, "invoice": invoices.set_column(at, "status", pa.nulls(invoices.num_rows, pa.string()))})


def _month_ends(final: pa.Table, until: date) -> Iterator[date]:
    begun = pc.min(final["issued_on"]).as_py()
    day = None if begun is None else begun.replace(day=monthrange(begun.year, begun.month)[1])
    while day is not None and day + timedelta(days=7) <= until:
        yield day
        following = day + timedelta(days=1)
        day = following.replace(day=monthrange(following.year, following.month)[1])


def _origin(frames: Frames, final: pa.Table, past: pa.Table, as_of: date, until: date, currency: str) -> Origin:
    open_ = still_open(past)
    # What a payment was too small by is hardly a forecast of a date, and credit notes tell nothing of payments.
    fate = {(row["source"], row["key"]): row for row in final.select(["source", "key", "outcome", "paid_on"]).to_pylist()}
    keys = list(zip(open_["source"].to_pylist(), open_["key"].to_pylist(), strict=True))
    counted = [not short and fate[key]["outcome"] != "cancelled" for key, short in zip(keys, open_["short"].to_pylist(), strict=True)]
    left, keys = open_.filter(pa.array(counted, pa.bool_())), [key for key, kept in zip(keys, counted, strict=True) if kept]
    due = days_of(left["due_on"])
    paid = np.array([np.inf if fate[key]["paid_on"] is None else banking.number(fate[key]["paid_on"]) for key in keys], dtype=np.float64)
    tables = {"exchange": exchange(frames, currency), "open_invoice": left}
    worth = query(frames, _WORTH, tables=tables)["amount"].to_numpy()
    weeks = min(WEEKS, (until - as_of).days // 7)
    tables["settlement"] = settlements(frames, until)
    cash = np.zeros(weeks)
    known = set(keys)
    for row in query(frames, _CASH, tables=tables, since=as_of, until=as_of + timedelta(days=7 * weeks)).to_pylist():
        if (row["source"], row["key"]) in known:
            cash[((row["on"] - as_of).days - 1) // 7] += row["amount"]
    at = banking.number(as_of)
    return Origin(as_of, left, learned(past, as_of), due, at - due, paid - due, banking.number(until) - due, worth, cash, past)


def _scored(model: str, told: list[Origin], rng: np.random.Generator) -> Iterator[dict[str, object]]:
    shares = [forecast_of(model, origin) for origin in told]
    weekly = [
        weekly_cash(origin, share, rng, origin.how if model == "habits" else None) for origin, share in zip(told, shares, strict=True)
    ]
    crps = [_crps(origin, share) for origin, share in zip(told, shares, strict=True)]
    days, middle = _joined(crps), _joined([middle for middle, _, _ in weekly])
    low, high, came = _joined([low for _, low, _ in weekly]), _joined([high for _, _, high in weekly]), _joined([one.cash for one in told])
    inside = coverage(low, high, came)
    tails = (pinball(low, came, BAND[0]) + pinball(high, came, BAND[1])) / 2
    values = {
        "crps": (_mean(days), len(days)),
        "wape": (wape(middle, came), len(came)),
        "bias": (bias(middle, came), len(came)),
        "coverage": (inside.share, len(came)),
        "pinball": (_mean(tails), len(came)),
    }
    if model in POINTS:
        del values["coverage"]  # a single number has no band
    for measure, (value, count) in values.items():
        range_ = {"low": inside.low, "high": inside.high} if measure == "coverage" else {"low": None, "high": None}
        yield {"model": model, "measure": measure, "value": value, "n": count, **range_}


def _crps(origin: Origin, shares: Array) -> Array:
    until = np.minimum(origin.until, origin.age + HORIZON)
    return crps_by_day(shares[:, :-1], DAYS, origin.came, origin.age, until)


def forecast_of(model: str, origin: Origin) -> Array:
    """How likely each delay of `DAYS`, and never, is of every invoice, given its age."""
    return _SHARES[model](origin)


def weekly_cash(origin: Origin, shares: Array, rng: np.random.Generator, how: Payers | None = None) -> tuple[Array, Array, Array]:
    """Of the cash of each week the middle and both ends of the band; drawn by customer with `how`, else every invoice by itself."""
    if how is not None:
        rows, after, disputed = standing(origin.left, how, origin.as_of)
        drawn = how.sample(rows, after, PATHS, rng, disputed)
        day = how.settled(rows, np.where(drawn == NEVER_DAY, 0, drawn) + origin.due[:, None])
        week = np.where(drawn == NEVER_DAY, -1, (day - banking.number(origin.as_of) - 1) // 7)
    else:
        sums = shares.cumsum(1)
        cell = (sums[:, None, :] < (rng.random((len(shares), PATHS // 5)) * sums[:, -1:])[:, :, None]).sum(2)
        week = np.where(cell >= len(DAYS), -1, (cell + FIRST - origin.age[:, None] - 1) // 7)
    paths = (
        np.stack([(origin.worth[:, None] * (week == at)).sum(0) for at in range(len(origin.cash))])
        if len(origin.cash)
        else np.empty((0, 1))
    )
    low, middle, high = np.quantile(paths, (BAND[0], 0.5, BAND[1]), axis=1) if len(paths) else (np.empty(0),) * 3
    return middle, low, high


def _due_dates(origin: Origin) -> Array:
    return _certain(np.maximum(0, origin.age + 1))


def _customer_means(origin: Origin) -> Array:
    paid = origin.past.filter(pc.equal(origin.past["outcome"], "paid"))
    late = (days_of(paid["paid_on"]) - days_of(paid["due_on"])).astype(np.float64)
    names = paid["customer_id"].to_pylist()
    usual = _mean(late) if len(late) else 0.0
    sums: dict[str | None, float] = {}
    counts: dict[str | None, int] = {}
    for name, days in zip(names, late, strict=True):
        sums[name], counts[name] = sums.get(name, 0.0) + days, counts.get(name, 0) + 1
    means = [
        (sums.get(name, 0.0) + PRIOR_INVOICES * usual) / (counts.get(name, 0) + PRIOR_INVOICES)
        for name in origin.left["customer_id"].to_pylist()
    ]
    return _certain(np.maximum(np.round(np.array(means, dtype=np.float64)).astype(np.int64), origin.age + 1))


def _segments(origin: Origin) -> Array:
    """Kaplan and Meier 1958, by segment; of one without an invoice that of all."""
    past = origin.past.filter(pc.not_equal(origin.past["outcome"], "cancelled"))
    segment = np.array([SEGMENTS.index(name) for name in past["segment"].to_pylist()])
    paid = np.array([name == "paid" for name in past["outcome"].to_pylist()], dtype=bool)
    until = np.where(paid, days_of(past["paid_on"]), banking.number(origin.as_of)) - days_of(past["due_on"])
    curves = [_kaplan_meier(until[mine], paid[mine]) for at in range(len(SEGMENTS)) for mine in [(segment == at) | ~np.any(segment == at)]]
    return given(np.array(curves)[[SEGMENTS.index(name) for name in origin.left["segment"].to_pylist()]], origin.age)


def _kaplan_meier(until: Ints, ended: npt.NDArray[np.bool_]) -> Array:
    cell = np.clip(until - FIRST, 0, len(DAYS) - 1)
    events, all_ = np.bincount(cell[ended], minlength=len(DAYS)), np.bincount(cell, minlength=len(DAYS))
    at_risk = all_[::-1].cumsum()[::-1]
    survival = np.cumprod(1.0 - events / np.maximum(at_risk, 1))
    return np.concatenate([-np.diff(survival, prepend=1.0), survival[-1:]])


def _habits(origin: Origin) -> Array:
    rows, _, disputed = standing(origin.left, origin.how, origin.as_of)
    shares = np.where(disputed[:, None], delays(origin.how.habits, rows, DISPUTE), delays(origin.how.habits, rows))
    return given(on_days_seen(shares, origin), origin.age)


def on_days_seen(shares: Array, origin: Origin) -> Array:
    """Distributions by day of the calendar moved to the days on which money is seen."""
    rows = standing(origin.left, origin.how, origin.as_of)[0]
    seen = origin.how.settled(rows, origin.due[:, None] + DAYS[None, :]) - origin.due[:, None] - FIRST
    moved = np.zeros_like(shares)
    np.add.at(moved, (np.arange(len(shares))[:, None], np.minimum(seen, len(DAYS))), shares[:, :-1])
    moved[:, -1] += shares[:, -1]
    return moved


def _certain(delay: Ints) -> Array:
    found = np.zeros((len(delay), len(DAYS) + 1))
    found[np.arange(len(delay)), np.clip(delay - FIRST, 0, len(DAYS))] = 1.0
    return found


def given(shares: Array, age: Ints) -> Array:
    """Distributions given that the delay is longer than the age; never, where nothing is left."""
    left = np.concatenate([np.where(DAYS[None, :] > age[:, None], shares[:, :-1], 0.0), np.maximum(shares[:, -1:], 1e-9)], axis=1)
    found: Array = left / left.sum(1, keepdims=True)
    return found


_SHARES: dict[str, Callable[[Origin], Array]] = {
    "due date": _due_dates,
    "customer mean": _customer_means,
    "segment": _segments,
    "habits": _habits,
}


def _joined(parts: list[Array]) -> Array:
    return np.concatenate(parts) if parts else np.empty(0)


def _mean(values: Array) -> float:
    return float(values.mean()) if len(values) else float("nan")
