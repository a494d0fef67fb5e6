"""The lock holds what the project asks for, by name and hash, and names no place to get it from."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PINS = {name.lower(): version for name, version in re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;]+)", LOCK, re.MULTILINE)}


def test_every_dependency_is_locked_at_a_version_that_suits_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for asked in map(Requirement, [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]):
        assert PINS.get(asked.name.lower()) is not None, f"{asked.name} is not in requirements.lock; compile it anew"
        assert asked.specifier.contains(PINS[asked.name.lower()]), f"{asked} and requirements.lock differ; compile it anew"


def test_every_pin_has_a_hash_and_none_a_place() -> None:
    assert LOCK.count("--hash=sha256:") >= len(PINS)
    assert "://" not in LOCK
