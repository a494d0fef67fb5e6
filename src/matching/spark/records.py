"""Records on the cluster: their normal forms, and a position each that does not depend on how the frame is cut up."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import IntegerType, LongType, StringType, StructField, StructType

from matching.declaration import Field
from matching.encode import ABSENT, Column, Columns, encode
from matching.forms import Forms
from matching.sources import Positions, Sources, one_source
from matching.spark.workspace import Shipped, Workspace, mapped
from matching.tables import ID

POSITION, SOURCE, PLACE = "position", "source", "place"
FORM, VALUE = "form ", "value "
"""What the names of columns of normal forms, and of values, begin with: a field may be called `source`."""
IN_A_PARTITION = 33
"""Bits of the number of a row in its partition (`monotonically_increasing_id`)."""


@dataclass(frozen=True)
class Origin:
    """The column that says which source each record comes from, and what is known of those sources."""

    column: str
    distinct: frozenset[str] = frozenset()
    """Sources that hold nothing twice: no cluster has two of their records."""
    across: bool = False
    """Whether only records of two different sources are compared."""


@dataclass(frozen=True)
class Records:
    """The records of a run. `frame`: position, source (numbers), a column of normal forms a field, and `id` where they have one."""

    frame: DataFrame
    declared: tuple[Field, ...]
    """Fields that are evidence or a veto and are ever filled."""
    sources: Sources

    @property
    def count(self) -> int:
        """Records."""
        return len(self.sources.of)

    def fetched(self, positions: Positions) -> dict[str, Column]:
        """Some records on the driver, as if all were there: columns as long as there are records, right at these positions.

        Of what is never read, the operating system never gives the memory.
        """
        frame = self.frame.select(POSITION, *[named(FORM + field.name) for field in self.declared])
        if len(positions) < self.count:
            wanted = frame.sparkSession.createDataFrame(pa.table({POSITION: positions}))
            frame = frame.join(F.broadcast(wanted), POSITION)
        rows = frame.toArrow().sort_by(POSITION)
        columns = {}
        for name, column in columns_of(rows, self.declared).items():
            codes = np.zeros(self.count, np.int32)
            codes[rows[POSITION].to_numpy()] = column.codes
            columns[name] = Column(codes, column.forms)
        return columns


def named(name: str) -> Expression:
    """A column by its exact name."""
    return F.col("`" + name.replace("`", "``") + "`")


def evidence(declared: tuple[Field, ...]) -> tuple[Field, ...]:
    """Fields that are evidence or a veto."""
    return tuple(field for field in declared if field.kind.comparison is not None or field.vetoes)


def from_columns(work: Workspace, columns: Columns, sources: Sources, declared: tuple[Field, ...]) -> Records:
    """Records that are encoded already, by position in their columns."""
    filled = tuple(field for field in declared if field.name in columns)
    forms = {FORM + field.name: _texts(columns[field.name], len(sources.of)) for field in filled}
    table = pa.table({POSITION: np.arange(len(sources.of)), SOURCE: sources.of} | forms)
    return Records(work.keep(work.session.createDataFrame(table)), filled, sources)


def from_frame(work: Workspace, frame: DataFrame, declared: tuple[Field, ...], origin: Origin | None) -> Records:
    """Records of a frame, encoded on the executors; positions are by order of id."""
    every = evidence(declared)
    present = [field.name for field in declared if field.name in frame.columns and field.name != ID]
    source = F.coalesce(named(origin.column).cast("string"), F.lit("")) if origin else F.lit("")
    raw = frame.select(ID, source.alias(SOURCE), *[named(name).alias(VALUE + name) for name in present])
    known = sorted(row[SOURCE] for row in raw.select(SOURCE).distinct().collect()) if origin else [""]
    ordered = raw.orderBy(ID).withColumn(PLACE, F.monotonically_increasing_id())
    schema = StructType(
        [
            frame.schema[ID],
            StructField(PLACE, LongType()),
            StructField(SOURCE, IntegerType()),
            *[StructField(FORM + field.name, StringType()) for field in every],
        ]
    )
    encoded = work.keep(mapped(ordered, partial(_encoded, work.ship((declared, tuple(known)))), schema))
    filled = _filled(encoded, every)
    forms = [named(FORM + field.name) for field in filled]
    placed = encoded.select(_position(encoded), ID, SOURCE, *forms)
    return Records(placed, filled, _sources(placed, known, origin))


def _filled(frame: DataFrame, declared: tuple[Field, ...]) -> tuple[Field, ...]:
    """The fields that any record fills."""
    row = frame.agg(F.count(PLACE), *[F.count(named(FORM + field.name)) for field in declared])
    return tuple(field for field, count in zip(declared, row.collect()[0][1:], strict=True) if count)


def _sources(frame: DataFrame, known: list[str], origin: Origin | None) -> Sources:
    """The source of every record, four bytes each on the driver."""
    if origin is None:
        return one_source(frame.count())
    of = frame.select(POSITION, SOURCE).toArrow().sort_by(POSITION)[SOURCE].to_numpy()
    return Sources(of, frozenset(known.index(name) for name in origin.distinct if name in known), origin.across)


def _position(ordered: DataFrame) -> Expression:
    """The rank of a row: the rows of the partitions before its own, and its number in there."""
    partition = F.shiftright(PLACE, IN_A_PARTITION)
    sizes = {row["partition"]: row["count"] for row in ordered.groupBy(partition.alias("partition")).count().collect()}
    rows = np.array([sizes.get(at, 0) for at in range(max(sizes, default=0) + 1)], np.int64)
    starts = F.lit((np.cumsum(rows) - rows).tolist())
    number = F.col(PLACE).bitwiseAND(F.lit((1 << IN_A_PARTITION) - 1))
    return (F.element_at(starts, partition.cast("int") + 1) + number).cast("long").alias(POSITION)


def _encoded(shipped: Shipped[tuple[tuple[Field, ...], tuple[str, ...]]], batch: pa.RecordBatch) -> Iterator[pa.Table]:
    """Normal forms of a batch of values; a source by its number."""
    declared, known = shipped.value
    values = {name.removeprefix(VALUE): batch[name] for name in batch.schema.names if name.startswith(VALUE)}
    columns = encode(pa.table(values), declared)
    forms = {FORM + field.name: _texts(columns.get(field.name), batch.num_rows) for field in evidence(declared)}
    yield pa.table({ID: batch[ID], PLACE: batch[PLACE], SOURCE: pc.index_in(batch[SOURCE], pa.array(known))} | forms)


def _texts(column: Column | None, count: int) -> pa.Array:
    """The normal form of each record, null where it says nothing."""
    if column is None:
        return pa.nulls(count, pa.string())
    return column.forms.array.take(pa.array(column.codes, mask=column.codes == ABSENT))


def columns_of(rows: pa.Table | pa.RecordBatch, declared: tuple[Field, ...]) -> dict[str, Column]:
    """Rows of normal forms, encoded; a field that no row fills has no form."""
    return {field.name: coded(rows[FORM + field.name]) for field in declared}


def coded(texts: pa.Array | pa.ChunkedArray) -> Column:
    """Normal forms as codes into the distinct ones."""
    array = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    encoded = array.dictionary_encode()
    codes = encoded.indices.fill_null(ABSENT).to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    values = np.empty(len(encoded.dictionary), object)
    values[:] = encoded.dictionary.to_pylist()
    return Column(codes, Forms(values))
