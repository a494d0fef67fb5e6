"""What a failure is called."""

from pathlib import Path

import pytest

from mdm.errors import StoreUnavailable
from mdm.store import embedded
from mdm.store.embedded.errors import diagnosis


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("could not write to file: No space left on device", embedded.DiskFull),
        ('could not bind IPv4 address "127.0.0.1": Address already in use', embedded.NoAddress),
        ("invalid value for parameter", embedded.StartFailed),
        ("", embedded.StartFailed),
    ],
)
def test_the_servers_words_choose_the_error(said: str, kind: type[StoreUnavailable]) -> None:
    error = diagnosis("Starting", said, Path("/srv/hub"))
    assert type(error) is kind
    assert (said or "it said nothing") in str(error)


def test_a_server_that_cannot_start_says_why(home: Path) -> None:
    with embedded.running(home):
        pass
    broken = home / "data" / "postgresql.auto.conf"
    kept = broken.read_text()
    broken.write_text("work_mem = 'nonsense'\n")
    try:
        with pytest.raises(embedded.StartFailed, match="nonsense"), embedded.running(home):
            pass
    finally:
        broken.write_text(kept)
