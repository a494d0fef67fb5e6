"""The example configuration on a whole company, where the sample data stands beside the project."""

from pathlib import Path

import pytest

from matching.declaration import fields
from mdm.entities import ENTITIES
from sources import open_sources
from sources.contract import hold_to_contract
from sources.files.streams import FileStream
from tests.sources.files.given import problems, rows

PROJECT = Path(__file__).parents[3]
VILLAGE = PROJECT.parent / "shared" / "village"
CONFIG = PROJECT / "examples" / "village" / "sources.toml"

pytestmark = pytest.mark.skipif(not VILLAGE.is_dir(), reason=f"the sample company is not at {VILLAGE}")


def streams() -> list[FileStream]:
    """Every stream of every source."""
    if not VILLAGE.is_dir():
        return []
    return [stream for source in open_sources(CONFIG, VILLAGE) for stream in source.streams() if isinstance(stream, FileStream)]


def name(stream: FileStream) -> str:
    """Of a stream with its source."""
    return f"{stream.source}.{stream.name}"


@pytest.mark.parametrize("stream", streams(), ids=name)
def test_every_stream_holds_to_the_contract_and_rejects_nothing(stream: FileStream) -> None:
    hold_to_contract(stream)
    assert problems(stream) == []


@pytest.mark.parametrize("stream", streams(), ids=name)
def test_little_is_refused_by_the_kinds_and_nothing_required_is_empty(stream: FileStream) -> None:
    found = rows(stream)
    assert found
    for field in fields(ENTITIES[stream.entity]):
        values = [str(row[field.name]) for row in found if row.get(field.name) is not None]
        assert not field.required or len(values) == len(found), f"{field.name} is empty in places"
        refused = sum(not field.kind.accepts(value) for value in set(values))
        assert refused <= max(2, len(values) * 0.03), f"{refused} values of {field.name} are refused"


def test_the_sources_are_named_and_ordered() -> None:
    assert [source.name for source in open_sources(CONFIG, VILLAGE)] == ["crm", "billing", "time"]
    assert len({name(stream) for stream in streams()}) == len(streams()) == 26
