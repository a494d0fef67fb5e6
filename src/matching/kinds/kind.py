"""A kind: what a field means, so that it can be cleaned, compared and blocked without further instructions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from matching.comparison import Comparison
from matching.kinds.parts import Part
from matching.normal import tidy


class Refused(ValueError):
    """A value that its kind cannot accept, with the reason and what to do about it."""

    def __init__(self, reason: str, fix: str) -> None:
        super().__init__(f"{reason}; {fix}")
        self.reason = reason
        self.fix = fix


@dataclass(frozen=True)
class Implied:
    """A value of another kind that follows from this one: a French VAT number carries a SIREN."""

    kind: str
    value: Callable[[str], str | None]
    certain: bool = True
    """Certain facts enter the golden record; the others only help to match."""


@dataclass(frozen=True, eq=False)
class Kind:
    """A semantic type. `clean` is its definition: text in, canonical text out, or `Refused`."""

    name: str
    doc: str
    clean: Callable[[str], str] = tidy
    arrow: pa.DataType = field(default_factory=pa.string)
    normal: Callable[[str], str] = str
    """The form that is compared and blocked on, of a clean value; an empty one says nothing."""
    comparison: Comparison | None = None
    """How two normal forms are compared; without it a field is carried, never evidence."""
    plain: str = ""
    """A regular expression (RE2) of values in small letters that are their own normal form: there is nothing to do for them."""
    keys: Mapping[str, Part] = field(default_factory=dict)
    """Blocking parts by name: the strings under which a normal form is filed."""
    family: str = ""
    """Fields of one family are one piece of evidence: street, postcode and city are a location."""
    swaps_with: str = ""
    """The kind that people put in its place: a given name in the field of the family name."""
    implies: tuple[Implied, ...] = ()
    verified: Callable[[str], bool] | None = None
    """Whether a clean value proves itself: its check digits hold. Without it no value does."""
    doubtful: Callable[[str], bool] | None = None
    """Whether a clean value is possible but hardly meant, so that any other is believed before it. Without it no value is."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Clean text before pydantic parses it; values that are typed already pass as they are."""
        return core_schema.no_info_before_validator_function(
            lambda value: self.clean(value) if isinstance(value, str) else value, handler(source)
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The handler's schema, labelled with the kind."""
        return handler(schema) | {"x-kind": self.name}
