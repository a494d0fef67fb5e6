"""Rulings of stewards on pairs of records: made, found, revoked; never deleted, and never against each other."""

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, case, insert, literal_column, select, text, tuple_, update

from mdm.errors import Conflict, NotFound
from mdm.store import operations
from mdm.store.database import STAMP, lock
from mdm.store.masters import rulings
from mdm.store.moment import NOW, Moment
from mdm.store.tables import decision
from mdm.store.tables import record as records

Verdict = Literal["same", "different"]
REVOKE = "revoke the one that is wrong first"


@dataclass(frozen=True)
class RecordKey:
    """How a source names a record."""

    source: str
    key: str

    def __str__(self) -> str:
        """As it is shown: `crm:001`."""
        return f"{self.source}:{self.key}"


@dataclass(frozen=True)
class Ruling:
    """A ruling with the records that it is about."""

    id: int
    entity: str
    left: RecordKey
    right: RecordKey
    verdict: Verdict
    reason: str | None
    decided_by: str
    decided_at: datetime
    revoked_by: str | None
    revoked_at: datetime | None
    operation: str | None
    """The operation that it is a part of."""


def record_id(db: Connection, entity: str, key: RecordKey) -> int | None:
    """The record's number, if there is such a record."""
    return db.execute(
        select(records.c.id).where(records.c.entity == entity, records.c.source == key.source, records.c.key == key.key)
    ).scalar_one_or_none()


def record(
    db: Connection,
    entity: str,
    pair: tuple[int, int],
    verdict: Verdict,
    reason: str | None,
    by: str,
    at: datetime | None = None,
    operation: str | None = None,
    origin: str | None = None,
) -> int:
    """Write a ruling down of which is known that nothing speaks against it: its number. Whoever does so sees to its effect.

    `at` is when it was made, now where it is not said; `operation` is what it is a part of, `origin` what said it first.
    """
    left, right = sorted(pair)
    values: dict[str, Any] = {"entity": entity, "left_id": left, "right_id": right, "verdict": verdict, "reason": reason, "decided_by": by}
    values |= {"operation_id": operation, "origin_id": origin, "decided_at": literal_column(STAMP) if at is None else at}
    return int(db.execute(insert(decision).values(values).returning(decision.c.id)).scalar_one())


def end(db: Connection, numbers: Collection[int], by: str, operation: str) -> None:
    """Revoke rulings in force as a part of an operation, which sees to the effect."""
    chosen = decision.c.id.in_(numbers) & decision.c.revoked_at.is_(None)
    db.execute(update(decision).where(chosen).values(revoked_by=by, revoked_at=literal_column(STAMP), revoked_in=operation))


def numbers(db: Connection, pairs: Collection[tuple[int, int]]) -> list[int]:
    """The numbers of the rulings in force on pairs, smaller record left."""
    wanted = select(decision.c.id).where(tuple_(decision.c.left_id, decision.c.right_id).in_(pairs), decision.c.revoked_at.is_(None))
    return list(db.execute(wanted.order_by(decision.c.id)).scalars())


def pair(db: Connection, decision_id: int) -> tuple[int, int]:
    """The records that a ruling in force is on. Raises NotFound, Conflict where it was revoked before."""
    row = db.execute(select(decision).where(decision.c.id == decision_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no decision {decision_id}")
    if row.revoked_at is not None:
        raise Conflict("this ruling was revoked before")
    return row.left_id, row.right_id


@dataclass(frozen=True)
class Part:
    """A ruling as a part of an operation."""

    id: int
    left: int
    right: int
    verdict: Verdict
    reason: str | None
    origin: str | None
    """The operation that said it first."""


def parts(db: Connection, operation: str) -> tuple[list[Part], list[Part]]:
    """The rulings in force that an operation made or said first, and those that it revoked, but of operations that were taken back since."""
    several = [db.execute(query.order_by(decision.c.id)).all() for query in operations.parts(decision, operation)]
    one, other = (
        [Part(row.id, row.left_id, row.right_id, row.verdict, row.reason, row.origin_id or row.operation_id) for row in rows]
        for rows in several
    )
    return one, other


class Standing:
    """Rulings in force, ready to say whether one more contradicts them."""

    def __init__(self) -> None:
        self.pairs: dict[tuple[int, int], Verdict] = {}
        self._group: dict[int, set[int]] = {}
        """By record, all records that rulings make the same as it, one set for all of them."""
        self._apart: dict[int, set[int]] = {}
        """By record, those that a ruling calls different."""

    def hold(self, db: Connection, entity: str, around: Collection[int] | None = None) -> None:
        """Hold what is in force in the database, which no other ruling may change until this transaction ends; all, or all that some records touch."""
        lock(db, f"decisions {entity}")
        for left, right, verdict in rulings(db, entity) if around is None else _reaching(db, entity, around):
            self.add(left, right, "same" if verdict == "same" else "different")

    def allows(self, left: int, right: int, verdict: Verdict) -> bool:
        """Whether a ruling would contradict none in force, through any chain."""
        one, other = self._members(left), self._members(right)
        if verdict == "different":
            return right not in one
        return not any(self._apart.get(record, frozenset()) & other for record in one)

    def add(self, left: int, right: int, verdict: Verdict) -> None:
        """One more."""
        self.pairs[min(left, right), max(left, right)] = verdict
        if verdict == "different":
            self._apart.setdefault(left, set()).add(right)
            self._apart.setdefault(right, set()).add(left)
            return
        small, large = sorted((self._members(left), self._members(right)), key=len)
        if small is large:
            return
        large |= small
        self._group.update(dict.fromkeys(large, large))

    def groups(self) -> list[set[int]]:
        """The records that rulings make one, group by group."""
        return list({id(group): group for group in self._group.values()}.values())

    def one(self, left: int, right: int) -> bool:
        """Whether rulings say that two records are the same."""
        return right in self._members(left)

    def _members(self, record: int) -> set[int]:
        return self._group.get(record, {record})


_REACHING = text(
    """WITH RECURSIVE near (record_id) AS (
           SELECT unnest(CAST(:seeds AS bigint[]))
           UNION
           SELECT o.record_id FROM near n CROSS JOIN LATERAL (
               SELECT right_id AS record_id FROM decision WHERE left_id = n.record_id AND verdict = 'same' AND revoked_at IS NULL
               UNION ALL SELECT left_id FROM decision WHERE right_id = n.record_id AND verdict = 'same' AND revoked_at IS NULL) o)
       SELECT left_id, right_id, verdict FROM decision
       WHERE entity = :entity AND revoked_at IS NULL AND (left_id IN (SELECT record_id FROM near) OR right_id IN (SELECT record_id FROM near))"""
)


def _reaching(db: Connection, entity: str, records: Collection[int]) -> list[tuple[int, int, str]]:
    """The rulings in force on records, and on whatever rulings make the same as they."""
    rows = db.execute(_REACHING, {"seeds": list(records), "entity": entity})
    return [(row.left_id, row.right_id, row.verdict) for row in rows]


def get(db: Connection, decision_id: int, moment: Moment = NOW) -> Ruling | None:
    """A ruling by its number, as it was known."""
    row = db.execute(_shown(moment).where(decision.c.id == decision_id)).one_or_none()
    return None if row is None else _ruling(row)


def page(db: Connection, entity: str | None, before: int | None, limit: int, moment: Moment = NOW) -> list[Ruling]:
    """Rulings as they were known, newest first, those numbered below `before`."""
    query = _shown(moment).order_by(decision.c.id.desc()).limit(limit)
    if entity is not None:
        query = query.where(decision.c.entity == entity)
    if before is not None:
        query = query.where(decision.c.id < before)
    return [_ruling(row) for row in db.execute(query)]


def contradiction(in_force: Collection[tuple[int, int, str]], left: int, right: int, verdict: str) -> list[int] | None:
    """The chain of records by which rulings in force say the opposite of a new one, or None.

    `different` is contradicted by a chain of `same` from left to right; `same` by a `different` between what is the same as left and
    what is the same as right.
    """
    same: dict[int, set[int]] = {}
    for one, other, said in in_force:
        if said == "same":
            same.setdefault(one, set()).add(other)
            same.setdefault(other, set()).add(one)
    from_left, from_right = _reached(same, left), _reached(same, right)
    if verdict == "different":
        return _way(from_left, right) if right in from_left else None
    for one, other, said in in_force:
        for near, far in ((one, other), (other, one)):
            if said == "different" and near in from_left and far in from_right:
                return [*_way(from_left, near), *reversed(_way(from_right, far))]
    return None


def _reached(same: Mapping[int, set[int]], start: int) -> dict[int, int]:
    """Every record that rulings make the same as `start`, with the record by which it is reached."""
    came, queue = {start: start}, deque([start])
    while queue:
        here = queue.popleft()
        for there in sorted(same.get(here, ())):
            if there not in came:
                came[there] = here
                queue.append(there)
    return came


def _way(came: Mapping[int, int], to: int) -> list[int]:
    way = [to]
    while came[way[-1]] != way[-1]:
        way.append(came[way[-1]])
    return way[::-1]


def otherwise(db: Connection, chain: Sequence[int]) -> str:
    """That other rulings contradict one, by the chain of records."""
    return f"other rulings say otherwise: {' - '.join(str(key) for key in keys_of(db, chain))}"


def keys_of(db: Connection, ids: Sequence[int]) -> list[RecordKey]:
    """What the sources call some records."""
    rows = db.execute(select(records.c.id, records.c.source, records.c.key).where(records.c.id.in_(ids)))
    named = {row.id: RecordKey(row.source, row.key) for row in rows}
    return [named[one] for one in ids]


_LEFT, _RIGHT = records.alias("l"), records.alias("r")


def _shown(moment: Moment = NOW) -> Select[*tuple[Any, ...]]:
    at = moment.known_at
    known = decision.c if at is None else [_before(column, at) if column.name.startswith("revoked_") else column for column in decision.c]
    query = (
        select(*known, _LEFT.c.source.label("ls"), _LEFT.c.key.label("lk"), _RIGHT.c.source.label("rs"), _RIGHT.c.key.label("rk"))
        .join(_LEFT, _LEFT.c.id == decision.c.left_id)
        .join(_RIGHT, _RIGHT.c.id == decision.c.right_id)
    )
    return query if at is None else query.where(decision.c.decided_at <= at)


def _before(column: Column[Any], at: datetime) -> ColumnElement[Any]:
    """What is told of a revocation, where it had been revoked by then."""
    return case((decision.c.revoked_at <= at, column)).label(column.name)


def _ruling(row: Row[*tuple[Any, ...]]) -> Ruling:
    return Ruling(
        row.id, row.entity, RecordKey(row.ls, row.lk), RecordKey(row.rs, row.rk), row.verdict, row.reason,
        row.decided_by, row.decided_at, row.revoked_by, row.revoked_at, row.operation_id,
    )  # fmt: skip
