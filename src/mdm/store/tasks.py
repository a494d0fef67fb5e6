"""The work queue: what waits for a steward, who looks at it, and what stewards thought of it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, func, insert, or_, select, tuple_, update

from mdm.agreement import Opinion, Verdict
from mdm.queue import Kind
from mdm.store.decisions import RecordKey
from mdm.store.tables import member, opinion, record, record_version, task

Status = Literal["open", "second", "done", "gone"]
STATUSES: tuple[Status, ...] = ("open", "second", "done", "gone")
WAITING: tuple[Status, ...] = ("open", "second")


@dataclass(frozen=True)
class Task:
    """Something that waits for a steward, or did. `left` and `right` are the records of a pair; of a value, `left` is its record."""

    id: int
    entity: str
    kind: Kind
    status: Status
    left_id: int | None
    right_id: int | None
    left: RecordKey | None
    right: RecordKey | None
    golden_id: str | None
    detail: dict[str, Any]
    stake: Decimal
    uncertainty: float
    rank: float
    round: int
    assignee: str | None
    leased_by: str | None
    leased_until: datetime | None
    snoozed_until: datetime | None
    skips: int
    created_at: datetime
    closed_at: datetime | None
    subject: str


@dataclass(frozen=True)
class Wanted:
    """Which tasks: those that have one of the values, in each respect that is given."""

    kinds: Collection[str] = ()
    entities: Collection[str] = ()
    statuses: Collection[str] = WAITING
    assignee: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """What a row has to be."""
        sets = ((task.c.kind, self.kinds), (task.c.entity, self.entities), (task.c.status, self.statuses))
        found: list[ColumnElement[bool]] = [column.in_(values) for column, values in sets if values]
        return found if self.assignee is None else [*found, task.c.assignee == self.assignee]


Place = tuple[int, float, str]
"""Where a task stands: skips, rank, subject."""


def get(db: Connection, task_id: int, *, to_change: bool = False) -> Task | None:
    """A task by its number; `to_change` makes others wait who would change it too."""
    query = _shown().where(task.c.id == task_id)
    row = db.execute(query.with_for_update(of=task) if to_change else query).one_or_none()
    return None if row is None else _task(row)


def page(db: Connection, wanted: Wanted, after: Place | None, limit: int) -> list[Task]:
    """Tasks in the order in which they are to be done: never skipped before, highest rank, then by subject."""
    query = _shown().where(*wanted.conditions()).order_by(*_ORDER).limit(limit)
    if after is not None:
        query = query.where(tuple_(task.c.skips, -task.c.rank, task.c.subject) > (after[0], -after[1], after[2]))
    return [_task(row) for row in db.execute(query)]


def counts(db: Connection) -> list[tuple[str, str, int, Decimal]]:
    """Tasks that wait: entity, kind, how many, and what hangs on them in all."""
    by = (task.c.entity, task.c.kind)
    query = select(*by, func.count(), func.sum(task.c.stake)).where(task.c.status.in_(WAITING)).group_by(*by).order_by(*by)
    return [(row[0], row[1], row[2], row[3]) for row in db.execute(query)]


def claim(
    db: Connection, steward: str, kinds: Collection[str], entities: Collection[str], limit: int, now: datetime, minutes: int
) -> list[Task]:
    """The next tasks for a steward, kept for so many minutes: those that the steward has already, and free ones.

    Not those that others look at or that are kept for others, are put off, or that the steward has judged. Two who claim at once get
    different tasks: a row that the other one has locked is passed over.
    """
    free = or_(task.c.leased_until.is_(None), task.c.leased_until <= now, task.c.leased_by == steward)
    own = or_(task.c.assignee.is_(None), task.c.assignee == steward)
    awake = or_(task.c.snoozed_until.is_(None), task.c.snoozed_until <= now)
    query = (
        select(task.c.id)
        .where(*Wanted(kinds, entities).conditions(), free, own, awake, ~_judged_by(steward))
        .order_by(*_ORDER)
        .limit(limit)
    )
    # Locked first, as an array: inside the update, PostgreSQL might run the query more than once and lock more rows than are asked for.
    ids = db.execute(query.with_for_update(skip_locked=True)).scalars().all()
    db.execute(update(task).where(task.c.id.in_(ids)).values(leased_by=steward, leased_until=now + timedelta(minutes=minutes)))
    return [_task(row) for row in db.execute(_shown().where(task.c.id.in_(ids)).order_by(*_ORDER))]


def change(db: Connection, task_id: int, **values: Any) -> None:
    """Set columns of a task."""
    db.execute(update(task).where(task.c.id == task_id).values(**values))


def opine(db: Connection, found: Task, steward: str, verdict: Verdict, reason: str | None, now: datetime) -> None:
    """Write down what a steward thinks of a task; once a round."""
    values = {"task_id": found.id, "round": found.round, "steward": steward, "verdict": verdict, "reason": reason, "at": now}
    db.execute(insert(opinion).values(values))


def opinions(db: Connection, found: Task) -> list[Opinion]:
    """What stewards have thought of a task since it was asked last, in their order."""
    query = _OPINIONS.where(opinion.c.task_id == found.id, opinion.c.round == found.round).order_by(opinion.c.id)
    return [Opinion(*row) for row in db.execute(query)]


def all_opinions(db: Connection) -> list[Opinion]:
    """Every opinion that was ever given, in their order."""
    return [Opinion(*row) for row in db.execute(_OPINIONS.order_by(opinion.c.id))]


def members(db: Connection, golden: Collection[str]) -> list[int]:
    """The records that are in golden records now."""
    query = select(member.c.record_id).where(member.c.golden_id.in_(golden), member.c.known_to.is_(None)).order_by(member.c.record_id)
    return list(db.execute(query).scalars())


def keys(db: Connection, ids: Collection[int]) -> dict[int, RecordKey]:
    """How sources name records."""
    rows = db.execute(select(record.c.id, record.c.source, record.c.key).where(record.c.id.in_(ids)))
    return {row.id: RecordKey(row.source, row.key) for row in rows}


def clean(db: Connection, ids: Collection[int]) -> dict[int, dict[str, str]]:
    """What records say in the versions in force."""
    query = select(record.c.id, record_version.c.clean).join(record_version, record_version.c.id == record.c.version_id)
    return {row.id: row.clean for row in db.execute(query.where(record.c.id.in_(ids)))}


_OPINIONS = select(opinion.c.task_id, opinion.c.round, opinion.c.steward, opinion.c.verdict, opinion.c.reason, opinion.c.at)
_ORDER = (task.c.skips, task.c.rank.desc(), task.c.subject)
_LEFT, _RIGHT = record.alias("l"), record.alias("r")


def _judged_by(steward: str) -> ColumnElement[bool]:
    own = and_(opinion.c.task_id == task.c.id, opinion.c.round == task.c.round, opinion.c.steward == steward)
    return exists().where(own)


def _shown() -> Select[*tuple[Any, ...]]:
    keys = (_LEFT.c.source.label("ls"), _LEFT.c.key.label("lk"), _RIGHT.c.source.label("rs"), _RIGHT.c.key.label("rk"))
    return select(task, *keys).outerjoin(_LEFT, _LEFT.c.id == task.c.left_id).outerjoin(_RIGHT, _RIGHT.c.id == task.c.right_id)


def _task(row: Row[*tuple[Any, ...]]) -> Task:
    left, right = (RecordKey(source, key) if source is not None else None for source, key in ((row.ls, row.lk), (row.rs, row.rk)))
    named = {column.name: getattr(row, column.name) for column in task.c}
    return Task(**named, left=left, right=right)
