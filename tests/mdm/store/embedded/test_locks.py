"""Locks between processes."""

from contextlib import closing
from pathlib import Path

from mdm.store.embedded.locks import Lock


def test_many_share_or_one_owns(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with closing(Lock(path)) as first, closing(Lock(path)) as second:
        assert first.share()
        assert second.share()
        assert not second.own()
        assert first.own()  # a failed attempt to own gives up what was shared
        assert not second.share()


def test_closing_lets_go(tmp_path: Path) -> None:
    first, second = Lock(tmp_path / "lock"), Lock(tmp_path / "lock")
    assert first.own()
    first.close()
    first.close()
    assert second.own()
    second.close()


def test_a_removed_file_is_not_the_lock_any_more(tmp_path: Path) -> None:
    with closing(Lock(tmp_path / "lock")) as lock:
        assert lock.current()
        (tmp_path / "lock").unlink()
        assert not lock.current()
        (tmp_path / "lock").write_text("")
        assert not lock.current()
