"""`sources.toml`: which files hold which entity, and how their columns become its fields."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from matching.declaration import fields as fields_of
from mdm.entities import ENTITIES
from sources.errors import ConfigError
from sources.expression import Expression


class Settings(BaseModel):
    """Whatever stands in the config: frozen, closed, documented by its attribute docstrings."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Dialect(Settings):
    """How files are written; what is not said is found out, or left to the kinds."""

    encoding: str | None = None
    """As in `cp1252`; found out by the text where it is not given, or wrong."""
    separator: Annotated[str | None, Field(min_length=1, max_length=1)] = None
    """Between columns; found out among `;` `,` tab and `|`."""
    decimal: Literal[",", "."] | None = None
    """The decimal sign, so that `1.234` is one thing; the other one and blanks group thousands."""
    dates: Literal["dmy", "mdy", "iso"] | None = None
    """Order of day and month in dates such as 01/02/2026; dmy where it is not given."""
    sheet: str | None = None
    """Of an Excel file; the first one where it is not given."""

    @field_validator("separator")
    @classmethod
    def _separates(cls, mark: str | None) -> str | None:
        if mark is not None and (not mark.isascii() or mark.isalnum() or mark in '"\r\n\0'):
            raise ValueError(f"{mark!r} cannot separate columns; usual marks are ; , \\t and |")
        return mark

    @field_validator("encoding")
    @classmethod
    def _known(cls, name: str | None) -> str | None:
        if name is not None:
            try:
                "".encode(name)
            except LookupError:
                raise ValueError(f"{name!r} is not an encoding; usual ones are utf-8, cp1252, iso8859-15, utf-16") from None
        return name

    def over(self, other: "Dialect") -> "Dialect":
        """This one, and the other for what it does not say."""
        return Dialect(**(other.model_dump(exclude_none=True) | self.model_dump(exclude_none=True)))


def _below(path: str) -> str:
    if Path(path).is_absolute() or ".." in Path(path).parts:
        raise ValueError(f"{path!r} leaves the folder; write a path below it")
    return path


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Below = Annotated[str, Field(min_length=1), BeforeValidator(lambda value: _below(value) if isinstance(value, str) else value)]
Several = Annotated[tuple[str, ...], Field(min_length=1), BeforeValidator(_listed)]


class Condition(Settings):
    """Which values of a column a row may have; without regard to case. A text or a list is `only`."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    only: Several | None = None
    unlike: Several | None = Field(None, alias="not")

    @model_validator(mode="before")
    @classmethod
    def _values_alone(cls, data: Any) -> Any:
        return {"only": data} if isinstance(data, (str, list)) else data

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.only is None) == (self.unlike is None):
            raise ValueError("give exactly one of only and not")
        return self


class StreamConfig(Settings):
    """One entity read from one file, or from several of the same columns."""

    file: Below
    """Name of a file in the folder, or a pattern as in `export_*.csv`: CSV, TSV, Excel or Parquet."""
    entity: str
    """What a row is."""
    name: str | None = None
    """How the stream is spoken of; the file's name where it is not given."""
    key: Several
    """The column that identifies a row, or several, which are joined by `/`."""
    key_ordinal: bool = False
    """Number the rows of one key in order (`k`, `k#2`, `k#3`) rather than to reject all but the first."""
    version: str | None = None
    """Column with the time of the last change."""
    deleted: str | None = None
    """Column that says that the record was deleted."""
    complete: bool = False
    """Whether the file lists all there is, so that an absent key was deleted."""
    distinct: bool = False
    """Whether the file holds nothing twice, so that no two of its records are one thing: said of a source with one file of the entity."""
    where: dict[str, Condition] = {}
    """Only rows with these values, as in `{ Won = "true", Type = { not = ["Draft", ""] } }`."""
    dialect: Dialect = Dialect()
    """Where it differs from the source's."""
    fields: dict[str, Expression] = Field(min_length=1)
    """The entity's fields."""

    def columns(self) -> Iterator[tuple[str, str]]:
        """Every column that it reads, with the place of the config that says so."""
        yield from (("key", column) for column in self.key)
        yield from ((name, column) for name in ("version", "deleted") if (column := getattr(self, name)) is not None)
        yield from (("where", column) for column in self.where)
        for field, expression in self.fields.items():
            yield from ((f"field {field!r}", column) for column in expression.columns())


class SourceConfig(Dialect):
    """A system, as a folder of its files."""

    folder: Below
    """Below the root."""
    complete: bool = False
    """Said of all its streams."""
    streams: tuple[StreamConfig, ...] = Field(min_length=1)
    """What to read, in this order."""

    def titled(self) -> Iterator[tuple[str, StreamConfig]]:
        """Every stream with its name: as given, else its file, with the entity where an earlier one reads that file too."""
        seen: set[str] = set()
        for stream in self.streams:
            title = stream.name or (stream.file if stream.file not in seen else f"{stream.file} as {stream.entity}")
            seen.add(title)
            yield title, stream

    @property
    def dialect(self) -> Dialect:
        """What it says about how its files are written."""
        return Dialect(**{name: getattr(self, name) for name in Dialect.model_fields})


class Config(Settings):
    """The whole file."""

    sources: dict[str, SourceConfig] = Field(min_length=1)
    """By name."""

    @field_validator("sources", mode="before")
    @classmethod
    def _named(cls, sources: Any) -> Any:
        for name in sources if isinstance(sources, dict) else ():
            if not re.fullmatch("[a-z][a-z0-9_]{0,39}", name):
                raise ValueError(f"{name!r} is not a name for a source; write small letters, figures and _, as in crm_2")
        return sources

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read and check a config file. Raises ConfigError with every mistake in it."""
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise ConfigError(path, [f"cannot be read ({error.strerror}); give the path of a sources.toml"]) from None
        except UnicodeDecodeError as error:
            raise ConfigError(path, [f"is not UTF-8 (byte {error.start + 1}); save it as UTF-8"]) from None
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(path, [f"is not TOML: {error}"]) from None
        try:
            config = cls.model_validate(raw)
        except ValidationError as error:
            raise ConfigError(path, list(dict.fromkeys(_plain(raw, error)))) from None
        if complaints := [complaint for name, source in config.sources.items() for complaint in _judge(name, source)]:
            raise ConfigError(path, complaints)
        return config


def nearest(name: str, valid: Sequence[str]) -> str:
    """A did-you-mean, where there is one, and the valid names."""
    likeness = {other: SequenceMatcher(None, name.casefold(), other.casefold()).ratio() for other in valid}
    best = max(valid, key=likeness.__getitem__, default=None)
    guess = f"; did you mean {best!r}?" if best is not None and likeness[best] > _ALIKE else ";"
    return f"{guess} valid: {', '.join(valid)}"


def _judge(source: str, config: SourceConfig) -> Iterator[str]:
    """What pydantic does not see: names of entities and fields, required fields, names that stand twice."""
    seen: set[str] = set()
    for title, stream in config.titled():
        place = f"{source}.{title}"
        if title in seen:
            yield f"{place}: two streams are called {title!r}; give one of them a name of its own"
        seen.add(title)
        if stream.entity not in ENTITIES:
            yield f"{place}: {stream.entity!r} is not an entity{nearest(stream.entity, list(ENTITIES))}"
            continue
        yield from (f"{place}: {complaint}" for complaint in _judge_fields(stream))


def _judge_fields(stream: StreamConfig) -> Iterator[str]:
    known = {field.name: field for field in fields_of(ENTITIES[stream.entity])}
    for name in stream.fields:
        if name not in known:
            yield f"field {name!r} is not a field of {stream.entity}{nearest(name, list(known))}"
    for field in known.values():
        if field.required and field.name not in stream.fields:
            yield f"field {field.name!r} of {stream.entity} is required and not mapped; map it ({field.doc.rstrip('.')})"


def _plain(raw: dict[str, Any], error: ValidationError) -> Iterator[str]:
    """Pydantic's findings in plain words, each with its place in the file."""
    found = error.errors(include_url=False)
    within = {one["loc"][:length] for one in found for length in range(len(one["loc"]))}
    for one in found:
        last = str(one["loc"][-1]) if one["loc"] else ""
        if one["type"] == "extra_forbidden":
            model, place = _place(raw, one["loc"][:-1])
            yield f"{place}: unknown key {last!r}{nearest(last, [info.alias or name for name, info in model.model_fields.items()])}"
        elif one["type"] == "missing":
            model, place = _place(raw, one["loc"][:-1])
            yield f"{place}: key {last!r} is missing ({(model.model_fields[last].description or last).rstrip('.')})"
        elif one["type"] != "too_short" or one["loc"] not in within:  # mistakes within are told, and leave a list that is too short
            yield f"{_place(raw, one['loc'])[1]}: {one['msg'].removeprefix('Value error, ')} (found {one['input']!r:.80})"


def _place(raw: dict[str, Any], where: tuple[int | str, ...]) -> tuple[type[BaseModel], str]:
    """The model that a location is of, and the location as a person would write it: `crm.Account.csv: fields.siren`."""
    if len(where) < 2 or where[0] != "sources":
        return Config, ".".join(map(str, where)) or "the file"
    source, rest = str(where[1]), where[2:]
    model: type[BaseModel] = SourceConfig
    if len(rest) >= 2 and rest[0] == "streams" and isinstance(rest[1], int):
        stream = raw["sources"][source]["streams"][rest[1]]
        named = stream.get("name") or stream.get("file") if isinstance(stream, dict) else None
        source, rest, model = f"{source}.{named or f'streams[{rest[1]}]'}", rest[2:], StreamConfig
        model = _WITHIN.get(str(rest[0]), StreamConfig) if rest else model
    path = ".".join(map(str, rest))
    return model, f"{source}: {path}" if path else source


_ALIKE = 0.6
_WITHIN: dict[str, type[BaseModel]] = {"fields": Expression, "dialect": Dialect, "where": Condition}
