"""What a list is asked for: filters, order, fields, page; everything by allow-list, and a mistake names what there is."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Query, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.problems import InvalidRequest
from matching.kinds import Refused

MOST = 1000
"""Rows that a page has at most."""
_FILTER = re.compile(r"filter\[([^\[\]]*)\]")

Clean = Callable[[str], str]
Filters = dict[str, tuple[str | None, ...]]
"""By field, the values of which a row has one; None is no value."""


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("a NUL character cannot be part of any value; leave it out")
    return text


Line = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_without_nul)]
"""A text of a person or a system, as it may come in."""


class Asked(BaseModel):
    """Parameters of a query; one that there is not is a mistake and not ignored."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Paged(Asked):
    """Parameters of every list."""

    limit: Annotated[int, Field(ge=1, le=MOST)] = 100
    """Rows of a page."""
    cursor: Annotated[str | None, Field(max_length=4000)] = None
    """Where the page begins: as `next` of the page before has it."""


class Listed(Paged):
    """Parameters of a list that can be filtered (`filter[field]=value`) and sorted."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)

    sort: Annotated[str | None, Field(max_length=100, examples=["name", "-name"])] = None
    """The field to sort by, `-` before it for descending; rows without a value come last."""


FILTER_PARAMETER = {
    "name": "filter", "in": "query", "style": "deepObject", "explode": True, "required": False,
    "description": "`filter[field]=value`: rows whose field has that value. Several values of one field mean any of them, several fields "
    "mean all of them, an empty value means that there is none. Values are cleaned as those of the sources are.",
    "schema": {"type": "object", "additionalProperties": {"type": "string"}}, "example": {"city": "Limoges"},
}  # fmt: skip
"""How OpenAPI is told of filters."""


@dataclass(frozen=True)
class Sort:
    """An order: None is that of the ids."""

    field: str | None
    descending: bool


def filters(request: Request, allowed: Mapping[str, Clean], declared: Collection[str]) -> Filters:
    """The filters of a request. Raises InvalidRequest on a field that there is not, a value that it cannot have, any other parameter."""
    found: dict[str, list[str | None]] = {}
    for name, value in request.query_params.multi_items():
        if name in declared:
            continue
        matched = _FILTER.fullmatch(name)
        if matched is None:
            raise InvalidRequest(f"/query/{name}", "unknown_parameter", f"there is no parameter {name!r}; {_list(declared)}, filter[field]")
        known(f"/query/{name}", matched.group(1), allowed)
        found.setdefault(matched.group(1), []).append(_cleaned(name, value, allowed[matched.group(1)]) if value.strip() else None)
    return {name: tuple(values) for name, values in found.items()}


def _cleaned(name: str, value: str, clean: Clean) -> str:
    try:
        return clean(value)
    except Refused as refusal:
        raise InvalidRequest(f"/query/{name}", "value", str(refusal)) from None


def sorting(asked: str | None, allowed: Collection[str]) -> Sort:
    """The order asked for. Raises InvalidRequest."""
    field = (asked or "id").removeprefix("-")
    known("/query/sort", field, ["id", *allowed])
    return Sort(None if field == "id" else field, (asked or "").startswith("-"))


def listed(pointer: str, asked: str | None, allowed: Collection[str]) -> tuple[str, ...] | None:
    """Names separated by commas, in the order asked for; None for none. Raises InvalidRequest."""
    if asked is None:
        return None
    names = tuple(dict.fromkeys(name.strip() for name in asked.split(",") if name.strip()))
    for name in names:
        known(pointer, name, allowed)
    return names


def known(pointer: str, name: str, allowed: Iterable[str]) -> None:
    """Raises InvalidRequest, with what there is, on a name that is not allowed."""
    if name not in allowed:
        raise InvalidRequest(pointer, "unknown_field", f"there is no {name!r} here; {_list(allowed)}")


def _list(names: Iterable[str]) -> str:
    return f"there are {', '.join(names)}"


Page = Annotated[Paged, Query()]
"""The parameters of a list without filters."""
