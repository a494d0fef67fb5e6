"""Jobs that were put off are done once, and what a dead worker left is taken up again."""

from pathlib import Path

import pytest
from sqlalchemy import text

from api.worker import put_off, work
from mdm.forecast.backtest.card import PARTS
from mdm.pipeline import Hub
from mdm.store import cards

CONFIG = (
    '[sources.crm]\nfolder = "crm"\n[[sources.crm.streams]]\nfile = "a.csv"\nentity = "customer"\nkey = "id"\nfields = { name = "name" }\n'
)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "crm").mkdir()
    (tmp_path / "crm" / "a.csv").write_text("id,name\n1,Dupont\n2,Durand\n")
    (tmp_path / "sources.toml").write_text(CONFIG)
    return tmp_path / "sources.toml"


def records(hub: Hub) -> int:
    with hub.engine.connect() as db:
        return int(db.execute(text("SELECT count(*) FROM member WHERE known_to IS NULL")).scalar_one())


def statuses(hub: Hub) -> list[str]:
    with hub.engine.connect() as db:
        return [str(row[0]) for row in db.execute(text("SELECT status FROM procrastinate_jobs WHERE task_name = 'load' ORDER BY id"))]


def test_a_job_waits_for_a_worker_and_is_done_once(hub: Hub, config: Path) -> None:
    put_off(hub, "load", config=str(config), root=None)
    assert (records(hub), statuses(hub)) == (0, ["todo"])
    work(hub, wait=False)
    work(hub, wait=False)
    assert (records(hub), statuses(hub)) == (2, ["succeeded"])


def test_what_a_dead_worker_left_is_taken_up_again(hub: Hub, config: Path) -> None:
    job = put_off(hub, "load", config=str(config), root=None)
    with hub.engine.begin() as db:
        dead = db.execute(
            text("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id")
        ).scalar_one()
        db.execute(
            text("UPDATE procrastinate_jobs SET status = 'doing', worker_id = :worker WHERE id = :job"), {"worker": dead, "job": job}
        )
    work(hub, wait=False)
    assert (records(hub), statuses(hub)) == (2, ["succeeded"])


def test_a_worker_looks_for_leaks_and_back_tests_by_itself(hub: Hub, config: Path) -> None:
    """What it does every day and every week, done now."""
    put_off(hub, "load", config=str(config), root=None)
    for task in ("findings", "cards"):
        put_off(hub, task, timestamp=0)
    work(hub, wait=False)
    with hub.engine.connect() as db:
        done = db.execute(text("SELECT task_name, status::text FROM procrastinate_jobs WHERE task_name <> 'sweep' ORDER BY id")).all()
        assert [tuple(row) for row in done] == [("load", "succeeded"), ("findings", "succeeded"), ("cards", "succeeded")]
        assert {card.part: list(card.scores) for card in cards.newest(db)} == {part: [] for part in PARTS}
