"""The files look like the village's: names, headers, encodings; and a seed gives the same bytes."""

import hashlib
import re
from datetime import date
from pathlib import Path

import pytest

from sources.demo import Summary, billing, crm, generate, timesheets, truth

from .reading import Demo

VILLAGE = Path(__file__).resolve().parents[4] / "shared" / "village"
TABLES = [
    (folder, table)
    for folder, columns in (
        ("crm", crm.COLUMNS),
        ("billing", billing.COLUMNS),
        ("temps", timesheets.COLUMNS),
        ("truth", truth.COLUMNS),
    )
    for table in columns
]


def digest(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*.csv"))}


def test_the_same_seed_and_day_give_the_same_bytes(tmp_path: Path, today: date) -> None:
    for name in ("one", "two"):
        generate(tmp_path / name, seed=7, customers=40, today=today)
    assert digest(tmp_path / "one") == digest(tmp_path / "two")


def test_another_seed_gives_another_company(tmp_path: Path, today: date) -> None:
    for seed in (1, 2):
        generate(tmp_path / str(seed), seed=seed, customers=40, today=today)
    one, two = digest(tmp_path / "1"), digest(tmp_path / "2")
    assert one["crm/Account.csv"] != two["crm/Account.csv"]
    assert one["truth/projects.csv"] != two["truth/projects.csv"]


@pytest.mark.parametrize("customers", [1, 5, 20])
def test_a_tiny_company_can_be_made(tmp_path: Path, today: date, customers: int) -> None:
    assert generate(tmp_path, customers=customers, today=today).entities == customers


def test_progress_is_told(tmp_path: Path, today: date) -> None:
    told: list[str] = []
    generate(tmp_path, customers=5, today=today, progress=told.append)
    assert told[-1] == "writing truth"


@pytest.mark.skipif(not VILLAGE.is_dir(), reason="../shared/village is absent: nothing to compare the headers with")
@pytest.mark.parametrize(("folder", "table"), TABLES, ids=lambda part: part)
def test_headers_are_the_villages_byte_for_byte(demo: Demo, folder: str, table: str) -> None:
    ours, theirs = demo.folder / folder / f"{table}.csv", VILLAGE / folder / f"{table}.csv"
    assert ours.read_bytes().split(b"\n")[0] == theirs.read_bytes().split(b"\n")[0]


@pytest.mark.skipif(not VILLAGE.is_dir(), reason="../shared/village is absent: nothing to compare the file names with")
@pytest.mark.parametrize("folder", ["crm", "billing", "temps"])
def test_file_names_are_the_villages(demo: Demo, folder: str) -> None:
    assert {path.name for path in (demo.folder / folder).iterdir()} == {path.name for path in (VILLAGE / folder).iterdir()}


def test_each_system_keeps_its_conventions(demo: Demo) -> None:
    crm_bytes = (demo.folder / "crm/Account.csv").read_bytes()
    billing_bytes = (demo.folder / "billing/factures.csv").read_bytes()
    temps_bytes = (demo.folder / "temps/temps.csv").read_bytes()
    assert b"\r" not in crm_bytes
    assert not crm_bytes.startswith(b"\xef\xbb\xbf")
    assert billing_bytes.count(b"\r\n") == billing_bytes.count(b"\n")
    assert b"\xe8" in billing_bytes.splitlines()[0], "è in Windows-1252"
    assert temps_bytes.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in temps_bytes
    invoice, deal = demo.rows("billing/factures")[0], demo.rows("crm/Opportunity")[0]
    assert re.fullmatch(r"\d\d/\d\d/\d{4}", invoice["Date"])
    assert re.fullmatch(r"\d+,\d\d", invoice["Total HT"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", deal["CloseDate"])
    assert re.fullmatch(r"\d+\.\d\d", deal["Amount"])


def test_ids_are_unique_and_18_characters(demo: Demo) -> None:
    for _, table in TABLES[: len(crm.COLUMNS)]:
        keys = [row["Id"] for row in demo.rows(f"crm/{table}")]
        assert {len(key) for key in keys} == {18}
        assert len(keys) == len(set(keys))


def test_the_summary_counts_the_rows(demo: Demo, summary: Summary) -> None:
    assert summary.entities == 300
    assert summary.accounts == len(demo.rows("crm/Account"))
    assert summary.invoices == len(demo.rows("billing/factures"))
    assert summary.time_entries == len(demo.rows("temps/temps"))
    assert summary.open_deals == sum(row["IsClosed"] == "false" for row in demo.rows("crm/Opportunity"))
