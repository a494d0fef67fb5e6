"""Model cards: how good forecasts were on the company's own past."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "model_card",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("part", sa.Text(), nullable=False, comment="winning, payments, projects, orders"),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("known_at", instant, nullable=False, comment="what was known then was back-tested"),
        sa.Column("model", sa.Text(), nullable=False, comment="the version of the hub that forecast"),
        sa.Column("scores", JSONB(), nullable=False),
        sa.Column("made_at", instant, nullable=False, server_default=sa.text("now()")),
        comment="How good forecasts were, a row a part of a back-test; the newest of each part counts; never changed",
    )
    op.create_index("ix_model_card_part", "model_card", ["part", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_model_card_part", table_name="model_card")
    op.drop_table("model_card")
