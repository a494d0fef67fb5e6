"""Strategies of survival: each an order of the records of a golden record, best first, as SQL over the contest.

The contest has a row a record that others contend with: head (its golden record), source, key, event_at, filled (how many fields it
fills), age_days (since the newest event of the golden record, so that no clock has a say), its fields as clean text, and for every field
that asks for it whether its value is doubtful or verified.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from matching.declaration import Field
from matching.frames import literal, quoted
from mdm.entities import Survive
from mdm.errors import BadInput


@dataclass(frozen=True)
class Unit:
    """Fields that survive together, from one record: a group, or a field alone."""

    fields: tuple[Field, ...]
    rule: Survive

    @property
    def names(self) -> tuple[str, ...]:
        """What its fields are called."""
        return tuple(field.name for field in self.fields)


def trust(unit: Unit) -> str:
    """Sources in the order of their authority; those that nobody ranked come last."""
    return _by_source({source: str(rank) for rank, source in enumerate(unit.rule.trust)}, str(len(unit.rule.trust)))


def decay(unit: Unit) -> str:
    """The score of the source, halved with every half-life that the record is older than the newest one."""
    score = _by_source({source: f"{score:.9f}" for source, score in unit.rule.scores}, "0")
    return f"round({score} * power(0.5, age_days / {unit.rule.half_life_days:.9f}), 9) DESC"


def recent(unit: Unit) -> str:
    """The latest event time; a record without one comes last."""
    return "event_at DESC NULLS LAST"


def frequent(unit: Unit) -> str:
    """What most records say: a column of `windows`."""
    return f"{quoted(_COUNT + unit.names[0])} DESC"


def longest(unit: Unit) -> str:
    """The most characters."""
    return f"length(concat({', '.join(map(quoted, unit.names))})) DESC"


def complete(unit: Unit) -> str:
    """The record that fills most of its fields."""
    return "filled DESC"


def minimum(unit: Unit) -> str:
    """The least, as a number or a day where it is one; of a group, its first field."""
    return f"{_comparable(unit.fields[0])} ASC NULLS LAST"


def maximum(unit: Unit) -> str:
    """The greatest, as a number or a day where it is one; of a group, its first field."""
    return f"{_comparable(unit.fields[0])} DESC NULLS LAST"


def verified(unit: Unit) -> str:
    """What proves itself by its check digits, or is said by a register."""
    proofs = [quoted(flag("verified", field)) for field in unit.fields if field.kind.verified]
    if unit.rule.registers:
        proofs.append(f"source IN ({', '.join(map(literal, unit.rule.registers))})")
    return f"CASE WHEN {' OR '.join(proofs)} THEN 0 ELSE 1 END" if proofs else _NOTHING


STRATEGIES: Mapping[str, Callable[[Unit], str]] = {
    order.__name__: order for order in (trust, decay, verified, recent, frequent, longest, complete, minimum, maximum)
}
_COUNT = "records that say the same of "
_NOTHING = "0::INTEGER + 0"
"""An order that prefers nothing; a bare number would name a column."""


def order(unit: Unit) -> str:
    """The whole order of a unit, best first.

    A value that its kind doubts yields to any other, a group that says less to one that says more: an address with its street comes
    before a city alone. Then the strategies; source and key end every tie.
    """
    doubts = [f"coalesce({quoted(flag('doubtful', field))}, false)::INTEGER" for field in unit.fields if field.kind.doubtful]
    empty = [f"({quoted(name)} IS NULL)::INTEGER" for name in unit.names]
    before = [*([" + ".join(doubts)] if doubts else []), *([" + ".join(empty)] if len(empty) > 1 else [])]
    return ", ".join([*before, *(named(strategy)(unit) for strategy in unit.rule.by), "source", "key"])


def named(strategy: str) -> Callable[[Unit], str]:
    """A strategy by its name. Raises BadInput with those that there are."""
    if strategy not in STRATEGIES:
        raise BadInput(f"there is no survivorship strategy {strategy!r}; there are {', '.join(STRATEGIES)}")
    return STRATEGIES[strategy]


def windows(unit: Unit) -> dict[str, str]:
    """Columns that the order of a unit looks at and that look at other records, in SQL: they are made before it."""
    counted = f"count(*) OVER (PARTITION BY head, {', '.join(map(quoted, unit.names))})"
    return {_COUNT + unit.names[0]: counted} if "frequent" in unit.rule.by else {}


def flag(what: str, field: Field) -> str:
    """The column that says whether a field's value is doubtful or verified."""
    return f"{what} {field.name}"


def _by_source(values: Mapping[str, str], otherwise: str) -> str:
    cases = " ".join(f"WHEN {literal(source)} THEN {value}" for source, value in values.items())
    return f"CASE source {cases} ELSE {otherwise} END" if cases else _NOTHING


def _comparable(field: Field) -> str:
    """Clean text as what it stands for, so that 9 is less than 10."""
    arrow, column = field.kind.arrow, quoted(field.name)
    if pa.types.is_decimal(arrow):
        return f"TRY_CAST({column} AS DECIMAL(38, 6))"
    return f"TRY_CAST({column} AS TIMESTAMP)" if pa.types.is_temporal(arrow) else column


__all__ = ["STRATEGIES", "Unit", "flag", "named", "order", "windows"]
