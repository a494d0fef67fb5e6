"""Sharing one server: who starts it, who ends it, and what is kept."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from mdm.errors import StoreUnavailable
from mdm.store import embedded
from mdm.store.embedded.place import settle
from tests.mdm.store.embedded.user import User, answers, eventually, keeper, postmaster, processes, query

Start = Callable[[Path], User]


def test_what_was_committed_is_there_the_next_time(home: Path) -> None:
    with embedded.running(home) as url:
        query(url, "DROP TABLE IF EXISTS kept")
        query(url, "CREATE TABLE kept AS SELECT 42 AS x")
    assert processes(settle(home)) == []
    with embedded.running(home) as again:
        assert query(again, "SELECT x FROM kept") == "42"
    assert again == url


def test_text_is_utf8_knows_accents_and_sorts_by_code_point(home: Path) -> None:
    with embedded.running(home) as url:
        assert query(url, "SHOW server_encoding") == "UTF8"
        assert query(url, "SELECT lower('ÉLAN')") == "élan"
        assert query(url, "SELECT 'Z' < 'a'") == "True"


def test_racing_processes_make_one_cluster_and_share_one_server(fresh: Path, user: Start) -> None:
    racers = [user(fresh) for _ in range(3)]
    urls = [racer.url() for racer in racers]
    assert len({query(url, "SELECT pg_postmaster_start_time()") for url in urls}) == 1
    assert [racer.leave() for racer in racers] == [0, 0, 0]
    assert processes(settle(fresh)) == []


def test_only_the_last_to_leave_stops_the_server(home: Path, user: Start) -> None:
    first, second = user(home), user(home)
    first.url()
    url = second.url()
    server = postmaster(home)
    assert first.leave() == 0
    assert answers(url)
    assert postmaster(home) == server
    assert second.leave() == 0
    assert processes(settle(home)) == []


def test_one_process_may_use_it_twice(home: Path) -> None:
    with embedded.running(home) as outer:
        with embedded.running(home) as inner:
            assert inner == outer
        assert answers(outer)


def test_leaving_and_entering_in_turn_never_fails(home: Path) -> None:
    failures: list[Exception] = []

    def come_and_go() -> None:
        try:
            for _ in range(4):
                with embedded.running(home) as url:
                    assert query(url, "SELECT 1") == "1"
        except (StoreUnavailable, OSError) as error:
            failures.append(error)

    threads = [threading.Thread(target=come_and_go) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_an_exception_leaves_cleanly_too(home: Path) -> None:
    with pytest.raises(KeyboardInterrupt), embedded.running(home):
        raise KeyboardInterrupt
    assert processes(settle(home)) == []


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # the child only reads, and leaves
def test_neither_a_forked_child_nor_a_subprocess_counts_as_a_user(home: Path) -> None:
    ours = settle(home)
    with embedded.running(home):
        reader, writer = os.pipe()
        child = _fork_that_waits_for(reader, writer)
        os.close(reader)
    try:
        assert eventually(lambda: processes(ours) == [])
    finally:
        os.close(writer)
        os.waitpid(child, 0)


def _fork_that_waits_for(reader: int, writer: int) -> int:
    child = os.fork()
    if child == 0:
        os.close(writer)
        os.read(reader, 1)
        os._exit(0)
    return child


def test_a_throwaway_cluster_does_not_sync_until_it_is_kept(fresh: Path) -> None:
    with embedded.running(fresh, durable=False) as url:
        assert query(url, "SHOW fsync") == "off"
        with pytest.raises(embedded.NotDurable, match="throwaway"), embedded.running(fresh):
            pass
    with embedded.running(fresh) as url:
        assert query(url, "SHOW fsync") == "on"
        assert query(url, "SHOW wal_level") == "replica"
    with embedded.running(fresh, durable=False) as url:
        assert query(url, "SHOW fsync") == "on"


def test_removing_deletes_everything_but_not_under_a_user(fresh: Path) -> None:
    with embedded.running(fresh, durable=False), pytest.raises(embedded.StillInUse):
        embedded.remove(fresh)
    root = settle(fresh).root
    embedded.remove(fresh)
    assert not root.exists()
    assert not fresh.exists()


def test_the_terminal_and_service_managers_do_not_stop_the_keeper(home: Path) -> None:
    with embedded.running(home) as url:
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(keeper(home), name)
        assert answers(url)


def test_a_file_as_home_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(embedded.HomeUnusable, match="Choose a directory"), embedded.running(tmp_path / "file"):
        pass
