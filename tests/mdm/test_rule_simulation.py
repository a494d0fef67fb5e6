"""A simulation says what applying the rules then does, and writes nothing."""

import csv
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from mdm import exports, pipeline
from mdm.entities import Customer
from mdm.exports import EXPORTS, Wanted
from mdm.pipeline import Hub
from mdm.rule_simulation import simulate
from mdm.rules import Rule, RuleSet
from mdm.store import masters, pins, rules
from sources import open_sources

CONFIG = """
[sources.crm]
folder = "crm"
[[sources.crm.streams]]
file = "accounts.csv"
entity = "customer"
key = "id"
version = "changed"
[sources.crm.streams.fields]
name = "name"
siren = "siren"
phone = "phone"
city = "city"
parent = "parent"
"""
ACCOUNTS = """id,name,siren,phone,city,changed,parent
a1,Menuiserie Roussel,732829320,0199001122,Rennes,2026-01-01,b1
a2,Menuiserie Roussel SARL,732829320,0199001133,Nantes,2026-02-01,
b1,Transports Keller,404833048,0353014455,Metz,2026-01-01,
"""
LATE = RuleSet(rules={"phone": Rule(by=("minimum",)), "name": Rule(by=("longest",)), "city": Rule(by=("recent",))})
EARLY = RuleSet(rules={"phone": Rule(by=("maximum",)), "name": Rule(by=("minimum",)), "city": Rule(by=("minimum",))})


@pytest.fixture
def company(hub: Hub, tmp_path: Path) -> Hub:
    """Three records, two of one customer."""
    (tmp_path / "crm").mkdir()
    (tmp_path / "sources.toml").write_text(CONFIG)
    (tmp_path / "crm" / "accounts.csv").write_text(ACCOUNTS)
    pipeline.load(hub, open_sources(tmp_path / "sources.toml"))
    pipeline.resolve(hub)
    return hub


def golden(hub: Hub) -> dict[str, dict[str, Any]]:
    with hub.engine.connect() as db:
        return {row.golden_id: row.data for row in db.execute(text("SELECT golden_id, data FROM golden_version WHERE known_to IS NULL"))}


def applied(hub: Hub, asked: RuleSet) -> None:
    with hub.engine.begin() as db:
        rules.put(db, Customer, asked, None, "Awa")
    pipeline.resolve(hub, force=True)


@pytest.mark.parametrize("asked", [LATE, EARLY, RuleSet()])
def test_it_says_what_applying_then_does(company: Hub, asked: RuleSet) -> None:
    applied(company, EARLY if asked is LATE else LATE)
    before = golden(company)
    with company.engine.connect() as db:
        found = simulate(db, Customer, asked)
    assert golden(company) == before
    applied(company, asked)
    after = golden(company)
    changed = {
        (golden_id, name): (before[golden_id].get(name), after[golden_id].get(name))
        for golden_id in before
        for name in before[golden_id].keys() | after[golden_id].keys()
        if before[golden_id].get(name) != after[golden_id].get(name)
    }
    assert changed
    assert {(one.golden_id, one.field): (one.old, one.new) for one in found.examples} == changed
    assert sum(found.fields.values()) == len(changed)
    assert (found.golden, found.changed) == (2, 1)
    if asked is LATE:
        assert {one.rule for one in found.examples if one.field == "phone"} == {"minimum"}


def test_the_rules_in_force_would_change_nothing(company: Hub) -> None:
    applied(company, LATE)
    with company.engine.connect() as db:
        assert simulate(db, Customer, LATE).changed == 0


def test_what_is_pinned_does_not_move(company: Hub) -> None:
    with company.engine.begin() as db:
        record = masters.members(db, "customer")["record_id"][0].as_py()
        pins.make(db, "customer", record, "city", "Brest", "because", "Awa")
        assert "city" not in simulate(db, Customer, EARLY).fields


def test_examples_are_few_where_few_are_asked_for(company: Hub) -> None:
    applied(company, LATE)
    with company.engine.connect() as db:
        found = simulate(db, Customer, EARLY, examples=0)
    assert found.examples == ()
    assert found.fields["phone"] == 1


def test_lists_go_out_with_golden_records(company: Hub, tmp_path: Path) -> None:
    wanted = Wanted(company.settings, company.now().date(), Customer)
    with company.engine.connect() as db:
        table = EXPORTS["golden"](db, wanted)
    exports.write(table, tmp_path / "golden.csv")
    exports.write(table, tmp_path / "golden.parquet")
    with (tmp_path / "golden.csv").open(encoding="utf-8", newline="") as handle:
        rows = {row["siren"]: row for row in csv.DictReader(handle)}
    assert set(rows["732829320"]["phones"].removeprefix("'").split(" | ")) == {"+33199001122", "+33199001133"}
    assert rows["404833048"]["phones"] == "+33353014455"
    assert rows["404833048"]["emails"] == ""
