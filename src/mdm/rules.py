"""Rule sets: how golden values are chosen, as data that is versioned, checked against the declarations and tried before it is applied."""

import json
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mdm.entities import Master, Survive, golden_fields
from mdm.errors import BadInput
from mdm.strategies import STRATEGIES
from mdm.survivorship import Rules, rule_of

Score = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]


class Rule(BaseModel):
    """How the golden value of a field is chosen among what its records say."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    by: Annotated[tuple[str, ...], Field(min_length=1, json_schema_extra={"items": {"type": "string", "enum": list(STRATEGIES)}})]
    """Strategies in order; the next one breaks the ties of the last, source and key end every tie."""
    trust: tuple[str, ...] = ()
    """For `trust`: sources in the order of their authority for this field."""
    scores: dict[str, Score] = {}
    """For `decay`: what the word of each source is worth while it is fresh, from 0 to 1; one that is not named is worth nothing."""
    half_life_days: Annotated[float, Field(gt=0, le=100_000, allow_inf_nan=False)] = 365
    """For `decay`: the days after which it is worth half, counted from the newest event of the golden record."""
    registers: tuple[str, ...] = ()
    """For `verified`: sources that are registers, whose word is proof."""

    @classmethod
    def of(cls, declared: Survive) -> Self:
        """What a declaration says."""
        return cls(
            by=declared.by,
            trust=declared.trust,
            scores=dict(declared.scores),
            half_life_days=declared.half_life_days,
            registers=declared.registers,
        )

    def on(self, declared: Survive) -> Survive:
        """A declaration with this rule; what survives together or is collected is not a matter of rules."""
        scores = tuple(sorted(self.scores.items()))
        return replace(declared, by=self.by, trust=self.trust, scores=scores, half_life_days=self.half_life_days, registers=self.registers)

    def __str__(self) -> str:
        """As it is shown: `trust (billing, crm), recent`."""
        details = {
            "trust": ", ".join(self.trust),
            "decay": ", ".join(
                [*(f"{source} {score:g}" for source, score in self.scores.items()), f"half in {self.half_life_days:g} days"]
            ),
            "verified": ", ".join(self.registers),
        }
        return ", ".join(f"{name} ({details[name]})" if details.get(name) else name for name in self.by)


class RuleSet(BaseModel):
    """Rules by field; a field without has its declared rule."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    rules: dict[str, Rule] = {}

    def of(self, entity: type[Master]) -> Rules:
        """How every field survives under these rules; one that the declaration does not have any more is passed over.

        Fields that survive together have the rule that any of them is given.
        """
        declared = {field.name: rule_of(field) for field in golden_fields(entity)}
        given = {name: rule for name, rule in self.rules.items() if name in declared}
        groups = {declared[name].group: rule for name, rule in given.items() if declared[name].group}
        found = {name: given.get(name) or groups.get(survive.group) for name, survive in declared.items()}
        return {name: declared[name] if rule is None else rule.on(declared[name]) for name, rule in found.items()}

    def but_declared(self, entity: type[Master]) -> Self:
        """Without the rules that say what the declaration says."""
        declared = shown({}, entity)
        return self.model_copy(update={"rules": {name: rule for name, rule in self.rules.items() if rule != declared.get(name)}})


def shown(rules: Rules, entity: type[Master]) -> dict[str, Rule]:
    """The rule of every field."""
    return {field.name: Rule.of(rule_of(field, rules)) for field in golden_fields(entity)}


@dataclass(frozen=True)
class Fault:
    """Something that is wrong with a rule set."""

    place: tuple[str, ...]
    """Where: the field, and which part of its rule."""
    message: str

    def __str__(self) -> str:
        """As it is shown."""
        return f"{'.'.join(self.place)}: {self.message}"


def faults(asked: RuleSet, entity: type[Master], sources: Collection[str]) -> Iterator[Fault]:
    """What a rule set says of fields, strategies and sources that there are not, with those that there are; and of groups divided."""
    declared = {field.name: rule_of(field) for field in golden_fields(entity)}
    known = {*sources, *(source for rule in declared.values() for source in rule.trust)}
    groups: dict[str, str] = {}
    for name, rule in asked.rules.items():
        if name not in declared:
            yield Fault((name,), f"there is no field {name!r} in {entity.entity}; there are {', '.join(declared)}")
            continue
        first = groups.setdefault(declared[name].group or name, name)
        if rule != asked.rules[first]:
            yield Fault((name,), f"it survives together with {first}, by one rule; give both the same, or one of them alone")
        yield from _of_rule(name, rule, known)


def _of_rule(name: str, rule: Rule, known: Collection[str]) -> Iterator[Fault]:
    there_are = f"there are {', '.join(STRATEGIES)}"
    yield from (Fault((name, "by"), f"there is no strategy {one!r}; {there_are}") for one in rule.by if one not in STRATEGIES)
    for part, said in (("trust", rule.trust), ("scores", rule.scores), ("registers", rule.registers)):
        yield from (
            Fault((name, part), f"there is no source {one!r}; there are {', '.join(sorted(known)) or 'none yet'}")
            for one in said
            if one not in known
        )
    if "decay" in rule.by and not rule.scores:
        yield Fault((name, "scores"), "decay needs the scores of the sources, as in {crm = 0.8, billing = 0.6}")


def checked(asked: RuleSet, entity: type[Master], sources: Collection[str]) -> RuleSet:
    """A rule set in which nothing is wrong. Raises BadInput with everything that is."""
    found = list(faults(asked, entity, sources))
    if found:
        raise BadInput("; ".join(map(str, found)))
    return asked


def read(path: Path) -> tuple[str, RuleSet]:
    """The entity and the rules of a TOML file as `mdm rules show` writes it. Raises BadInput."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read as TOML ({error}); mdm rules show ENTITY writes such a file") from None
    if set(given) - {"entity", "rules"} or not isinstance(given.get("entity"), str):
        raise BadInput(f'{path} needs entity = "customer" or the like, and tables [rules.FIELD]; mdm rules show ENTITY writes such a file')
    return given["entity"], parsed(given.get("rules", {}), str(path))


def parsed(rules: Any, place: str) -> RuleSet:
    """Rules as data. Raises BadInput with everything that is wrong with their form."""
    try:
        return RuleSet.model_validate({"rules": rules})
    except ValidationError as error:
        told = (f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in error.errors())
        raise BadInput(f"{place}: {'; '.join(told)}") from None


def written(entity: type[Master], rules: Mapping[str, Rule]) -> str:
    """Rules as TOML, to be changed and read again."""
    return "\n".join([f'entity = "{entity.entity}"', *(line for name, rule in rules.items() for line in _table(name, rule))]) + "\n"


def _table(name: str, rule: Rule) -> Iterator[str]:
    yield from ("", f"[rules.{name}]", f"by = {json.dumps(rule.by)}")
    if rule.trust:
        yield f"trust = {json.dumps(rule.trust)}"
    if rule.scores:
        yield f"scores = {{{', '.join(f'{json.dumps(source)} = {float(score)}' for source, score in rule.scores.items())}}}"
        yield f"half_life_days = {rule.half_life_days:g}"
    if rule.registers:
        yield f"registers = {json.dumps(rule.registers)}"
