"""What a declaration is made of beside kinds: masters, facts, references and rules of survival."""

from dataclasses import dataclass
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from matching.declaration import Field, fields


@dataclass(frozen=True)
class Refers:
    """Marks a field that holds the key of a record of another entity, in the same source."""

    to: str


@dataclass(frozen=True)
class SameAs:
    """Marks a reference by which the source itself says that two of its records are one thing: it has merged them."""


@dataclass(frozen=True)
class NameOf:
    """Marks a field that, where it is empty, is the name of the record that `field` refers to."""

    field: str


@dataclass(frozen=True)
class Survive:
    """How a golden value is chosen among the records of a cluster: strategies in order, the next breaks the ties of the last.

    The strategies are those of `mdm.strategies`. A value that its kind doubts yields to any other; source and key end every tie.
    """

    by: tuple[str, ...] = ("trust", "frequent", "recent")
    trust: tuple[str, ...] = ()
    """For `trust`: sources in the order of their authority for this field."""
    scores: tuple[tuple[str, float], ...] = ()
    """For `decay`: what the word of each source is worth while it is fresh; one that is not named is worth nothing."""
    half_life_days: float = 365
    """For `decay`: the days after which it is worth half."""
    registers: tuple[str, ...] = ()
    """For `verified`: sources that are registers, whose word is proof."""
    group: str = ""
    """Fields of one group survive together, from one record: a street never meets another record's city."""
    collect: str = ""
    """The name under which the golden record also holds every distinct value, best first. Not for a group."""


class Entity(BaseModel):
    """A declaration: frozen, closed, documented by its attribute docstrings."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, str_strip_whitespace=True)

    entity: ClassVar[str]
    """The name by which configuration, API and exports speak of it."""


class Master(Entity):
    """A thing that several sources describe: matched, clustered, golden."""

    prefix: ClassVar[str]
    """What its golden ids begin with."""


class Fact(Entity):
    """Something that happened or is planned: keyed by its source, never matched; it refers to masters."""


def golden_fields(entity: type[Master]) -> tuple[Field, ...]:
    """The fields of a golden record: all but those by which a source says that it merged its records."""
    return tuple(field for field in fields(entity) if field.mark(SameAs) is None)


def collected_fields(entity: type[Master]) -> dict[str, Field]:
    """By the name of a list, the field whose values it collects."""
    return {rule.collect: field for field in golden_fields(entity) if (rule := field.mark(Survive)) and rule.collect}


def own_references(entity: type[Master]) -> list[str]:
    """Fields that refer to records of the same entity: a customer's parent."""
    return [item.name for item in fields(entity) if (refers := item.mark(Refers)) and refers.to == entity.entity]
