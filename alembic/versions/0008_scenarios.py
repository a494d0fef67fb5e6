"""Scenarios of the simulator that are kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "scenario",
        sa.Column("id", sa.Text(), primary_key=True, comment="scn_ and a number that sorts by age"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("levers", JSONB(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("known_at", instant, nullable=False, comment="what was known then is what it is about"),
        sa.Column("step", sa.Text(), nullable=False, comment="month, week"),
        sa.Column("periods", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False, comment="the version of the hub that answered"),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", instant, nullable=False, server_default=sa.text("now()")),
        comment="Questions to the simulator that were kept, with all that their answers are made of; never changed",
    )


def downgrade() -> None:
    op.drop_table("scenario")
