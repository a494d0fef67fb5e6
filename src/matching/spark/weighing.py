"""The kernel on the cluster: pairs weighed where they are, and a sample of them compared for training."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ByteType, DoubleType, LongType, StructField, StructType

from matching import rivals
from matching.blocking import Blocking
from matching.encode import Column
from matching.engine import drawn, learnt, thinning
from matching.features import Paired
from matching.kernel import Kernel, paired
from matching.model import Model
from matching.sources import Sources
from matching.spark.records import FORM, POSITION, Records, named
from matching.spark.workspace import Shipped, Workspace, mapped
from matching.training import Chance

ENDS = [("left", "ascending"), ("right", "ascending")]
"""The order in which one machine has its pairs."""


def edges(work: Workspace, records: Records, pairs: DataFrame, kernel: Kernel, floor: float) -> DataFrame:
    """left, right, weight, one level a feature: the pairs that reach `floor` bits."""
    schema = StructType([*_longs("left", "right"), StructField("weight", DoubleType()), *_levels(kernel)])
    found = mapped(_with_forms(records, pairs), partial(_weighed, work.ship(without_blocking(kernel)), floor), schema)
    return _contested(work, found, records.sources) if records.sources.distinct else found


def _contested(work: Workspace, edges: DataFrame, sources: Sources) -> DataFrame:
    """`matching.rivals.contested` of all edges, which come to the driver: beliefs pass through whole components."""
    found = edges.toArrow().sort_by(ENDS)
    left, right, weight = (found[name].to_numpy() for name in ("left", "right", "weight"))
    weight = rivals.contested(left, right, weight, sources)
    return work.session.createDataFrame(found.set_column(found.column_names.index("weight"), "weight", pa.array(weight)))


def trained(work: Workspace, records: Records, pairs: DataFrame, compared: int, kernel: Kernel, chance: Chance) -> Model:
    """`matching.engine.learnt` from a sample of the pairs, compared on the cluster; how they compare comes to the driver."""
    thin = thinning(compared)
    kept = partial(_drawn, records.count, thin, bool(records.sources.distinct))
    some = mapped(pairs, kept, pairs.schema) if thin > 1 else pairs
    schema = StructType([*_longs("left", "right", "rules"), *_levels(kernel)])
    found = mapped(_with_forms(records, some), partial(_compared, work.ship(without_blocking(kernel))), schema).toArrow().sort_by(ENDS)
    levels = np.zeros((len(found), len(kernel.features)), np.int8)
    for at, feature in enumerate(kernel.features):
        levels[:, at] = found[feature.name].to_numpy()
    left, right, rules = (found[name].to_numpy() for name in ("left", "right", "rules"))
    return learnt(kernel, records.sources, left, right, rules, levels, chance, thin)


def without_blocking(kernel: Kernel) -> Kernel:
    """The kernel without what only blocking needs, the largest part of some models."""
    return replace(kernel, model=replace(kernel.model, blocking=Blocking()))


def _longs(*names: str) -> list[StructField]:
    return [StructField(name, LongType()) for name in names]


def _levels(kernel: Kernel) -> list[StructField]:
    return [StructField(feature.name, ByteType()) for feature in kernel.features]


def _with_forms(records: Records, pairs: DataFrame) -> DataFrame:
    """Pairs with the normal forms of both sides: `l C` and `r C` for what the kernel knows as `l.C` and `r.C`, which Spark would misread."""
    for side in ("left", "right"):
        forms = [named(FORM + field.name).alias(f"{side[0]} {field.name}") for field in records.declared]
        pairs = pairs.join(records.frame.select(F.col(POSITION).alias(side), *forms), side)
    return pairs


def _sides(batch: pa.RecordBatch) -> dict[str, Paired]:
    """The forms of both sides of a batch of pairs."""
    return paired(batch.rename_columns([name.replace(" ", ".") for name in batch.schema.names]))


def _weighed(shipped: Shipped[Kernel], floor: float, batch: pa.RecordBatch) -> Iterator[pa.Table]:
    """The pairs of a batch that reach `floor`, their weights and levels."""
    kernel, every = shipped.value, np.arange(batch.num_rows)
    columns = {name: Column(np.concatenate([pair.left, pair.right]), pair.forms) for name, pair in _sides(batch).items()}
    kept, levels, weights = kernel.scored(columns, every, every + batch.num_rows, floor)
    found = {"left": batch["left"].to_numpy()[kept], "right": batch["right"].to_numpy()[kept], "weight": weights}
    yield pa.table(found | {feature.name: levels[:, at] for at, feature in enumerate(kernel.features)})


def _drawn(count: int, thin: int, rivals: bool, batch: pa.RecordBatch) -> Iterator[pa.Table]:
    """The pairs that training looks at."""
    packed = batch["left"].to_numpy() * count + batch["right"].to_numpy()
    yield pa.Table.from_batches([batch.take(pa.array(drawn(packed, count, thin, rivals=rivals)))])


def _compared(shipped: Shipped[Kernel], batch: pa.RecordBatch) -> Iterator[pa.Table]:
    """The levels of a batch of pairs."""
    kernel = shipped.value
    levels = kernel.levels(_sides(batch))
    found = {name: batch[name] for name in ("left", "right", "rules")}
    yield pa.table(found | {feature.name: levels[:, at] for at, feature in enumerate(kernel.features)})
