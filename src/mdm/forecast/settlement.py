"""What settles which invoice: payments, credit notes and write-offs, in the order of their dates.

In:  the facts invoice, payment and write_off of `Frames`.
Out: source, key (of what settles), kind (`payment`, `credit_note`, `write_off`), on (its date), invoice (null for what is left over),
     amount (with tax, in the currency of the invoice; it lowers what the invoice leaves open).

A payment goes to the invoices that it lists, or where it lists none to those that bear its lettering in the customer's account, oldest
first, each up to what it leaves open; credit notes that are listed or lettered with it add to it. A credit note goes to the invoice that
it corrects. What finds no open invoice in its own currency is left over: money on account, an open credit.
"""

import re
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mdm.forecast.frames import Frames

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
_READ = {
    "source",
    "key",
    "kind",
    "customer",
    "currency",
    "lettering",
    "origin",
    "gross",
    "issued_on",
    "received_on",
    "on",
    "amount",
    "invoice",
    "invoices",
}
_ORDER = {"credit_note": 0, "write_off": 1, "payment": 2}


@dataclass
class _Account:
    """Documents of a source with what they still leave open; a credit note's is what it can still give."""

    documents: dict[str, Row]
    open: dict[str, Decimal]
    lettered: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))


def settlements(frames: Frames, as_of: date) -> pa.Table:
    """Everything that settled an invoice until a day, a row for each invoice that it settled and one for what is left over."""
    rows: list[Row] = []
    for source, events in _events(frames, as_of).items():
        account = _account(frames, source, as_of)
        for event in sorted(events, key=lambda event: (event["on"], _ORDER[event["kind"]], event["key"])):
            rows.extend({**event, "source": source, **part} for part in _settle(account, event))
    columns = {name: [row[name] for row in rows] for name in SCHEMA.names}
    return pa.table(columns, schema=SCHEMA)


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
    """The rows up to a day, of the columns that matter here: making objects of the others takes most of the time."""
    known: list[Row] = (
        table.filter(pc.less_equal(table[day], pa.scalar(as_of))).select([name for name in table.column_names if name in _READ]).to_pylist()
    )
    return known


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
