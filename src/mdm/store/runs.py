"""Runs: what the pipeline did, and when."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, func, insert, update

from mdm.store.tables import run


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
