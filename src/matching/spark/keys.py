"""Blocking on the cluster: keys by record, the common ones settled by counting, pairs by a join of equal keys."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from matching import blocking
from matching.blocking import CAP, Blocking, Filings, Part, Positions, Report, Rule
from matching.declaration import Field
from matching.hashing import Hashes
from matching.sources import Sources
from matching.spark.records import POSITION, SOURCE, Records, columns_of
from matching.spark.workspace import Shipped, Workspace, mapped


@dataclass(frozen=True)
class Filer:
    """What an executor needs to file records."""

    declared: tuple[Field, ...]
    blocking: Blocking
    over: Mapping[int, Hashes]
    """By rule, its keys that are too common, sorted."""

    def filings(self, batch: pa.RecordBatch) -> Filings:
        """The parts of some records that rules and refiners use."""
        wanted = frozenset(part for rule in self.blocking.rules for part in rule.parts) | frozenset(self.blocking.refiners)
        return blocking.filings(columns_of(batch, self.declared), self.declared, wanted)


def settled(work: Workspace, records: Records, rules: Sequence[Rule], refiners: tuple[Part, ...]) -> tuple[Blocking, Report]:
    """`matching.blocking.settled` of all records: the keys that more than CAP of them share are common from now on."""
    filer, report = Filer(records.declared, Blocking(tuple(rules), refiners), {}), Report()
    entries = mapped(records.frame, partial(_entries, work.ship(filer)), "rule int, hash long")
    over = _oversized(entries, "rule", "hash")
    if not over.num_rows:
        return filer.blocking, report
    filer = replace(
        filer, over={number: _hashes(over.filter(pc.equal(over["rule"], number))) for number in over["rule"].unique().to_pylist()}
    )
    refined = mapped(records.frame, partial(_refined, work.ship(filer)), "rule int, refiner int, hash long")
    given_up = _oversized(refined, "rule", "refiner", "hash")
    common = np.sort(np.concatenate([*filer.over.values(), _hashes(given_up)]))
    filer = replace(filer, blocking=replace(filer.blocking, common=common))
    left = mapped(records.frame, partial(_left, work.ship(filer)), "rule int, left long").groupBy("rule").agg(F.sum("left").alias("left"))
    largest = {row["rule"]: row["count_max"] for row in over.group_by("rule").aggregate([("count", "max")]).to_pylist()}
    for row in left.where("left > 0").orderBy("rule").collect():
        report.oversized[rules[row["rule"]].name] = (row["left"], largest[row["rule"]])
    return filer.blocking, report


def _oversized(keys: DataFrame, *columns: str) -> pa.Table:
    """Keys that occur more than CAP times, and how often."""
    return keys.groupBy(*columns).count().where(F.col("count") > CAP).toArrow()


def _hashes(keys: pa.Table) -> Hashes:
    """Hashes, which Spark knows as signed numbers, sorted."""
    return np.sort(keys["hash"].to_numpy().view(np.uint64))


def _entries(shipped: Shipped[Filer], batch: pa.RecordBatch) -> Iterator[pa.Table]:
    """The keys of every rule, none refined."""
    filer, every = shipped.value, np.arange(batch.num_rows)
    available = filer.filings(batch)
    for number, rule in enumerate(filer.blocking.rules):
        _, found = blocking.entries(available, rule, every)
        yield pa.table({"rule": np.full(len(found), number, np.int32), "hash": found.view(np.int64)})


def _refined(shipped: Shipped[Filer], batch: pa.RecordBatch) -> Iterator[pa.Table]:
    """The common keys of every rule, refined by each part in turn."""
    filer, available = shipped.value, shipped.value.filings(batch)
    for number, over in filer.over.items():
        rule = filer.blocking.rules[number]
        for at, refiner in enumerate(blocking.refining(filer.blocking.refiners, rule)):
            _, _, found = _fine(available, rule, Blocking((rule,), (refiner,), over), batch.num_rows)
            numbers = {"rule": np.full(len(found), number, np.int32), "refiner": np.full(len(found), at, np.int32)}
            yield pa.table(numbers | {"hash": found.view(np.int64)})


def _left(shipped: Shipped[Filer], batch: pa.RecordBatch) -> Iterator[pa.Table]:
    """How many records have a common key of each rule and none that is fine enough."""
    filer, available = shipped.value, shipped.value.filings(batch)
    for number in filer.over:
        common, fine, _ = _fine(available, filer.blocking.rules[number], filer.blocking, batch.num_rows)
        yield pa.table({"rule": pa.array([number], pa.int32()), "left": pa.array([len(np.setdiff1d(common, fine))], pa.int64())})


def _fine(available: Filings, rule: Rule, known: Blocking, count: int) -> tuple[Positions, Positions, Hashes]:
    """Places that have a common key of a rule; places and hashes of such keys refined."""
    place, first = blocking.entries(available, rule, np.arange(count))
    common = np.isin(first, known.common)
    at, found = blocking.keys(available, known, rule, np.arange(count))
    plain = len(first) - int(common.sum())
    return place[common], at[plain:], found[plain:]


def pairs(work: Workspace, records: Records, known: Blocking, report: Report) -> tuple[DataFrame, int]:
    """left, right, rules: every pair of records that share a key, and the bit mask of their rules; and how many there are."""
    filer = Filer(records.declared, known, {})
    keys = mapped(records.frame, partial(_keys, work.ship(filer)), f"rule int, hash long, {POSITION} long, {SOURCE} int")
    sides = [keys.select("rule", "hash", F.col(POSITION).alias(side), F.col(SOURCE).alias(f"{side}_source")) for side in ("left", "right")]
    met = sides[0].join(sides[1], ["rule", "hash"]).where((F.col("left") < F.col("right")) & may_meet(records.sources))
    found = work.keep(met.groupBy("left", "right").agg(F.expr("bit_or(shiftleft(1L, rule))").alias("rules")))
    brought = [F.expr(f"count_if(bit_get(rules, {at}) = 1)").alias(str(at)) for at in range(len(known.rules))]
    row = found.agg(F.count(F.lit(1)).alias("all"), *brought).collect()[0]
    report.rules |= {rule.name: row[str(at)] for at, rule in enumerate(known.rules)}
    return found, int(row["all"])


def may_meet(sources: Sources) -> Expression:
    """`Sources.may_meet` of pairs with `left_source` and `right_source`."""
    other = F.col("left_source") != F.col("right_source")
    if sources.across or not sources.distinct:
        return other if sources.across else F.lit(True)
    return other | ~F.col("left_source").isin(sorted(sources.distinct))


def _keys(shipped: Shipped[Filer], batch: pa.RecordBatch) -> Iterator[pa.Table]:
    """The keys under which records are compared."""
    filer, every = shipped.value, np.arange(batch.num_rows)
    available = filer.filings(batch)
    position, source = batch[POSITION].to_numpy(), batch[SOURCE].to_numpy()
    for number, rule in enumerate(filer.blocking.rules):
        place, found = blocking.keys(available, filer.blocking, rule, every)
        numbers = {"rule": np.full(len(found), number, np.int32), "hash": found.view(np.int64)}
        yield pa.table(numbers | {POSITION: position[place], SOURCE: source[place]})
