"""A part of the records, matched again under a model that stays: what `LocalEngine.resolve` would find for all of them, without them all.

Three steps, between which the caller looks up what it keeps: `filed` gives the keys of the records that are new or have changed; `compared` weighs
them with the records that share a key; `clustered` clusters whole components anew from their pairs. Records must come in the order in which
all would come, for ties end there.
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel

from matching.blocking import distinct
from matching.clustering import Labels
from matching.declaration import fields
from matching.encode import encode
from matching.engine import Rulings, Thresholds, clustering, frozen
from matching.hashing import Hashes
from matching.index.reading import Reading
from matching.index.storage import looked_up, run
from matching.model import Model, Weights
from matching.rivals import contested
from matching.sources import Positions, Sources


def filed(records: pa.Table, declaration: type[BaseModel], model: Model) -> tuple[Positions, Hashes]:
    """The keys of records: positions, and hashes."""
    reading = Reading(declaration, model)
    return reading.filed(reading.columns(records), records.num_rows)


def compared(
    records: pa.Table, declaration: type[BaseModel], model: Model, fresh: NDArray[np.bool_], sources: Sources, thresholds: Thresholds
) -> pa.Table:
    """The pairs worth a look of the fresh records, among themselves and with the others that share a key.

    Out: left, right (positions), weight in bits, rivals aside, one level a feature.
    """
    reading, count = Reading(declaration, model), records.num_rows
    columns = encode(records, fields(declaration), every=True)
    place, hashes = reading.filed(columns, count)
    mine = fresh[place]
    at, other = looked_up((run(hashes, place),), hashes[mine])
    one = place[mine][at]
    left, right = np.minimum(one, other), np.maximum(one, other)
    left, right = np.divmod(distinct((left * count + right)[left != right]), max(count, 1))
    meet = sources.may_meet(left, right)
    left, right = left[meet], right[meet]
    kernel = frozen(reading.evidence, model)
    kept, levels, weights = kernel.scored(columns, left, right, thresholds.review)
    named = {"left": left[kept], "right": right[kept], "weight": weights}
    return pa.table(named | {feature.name: levels[:, at] for at, feature in enumerate(kernel.features)})


def clustered(
    records: pa.Table, declaration: type[BaseModel], pairs: pa.Table, rulings: Rulings, sources: Sources, thresholds: Thresholds
) -> tuple[Weights, Labels]:
    """The weights of pairs beside their rivals, and the cluster of each record, named by the position of its first.

    In: pairs (left, right, weight by itself) in the order of the positions, with every pair within the components.
    """
    vetoes = [item for item in fields(declaration) if item.vetoes and item.name in records.column_names]
    codes = [column.codes for column in encode(records, vetoes).values()]
    left, right, alone = (pairs[name].to_numpy() for name in ("left", "right", "weight"))
    weight = contested(left, right, alone, sources)
    return weight, clustering(codes, (left, right, weight), rulings, sources, thresholds)
