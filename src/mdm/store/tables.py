"""The tables. Landing and decisions are append-only; golden is derived from them and keeps its versions.

Rows that come by the million name their load or run without a foreign key: the check of one costs more than the row.
"""

from sqlalchemy import (
    REAL,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
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

REFERENCES = ("contact", "customer", "deal", "deal_line", "invoice", "merged_into", "origin", "parent", "product", "project", "salesperson")
"""Fields by which a record names another of its source, to be found from there."""

Instant = DateTime(timezone=True)
NOW = text("now()")


def _origin() -> Column[str]:
    told = "the operation that said it first, of one that says it again since what had revoked it was taken back"
    return Column("origin_id", Text, ForeignKey("operation.id"), comment=told)


def _id() -> Column[int]:
    return Column("id", BigInteger, Identity(), primary_key=True)


run = Table(
    "run",
    metadata,
    _id(),
    Column("kind", Text, nullable=False, comment="load, match, rebuild, steward"),
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
    Column("won", Boolean, nullable=False, server_default="true", comment="in force from its landing to that of the next that won"),
    Column("raw", JSON, nullable=False, comment="the row as it came"),
    Column("clean", JSONB, nullable=False, comment="the fields of the entity, standardised"),
    Index("ix_record_version_record_id", "record_id", "id"),
    *(Index(f"ix_record_version_{name}", text(f"(clean ->> '{name}')"), postgresql_where=text(f"clean ? '{name}'")) for name in REFERENCES),
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
    Index("ix_problem_key", "source", "key"),
    comment="Quarantine and rejects: what could not be taken, where it stands, and how to mend it",
)

pending = Table(
    "pending",
    metadata,
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("entity", Text, nullable=False),
    Index("ix_pending_entity", "entity"),
    comment="Records of masters that have changed, or that something has happened to, since they were matched last",
)

operation = Table(
    "operation",
    metadata,
    Column("id", Text, primary_key=True, comment="opa_ and a number that sorts by age"),
    Column("entity", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="merge, split, move, rule, confirm, pin, unpin, revert"),
    Column("actor", Text, nullable=False),
    Column("reason", Text),
    Column("at", Instant, nullable=False, server_default=NOW),
    Column("run_id", BigInteger, nullable=False),
    Column("detail", JSONB, nullable=False, comment="what it was asked to do, and what became of it"),
    Column("reverts", Text, ForeignKey("operation.id"), comment="the operation that this one takes back"),
    Column("reverted_by", Text, ForeignKey("operation.id"), comment="the operation that took this one back"),
    Index("ix_operation_run_id", "run_id"),
    comment="What stewards did, each in one transaction with all that came of it, each to be taken back",
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
    Column("operation_id", Text, ForeignKey("operation.id"), comment="the operation that made it; of one that came by itself, none"),
    Column("revoked_by", Text),
    Column("revoked_at", Instant),
    Column("revoked_in", Text, ForeignKey("operation.id"), comment="the operation that revoked it"),
    _origin(),
    Index("ix_decision_right_id", "right_id"),
    Index("ix_decision_operation_id", "operation_id"),
    Index("ix_decision_origin_id", "origin_id", postgresql_where=text("origin_id IS NOT NULL")),
    Index("uq_decision_in_force", "left_id", "right_id", unique=True, postgresql_where=text("revoked_at IS NULL")),
    comment="Rulings of stewards on pairs of records, smaller id left; revoked, never deleted",
)

pin = Table(
    "pin",
    metadata,
    _id(),
    Column("entity", Text, nullable=False),
    Column("record_id", BigInteger, ForeignKey("record.id"), nullable=False, comment="the pin goes where this record goes"),
    Column("field", Text, nullable=False),
    Column("value", Text, comment="clean, as text; null says that there is none"),
    Column("said", JSONB, nullable=False, comment="what the records said when it was made, by source:key"),
    Column("reason", Text, nullable=False),
    Column("pinned_by", Text, nullable=False),
    Column("pinned_at", Instant, nullable=False, server_default=NOW),
    Column("expires_at", Instant),
    Column("operation_id", Text, ForeignKey("operation.id")),
    Column("revoked_by", Text),
    Column("revoked_at", Instant),
    Column("revoked_in", Text, ForeignKey("operation.id"), comment="the operation that revoked it"),
    _origin(),
    Index("ix_pin_record_id", "record_id"),
    Index("ix_pin_origin_id", "origin_id", postgresql_where=text("origin_id IS NOT NULL")),
    Index("uq_pin_in_force", "record_id", "field", unique=True, postgresql_where=text("revoked_at IS NULL")),
    comment="Golden values that stewards have set; revoked, never deleted",
)

rule_set = Table(
    "rule_set",
    metadata,
    _id(),
    Column("entity", Text, nullable=False),
    Column("rules", JSONB, nullable=False, comment="by field, how its golden value is chosen; a field without has its declared rule"),
    Column("reason", Text),
    Column("made_by", Text, nullable=False),
    Column("known_from", Instant, nullable=False, server_default=NOW),
    Index("ix_rule_set_entity", "entity", "id"),
    comment="Rules of survival, newest in force",
)

scenario = Table(
    "scenario",
    metadata,
    Column("id", Text, primary_key=True, comment="scn_ and a number that sorts by age"),
    Column("name", Text, nullable=False),
    Column("levers", JSONB, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("known_at", Instant, nullable=False, comment="what was known then is what it is about"),
    Column("step", Text, nullable=False, comment="month, week"),
    Column("periods", Integer, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("model", Text, nullable=False, comment="the version of the hub that answered"),
    Column("made_by", Text, nullable=False),
    Column("made_at", Instant, nullable=False, server_default=NOW),
    comment="Questions to the simulator that were kept, with all that their answers are made of; never changed",
)

model_card = Table(
    "model_card",
    metadata,
    _id(),
    Column("part", Text, nullable=False, comment="winning, payments, projects, orders"),
    Column("as_of", Date, nullable=False),
    Column("known_at", Instant, nullable=False, comment="what was known then was back-tested"),
    Column("model", Text, nullable=False, comment="the version of the hub that forecast"),
    Column("scores", JSONB, nullable=False),
    Column("made_at", Instant, nullable=False, server_default=NOW),
    Index("ix_model_card_part", "part", "id"),
    comment="How good forecasts were, a row a part of a back-test; the newest of each part counts; never changed",
)

task = Table(
    "task",
    metadata,
    _id(),
    Column("entity", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="pair, cluster, pin, value"),
    Column("subject", Text, nullable=False, unique=True, comment="what it is about, so that the same is not asked twice"),
    Column("left_id", BigInteger, comment="of a pair: the records, smaller id left"),
    Column("right_id", BigInteger),
    Column("golden_id", Text, comment="of a cluster or a pin: the golden record"),
    Column("detail", JSONB, nullable=False, server_default="{}"),
    Column("stake", Numeric(24, 2), nullable=False, comment="what hangs on it, in the company's currency"),
    Column("uncertainty", REAL, nullable=False, comment="from 0 to 1"),
    Column("rank", Float, nullable=False, comment="stake x uncertainty; the highest comes first"),
    Column(
        "status",
        Text,
        nullable=False,
        server_default="open",
        comment="open, second (waits for another steward), done, gone (nothing to decide any more)",
    ),
    Column("assignee", Text, comment="the steward whom it is kept for"),
    Column("leased_by", Text, comment="the steward who looks at it"),
    Column("leased_until", Instant),
    Column("snoozed_until", Instant),
    Column("skips", Integer, nullable=False, server_default="0"),
    Column("round", Integer, nullable=False, server_default="1", comment="how many times it was asked: once more where a ruling is gone"),
    Column("created_at", Instant, nullable=False, server_default=NOW),
    Column("closed_at", Instant),
    Index("ix_task_kind", "entity", "kind", postgresql_where=text("status IN ('open', 'second')")),
    Index("ix_task_head", "skips", text("rank DESC"), "subject", postgresql_where=text("status IN ('open', 'second')")),
    Index("ix_task_left_id", "left_id"),
    Index("ix_task_right_id", "right_id"),
    comment="What waits for a steward",
)

opinion = Table(
    "opinion",
    metadata,
    _id(),
    Column("task_id", BigInteger, ForeignKey("task.id"), nullable=False),
    Column("round", Integer, nullable=False, server_default="1", comment="of the task, when it was given"),
    Column("steward", Text, nullable=False),
    Column("verdict", Text, nullable=False, comment="same, different, unsure; of a pin or a value: keep, drop"),
    Column("reason", Text),
    Column("at", Instant, nullable=False, server_default=NOW),
    Index("uq_opinion_steward", "task_id", "round", "steward", unique=True),
    comment="What each steward thought of a task; rulings follow from them",
)

model = Table(
    "model",
    metadata,
    _id(),
    Column("entity", Text, nullable=False),
    Column("trained_at", Instant, nullable=False, server_default=NOW),
    Column("matched_under", Text, comment="the thresholds and the word of the sources under which all records were matched last"),
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
    Column("weight", Float, nullable=False, comment="bits, beside its rivals"),
    Column("alone", Float, nullable=False, comment="bits, by itself"),
    Column("levels", JSONB, nullable=False, comment="level by feature"),
    PrimaryKeyConstraint("left_id", "right_id"),
    Index("ix_edge_right_id", "right_id"),
    Index("ix_edge_entity_weight", "entity", "weight"),
    comment="Pairs of records worth a look, smaller id left",
)

tie = Table(
    "tie",
    metadata,
    Column("left_id", BigInteger, nullable=False),
    Column("right_id", BigInteger, nullable=False),
    Column("entity", Text, nullable=False),
    Column("weight", Float, nullable=False, comment="bits, beside its rivals"),
    Column("levels", JSONB, nullable=False, comment="level by feature"),
    Column("known_from", Instant, nullable=False, server_default=NOW),
    Column("known_to", Instant, comment="null while in force"),
    Index("uq_tie_in_force", "left_id", "right_id", unique=True, postgresql_where=text("known_to IS NULL")),
    comment="What the edges of golden projects said, now and before, for reports of the past",
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
    Column("cause", Text, nullable=False, comment="created, updated, merged, split, revived"),
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
    Index("ix_member_past", "record_id", postgresql_where=text("known_to IS NOT NULL")),
    comment="The crosswalk: which golden record a record belongs to, now and before",
)

outbox = Table(
    "outbox",
    metadata,
    Column("seq", BigInteger, Identity(), primary_key=True),
    Column("entity", Text, nullable=False),
    Column("golden_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("event", Text, nullable=False, comment="created, updated, merged, absorbed, split, revived, redirected, retired"),
    Column("detail", JSONB, comment="of a merge, a split or a way to another id: which"),
    Column("at", Instant, nullable=False, server_default=NOW),
    Column("run_id", BigInteger, nullable=False),
    Index("ix_outbox_golden_id", "golden_id", "seq"),
    Index("ix_outbox_run_id", "run_id"),
    comment="Events, written with what they tell of",
)

finding = Table(
    "finding",
    metadata,
    Column("id", Text, primary_key=True),
    Column("slug", Text, nullable=False, comment="of the check"),
    Column("amount", Numeric(24, 2), comment="at risk, in the company's currency"),
    Column("content", JSONB, nullable=False, comment="as it was found last"),
    Column("first_seen", Instant, nullable=False),
    Column("gone_at", Instant, comment="when it was found no more; null while it is found"),
    comment="Every leak that was ever found",
)

finding_mark = Table(
    "finding_mark",
    metadata,
    _id(),
    Column("finding_id", Text, ForeignKey("finding.id"), nullable=False),
    Column("state", Text, nullable=False, comment="open, accepted, false_alarm, fixed"),
    Column("owner", Text, comment="who is to act, where it is not whom the facts name"),
    Column("reason", Text),
    Column("recovered", Numeric(24, 2), comment="what came back, in the company's currency; null where nothing tells"),
    Column("actor", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_finding_mark_finding_id", "finding_id", "id"),
    comment="What was thought of findings, and what became of them: the newest mark counts; never changed",
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

invoice_hold = Table(
    "invoice_hold",
    metadata,
    _id(),
    Column("source", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="dispute, promise"),
    Column("until", Date, comment="the last day on which it holds; null until it is released"),
    Column("reason", Text, nullable=False),
    Column("set_by", Text, nullable=False),
    Column("set_on", Date, nullable=False, comment="the day from which it holds"),
    Column("set_at", Instant, nullable=False, server_default=NOW),
    Column("released_by", Text),
    Column("released_on", Date, comment="the day from which it does not hold any more"),
    Column("released_at", Instant),
    Index("uq_invoice_hold_live", "source", "key", "kind", unique=True, postgresql_where=text("released_at IS NULL")),
    comment="Invoices of which customers are not reminded, and why",
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
