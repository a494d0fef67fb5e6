"""Runs: what the pipeline did, and when."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from mdm.store.tables import run


def begin(db: Connection, kind: str) -> int:
    """Note that a run has begun."""
    return int(db.execute(insert(run).values(kind=kind).returning(run.c.id)).scalar_one())


def finish(db: Connection, run_id: int, detail: Mapping[str, Any], status: str = "done") -> None:
    """Note how it ended."""
    db.execute(update(run).where(run.c.id == run_id).values(status=status, finished_at=func.now(), detail=dict(detail)))


def watermarks(db: Connection) -> dict[str, str]:
    """By entity, how far the last finished match had come."""
    done = (run.c.kind.in_(["match", "rebuild"])) & (run.c.status == "done")
    found = db.execute(select(run.c.detail).where(done).order_by(run.c.id.desc()).limit(1)).scalar_one_or_none()
    return dict((found or {}).get("watermarks", {}))
