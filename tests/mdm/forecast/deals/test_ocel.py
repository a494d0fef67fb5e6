"""The event log is an OCEL 2.0 document: its shape, nothing dangling, nothing of the future."""

import json
from datetime import date

import jsonschema

from mdm.forecast.deals.ocel import Document, event_log
from mdm.forecast.frames import Frames
from tests.mdm.forecast.deals.sales import sales
from tests.mdm.forecast.deals.test_process import MASTERS, MEMBERS, TODAY, chain
from tests.mdm.forecast.worlds import frames

TYPES = {"enum": ["string", "time", "integer", "float", "boolean"]}
TEXT = {"type": "string"}


def listed(properties: dict[str, object], required: list[str]) -> dict[str, object]:
    """A list of objects with these properties."""
    return {"type": "array", "items": {"type": "object", "properties": properties, "required": required, "additionalProperties": False}}


KINDS = listed({"name": TEXT, "attributes": listed({"name": TEXT, "type": TYPES}, ["name", "type"])}, ["name", "attributes"])
RELATED = listed({"objectId": TEXT, "qualifier": TEXT}, ["objectId", "qualifier"])
VALUE = {"type": ["string", "number", "boolean"]}
TIME = {"type": "string", "format": "date-time", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
SCHEMA = {
    "type": "object",
    "required": ["eventTypes", "objectTypes", "events", "objects"],
    "additionalProperties": False,
    "properties": {
        "eventTypes": KINDS,
        "objectTypes": KINDS,
        "events": listed(
            {
                "id": TEXT,
                "type": TEXT,
                "time": TIME,
                "attributes": listed({"name": TEXT, "value": VALUE}, ["name", "value"]),
                "relationships": RELATED,
            },
            ["id", "type", "time"],
        ),
        "objects": listed(
            {
                "id": TEXT,
                "type": TEXT,
                "attributes": listed({"name": TEXT, "value": VALUE, "time": TIME}, ["name", "value", "time"]),
                "relationships": RELATED,
            },
            ["id", "type"],
        ),
    },
}
"""The JSON form of the standard (ocel-standard.org, 2.0)."""


def checked(log: Document) -> Document:
    """A log that has the standard's shape, whose ids are unique, whose types are declared, and in which nothing dangles."""
    jsonschema.validate(log, SCHEMA)
    ids = {one["id"] for one in log["objects"]}
    assert len(ids) == len(log["objects"])
    assert len({one["id"] for one in log["events"]}) == len(log["events"])
    for part, kinds in (("events", "eventTypes"), ("objects", "objectTypes")):
        declared = {kind["name"]: {one["name"] for one in kind["attributes"]} for kind in log[kinds]}
        for one in log[part]:
            assert {attribute["name"] for attribute in one["attributes"]} <= declared[one["type"]]
            assert {to["objectId"] for to in one["relationships"]} <= ids
    assert json.loads(json.dumps(log)) == log
    return log


def test_a_sale_is_told_from_its_first_day_to_its_payment() -> None:
    log = checked(event_log(frames(facts=chain(), golden=MASTERS, members=MEMBERS), TODAY))
    assert [event["type"] for event in log["events"]] == [
        "create deal",
        *["change deal"] * 3,
        "win deal",
        "change deal",
        "open project",
        "issue invoice",
        "receive payment",
    ]
    paid = log["events"][-1]
    assert {(to["qualifier"], to["objectId"]) for to in paid["relationships"]} == {("payment", "billing:Y1"), ("invoice", "billing:F1")}
    project = next(one for one in log["objects"] if one["type"] == "project")
    assert {"objectId": "crm:D1", "qualifier": "sold by"} in project["relationships"]


def test_a_log_of_a_day_holds_nothing_after_it() -> None:
    made, day = sales(14, 60), date(2025, 3, 1)
    log = checked(event_log(made.world(date(2027, 6, 1)), day))
    assert log["events"]
    assert max(event["time"] for event in log["events"]) < "2025-03-02"


def test_a_log_of_nothing_has_its_types() -> None:
    log = checked(event_log(Frames.of(), TODAY))
    assert (log["events"], log["objects"]) == ([], [])
    assert len(log["objectTypes"]) == 6
