"""kill -9, for real: nothing is lost, nothing stays behind, and who lives on gets a server again."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mdm.store import embedded
from mdm.store.embedded import keeper as program
from mdm.store.embedded import server
from mdm.store.embedded.place import Place, settle
from tests.mdm.store.embedded.user import User, answers, eventually, keeper, kill, postmaster, processes, query

Start = Callable[[Path], User]

BUSY = "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b"


def test_killing_the_starter_is_nothing_to_the_others(home: Path, user: Start) -> None:
    starter = user(home)
    starter.url()
    other = user(home)
    url, before = other.url(), postmaster(home)
    starter.kill()
    assert answers(url)
    assert postmaster(home) == before
    other.leave()
    assert processes(settle(home)) == []


def test_killing_the_only_user_stops_the_server(home: Path, user: Start) -> None:
    only = user(home)
    only.url()
    only.kill()
    assert eventually(lambda: processes(settle(home)) == [])
    assert not (settle(home).data / "postmaster.pid").exists()  # stopped cleanly


def test_a_killed_server_comes_back_with_what_was_committed(home: Path) -> None:
    with embedded.running(home) as url:
        query(url, "CREATE TABLE IF NOT EXISTS survives (x int)")
        query(url, "INSERT INTO survives VALUES (1)")
        with busy(url):
            kill(postmaster(home))
            assert eventually(lambda: answers(url))
        assert int(query(url, "SELECT count(*) FROM survives")) >= 1
    assert processes(settle(home)) == []


def test_a_killed_keeper_takes_the_server_along_and_both_come_back(home: Path, user: Start) -> None:
    with embedded.running(home) as url:
        other = user(home)
        other.url()
        before = keeper(home), postmaster(home)
        kill(before[0])
        assert eventually(lambda: not set(before) & set(processes(settle(home))))
        assert eventually(lambda: answers(url))
        other.leave()
        assert answers(url)
    assert processes(settle(home)) == []


def test_killing_everything_leaves_nothing_running_and_loses_nothing(home: Path, user: Start) -> None:
    users = [user(home), user(home)]
    url, _ = (one.url() for one in users)
    query(url, "DROP TABLE IF EXISTS all_killed")
    query(url, "CREATE TABLE all_killed AS SELECT 7 AS x")
    with busy(url):
        for pid in (keeper(home), postmaster(home), *(one.process.pid for one in users)):
            kill(pid)
    assert eventually(lambda: processes(settle(home)) == [])
    with embedded.running(home) as again:
        assert query(again, "SELECT x FROM all_killed") == "7"


def test_a_starter_killed_during_creation_is_followed_by_another(fresh: Path, user: Start) -> None:
    first = user(fresh)
    assert eventually(lambda: (fresh / "data.new" / "PG_VERSION").exists())
    first.kill()
    with embedded.running(fresh) as url:
        assert answers(url)


def test_a_stale_record_whose_number_is_another_process_now(home: Path, user: Start) -> None:
    only, place = user(home), settle(home)
    only.url()
    record = (place.data / "postmaster.pid").read_text().splitlines()
    for pid in (keeper(home), postmaster(home), only.process.pid):
        kill(pid)
    assert eventually(lambda: processes(place) == [])
    with same_account(place) as innocent:
        (place.data / "postmaster.pid").write_text("\n".join([str(innocent), *record[1:]]) + "\n")
        with embedded.running(home) as url:
            assert answers(url)


def test_without_the_kernels_help_a_watchdog_stops_the_server(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    portable = tmp_path / "keeper.py"
    portable.write_text(Path(program.__file__).read_text().replace('sys.platform == "linux"', "False"))
    monkeypatch.setattr(server, "KEEPER", portable)
    with embedded.running(home) as url:
        monkeypatch.undo()
        before = postmaster(home)
        kill(keeper(home))
        assert eventually(lambda: before not in processes(settle(home)))
        assert eventually(lambda: answers(url))
    assert processes(settle(home)) == []


@contextmanager
def same_account(place: Place) -> Iterator[int]:
    """A process of the server's account that is no server."""
    user = place.account.uid if place.account.foreign else None
    process = subprocess.Popen(["sleep", "60"], user=user, cwd="/")
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


@contextmanager
def busy(url: str) -> Iterator[None]:
    """A client whose query computes and never looks up; killed at the end."""
    code = "import sys; from tests.mdm.store.embedded.user import query; query(*sys.argv[1:])"
    path = os.pathsep.join(sys.path)
    client = subprocess.Popen([sys.executable, "-c", code, url, BUSY], env=os.environ | {"PYTHONPATH": path}, stderr=subprocess.DEVNULL)
    try:
        assert eventually(lambda: query(url, f"SELECT count(*) FROM pg_stat_activity WHERE query = '{BUSY}'") == "1")
        yield
    finally:
        client.kill()
        client.wait()
