"""Ties: what the edges inside golden projects said, now and before, for reports of the past."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tie",
        sa.Column("left_id", sa.BigInteger(), nullable=False),
        sa.Column("right_id", sa.BigInteger(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False, comment="bits, beside its rivals"),
        sa.Column("levels", postgresql.JSONB(), nullable=False, comment="level by feature"),
        sa.Column("known_from", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("known_to", sa.DateTime(timezone=True), nullable=True, comment="null while in force"),
        comment="What the edges of golden projects said, now and before, for reports of the past",
    )
    op.create_index("uq_tie_in_force", "tie", ["left_id", "right_id"], unique=True, postgresql_where=sa.text("known_to IS NULL"))
    # What edges said before is not known: they count as having said it since their records belong together.
    op.execute(
        """INSERT INTO tie (left_id, right_id, entity, weight, levels, known_from)
           SELECT e.left_id, e.right_id, e.entity, e.weight, e.levels, greatest(a.known_from, b.known_from)
           FROM edge e JOIN member a ON a.record_id = e.left_id AND a.known_to IS NULL
           JOIN member b ON b.record_id = e.right_id AND b.known_to IS NULL
           WHERE e.entity = 'project' AND a.golden_id = b.golden_id"""
    )


def downgrade() -> None:
    op.drop_index("uq_tie_in_force", table_name="tie", postgresql_where=sa.text("known_to IS NULL"))
    op.drop_table("tie")
