"""The pages that follow from the code say what the code says."""

import importlib.util
import os
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["data-dictionary.md", "command-line.md", "settings.md"])
def test_a_generated_page_is_current(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("COLUMNS", "FORCE_COLOR", *(key for key in os.environ if key.startswith("MDM_"))):
        monkeypatch.delenv(variable, raising=False)
    written = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert generator().PAGES[name]() == written, "run .venv/bin/python docs/generate.py"


def test_every_page_that_the_readme_names_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text(encoding="utf-8")):
        assert (ROOT / target).exists(), target


def test_every_command_of_the_readme_exists() -> None:
    commands = set(re.findall(r"\./run (\w[\w-]*)", (ROOT / "README.md").read_text(encoding="utf-8")))
    known = set(re.findall(r"^## mdm (\S+)$", (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert commands - {"test", "check"} <= known
