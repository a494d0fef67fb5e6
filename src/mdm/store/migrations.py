"""Bringing the database to the shape that this version of the hub expects."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from mdm.store.database import lock


def _config(db: Connection | None = None) -> Config:
    shipped = Path(__file__).parent / "alembic"
    checkout = Path(__file__).parents[3] / "alembic"
    config = Config()
    config.set_main_option("script_location", str(shipped if shipped.is_dir() else checkout).replace("%", "%%"))
    config.attributes["connection"] = db
    return config


def upgrade(engine: Engine) -> None:
    """Migrate to the newest revision; several processes may do so at once."""
    with engine.begin() as db:
        lock(db, "migrations")
        command.upgrade(_config(db), "head")


def downgrade(engine: Engine, revision: str) -> None:
    """Migrate back to a revision, `base` for an empty database."""
    with engine.begin() as db:
        lock(db, "migrations")
        command.downgrade(_config(db), revision)


def current(engine: Engine) -> tuple[str | None, str | None]:
    """The revision that the database is at, and the newest one."""
    with engine.connect() as db:
        return MigrationContext.configure(db).get_current_revision(), ScriptDirectory.from_config(_config()).get_current_head()
