"""Streams that hold nothing twice."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    comment = "whether the stream holds nothing twice"
    op.add_column("load", sa.Column("distinct", sa.Boolean(), server_default="false", nullable=False, comment=comment))


def downgrade() -> None:
    op.drop_column("load", "distinct")
