"""What happened to customers, contacts, deals, projects, invoices and payments as an object-centric event log, for tools of process mining.

OCEL 2.0, its JSON form (Berti et al., 2023; ocel-standard.org): event types and object types with their attributes; objects with attributes as
of a time and relationships to other objects; events with a time and relationships to the objects that they concern. A fact is known as
`source:key`, a master by its golden id. A day has no hour, so what happened on one is at its midnight, UTC.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from mdm.forecast.deals.history import known
from mdm.forecast.frames import Frames, query
from mdm.forecast.links import links
from mdm.forecast.settlement import settlements

Row = dict[str, Any]
Document = dict[str, Any]
_BEGINNING = "1970-01-01T00:00:00Z"
"""The time of what has always been so (as the standard has it)."""

OBJECTS: dict[str, dict[str, str]] = {
    "customer": {"name": "string"},
    "contact": {"name": "string"},
    "deal": {"name": "string", "amount": "float", "currency": "string", "salesperson": "string", "stage": "string"},
    "project": {"label": "string", "amount": "float", "currency": "string"},
    "invoice": {"kind": "string", "net": "float", "gross": "float", "currency": "string"},
    "payment": {"amount": "float", "currency": "string"},
}
"""Types of objects, and the attributes of each."""
EVENTS: dict[str, dict[str, str]] = {
    "create deal": {},
    "change deal": {"stage": "string", "amount": "float", "probability": "float", "closes_on": "time"},
    "win deal": {},
    "lose deal": {"reason": "string"},
    "open project": {},
    "issue invoice": {"gross": "float"},
    "issue credit note": {"gross": "float", "reason": "string"},
    "send reminder": {"level": "float"},
    "receive payment": {"amount": "float"},
    "write off": {"amount": "float"},
}
"""Types of events, and the attributes of each."""

_DEALS = """
    SELECT k.source || ':' || k.key AS id, d.name, d.amount, d.currency, nullif(concat_ws(' ', p.given_name, p.family_name), '') AS salesperson,
        k.stage, k.created_on, k.closed_on, k.status, d.loss_reason, d.customer_id, d.contact_id, l.golden_project_id AS project
    FROM state k JOIN deal d USING (source, key)
    LEFT JOIN golden_salesperson p ON p.golden_id = d.salesperson_id
    LEFT JOIN link l ON l.fact = 'deal' AND l.source = k.source AND l.key = k.key
    ORDER BY id"""
_CHANGES = """
    SELECT c.source || ':' || c.key AS id, c.source || ':' || c.deal AS deal, (c.changed_at AT TIME ZONE 'UTC') AS at, c.stage, c.amount,
        c.probability, c.closes_on
    FROM deal_change c JOIN state k ON k.source = c.source AND k.key = c.deal
    WHERE (c.changed_at AT TIME ZONE 'UTC')::DATE <= $as_of ORDER BY id"""
_PROJECTS = """
    SELECT p.golden_id AS id, p.label, p.amount, p.currency, p.customer, coalesce(p.ordered_on, p.starts_on) AS on
    FROM golden_project p WHERE coalesce(p.ordered_on, p.starts_on, $as_of) <= $as_of ORDER BY id"""
_INVOICES = """
    SELECT source || ':' || key AS id, kind, net, gross, currency, issued_on AS on, reason, customer_id, project_id, source || ':' || origin AS origin
    FROM invoice WHERE issued_on <= $as_of ORDER BY id"""
_PAYMENTS = """
    SELECT p.source || ':' || p.key AS id, p.amount, p.currency, p.received_on AS on, p.customer_id,
        list(DISTINCT s.source || ':' || s.invoice ORDER BY s.source || ':' || s.invoice) FILTER (s.invoice IS NOT NULL) AS invoices
    FROM payment p LEFT JOIN settlement s ON s.source = p.source AND s.key = p.key AND s.kind = 'payment'
    WHERE p.received_on <= $as_of GROUP BY ALL ORDER BY id"""
_REMINDERS = """
    SELECT source || ':' || key AS id, source || ':' || invoice AS invoice, sent_on AS on, level FROM reminder WHERE sent_on <= $as_of ORDER BY id"""
_WRITE_OFFS = """
    SELECT source || ':' || key AS id, source || ':' || invoice AS invoice, "on", amount FROM write_off WHERE "on" <= $as_of ORDER BY id"""


def event_log(frames: Frames, as_of: date) -> Document:
    """Everything until a day as an OCEL 2.0 document."""
    tables = {"state": known(frames, as_of), "link": links(frames), "settlement": settlements(frames, as_of)}

    def rows(sql: str) -> list[Row]:
        found: list[Row] = query(frames, sql.replace(" AS on", ' AS "on"'), tables=tables, as_of=as_of).to_pylist()
        return found

    deals, projects, invoices, payments = rows(_DEALS), rows(_PROJECTS), rows(_INVOICES), rows(_PAYMENTS)
    objects = [*_masters(frames), *_objects(deals, projects, invoices, payments)]
    there = {one["id"] for one in objects}
    events = list(_events(deals, rows(_CHANGES), projects, invoices, payments, rows(_REMINDERS), rows(_WRITE_OFFS)))
    for one in (*objects, *events):
        one["relationships"] = [to for to in one["relationships"] if to["objectId"] in there]
    events.sort(key=lambda event: (event["time"], event["id"]))
    return {"eventTypes": _types(EVENTS), "objectTypes": _types(OBJECTS), "events": events, "objects": objects}


def _types(declared: dict[str, dict[str, str]]) -> list[Document]:
    return [
        {"name": name, "attributes": [{"name": one, "type": kind} for one, kind in attributes.items()]}
        for name, attributes in declared.items()
    ]


def _masters(frames: Frames) -> Iterator[Document]:
    for row in frames.golden["customer"].select(["golden_id", "name"]).to_pylist():
        yield _object("customer", {"id": row["golden_id"], "name": row["name"]})
    for row in frames.golden["contact"].select(["golden_id", "given_name", "family_name", "customer"]).to_pylist():
        name = " ".join(part for part in (row["given_name"], row["family_name"]) if part)
        yield _object("contact", {"id": row["golden_id"], "name": name}, {"works at": row["customer"]})


def _objects(deals: Iterable[Row], projects: Iterable[Row], invoices: Iterable[Row], payments: Iterable[Row]) -> Iterator[Document]:
    for row in deals:
        yield _object("deal", row, {"offered to": row["customer_id"], "agreed with": row["contact_id"]}, row["created_on"])
    sold: dict[str, list[str]] = {}
    for row in deals:
        if row["project"] and row["status"] == "won":
            sold.setdefault(row["project"], []).append(row["id"])
    for row in projects:
        yield _object("project", row, {"done for": row["customer"], "sold by": sold.get(row["id"], [])}, row["on"])
    for row in invoices:
        yield _object("invoice", row, {"billed to": row["customer_id"], "bills": row["project_id"], "corrects": row["origin"]}, row["on"])
    for row in payments:
        yield _object("payment", row, {"paid by": row["customer_id"], "pays": row["invoices"]}, row["on"])


def _object(kind: str, row: Row, to: Row | None = None, since: date | None = None) -> Document:
    at = _instant(since) if since else _BEGINNING
    attributes = [{"name": name, "time": at, "value": _value(row[name])} for name in OBJECTS[kind] if row[name] is not None]
    return {"id": row["id"], "type": kind, "attributes": attributes, "relationships": list(_related(to or {}))}


def _events(
    deals: Iterable[Row],
    changes: Iterable[Row],
    projects: Iterable[Row],
    invoices: Iterable[Row],
    payments: Iterable[Row],
    reminders: Iterable[Row],
    write_offs: Iterable[Row],
) -> Iterator[Document]:
    for row in deals:
        about = {"deal": row["id"], "customer": row["customer_id"], "contact": row["contact_id"]}
        if row["created_on"]:
            yield _event("create deal", row["id"], row["created_on"], row, about)
        if row["closed_on"]:
            end = "win deal" if row["status"] == "won" else "lose deal"
            yield _event(end, row["id"], row["closed_on"], {"reason": row["loss_reason"]}, about)
    for row in changes:
        yield _event("change deal", row["id"], row["at"], row, {"deal": row["deal"]})
    for row in projects:
        if row["on"]:
            yield _event("open project", row["id"], row["on"], row, {"project": row["id"], "customer": row["customer"]})
    for row in invoices:
        issued = "issue credit note" if row["kind"] == "credit_note" else "issue invoice"
        about = {"invoice": row["id"], "project": row["project_id"], "customer": row["customer_id"], "corrected": row["origin"]}
        yield _event(issued, row["id"], row["on"], row, about)
    for row in payments:
        about = {"payment": row["id"], "invoice": row["invoices"], "customer": row["customer_id"]}
        yield _event("receive payment", row["id"], row["on"], row, about)
    for row in reminders:
        yield _event("send reminder", row["id"], row["on"], row, {"invoice": row["invoice"]})
    for row in write_offs:
        yield _event("write off", row["id"], row["on"], row, {"invoice": row["invoice"]})


def _event(kind: str, key: str, at: date, row: Row, to: Row) -> Document:
    attributes = [{"name": name, "value": _value(row[name])} for name in EVENTS[kind] if row[name] is not None]
    return {"id": f"{kind}:{key}", "type": kind, "time": _instant(at), "attributes": attributes, "relationships": list(_related(to))}


def _related(to: Row) -> Iterator[Document]:
    for qualifier, named in to.items():
        for one in named if isinstance(named, list) else [named]:
            if one is not None:
                yield {"objectId": one, "qualifier": qualifier}


def _instant(at: date) -> str:
    moment = at if isinstance(at, datetime) else datetime.combine(at, time())
    return moment.replace(tzinfo=UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return _instant(value) if isinstance(value, date) else value
