"""The page that a director reads first: what came in, who is who, what projects earn, the months ahead, where money leaks."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from sqlalchemy import Connection

from api.words import money, month, number, percent, word
from mdm.forecast.billing import billing
from mdm.forecast.cash import cash
from mdm.forecast.frames import Frames
from mdm.forecast.leakage import leakage
from mdm.forecast.profitability import profitability
from mdm.forecast.simulator.company import outlook
from mdm.settings import Settings
from mdm.store import facts, moment, problems, status
from mdm.store.moment import Moment

WIDE = 118
"""Columns of a terminal that the whole page needs."""
PROJECTS = 12
MONTHS = 6
FINDINGS = 6

Row = dict[str, Any]


def page(settings: Settings, db: Connection, as_of: date, width: int = WIDE, known_at: datetime | None = None) -> RenderableType:
    """All sections, each readable alone; on a narrow terminal projects are shown without customer and interval.

    What came in, what was matched and what waits is told of now only: of the past, the sections that are made of figures.
    """
    at = moment.settled(db) if known_at is None else min(known_at, moment.settled(db))
    frames = facts.frames(db, Moment(at))
    return Group(
        *(_today(settings, db) if known_at is None else ()),
        *_section(settings, "profit", _projects(settings, frames, as_of, wide=width >= WIDE)),
        *_section(settings, "ahead", _ahead(settings, frames, as_of, wide=width >= WIDE), Text(word(settings, "ahead_note"), style="dim")),
        *_section(settings, "leaks", *_leaks(settings, frames, as_of)),
        Text(f"\n{word(settings, 'known_at').format(as_of.isoformat(), at.astimezone(UTC).isoformat())}", style="dim"),
    )


def _today(settings: Settings, db: Connection) -> Iterable[RenderableType]:
    yield from _section(settings, "records_in", _records(settings, db))
    yield from _section(settings, "matched", *_matched(settings, db))
    yield from _section(settings, "steward", *_waiting(settings, db))


def _section(settings: Settings, title: str, *body: RenderableType) -> Iterable[RenderableType]:
    yield Text(f"\n{word(settings, title)}", style="bold cyan")
    for part in body:
        yield Padding(part, (0, 0, 0, 3))


def _table(settings: Settings, left: Iterable[str], right: Iterable[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for key in left:
        table.add_column(word(settings, key), no_wrap=True, overflow="ellipsis")
    for key in right:
        table.add_column(word(settings, key), justify="right", no_wrap=True)
    return table


def _records(settings: Settings, db: Connection) -> RenderableType:
    """A line a source: its records by entity, and what was set aside."""
    aside: Counter[tuple[str, str]] = Counter()
    for found in problems.counts(db):
        aside[found.source, found.severity] += found.problems
    by_source: dict[str, list[str]] = {}
    for held in status.records(db):
        by_source.setdefault(held.source, []).append(f"{number(settings, held.live)} {held.entity}")
    lines = []
    for source, parts in by_source.items():
        lines.append(Text.assemble((f"{source}  ", "bold"), ", ".join(parts)))
        told = [
            f"{number(settings, aside[source, kind])} {word(settings, kind)}"
            for kind in ("quarantined", "rejected")
            if (source, kind) in aside
        ]
        if told:
            lines.append(Text(f"  {', '.join(told)}", style="yellow"))
    return Group(*lines)


def _matched(settings: Settings, db: Connection) -> Iterable[RenderableType]:
    """Records, golden records, duplicates and their certainty; then the golden record whose records differ the most."""
    sure = {item.entity: item for item in status.certainty(db, settings.match_bits)}
    table = _table(settings, ["entity"], ["records", "golden", "duplicates", "certain", "likely", "probable"])
    for row in status.entities(db, settings.match_bits):
        if row.golden:
            found = sure.get(row.entity)
            figures = [row.records, row.golden, row.records - row.golden, *(found[1:] if found else (0, 0, 0))]
            table.add_row(row.entity, *(number(settings, figure) for figure in figures))
    yield table
    example = status.telling_example(db, "customer")
    if example:
        yield Text(f"\n{word(settings, 'example')}", style="dim")
        for source, key, name, city in example:
            yield Text.assemble((f"{source}:{key}  ", "dim"), name, (f"  {city or ''}", "dim"))


def _waiting(settings: Settings, db: Connection) -> Iterable[RenderableType]:
    waiting = [row for row in status.entities(db, settings.match_bits) if row.waiting]
    yield Text(", ".join(f"{number(settings, row.waiting)} {row.entity}" for row in waiting) or "0")
    for pair in facts.review(db, "customer", settings.match_bits).slice(0, 3).to_pylist():
        yield Text(f"{pair['left']} ? {pair['right']}  {percent(settings, pair['probability'])}", style="dim")


def _projects(settings: Settings, frames: Frames, as_of: date, *, wide: bool) -> RenderableType:
    """Running and ended projects with a contract, the worst margin first, and all of them in one line."""
    rows = [
        row
        for row in profitability(frames, as_of, settings.currency).to_pylist()
        if row["margin_at_completion"] is not None and row["contract"]
    ]
    rows.sort(key=lambda row: (row["margin_at_completion"], row["golden_project_id"]))
    table = _table(settings, ["project", *(["customer"] if wide else [])], ["contract", "cost", "eac", "margin", "mark_up"])
    for row in rows[:PROJECTS]:
        table.add_row(
            _cut(row["label"], 30 if wide else 24), *([_cut(row["customer"], 18)] if wide else []), *_figures(settings, row, wide=wide)
        )
    total = {key: sum((row[key] for row in rows if row[key] is not None), Decimal(0)) for key in _SUMMED}
    price = total["contract"] + total["amendments"]
    share = float(total["margin_at_completion"] / price) if price else None
    figures = [money(settings, total[key]) for key in ("contract", "cost_to_date", "estimate_at_completion", "margin_at_completion")]
    table.add_section()
    name = f"{word(settings, 'all_projects')} ({number(settings, len(rows))})"
    table.add_row(name, *([""] if wide else []), *figures, percent(settings, share), style="bold")
    return table


_SUMMED = ("contract", "amendments", "cost_to_date", "estimate_at_completion", "margin_at_completion")


def _figures(settings: Settings, row: Row, *, wide: bool) -> list[RenderableType]:
    currency = row["currency"]
    loses = "red" if row["margin_at_completion"] < 0 else ""
    eac = money(settings, row["estimate_at_completion"], currency)
    if wide and row["eac_p10"] != row["eac_p90"]:
        eac += f" ({number(settings, round(row['eac_p10']))} – {number(settings, round(row['eac_p90']))})"
    margin = Text(money(settings, row["margin_at_completion"], currency), loses)
    share = Text(percent(settings, row["taux_de_marque_at_completion"]), loses)
    return [money(settings, row["contract"], currency), money(settings, row["cost_to_date"], currency), eac, margin, share]


def _ahead(settings: Settings, frames: Frames, as_of: date, *, wide: bool) -> RenderableType:
    """The months to come: what plans and due dates say, and what is to be expected, with its 80 % interval. The company's currency only."""
    start = as_of.replace(day=1)
    bills = _by_month(billing(frames, as_of, settings.currency), settings.currency, start)
    money_in = _by_month(cash(frames, as_of), settings.currency, start)
    told = {(row["measure"], row["month"].replace(day=1)): row for row in outlook(frames, as_of, settings.currency).to_pylist()}
    table = _table(settings, ["month"], ["planned", "billing_expected", "cash_due", "cash_expected"])
    for day in sorted(bills.keys() | money_in.keys() | {day for _, day in told})[:MONTHS]:
        bill, income = bills.get(day, {}), money_in.get(day, {})
        planned = money(settings, _sum(bill, "planned", "overdue", "done")) + _late(settings, bill)
        due = money(settings, _sum(income, "due", "overdue")) + _late(settings, income)
        billed, paid = (_expected(settings, told.get((measure, day)), wide=wide) for measure in ("billing", "cash"))
        table.add_row(month(settings, day), planned, billed, due, paid)
    return table


def _expected(settings: Settings, row: Row | None, *, wide: bool) -> str:
    """The middle of what is expected, deals to come included, and where there is room the interval."""
    if row is None:
        return money(settings, None)
    low, middle, high = (row[f"{name}_with_new"] for name in ("p10", "p50", "p90"))
    return money(settings, middle) + (f" ({number(settings, round(low / 1000))} – {_thousands(settings, high)})" if wide else "")


def _late(settings: Settings, row: Row) -> str:
    """How much of it should have come already."""
    late = row.get("overdue")
    return f" ({word(settings, 'late').format(_thousands(settings, late))})" if late else ""


def _thousands(settings: Settings, value: Decimal) -> str:
    return f"{number(settings, round(value / 1000))} k"


def _by_month(table: pa.Table, currency: str, start: date) -> dict[date, Row]:
    return {row["month"]: row for row in table.to_pylist() if row["currency"] == currency and row["month"] >= start}


def _sum(row: Row, *keys: str) -> Decimal:
    return sum((row.get(key) or Decimal(0) for key in keys), Decimal(0))


def _leaks(settings: Settings, frames: Frames, as_of: date) -> Iterable[RenderableType]:
    """The findings that weigh most, in one sentence each, and the sum of all."""
    found = leakage(frames, as_of, settings.currency).to_pylist()
    if not found:
        yield Text(word(settings, "no_leak"))
        return
    found.sort(key=lambda row: (-(row["amount"] or 0), row["evidence"]))
    for row in found[:FINDINGS]:
        yield Text.assemble((f"{money(settings, row['amount'], row['currency']):>12}  ", "yellow"), row[settings.language])
    total = sum((row["amount"] or Decimal(0) for row in found), Decimal(0))
    yield Text(
        f"{word(settings, 'total')}: {number(settings, len(found))} {word(settings, 'findings')}, {money(settings, total)} {word(settings, 'at_risk')}",
        style="bold",
    )


def _cut(text: str | None, width: int) -> str:
    return "" if text is None else text if len(text) <= width else text[: width - 1] + "…"
