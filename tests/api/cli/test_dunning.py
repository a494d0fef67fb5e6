"""Reminders on the command line."""

from pathlib import Path

from tests.api.cli.test_commands import Run, run
from tests.api.world import write

__all__ = ["run"]


def test_reminders_are_listed_written_held_and_released(run: Run, tmp_path: Path) -> None:
    write(tmp_path)
    run("load", "--config", tmp_path / "sources.toml")
    run("match")
    code, said = run("dunning", "--as-of", "2027-01-15")
    assert code == 0, said
    assert "Transports Quemener" in said
    assert "letter to send: e-mail" in said
    code, said = run("dunning", "letters", "--out", tmp_path / "letters", "--as-of", "2027-01-15", "--language", "en")
    assert (code, "1 letters written" in said) == (0, True)
    (letter,) = (tmp_path / "letters").iterdir()
    assert letter.suffix == ".html"
    assert "Reminder of invoices past due" in letter.read_text(encoding="utf-8")
    code, said = run("dunning", "hold", "billing:F2", "--reason", "wrong quantity")
    assert (code, "Hold 1: billing:F2 is not reminded of any more" in said) == (0, True)
    assert "billing:F2 · disputed · wrong quantity" in run("dunning", "holds")[1]
    assert "disputed" in run("dunning", "--as-of", "2027-01-15")[1]
    assert "0 letters written" in run("dunning", "letters", "--out", tmp_path / "none", "--as-of", "2027-01-15")[1]
    assert "Hold 1 released" in run("dunning", "release", "1")[1]
    assert "already" in run("dunning", "release", "1")[1]
    assert "Nothing is overdue" in run("dunning", "--as-of", "2026-11-23")[1]


def test_what_cannot_be_is_refused(run: Run, tmp_path: Path) -> None:
    for asked, told in (
        (("hold", "F2", "--reason", "x"), "names no invoice"),
        (("hold", "billing:none", "--reason", "x"), "there is no invoice"),
        (("hold", "billing:F2", "--reason", "x", "--kind", "mood"), "no kind of hold"),
        (("letters", "--out", tmp_path, "--form", "pdf"), "no form of a letter"),
        (("letters", "--out", tmp_path, "--language", "de"), "no language of a letter"),
    ):
        code, said = run("dunning", *asked)
        assert code != 0
        assert told in said


def test_the_policy_is_printed_as_it_is_read(run: Run, tmp_path: Path) -> None:
    code, said = run("dunning", "policy")
    assert code == 0
    assert 'tone = "formal"' in said
