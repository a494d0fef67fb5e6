"""Findings and what was thought of them: found, marked, mended, found again; marks are never changed."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, get_args

from sqlalchemy import Connection, Select, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from mdm.store.database import lock
from mdm.store.tables import finding, finding_mark

State = Literal["open", "accepted", "false_alarm", "fixed"]
STATES: tuple[State, ...] = get_args(State)
HUB = "hub"
"""Who marks what became of findings by themselves."""


@dataclass(frozen=True)
class Mark:
    """What somebody thought of a finding, or what became of it."""

    finding_id: str
    state: State
    owner: str | None
    reason: str | None
    recovered: Decimal | None
    actor: str
    at: datetime


@dataclass(frozen=True)
class Known:
    """A finding as it is known: what was found last, since when, and the newest mark, if there is one."""

    id: str
    amount: Decimal | None
    content: Mapping[str, Any]
    first_seen: datetime
    gone_at: datetime | None
    mark: Mark | None

    @property
    def state(self) -> State:
        """Open until somebody says otherwise."""
        return self.mark.state if self.mark is not None else "open"


def known(db: Connection, known_at: datetime | None = None, ids: Collection[str] | None = None) -> dict[str, Known]:
    """Findings by id, with the marks that they had at an instant; those that were not found before it are not there."""
    newest = select(func.max(finding_mark.c.id)).group_by(finding_mark.c.finding_id)
    if known_at is not None:
        newest = newest.where(finding_mark.c.at <= known_at)
    mark = select(finding_mark).where(finding_mark.c.id.in_(newest)).subquery("mark")
    query: Select[*tuple[Any, ...]] = select(finding, *(mark.c[name].label(f"mark_{name}") for name in _MARK)).outerjoin(
        mark, mark.c.finding_id == finding.c.id
    )
    if known_at is not None:
        query = query.where(finding.c.first_seen <= known_at)
    if ids is not None:
        query = query.where(finding.c.id.in_(ids))
    return {
        row.id: Known(
            row.id, row.amount, row.content, row.first_seen, row.gone_at,
            None if row.mark_state is None else Mark(row.id, *(getattr(row, f"mark_{name}") for name in _MARK)),
        )
        for row in db.execute(query)
    }  # fmt: skip


def present(db: Connection) -> dict[str, Decimal | None]:
    """The findings that were found when it was looked last, with their amounts."""
    return {row.id: row.amount for row in db.execute(select(finding.c.id, finding.c.amount).where(finding.c.gone_at.is_(None)))}


def found(db: Connection, rows: Iterable[Mapping[str, Any]], at: datetime) -> None:
    """Write down what is found now. In: id, slug, amount, content."""
    values = [{**row, "first_seen": at, "gone_at": None} for row in rows]
    if values:
        put = upsert(finding)
        changed = {"amount": put.excluded.amount, "content": put.excluded.content, "gone_at": None}
        db.execute(put.on_conflict_do_update(index_elements=["id"], set_=changed), values)


def carry(db: Connection, old: Collection[str], new: str) -> None:
    """Write down that a finding is as old as the oldest of those that it goes on from."""
    oldest = select(func.min(finding.c.first_seen)).where(finding.c.id.in_([*old, new])).scalar_subquery()
    db.execute(update(finding).where(finding.c.id == new).values(first_seen=oldest))


def gone(db: Connection, ids: Collection[str], at: datetime) -> None:
    """Write down that findings are found no more."""
    db.execute(update(finding).where(finding.c.id.in_(ids)).values(gone_at=at))


def mark(db: Connection, marks: Iterable[Mark]) -> None:
    """Add marks."""
    values = [{name: getattr(one, name) for name in ("finding_id", *_MARK)} for one in marks]
    if values:
        db.execute(insert(finding_mark), values)


def history(db: Connection, finding_id: str) -> list[Mark]:
    """All marks of a finding, in their order."""
    query = select(finding_mark.c.finding_id, *(finding_mark.c[name] for name in _MARK))
    return [Mark(*row) for row in db.execute(query.where(finding_mark.c.finding_id == finding_id).order_by(finding_mark.c.id))]


def alone(db: Connection) -> None:
    """Wait until nobody else writes findings."""
    lock(db, "findings")


_MARK = ("state", "owner", "reason", "recovered", "actor", "at")
