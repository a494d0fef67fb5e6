"""What the database keeps of matching, by position as the matching library has it: pairs, clusters, rulings, and the records themselves."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import Connection

from matching.clustering import Constraints
from matching.declaration import fields
from matching.encode import encode
from matching.engine import Thresholds
from matching.quality import Kept
from matching.sources import sources_of
from mdm.entities import Master
from mdm.store.bulk import read
from mdm.store.masters import distinct, members, merged_by_source, places, records, rulings

EDGES = pa.schema([("left_id", pa.int64()), ("right_id", pa.int64()), ("weight", pa.float64())])

Ruled = tuple[int, int, str]


@dataclass(frozen=True)
class Stored:
    """An entity as it was matched last."""

    records: pa.Table
    """As they are resolved: record_id, source, key, event_at, and the entity's fields."""
    kept: Kept
    """Positions are rows of `records`. A record that has come since is alone, a pair of one that is gone is left out."""
    rulings: list[Ruled]
    """Rulings of stewards in force: left, right (positions), verdict."""


def stored(db: Connection, entity: type[Master], thresholds: Thresholds) -> Stored:
    """What is kept of an entity: the pairs worth a look, the membership in force, rulings, and the values that veto."""
    table = records(db, entity)
    ids = table["record_id"].to_numpy()
    query = "SELECT left_id, right_id, weight FROM edge WHERE entity = %(entity)s ORDER BY 1, 2"
    edges = read(db, query, EDGES, {"entity": entity.entity})
    one, other = (places(ids, edges[side].to_numpy()) for side in ("left_id", "right_id"))
    there = (one >= 0) & (other >= 0)
    left, right = np.minimum(one, other)[there], np.maximum(one, other)[there]
    ruled = list(_positions(ids, rulings(db, entity.entity)))
    told = list(_positions(ids, merged_by_source(table, entity)))
    together, apart = ({(one, other) for one, other, said in [*ruled, *told] if said == wanted} for wanted in ("same", "different"))
    vetoing = _vetoing(table, entity)
    once = sources_of(table["source"], distinct(db, entity.entity)).single()
    constraints = Constraints(frozenset(together), frozenset(apart), [*vetoing, *once])
    weight = edges["weight"].to_numpy()[there]
    return Stored(table, Kept(left, right, weight, _labels(db, ids, entity), thresholds, constraints, vetoing), ruled)


def _positions(ids: NDArray[np.int64], ruled: Iterable[Ruled]) -> Iterable[Ruled]:
    """Rulings by position, the smaller one left; those on records that are gone wait for their return."""
    for *pair, verdict in ruled:
        one, other = sorted(places(ids, np.array(pair)).tolist())
        if one >= 0:
            yield one, other, verdict


def _vetoing(table: pa.Table, entity: type[Master]) -> list[NDArray[np.int32]]:
    """A code a record for every field in which two values are never one thing, those implied by other fields included."""
    declared = [field for field in fields(entity) if field.vetoes or field.kind.implies]
    columns = encode(table, declared)
    return [columns[field.name].codes for field in declared if field.vetoes and field.name in columns]


def _labels(db: Connection, ids: NDArray[np.int64], entity: type[Master]) -> NDArray[np.int64]:
    """A cluster a record, named by the position of its first record."""
    crosswalk = members(db, entity.entity)
    place = places(ids, crosswalk["record_id"].to_numpy())
    there, place = place >= 0, place[place >= 0]
    golden = crosswalk["golden_id"].filter(pa.array(there)).combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    first = np.full(int(golden.max(initial=-1)) + 1, len(ids), np.int64)
    np.minimum.at(first, golden, place)
    labels = np.arange(len(ids))
    labels[place] = first[golden]
    return labels
