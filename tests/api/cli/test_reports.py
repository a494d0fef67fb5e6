"""`mdm report` and `mdm leaks` as people run them."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import structlog
from openpyxl import load_workbook

from api import cli
from mdm.forecast.profitability import profitability
from mdm.pipeline import Hub
from mdm.store import facts
from tests.api import world

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def company(hub: Hub, tmp_path: Path) -> Hub:
    """The small company, loaded and matched."""
    world.write(tmp_path)
    world.read(hub, tmp_path)
    return hub


@pytest.fixture
def run(company: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    monkeypatch.setenv("DATABASE_URL", company.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("MDM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MDM_LANGUAGE", "en")
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setattr("getpass.getuser", lambda: "ines")

    def once(*arguments: str | Path) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["mdm", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out + said.err

    yield once
    structlog.reset_defaults()


@pytest.mark.parametrize("name", ["profitability", "forecast", "cash", "leakage", "card"])
def test_a_report_on_the_terminal_in_both_languages(run: Run, name: str) -> None:
    for language, told in (("fr", "tel que connu le"), ("en", "as known at")):
        code, said = run("report", name, "--as-of", "2026-11-23", "--language", language)
        assert code == 0, said
        assert told in said


def test_a_workbook_holds_what_the_hub_knows_to_the_cent(run: Run, company: Hub, tmp_path: Path) -> None:
    out = tmp_path / "out" / "projects.xlsx"
    code, said = run("report", "profitability", "--as-of", "2026-11-23", "--out", out)
    assert (code, f"{out}: Profitability" in " ".join(said.split("\n"))) == (0, True), said
    with company.engine.connect() as db:
        rows = profitability(facts.frames(db), world.NOW.date()).to_pylist()
    page = load_workbook(out).worksheets[1]
    heads = {cell.value: at for at, cell in enumerate(page[4], 1)}
    last = 4 + len(rows)
    for title, name in (("Invoiced", "invoiced"), ("Cost to date", "cost_to_date"), ("Paid, with tax", "paid")):
        assert Decimal(str(page.cell(last + 1, heads[title]).value)) == sum((row[name] for row in rows), Decimal(0))


def test_a_page_made_again_for_its_instant_is_the_same(run: Run, tmp_path: Path) -> None:
    first, again = tmp_path / "a.html", tmp_path / "b.html"
    assert run("report", "leakage", "--as-of", "2026-11-23", "--out", first)[0] == 0
    known = first.read_text(encoding="utf-8").split("as known at ")[1].split("<")[0]
    assert run("report", "leakage", "--as-of", "2026-11-23", "--known-at", known, "--format", "html", "--out", again)[0] == 0
    assert first.read_text(encoding="utf-8") == again.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", "weather"), ("report", "cash", "--format", "pdf"), ("report", "cash", "--out", "cash.doc"),
        ("report", "cash", "--format", "html"), ("report", "--format", "xlsx", "--out", "x.xlsx"), ("report", "cash", "--language", "de"),
        ("leaks", "list", "--state", "lost"), ("leaks", "mark", "leak_none", "--state", "lost"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_told(run: Run, arguments: tuple[str, ...]) -> None:
    assert run(*arguments)[0] == 2


def test_leaks_are_listed_marked_and_remembered(run: Run) -> None:
    code, said = run("leaks", "list")
    assert code == 0, said
    known = next(part for part in said.split() if part.startswith("leak_"))
    assert "→ " in said
    assert "salesperson" in said or "project lead" in said or "accounting" in said
    code, said = run("leaks", "mark", known, "--state", "false_alarm")
    assert code == 2
    assert "needs a reason" in said
    assert f"{known}: false alarm" in run("leaks", "mark", known, "--state", "false_alarm", "--reason", "a test", "--owner", "Claire")[1]
    assert known in run("leaks", "list", "--state", "false_alarm", "--owner", "Claire")[1]
    assert known not in run("leaks", "list", "--state", "open")[1]
    code, said = run("leaks", "history", known)
    assert code == 0
    for part in ("first seen", "false alarm", "ines", "→ Claire", "a test"):
        assert part in said, part
    assert run("leaks", "history", "leak_none")[0] == 1
    assert run("leaks", "mark", "leak_none", "--state", "accepted")[0] == 1
