"""Rulings and pins that say again what an operation said know which: it takes them along where it is taken back."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

COMMENT = "the operation that said it first, of one that says it again since what had revoked it was taken back"


def upgrade() -> None:
    for table in ("decision", "pin"):
        op.add_column(table, sa.Column("origin_id", sa.Text(), sa.ForeignKey("operation.id"), comment=COMMENT))
        op.create_index(f"ix_{table}_origin_id", table, ["origin_id"], unique=False, postgresql_where=sa.text("origin_id IS NOT NULL"))


def downgrade() -> None:
    for table in ("decision", "pin"):
        op.drop_index(f"ix_{table}_origin_id", table_name=table)
        op.drop_column(table, "origin_id")
