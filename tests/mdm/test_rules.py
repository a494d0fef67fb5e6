"""Rule sets: what they say, how they are written, and that what is wrong with them is told with what there is."""

from pathlib import Path

import pytest

from mdm.entities import MASTERS, Customer, Master
from mdm.errors import BadInput
from mdm.rules import Rule, RuleSet, checked, read, shown, written

SOURCES = frozenset({"crm", "billing"})


@pytest.mark.parametrize("entity", MASTERS, ids=lambda entity: entity.entity)
def test_what_is_declared_is_a_rule_set_that_changes_nothing(entity: type[Master]) -> None:
    declared = RuleSet(rules=shown({}, entity))
    assert checked(declared, entity, SOURCES) == declared
    assert declared.but_declared(entity) == RuleSet()
    assert all(declared.of(entity)[name] == rule for name, rule in RuleSet().of(entity).items())


def test_a_rule_changes_its_field_and_those_that_survive_with_it() -> None:
    changed = RuleSet(rules={"city": Rule(by=("recent",))}).of(Customer)
    assert {name for name, rule in changed.items() if rule.by == ("recent",)} == {"street", "postcode", "city", "country"}
    assert changed["street"].group == "address"
    assert changed["name"].collect == "names"


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    rules = {
        "name": Rule(by=("decay", "recent"), scores={"crm": 0.9, "billing": 1}, half_life_days=90),
        "siren": Rule(by=("verified", "trust"), trust=("billing", "crm"), registers=("crm",)),
    }
    (tmp_path / "rules.toml").write_text(written(Customer, rules), encoding="utf-8")
    assert read(tmp_path / "rules.toml") == ("customer", RuleSet(rules=rules))


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ({"nam": Rule(by=("recent",))}, r"nam: there is no field 'nam' in customer; there are name, siren"),
        ({"merged_into": Rule(by=("recent",))}, "there is no field 'merged_into'"),
        ({"name": Rule(by=("newest",))}, r"name.by: there is no strategy 'newest'; there are trust, decay"),
        ({"name": Rule(by=("trust",), trust=("crn",))}, r"name.trust: there is no source 'crn'; there are billing, crm"),
        ({"name": Rule(by=("decay",), scores={"crn": 1})}, "name.scores: there is no source 'crn'"),
        ({"name": Rule(by=("verified",), registers=("insee",))}, "name.registers: there is no source 'insee'"),
        ({"name": Rule(by=("decay",))}, "decay needs the scores"),
        ({"city": Rule(by=("recent",)), "street": Rule(by=("longest",))}, "street: it survives together with city"),
    ],
)
def test_what_is_wrong_is_told_with_what_there_is(rules: dict[str, Rule], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        checked(RuleSet(rules=rules), Customer, SOURCES)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("entity = ", "cannot be read as TOML"),
        ("[rules.name]\nby = ['recent']", "needs entity"),
        ("entity = 'customer'\n[rule.name]\nby = ['recent']", "needs entity"),
        ("entity = 'customer'\n[rules.name]\nby = []", "name.by: "),
        ("entity = 'customer'\n[rules.name]\nby = ['recent']\nuntil = 3", "name.until: Extra inputs"),
        ("entity = 'customer'\n[rules.name]\nby = ['decay']\nscores = {crm = nan}", "name.scores.crm"),
        ("entity = 'customer'\nrules = 3", "rules.toml: "),
    ],
)
def test_a_file_that_is_no_rule_set_is_refused(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "rules.toml").write_text(content, encoding="utf-8")
    with pytest.raises(BadInput, match=told):
        read(tmp_path / "rules.toml")


def test_a_rule_is_told_in_words() -> None:
    assert str(shown({}, Customer)["phone"]) == "trust, frequent, recent"
    assert str(Rule(by=("trust", "recent"), trust=("billing", "crm"))) == "trust (billing, crm), recent"
    assert str(Rule(by=("decay",), scores={"crm": 0.5}, half_life_days=30)) == "decay (crm 0.5, half in 30 days)"
