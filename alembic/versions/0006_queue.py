"""The work queue: tasks that are asked again, found in their order; problems found by their record."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

WAITING = sa.text("status IN ('open', 'second')")


def upgrade() -> None:
    op.add_column(
        "task",
        sa.Column(
            "round",
            sa.Integer(),
            server_default="1",
            nullable=False,
            comment="how many times it was asked: once more where a ruling is gone",
        ),
    )
    op.add_column("opinion", sa.Column("round", sa.Integer(), server_default="1", nullable=False, comment="of the task, when it was given"))
    op.drop_index("uq_opinion_steward", table_name="opinion")
    op.create_index("uq_opinion_steward", "opinion", ["task_id", "round", "steward"], unique=True)
    op.drop_index("ix_task_open", table_name="task", postgresql_where=WAITING)
    op.create_index("ix_task_head", "task", ["skips", sa.literal_column("rank DESC"), "subject"], unique=False, postgresql_where=WAITING)
    op.create_index("ix_task_kind", "task", ["entity", "kind"], unique=False, postgresql_where=WAITING)
    op.create_index("ix_problem_key", "problem", ["source", "key"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_problem_key", table_name="problem")
    op.drop_index("ix_task_kind", table_name="task", postgresql_where=WAITING)
    op.drop_index("ix_task_head", table_name="task", postgresql_where=WAITING)
    op.create_index("ix_task_open", "task", ["entity", "kind", "rank"], unique=False, postgresql_where=WAITING)
    op.drop_index("uq_opinion_steward", table_name="opinion")
    op.create_index("uq_opinion_steward", "opinion", ["task_id", "steward"], unique=True)
    op.drop_column("opinion", "round")
    op.drop_column("task", "round")
