"""`mdm tasks` and `mdm review` as stewards run them, keys from a pipe."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy import text

from api import cli
from mdm.entities import Customer
from mdm.pipeline import Hub
from mdm.store import questions
from tests.api import world

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def queue(hub: Hub, tmp_path: Path) -> Hub:
    """The small company with its queue: one pair of customers, one value that was set aside."""
    world.happen(hub, tmp_path)
    with hub.engine.begin() as db:
        questions.refresh(db, Customer, hub.settings, hub.now())
    return hub


@pytest.fixture
def run(queue: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    monkeypatch.setenv("DATABASE_URL", queue.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("MDM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MDM_LANGUAGE", "en")
    monkeypatch.setattr("getpass.getuser", lambda: "ines")

    def once(*arguments: str, keys: str = "") -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["mdm", *arguments])
        monkeypatch.setattr("sys.stdin", io.StringIO(keys))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out + said.err

    yield once
    structlog.reset_defaults()


def statuses(hub: Hub) -> list[tuple[str, str, int]]:
    with hub.engine.connect() as db:
        return [tuple(row) for row in db.execute(text("SELECT kind, status, skips FROM task WHERE entity = 'customer' ORDER BY kind"))]


def test_the_head_of_the_queue_is_told_in_a_line_each(run: Run) -> None:
    code, said = run("tasks")
    assert code == 0
    plain = " ".join(said.split())
    for told in ("Scierie Mirabeau ↔ Verrerie Amblard", "(customer)", "a 59 % chance", "that they are one thing"):
        assert told in plain, told
    assert "3 questions wait" in said
    assert "Nothing is left" in run("tasks", "--entity", "product")[1]
    assert run("tasks", "--kind", "planet")[0] == 2
    assert run("tasks", "--entity", "planet")[0] == 2


def test_a_pair_is_shown_side_by_side_and_judged_with_a_key(run: Run, queue: Hub) -> None:
    code, said = run("review", "--kind", "pair", "--entity", "customer", keys="y\n")
    assert code == 0
    for told in (
        "crm:a08",
        "crm:a09",
        "Agen",
        "Albi",
        "What would move (crm:a08): Nothing hangs on it.",
        "[y] same",
        "Decided.",
        "1 verdicts",
    ):
        assert told in said, told
    assert "Nothing is left to decide." in said
    assert statuses(queue) == [("pair", "done", 0), ("value", "open", 0)]
    with queue.engine.connect() as db:
        assert db.execute(text("SELECT decided_by FROM decision ORDER BY id DESC LIMIT 1")).scalar_one() == "ines"
        assert db.execute(text("SELECT action FROM audit ORDER BY id")).scalars().all() == ["golden.rule", "task.judged"]


def test_skip_unsure_an_unknown_key_and_quit(run: Run, queue: Hub) -> None:
    code, said = run("review", "--entity", "customer", keys="x\ns\nu\nq\n")
    assert code == 0
    assert "No such key: 'x'" in said
    assert "another steward has to confirm" in said
    assert "1 verdicts" in said
    assert sorted((status, skips) for _, status, skips in statuses(queue)) == [("open", 1), ("second", 0)]
    with queue.engine.connect() as db:
        assert db.execute(text("SELECT count(leased_by) FROM task")).scalar_one() == 0


def test_the_end_of_the_pipe_is_the_end(run: Run, queue: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MDM_LANGUAGE", "fr")
    code, said = run("review")
    assert code == 0
    assert "0 décisions" in said
    assert {status for _, status, _ in statuses(queue)} == {"open"}


def test_a_verdict_that_rulings_contradict_is_told_and_the_task_skipped(run: Run, queue: Hub) -> None:
    with queue.engine.begin() as db:
        world.decide(db, "a08", "a07", "same")
        world.decide(db, "a09", "a07", "different")
    code, said = run("review", "--kind", "pair", keys="y\nq\n")
    assert code == 0
    assert "other rulings say otherwise" in said
    assert statuses(queue)[0] == ("pair", "open", 1)


def test_a_task_that_is_closed_meanwhile_is_told_and_left(run: Run, queue: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    class Late:
        def isatty(self) -> bool:
            return False

        def __iter__(self) -> Iterator[str]:
            with queue.engine.begin() as db:
                db.execute(text("UPDATE task SET status = 'gone'"))
            yield "y"

    monkeypatch.setattr("io.StringIO", lambda keys: Late())
    code, said = run("review", keys="y")
    assert code == 0
    assert "there is nothing to decide any more" in said
    assert "0 verdicts" in said
