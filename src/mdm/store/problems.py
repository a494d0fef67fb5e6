"""Reading what was set aside."""

from sqlalchemy import Connection, func, select

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


def counts(db: Connection) -> dict[tuple[str, str], int]:
    """By source and severity."""
    found = db.execute(select(problem.c.source, problem.c.severity, func.count()).group_by(problem.c.source, problem.c.severity))
    return {(row[0], row[1]): row[2] for row in found}
