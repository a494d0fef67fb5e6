"""Reading what was set aside."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select

from mdm.ports import Problem
from mdm.store.tables import problem

_COLUMNS = (
    problem.c.severity,
    problem.c.place,
    problem.c.line,
    problem.c.key,
    problem.c.field,
    problem.c.value,
    problem.c.reason,
    problem.c.fix,
)


def latest(db: Connection, most: int, source: str | None = None) -> list[Problem]:
    """The problems of the newest loads, rejected records first."""
    wanted = select(*_COLUMNS).order_by(problem.c.last_load_id.desc(), problem.c.severity.desc(), problem.c.line).limit(most)
    if source is not None:
        wanted = wanted.where(problem.c.source == source)
    return [Problem(*row) for row in db.execute(wanted)]


def counts(db: Connection) -> Sequence[Row[*tuple[Any, ...]]]:
    """Problems by source, entity and severity."""
    by = (problem.c.source, problem.c.entity, problem.c.severity)
    return db.execute(select(*by, func.count().label("problems")).group_by(*by).order_by(*by)).all()


def after_number(db: Connection, wanted: dict[str, str], after: int, limit: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """Quarantine and rejects in the order in which they were found, those numbered above `after`; `wanted` by column."""
    conditions = [problem.c[name] == value for name, value in wanted.items()]
    return db.execute(select(problem).where(problem.c.id > after, *conditions).order_by(problem.c.id).limit(limit)).all()
