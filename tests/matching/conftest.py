"""Benchmarks as modules, so that tests guard what they measure."""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="session")
def benchmark() -> Callable[[str], ModuleType]:
    """Loads a benchmark by the name of its file, under another name: one is called as the package."""

    def loaded(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"{name}_benchmark", BENCHMARKS / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module, path = importlib.util.module_from_spec(spec), list(sys.path)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        sys.path[:] = path
        return module

    return loaded
