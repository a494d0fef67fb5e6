"""The policy of reminders is data."""

from decimal import Decimal
from pathlib import Path

import pytest

from mdm.errors import BadInput
from mdm.forecast.dunning.policy import USUAL, read, written


def test_a_policy_is_read_as_it_is_written(tmp_path: Path) -> None:
    assert read(None) is USUAL
    (tmp_path / "policy.toml").write_text(written(USUAL), encoding="utf-8")
    assert read(tmp_path / "policy.toml") == USUAL


def test_what_is_left_out_is_usual(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text('[[levels]]\ntone = "firm"\ndays = 3\n\n[sender]\nname = "L\'Atelier"\n', encoding="utf-8")
    found = read(tmp_path / "policy.toml")
    assert (found.levels[0].minimum, found.gap_days, found.sender.name) == (Decimal(0), 10, "L'Atelier")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "levels"), ('[[levels]]\ntone = "rude"\ndays = 3', "levels.0.tone"), ('[[levels]]\ntone = "firm"\ndays = 0', "levels.0.days"),
        ('[[levels]]\ntone = "firm"\ndays = 9\n[[levels]]\ntone = "formal"\ndays = 9', "each level is sent after more days"),
        ('color = "red"\n[[levels]]\ntone = "firm"\ndays = 3', "color"), ("levels = [", "cannot be read"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "policy.toml").write_text(content, encoding="utf-8")
    with pytest.raises(BadInput, match=told):
        read(tmp_path / "policy.toml")


def test_a_file_that_there_is_not(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        read(tmp_path / "none.toml")
