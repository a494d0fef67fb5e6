"""When to stand: what the hub knew at an instant, of what held in the world by another.

Rows are stamped with the start of their transaction (`now()`) and seen when it commits. So what was known at an instant is settled only
once no transaction that had begun by then can still write; before that, it may grow. `settled` says how far it is settled: just before the
oldest transaction under way that has written, that holds or awaits a lock of the hub's, or that is young and may do either. What is
read at an instant up to there is read the same for ever. It rests on these:

1. A transaction of the hub that writes takes a number or a lock within `YOUNG` of its start; what has done neither by then is a reader.
2. The instant is taken before the transactions are looked at, and rows are read in a snapshot that is taken after that. Whatever is
   stamped up to the instant has then ended, and is seen, or was under way, and the instant lies before it.
3. The clock of the database does not go back, and its processes may see each other's transactions (they are of one database user).
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, Table, and_, or_, text

from matching.frames import literal

YOUNG = 60
"""Seconds."""


@dataclass(frozen=True)
class Moment:
    """An instant of knowledge and one of the world; None is now. Now reads no history: the same plans as if there were none."""

    known_at: datetime | None = None
    """What the hub knew then: which records had landed, what belonged together, which values were golden."""
    as_of: datetime | None = None
    """What held then: by event time, or where a source tells none, by when it landed."""

    def __str__(self) -> str:
        """The same for the same instants, in whatever zone they are told."""
        return "/".join("now" if at is None else at.astimezone(UTC).isoformat() for at in (self.known_at, self.as_of))

    def in_force(self, alias: str) -> str:
        """A condition on a row with known_from and known_to: that it was in force."""
        if self.known_at is None:
            return f"{alias}.known_to IS NULL"
        at = _instant(self.known_at)
        return f"{alias}.known_from <= {at} AND ({alias}.known_to IS NULL OR {alias}.known_to > {at})"

    def version(self, record: str = "r", version: str = "v", *, join: str = "JOIN") -> str:
        """Joins the version of a record that was in force. Read its `deleted`, not the record's, which is of now."""
        if self.as_of is not None:
            return f"{join} LATERAL ({self._by_event(record)}) {version} ON true"
        if self.known_at is None:
            return f"{join} record_version {version} ON {version}.id = {record}.version_id"
        at, head = _instant(self.known_at), f"{version}_head"
        # The newest version was in force already, most often; only where it was not are the others looked at.
        return f"""{join} record_version {head} ON {head}.id = {record}.version_id
            {join} LATERAL (
                SELECT {head}.* WHERE {head}.landed_at <= {at}
                UNION ALL
                (SELECT w.* FROM record_version w
                 WHERE {head}.landed_at > {at} AND w.record_id = {record}.id AND w.won AND w.landed_at <= {at} ORDER BY w.id DESC LIMIT 1)
            ) {version} ON true"""

    def _by_event(self, record: str) -> str:
        """The version that the source had last by event time, those that came late included."""
        assert self.as_of is not None
        landed = "" if self.known_at is None else f" AND w.landed_at <= {_instant(self.known_at)}"
        happened = "coalesce(w.event_at, w.landed_at)"
        return f"""SELECT w.* FROM record_version w WHERE w.record_id = {record}.id{landed} AND {happened} <= {_instant(self.as_of)}
            ORDER BY {happened} DESC, w.id DESC LIMIT 1"""

    def among(self, table: Table) -> ColumnElement[bool]:
        """`in_force` as an expression."""
        if self.known_at is None:
            return table.c.known_to.is_(None)
        return and_(table.c.known_from <= self.known_at, or_(table.c.known_to.is_(None), table.c.known_to > self.known_at))

    @property
    def is_now(self) -> bool:
        """Whether neither instant is said."""
        return self.known_at is None and self.as_of is None


NOW = Moment()


def _instant(at: datetime) -> str:
    return f"CAST({literal(at.isoformat())} AS timestamptz)"


def now(db: Connection) -> datetime:
    """The clock of the database, by which everything is stamped."""
    found: datetime = db.execute(text("SELECT clock_timestamp()")).scalar_one()
    return found


def settled(db: Connection) -> datetime:
    """The newest instant of which is settled what was known then. Read at it in a snapshot that is taken later."""
    at = now(db)
    db.execute(text("SELECT pg_stat_clear_snapshot()"))
    before: datetime = db.execute(_BEFORE_WRITERS, {"at": at, "young": YOUNG}).scalar_one()
    return before


_BEFORE_WRITERS = text(
    """SELECT least(CAST(:at AS timestamptz), min(a.xact_start) - interval '1 microsecond') FROM pg_stat_activity a
       WHERE a.datname = current_database() AND a.backend_type = 'client backend' AND a.pid <> pg_backend_pid() AND a.xact_start IS NOT NULL
         AND (a.backend_xid IS NOT NULL
              OR a.xact_start > CAST(:at AS timestamptz) - make_interval(secs => :young)
              OR EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'advisory'))"""
)
