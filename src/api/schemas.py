"""The shape of golden records on the wire, made from the declarations: for OpenAPI, and to type what the store holds as text."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, Literal, Union

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, create_model

from matching.declaration import Field as Declared
from matching.kinds import FAMILY_NAME, GIVEN_NAME, ORG_NAME, PRODUCT_LABEL, PROJECT_LABEL
from mdm import entities, rules
from mdm.entities import MASTERS, Master, NameOf

BY_NAME: dict[str, type[Master]] = {master.entity: master for master in MASTERS}
"""The masters by the name that stands in addresses."""

Amount = Annotated[str, Field(pattern=r"^-?\d+(\.\d+)?$", examples=["1234.5"])]
"""A decimal as text, so that no reader rounds it."""
Scalar = str | bool | None
"""A value of a field: text (dates as ISO 8601, numbers as exact decimals), yes or no, or nothing."""
Values = dict[str, Scalar | list[str]]
"""Values by field, those that are collected by the name of their list."""

_NAMING = frozenset({ORG_NAME, GIVEN_NAME, FAMILY_NAME, PRODUCT_LABEL, PROJECT_LABEL})


class Model(BaseModel):
    """Whatever goes over the wire: closed, documented by its attribute docstrings."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


@cache
def golden_fields(entity: type[Master]) -> dict[str, Declared]:
    """The fields of a golden record by name."""
    return {field.name: field for field in entities.golden_fields(entity)}


@cache
def naming_fields(entity: type[Master]) -> tuple[str, ...]:
    """The fields that say what it is called."""
    return tuple(name for name, field in golden_fields(entity).items() if field.kind in _NAMING and field.mark(NameOf) is None)


@cache
def _flags(entity: type[Master]) -> frozenset[str]:
    return frozenset(name for name, field in golden_fields(entity).items() if pa.types.is_boolean(field.kind.arrow))


def is_numeric(field: Declared) -> bool:
    """Whether its values are numbers, and sort as such."""
    return bool(pa.types.is_decimal(field.kind.arrow))


def typed(entity: type[Master], data: Mapping[str, str], only: Collection[str] | None = None) -> dict[str, Scalar]:
    """The values of a golden record as they go over the wire, null where there is none."""
    flags = _flags(entity)
    names = golden_fields(entity) if only is None else only
    return {name: data.get(name) if name not in flags else _flag(data.get(name)) for name in names}


def collected(entity: type[Master], data: Mapping[str, Any]) -> dict[str, list[str]]:
    """By the name of a list, every distinct value of the field that it collects, best first; the store keeps only those of more than one."""
    found = entities.collected_fields(entity)
    return {name: data.get(name) or [data[field.name]] if field.name in data else [] for name, field in found.items()}


def _flag(value: str | None) -> bool | None:
    return None if value is None else value == "true"


def _type(field: Declared) -> Any:
    """The type that a field has in OpenAPI."""
    arrow = field.kind.arrow
    if pa.types.is_boolean(arrow):
        return bool
    if pa.types.is_decimal(arrow):
        return Amount
    if pa.types.is_date(arrow):
        return date
    return datetime if pa.types.is_timestamp(arrow) else str


class Named(Model):
    """A record as its source names it."""

    source: Annotated[str, Field(min_length=1, max_length=500, examples=["crm"])]
    key: Annotated[str, Field(min_length=1, max_length=500, examples=["001"])]


class Membership(Model):
    """A record of a source that belongs to a golden record."""

    source: str
    key: str
    since: datetime
    """Since when it belongs there."""
    load: int
    """The load that brought the version in force."""
    file: str
    """Where it was read: the stream of the source, most often a file."""
    line: int | None
    """Its line there, the header included."""
    changed_at: datetime | None
    """When the source says that it changed."""
    loaded_at: datetime


class Origin(Model):
    """The record that gave a value."""

    value: Scalar
    source: str
    key: str
    file: str
    line: int | None
    loaded_at: datetime
    changed_at: datetime | None
    """When the source says that the record changed."""
    agrees: bool
    """Whether it says what the golden record says."""
    deleted: bool
    """Whether the source has deleted it."""


class AppliedRule(rules.Rule):
    """How a value was chosen."""

    group: str
    """Fields of one group survive together, from one record."""


class PinnedBy(Model):
    """The steward who set a value, and why."""

    id: int
    by: str
    at: datetime
    reason: str
    until: datetime | None
    """When it expires."""
    over: list[int]
    """Older pins of the field that met it in this golden record and give way."""


class FieldLineage(Model):
    """Where the value of a field came from, and what else was said."""

    field: str
    kind: str
    value: Scalar
    rule: AppliedRule
    pin: PinnedBy | None
    """Where a steward has set the value, no record gave it."""
    chosen: Origin | None
    """The record that gave it. `agrees` is false where that record has changed since the last match."""
    others: list[Origin]
    """What the other records say."""


class Expanded(Model):
    """What `expand` asked for."""

    members: list[Membership] | None = None
    provenance: list[FieldLineage] | None = None


class Golden(Model):
    """A golden record."""

    id: str
    """Its golden id. It never changes and is never given to anything else."""
    status: Literal["live", "merged", "retired"]
    """`merged`: another id has absorbed it; `retired`: no source holds any of its records any more; then these are the last values."""
    merged_into: str | None = None
    """The id that absorbed it."""
    version: int
    members: int
    """How many records of the sources it was made of."""
    known_from: datetime
    """Since when the hub knows this version."""
    known_to: datetime | None = None
    """Until when, where it is merged or retired."""
    score: float | None = None
    """How well its name answers `q`, from 0 to 1."""
    expanded: Expanded | None = None


def _values(entity: type[Master]) -> type[BaseModel]:
    declared: dict[str, Any] = {
        name: (
            _type(field) | None,
            Field(None, description=field.doc, json_schema_extra={"x-kind": field.kind.name}),
        )
        for name, field in golden_fields(entity).items()
    }
    for name, field in entities.collected_fields(entity).items():
        doc = f"Every distinct value of `{field.name}` that the sources say, best first."
        declared[name] = (list[str], Field([], description=doc, json_schema_extra={"x-kind": field.kind.name}))
    return create_model(f"{entity.__name__}Values", __config__=ConfigDict(extra="forbid"), __doc__=entity.__doc__, **declared)


def _record(entity: type[Master]) -> Any:
    own: dict[str, Any] = {"entity": (Literal[entity.entity], ...), "values": (_values(entity), ...)}
    return create_model(f"Golden{entity.__name__}", __base__=Golden, __doc__=f"The golden record of a {entity.entity}.", **own)


_EXAMPLE: dict[str, Any] = {
    "id": "cus_01m85w7wxw8rjw6jdrc0knx17c", "entity": "customer", "status": "live", "merged_into": None, "version": 2, "members": 3,
    "known_from": "2026-11-23T06:00:00Z", "known_to": None, "score": None, "expanded": None,
    "values": {"name": "Menuiserie Labrousse", "siren": "552100554", "city": "Limoges", "active": True},
}  # fmt: skip

AnyGolden: Any = Annotated[
    Union[tuple(_record(master) for master in MASTERS)],  # noqa: UP007
    Field(discriminator="entity", examples=[_EXAMPLE]),
]
"""A golden record of any entity."""

_NEXT = "/v1/golden/customer?limit=1&cursor=q83vASNFZ4mrze8B"

GoldenPage: Any = create_model(
    "GoldenPage",
    __config__=ConfigDict(extra="forbid", json_schema_extra={"examples": [{"items": [_EXAMPLE], "next": _NEXT}]}),
    __doc__="Golden records, and where there are more.",
    items=(list[AnyGolden], ...),
    next=(str | None, Field(..., description="The address of the next page; null on the last.")),
)

Resolved: Any = create_model(
    "Resolved",
    __config__=ConfigDict(extra="forbid"),
    __doc__="What one id of a batch leads to.",
    requested=(str, Field(..., description="The id asked for.")),
    resolved=(str | None, Field(..., description="The id that it leads to: itself, or the one that absorbed it; null for an unknown id.")),
    record=(AnyGolden | None, Field(..., description="Its golden record.")),
)

_LED: dict[str, Any] = {"requested": _EXAMPLE["id"], "resolved": _EXAMPLE["id"], "record": _EXAMPLE}

Batch: Any = create_model(
    "Batch",
    __config__=ConfigDict(extra="forbid", json_schema_extra={"examples": [{"items": [_LED]}]}),
    __doc__="What the ids of a batch lead to, in the order of the request.",
    items=(list[Resolved], ...),
)


def row_model(name: str, doc: str, schema: pa.Schema) -> Any:
    """The shape of the rows of an Arrow table: decimals as text, all may be null."""
    columns: dict[str, Any] = {column.name: (_column(column.type) | None, ...) for column in schema}
    return create_model(name, __config__=ConfigDict(extra="forbid"), __doc__=doc, **columns)


def _column(kind: pa.DataType) -> Any:
    if pa.types.is_nested(kind):
        return list[_column(kind.value_type)]  # type: ignore[misc]  # lists are the only ones
    if pa.types.is_decimal(kind):
        return Amount
    if pa.types.is_date(kind):
        return date
    if pa.types.is_timestamp(kind):
        return datetime
    if pa.types.is_floating(kind):
        return float
    return int if pa.types.is_integer(kind) else bool if pa.types.is_boolean(kind) else str
