"""Margins at completion with what is not known of them, and what projects come to by customer, group, product, salesperson, nature and period.

`risk`: in, rows of `profitability` and a floor, a rate on sales (taux de marque; 0 is a loss). Out, by row: margin_p10, margin_p90 (the 80 %
     interval), floor, below_floor (the probability that the margin at completion is below the floor; null where nobody can tell).
`shares`: in, `profitability` and the frames. Out: value (the id of the customer, product or salesperson, the nature, the period; null where there
     is none), label, golden_project_id, project, share (of the project), and the amounts of `AMOUNTS`; a row a project and value.
`rollup`: in, shares. Out: value, label, projects, the amounts, taux_de_marque_to_date, taux_de_marque_at_completion, estimated (how many of the
     projects have an estimate at completion: only those are in its sums), by value, those without one last.

What remains to be spent is log-normal (`completion`), so P(margin < floor) = 1 - Phi(ln((price x (1 - floor) - cost) / rest) / sigma).

A project belongs to one customer, one group (the customer above all others), one salesperson, one nature and the period of its order. Over
products it is split by what was sold: the lines of its won deals, where it has none those of its invoices, each product by the sum of its lines;
a project with neither is of no product. Over periods of revenue it is split by the facts: an invoice counts on its day, a cost on its own; what
is no sum of dated facts is null there. Shares are rounded on their running sum, so they sum to the project to the cent, and all values together
to all projects. Amounts are in the company's currency, as those of `profitability` are.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
from scipy.stats import norm

from mdm.errors import BadInput
from mdm.forecast.completion import spread
from mdm.forecast.frames import Frames, query, to_cents
from mdm.forecast.lines import project_parts
from mdm.forecast.links import links
from mdm.relations import top

Row = Mapping[str, Any]

FLOWS = ("invoiced", "paid", "labour", "purchases", "cost_to_date", "margin_to_date")
"""Amounts that are sums of dated facts."""
ESTIMATED = ("estimate_at_completion", "margin_at_completion")
AMOUNTS = ("contract", "amendments", *FLOWS, "to_invoice", "budget_cost", "earned", "wip", "billed_in_advance", "backlog", *ESTIMATED)
"""What is summed."""
PERIODS = {"month": "%Y-%m", "quarter": None, "year": "%Y"}
DIMENSIONS = (
    "customer", "group", "product", "salesperson", "nature",
    *(f"order_{period}" for period in PERIODS), *(f"revenue_{period}" for period in PERIODS),
)  # fmt: skip
"""By what projects can be summed: periods are those of their order, or of their revenue."""

_CENTS = pa.decimal128(24, 2)
SHARES = pa.schema(
    [(name, pa.string()) for name in ("value", "label", "golden_project_id", "project")]
    + [("share", pa.float64())]
    + [(name, _CENTS) for name in AMOUNTS]
)
RISK = pa.schema([("margin_p10", _CENTS), ("margin_p90", _CENTS), ("floor", pa.float64()), ("below_floor", pa.float64())])
"""What `risk` tells."""


def risk(rows: Sequence[Row], floor: float = 0.0) -> list[dict[str, Any]]:
    """What is not known of the margins of projects, in the order of the rows."""
    wanted = ("cost_to_date", "estimate_at_completion", "eac_p90", "margin_at_completion")
    spent, eac, high, margin = (np.array([_float(row[name]) for row in rows], float) for name in wanted)
    rest, price = eac - spent, margin + eac
    with np.errstate(divide="ignore", invalid="ignore"):
        sigma = spread(rest, high - spent)
        room = price * (1 - floor) - spent
        below = 1 - norm.cdf(np.log(np.maximum(room, 0) / rest) / sigma)
        known = np.isfinite(margin)
        # Nothing remains, or to the cent as much: there is no doubt left.
        certain = known & ~((rest > 0) & (sigma > 0))
        below = np.where(certain, margin < floor * price, below)
    told = zip(rows, np.round(below, 4).tolist(), known.tolist(), strict=True)
    return [
        {
            "margin_p10": row["margin_at_completion"] + row["estimate_at_completion"] - row["eac_p90"] if sure else None,
            "margin_p90": row["margin_at_completion"] + row["estimate_at_completion"] - row["eac_p10"] if sure else None,
            "floor": floor,
            "below_floor": float(chance) if sure else None,
        }
        for row, chance, sure in told
    ]


def _float(value: Any) -> float:
    return float("nan") if value is None else float(value)


def shares(frames: Frames, profit: pa.Table, by: str, as_of: date, currency: str = "EUR") -> pa.Table:
    """What every project gives to every value of a dimension. Raises BadInput on one that there is not."""
    if by not in DIMENSIONS:
        raise BadInput(f"projects are not summed by {by!r}; there are {', '.join(DIMENSIONS)}")
    sort, _, period = by.partition("_")
    if sort == "revenue":
        return _revenue(frames, profit, period, as_of, currency)
    tables = {"profit": profit}
    match sort:
        case "product":
            weights = query(frames, _PRODUCTS, tables={**tables, "link": links(frames)}, as_of=as_of)
        case "group":
            weights = query(frames, _GROUPS, tables={**tables, "family": _families(frames)})
        case "order":
            weights = query(frames, _whole(_period("coalesce(p.ordered_on, p.starts_on)", period), "NULL"), tables=tables)
        case _:
            weights = query(frames, _WHOLE[sort], tables=tables)
    return _parted(frames, query(frames, _SPLIT, tables={**tables, "weight": weights}))


def _parted(frames: Frames, running: pa.Table) -> pa.Table:
    """Amounts that run up to each value, rounded, less those before it: they sum to the last one to the cent."""
    return query(frames, _PARTED, tables={"running": to_cents(running)}).cast(SHARES)


def rollup(shared: pa.Table) -> pa.Table:
    """What projects come to by value."""
    return query(Frames.of(), _ROLLUP, tables={"shared": shared})


def _period(day: str, period: str) -> str:
    """In SQL, the period of a day: 2026-11, 2026-Q4, 2026."""
    form = PERIODS[period]
    return f"strftime({day}, '{form}')" if form else f"year({day}) || '-Q' || quarter({day})"


def _whole(value: str, label: str, join: str = "") -> str:
    return f"""SELECT p.golden_id AS project, {value} AS value, {label} AS label, 1.0 AS weight
        FROM golden_project p JOIN profit f ON f.golden_project_id = p.golden_id {join}"""


_WHOLE = {
    "customer": _whole("p.customer", "c.name", "LEFT JOIN golden_customer c ON c.golden_id = p.customer"),
    "salesperson": _whole(
        "p.salesperson",
        "nullif(concat_ws(' ', s.given_name, s.family_name), '')",
        "LEFT JOIN golden_salesperson s ON s.golden_id = p.salesperson",
    ),
    "nature": _whole("p.nature", "NULL"),
}

_GROUPS = _whole(
    "coalesce(t.top, p.customer)",
    "c.name",
    "LEFT JOIN family t ON t.golden_id = p.customer LEFT JOIN golden_customer c ON c.golden_id = coalesce(t.top, p.customer)",
)

_PRODUCTS = """
    WITH sold AS (
        SELECT l.golden_project_id AS project, i.product_id, i.amount
        FROM link l
        JOIN deal d ON l.fact = 'deal' AND d.source = l.source AND d.key = l.key AND d.status = 'won'
        JOIN deal_line i ON i.source = d.source AND i.deal = d.key
        WHERE l.golden_project_id IS NOT NULL
    ), billed AS (
        SELECT d.project_id AS project, i.product_id, i.amount
        FROM invoice d JOIN invoice_line i ON i.source = d.source AND i.invoice = d.key
        WHERE d.project_id IS NOT NULL AND d.issued_on <= $as_of AND i.product_id IS NOT NULL
            AND d.project_id NOT IN (SELECT project FROM sold)
    ), weighed AS (
        SELECT project, product_id, greatest(sum(amount), 0)::DOUBLE AS weight
        FROM (FROM sold UNION ALL FROM billed) GROUP BY ALL HAVING sum(amount) > 0
    )
    SELECT f.golden_project_id AS project, w.product_id AS value, r.label, coalesce(w.weight, 1.0) AS weight
    FROM profit f
    LEFT JOIN weighed w ON w.project = f.golden_project_id
    LEFT JOIN golden_product r ON r.golden_id = w.product_id"""

_PARTS = ", ".join(f"({name} * upto)::DECIMAL(38, 12) AS {name}" for name in AMOUNTS)
_SPLIT = f"""
    WITH spread AS (
        SELECT w.*, sum(weight) OVER (PARTITION BY project) AS whole, row_number() OVER line AS place, count(*) OVER (PARTITION BY project) AS parts,
            sum(weight) OVER line AS running
        FROM weight w WINDOW line AS (PARTITION BY project ORDER BY value NULLS LAST)
    ), cut AS (
        SELECT *, if(place = parts, 1, running / whole)::DECIMAL(13, 12) AS upto, weight / whole AS share FROM spread
    )
    SELECT c.value, coalesce(c.label, c.value) AS label, f.golden_project_id, f.label AS project, c.share, {_PARTS}
    FROM cut c JOIN profit f ON f.golden_project_id = c.project"""
"""Amounts up to and with each value, in the order of values."""

_STEPS = ", ".join(f"({name} - coalesce(lag({name}) OVER project, 0))::DECIMAL(24, 2) AS {name}" for name in AMOUNTS)
_PARTED = f"""
    SELECT value, label, golden_project_id, project, share, {_STEPS}
    FROM running WINDOW project AS (PARTITION BY golden_project_id ORDER BY value NULLS LAST)
    ORDER BY value NULLS LAST, golden_project_id"""

_ROLLUP = f"""
    SELECT value, any_value(label) AS label, count(*) AS projects, {", ".join(f"sum({name})::DECIMAL(24, 2) AS {name}" for name in AMOUNTS)},
        if(sum(invoiced) > 0, round((sum(margin_to_date) / sum(invoiced))::DOUBLE, 4), NULL) AS taux_de_marque_to_date,
        if(sum(margin_at_completion + estimate_at_completion) > 0,
            round((sum(margin_at_completion) / sum(margin_at_completion + estimate_at_completion))::DOUBLE, 4), NULL) AS taux_de_marque_at_completion,
        count(margin_at_completion) AS estimated
    FROM shared GROUP BY value ORDER BY value NULLS LAST"""

_SIGNS = {"cost_to_date": {"labour": 1, "purchases": 1}, "margin_to_date": {"invoiced": 1, "labour": -1, "purchases": -1}}
_FLOWING = ", ".join(
    "coalesce("
    + " + ".join(f"{sign} * coalesce(sum(amount) FILTER (part = '{part}'), 0)" for part, sign in _SIGNS.get(name, {name: 1}).items())
    + f", 0)::DECIMAL(38, 12) AS {name}"
    for name in FLOWS
)
_RUNNING = ", ".join(f"sum({name}) OVER project AS {name}" for name in FLOWS)
_ALL = ", ".join(f"r.{name}" if name in FLOWS else f"NULL::DECIMAL(38, 12) AS {name}" for name in AMOUNTS)


def _revenue(frames: Frames, profit: pa.Table, period: str, as_of: date, currency: str) -> pa.Table:
    """Shares by the days of the facts."""
    sql = f"""
        WITH flowing AS (
            SELECT project_id, {_period('"on"', period)} AS value, {_FLOWING}
            FROM parts WHERE part IN ('invoiced', 'paid', 'labour', 'purchases') GROUP BY ALL
        ), idle AS (
            SELECT f.golden_project_id, NULL::VARCHAR, {", ".join("0::DECIMAL(38, 12)" for _ in FLOWS)}
            FROM profit f WHERE f.golden_project_id NOT IN (SELECT project_id FROM flowing)
        ), running AS (
            SELECT project_id, value, {_RUNNING} FROM (FROM flowing UNION ALL FROM idle)
            WINDOW project AS (PARTITION BY project_id ORDER BY value NULLS LAST)
        )
        SELECT r.value, r.value AS label, r.project_id AS golden_project_id, f.label AS project, NULL::DOUBLE AS share, {_ALL}
        FROM running r JOIN profit f ON f.golden_project_id = r.project_id"""
    return _parted(frames, query(frames, sql, tables={"parts": project_parts(frames, as_of, currency), "profit": profit}))


def _families(frames: Frames) -> pa.Table:
    """The customer above all others, of every customer that has one above it."""
    customers = frames.golden["customer"]
    pairs = zip(customers["golden_id"].to_pylist(), customers["parent"].to_pylist(), strict=True)
    parents = {child: parent for child, parent in pairs if parent is not None}
    return pa.table(
        {"golden_id": pa.array(parents, pa.string()), "top": pa.array([top(child, parents)[0] for child in parents], pa.string())}
    )
