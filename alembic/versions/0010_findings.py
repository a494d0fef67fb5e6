"""Findings: leaks that were found, and what was thought of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "finding",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("slug", sa.Text(), nullable=False, comment="of the check"),
        sa.Column("amount", sa.Numeric(24, 2), comment="at risk, in the company's currency"),
        sa.Column("content", postgresql.JSONB(), nullable=False, comment="as it was found last"),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), comment="when it was found no more; null while it is found"),
        comment="Every leak that was ever found",
    )
    op.create_table(
        "finding_mark",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("finding_id", sa.Text(), sa.ForeignKey("finding.id"), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="open, accepted, false_alarm, fixed"),
        sa.Column("owner", sa.Text(), comment="who is to act, where it is not whom the facts name"),
        sa.Column("reason", sa.Text()),
        sa.Column("recovered", sa.Numeric(24, 2), comment="what came back, in the company's currency; null where nothing tells"),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        comment="What was thought of findings, and what became of them: the newest mark counts; never changed",
    )
    op.create_index("ix_finding_mark_finding_id", "finding_mark", ["finding_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_finding_mark_finding_id", table_name="finding_mark")
    op.drop_table("finding_mark")
    op.drop_table("finding")
