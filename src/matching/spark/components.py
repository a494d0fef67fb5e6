"""Clusters on the cluster: components of the joined edges, then those in doubt one by one as on one machine."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from matching import clustering
from matching.clustering import Constraints, Pair, clusters
from matching.sources import Sources
from matching.spark.records import FORM, POSITION, SOURCE, Records, coded, named
from matching.spark.workspace import Workspace

COMPONENT, INSIDE, CLUSTER = "component", "inside", "cluster"


@dataclass(frozen=True)
class Terms:
    """Under which terms records are clustered."""

    cut: float
    """Bits from which a pair is joined."""
    vetoes: tuple[str, ...]
    apart: frozenset[Pair]
    distinct: frozenset[int]
    unknown: float
    """Bits that a pair says that is not there."""


def labelled(work: Workspace, records: Records, edges: DataFrame, together: frozenset[Pair], terms: Terms, on_driver: int) -> DataFrame:
    """position, cluster: the position of the first record of each record's cluster, as `matching.clustering.clusters` has it.

    `edges`: left, right, weight. Up to `on_driver` of them are joined on the driver; components in doubt are clustered on the executors.
    """
    must = work.session.createDataFrame(_ruled(together)).withColumn("weight", F.lit(float("inf")))
    edges = edges.select("left", "right", "weight").union(must)
    found = work.keep(components(work, work.keep(edges.where(F.col("weight") >= terms.cut)), on_driver))
    forms = [named(FORM + name) for name in terms.vetoes]
    members = work.keep(found.join(records.frame, POSITION).select(COMPONENT, POSITION, SOURCE, *forms))
    within = work.keep(_within(found, edges))
    doubtful = _doubtful(work, members, within, terms)
    again = _clustered(work, members.join(doubtful, COMPONENT), within.join(doubtful.select(F.col(COMPONENT).alias(INSIDE)), INSIDE), terms)
    whole = found.join(again, POSITION, "left").select(POSITION, F.coalesce(CLUSTER, COMPONENT).alias(CLUSTER))
    every = records.frame.select(POSITION).join(whole, POSITION, "left")
    return every.select(POSITION, F.coalesce(CLUSTER, POSITION).alias(CLUSTER))


def components(work: Workspace, edges: DataFrame, on_driver: int) -> DataFrame:
    """position, component: the smallest record of each record's component, for all that have an edge."""
    if edges.count() > on_driver:
        return stars(work, edges)
    pairs = edges.select("left", "right").toArrow()
    sides = [pairs[side].to_numpy() for side in ("left", "right")]
    known, at = np.unique(np.concatenate([np.zeros(0, np.int64), *sides]), return_inverse=True)
    component = clustering.components(len(known), at[: len(pairs)], at[len(pairs) :])
    _, first = np.unique(component, return_index=True)
    return work.session.createDataFrame(pa.table({POSITION: known, COMPONENT: known[first[component]]}))


def stars(work: Workspace, edges: DataFrame) -> DataFrame:
    """`components` by alternating large stars and small stars (Kiveris et al., Connected Components in MapReduce and Beyond, 2014)."""
    found = work.cut(edges.select(F.greatest("left", "right").alias("high"), F.least("left", "right").alias("low")).distinct())
    seen = None
    while (sum_of_all := _fingerprint(found)) != seen:
        seen = sum_of_all
        found = work.cut(_small_star(_large_star(found)))
    roots = found.select(F.col("low").alias(POSITION), F.col("low").alias(COMPONENT)).distinct()
    return found.select(F.col("high").alias(POSITION), F.col("low").alias(COMPONENT)).union(roots)


def _large_star(edges: DataFrame) -> DataFrame:
    """Every larger neighbour of a record is joined to the smallest neighbour, or to the record itself."""
    both = edges.select(F.col("high").alias("at"), F.col("low").alias("other")).union(edges.select("low", "high"))
    least = F.least("at", F.min("other").over(Window.partitionBy("at")))
    return both.select("at", F.col("other").alias("high"), least.alias("low")).where("high > at").select("high", "low").distinct()


def _small_star(edges: DataFrame) -> DataFrame:
    """A record and its smaller neighbours are joined to the smallest of them."""
    with_least = edges.withColumn("least", F.min("low").over(Window.partitionBy("high")))
    others = with_least.where("low != least").select(F.col("low").alias("high"), F.col("least").alias("low"))
    return others.union(with_least.select("high", F.col("least").alias("low"))).distinct()


def _fingerprint(edges: DataFrame) -> tuple[int, int]:
    """The same for the same edges."""
    row = edges.agg(F.count(F.lit(1)), F.expr("coalesce(bit_xor(xxhash64(high, low)), 0L)")).collect()[0]
    return row[0], row[1]


def _within(found: DataFrame, edges: DataFrame) -> DataFrame:
    """inside, left, right, weight: the edges between records of one component."""
    for side in ("left", "right"):
        edges = edges.join(found.select(F.col(POSITION).alias(side), F.col(COMPONENT).alias(f"{side}_component")), side)
    same = edges.where("left_component = right_component")
    return same.select(F.col("left_component").alias(INSIDE), "left", "right", "weight")


def _doubtful(work: Workspace, members: DataFrame, within: DataFrame, terms: Terms) -> DataFrame:
    """Components of which a pair is missing or speaks against it, or that break a constraint; those that the kernel of it finds whole stay so."""
    several = F.lit(False)
    for name in terms.vetoes:
        several |= F.count_distinct(named(FORM + name)) > 1
    for source in sorted(terms.distinct):
        several |= F.count_if(F.col(SOURCE) == source) > 1
    sizes = members.groupBy(COMPONENT).agg(F.count(F.lit(1)).alias("size"), several.alias("several"))
    agreed = within.groupBy(F.col(INSIDE).alias(COMPONENT)).agg(
        F.count_if(F.col("weight") >= terms.cut).alias("agreed"), F.count_if(F.col("weight") < terms.cut).alias("against")
    )
    missing = F.expr("size > 2 and coalesce(agreed, 0) < size * (size - 1) / 2") if terms.unknown < 0 else F.lit(False)
    found = sizes.join(agreed, COMPONENT, "left").where(missing | F.col("several") | F.expr("coalesce(against, 0) > 0")).select(COMPONENT)
    apart = work.session.createDataFrame(_ruled(terms.apart))
    for side in ("left", "right"):
        apart = apart.join(members.select(F.col(POSITION).alias(side), F.col(COMPONENT).alias(f"{side}_component")), side)
    ruled = apart.where("left_component = right_component").select(F.col("left_component").alias(COMPONENT))
    return work.keep(found.union(ruled).distinct())


def _clustered(work: Workspace, members: DataFrame, within: DataFrame, terms: Terms) -> DataFrame:
    """position, cluster: components clustered each by itself."""
    shipped = work.ship(terms)

    def over(some: pa.Table, edges: pa.Table) -> pa.Table:
        return _cluster(shipped.value, some, edges)

    return members.groupBy(COMPONENT).cogroup(within.groupBy(INSIDE)).applyInArrow(over, f"{POSITION} long, {CLUSTER} long")


def _cluster(terms: Terms, members: pa.Table, edges: pa.Table) -> pa.Table:
    """One component, its records and edges in the order in which one machine has them."""
    members, edges = members.sort_by(POSITION), edges.sort_by([("left", "ascending"), ("right", "ascending")])
    known = members[POSITION].to_numpy()
    place = {int(position): at for at, position in enumerate(known)}
    apart = frozenset((place[one], place[other]) for one, other in terms.apart if one in place and other in place)
    sources = Sources(members[SOURCE].to_numpy(), terms.distinct)
    single = [*(coded(members[FORM + name]).codes for name in terms.vetoes), *sources.single()]
    left, right = (np.searchsorted(known, edges[side].to_numpy()) for side in ("left", "right"))
    constraints = Constraints(apart=apart, single=single)
    found = clusters(len(known), left, right, edges["weight"].to_numpy(), constraints, terms.cut, terms.unknown)
    return pa.table({POSITION: known, CLUSTER: known[found]})


def _ruled(pairs: frozenset[Pair]) -> pa.Table:
    """left, right."""
    both = np.array(sorted(pairs), np.int64).reshape(-1, 2)
    return pa.table({"left": both[:, 0], "right": both[:, 1]})
