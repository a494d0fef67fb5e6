"""Where money leaks: what was sold, done, billed or paid and does not tie.

In:  all facts, golden records and members of `Frames`.
Out: check (number), slug, golden_project_id, golden_customer_id, evidence (`source:key`, `;` between them), amount (at risk, in the
     company's currency), currency, confidence (of the link that it rests on), since, fr, en (a sentence each). By check, since, evidence.

The checks are those of FORECASTS, "Leakage and consistency checks"; amounts below eps = max(5, .5 %) do not count.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import pyarrow as pa

from mdm.forecast.cash import open_documents
from mdm.forecast.checks import CHECKS, CONSTANTS, DOUBLES, READY, Check
from mdm.forecast.exchange import exchange
from mdm.forecast.frames import Frames, query
from mdm.forecast.links import links
from mdm.forecast.profitability import profitability
from mdm.forecast.settlement import settlements
from mdm.forecast.terms import due, read

SCHEMA = pa.schema(
    [
        ("check", pa.int64()),
        ("slug", pa.string()),
        ("golden_project_id", pa.string()),
        ("golden_customer_id", pa.string()),
        ("evidence", pa.string()),
        ("amount", pa.decimal128(24, 2)),
        ("currency", pa.string()),
        ("confidence", pa.float64()),
        ("since", pa.date32()),
        ("fr", pa.string()),
        ("en", pa.string()),
    ]
)

_DOCUMENT = """
    SELECT i.source, i.key, i.kind, i.project_id, i.customer_id, i.customer AS account, i.issued_on, i.due_on, i.payment_terms, i.origin,
        i.reason, i.reference, i.currency, x.rate,
        if(i.kind = 'credit_note', -abs(i.net), i.net) * x.rate AS value,
        if(i.kind = 'credit_note', -abs(i.gross), i.gross) * x.rate AS gross
    FROM invoice i ASOF LEFT JOIN exchange x ON x.currency = i.currency AND i.issued_on >= x.since
    WHERE i.issued_on <= $as_of"""

_SALE = """
    SELECT d.*, l.golden_project_id AS project, l.how, l.probability AS link_probability, x.rate, d.amount * x.rate AS value
    FROM (SELECT *, coalesce(closes_on, created_on, $as_of) AS priced_on FROM deal) d
    JOIN link l ON l.fact = 'deal' AND l.source = d.source AND l.key = d.key
    ASOF LEFT JOIN exchange x ON x.currency = d.currency AND d.priced_on >= x.since"""

_FIGURE = """
    SELECT f.*, x.rate, greatest(5, 0.005 * (f.contract + f.amendments)) AS eps
    FROM (SELECT *, coalesce(starts_on, $as_of) AS priced_on FROM profit) f
    ASOF LEFT JOIN exchange x ON x.currency = f.contract_currency AND f.priced_on >= x.since"""

_TWIN = """
    SELECT s.source, s.key, f.golden_project_id, f.source_keys AS evidence
    FROM sale s
    JOIN figure f ON f.golden_customer_id = s.customer_id AND f.contract = s.value
    JOIN golden_project p ON p.golden_id = f.golden_project_id
    WHERE s.status = 'lost' AND p.ordered_on BETWEEN s.closes_on - 7 AND s.closes_on + 60 AND f.cost_to_date + abs(f.invoiced) > 0
        AND NOT EXISTS (SELECT 1 FROM sale o WHERE o.project = f.golden_project_id)
    QUALIFY row_number() OVER (PARTITION BY f.golden_project_id ORDER BY s.closes_on DESC, s.key) = 1"""

_AGREED = """
    SELECT d.source, d.key, d.issued_on, d.due_on, d.account, d.customer_id, d.kind, d.payment_terms,
        first(s.payment_terms ORDER BY s.how = 'amendment', s.key) FILTER (s.payment_terms IS NOT NULL) AS agreed,
        coalesce(min(s.link_probability), 1.0) AS confidence
    FROM document d LEFT JOIN sale s ON s.project = d.project_id AND s.status = 'won'
    GROUP BY ALL"""

_ACCOUNT = """
    SELECT source, account, customer_id, mode(payment_terms ORDER BY payment_terms) AS terms
    FROM document WHERE kind = 'invoice' AND account IS NOT NULL AND customer_id IS NOT NULL AND payment_terms IS NOT NULL GROUP BY ALL"""


def leakage(frames: Frames, as_of: date, currency: str = "EUR") -> pa.Table:
    """Every finding of every check, one row each."""
    tables = _tables(frames, as_of, currency)
    names = {kind: _names(frames.golden[kind], column) for kind, column in (("customer", "name"), ("project", "label"))}
    rows = [finding for check in CHECKS for finding in _found(check, frames, tables, as_of, currency, names)]
    rows.sort(key=lambda row: (row["check"], row["since"] or as_of, row["evidence"]))
    return pa.Table.from_pylist(rows, schema=SCHEMA)


Tables = Mapping[str, pa.Table]
Make = Callable[[Frames, Tables, date, str], pa.Table]

TABLES: Mapping[str, Make] = {
    "exchange": lambda frames, tables, as_of, currency: exchange(frames, currency),
    "link": lambda frames, tables, as_of, currency: links(frames),
    "settlement": lambda frames, tables, as_of, currency: settlements(frames, as_of),
    "receivable": lambda frames, tables, as_of, currency: open_documents(frames, tables["settlement"], as_of),
    "profit": lambda frames, tables, as_of, currency: profitability(frames, as_of, currency, settlement=tables["settlement"]),
    "document": lambda frames, tables, as_of, currency: query(frames, _DOCUMENT, tables=tables, as_of=as_of),
    "sale": lambda frames, tables, as_of, currency: query(frames, _SALE, tables=tables, as_of=as_of),
    "figure": lambda frames, tables, as_of, currency: query(frames, _FIGURE, tables=tables, as_of=as_of),
    "twin": lambda frames, tables, as_of, currency: query(frames, _TWIN, tables=tables),
    "ready": lambda frames, tables, as_of, currency: query(frames, READY, tables=tables, as_of=as_of, **CONSTANTS),
    "double": lambda frames, tables, as_of, currency: query(frames, DOUBLES, tables=tables),
    "mismatch": lambda frames, tables, as_of, currency: _mismatch(query(frames, _AGREED, tables=tables)),
    "account": lambda frames, tables, as_of, currency: _accounts(query(frames, _ACCOUNT, tables=tables)),
}
"""What the checks read beside the frames, each made of those before it."""


def _tables(frames: Frames, as_of: date, currency: str) -> dict[str, pa.Table]:
    tables: dict[str, pa.Table] = {}
    for name, make in TABLES.items():
        tables[name] = make(frames, tables, as_of, currency)
    return tables


def asked(check: Check, frames: Frames, tables: Tables, as_of: date) -> pa.Table:
    """What a check finds."""
    return query(frames, check.sql, tables=tables, as_of=as_of, **CONSTANTS)


def _mismatch(agreed: pa.Table) -> pa.Table:
    """Invoices that fall due on another day than the terms agreed say, in any reading of them, and how many days later."""
    rows = []
    for row in agreed.to_pylist():
        terms = read(row["agreed"])
        if row["kind"] == "invoice" and terms is not None and row["due_on"] is not None:
            days = min((row["due_on"] - day).days for day in due(row["issued_on"], terms))
            rows.append({**row, "days": days})
    columns = {"source": pa.string(), "key": pa.string(), "days": pa.int64(), "agreed": pa.string(), "confidence": pa.float64()}
    return pa.Table.from_pylist(rows, schema=pa.schema(list(columns.items())))


def _accounts(accounts: pa.Table) -> pa.Table:
    """With the days that the usual terms of each account give, the end of a month counting as half a month."""
    days = [None if (terms := read(text)) is None else terms.days + 15 * terms.month_end for text in accounts["terms"].to_pylist()]
    return accounts.append_column("days", pa.array(days, pa.int64()))


def _found(
    check: Check, frames: Frames, tables: Mapping[str, pa.Table], as_of: date, currency: str, names: Mapping[str, Mapping[str, str]]
) -> Iterator[dict[str, Any]]:
    for row in asked(check, frames, tables, as_of).to_pylist():
        said = {
            **row,
            "customer": names["customer"].get(row["golden_customer_id"] or "", "?"),
            "project": names["project"].get(row["golden_project_id"] or "", "?"),
        }
        yield {
            **{name: row.get(name) for name in SCHEMA.names},
            "check": check.number,
            "slug": check.slug,
            "amount": None if row["amount"] is None else row["amount"].quantize(Decimal("0.01"), ROUND_HALF_EVEN),
            "currency": currency,
            "confidence": float(row["confidence"]),
            "fr": check.fr.format(**{name: _french(value, currency) for name, value in said.items()}),
            "en": check.en.format(**{name: _english(value, currency) for name, value in said.items()}),
        }


def _names(golden: pa.Table, column: str) -> dict[str, str]:
    return {key: name or key for key, name in zip(golden["golden_id"].to_pylist(), golden[column].to_pylist(), strict=True)}


def _english(value: object, currency: str) -> str:
    if value is None:
        return "?"
    if isinstance(value, Decimal):
        return f"{value:,.2f} {currency}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _french(value: object, currency: str) -> str:
    """With a comma, groups of three set apart by thin blanks and the sign of the euro, as on a French invoice."""
    if isinstance(value, Decimal):
        sign = "€" if currency == "EUR" else currency
        return f"{value:,.2f}".replace(",", "\u202f").replace(".", ",") + f"\u00a0{sign}"
    if isinstance(value, float):
        return f"{value:g}".replace(".", ",")
    return f"{value:%d/%m/%Y}" if isinstance(value, date) else _english(value, currency)
