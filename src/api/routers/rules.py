"""The rules by which golden values are chosen: read, tried, put in force."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from pydantic import ConfigDict
from sqlalchemy import Connection

from api.problems import Invalid, problems
from api.routers.golden import EntityName
from api.schemas import BY_NAME, AppliedRule, Model
from api.selection import Line
from api.session import ADMIN, STEWARD, VIEWER, Caller, Db, hub_of
from mdm import rule_simulation
from mdm.entities import Master, golden_fields
from mdm.errors import BadInput, Forbidden, NotFound, StoreUnavailable, Unauthorised
from mdm.rules import Fault, Rule, RuleSet, faults
from mdm.store import audit, rules
from mdm.survivorship import rule_of

router = APIRouter(prefix="/v1/rules", tags=["rules"], responses=problems(Unauthorised, Forbidden, NotFound, BadInput, StoreUnavailable))
_EXAMPLE: Mapping[str, Any] = {"rules": {"phone": {"by": ["trust", "recent"], "trust": []}}}


class RulesAsked(Model):
    """Rules to be tried: those of the fields that are to differ from their declaration."""

    model_config = ConfigDict(json_schema_extra={"examples": [dict(_EXAMPLE)]})

    rules: dict[str, Rule]
    """By field. A field without has its declared rule; fields that survive together have the rule that one of them is given."""


class RulesIn(RulesAsked):
    """Rules to be put in force."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_EXAMPLE, "reason": "sales keep the numbers current"}]})

    reason: Line


class RulesInForce(Model):
    """How the golden values of an entity are chosen."""

    entity: str
    version: int | None
    """Null while every field has its declared rule."""
    known_from: datetime | None
    made_by: str | None
    reason: str | None
    rules: dict[str, AppliedRule]
    """By field, all of them."""


class ChangedValue(Model):
    """A golden value that would be another."""

    id: str
    field: str
    old: str | list[str] | None
    new: str | list[str] | None
    rule: str
    """The rule that would choose it."""


class Simulated(Model):
    """What other rules would change."""

    golden: int
    """Golden records looked at."""
    changed: int
    """Those of which some value would change."""
    fields: dict[str, int]
    """By field, how many would have another value."""
    examples: list[ChangedValue]
    """At most twenty of a field."""


class WrongRules(BadInput):
    """Rules that cannot be, with everything that is wrong with them."""

    def __init__(self, found: list[Fault]) -> None:
        super().__init__("; ".join(map(str, found)))
        self.errors = tuple(Invalid(pointer="/".join(("/body/rules", *one.place)), code="rule", message=one.message) for one in found)


@router.get("/{entity}", dependencies=[VIEWER])
def get_rules(entity: EntityName, db: Db) -> RulesInForce:
    """Get the rule of every field as it is in force."""
    return _in_force(db, _master(entity))


@router.post("/{entity}:simulate", dependencies=[STEWARD])
def simulate_rules(entity: EntityName, asked: RulesAsked, db: Db) -> Simulated:
    """Tell which golden values other rules would change, compared with the rules in force. Nothing is written."""
    master = _master(entity)
    found = rule_simulation.simulate(db, master, _checked(db, master, asked))
    examples = [ChangedValue(id=one.golden_id, field=one.field, old=one.old, new=one.new, rule=one.rule) for one in found.examples]
    return Simulated(golden=found.golden, changed=found.changed, fields=dict(found.fields), examples=examples)


@router.put("/{entity}", dependencies=[ADMIN])
def put_rules(request: Request, entity: EntityName, asked: RulesIn, db: Db, caller: Caller) -> RulesInForce:
    """Put rules in force as a new version; the next match rebuilds the golden records by them. The same again changes nothing."""
    master = _master(entity)
    before = rules.version(db, master.entity)
    made = rules.put(db, master, _checked(db, master, asked), asked.reason, caller.name)
    if made is not None and made != before:
        detail = {"entity": entity, "reason": asked.reason}
        audit.append(db, caller.name, "rules.put", f"rules {made.id}", detail, hub_of(request).now())
    return _in_force(db, master)


def _checked(db: Connection, master: type[Master], asked: RulesAsked) -> RuleSet:
    wanted = RuleSet(rules=asked.rules)
    found = list(faults(wanted, master, rules.sources(db, master.entity)))
    if found:
        raise WrongRules(found)
    return wanted


def _in_force(db: Connection, master: type[Master]) -> RulesInForce:
    version, applied = rules.version(db, master.entity), rules.in_force(db, master)
    by_field = {field.name: rule_of(field, applied) for field in golden_fields(master)}
    return RulesInForce(
        entity=master.entity,
        version=version.id if version else None,
        known_from=version.known_from if version else None,
        made_by=version.made_by if version else None,
        reason=version.reason if version else None,
        rules={name: AppliedRule(**dict(Rule.of(rule)), group=rule.group) for name, rule in by_field.items()},
    )


def _master(entity: str) -> type[Master]:
    if entity not in BY_NAME:
        raise NotFound(f"there is no master {entity!r}; there are {', '.join(BY_NAME)}")
    return BY_NAME[entity]
