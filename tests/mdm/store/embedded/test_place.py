"""Where a cluster lives, above all under root."""

import os
import shutil
from pathlib import Path

import pytest

from mdm.store import embedded
from mdm.store.embedded import shelter
from mdm.store.embedded.account import serving
from mdm.store.embedded.place import settle, speaking
from tests.mdm.store.embedded.user import query

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to give way to another account")
not_as_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")


def test_links_to_a_home_lead_to_the_same_cluster(fresh: Path) -> None:
    fresh.mkdir()
    link = fresh.with_name("link")
    link.symlink_to(fresh)
    assert settle(link) == settle(fresh)


@as_root
def test_root_serves_as_nobody_and_keeps_the_cluster_at_home_where_it_can(fresh: Path) -> None:
    with embedded.running(fresh, durable=False) as url:
        assert query(url, "SELECT 1") == "1"
        assert (fresh / "data").stat().st_uid not in (0, os.geteuid())
        assert not (fresh / "cluster-is-in").exists()


@as_root
def test_root_keeps_the_cluster_elsewhere_below_a_private_home(private: Path) -> None:
    with embedded.running(private, durable=False) as url:
        query(url, "CREATE TABLE there AS SELECT 1 AS x")
    root = Path((private / "cluster-is-in").read_text().strip())
    assert root.parent == shelter.ROOT
    assert (private / "postgres.log").stat().st_size > 0
    assert private.parent.stat().st_mode & 0o777 == 0o700
    with embedded.running(private, durable=False) as url:
        assert query(url, "SELECT x FROM there") == "1"


@as_root
def test_a_moved_home_still_finds_its_cluster(private: Path) -> None:
    before = settle(private).root
    moved = private.rename(private.with_name("moved"))
    assert settle(moved).root == before
    moved.rename(private)


@as_root
def test_a_pointer_to_a_foreign_directory_is_not_followed(fresh: Path) -> None:
    fresh.mkdir()
    (fresh / "cluster-is-in").write_text("/etc\n")
    with pytest.raises(embedded.HomeUnusable, match="names '/etc'"):
        settle(fresh)
    (fresh / "cluster-is-in").unlink()


@as_root
def test_a_directory_that_others_can_write_is_not_trusted(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(embedded.HomeUnusable, match="only root can write"):
        shelter.trusted(tmp_path)


@as_root
def test_data_at_home_that_became_unreachable_is_not_replaced_by_an_empty_cluster(private: Path) -> None:
    (private / "data").mkdir(parents=True)
    with pytest.raises(embedded.HomeUnusable, match="chmod"):
        settle(private)
    shutil.rmtree(private / "data")


@as_root
def test_root_serves_existing_data_as_its_owner(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12345)
    assert serving(tmp_path).uid == 12345


@not_as_root
def test_an_unwritable_home_is_refused_in_words(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(embedded.HomeUnusable, match="Permission denied"), embedded.running(tmp_path / "home"):
        pass
    tmp_path.chmod(0o700)


def test_a_full_disk_is_called_so(tmp_path: Path) -> None:
    with pytest.raises(embedded.DiskFull), speaking(tmp_path):
        Path("/dev/full").write_text("x")
