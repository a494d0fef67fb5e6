"""`mdm quality` as people run it: figures of what is stored, a sample out and back, and what another threshold would change."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy import Connection, insert, text

from api import cli
from mdm import pipeline
from mdm.pipeline import Hub
from mdm.store import decisions
from mdm.store.tables import edge, member
from sources import open_sources
from tests.api import world
from tests.rulings import written

Run = Callable[..., tuple[int, str]]
EDGES = (
    ("a00", "billing:C1", 20.0),
    ("a01", "billing:C2", 12.0),
    ("a02", "a04", 3.0),
    ("a03", "a05", 1.0),
    ("a10", "a11", 0.5),  # two company numbers: never one thing
)
JOINED = (("a00", "billing:C1"), ("a01", "billing:C2"), ("a02", "a04"))


@pytest.fixture
def matched(hub: Hub, tmp_path: Path) -> Hub:
    """The small company, landed, with what a match has stored of its customers."""
    world.write(tmp_path)
    pipeline.load(hub, open_sources(tmp_path / "sources.toml"))
    with hub.engine.begin() as db:
        for left, right, weight in EDGES:
            first, second = sorted((number(db, left), number(db, right)))
            db.execute(insert(edge).values(left_id=first, right_id=second, entity="customer", weight=weight, alone=weight, levels={}))
        golden = {name: f"cus_{at}" for at, pair in enumerate(JOINED) for name in pair}
        for at, name in enumerate(f"a{at:02d}" for at in range(12)):
            golden.setdefault(name, f"cus_alone_{at}")
        for name, golden_id in golden.items():
            db.execute(insert(member).values(record_id=number(db, name), golden_id=golden_id, entity="customer", run_id=1))
    return hub


def number(db: Connection, name: str) -> int:
    source, _, key = name.rpartition(":")
    return world.number(db, key, source=source or "crm")


def rule(hub: Hub, left: str, right: str, verdict: decisions.Verdict) -> None:
    with hub.engine.begin() as db:
        written(db, (number(db, left), number(db, right)), verdict)


@pytest.fixture
def run(matched: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    monkeypatch.setenv("DATABASE_URL", matched.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("MDM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MDM_LANGUAGE", "en")
    monkeypatch.setenv("MDM_MATCH_BITS", "2")

    def once(*arguments: str | Path) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["mdm", "quality", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out + said.err

    yield once
    structlog.reset_defaults()


def row(said: str, start: str) -> list[str]:
    """The cells of the table row that starts so."""
    line = next(line for line in said.splitlines() if line.strip().startswith(start))
    return [cell.strip() for cell in line.replace(start, "", 1).split("  ") if cell.strip()]


def test_figures_of_every_entity_with_what_they_rest_on(run: Run, matched: Hub) -> None:
    rule(matched, "a00", "billing:C1", "same")
    rule(matched, "a05", "a06", "same")
    code, said = run()
    assert code == 0
    pairs, precision, recall, waiting = row(said, "customer")
    assert (pairs, waiting) == ("3", "2")
    expected = (1 + 4096 / 4097 + 8 / 9) / 3
    assert precision.startswith(f"{100 * expected:.1f} % (")
    missed = 1 + 2 / 3 + 2**0.5 / (1 + 2**0.5)  # the ruling that joins two more, and what was kept and not joined
    assert recall.startswith(f"{300 * expected / (3 * expected + missed):.1f} % (")
    assert row(said[said.index("golden records right") :], "customer")[-1] == "1 / 1"
    assert "judge a sample to know" in said
    assert row(said, "product")[0] == "0"


def test_it_speaks_french(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MDM_LANGUAGE", "fr")
    code, said = run("--entity", "customer")
    assert code == 0
    assert "précision" in said
    assert "96,3 % (" in said
    assert "jugez un échantillon pour savoir" in said
    assert "product" not in said
    assert max(map(len, said.splitlines()[:5])) <= 100, "figures must not wrap on a terminal"
    assert "séparation : crm:a02 + crm:a04 → crm:a02 | crm:a04" in run("--entity", "customer", "--threshold", "5")[1]


def test_a_sample_goes_out_blind_and_comes_back_judged(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "sample.csv"
    code, said = run("--entity", "customer", "--sample", "200", "--out", out)
    assert code == 0
    assert "5 pairs to judge" in said
    with out.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert {frozenset((line["left"], line["right"])) for line in lines} == {
        frozenset(f"{'' if ':' in name else 'crm:'}{name}" for name in names[:2]) for names in EDGES
    }
    one = next(line for line in lines if line["left"] == "billing:C1")
    assert (one["right.name"], one["left.name"]) == ("Menuiserie Labrousse", "MENUISERIE LABROUSSE SARL")
    assert {line["verdict"] for line in lines} == {""}
    assert not {"weight", "probability"} & lines[0].keys()
    for line in lines:
        line["verdict"] = "Oui" if {line["left"], line["right"]} & {"billing:C1", "billing:C2", "crm:a05"} else "non"
    with out.open("w", encoding="cp1252", newline="") as file:  # as a French spreadsheet saves it
        writer = csv.DictWriter(file, list(lines[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(lines)
    code, said = run("--judged", out)
    assert code == 0
    assert row(said, "customer") == ["5 / 5", "66.7 % (66.7–66.7)", "66.7 % (66.7–66.7)"]


REFUSED = {
    "entity,stratum,pairs,verdict\ncustomer,0,5,yes\ncustomer,0,5,maybe\n": "row 3: the verdict 'maybe' is neither yes nor no",
    "entity,stratum,pairs,verdict\ncustomer,0,5,\n": "has no verdict",
    "entity,stratum,pairs,verdict\ncustomer,0,many,yes\n": "row 2: 'many' is not a number",
    "name,city\nx,y\n": "is not a sample",
    "": "is not a sample",
}


def test_a_sample_that_cannot_be_understood_is_refused_with_the_reason(run: Run, tmp_path: Path) -> None:
    for content, reason in REFUSED.items():
        (tmp_path / "back.csv").write_text(content, encoding="utf-8")
        code, said = run("--judged", tmp_path / "back.csv")
        assert code == 2
        assert reason in said


def test_a_sample_is_of_one_entity_and_goes_to_a_file(run: Run, tmp_path: Path) -> None:
    for arguments in (("--sample", "20"), ("--entity", "customer", "--sample", "20"), ("--sample", "20", "--out", tmp_path / "x.csv")):
        code, said = run(*arguments)
        assert code == 2
        assert "a sample is of one entity" in said
    assert run("--entity", "unicorn")[0] == 2
    code, said = run("--entity", "customer", "--sample", "2", "--out", tmp_path / "x.csv")
    assert code == 2
    assert "too few to judge" in said


def test_another_threshold_is_tried_and_nothing_is_written(run: Run, matched: Hub) -> None:
    before = everything(matched)
    code, said = run("--entity", "customer", "--threshold", "0")
    assert code == 0
    assert "merge: crm:a03 | crm:a05 → crm:a03 + crm:a05" in said
    assert "a10" not in said, "two company numbers keep them apart"
    assert row(said, "golden") == ["12", "11"]
    assert row(said, "pairs joined more") == ["1"]
    code, said = run("--entity", "customer", "--threshold", "5")
    assert code == 0
    assert "split: crm:a02 + crm:a04 → crm:a02 | crm:a04" in said
    assert row(said, "precision") == ["96.3 %", "100.0 %"]
    assert everything(matched) == before
    code, said = run("--entity", "customer", "--threshold", "-4")
    assert code == 2
    assert "were not kept" in said


def test_records_that_are_gone_are_left_out_and_golden_records_that_are_stale_are_told(run: Run, matched: Hub, tmp_path: Path) -> None:
    with matched.engine.begin() as db:
        left, right = sorted((number(db, "a03"), number(db, "gone")))
        db.execute(insert(edge).values(left_id=left, right_id=right, entity="customer", weight=9.0, alone=9.0, levels={}))
    assert "in force: 1; mdm match" in run("--entity", "customer", "--threshold", "2")[1]
    world.write_table(tmp_path / "crm/accounts.csv", [line for line in world.accounts() if line["id"] != "gone"])
    pipeline.load(matched, open_sources(tmp_path / "sources.toml"))
    code, said = run("--entity", "customer", "--threshold", "2")
    assert code == 0
    assert "mdm match" not in said
    assert row(said, "golden") == ["11", "11"]
    with matched.engine.begin() as db:
        merged = "UPDATE record_version SET clean = clean || jsonb_build_object('merged_into', 'a07') WHERE record_id = :record"
        db.execute(text(merged), {"record": number(db, "a06")})
    said = run("--entity", "customer", "--threshold", "11")[1]
    assert row(said, "golden") == ["10", "11"], "what the source has merged stays together at any threshold"


def everything(hub: Hub) -> list[int]:
    """How many rows there are of everything that matching or a steward would write."""
    with hub.engine.connect() as db:
        return [
            int(db.execute(text(f"SELECT count(*) FROM {name}")).scalar_one())
            for name in ("run", "edge", "member", "golden_version", "decision", "outbox", "audit", "model")
        ]
