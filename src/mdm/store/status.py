"""How the hub stands: what it holds, what was set aside, what it did last."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select

from mdm.store.tables import golden, load, problem, record, run


def records(db: Connection) -> Sequence[Row[*tuple[Any, ...]]]:
    """Records by entity and source: live, deleted."""
    by = (record.c.entity, record.c.source)
    states = (func.count().filter(~record.c.deleted).label("live"), func.count().filter(record.c.deleted).label("deleted"))
    return db.execute(select(*by, *states).group_by(*by).order_by(*by)).all()


def ids(db: Connection) -> Sequence[Row[*tuple[Any, ...]]]:
    """Golden ids by entity: live, merged, retired."""
    states = [func.count().filter(golden.c.status == state).label(state) for state in ("live", "merged", "retired")]
    return db.execute(select(golden.c.entity, *states).group_by(golden.c.entity).order_by(golden.c.entity)).all()


def set_aside(db: Connection) -> Sequence[Row[*tuple[Any, ...]]]:
    """Problems by entity and severity."""
    by = (problem.c.entity, problem.c.severity)
    return db.execute(select(*by, func.count().label("problems")).group_by(*by).order_by(*by)).all()


def last_runs(db: Connection, limit: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """What the pipeline did last, newest first."""
    shown = (run.c.id, run.c.kind, run.c.status, run.c.started_at, run.c.finished_at)
    return db.execute(select(*shown).order_by(run.c.id.desc()).limit(limit)).all()


def problems(db: Connection, wanted: dict[str, str], after: int, limit: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """Quarantine and rejects in the order in which they were found, those numbered above `after`; `wanted` by column."""
    conditions = [problem.c[name] == value for name, value in wanted.items()]
    return db.execute(select(problem).where(problem.c.id > after, *conditions).order_by(problem.c.id).limit(limit)).all()


def loads_finished(db: Connection) -> int:
    """How many loads have come to their end: it changes whenever one does."""
    return int(db.execute(select(func.count()).where(load.c.finished_at.is_not(None))).scalar_one())


def answers(db: Connection) -> bool:
    """Whether the database answers; raises what it raises where it does not."""
    return bool(db.execute(select(1)).scalar_one())
