"""Invoices of which customers are not reminded: disputed, or a payment was promised."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "invoice_hold",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="dispute, promise"),
        sa.Column("until", sa.Date(), comment="the last day on which it holds; null until it is released"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_on", sa.Date(), nullable=False, comment="the day from which it holds"),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column("released_by", sa.Text()),
        sa.Column("released_on", sa.Date(), comment="the day from which it does not hold any more"),
        sa.Column("released_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_hold")),
        comment="Invoices of which customers are not reminded, and why",
    )
    op.create_index(
        "uq_invoice_hold_live", "invoice_hold", ["source", "key", "kind"], unique=True, postgresql_where=sa.text("released_at IS NULL")
    )


def downgrade() -> None:
    op.drop_table("invoice_hold")
