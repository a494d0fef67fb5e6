"""The settings that the server runs with."""

from pathlib import Path

import pytest

from mdm.store import embedded
from mdm.store.embedded import configuration
from tests.mdm.store.embedded.user import query


def test_the_server_takes_every_setting(home: Path) -> None:
    with embedded.running(home) as url:
        broken = query(url, "SELECT count(*) FROM pg_file_settings WHERE NOT applied OR error IS NOT NULL")
        assert broken == "0"
        assert query(url, "SHOW listen_addresses") == ""
        assert query(url, "SHOW shared_buffers") == "256MB"


def test_a_setting_that_an_administrator_altered_is_kept(home: Path) -> None:
    with embedded.running(home) as url:
        query(url, "ALTER SYSTEM SET work_mem = '99MB'")
    with embedded.running(home) as url:
        assert query(url, "SHOW work_mem") == "99MB"
        query(url, "ALTER SYSTEM RESET work_mem")


def test_throwaway_settings_skip_the_disk_and_durable_ones_never_do() -> None:
    assert set(configuration.DURABLE) < set(configuration.THROWAWAY)
    assert configuration.DURABLE["fsync"] == configuration.DURABLE["synchronous_commit"] == "on"


@pytest.mark.parametrize(("roomy", "kind"), [(1, "posix"), (2**62, "mmap")])
def test_parallel_queries_use_files_where_shared_memory_is_small(
    roomy: int, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(configuration, "_ROOMY", roomy)
    assert configuration._memory(tmp_path) == {"dynamic_shared_memory_type": kind}
