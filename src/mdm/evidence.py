"""Why two records are one golden record, or why they are not."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import Connection

from matching.declaration import fields
from matching.engine import Thresholds, frozen
from matching.explanation import Explanation, explain
from mdm.entities import Master
from mdm.entities.declare import own_references
from mdm.errors import BadInput, NotFound
from mdm.settings import Settings
from mdm.store import decisions, masters, matches
from mdm.store.decisions import RecordKey

LEAST = 1e-3
"""Bits; weights are stored in single precision."""


@dataclass(frozen=True)
class Evidence:
    """Two records, what speaks for and against their being one thing, and what they are."""

    golden: tuple[str | None, str | None]
    explanation: Explanation

    @property
    def together(self) -> bool:
        """Whether they are in one golden record."""
        return self.golden[0] is not None and self.golden[0] == self.golden[1]


def evidence(db: Connection, settings: Settings, entity: type[Master], left: RecordKey, right: RecordKey) -> Evidence:
    """What speaks for and against two records, under the model by which they were matched last.

    Raises NotFound where a record is not there, BadInput where both are one, or nothing was matched yet.
    """
    ids = [_id(db, entity.entity, key) for key in (left, right)]
    if ids[0] == ids[1]:
        raise BadInput(f"{left} and {right} are one record; name two")
    model = matches.trained(db, entity.entity)
    if model is None:
        raise BadInput(f"no {entity.entity} was matched since the last upgrade; run mdm rebuild")
    rows = {row["record_id"]: row for row in masters.records(db, entity, ids).drop_columns(own_references(entity)).to_pylist()}
    for number, key in zip(ids, (left, right), strict=True):
        if number not in rows:
            raise NotFound(f"{key} was deleted at its source")
    limits = Thresholds(settings.match_bits, settings.review_bits)
    kernel = frozen([field for field in fields(entity) if field.name in rows[ids[0]]], model)
    found = explain(kernel, entity, rows[ids[0]], rows[ids[1]], thresholds=limits, ruled=_ruled(db, entity.entity, ids))
    return Evidence(_golden(db, entity.entity, ids), _beside_rivals(found, matches.weight(db, *ids)))


def _beside_rivals(found: Explanation, stored: float | None) -> Explanation:
    """With what other partners of the two speak against it."""
    if stored is None or found.vetoed_by or found.total - stored < LEAST:
        return found
    told = replace(found, rivals=stored - found.total)
    return told if found.outcome != found.decision else replace(told, outcome=told.decision)


def _id(db: Connection, entity: str, key: RecordKey) -> int:
    found = decisions.record_id(db, entity, key)
    if found is None:
        raise NotFound(f"there is no {entity} {key}; records are named source:key, as in crm:001")
    return found


def _ruled(db: Connection, entity: str, ids: list[int]) -> Literal["together", "apart"] | None:
    said: Mapping[str, Literal["together", "apart"]] = {"same": "together", "different": "apart"}
    return next((said[verdict] for *pair, verdict in masters.rulings(db, entity) if sorted(ids) == pair), None)


def _golden(db: Connection, entity: str, ids: list[int]) -> tuple[str | None, str | None]:
    members = masters.golden_of(db, ids)
    return members.get(ids[0]), members.get(ids[1])
