"""What stewards do to golden records: each in the caller's transaction with all that comes of it, and each to be taken back.

All of it is said as rulings on records, so that it outlives every rebuild. A merge rules as little as holds all records of its golden records
together; a split sets some apart from each of the others. Whoever wants to look first does it in a savepoint, and rolls that back.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection

from mdm import identity, pipeline
from mdm.entities import MASTERS, Master
from mdm.errors import BadInput, Conflict, NotFound, PreconditionFailed
from mdm.hub import Hub
from mdm.store import audit, decisions, golden, masters, operations, pins
from mdm.store.database import lock
from mdm.store.decisions import REVOKE, Standing, Verdict
from mdm.store.operations import Event

PREFIX = "opa"


@dataclass(frozen=True)
class Steward:
    """Who does something, and why."""

    name: str
    reason: str | None = None


@dataclass(frozen=True)
class Done:
    """What was done: the number by which it is taken back, and what became of golden records."""

    id: str
    entity: str
    events: Sequence[Event]
    records: Sequence[int]
    """The records that went to another golden record."""


class Work:
    """An operation under way: the rulings that it makes and ends."""

    def __init__(
        self, hub: Hub, db: Connection, entity: type[Master], kind: str, by: Steward, detail: Mapping[str, Any], reverts: str | None = None
    ) -> None:
        # Those that may follow too, now and in this order: whoever took them later might wait in a circle.
        for other in MASTERS[MASTERS.index(entity) :]:
            lock(db, f"resolve {other.entity}")
        self.hub, self.db, self.entity, self.by = hub, db, entity, by
        numbers = identity.new_ids(PREFIX, 1, now_ms=int(hub.now().timestamp() * 1000), random=hub.random)
        self.id = str(numbers[0])
        self.run_id = operations.begin(db, self.id, entity.entity, kind, by.name, by.reason, detail, reverts)
        audit.append(
            db, by.name, f"golden.{kind}", f"operation {self.id}", {"entity": entity.entity, "reason": by.reason, **detail}, hub.now()
        )
        self.standing = Standing()

    def hold(self, records: Collection[int]) -> None:
        """Hold the rulings on records, which nobody else may change until the transaction ends."""
        self.standing.hold(self.db, self.entity.entity, records)

    def rule(self, left: int, right: int, verdict: Verdict, reason: str | None = None, origin: str | None = None) -> int | None:
        """Rule on two records, unless rulings in force say so already. Raises Conflict, with the chain, where they say otherwise."""
        if verdict == "same" and self.standing.one(left, right):
            return None
        if self.standing.pairs.get((min(left, right), max(left, right))) == verdict:
            return None
        if not self.standing.allows(left, right, verdict):
            in_force = [(*pair, said) for pair, said in self.standing.pairs.items()]
            chain = decisions.contradiction(in_force, min(left, right), max(left, right), verdict) or ()
            raise Conflict(f"{decisions.otherwise(self.db, chain)}; {REVOKE}")
        self.standing.add(left, right, verdict)
        why = reason or self.by.reason
        return decisions.record(self.db, self.entity.entity, (left, right), verdict, why, self.by.name, operation=self.id, origin=origin)

    def together(self, records: Sequence[int]) -> None:
        """Rule that records are one thing, with no more rulings than that takes."""
        for record in records[1:]:
            self.rule(records[0], record, "same")

    def end(self, crossing: Callable[[int, int], bool]) -> None:
        """Revoke the `same` rulings that cross a line, and rule anew what they alone held together on each side of it."""
        crossed = [pair for pair, said in self.standing.pairs.items() if said == "same" and crossing(*pair)]
        if not crossed:
            return
        groups = self.standing.groups()
        numbers = decisions.numbers(self.db, crossed)
        decisions.end(self.db, numbers, self.by.name, self.id)
        kept = {pair: said for pair, said in self.standing.pairs.items() if pair not in set(crossed)}
        self.standing = Standing()
        for pair, said in kept.items():
            self.standing.add(*pair, said)
        for group in groups:
            sides: dict[bool, list[int]] = {}
            for record in sorted(group):
                sides.setdefault(crossing(min(group), record), []).append(record)
            for side in sides.values():
                self.together(side)

    def done(self, records: Collection[int], before: pa.Table = identity.NOBODY) -> Done:
        """Bring the golden records to it."""
        held = masters.golden_of(self.db, records)
        pipeline.settle(self.hub, self.db, self.run_id, self.entity, records, before)
        now = masters.golden_of(self.db, records)
        moved = [record for record in sorted(records) if held.get(record) != now.get(record)]
        return Done(self.id, self.entity.entity, operations.events(self.db, self.run_id), moved)


def merge(
    hub: Hub, db: Connection, entity: type[Master], ids: Sequence[str], by: Steward, versions: Mapping[str, int] | None = None
) -> Done:
    """Make one golden record of several; the oldest id survives.

    Raises NotFound, Conflict where an id is out of use or rulings say otherwise, PreconditionFailed where one is at another version by now.
    """
    if len(set(ids)) < 2:
        raise BadInput("a merge needs two golden records; name two different ids")
    work = Work(hub, db, entity, "merge", by, {"golden": sorted(set(ids))})
    members = {golden_id: _members(db, entity, golden_id, versions) for golden_id in dict.fromkeys(ids)}
    every = [record for records in members.values() for record in records]
    work.hold(every)
    work.together(every)
    return work.done(every)


def split(
    hub: Hub,
    db: Connection,
    entity: type[Master],
    golden_id: str,
    records: Sequence[int],
    by: Steward,
    versions: Mapping[str, int] | None = None,
) -> Done:
    """Take records out of a golden record, to be one of their own. Raises as `merge` does, and BadInput where none would stay, or one is not of it."""
    work = Work(hub, db, entity, "split", by, {"golden": [golden_id], "records": _named(db, records)})
    members = _members(db, entity, golden_id, versions)
    _apart(work, members, records)
    return work.done(members)


def move(
    hub: Hub,
    db: Connection,
    entity: type[Master],
    golden_id: str,
    records: Sequence[int],
    to: str,
    by: Steward,
    versions: Mapping[str, int] | None = None,
) -> Done:
    """Take records out of one golden record and into another. Raises as `split` does."""
    if golden_id == to:
        raise BadInput("the records are there already; name another golden record")
    work = Work(hub, db, entity, "move", by, {"golden": [golden_id, to], "records": _named(db, records)})
    members, others = _members(db, entity, golden_id, versions), _members(db, entity, to, versions)
    work.hold([*members, *others])
    _apart(work, members, records)
    work.together([*others, *records])
    return work.done([*members, *others])


def _apart(work: Work, members: Sequence[int], records: Sequence[int]) -> None:
    """Set records apart from the other members, and hold them together."""
    taken = list(dict.fromkeys(records))
    rest = [record for record in members if record not in set(taken)]
    if not taken or set(taken) - set(members):
        raise BadInput("name records of the golden record, at least one")
    if not rest:
        raise BadInput("no record would stay; leave one out, or merge the golden records")
    work.hold(members)
    inside = frozenset(taken)
    work.end(lambda one, other: (one in inside) != (other in inside))
    work.together(taken)
    for record in rest:
        work.rule(taken[0], record, "different")


def confirm(hub: Hub, db: Connection, entity: type[Master], golden_id: str, by: Steward) -> Done:
    """Rule that all records of a golden record are one thing, so that it stays whole whatever the engine thinks."""
    work = Work(hub, db, entity, "confirm", by, {"golden": [golden_id]})
    members = _members(db, entity, golden_id, None)
    work.hold(members)
    work.together(members)
    return work.done(members)


def rule(
    hub: Hub, db: Connection, entity: type[Master], pairs: Sequence[tuple[int, int]], verdict: Verdict, by: Steward
) -> tuple[Done, list[int]]:
    """Rule on pairs of records, with effect at once: what was done, and the numbers of the rulings. Raises Conflict where one is in force, or others say otherwise."""
    ends = [decisions.keys_of(db, sorted(pair)) for pair in pairs]
    work = Work(hub, db, entity, "rule", by, {"pairs": [[str(key) for key in keys] for keys in ends], "verdict": verdict})
    records = sorted({record for pair in pairs for record in pair})
    work.hold(records)
    made = []
    for left, right in map(sorted, pairs):
        if (left, right) in work.standing.pairs:
            raise Conflict("a ruling on these two records is in force; revoke it first")
        number = work.rule(left, right, verdict)
        if number is None:
            number = decisions.record(db, entity.entity, (left, right), verdict, by.reason, by.name, operation=work.id)
        made.append(number)
    return work.done(records), made


def revoke(hub: Hub, db: Connection, entity: type[Master], decision: int, by: Steward) -> Done:
    """End one ruling, with effect at once."""
    work = Work(hub, db, entity, "revoke", by, {"decision": decision})
    pair = decisions.pair(db, decision)
    decisions.end(db, [decision], by.name, work.id)
    return work.done(pair)


def pin(
    hub: Hub,
    db: Connection,
    entity: type[Master],
    anchor: int,
    field: str,
    value: str | None,
    by: Steward,
    expires_at: datetime | None = None,
) -> Done:
    """Set a clean value on a field of the golden record to which a record belongs, with effect at once; `by` has a reason."""
    until = None if expires_at is None else expires_at.isoformat()
    record = str(decisions.keys_of(db, [anchor])[0])
    work = Work(hub, db, entity, "pin", by, {"record": record, "field": field, "value": value, "expires_at": until})
    pins.make(db, entity.entity, anchor, field, value, by.reason or "", by.name, expires_at=expires_at, operation_id=work.id)
    return work.done([anchor])


def unpin(hub: Hub, db: Connection, entity: type[Master], anchor: int, field: str, by: Steward) -> Done:
    """Let the sources speak again of a field, with effect at once. Raises NotFound where nothing is pinned."""
    held = pins.on(db, entity.entity, anchor, field)
    if not held:
        raise NotFound(f"nothing is pinned on the {field}")
    work = Work(hub, db, entity, "unpin", by, {"record": str(held[0].record), "field": field})
    for one in held:
        pins.revoke(db, one.id, by.name, work.id)
    return work.done([anchor])


def revert(hub: Hub, db: Connection, number: str, by: Steward, entities: Mapping[str, type[Master]]) -> Done:
    """Take an operation back, whenever it was: what it ruled is revoked, what it revoked is ruled again, and its ids return.

    Raises NotFound, Conflict where it was taken back already or later rulings speak against it.
    """
    found = operations.get(db, number)
    if found is None:
        raise NotFound(f"there is no operation {number!r}")
    work = Work(hub, db, entities[found.entity], "revert", by, {"operation": number, "what": found.kind}, reverts=number)
    found = operations.get(db, number)
    assert found is not None
    if found.reverted_by != work.id:
        raise Conflict(f"the operation was taken back by {found.reverted_by}")
    made, revoked = decisions.parts(db, number)
    before = operations.before(db, found.run_id)
    decisions.end(db, [one.id for one in made], by.name, work.id)
    records = {record for one in (*made, *revoked) for record in (one.left, one.right)} | set(before["record_id"].to_pylist())
    work.hold(records)
    for one in revoked:
        work.rule(one.left, one.right, one.verdict, one.reason, one.origin)
    return work.done(records | _pins_back(work, number), before)


def _pins_back(work: Work, number: str) -> set[int]:
    """End the pins of an operation, and set those again that it ended: the records that hold them."""
    made, ended = pins.parts(work.db, number)
    for one in made:
        pins.revoke(work.db, one.id, work.by.name, work.id)
    for one in ended:
        pins.make(
            work.db, one.entity, one.record_id, one.field, one.value, one.reason, work.by.name, expires_at=one.expires_at,
            operation_id=work.id, origin=one.origin,
        )  # fmt: skip
    return {one.record_id for one in (*made, *ended)}


def _named(db: Connection, records: Sequence[int]) -> list[str]:
    return sorted(map(str, decisions.keys_of(db, records)))


def _members(db: Connection, entity: type[Master], golden_id: str, versions: Mapping[str, int] | None) -> list[int]:
    """The records of a golden record in use, in the order of their keys."""
    found = golden.find(db, entity.entity, golden_id)
    if found is None:
        raise NotFound(f"there is no {entity.entity} {golden_id!r}")
    if found.status != "live":
        raise Conflict(f"{golden_id} is out of use{f'; it leads to {found.merged_into}' if found.merged_into else ''}")
    if versions is not None and versions.get(golden_id, found.version) != found.version:
        raise PreconditionFailed(f"{golden_id} is at version {found.version} by now; look at it again")
    return [row.record_id for row in golden.members(db, golden_id)]
