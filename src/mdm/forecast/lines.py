"""What a figure is the sum of: the facts behind it, one a line.

Out: entity, source, key, on (its day, null where it has none), amount; by day, entity, source, key.

Amounts are exact and in the currency of the figure; their sum, rounded half-even to cents, is the figure. A fact that has no amount there,
for want of an exchange rate, has null. The line of a contract is the golden project itself, so it has neither source nor key.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from mdm.errors import BadInput
from mdm.forecast import billing, cash
from mdm.forecast.cash import receivables
from mdm.forecast.exchange import exchange
from mdm.forecast.frames import Frames, query
from mdm.forecast.phases import phases
from mdm.forecast.profitability import PRICED
from mdm.forecast.settlement import settlements

PROJECT: Mapping[str, Mapping[str, int]] = {
    **{
        name: {name: 1}
        for name in ("contract", "amendments", "invoiced", "paid", "hours", "labour", "purchases", "budget_hours", "budget_cost")
    },
    "to_invoice": {"planned": 1},
    "cost_to_date": {"labour": 1, "purchases": 1},
    "margin_to_date": {"invoiced": 1, "labour": -1, "purchases": -1},
}
"""The figures of a project that are sums of facts, and of which facts with which sign."""
UNPLANNED: Mapping[str, int] = {"contract": 1, "amendments": 1, "invoiced": -1}
"""What is to be invoiced where no plan says so."""
MONTHS: Mapping[str, tuple[str, ...]] = {
    "billing": ("invoiced", "planned", "overdue", "done", "pipeline", "pipeline_overdue"),
    "cash": ("received", "due", "overdue", "expected"),
}
"""The figures of a month, by report."""

SCHEMA = pa.schema(
    [("entity", pa.string()), ("source", pa.string()), ("key", pa.string()), ("on", pa.date32()), ("amount", pa.decimal128(38, 12))]
)

_PROJECT = f"""
    WITH {PRICED}, line AS (
        SELECT golden_id AS project_id, 'contract' AS part, 'project' AS entity, NULL AS source, NULL AS key, ordered_on AS "on",
            (amount * rate)::DECIMAL(38, 12) AS amount
        FROM job WHERE amount IS NOT NULL
        UNION ALL SELECT a.project_id, 'amendments', 'amendment', a.source, a.key, a.signed_on, (a.amount * j.rate)::DECIMAL(38, 12)
        FROM agreed a JOIN job j ON j.golden_id = a.project_id
        UNION ALL SELECT project_id, 'invoiced', 'invoice', source, key, issued_on, amount::DECIMAL(38, 12) FROM billed
        UNION ALL SELECT project_id, 'paid', 'payment', source, key, "on", amount::DECIMAL(38, 12) FROM received
        UNION ALL SELECT project_id, if(kind = 'labour', 'labour', 'purchases'), 'cost', source, key, spent_on, amount::DECIMAL(38, 12) FROM priced
        UNION ALL SELECT project_id, 'hours', 'cost', source, key, spent_on, hours::DECIMAL(38, 12) FROM priced WHERE hours IS NOT NULL
        UNION ALL SELECT project_id, 'budget_hours', 'budget', source, key, NULL, hours::DECIMAL(38, 12) FROM budget WHERE hours IS NOT NULL
        UNION ALL SELECT project_id, 'budget_cost', 'budget', source, key, NULL, cost::DECIMAL(38, 12) FROM budget WHERE cost IS NOT NULL
        UNION ALL SELECT l.project_id, 'planned', 'plan_line', l.source, l.key, l.planned_on, (l.amount * j.rate)::DECIMAL(38, 12)
        FROM plan_line l JOIN job j ON j.golden_id = l.project_id WHERE l.status IN ('planned', 'done')
        UNION ALL SELECT project_id, 'plan', 'plan_line', source, key, planned_on, NULL FROM plan_line WHERE status <> 'cancelled'
    )
    SELECT project_id, part, entity, source, key, "on", amount
    FROM line WHERE project_id IS NOT NULL ORDER BY project_id, "on", entity, source, key, amount"""

_MONTH = """
    WITH pieces AS ({pieces})
    SELECT date_trunc('month', day)::DATE AS month, currency, sort AS part, entity, source, key, day AS "on", amount::DECIMAL(38, 12) AS amount
    FROM pieces ORDER BY day, entity, source, key, amount"""


def project_parts(frames: Frames, as_of: date, currency: str = "EUR") -> pa.Table:
    """The facts behind all figures of `profitability`: project_id, part, and the columns of lines."""
    tables = {"exchange": exchange(frames, currency), "settlement": settlements(frames, as_of)}
    return query(frames, _PROJECT, tables=tables, as_of=as_of, currency=currency)


def project_lines(parts: pa.Table, project: str, figure: str) -> pa.Table:
    """The lines of a figure of a project. In: parts as `project_parts` gives them. Raises BadInput on a figure that is no sum of facts."""
    if figure not in PROJECT:
        raise BadInput(f"{figure!r} is no sum of facts; those that are: {', '.join(PROJECT)}")
    own = parts.filter(pc.equal(parts["project_id"], project))
    if figure == "to_invoice" and "plan" not in own["part"].to_pylist():
        found = _chosen(own, UNPLANNED)
        # More was invoiced than ordered: nothing is to be invoiced.
        return found if total(found) > 0 else found.slice(0, 0)
    return _chosen(own, PROJECT[figure])


def month_parts(frames: Frames, report: str, as_of: date, currency: str = "EUR") -> pa.Table:
    """The facts behind all months of `billing` or `cash`: month, currency, part, and the columns of lines."""
    if report == "billing":
        pieces, tables = billing.PIECES, {"phases": phases(frames)}
    else:
        pieces, tables = cash.PIECES, {"receivable": receivables(frames, as_of)}
    return query(frames, _MONTH.format(pieces=pieces), tables=tables, as_of=as_of, currency=currency)


def month_lines(parts: pa.Table, report: str, figure: str, month: date, currency: str) -> pa.Table:
    """The lines of a figure of a month. In: parts as `month_parts` gives them. Raises BadInput on a figure that there is not."""
    if figure not in MONTHS[report]:
        raise BadInput(f"{report} has no figure {figure!r}; there are {', '.join(MONTHS[report])}")
    of = pc.and_(pc.equal(parts["month"], pa.scalar(month.replace(day=1))), pc.equal(parts["currency"], currency))
    return _chosen(parts.filter(of), {figure: 1})


def _chosen(parts: pa.Table, signs: Mapping[str, int]) -> pa.Table:
    """Those of some parts, with their sign; they are in order already."""
    rows = parts.filter(pc.is_in(parts["part"], pa.array(signs))).to_pylist()
    signed = [{**row, "amount": None if row["amount"] is None else row["amount"] * signs[row["part"]]} for row in rows]
    return pa.table({name: [row[name] for row in signed] for name in SCHEMA.names}, schema=SCHEMA)


def total(lines: pa.Table) -> Decimal:
    """The sum of lines; those without an amount do not count."""
    return sum((amount for amount in lines["amount"].to_pylist() if amount is not None), Decimal(0))
