"""Alembic's entry: migrates on the connection that the hub hands over, or on DATABASE_URL for a developer at the shell."""

import os

from alembic import context
from sqlalchemy import Connection, create_engine

from mdm.store.tables import metadata

OTHERS = ("procrastinate_", "blocking_key_")
"""Tables that are not declared: a library's own, and partitions."""


def run(connection: Connection) -> None:
    """Migrate in the connection's transaction."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_type=True,
        include_name=lambda name, kind, _: kind != "table" or not (name or "").startswith(OTHERS),
    )
    with context.begin_transaction():
        context.run_migrations()


handed: Connection | None = context.config.attributes.get("connection")
if handed is not None:
    run(handed)
else:
    with create_engine(os.environ["DATABASE_URL"]).begin() as own:
        run(own)
