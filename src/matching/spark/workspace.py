"""What a run keeps on the cluster: intermediate frames, values on every executor, Arrow tables through functions."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import pyarrow as pa
from pyspark import Broadcast, StorageLevel, cloudpickle
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

Value = TypeVar("Value")

ROWS = 100_000
"""Rows that a function sees at once: enough to compare each distinct value once, little enough for a Python worker."""


class Shipped(Generic[Value]):
    """A value on every executor, unpickled once a Python process; kinds hold functions that only cloudpickle takes."""

    def __init__(self, session: SparkSession, value: Value) -> None:
        self.sent: Broadcast[bytes] = session.sparkContext.broadcast(cloudpickle.dumps(value))
        self.name = f"{session.sparkContext.applicationId} {self.sent._jbroadcast.id() if self.sent._jbroadcast else id(self)}"

    def __hash__(self) -> int:
        """By name, which is the same in every process."""
        return hash(self.name)

    def __eq__(self, other: object) -> bool:
        """Shipped under one name."""
        return isinstance(other, Shipped) and self.name == other.name

    @property
    def value(self) -> Value:
        """What was shipped."""
        found: Value = _unpacked(self)
        return found


@lru_cache(maxsize=4)
def _unpacked(shipped: Shipped[Any]) -> Any:
    return cloudpickle.loads(shipped.sent.value)


@dataclass
class Workspace:
    """Frames that a run keeps while it lasts: in the executors' memory and on their disks, or as Parquet in a folder."""

    session: SparkSession
    scratch: str | None = None
    """A folder that all executors reach, of this run alone; what stands there survives the loss of an executor."""
    _kept: list[DataFrame] = field(default_factory=list)
    _shipped: list[Shipped[Any]] = field(default_factory=list)
    _written: int = 0

    def __enter__(self) -> Self:
        """The run begins."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Let go of everything kept."""
        for frame in self._kept:
            frame.unpersist()
        for shipped in self._shipped:
            shipped.sent.unpersist()

    def keep(self, frame: DataFrame) -> DataFrame:
        """The frame, worked out once however often it is used."""
        if self.scratch is not None:
            return self._stored(frame)
        self._kept.append(frame.persist(StorageLevel.MEMORY_AND_DISK))
        return self._kept[-1]

    def hand_over(self, frame: DataFrame) -> DataFrame:
        """The frame, worked out now and kept beyond the run; whoever gets it may unpersist it."""
        if self.scratch is not None:
            return self._stored(frame)
        kept = frame.persist(StorageLevel.MEMORY_AND_DISK)
        kept.count()
        return kept

    def cut(self, frame: DataFrame) -> DataFrame:
        """The frame, worked out now and with its origin forgotten: a loop's plan would double each round."""
        return self._stored(frame) if self.scratch is not None else frame.localCheckpoint(eager=True)

    def ship(self, value: Value) -> Shipped[Value]:
        """The value on every executor."""
        self._shipped.append(Shipped(self.session, value))
        return self._shipped[-1]

    def _stored(self, frame: DataFrame) -> DataFrame:
        path = f"{self.scratch}/{self._written}.parquet"
        self._written += 1
        frame.write.parquet(path)
        return self.session.read.parquet(path)


def mapped(frame: DataFrame, function: Callable[[pa.RecordBatch], Iterable[pa.Table]], schema: str | StructType) -> DataFrame:
    """A frame through a function of Arrow batches of about `ROWS` rows."""

    def over(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in gathered(batches, ROWS):
            for table in function(batch):
                yield from table.to_batches()

    return frame.mapInArrow(over, schema)


def gathered(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """Batches put together until they have `rows` rows or more; empty ones are left out."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        if batch.num_rows:
            held.append(batch)
        if sum(other.num_rows for other in held) >= rows:
            yield _one(held)
            held = []
    if held:
        yield _one(held)


def _one(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return pa.Table.from_batches(batches).combine_chunks().to_batches()[0]
