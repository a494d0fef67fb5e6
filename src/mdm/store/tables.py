"""The tables. Landing and decisions are append-only; golden is derived from them and keeps its versions.

Rows that come by the million name their load or run without a foreign key: the check of one costs more than the row.
"""

from sqlalchemy import (
    REAL,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSON, JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Instant = DateTime(timezone=True)
NOW = text("now()")


def _id() -> Column[int]:
    return Column("id", BigInteger, Identity(), primary_key=True)


run = Table(
    "run",
    metadata,
    _id(),
    Column("kind", Text, nullable=False, comment="load, match, rebuild"),
    Column("started_at", Instant, nullable=False, server_default=NOW),
    Column("finished_at", Instant),
    Column("status", Text, nullable=False, server_default="running", comment="running, done, failed"),
    Column("detail", JSONB, nullable=False, server_default="{}"),
    comment="What the pipeline did, and when",
)

load = Table(
    "load",
    metadata,
    _id(),
    Column("run_id", BigInteger, ForeignKey("run.id"), nullable=False),
    Column("source", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("fingerprint", Text, nullable=False, comment="of the mapping"),
    Column("distinct", Boolean, nullable=False, server_default="false", comment="whether the stream holds nothing twice"),
    Column("cursor", Text, comment="where to resume, committed with the rows"),
    Column("started_at", Instant, nullable=False, server_default=NOW),
    Column("finished_at", Instant),
    Column("status", Text, nullable=False, server_default="running", comment="running, done, failed"),
    Column("counts", JSONB, nullable=False, server_default="{}"),
    Index("ix_load_stream", "source", "stream", "entity", "id"),
    comment="One reading of one stream, resumable at its cursor",
)

record = Table(
    "record",
    metadata,
    _id(),
    Column("entity", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("version_id", BigInteger, nullable=False, comment="the version that is in force"),
    Column("deleted", Boolean, nullable=False, server_default="false"),
    UniqueConstraint("entity", "source", "key"),
    comment="A record of a source: its identity, and which of its versions is in force",
)

record_version = Table(
    "record_version",
    metadata,
    _id(),
    Column("record_id", BigInteger, nullable=False),
    Column("load_id", BigInteger, nullable=False),
    Column("line", BigInteger, comment="line of the file, where there is one"),
    Column("event_at", Instant, comment="when the source says that it changed"),
    Column("landed_at", Instant, nullable=False, server_default=NOW),
    Column("hash", Text, nullable=False, comment="of what came, under which mapping"),
    Column("deleted", Boolean, nullable=False, server_default="false", comment="a tombstone"),
    Column("raw", JSON, nullable=False, comment="the row as it came"),
    Column("clean", JSONB, nullable=False, comment="the fields of the entity, standardised"),
    Index("ix_record_version_record_id", "record_id", "id"),
    comment="Landing: every version of every record, once as it came and once clean; never changed",
)

problem = Table(
    "problem",
    metadata,
    _id(),
    Column("fingerprint", Text, nullable=False, unique=True, comment="the same problem of a later load is the same row"),
    Column("source", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("severity", Text, nullable=False, comment="rejected: not landed; quarantined: one value left out; warning"),
    Column("place", Text, nullable=False),
    Column("line", BigInteger),
    Column("key", Text),
    Column("field", Text),
    Column("value", Text),
    Column("reason", Text, nullable=False),
    Column("fix", Text, nullable=False),
    Column("first_load_id", BigInteger, nullable=False),
    Column("last_load_id", BigInteger, nullable=False),
    Column("found_at", Instant, nullable=False, server_default=NOW),
    Index("ix_problem_stream", "source", "stream", "severity"),
    comment="Quarantine and rejects: what could not be taken, where it stands, and how to mend it",
)

decision = Table(
    "decision",
    metadata,
    _id(),
    Column("entity", Text, nullable=False),
    Column("left_id", BigInteger, ForeignKey("record.id"), nullable=False),
    Column("right_id", BigInteger, ForeignKey("record.id"), nullable=False),
    Column("verdict", Text, nullable=False, comment="same, different"),
    Column("reason", Text),
    Column("decided_by", Text, nullable=False),
    Column("decided_at", Instant, nullable=False, server_default=NOW),
    Column("revoked_by", Text),
    Column("revoked_at", Instant),
    Index("uq_decision_in_force", "left_id", "right_id", unique=True, postgresql_where=text("revoked_at IS NULL")),
    comment="Rulings of stewards on pairs of records, smaller id left; revoked, never deleted",
)

model = Table(
    "model",
    metadata,
    _id(),
    Column("entity", Text, nullable=False),
    Column("trained_at", Instant, nullable=False, server_default=NOW),
    Column("content", JSONB, nullable=False),
    Index("ix_model_entity", "entity", "id"),
    comment="Matching models, newest in force",
)

blocking_key = Table(
    "blocking_key",
    metadata,
    Column("entity", Text, nullable=False),
    Column("key", BigInteger, nullable=False),
    Column("record_id", BigInteger, nullable=False),
    Index("ix_blocking_key_key", "key"),
    postgresql_partition_by="LIST (entity)",
    comment="The keys under which records are compared; a partition an entity",
)

edge = Table(
    "edge",
    metadata,
    Column("left_id", BigInteger, nullable=False),
    Column("right_id", BigInteger, nullable=False),
    Column("entity", Text, nullable=False),
    Column("weight", REAL, nullable=False, comment="bits"),
    Column("levels", JSONB, nullable=False, comment="level by feature"),
    PrimaryKeyConstraint("left_id", "right_id"),
    Index("ix_edge_right_id", "right_id"),
    Index("ix_edge_entity_weight", "entity", "weight"),
    comment="Pairs of records worth a look, smaller id left",
)

golden = Table(
    "golden",
    metadata,
    Column("id", Text, primary_key=True),
    Column("entity", Text, nullable=False),
    Column("born_at", Instant, nullable=False, server_default=NOW),
    Column("status", Text, nullable=False, server_default="live", comment="live, merged, retired"),
    Column("merged_into", Text, ForeignKey("golden.id"), comment="the survivor, in one hop"),
    Index("ix_golden_merged_into", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
    comment="Every golden id ever given out",
)

golden_version = Table(
    "golden_version",
    metadata,
    Column("golden_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("entity", Text, nullable=False),
    Column("data", JSONB, nullable=False, comment="the chosen values"),
    Column("lineage", JSONB, nullable=False, comment="by field, the record_version that the value came from"),
    Column("members", Integer, nullable=False),
    Column("hash", Text, nullable=False),
    Column("known_from", Instant, nullable=False, server_default=NOW),
    Column("known_to", Instant, comment="null while in force"),
    Column("cause", Text, nullable=False, comment="created, updated, merged, split, retired"),
    Column("run_id", BigInteger, nullable=False),
    PrimaryKeyConstraint("golden_id", "version"),
    Index("ix_golden_version_in_force", "entity", "golden_id", postgresql_where=text("known_to IS NULL")),
    comment="Golden records with their history",
)

member = Table(
    "member",
    metadata,
    Column("record_id", BigInteger, nullable=False),
    Column("golden_id", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("known_from", Instant, nullable=False, server_default=NOW),
    Column("known_to", Instant, comment="null while in force"),
    Column("run_id", BigInteger, nullable=False),
    Index("uq_member_in_force", "record_id", unique=True, postgresql_where=text("known_to IS NULL")),
    Index("ix_member_golden_id", "golden_id"),
    comment="The crosswalk: which golden record a record belongs to, now and before",
)

outbox = Table(
    "outbox",
    metadata,
    Column("seq", BigInteger, Identity(), primary_key=True),
    Column("entity", Text, nullable=False),
    Column("golden_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("event", Text, nullable=False, comment="created, updated, merged, split, retired"),
    Column("at", Instant, nullable=False, server_default=NOW),
    Column("run_id", BigInteger, nullable=False),
    comment="Events, written with what they tell of",
)

audit = Table(
    "audit",
    metadata,
    _id(),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("detail", JSONB, nullable=False),
    Column("previous", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False, comment="SHA-256 over the previous hash and this row"),
    comment="Who did what: a chain of hashes that shows any change",
)

api_key = Table(
    "api_key",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False, comment="viewer, analyst, steward, admin, source"),
    Column("prefix", Text, nullable=False, comment="the part that may be shown"),
    Column("hash", LargeBinary, nullable=False, unique=True, comment="SHA-256 of the key"),
    Column("created_at", Instant, nullable=False, server_default=NOW),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
    comment="Keys of the API; the key itself is shown once and not kept",
)
