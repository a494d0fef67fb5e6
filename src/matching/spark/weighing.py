"""The kernel on the cluster: pairs weighed where they are, patterns of agreement counted for training."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.types import ByteType, DoubleType, LongType, StructField, StructType

from matching import training
from matching.blocking import Blocking
from matching.comparison import Levels
from matching.encode import Column
from matching.engine import TRAINING_PAIRS, TRAININGS
from matching.features import Paired
from matching.hashing import scrambled
from matching.kernel import Kernel, paired
from matching.model import Model
from matching.spark.records import FORM, POSITION, SOURCE, Records, named
from matching.spark.workspace import Shipped, Workspace, mapped
from matching.training import Patterns

EVERY_ROW = Window.unboundedPreceding, Window.unboundedFollowing


def edges(work: Workspace, records: Records, pairs: DataFrame, kernel: Kernel, floor: float) -> DataFrame:
    """left, right, weight, one level a feature: the pairs that reach `floor` bits."""
    levels = [StructField(feature.name, ByteType()) for feature in kernel.features]
    schema = StructType([StructField("left", LongType()), StructField("right", LongType()), StructField("weight", DoubleType()), *levels])
    return mapped(_with_forms(records, pairs), partial(_weighed, work.ship(without_blocking(kernel)), floor), schema)


def without_blocking(kernel: Kernel) -> Kernel:
    """The kernel without what only blocking needs, the largest part of some models."""
    return replace(kernel, model=replace(kernel.model, blocking=Blocking()))


def _with_forms(records: Records, pairs: DataFrame) -> DataFrame:
    """Pairs with the normal forms of both sides: `l C` and `r C` for what the kernel knows as `l.C` and `r.C`, which Spark would misread."""
    for side in ("left", "right"):
        forms = [named(FORM + field.name).alias(f"{side[0]} {field.name}") for field in records.filled]
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


def contested(records: Records, edges: DataFrame) -> DataFrame:
    """`matching.engine.contested` of all edges. Odds are summed in one machine's order, and numpy works out what Java would round otherwise."""
    if not records.distinct:
        return edges
    for side in ("left", "right"):
        sources = records.frame.select(F.col(POSITION).alias(side), F.col(SOURCE).alias(f"{side}_source"))
        edges = edges.join(sources, side)
    odds = mapped(edges, _with_odds, StructType([*edges.schema, StructField("odds", DoubleType())]))
    others = F.lit(0.0)
    for one, other in (("left", "right"), ("right", "left")):
        rivals = Window.partitionBy(one, f"{other}_source").orderBy("left", "right").rowsBetween(*EVERY_ROW)
        once = F.col(f"{other}_source").isin(sorted(records.distinct))
        others += F.when(once, F.sum("odds").over(rivals) - F.col("odds")).otherwise(0.0)
    found = odds.withColumn("others", others).drop("left_source", "right_source", "odds")
    return mapped(found, _less, StructType(found.drop("others").schema.fields))


def _with_odds(batch: pa.RecordBatch) -> Iterator[pa.Table]:
    """The odds of each edge."""
    odds = np.exp2(np.clip(batch["weight"].to_numpy(), -60, 60))
    yield pa.Table.from_batches([batch]).append_column("odds", pa.array(odds))


def _less(batch: pa.RecordBatch) -> Iterator[pa.Table]:
    """Weights less what the odds of others speak against them."""
    weight = batch["weight"].to_numpy() - np.log2(1 + np.maximum(batch["others"].to_numpy(), 0))
    edges = pa.Table.from_batches([batch]).drop_columns("others")
    yield edges.set_column(edges.column_names.index("weight"), "weight", pa.array(weight))


def trained(work: Workspace, records: Records, pairs: DataFrame, compared: int, kernel: Kernel, chance: Levels) -> Model:
    """`matching.engine.trained`, the patterns counted on the cluster; `chance`: the levels of random pairs."""
    seen, model = _patterns(work, records, pairs, compared, kernel), kernel.model
    for _ in range(TRAININGS):
        model = replace(model, u=training.chances(chance, seen, kernel.features, model, records.pairs()))
        model = training.train(seen, model.blocking.rules, kernel.features, model, records.count, records.pairs())
        model = replace(model, given=training.dependences(seen, model.blocking.rules, kernel.features, model))
    return model


def _patterns(work: Workspace, records: Records, pairs: DataFrame, compared: int, kernel: Kernel) -> Patterns:
    """Patterns of the pairs that training looks at, in the order in which one machine would have them."""
    thin = max(1, compared // TRAINING_PAIRS)
    some = mapped(pairs, partial(_thinned, records.count, thin), pairs.schema) if thin > 1 else pairs
    names = [str(at) for at in range(len(kernel.features))]
    levels = [StructField(name, ByteType()) for name in names]
    schema = StructType([StructField("rules", LongType()), StructField("count", LongType()), *levels])
    counted = mapped(_with_forms(records, some), partial(_counted, work.ship(without_blocking(kernel))), schema).groupBy("rules", *names)
    found = counted.agg(F.sum("count").alias("count")).toArrow()
    rules, counts = found["rules"].to_numpy(), found["count"].to_numpy()
    seen = np.stack([found[name].to_numpy() for name in names], axis=1) if names else np.zeros((len(rules), 0), np.int8)
    order = np.lexsort((*seen.T, rules))
    return Patterns(seen[order], rules[order], counts[order] * thin)


def _thinned(count: int, thin: int, batch: pa.RecordBatch) -> Iterator[pa.Table]:
    """One pair in `thin`, chosen by its hash."""
    packed = batch["left"].to_numpy() * count + batch["right"].to_numpy()
    kept = np.flatnonzero(scrambled(packed.astype(np.uint64)) % np.uint64(thin) == 0)
    yield pa.Table.from_batches([batch.take(pa.array(kept))])


def _counted(shipped: Shipped[Kernel], batch: pa.RecordBatch) -> Iterator[pa.Table]:
    """The patterns of a batch of pairs."""
    kernel = shipped.value
    scales = [feature.scale.exact + 1 for feature in kernel.features]
    seen = training.patterns(kernel.levels(_sides(batch)), batch["rules"].to_numpy(), scales)
    counted = {"rules": seen.rules, "count": seen.counts.astype(np.int64)}
    yield pa.table(counted | {str(at): seen.levels[:, at] for at in range(len(scales))})
