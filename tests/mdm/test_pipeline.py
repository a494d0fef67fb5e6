"""From files to golden records and back again: loaded twice, changed, deleted, cut off half-way, ruled upon."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from mdm import pipeline
from mdm.landing import land
from mdm.pipeline import Hub, Loaded, Resolved
from mdm.ports import Batch
from mdm.store import decisions, runs
from mdm.store.decisions import RecordKey, Verdict
from sources import open_sources
from tests.rulings import revoked, ruled

CONFIG = """
[sources.crm]
folder = "crm"
complete = true
[[sources.crm.streams]]
file = "accounts.csv"
entity = "customer"
key = "id"
version = "changed"
[sources.crm.streams.fields]
name = "name"
siren = "siren"
phone = "phone"
street = "street"
postcode = "zip"
city = "city"
merged_into = "master"

[sources.billing]
folder = "billing"
[[sources.billing.streams]]
file = "clients.csv"
entity = "customer"
key = "code"
[sources.billing.streams.fields]
name = "nom"
siren = "siren"
city = "ville"
postcode = "cp"
street = "rue"
"""
ACCOUNTS = """id,name,siren,phone,street,zip,city,changed,master
a1,Menuiserie Roussel SARL,732829320,01 99 00 11 22,4 rue du Moulin,35000,Rennes,2026-01-01,
a2,Roussel Menuiserie,,01.99.00.11.22,4 rue du Moulin,35000,Rennes,2026-01-02,
a3,Transports Keller,,03 53 01 44 55,18 quai Vauban,67000,Strasbourg,2026-01-03,
a4,Cabinet Ferrand,,02 61 91 77 88,2 place Foch,44000,Nantes,2026-01-04,
a5,Ancien Compte,,,,,,2026-01-05,a4
"""
CLIENTS = """code;nom;siren;rue;cp;ville
C1;MENUISERIE ROUSSEL;732 829 320;4 R DU MOULIN;35000;RENNES
C2;TRANSPORTS KELLER SAS;404833048;18 QUAI VAUBAN;67000;STRASBOURG
C3;BOULANGERIE PETIT;;9 RUE HAUTE;59000;LILLE
"""

Run = Callable[[], tuple[dict[str, Loaded], dict[str, Resolved]]]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for folder in ("crm", "billing"):
        (tmp_path / folder).mkdir()
    (tmp_path / "sources.toml").write_text(CONFIG)
    (tmp_path / "crm" / "accounts.csv").write_text(ACCOUNTS)
    (tmp_path / "billing" / "clients.csv").write_text(CLIENTS)
    return tmp_path


@pytest.fixture
def run(hub: Hub, files: Path) -> Run:
    def once() -> tuple[dict[str, Loaded], dict[str, Resolved]]:
        loaded = pipeline.load(hub, open_sources(files / "sources.toml"))
        return {item.stream: item for item in loaded}, {item.entity: item for item in pipeline.resolve(hub)}

    return once


def crosswalk(hub: Hub) -> dict[str, str]:
    query = "SELECT r.key, m.golden_id FROM member m JOIN record r ON r.id = m.record_id WHERE m.known_to IS NULL"
    with hub.engine.connect() as db:
        return {row.key: row.golden_id for row in db.execute(text(query))}


def golden(hub: Hub, golden_id: str) -> dict[str, str]:
    with hub.engine.connect() as db:
        query = text("SELECT data FROM golden_version WHERE golden_id = :id AND known_to IS NULL")
        return dict(db.execute(query, {"id": golden_id}).scalar_one())


def events(hub: Hub) -> list[tuple[str, str]]:
    with hub.engine.connect() as db:
        return [(row.event, row.golden_id) for row in db.execute(text("SELECT event, golden_id FROM outbox ORDER BY seq"))]


def test_records_of_one_company_meet_across_systems(hub: Hub, run: Run) -> None:
    run()
    found = crosswalk(hub)
    assert found["a1"] == found["a2"] == found["C1"]
    assert found["a3"] == found["C2"]
    assert len({found["a1"], found["a3"], found["a4"], found["C3"]}) == 4
    assert golden(hub, found["a1"])["siren"] == "732829320"


TWICE = CLIENTS + "C4;MENUISERIE ROUSSEL;732 829 320;4 R DU MOULIN;35000;RENNES\n"
KEYED = 'entity = "customer"\nkey = "code"'


def test_a_stream_that_holds_nothing_twice_is_taken_at_its_word_until_it_takes_it_back(hub: Hub, files: Path, run: Run) -> None:
    (files / "billing" / "clients.csv").write_text(TWICE)
    run()
    assert crosswalk(hub)["C1"] == crosswalk(hub)["C4"]
    (files / "sources.toml").write_text(CONFIG.replace(KEYED, f"{KEYED}\ndistinct = true"))
    _, resolved = run()
    assert not resolved["customer"].skipped
    found = crosswalk(hub)
    assert found["C1"] != found["C4"]
    assert found["a1"] not in {found["C1"], found["C4"]}  # both fit as well, so that neither is sure
    (files / "sources.toml").write_text(CONFIG)
    run()
    assert crosswalk(hub)["C1"] == crosswalk(hub)["C4"]


def test_two_streams_of_an_entity_may_hold_each_other_s_records(hub: Hub, files: Path, run: Run) -> None:
    (files / "billing" / "more.csv").write_text(
        "code;nom;siren;rue;cp;ville\nD1;MENUISERIE ROUSSEL;732 829 320;4 R DU MOULIN;35000;RENNES\n"
    )
    stream = CONFIG[CONFIG.index("[[sources.billing.streams]]") :]
    once = (CONFIG + stream.replace("clients.csv", "more.csv")).replace(KEYED, f"{KEYED}\ndistinct = true")
    (files / "sources.toml").write_text(once)
    run()
    assert crosswalk(hub)["C1"] == crosswalk(hub)["D1"]


def test_a_record_that_the_source_merged_follows_it(hub: Hub, run: Run) -> None:
    run()
    found = crosswalk(hub)
    assert found["a5"] == found["a4"]


def test_the_same_files_again_change_nothing(hub: Hub, run: Run) -> None:
    run()
    before, told = crosswalk(hub), events(hub)
    loaded, resolved = run()
    assert all(set(item.counts) <= {"read", "unchanged", "deleted"} for item in loaded.values())
    assert all(item.skipped for item in resolved.values())
    assert (crosswalk(hub), events(hub)) == (before, told)


def test_a_rebuild_changes_nothing_either(hub: Hub, run: Run) -> None:
    run()
    before, told = crosswalk(hub), events(hub)
    pipeline.resolve(hub, force=True)
    assert (crosswalk(hub), events(hub)) == (before, told)


def test_a_changed_row_is_a_new_version_and_an_older_one_does_not_win(hub: Hub, run: Run, files: Path) -> None:
    run()
    path = files / "crm" / "accounts.csv"
    path.write_text(ACCOUNTS.replace("2 place Foch,44000,Nantes,2026-01-04", "7 rue Crébillon,44000,Nantes,2026-02-01"))
    loaded, _ = run()
    assert loaded["accounts.csv"].counts["changed"] == 1
    assert golden(hub, crosswalk(hub)["a4"])["street"] == "7 rue Crébillon"
    path.write_text(ACCOUNTS.replace("2 place Foch,44000,Nantes,2026-01-04", "1 rue Vieille,44000,Nantes,2025-01-01"))
    loaded, _ = run()
    assert loaded["accounts.csv"].counts["stale"] == 1
    assert golden(hub, crosswalk(hub)["a4"])["street"] == "7 rue Crébillon"


def test_what_a_complete_export_no_longer_lists_is_deleted_and_comes_back_under_its_id(hub: Hub, run: Run, files: Path) -> None:
    run()
    before = crosswalk(hub)
    path = files / "crm" / "accounts.csv"
    path.write_text("\n".join(line for line in ACCOUNTS.splitlines() if not line.startswith("a3")) + "\n")
    loaded, _ = run()
    assert loaded["accounts.csv"].counts["deleted"] == 1
    assert crosswalk(hub)["C2"] == before["C2"]
    assert "a3" not in crosswalk(hub)
    path.write_text(ACCOUNTS)
    run()
    assert crosswalk(hub) == before


def test_an_export_that_could_not_be_read_whole_deletes_nothing(hub: Hub, run: Run, files: Path) -> None:
    run()
    (files / "crm" / "accounts.csv").unlink()
    (files / "crm" / "other.csv").write_text("id\n")
    loaded, _ = run()
    assert loaded["accounts.csv"].counts["deleted"] == 0
    assert "a3" in crosswalk(hub)


def rule(hub: Hub, verdict: Verdict, *pair: tuple[str, str]) -> int:
    with hub.engine.begin() as db:
        left, right = (decisions.record_id(db, "customer", RecordKey(*one)) for one in pair)
        assert left is not None
        assert right is not None
        return ruled(hub, db, (left, right), verdict)


def test_a_ruling_holds_against_all_evidence_and_its_revocation_restores(hub: Hub, run: Run) -> None:
    run()
    before = crosswalk(hub)
    made = [
        rule(hub, "different", ("crm", "a3"), ("billing", "C2")),
        rule(hub, "same", ("crm", "a4"), ("billing", "C3")),
    ]
    pipeline.resolve(hub)
    found = crosswalk(hub)
    assert found["a3"] != found["C2"]
    assert found["a4"] == found["C3"] == min(before["a4"], before["C3"])
    with hub.engine.begin() as db:
        for one in made:
            revoked(hub, db, one)
    pipeline.resolve(hub)
    assert crosswalk(hub) == before


def test_two_valid_company_numbers_never_share_a_golden_record(hub: Hub, run: Run, files: Path) -> None:
    (files / "billing" / "clients.csv").write_text(
        CLIENTS.replace("C1;MENUISERIE ROUSSEL;732 829 320", "C1;MENUISERIE ROUSSEL;552 100 554")
    )
    run()
    found = crosswalk(hub)
    assert found["C1"] != found["a1"]


class Cut:
    """A stream that breaks off after some batches, as a killed process would."""

    def __init__(self, stream: object, after: int) -> None:
        self._stream, self._after = stream, after

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    def batches(self, cursor: str | None = None) -> object:
        for at, batch in enumerate(self._stream.batches(cursor)):  # type: ignore[attr-defined]
            if at == self._after:
                raise KeyboardInterrupt
            yield batch


def test_a_load_that_was_cut_off_goes_on_without_loss_or_repetition(hub: Hub, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(f"x{at},Société Numéro {at},,,,,Lille,2026-01-01,\n" for at in range(25))
    (files / "crm" / "accounts.csv").write_text(ACCOUNTS + rows)
    stream = open_sources(files / "sources.toml")[0].streams()[0]
    batch = next(iter(stream.batches()))
    pieces = [Batch(batch.table.slice(at, 6), (), str(at + 6)) for at in range(0, batch.table.num_rows, 6)]
    monkeypatch.setattr(stream, "batches", lambda cursor=None: iter([piece for piece in pieces if int(piece.cursor) > int(cursor or 0)]))
    with pytest.raises(KeyboardInterrupt), runs.noted(hub.engine, "load") as (run_id, _):
        land(hub.engine, run_id, Cut(stream, 2))  # type: ignore[arg-type]
    with runs.noted(hub.engine, "load") as (run_id, _):
        counts = land(hub.engine, run_id, stream)
    assert counts["new"] == 30
    with hub.engine.connect() as db:
        assert db.execute(text("SELECT count(*), count(DISTINCT key) FROM record WHERE source = 'crm'")).one() == (30, 30)
        assert db.execute(text("SELECT count(*) FROM record_version")).scalar_one() == 30
        assert db.execute(text("SELECT status FROM run ORDER BY id")).scalars().all() == ["failed", "done"]


def test_every_row_is_accounted_for(hub: Hub, run: Run, files: Path) -> None:
    (files / "billing" / "clients.csv").write_text(
        CLIENTS
        + "C4;;;;;\nC5;Doublon;;;;\nC5;Doublon bis;;;;\nC6;Faux Siren;123456789;;;\n;Sans Code;;;;\nC7;Trop;de;colonnes;ici;oui;non\n"
    )
    loaded, _ = run()
    counts = loaded["clients.csv"].counts
    assert counts["read"] == 9
    assert counts["new"] + counts["rejected"] == 9
    assert counts["rejected"] == 4
    assert counts["quarantined"] == 1
    with hub.engine.connect() as db:
        told = db.execute(text("SELECT line, severity FROM problem WHERE source = 'billing' ORDER BY line, severity")).all()
    assert [tuple(row) for row in told] == [(5, "rejected"), (7, "rejected"), (8, "quarantined"), (9, "rejected"), (10, "rejected")]
