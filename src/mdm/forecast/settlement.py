"""What settles which invoice: payments, credit notes and write-offs, in the order of their dates.

In:  the facts invoice, payment and write_off of `Frames`.
Out: source, key (of what settles), kind (`payment`, `credit_note`, `write_off`), on (its date), invoice (null for what is left over),
     amount (with tax, in the currency of the invoice; it lowers what the invoice leaves open).

A payment goes to the invoices that it lists, or where it lists none to those that bear its lettering in the customer's account, oldest
first, each up to what it leaves open; credit notes that are listed or lettered with it add to it. A credit note goes to the invoice that
it corrects. What finds no open invoice in its own currency is left over: money on account, an open credit. By source, day, kind in the
order of `_ORDER`, and key.
"""

import re
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mdm.forecast.frames import Frames, query

Row = dict[str, Any]
SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("key", pa.string()),
        ("kind", pa.string()),
        ("on", pa.date32()),
        ("invoice", pa.string()),
        ("amount", pa.decimal128(24, 6)),
    ]
)
_SEPARATORS = re.compile(r"[\s,;]+")
_READ = frozenset("source key kind customer currency lettering origin gross issued_on received_on on amount invoice invoices".split())
"""The columns that matter here: making objects of the others would take most of the time."""
_ORDER = {"credit_note": 0, "write_off": 1, "payment": 2}


@dataclass
class _Account:
    """Documents of a source with what they still leave open; a credit note's is what it can still give."""

    documents: dict[str, Row]
    open: dict[str, Decimal]
    lettered: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))


_DIRECT = r"""
    WITH document AS (
        SELECT source, key, kind, currency, gross, customer, lettering, origin FROM invoice WHERE issued_on <= $as_of
    ), paid AS (
        SELECT source, key, received_on AS "on", amount, currency, customer, lettering,
            list_filter(regexp_split_to_array(coalesce(invoices, ''), '[\s,;]+'), lambda part: part <> '') AS wanted
        FROM payment WHERE received_on <= $as_of
    ), mention AS (
        SELECT source, unnest(list_distinct(wanted)) AS invoice FROM paid
        UNION ALL SELECT source, origin FROM document WHERE kind = 'credit_note'
        UNION ALL SELECT source, invoice FROM write_off WHERE "on" <= $as_of
    ), once AS (
        SELECT source, invoice FROM mention GROUP BY ALL HAVING count(*) = 1
    )
    SELECT p.source, p.key, p."on", d.key AS invoice, least(p.amount, d.gross) AS given, p.amount - least(p.amount, d.gross) AS beyond
    FROM paid p
    JOIN document d ON d.source = p.source AND d.key = p.wanted[1]
    JOIN once o ON o.source = p.source AND o.invoice = d.key
    WHERE len(p.wanted) = 1 AND d.kind <> 'credit_note' AND d.currency = p.currency AND d.gross > 0 AND p.amount > 0
        AND NOT EXISTS (
            FROM paid l WHERE len(l.wanted) = 0 AND l.source = d.source AND l.customer = d.customer AND l.lettering = d.lettering
        ) AND NOT EXISTS (
            FROM document c WHERE c.kind = 'credit_note' AND c.source = p.source AND c.customer = p.customer AND c.lettering = p.lettering
        )"""
"""Payments of an invoice that nothing else may settle: most of them. The order of events is nothing to them, so they need no loop."""

_REST = "SELECT * FROM {fact} f WHERE NOT EXISTS (FROM direct d WHERE d.source = f.source AND d.{key} = f.key)"

_ALL = """
    SELECT source, key, kind, "on", invoice, amount FROM (
        SELECT * FROM in_turn
        UNION ALL SELECT source, key, 'payment', "on", invoice, given, $place, key, 0 FROM direct
        UNION ALL SELECT source, key, 'payment', "on", NULL, beyond, $place, key, 1 FROM direct WHERE beyond > 0
    ) ORDER BY source, "on", place, event, part"""


def settlements(frames: Frames, as_of: date) -> pa.Table:
    """Everything that settled an invoice until a day, a row for each invoice that it settled and one for what is left over."""
    direct = query(frames, _DIRECT, as_of=as_of)
    keys = {"payment": "key", "invoice": "invoice"}
    rest = {fact: query(frames, _REST.format(fact=fact, key=key), tables={"direct": direct}) for fact, key in keys.items()}
    turn = in_turn(replace(frames, facts={**frames.facts, **rest}), as_of)
    return query(frames, _ALL, tables={"direct": direct, "in_turn": turn}, place=_ORDER["payment"]).cast(SCHEMA)


def in_turn(frames: Frames, as_of: date) -> pa.Table:
    """Settlements one event after the other: the columns of `settlements`, and by what they are ordered (place, event, part)."""
    rows: list[Row] = []
    for source, events in _events(frames, as_of).items():
        account = _account(frames, source, as_of)
        for event in sorted(events, key=lambda event: (event["on"], _ORDER[event["kind"]], event["key"])):
            known = {"source": source, "place": _ORDER[event["kind"]], "event": event["key"]}
            rows.extend({**event, **known, "part": at, **part} for at, part in enumerate(_settle(account, event)))
    schema = pa.schema([*SCHEMA, ("place", pa.int32()), ("event", pa.string()), ("part", pa.int32())])
    return pa.table({name: [row[name] for row in rows] for name in schema.names}, schema=schema)


def _events(frames: Frames, as_of: date) -> dict[str, list[Row]]:
    """Payments, credit notes and write-offs by source; `wanted` names the documents that each is for."""
    events: dict[str, list[Row]] = defaultdict(list)
    for row in _until(frames.facts["payment"], "received_on", as_of):
        wanted = [key for key in _SEPARATORS.split(row["invoices"] or "") if key]
        events[row["source"]].append({**row, "kind": "payment", "on": row["received_on"], "wanted": wanted})
    for row in _until(frames.facts["invoice"], "issued_on", as_of):
        if row["kind"] == "credit_note":
            wanted = [row["origin"]] if row["origin"] else []
            events[row["source"]].append({**row, "on": row["issued_on"], "amount": abs(row["gross"]), "wanted": wanted, "lettering": None})
    for row in _until(frames.facts["write_off"], "on", as_of):
        events[row["source"]].append({**row, "kind": "write_off", "wanted": [row["invoice"]], "currency": None, "lettering": None})
    return events


def _until(table: pa.Table, day: str, as_of: date) -> list[Row]:
    known = table.filter(pc.less_equal(table[day], pa.scalar(as_of)))
    rows: list[Row] = known.select([name for name in known.column_names if name in _READ]).to_pylist()
    return rows


def _account(frames: Frames, source: str, as_of: date) -> _Account:
    documents = {row["key"]: row for row in _until(frames.facts["invoice"], "issued_on", as_of) if row["source"] == source}
    account = _Account(documents, {key: abs(row["gross"]) for key, row in documents.items()})
    for key, row in documents.items():
        if row["lettering"] and row["customer"]:
            account.lettered[row["customer"], row["lettering"]].append(key)
    return account


def _settle(account: _Account, event: Row) -> Iterator[Row]:
    """The parts of an event: what its credit notes give, what it gives itself, what is left over."""
    wanted = _wanted(account, event)
    invoices = [row for row in wanted if row["kind"] != "credit_note" and event["currency"] in (None, row["currency"])]
    if event["kind"] == "credit_note":
        left = account.open[event["key"]]
        given = yield from _give(account, invoices, left)
        account.open[event["key"]] = left - given
        return
    notes = [row for row in wanted if row["kind"] == "credit_note" and row["currency"] == event["currency"]]
    for note in notes:
        named = {"key": note["key"], "kind": "credit_note"}
        given = yield from _give(account, invoices, account.open[note["key"]], named)
        account.open[note["key"]] -= given
    given = yield from _give(account, invoices, event["amount"])
    if given != event["amount"]:
        yield {"invoice": None, "amount": event["amount"] - given}


def _wanted(account: _Account, event: Row) -> list[Row]:
    """The documents that an event is for, oldest first."""
    lettered = account.lettered.get((event.get("customer") or "", event["lettering"] or ""), [])
    if event["wanted"]:
        lettered = [key for key in lettered if account.documents[key]["kind"] == "credit_note"]
    known = {key: account.documents[key] for key in (*event["wanted"], *lettered) if key in account.documents}
    return sorted(known.values(), key=lambda row: (row["issued_on"], row["key"]))


def _give(account: _Account, invoices: Iterable[Row], amount: Decimal, named: Row | None = None) -> Generator[Row, None, Decimal]:
    """Spread an amount over invoices up to what each leaves open; the value of the generator is what was given."""
    left = amount
    for row in invoices:
        part = min(left, account.open[row["key"]])
        if part > 0:
            account.open[row["key"]] -= part
            left -= part
            yield {**(named or {}), "invoice": row["key"], "amount": part}
    return amount - left
