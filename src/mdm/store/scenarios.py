"""Scenarios that were kept: what was asked, of which knowledge, under which random numbers; never changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from mdm.store.tables import scenario


@dataclass(frozen=True)
class Kept:
    """A scenario with all that its answer is made of: the same is answered whenever it is asked again."""

    id: str
    name: str
    levers: Sequence[Mapping[str, Any]]
    as_of: date
    known_at: datetime
    step: str
    periods: int
    seed: int
    model: str
    made_by: str
    made_at: datetime


def keep(db: Connection, values: Mapping[str, Any]) -> Kept:
    """Keep a scenario. In: the fields of `Kept`, but `made_at`."""
    return _kept(db.execute(insert(scenario).values(dict(values)).returning(*scenario.c)).one())


def get(db: Connection, number: str) -> Kept | None:
    """A scenario by its id."""
    row = db.execute(select(scenario).where(scenario.c.id == number)).one_or_none()
    return None if row is None else _kept(row)


def page(db: Connection, before: str | None, limit: int) -> list[Kept]:
    """Scenarios, newest first, those whose id is below `before`."""
    query = select(scenario).order_by(scenario.c.id.desc()).limit(limit)
    return [_kept(row) for row in db.execute(query if before is None else query.where(scenario.c.id < before))]


def _kept(row: Row[*tuple[Any, ...]]) -> Kept:
    return Kept(
        row.id, row.name, row.levers, row.as_of, row.known_at, row.step, row.periods, row.seed, row.model, row.made_by, row.made_at
    )  # fmt: skip
