"""Reading a declaration: a pydantic model whose fields are annotated with kinds."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel

from matching.kinds.kind import Kind

Mark = TypeVar("Mark")


@dataclass(frozen=True)
class Vetoes:
    """Marks a field in which two different values are never the same thing."""


@dataclass(frozen=True)
class Within:
    """Marks a field that comes with another one: a desk phone with the employer.

    Where the other one differs, that this one differs too says nothing more; where it agrees and the field is `shared` by
    everybody under it, agreement says nothing more either.
    """

    field: str
    shared: bool = False


@dataclass(frozen=True)
class Passing:
    """Marks a field that changes in the life of a thing: that it differs says nothing. People change employers."""


@dataclass(frozen=True)
class Premises:
    """Marks a field that the branches of a group share: where names say `another branch`, that it agrees is no evidence."""


@dataclass(frozen=True)
class Field:
    """A field of a declaration."""

    name: str
    kind: Kind
    required: bool
    marks: tuple[Any, ...]
    doc: str
    choices: tuple[str, ...] = ()
    """The only values that it may have, where it is a Literal."""

    def mark(self, sort: type[Mark]) -> Mark | None:
        """The field's mark of that type, if it has one."""
        return next((mark for mark in self.marks if isinstance(mark, sort)), None)

    @property
    def vetoes(self) -> bool:
        """Whether two different values forbid a match."""
        return self.mark(Vetoes) is not None


@cache
def fields(declaration: type[BaseModel]) -> tuple[Field, ...]:
    """Every field that carries a kind, in order of declaration."""
    return tuple(_read(declaration))


def _read(declaration: type[BaseModel]) -> Iterator[Field]:
    for name, info in declaration.model_fields.items():
        marks = (*info.metadata, *_within(info.annotation))
        kind = next((mark for mark in marks if isinstance(mark, Kind)), None)
        if kind is not None:
            others = tuple(mark for mark in marks if mark is not kind)
            yield Field(name, kind, info.is_required(), others, info.description or "", tuple(_choices(info.annotation)))


def _choices(annotation: Any) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    for inner in get_args(annotation) if get_origin(annotation) in (Annotated, Union, UnionType) else ():
        yield from _choices(inner)


def _within(annotation: Any) -> Iterator[Any]:
    """Metadata inside `X | None`, which pydantic leaves where it stands."""
    if get_origin(annotation) is Annotated:
        yield from annotation.__metadata__
        yield from _within(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for member in get_args(annotation):
            yield from _within(member)
