"""What the faults share with the laws: a hub whose models were trained once, on a database of their own."""

from collections.abc import Iterator

import pytest

from mdm.pipeline import Hub
from tests.laws.conftest import schooled


@pytest.fixture(scope="session")
def lawful(server: str, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """The hub; whoever uses it empties it first."""
    with schooled(server, f"faults_{worker_id}", template, tmp_path_factory.mktemp("faults")) as hub:
        yield hub
