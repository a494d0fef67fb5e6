from datetime import date
from pathlib import Path

import pytest

from sources.demo import Summary, generate

from .reading import Demo

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Summary]:
    """The demo company of the README, written once."""
    out = tmp_path_factory.mktemp("demo")
    return out, generate(out, seed=1, customers=300, today=TODAY)


@pytest.fixture(scope="session")
def demo(written: tuple[Path, Summary]) -> Demo:
    return Demo(written[0])


@pytest.fixture(scope="session")
def summary(written: tuple[Path, Summary]) -> Summary:
    return written[1]


@pytest.fixture(scope="session")
def today() -> date:
    return TODAY
