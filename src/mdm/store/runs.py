"""Runs: what the pipeline did, and when."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update

from mdm.store.tables import record_version, run


@contextmanager
def noted(engine: Engine, kind: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """A run: its number, and a dictionary for what is to be remembered of it. One that does not come to its end is noted as failed."""
    with engine.begin() as db:
        run_id = int(db.execute(insert(run).values(kind=kind).returning(run.c.id)).scalar_one())
    detail: dict[str, Any] = {}
    status = "failed"
    try:
        yield run_id, detail
        status = "done"
    finally:
        with engine.begin() as db:
            db.execute(update(run).where(run.c.id == run_id).values(status=status, finished_at=func.now(), detail=detail))


def landed(db: Connection) -> int | None:
    """The newest version that had landed when the last finished match began; None where none has."""
    done = (run.c.kind.in_(["match", "rebuild"])) & (run.c.status == "done")
    found = db.execute(select(run.c.detail["landed"].as_integer()).where(done).order_by(run.c.id.desc()).limit(1)).scalar_one_or_none()
    return None if found is None else int(found)


def newest(db: Connection) -> int:
    """The newest version that has landed."""
    return int(db.execute(select(func.coalesce(func.max(record_version.c.id), 0))).scalar_one())
