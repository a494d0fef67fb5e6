"""The engine on a cluster: the kernel of one machine on many, the same pairs and clusters out."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import BaseModel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructField, StructType

from matching import blocking
from matching.blocking import Report
from matching.clustering import AGAINST
from matching.declaration import Field, fields
from matching.encode import encode
from matching.engine import Resolution, Rulings, Thresholds, by_chance, frozen, prepared, random_pairs
from matching.kernel import Kernel
from matching.model import Model
from matching.planning import SAMPLE, plan, sample
from matching.sources import Sources, one_source
from matching.spark import components, keys, values, weighing
from matching.spark.components import CLUSTER, Terms
from matching.spark.records import POSITION, Origin, Records, from_columns, from_frame, named
from matching.spark.workspace import Workspace
from matching.tables import ID
from matching.training import Chance


@dataclass(frozen=True)
class IdRulings:
    """What stewards decided about pairs of records, by id."""

    together: frozenset[tuple[Any, Any]] = frozenset()
    apart: frozenset[tuple[Any, Any]] = frozenset()


@dataclass(frozen=True)
class Found:
    """What was found among the records of a frame. Unpersist both frames when they are no longer needed."""

    edges: DataFrame
    """left_id, right_id, weight in bits, one level a feature: every pair worth a look or more."""
    clusters: DataFrame
    """id, cluster: the number of the cluster's first record by order of id."""
    model: Model
    report: Report
    compared: int
    """Pairs that were weighed."""


@dataclass(frozen=True)
class Run:
    """What a run found, by position of the records; its frames last as long as its workspace."""

    edges: DataFrame
    labels: DataFrame
    kernel: Kernel
    report: Report
    compared: int


@dataclass(frozen=True)
class SparkEngine:
    """Spark SQL joins the blocking keys, the kernel compares under `mapInArrow`."""

    session: SparkSession
    thresholds: Thresholds = field(default_factory=Thresholds)
    scratch: str | None = None
    """A folder that all executors reach, for what is needed between two steps; without it, their memory and disks."""
    edges_on_driver: int = 20_000_000
    """Edges up to which components are found on the driver: 16 bytes each come there at once."""

    def resolve(
        self,
        records: pa.Table,
        declaration: type[BaseModel],
        *,
        model: Model | None = None,
        rulings: Rulings | None = None,
        sources: Sources | None = None,
    ) -> Resolution:
        """Resolve a table that this process holds; columns are the declaration's fields as text."""
        declared = fields(declaration)
        columns, origin = encode(records, declared), sources or one_source(records.num_rows)
        with Workspace(self.session, self.scratch) as work:
            known = from_columns(work, columns, origin, declared)
            found = self._found(work, known, declared, model, rulings or Rulings())
            pairs = found.edges.toArrow().sort_by([("left", "ascending"), ("right", "ascending")])
            labels = found.labels.toArrow().sort_by(POSITION)[CLUSTER].to_numpy()
        return Resolution(pairs, labels, found.kernel, columns, found.report, found.compared, self.thresholds)

    def match(
        self,
        frame: DataFrame,
        declaration: type[BaseModel],
        *,
        model: Model | None = None,
        rulings: IdRulings | None = None,
        origin: Origin | None = None,
    ) -> Found:
        """Find the records of a frame that are one thing; the records stay on the cluster.

        `frame` has a column `id`, of any type that has an order, and columns named like the declaration's fields; others are left alone.
        Raises ValueError where it has not.
        """
        declared = fields(declaration)
        check(frame, declared)
        with Workspace(self.session, self.scratch) as work:
            known = from_frame(work, frame, declared, origin)
            found = self._found(work, known, declared, model, positions(known, rulings or IdRulings()))
            ids = known.frame.select(POSITION, ID)
            edges = found.edges
            for side in ("left", "right"):
                edges = edges.join(ids.select(F.col(POSITION).alias(side), F.col(ID).alias(f"{side}_id")), side)
            levels = [named(feature.name) for feature in found.kernel.features]
            edges = work.hand_over(edges.select("left_id", "right_id", "weight", *levels))
            clusters = work.hand_over(found.labels.join(ids, POSITION).select(ID, CLUSTER))
        return Found(edges, clusters, found.kernel.model, found.report, found.compared)

    def _found(self, work: Workspace, records: Records, declared: tuple[Field, ...], model: Model | None, rulings: Rulings) -> Run:
        """As `LocalEngine.resolve` goes, step by step."""
        nothing = {field.name: values.NO_FORMS for field in records.declared}
        kernel = prepared(nothing, declared, records.count) if model is None else frozen(records.declared, model)
        report, chance = Report(), None
        if model is None:
            kernel, report, chance = planned(work, records, kernel)
        pairs, compared = keys.pairs(work, records, kernel.model.blocking, report)
        if chance is not None:
            kernel = replace(kernel, model=weighing.trained(work, records, pairs, compared, kernel, chance))
        edges = work.keep(weighing.edges(work, records, pairs, kernel, self.thresholds.review))
        unknown = 0.0 if records.sources.across else AGAINST
        terms = Terms(self.thresholds.match, kernel.vetoes, rulings.apart, records.sources.distinct, unknown)
        labels = components.labelled(work, records, edges, rulings.together, terms, self.edges_on_driver)
        return Run(edges, labels, kernel, report, compared)


def planned(work: Workspace, records: Records, kernel: Kernel) -> tuple[Kernel, Report, Chance]:
    """The kernel with what all values tell and with its blocking settled; how random pairs compare.

    The records that rules are tried on and the random ones come to the driver, the same as on one machine.
    """
    seen = values.counted(work, records)
    known = replace(
        kernel.model,
        frequencies=values.frequencies(seen, frozenset(kernel.model.frequencies)),
        words=values.words(seen, frozenset(kernel.model.words), records.declared),
    )
    kernel = replace(kernel, model=known)
    columns = records.fetched(np.unique(np.concatenate([sample(records.count, SAMPLE), *random_pairs(records.sources)])))
    rules = plan(kernel, columns, blocking.filings(columns, records.declared), records.sources)
    settled, report = keys.settled(work, records, rules, values.refiners(work, seen, records.declared))
    return replace(kernel, model=replace(known, blocking=settled)), report, by_chance(kernel, columns, records.sources)


def check(frame: DataFrame, declared: tuple[Field, ...]) -> None:
    """Raise ValueError where a frame cannot be matched."""
    if ID not in frame.columns:
        raise ValueError("the frame has no column `id`; add one that names each record")
    if not any(field.name in frame.columns for field in declared):
        raise ValueError(f"the frame has none of the fields {', '.join(field.name for field in declared)}; rename its columns")
    if frame.groupBy(ID).count().where("count > 1 or id is null").limit(1).count():
        raise ValueError("the frame has ids that are empty or occur twice; make them unique")


def positions(records: Records, rulings: IdRulings) -> Rulings:
    """Rulings by position; those about records that are not there say nothing."""
    return Rulings(_positions(records, rulings.together), _positions(records, rulings.apart))


def _positions(records: Records, pairs: frozenset[tuple[Any, Any]]) -> frozenset[tuple[int, int]]:
    if not pairs:
        return frozenset()
    kind = records.frame.schema[ID].dataType
    schema = StructType([StructField("left", kind), StructField("right", kind)])
    found = records.frame.sparkSession.createDataFrame(list(pairs), schema)
    for side in ("left", "right"):
        ids = records.frame.select(F.col(ID).alias(side), F.col(POSITION).alias(f"{side}_position"))
        found = found.join(ids, side)
    return frozenset((row["left_position"], row["right_position"]) for row in found.collect())
