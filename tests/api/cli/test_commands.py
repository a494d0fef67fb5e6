"""Commands as people run them: what they print, what they refuse, and that bad input costs nothing but itself."""

import csv
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy import text

from api import cli
from mdm.pipeline import Hub

CONFIG = """
[sources.crm]
folder = "crm"
[[sources.crm.streams]]
file = "accounts.csv"
entity = "customer"
key = "id"
[sources.crm.streams.fields]
name = "name"
siren = "siren"
city = "city"

[[sources.crm.streams]]
file = "lines.csv"
entity = "deal_line"
key = "id"
[sources.crm.streams.fields]
deal = "deal"
amount = "amount"
quantity = "quantity"

[[sources.crm.streams]]
file = "deals.csv"
entity = "deal"
key = "id"
[sources.crm.streams.fields]
name = "name"
status = "status"
salesperson = "owner"
amount = "amount"
created_on = "created"
closes_on = "closes"
probability = "chance"

[[sources.crm.streams]]
file = "contacts.csv"
entity = "contact"
key = "id"
[sources.crm.streams.fields]
family_name = "surname"

[[sources.crm.streams]]
file = "empty.csv"
entity = "product"
key = "id"
[sources.crm.streams.fields]
label = "label"

[sources.billing]
folder = "billing"
[[sources.billing.streams]]
file = "clients.csv"
entity = "customer"
key = "code"
[sources.billing.streams.fields]
name = "nom"
"""

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "sources.toml").write_text(CONFIG)
    crm = tmp_path / "crm"
    crm.mkdir()
    (tmp_path / "billing").mkdir()
    accounts = 'id,name,siren,city\n1,Éts Durand,732829320,Orléans\n2,Faux,732829321,Paris\n3,"Sur deux\nlignes",,Lyon\n4,Trop,,de,colonnes\n5,Dernier,,Nice\n'
    (crm / "accounts.csv").write_bytes(accounts.encode("cp1252"))
    (crm / "lines.csv").write_text("id,deal,amount,quantity\na,D1,100.00,3\nb,D1,50.00,-2\n")
    (crm / "deals.csv").write_text(
        "id,name,status,owner,amount,created,closes,chance\nD1,Atelier,open,7,12000,2026-10-05,2026-11-01,60\n"
        "D2,Quai,open,7,800,2026-11-02,2026-12-24,40\nD3,Halle,won,7,5000,2026-05-04,2026-06-30,100\n"
    )
    (crm / "contacts.csv").write_text("id,lastname\n1,Martin\n")
    (crm / "empty.csv").write_text("")
    return tmp_path


@pytest.fixture
def run(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    monkeypatch.setenv("DATABASE_URL", hub.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("MDM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MDM_LANGUAGE", "en")

    def once(*arguments: str | Path) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["mdm", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out + said.err

    yield once
    structlog.reset_defaults()


def test_bad_input_is_told_with_place_reason_and_fix_and_good_rows_go_on(run: Run, files: Path, hub: Hub) -> None:
    code, said = run("load", "--config", files / "sources.toml")
    assert code == 0
    for told in (
        "accounts.csv:3: siren: '732829321' has a wrong check digit; correct it at the source",
        "accounts.csv:6:",
        "lines.csv:3: quantity: '-2' is negative, and this quantity cannot be; correct the sign at the source",
        "empty.csv",
        "surname",
        "billing",
    ):
        assert told in said, told
    with hub.engine.connect() as db:
        names = set(
            db.execute(
                text("SELECT v.clean->>'name' FROM record r JOIN record_version v ON v.id = r.version_id WHERE r.entity = 'customer'")
            ).scalars()
        )
    assert names == {"Éts Durand", "Faux", "Sur deux lignes", "Dernier"}


def test_loading_the_same_again_changes_nothing(run: Run, files: Path) -> None:
    run("load", "--config", files / "sources.toml")
    code, said = run("load", "--config", files / "sources.toml")
    assert code == 0
    assert "Nothing has changed" in said


def test_a_config_with_a_slip_is_refused_before_anything_is_read(run: Run, files: Path) -> None:
    (files / "sources.toml").write_text(CONFIG.replace('siren = "siren"', 'sirem = "siren"'))
    code, said = run("load", "--config", files / "sources.toml")
    assert code == 2
    assert "sirem" in said
    assert "siren" in said
    assert "Traceback" not in said


def test_what_is_known_can_be_looked_at_and_taken_out(run: Run, files: Path, tmp_path: Path) -> None:
    run("load", "--config", files / "sources.toml")
    assert "customer" in run("status")[1]
    assert "wrong check digit" in run("status", "--problems")[1]
    assert run("report")[0] == 0
    out = tmp_path / "out" / "members.csv"
    assert run("export", "members", "--entity", "customer", "--out", out)[0] == 0
    with out.open(encoding="utf-8", newline="") as handle:
        found = list(csv.DictReader(handle))
    assert [sorted(row) for row in found[:1]] == [["golden_id", "key", "source"]]
    assert {(row["source"], row["key"]) for row in found} == {("crm", key) for key in "1235"}
    assert run("export", "golden", "--out", out)[0] == 2
    assert run("export", "everything", "--out", out)[0] == 2


def test_a_rebuild_says_that_nothing_changed(run: Run, files: Path) -> None:
    run("load", "--config", files / "sources.toml")
    code, said = run("rebuild")
    assert code == 0
    assert "none" in said


def test_what_is_stored_otherwise_than_it_would_be_made_is_told(run: Run, files: Path, hub: Hub) -> None:
    run("load", "--config", files / "sources.toml")
    code, said = run("verify")
    assert code == 0
    assert "Differences: 0" in said
    with hub.engine.begin() as db:
        db.execute(
            text(
                "UPDATE golden_version SET data = data || '{\"city\": \"Brest\"}', hash = 'x' WHERE entity = 'customer' AND data ->> 'city' = 'Nice'"
            )
        )
        db.execute(text("DELETE FROM outbox WHERE seq = 1"))
    code, said = run("verify")
    assert code == 1
    assert "Brest" in said
    assert "was never told of" in said


def test_init_writes_a_config_once(run: Run, tmp_path: Path) -> None:
    assert run("init", tmp_path / "mine")[0] == 0
    assert (tmp_path / "mine" / "sources.toml").exists()
    assert run("init", tmp_path / "mine")[0] == 2


def test_a_key_is_made_and_shown(run: Run) -> None:
    code, said = run("key", "a tool", "--role", "analyst")
    assert code == 0
    assert said.strip().startswith("mdm_")


def test_a_database_that_is_not_there_is_said_in_plain_words(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/none")
    code, said = run("status")
    assert code == 1
    assert "check DATABASE_URL" in said
    assert "secret" not in said
    assert "Traceback" not in said


def test_rulings_go_out_of_the_hub_and_into_it_again(run: Run, files: Path, hub: Hub) -> None:
    run("load", "--config", files / "sources.toml")
    lines = "entity,left_source,left_key,right_source,right_key,verdict\ncustomer,crm,1,crm,5,same\ncustomer,crm,1,crm,77,same\n"
    (files / "rulings.csv").write_text(lines)
    code, said = run("rule", files / "rulings.csv")
    assert code == 0
    assert "1 rulings taken over, 0 in force already, 1 left out" in said
    assert "rulings.csv:3: there is no customer crm:77" in said
    with hub.engine.connect() as db:
        query = "SELECT count(DISTINCT m.golden_id) FROM member m JOIN record r ON r.id = m.record_id WHERE r.key IN ('1', '5') AND m.known_to IS NULL"
        assert db.execute(text(query)).scalar_one() == 1
        assert db.execute(text("SELECT action FROM audit")).scalars().all() == ["decisions.imported"]
    assert run("export", "rulings", "--out", files / "out.csv")[0] == 0
    assert "customer,crm,1,crm,5,same" in (files / "out.csv").read_text().replace('"', "")
    assert "0 rulings taken over, 1 in force already, 0 left out" in run("rule", files / "out.csv")[1]


def test_open_deals_are_shown_with_what_speaks_against_them(run: Run, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No open deal." in run("deals")[1]
    run("load", "--config", files / "sources.toml")
    code, said = run("deals", "--as-of", "2026-11-23")
    assert code == 0
    assert "Atelier" in said
    assert "Quai" in said
    assert "1 ended deals: the rate of their stage." in said
    said = run("deals", "--as-of", "2026-11-23", "--at-risk")[1]
    assert "closing date passed 22 days" in " ".join(said.split())
    assert "Quai" not in said
    monkeypatch.setenv("MDM_LANGUAGE", "fr")
    assert "1 affaires closes : le taux de leur étape." in run("deals", "--as-of", "2026-11-23", "--most", "1")[1]


def test_an_event_log_is_written_as_json(run: Run, files: Path) -> None:
    run("load", "--config", files / "sources.toml")
    out = files / "log.json"
    assert run("export", "ocel", "--out", out, "--as-of", "2026-11-23")[0] == 0
    log = json.loads(out.read_text(encoding="utf-8"))
    assert [event["type"] for event in log["events"]] == ["create deal", "win deal", "create deal", "create deal"]
    assert {one["id"] for one in log["objects"] if one["type"] == "deal"} == {"crm:D1", "crm:D2", "crm:D3"}


def test_two_records_are_explained_in_words(run: Run, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("load", "--config", files / "sources.toml")
    code, said = run("explain", "customer", "crm:1", "crm:5")
    assert code == 0
    assert said.startswith("Two golden records: cus_")
    assert "Organisation names" in said or "names" in said.lower()
    monkeypatch.setenv("MDM_LANGUAGE", "fr")
    assert run("explain", "customer", "crm:1", "crm:5")[1].startswith("Deux références : cus_")
    assert run("explain", "customer", "crm:1", "crm")[0] == 2
    assert run("explain", "customer", "crm:1", "crm:none")[0] == 1


def test_a_report_and_an_export_are_printed_again_as_they_were_known(run: Run, files: Path) -> None:
    assert run("load", "--config", str(files / "sources.toml"))[0] == 0
    assert run("match")[0] == 0
    text = run("report", "--as-of", "2026-11-23")[1]
    found = re.search(r"by what the hub knew at (\S+)", text)
    assert found is not None
    known = found.group(1)
    run("export", "golden", "--entity", "customer", "--out", str(files / "then.csv"))
    accounts = files / "crm/accounts.csv"
    accounts.write_bytes(accounts.read_bytes().replace("Éts Durand".encode("cp1252"), "Autre Nom".encode("cp1252")))
    assert run("load", "--config", str(files / "sources.toml"))[0] == 0
    assert run("match")[0] == 0
    assert run("report", "--as-of", "2026-11-23", "--known-at", known)[1] in text
    run("export", "golden", "--entity", "customer", "--out", str(files / "again.csv"), "--known-at", known)
    run("export", "golden", "--entity", "customer", "--out", str(files / "now.csv"))
    then, again, now = ((files / f"{name}.csv").read_text() for name in ("then", "again", "now"))
    assert (then == again, then == now) == (True, False)
    assert run("export", "review", "--out", str(files / "x.csv"), "--known-at", known)[0] != 0
    for wrong in ("yesterday", "2026-11-23", "2999-01-01T00:00:00Z"):
        assert run("report", "--known-at", wrong)[0] != 0
