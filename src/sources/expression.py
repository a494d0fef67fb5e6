"""How a field is made from the columns of a row: the small language of `[sources.x.streams.fields]`."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Self

import duckdb
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from matching.frames import scratch

FORMS = ("column", "first", "join", "value")


class Expression(BaseModel):
    """One of `column`, `first`, `join` and `value`; then `match`, `replace` and `map` in this order, where they are given."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    column: str | None = None
    """A column of the file."""
    first: tuple["Expression", ...] | None = Field(None, min_length=1)
    """The first of several that is not empty."""
    join: tuple["Expression", ...] | None = Field(None, min_length=1)
    """Several, those that are not empty, one behind the other."""
    by: str | None = None
    """What stands between the joined ones; a blank where it is not given."""
    value: str | None = Field(None, min_length=1)
    """The same for every row."""
    match: str | None = None
    """A regular expression (RE2): its first group, or all of it where it has none; empty where it is not found."""
    replace: dict[str, str] | None = None
    """Pieces of text to replace."""
    map: dict[str, str] | None = Field(None, min_length=1)
    """Translations of whole values, without regard to case."""
    otherwise: str | None = None
    """The translation of everything else, nothing included; without it an unknown value is a problem."""

    @model_validator(mode="before")
    @classmethod
    def _column_alone(cls, data: Any) -> Any:
        return {"column": data} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        given = [form for form in FORMS if getattr(self, form) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of {', '.join(FORMS)}, not {' and '.join(given) or 'none'}")
        if self.by is not None and self.join is None:
            raise ValueError("by needs join")
        if self.otherwise is not None and self.map is None:
            raise ValueError("otherwise needs map")
        return self

    @field_validator("match")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        if pattern is not None and (mistake := mistake_in(pattern)):
            raise ValueError(f"{pattern!r} is not a regular expression of RE2 ({mistake})")
        return pattern

    @property
    def parts(self) -> tuple["Expression", ...]:
        """The expressions that it is made of."""
        return self.first or self.join or ()

    @property
    def group(self) -> int:
        """Which group of `match` is taken."""
        return int(self.match is not None and mistake_in(self.match, groups=1) is None)

    def columns(self) -> Iterator[str]:
        """Every column that it reads."""
        if self.column is not None:
            yield self.column
        for part in self.parts:
            yield from part.columns()


@cache
def mistake_in(pattern: str, groups: int = 0) -> str | None:
    """What is wrong with a regular expression by RE2, which runs it, or that it has fewer groups."""
    names = [f"group{number}" for number in range(groups)]
    query = "select regexp_extract('', $1, $2)" if names else "select regexp_extract('', $1)"
    try:
        with scratch().cursor() as cursor:
            cursor.execute(query, [pattern, names] if names else [pattern])
    except duckdb.Error as error:
        return str(error).removeprefix("Invalid Input Error: ").removeprefix("Binder Error: ")
    return None
