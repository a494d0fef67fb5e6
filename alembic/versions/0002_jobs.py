"""Jobs: procrastinate's own tables, functions and triggers."""

from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy import text

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = ("procrastinate_events", "procrastinate_periodic_defers", "procrastinate_jobs", "procrastinate_workers")


def upgrade() -> None:
    # Several statements at once, which only the driver itself takes.
    op.get_bind().connection.driver_connection.execute(SchemaManager.get_schema())


def downgrade() -> None:
    for table in _TABLES:
        op.execute(f"DROP TABLE IF EXISTS {table} CASCADE")
    found = op.get_bind().execute(
        text(
            "SELECT oid::regprocedure::text FROM pg_proc WHERE proname LIKE 'procrastinate\\_%' AND pronamespace = current_schema()::regnamespace"
        )
    )
    for (function,) in found.all():
        op.execute(f"DROP FUNCTION IF EXISTS {function} CASCADE")
    types = op.get_bind().execute(
        text(
            "SELECT oid::regtype::text FROM pg_type WHERE typname LIKE 'procrastinate\\_%' AND typtype IN ('e', 'c') AND typnamespace = current_schema()::regnamespace"
        )
    )
    for (kind,) in types.all():
        op.execute(f"DROP TYPE IF EXISTS {kind} CASCADE")
