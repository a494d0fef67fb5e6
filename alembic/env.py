"""Alembic's entry: migrates on the connection that the hub hands over, or on DATABASE_URL for a developer at the shell."""

import os

from alembic import context
from sqlalchemy import Connection, create_engine

from mdm.store.tables import metadata


def run(connection: Connection) -> None:
    """Migrate in the connection's transaction."""
    context.configure(connection=connection, target_metadata=metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


handed: Connection | None = context.config.attributes.get("connection")
if handed is not None:
    run(handed)
else:
    with create_engine(os.environ["DATABASE_URL"]).begin() as own:
        run(own)
