"""What the values of all records tell a model: how common they are, what their words weigh, which parts divide records best."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from matching import blocking
from matching.blocking import Part
from matching.declaration import Field
from matching.encode import Column
from matching.forms import Forms
from matching.model import Frequencies, frequencies_of
from matching.spark.records import FORM, Records, coded, named
from matching.spark.workspace import Shipped, Workspace, mapped
from matching.wording import WordWeights, weights_of, word_weights


def counted(work: Workspace, records: Records) -> DataFrame:
    """field, form, count: every distinct normal form and how many records have it."""
    forms = [F.struct(F.lit(field.name).alias("field"), named(FORM + field.name).alias("form")) for field in records.declared]
    every = records.frame.select(F.inline(F.array(*forms)))
    return work.keep(every.where("form is not null").groupBy("field", "form").count())


def frequencies(values: DataFrame, names: frozenset[str]) -> dict[str, Frequencies]:
    """Frequencies by field: those of `matching.model.frequencies`, of all records. Forms that several records have come to the driver."""
    some = values.where(F.col("field").isin(sorted(names)))
    totals = {row["field"]: row["total"] for row in some.groupBy("field").agg(F.sum("count").alias("total")).collect()}
    common = some.where("count > 1").toArrow()
    found = {}
    for name in names:
        mine = common.filter(pc.equal(common["field"], name))
        known = dict(zip(mine["form"].to_pylist(), mine["count"].to_pylist(), strict=True))
        found[name] = frequencies_of(totals.get(name, 0), known)
    return found


def words(values: DataFrame, names: frozenset[str], declared: tuple[Field, ...]) -> dict[str, Any]:
    """What each text field's words tell: counted on the cluster, or learnt on the driver by a kind that learns in its own way."""
    fits = {
        field.name: field.kind.comparison.fit
        for field in declared
        if field.name in names and field.kind.comparison and field.kind.comparison.fit
    }
    weighed = frozenset(name for name, fit in fits.items() if fit is word_weights)
    found: dict[str, Any] = dict(_word_weights(values, weighed)) if weighed else {}
    for name in sorted(fits.keys() - weighed):
        forms = values.where(F.col("field") == name).select("form").toArrow().sort_by("form")
        found[name] = fits[name](coded(forms["form"]).forms)
    return found


def _word_weights(values: DataFrame, names: frozenset[str]) -> Mapping[str, WordWeights]:
    """`matching.wording.word_weights` of all distinct forms. A word of one form weighs as much as an unseen one and need not be kept."""
    some = values.where(F.col("field").isin(sorted(names)))
    totals = {row["field"]: row["count"] for row in some.groupBy("field").count().collect()}
    seen = mapped(some.select("field", "form"), _words, "field string, word string, forms long").groupBy("field", "word")
    several = seen.agg(F.sum("forms").alias("forms")).where("forms > 1").toArrow()
    found = {}
    for name in names:
        mine = several.filter(pc.equal(several["field"], name))
        found[name] = weights_of(mine["word"].to_pylist(), mine["forms"].to_numpy(), totals.get(name, 0))
    return found


def _words(batch: pa.RecordBatch) -> Iterator[pa.Table]:
    """In how many forms of the batch each word stands."""
    for name, column in _by_field(batch).items():
        known = column.forms.words
        forms = np.bincount(known.ids[known.ids >= 0], minlength=len(known.vocabulary))
        field = pa.array([name], pa.string()).take(pa.array(np.zeros(len(forms), np.int64)))
        yield pa.table({"field": field, "word": pa.array(known.vocabulary, pa.string()), "forms": forms})


def refiners(work: Workspace, values: DataFrame, declared: tuple[Field, ...]) -> tuple[Part, ...]:
    """`matching.blocking.refiners` of all records: the finest part of each field by its distinct hashes, the finest of all first."""
    parts = tuple((field.name, part) for field in declared for part in field.kind.keys)
    found = mapped(values.select("field", "form"), partial(_hashes, work.ship((declared, parts))), "part int, hash long")
    sizes = {row["part"]: row["count"] for row in found.distinct().groupBy("part").count().collect()}
    return blocking.finest_first({part: sizes.get(at, 0) for at, part in enumerate(parts)})


def _hashes(shipped: Shipped[tuple[tuple[Field, ...], tuple[Part, ...]]], batch: pa.RecordBatch) -> Iterator[pa.Table]:
    """The distinct hashes of each part of the forms of a batch."""
    declared, parts = shipped.value
    for part, filing in blocking.filings(_by_field(batch), declared).items():
        hashes = np.unique(filing.hashes)
        yield pa.table({"part": np.full(len(hashes), parts.index(part), np.int32), "hash": hashes.view(np.int64)})


def _by_field(batch: pa.RecordBatch) -> dict[str, Column]:
    """The distinct forms of a batch as columns, one a field."""
    names = batch["field"].unique().to_pylist()
    return {name: coded(batch.filter(pc.equal(batch["field"], name))["form"]) for name in names}


NO_FORMS = Column(np.zeros(0, np.int32), Forms(np.zeros(0, object)))
"""Stands for a column whose forms are not on the driver."""
