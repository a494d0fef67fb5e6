"""Migrations lead to what is declared, and back to nothing."""

from alembic import command
from sqlalchemy import inspect

from mdm.pipeline import Hub
from mdm.store.migrations import _config, current, downgrade, upgrade


def test_migrated_is_what_is_declared(hub: Hub) -> None:
    with hub.engine.begin() as db:
        command.check(_config(db))


def test_back_to_nothing_and_up_again(hub: Hub) -> None:
    downgrade(hub.engine, "base")
    assert set(inspect(hub.engine).get_table_names()) == {"alembic_version"}
    upgrade(hub.engine)
    found, head = current(hub.engine)
    assert found == head


def test_several_may_migrate_at_once(hub: Hub) -> None:
    upgrade(hub.engine)
    upgrade(hub.engine)
