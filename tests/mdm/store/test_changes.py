"""The horizon of the outbox: what can still appear is not gone past."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, text

from mdm.store import changes

INSERT = text("INSERT INTO outbox (entity, golden_id, version, event, run_id) VALUES ('customer', :id, 1, 'created', 1) RETURNING seq")


@pytest.fixture
def outbox(engine: Engine) -> Iterator[int]:
    """The number of the newest event; what is committed behind it is taken away again."""
    with engine.connect() as db:
        last = changes.horizon(db).last
    yield last
    with engine.begin() as db:
        db.execute(text("DELETE FROM outbox WHERE seq > :last"), {"last": last})


def seen(db: Connection, after: int) -> list[str]:
    """The ids of the events that may be shown."""
    return [row.golden_id for row in changes.after(db, after, changes.horizon(db), 100)]


def test_a_later_event_waits_for_an_earlier_one(engine: Engine, outbox: int) -> None:
    with engine.connect() as reader, engine.connect() as slow, engine.connect() as fast:
        reader.execution_options(isolation_level="READ COMMITTED")
        fast.execute(INSERT, {"id": "first"})
        fast.commit()
        slow.execute(INSERT, {"id": "slow"})
        fast.execute(INSERT, {"id": "fast"})
        fast.commit()
        assert seen(reader, outbox) == ["first"]
        slow.commit()
        assert seen(reader, outbox) == ["first", "slow", "fast"]


def test_a_number_that_nobody_will_use_is_gone_over(engine: Engine, outbox: int) -> None:
    with engine.connect() as reader, engine.connect() as writer:
        writer.execute(INSERT, {"id": "never"})
        writer.rollback()
        writer.execute(INSERT, {"id": "next"})
        writer.commit()
        assert seen(reader, outbox) == ["next"]
        (event,) = changes.after(reader, outbox, changes.horizon(reader), 100)
        assert event.seq > outbox + 1
        assert seen(reader, event.seq) == []


def test_the_horizon_is_the_same_until_something_is_written(engine: Engine, outbox: int) -> None:
    with engine.connect() as reader, engine.connect() as writer:
        before = changes.horizon(reader)
        assert changes.horizon(reader) == before
        writer.execute(INSERT, {"id": "one"})
        assert changes.horizon(reader) != before
        writer.commit()
        assert changes.horizon(reader).last == outbox + 1 > before.last - 1
