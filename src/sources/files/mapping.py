"""From the columns of a file to the fields of an entity: the config's expressions compiled to DuckDB and run on whole chunks."""

import unicodedata
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Positions
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from duckdb import Expression as Sql
from duckdb import coalesce, col, fn, lit, when

from matching.declaration import fields as fields_of
from mdm.entities import ENTITIES
from mdm.ports import Problem, StreamUnreadable
from sources.config import Condition, Dialect, StreamConfig, nearest
from sources.expression import Expression
from sources.files.keys import HASH
from sources.files.spelling import iso_dates, iso_instant, plain_number
from sources.files.table import LINE, Chunk, cell

_YES = ("true", "vrai", "oui", "yes", "o", "y", "1", "x", "t", "deleted", "supprimé")
_NO = ("false", "faux", "non", "no", "n", "0", "f")
ENVELOPE = (("key", pa.string()), (LINE, pa.int64()), ("version", pa.string()), ("deleted", pa.bool_()), ("raw", pa.string()))
"""The columns of a batch before the fields."""


def _of(field: str) -> str:
    """The column of a field in mapped rows, so that a field called `line` or `raw` is not taken for the envelope's."""
    return f"={field}"


def positions(stream: StreamConfig, columns: Sequence[str], place: str) -> dict[str, int]:
    """Where the columns that a stream reads stand in a header. Raises StreamUnreadable for those that do not."""
    exact = {name: index for index, name in enumerate(columns)}
    alike = {_alike(name): index for index, name in reversed(list(enumerate(columns)))}
    found = {name: exact.get(name, alike.get(_alike(name), -1)) for _, name in stream.columns()}
    missing = [
        Problem(
            "rejected",
            place,
            None,
            None,
            None,
            None,
            f"{use}: there is no column {name!r}",
            f"correct the config{nearest(name, list(columns))}",
        )
        for use, name in stream.columns()
        if found[name] < 0
    ]
    if missing:
        raise StreamUnreadable(missing)
    return found


def _alike(name: str) -> str:
    """A column's name without case, accents' encoding and doubled blanks."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


@dataclass(frozen=True)
class Made:
    """A column of the output, what it could not make sense of, and what to say about that."""

    value: Sql
    unknown: Sql | None = None
    reason: str = ""
    fix: str = ""


class Mapping:
    """The mapping of a stream onto the columns of one file; every column that it reads is among them."""

    def __init__(self, stream: StreamConfig, dialect: Dialect, columns: Sequence[str], at: Positions[str, int]) -> None:
        self._columns = tuple(columns)
        self._at = at
        self._where = [self._condition(name, wanted) for name, wanted in stream.where.items()]
        self._key = self._joined(stream.key)
        self._made = {
            "version": _version(self._column(stream.version), dialect) if stream.version else Made(lit(None)),
            "deleted": _flag(self._column(stream.deleted)) if stream.deleted else Made(lit("false")),
        }
        self._fields = tuple(stream.fields)
        self._schema = pa.schema([*ENVELOPE, *((name, pa.string()) for name in stream.fields)])
        kinds = {field.name: field.kind for field in fields_of(ENTITIES[stream.entity])}
        for name, expression in stream.fields.items():
            made = self._field(expression)
            self._made[_of(name)] = Made(_spelled(made.value, kinds[name].arrow, dialect), made.unknown, made.reason, made.fix)

    def rows(self, connection: duckdb.DuckDBPyConnection, chunk: Chunk, *, keys_only: bool) -> pa.Table:
        """The rows that are wanted.

        Out: line, key (null where empty), #hash; then, unless `keys_only`, version, deleted (text), raw, each field as `=field`, and
        `?name` for each column that could not make sense of something, with that.
        """
        relation = connection.from_arrow(self._trimmed(chunk.table))
        for condition in self._where:
            relation = relation.filter(condition)
        key = self._key.alias("key")
        wanted = [col(LINE), key, fn("hash", self._key).alias(HASH)]
        if not keys_only:
            wanted += [made.value.cast("VARCHAR").alias(name) for name, made in self._made.items()]
            wanted += [made.unknown.alias(f"?{name}") for name, made in self._made.items() if made.unknown is not None]
            pairs = (part for index, name in enumerate(self._columns) for part in (lit(name), col(cell(index))))
            wanted.append(fn("json_object", *pairs).cast("VARCHAR").alias("raw"))
        return relation.select(*wanted).to_arrow_table()

    def problems(self, rows: pa.Table, place: str) -> Iterator[Problem]:
        """What could not be made sense of, value by value."""
        for name, made in self._made.items():
            column = f"?{name}"
            if made.unknown is not None and rows[column].null_count < rows.num_rows:
                for row in rows.select([LINE, "key", column]).filter(rows[column].is_valid()).to_pylist():
                    field = name.removeprefix("=")
                    yield Problem("quarantined", place, row[LINE], row["key"], field, row[column], made.reason, made.fix)

    def shaped(self, rows: pa.Table) -> pa.Table:
        """Mapped rows as a batch holds them."""
        deleted = pc.equal(rows["deleted"], "true")
        rows = rows.set_column(rows.column_names.index("deleted"), "deleted", deleted)
        columns = [rows[name] for name in ("key", LINE, "version", "deleted", "raw", *map(_of, self._fields))]
        return pa.table(columns, schema=self._schema)

    def nothing(self) -> pa.Table:
        """A batch without rows."""
        return self._schema.empty_table()

    def _joined(self, names: Sequence[str]) -> Sql:
        """The key: its parts with single blanks, as references to it are cleaned; null where all are empty."""
        if len(names) == 1:
            key = self._column(names[0])
        else:
            parts = [self._column(name) for name in names]
            key = fn("concat_ws", lit("/"), *(coalesce(part, lit("")) for part in parts))
            key = when(coalesce(*parts).is_not_null()).then(key).otherwise(lit(None))
        odd = fn("regexp_matches", key, lit(r"[\s\x{a0}\x{202f}]{2}|[\t\r\n\x{a0}\x{202f}]"))
        return when(odd).then(fn("regexp_replace", key, lit(r"[\s\x{a0}\x{202f}]+"), lit(" "), lit("g"))).otherwise(key)

    def _trimmed(self, table: pa.Table) -> pa.Table:
        """The chunk with each column that is read once more, without blanks around it and null where nothing is left."""
        for index in sorted(set(self._at.values())):
            text = pc.utf8_trim_whitespace(table[cell(index)])
            blank = pc.equal(text, "")
            if pc.any(blank).as_py():
                text = pc.if_else(blank, pa.scalar(None, pa.string()), text)
            table = table.append_column(f"t{index}", text)
        return table

    def _column(self, name: str) -> Sql:
        return col(f"t{self._at[name]}")

    def _condition(self, name: str, wanted: Condition) -> Sql:
        value = fn("lower", coalesce(self._column(name), lit("")))
        if wanted.only is not None:
            return value.isin(*(lit(one.lower()) for one in wanted.only))
        return value.isnotin(*(lit(one.lower()) for one in wanted.unlike or ()))

    def _field(self, expression: Expression) -> Made:
        parts = [self._field(part) for part in expression.parts]
        value = self._form(expression, [part.value for part in parts])
        if expression.match is not None:
            value = fn("nullif", fn("regexp_extract", value, lit(expression.match), lit(expression.group)), lit(""))
        for old, new in (expression.replace or {}).items():
            value = fn("replace", value, lit(old), lit(new))
        if expression.map is not None:
            return _translated(value, expression)
        unknown = [part for part in parts if part.unknown is not None]
        if not unknown:
            return Made(value)
        first = coalesce(*(part.unknown for part in unknown), lit(None))
        return Made(value, when(value.is_null()).then(first).otherwise(lit(None)), unknown[0].reason, unknown[0].fix)

    def _form(self, expression: Expression, parts: list[Sql]) -> Sql:
        if expression.column is not None:
            return self._column(expression.column)
        if expression.first is not None:
            return coalesce(*parts, lit(None))
        if expression.join is not None:
            return fn("nullif", fn("concat_ws", lit(" " if expression.by is None else expression.by), *parts), lit(""))
        return lit(expression.value)


def _translated(value: Sql, expression: Expression) -> Made:
    table = expression.map or {}
    if expression.otherwise is not None or "" in table:
        value = coalesce(value, lit(""))
    lowered = fn("lower", value)
    (first, translation), *rest = table.items()
    case = when(lowered == lit(first.lower())).then(lit(translation))
    for one, other in rest:
        case = case.when(lowered == lit(one.lower())).then(lit(other))
    if expression.otherwise is not None:
        return Made(case.otherwise(lit(expression.otherwise)))
    unknown = when(lowered.isnotin(*(lit(one.lower()) for one in table))).then(value).otherwise(lit(None))
    known = ", ".join(repr(one) for one in table)
    return Made(case.otherwise(lit(None)), unknown, "has no translation", f"add it to the map of this field, which knows {known}")


def _version(value: Sql, dialect: Dialect) -> Made:
    instant = iso_instant(value, dialect.dates)
    unknown = when(instant.is_null()).then(value).otherwise(lit(None))
    return Made(instant, unknown, "is not a time", "write 2026-12-31T23:59:59Z, or declare the order of its dates")


def _flag(value: Sql) -> Made:
    word = fn("lower", value)
    unknown = when(word.isnotin(*map(lit, (*_YES, *_NO)))).then(value).otherwise(lit(None))
    flag = when(word.isin(*map(lit, _YES))).then(lit("true")).otherwise(lit("false"))
    return Made(flag, unknown, "is neither yes nor no; the record was taken as not deleted", "write true or false")


def _spelled(value: Sql, arrow: pa.DataType, dialect: Dialect) -> Sql:
    if pa.types.is_decimal(arrow) and dialect.decimal is not None:
        return plain_number(value, dialect.decimal)
    if pa.types.is_date(arrow) or pa.types.is_timestamp(arrow):
        return iso_dates(value, dialect.dates)
    return value
