"""The example configuration on a whole company, where the sample data stands beside the project."""

from pathlib import Path

import pytest

from matching.declaration import fields
from matching.kinds import Kind, Refused
from mdm.entities import ENTITIES
from sources import open_sources
from sources.contract import hold_to_contract
from sources.files.streams import FileStream

PROJECT = Path(__file__).parents[3]
VILLAGE = PROJECT.parent / "shared" / "village"
CONFIG = PROJECT / "examples" / "village" / "sources.toml"

pytestmark = pytest.mark.skipif(not VILLAGE.is_dir(), reason=f"the sample company is not at {VILLAGE}")


def streams() -> list[FileStream]:
    """Every stream of every source."""
    if not VILLAGE.is_dir():
        return []
    return [stream for source in open_sources(CONFIG, VILLAGE) for stream in source.streams() if isinstance(stream, FileStream)]


def is_refused(kind: Kind, value: str) -> bool:
    """By its kind."""
    try:
        kind.clean(value)
    except Refused:
        return True
    return False


def name(stream: FileStream) -> str:
    """Of a stream with its source."""
    return f"{stream.source}.{stream.name}"


@pytest.mark.parametrize("stream", streams(), ids=name)
def test_every_stream_holds_to_the_contract_with_little_for_the_kinds_to_refuse(stream: FileStream) -> None:
    whole = hold_to_contract(stream)
    assert [problem for batch in whole for problem in batch.problems] == []
    (table,) = (batch.table for batch in whole)
    assert table.num_rows
    for field in (field for field in fields(ENTITIES[stream.entity]) if field.name in table.column_names):
        values = table[field.name].drop_null().to_pylist()
        assert not field.required or len(values) == table.num_rows, f"{field.name} is empty in places"
        refused = sum(is_refused(field.kind, value) for value in set(values))
        assert refused <= max(2, len(values) * 0.03), f"{refused} values of {field.name} are refused"


def test_the_sources_are_named_and_ordered() -> None:
    assert [source.name for source in open_sources(CONFIG, VILLAGE)] == ["crm", "billing", "time"]
    assert len({name(stream) for stream in streams()}) == len(streams()) == 26
