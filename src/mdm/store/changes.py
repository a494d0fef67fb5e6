"""The feed of changes: the outbox in its order, without a gap that could be filled later.

Numbers are given out when a row is written and seen when its transaction commits, so a later number may be seen before an earlier one.
A consumer that has read it would never be shown the earlier one. The horizon says how far that cannot happen:

1. `last` is the newest number given out, asked of the sequence itself, which no transaction hides.
2. `writers` are the transactions that hold the lock under which rows are written to the outbox. It is taken before a number is, and
   let go of after the commit can be seen. So every number up to `last` that none of them holds is either to be seen, or never will be.
3. Rows are read after that, in a snapshot of their own.

Without writers, what is missing up to `last` was rolled back, and the feed goes over it. While there are writers the feed ends before the
first number that is missing; it may belong to one of them.

All of it needs READ COMMITTED, the default, on the primary server: a snapshot for each statement, in this order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from sqlalchemy import Connection, Row, select, text

from mdm.store.tables import golden, operation, outbox


@dataclass(frozen=True)
class Horizon:
    """How far the outbox is known; two that are equal saw the same rows, so what was made of them can be used again."""

    last: int
    """The newest number given out."""
    writers: frozenset[str]
    """Transactions that may hold numbers up to it."""


_WRITERS = text(
    """SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND relation = 'outbox'::regclass AND granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND mode = 'RowExclusiveLock'"""
)
_LAST = text("SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('outbox', 'seq')::regclass), 0)")


def horizon(db: Connection) -> Horizon:
    """How far the outbox is known now; what is read after it holds at least that."""
    last = int(db.execute(_LAST).scalar_one())
    return Horizon(last, frozenset(db.execute(_WRITERS).scalars()))


def after(db: Connection, seq: int, known: Horizon, limit: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """Events behind `seq` in order: seq, entity, golden_id, version, event, at, run_id, and where the id leads now (merged_into)."""
    query = (
        select(outbox, golden.c.merged_into, operation.c.id.label("act"))
        .join(golden, golden.c.id == outbox.c.golden_id, isouter=True)
        .join(operation, operation.c.run_id == outbox.c.run_id, isouter=True)
        .where(outbox.c.seq > seq, outbox.c.seq <= known.last)
        .order_by(outbox.c.seq)
        .limit(limit)
    )
    rows = db.execute(query).all()
    if not known.writers:
        return rows
    return [row for row, _ in takewhile(lambda pair: pair[0].seq == pair[1], zip(rows, range(seq + 1, seq + 1 + len(rows)), strict=True))]
