"""Simulation of a rule change: which golden values another rule set would change, without anything being written."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
from sqlalchemy import Connection

from matching.frames import query
from mdm.entities import Master, collected_fields, golden_fields
from mdm.rules import Rule, RuleSet
from mdm.store import masters, pins, rules
from mdm.survivorship import gathered, rule_of, survive

EXAMPLES = 20
"""Changes of a field that are told in full."""
Value = str | list[str] | None


@dataclass(frozen=True)
class Change:
    """A golden value that would be another."""

    golden_id: str
    field: str
    old: Value
    new: Value
    rule: str
    """The rule that would choose it."""


@dataclass(frozen=True)
class Simulation:
    """What would change."""

    golden: int
    """Golden records looked at."""
    changed: int
    """Those of which some value would change."""
    fields: Mapping[str, int]
    """By field, how many golden records would have another value; lists of collected values go by their own names."""
    examples: tuple[Change, ...]
    """Some of each field, in order of golden ids."""


def simulate(db: Connection, entity: type[Master], asked: RuleSet, examples: int = EXAMPLES) -> Simulation:
    """Compare what survives under the rules in force with what would under others, over the golden records as they are made up now."""
    records = gathered(masters.records(db, entity), masters.members(db, entity.entity), entity)
    wanted, held = asked.of(entity), pins.in_force(db, entity.entity)
    before = survive(records, entity, rules.in_force(db, entity), held)
    after = survive(records, entity, wanted, held)
    ruled = {field.name: field for field in golden_fields(entity)} | collected_fields(entity)
    told = {name: str(Rule.of(rule_of(field, wanted))) for name, field in ruled.items()}
    return compared(before, after, told, examples)


def compared(before: pa.Table, after: pa.Table, told: Mapping[str, str], examples: int) -> Simulation:
    """What differs between two results of `survive` over the same golden records. In: `told`, the rule of every field in words."""
    differing = query(
        """SELECT golden_id, b.data AS old, a.data AS new FROM b JOIN a USING (golden_id)
           WHERE b.data IS DISTINCT FROM a.data ORDER BY golden_id""",
        b=before,
        a=after,
    )
    fields: Counter[str] = Counter()
    shown: list[Change] = []
    changed = 0
    for row in differing.to_pylist():
        old, new = json.loads(row["old"]), json.loads(row["new"])
        names = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
        changed += bool(names)
        for name in names:
            fields[name] += 1
            if fields[name] <= examples:
                shown.append(Change(row["golden_id"], name, old.get(name), new.get(name), told[name]))
    return Simulation(before.num_rows, changed, dict(sorted(fields.items())), tuple(shown))
