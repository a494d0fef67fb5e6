"""Foundation: landing, matching, golden records, decisions, events, keys."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False, comment="viewer, analyst, steward, admin, source"),
        sa.Column("prefix", sa.Text(), nullable=False, comment="the part that may be shown"),
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the key"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("hash", name=op.f("uq_api_key_hash")),
        comment="Keys of the API; the key itself is shown once and not kept",
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="SHA-256 over the previous hash and this row"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        comment="Who did what: a chain of hashes that shows any change",
    )
    op.create_table(
        "blocking_key",
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        comment="The keys under which records are compared; a partition an entity",
        postgresql_partition_by="LIST (entity)",
    )
    op.create_index("ix_blocking_key_key", "blocking_key", ["key"], unique=False)
    for entity in ("salesperson", "customer", "product", "contact", "project"):
        op.execute(f"CREATE TABLE blocking_key_{entity} PARTITION OF blocking_key FOR VALUES IN ('{entity}')")
    op.execute("CREATE TABLE blocking_key_other PARTITION OF blocking_key DEFAULT")
    op.create_table(
        "edge",
        sa.Column("left_id", sa.BigInteger(), nullable=False),
        sa.Column("right_id", sa.BigInteger(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("weight", sa.REAL(), nullable=False, comment="bits"),
        sa.Column("levels", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="level by feature"),
        sa.PrimaryKeyConstraint("left_id", "right_id", name=op.f("pk_edge")),
        comment="Pairs of records worth a look, smaller id left",
    )
    op.create_index("ix_edge_entity_weight", "edge", ["entity", "weight"], unique=False)
    op.create_index("ix_edge_right_id", "edge", ["right_id"], unique=False)
    op.create_table(
        "golden",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("born_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("status", sa.Text(), server_default="live", nullable=False, comment="live, merged, retired"),
        sa.Column("merged_into", sa.Text(), nullable=True, comment="the survivor, in one hop"),
        sa.ForeignKeyConstraint(["merged_into"], ["golden.id"], name=op.f("fk_golden_merged_into")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_golden")),
        comment="Every golden id ever given out",
    )
    op.create_index("ix_golden_merged_into", "golden", ["merged_into"], unique=False, postgresql_where=sa.text("merged_into IS NOT NULL"))
    op.create_table(
        "model",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("trained_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model")),
        comment="Matching models, newest in force",
    )
    op.create_index("ix_model_entity", "model", ["entity", "id"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("golden_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False, comment="created, updated, merged, split, retired"),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_outbox")),
        comment="Events, written with what they tell of",
    )
    op.create_table(
        "record",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False, comment="the version that is in force"),
        sa.Column("deleted", sa.Boolean(), server_default="false", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record")),
        sa.UniqueConstraint("entity", "source", "key", name=op.f("uq_record_entity_source_key")),
        comment="A record of a source: its identity, and which of its versions is in force",
    )
    op.create_table(
        "run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="load, match, rebuild"),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.Text(), server_default="running", nullable=False, comment="running, done, failed"),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        comment="What the pipeline did, and when",
    )
    op.create_table(
        "decision",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("left_id", sa.BigInteger(), nullable=False),
        sa.Column("right_id", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False, comment="same, different"),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["left_id"], ["record.id"], name=op.f("fk_decision_left_id")),
        sa.ForeignKeyConstraint(["right_id"], ["record.id"], name=op.f("fk_decision_right_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        comment="Rulings of stewards on pairs of records, smaller id left; revoked, never deleted",
    )
    op.create_index(
        "uq_decision_in_force", "decision", ["left_id", "right_id"], unique=True, postgresql_where=sa.text("revoked_at IS NULL")
    )
    op.create_table(
        "golden_version",
        sa.Column("golden_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="the chosen values"),
        sa.Column(
            "lineage",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="by field, the record_version that the value came from",
        ),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("known_from", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("known_to", sa.DateTime(timezone=True), nullable=True, comment="null while in force"),
        sa.Column("cause", sa.Text(), nullable=False, comment="created, updated, merged, split, retired"),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("golden_id", "version", name=op.f("pk_golden_version")),
        comment="Golden records with their history",
    )
    op.create_index(
        "ix_golden_version_in_force", "golden_version", ["entity", "golden_id"], unique=False, postgresql_where=sa.text("known_to IS NULL")
    )
    op.create_table(
        "load",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False, comment="of the mapping"),
        sa.Column("cursor", sa.Text(), nullable=True, comment="where to resume, committed with the rows"),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.Text(), server_default="running", nullable=False, comment="running, done, failed"),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_load_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_load")),
        comment="One reading of one stream, resumable at its cursor",
    )
    op.create_index("ix_load_stream", "load", ["source", "stream", "entity", "id"], unique=False)
    op.create_table(
        "member",
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("golden_id", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("known_from", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("known_to", sa.DateTime(timezone=True), nullable=True, comment="null while in force"),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        comment="The crosswalk: which golden record a record belongs to, now and before",
    )
    op.create_index("ix_member_golden_id", "member", ["golden_id"], unique=False)
    op.create_index("uq_member_in_force", "member", ["record_id"], unique=True, postgresql_where=sa.text("known_to IS NULL"))
    op.create_table(
        "problem",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False, comment="the same problem of a later load is the same row"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False, comment="rejected: not landed; quarantined: one value left out; warning"),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("field", sa.Text(), nullable=True),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("fix", sa.Text(), nullable=False),
        sa.Column("first_load_id", sa.BigInteger(), nullable=False),
        sa.Column("last_load_id", sa.BigInteger(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_problem")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_problem_fingerprint")),
        comment="Quarantine and rejects: what could not be taken, where it stands, and how to mend it",
    )
    op.create_index("ix_problem_stream", "problem", ["source", "stream", "severity"], unique=False)
    op.create_table(
        "record_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("load_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=True, comment="line of the file, where there is one"),
        sa.Column("event_at", sa.DateTime(timezone=True), nullable=True, comment="when the source says that it changed"),
        sa.Column("landed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False, comment="of what came, under which mapping"),
        sa.Column("deleted", sa.Boolean(), server_default="false", nullable=False, comment="a tombstone"),
        sa.Column("raw", postgresql.JSON(astext_type=sa.Text()), nullable=False, comment="the row as it came"),
        sa.Column("clean", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="the fields of the entity, standardised"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_version")),
        comment="Landing: every version of every record, once as it came and once clean; never changed",
    )
    op.create_index("ix_record_version_record_id", "record_version", ["record_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_record_version_record_id", table_name="record_version")
    op.drop_table("record_version")
    op.drop_index("ix_problem_stream", table_name="problem")
    op.drop_table("problem")
    op.drop_index("uq_member_in_force", table_name="member", postgresql_where=sa.text("known_to IS NULL"))
    op.drop_index("ix_member_golden_id", table_name="member")
    op.drop_table("member")
    op.drop_index("ix_load_stream", table_name="load")
    op.drop_table("load")
    op.drop_index("ix_golden_version_in_force", table_name="golden_version", postgresql_where=sa.text("known_to IS NULL"))
    op.drop_table("golden_version")
    op.drop_index("uq_decision_in_force", table_name="decision", postgresql_where=sa.text("revoked_at IS NULL"))
    op.drop_table("decision")
    op.drop_table("run")
    op.drop_table("record")
    op.drop_table("outbox")
    op.drop_index("ix_model_entity", table_name="model")
    op.drop_table("model")
    op.drop_index("ix_golden_merged_into", table_name="golden", postgresql_where=sa.text("merged_into IS NOT NULL"))
    op.drop_table("golden")
    op.drop_index("ix_edge_right_id", table_name="edge")
    op.drop_index("ix_edge_entity_weight", table_name="edge")
    op.drop_table("edge")
    op.drop_index("ix_blocking_key_key", table_name="blocking_key")
    op.drop_table("blocking_key")
    op.drop_table("audit")
    op.drop_table("api_key")
