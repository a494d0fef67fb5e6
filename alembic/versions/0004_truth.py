"""One truth: what waits to be matched, what stewards did, pins, rules of survival, tasks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

REFERENCES = ("contact", "customer", "deal", "deal_line", "invoice", "merged_into", "origin", "parent", "product", "project", "salesperson")


def upgrade() -> None:
    op.create_table(
        "operation",
        sa.Column("id", sa.Text(), nullable=False, comment="opa_ and a number that sorts by age"),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="merge, split, move, rule, confirm, pin, unpin, revert"),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("detail", postgresql.JSONB(), nullable=False, comment="what it was asked to do, and what became of it"),
        sa.Column("reverts", sa.Text(), nullable=True, comment="the operation that this one takes back"),
        sa.Column("reverted_by", sa.Text(), nullable=True, comment="the operation that took this one back"),
        sa.ForeignKeyConstraint(["reverted_by"], ["operation.id"], name=op.f("fk_operation_reverted_by")),
        sa.ForeignKeyConstraint(["reverts"], ["operation.id"], name=op.f("fk_operation_reverts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operation")),
        comment="What stewards did, each in one transaction with all that came of it, each to be taken back",
    )
    op.create_index("ix_operation_run_id", "operation", ["run_id"], unique=False)
    op.create_table(
        "pending",
        sa.Column("record_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_pending")),
        comment="Records of masters that have changed, or that something has happened to, since they were matched last",
    )
    op.create_index("ix_pending_entity", "pending", ["entity"], unique=False)
    op.create_table(
        "rule_set",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column(
            "rules",
            postgresql.JSONB(),
            nullable=False,
            comment="by field, how its golden value is chosen; a field without has its declared rule",
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("known_from", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_set")),
        comment="Rules of survival, newest in force",
    )
    op.create_index("ix_rule_set_entity", "rule_set", ["entity", "id"], unique=False)
    op.create_table(
        "task",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="pair, cluster, pin, value"),
        sa.Column("subject", sa.Text(), nullable=False, comment="what it is about, so that the same is not asked twice"),
        sa.Column("left_id", sa.BigInteger(), nullable=True, comment="of a pair: the records, smaller id left"),
        sa.Column("right_id", sa.BigInteger(), nullable=True),
        sa.Column("golden_id", sa.Text(), nullable=True, comment="of a cluster or a pin: the golden record"),
        sa.Column("detail", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("stake", sa.Numeric(precision=24, scale=2), nullable=False, comment="what hangs on it, in the company's currency"),
        sa.Column("uncertainty", sa.REAL(), nullable=False, comment="from 0 to 1"),
        sa.Column("rank", sa.Float(), nullable=False, comment="stake x uncertainty; the highest comes first"),
        sa.Column(
            "status",
            sa.Text(),
            server_default="open",
            nullable=False,
            comment="open, second (waits for another steward), done, gone (nothing to decide any more)",
        ),
        sa.Column("assignee", sa.Text(), nullable=True, comment="the steward whom it is kept for"),
        sa.Column("leased_by", sa.Text(), nullable=True, comment="the steward who looks at it"),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("skips", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sa.UniqueConstraint("subject", name=op.f("uq_task_subject")),
        comment="What waits for a steward",
    )
    op.create_index("ix_task_left_id", "task", ["left_id"], unique=False)
    op.create_index(
        "ix_task_open", "task", ["entity", "kind", "rank"], unique=False, postgresql_where=sa.text("status IN ('open', 'second')")
    )
    op.create_index("ix_task_right_id", "task", ["right_id"], unique=False)
    op.create_table(
        "opinion",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("steward", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False, comment="same, different, unsure; of a pin or a value: keep, drop"),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_opinion_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opinion")),
        comment="What each steward thought of a task; rulings follow from them",
    )
    op.create_index("uq_opinion_steward", "opinion", ["task_id", "steward"], unique=True)
    op.create_table(
        "pin",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False, comment="the pin goes where this record goes"),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True, comment="clean, as text; null says that there is none"),
        sa.Column("said", postgresql.JSONB(), nullable=False, comment="what the records said when it was made, by source:key"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("pinned_by", sa.Text(), nullable=False),
        sa.Column("pinned_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("operation_id", sa.Text(), nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_in", sa.Text(), nullable=True, comment="the operation that revoked it"),
        sa.ForeignKeyConstraint(["operation_id"], ["operation.id"], name=op.f("fk_pin_operation_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_pin_record_id")),
        sa.ForeignKeyConstraint(["revoked_in"], ["operation.id"], name=op.f("fk_pin_revoked_in")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pin")),
        comment="Golden values that stewards have set; revoked, never deleted",
    )
    op.create_index("ix_pin_record_id", "pin", ["record_id"], unique=False)
    op.create_index("uq_pin_in_force", "pin", ["record_id", "field"], unique=True, postgresql_where=sa.text("revoked_at IS NULL"))
    op.add_column(
        "decision",
        sa.Column("operation_id", sa.Text(), nullable=True, comment="the operation that made it; of one that came by itself, none"),
    )
    op.add_column("decision", sa.Column("revoked_in", sa.Text(), nullable=True, comment="the operation that revoked it"))
    op.create_index("ix_decision_operation_id", "decision", ["operation_id"], unique=False)
    op.create_index("ix_decision_right_id", "decision", ["right_id"], unique=False)
    op.create_foreign_key(op.f("fk_decision_operation_id"), "decision", "operation", ["operation_id"], ["id"])
    op.create_foreign_key(op.f("fk_decision_revoked_in"), "decision", "operation", ["revoked_in"], ["id"])
    op.add_column("edge", sa.Column("alone", sa.Float(), nullable=True, comment="bits, by itself"))
    op.execute("UPDATE edge SET alone = weight")
    op.alter_column("edge", "alone", nullable=False)
    op.alter_column(
        "edge",
        "weight",
        existing_type=sa.REAL(),
        type_=sa.Float(),
        comment="bits, beside its rivals",
        existing_comment="bits",
        existing_nullable=False,
    )
    op.alter_column(
        "golden_version",
        "cause",
        existing_type=sa.TEXT(),
        comment="created, updated, merged, split, revived",
        existing_comment="created, updated, merged, split, retired",
        existing_nullable=False,
    )
    op.create_index("ix_member_past", "member", ["record_id"], unique=False, postgresql_where=sa.text("known_to IS NOT NULL"))
    op.add_column(
        "model",
        sa.Column(
            "matched_under",
            sa.Text(),
            nullable=True,
            comment="the thresholds and the word of the sources under which all records were matched last",
        ),
    )
    op.add_column(
        "outbox", sa.Column("detail", postgresql.JSONB(), nullable=True, comment="of a merge, a split or a way to another id: which")
    )
    op.alter_column(
        "outbox",
        "event",
        existing_type=sa.TEXT(),
        comment="created, updated, merged, absorbed, split, revived, redirected, retired",
        existing_comment="created, updated, merged, split, retired",
        existing_nullable=False,
    )
    op.create_index("ix_outbox_golden_id", "outbox", ["golden_id", "seq"], unique=False)
    op.create_index("ix_outbox_run_id", "outbox", ["run_id"], unique=False)
    op.add_column(
        "record_version",
        sa.Column(
            "won", sa.Boolean(), server_default="true", nullable=False, comment="in force from its landing to that of the next that won"
        ),
    )
    op.alter_column(
        "run",
        "kind",
        existing_type=sa.TEXT(),
        comment="load, match, rebuild, steward",
        existing_comment="load, match, rebuild",
        existing_nullable=False,
    )
    for name in REFERENCES:
        where = sa.text(f"clean ? '{name}'")
        op.create_index(f"ix_record_version_{name}", "record_version", [sa.literal_column(f"(clean ->> '{name}')")], postgresql_where=where)


def downgrade() -> None:
    for name in REFERENCES:
        op.drop_index(f"ix_record_version_{name}", table_name="record_version")
    op.alter_column(
        "run",
        "kind",
        existing_type=sa.TEXT(),
        comment="load, match, rebuild",
        existing_comment="load, match, rebuild, steward",
        existing_nullable=False,
    )
    op.drop_column("record_version", "won")
    op.drop_index("ix_outbox_run_id", table_name="outbox")
    op.drop_index("ix_outbox_golden_id", table_name="outbox")
    op.alter_column(
        "outbox",
        "event",
        existing_type=sa.TEXT(),
        comment="created, updated, merged, split, retired",
        existing_comment="created, updated, merged, absorbed, split, revived, redirected, retired",
        existing_nullable=False,
    )
    op.drop_column("outbox", "detail")
    op.drop_column("model", "matched_under")
    op.drop_index("ix_member_past", table_name="member", postgresql_where=sa.text("known_to IS NOT NULL"))
    op.alter_column(
        "golden_version",
        "cause",
        existing_type=sa.TEXT(),
        comment="created, updated, merged, split, retired",
        existing_comment="created, updated, merged, split, revived",
        existing_nullable=False,
    )
    op.alter_column(
        "edge",
        "weight",
        existing_type=sa.Float(),
        type_=sa.REAL(),
        comment="bits",
        existing_comment="bits, beside its rivals",
        existing_nullable=False,
    )
    op.drop_column("edge", "alone")
    op.drop_constraint(op.f("fk_decision_revoked_in"), "decision", type_="foreignkey")
    op.drop_constraint(op.f("fk_decision_operation_id"), "decision", type_="foreignkey")
    op.drop_index("ix_decision_right_id", table_name="decision")
    op.drop_index("ix_decision_operation_id", table_name="decision")
    op.drop_column("decision", "revoked_in")
    op.drop_column("decision", "operation_id")
    op.drop_index("uq_pin_in_force", table_name="pin", postgresql_where=sa.text("revoked_at IS NULL"))
    op.drop_index("ix_pin_record_id", table_name="pin")
    op.drop_table("pin")
    op.drop_index("uq_opinion_steward", table_name="opinion")
    op.drop_table("opinion")
    op.drop_index("ix_task_right_id", table_name="task")
    op.drop_index("ix_task_open", table_name="task", postgresql_where=sa.text("status IN ('open', 'second')"))
    op.drop_index("ix_task_left_id", table_name="task")
    op.drop_table("task")
    op.drop_index("ix_rule_set_entity", table_name="rule_set")
    op.drop_table("rule_set")
    op.drop_index("ix_pending_entity", table_name="pending")
    op.drop_table("pending")
    op.drop_index("ix_operation_run_id", table_name="operation")
    op.drop_table("operation")
