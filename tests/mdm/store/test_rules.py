"""Rule sets in the database: versions, what was in force when, and what waits after a change."""

from datetime import UTC, datetime

from sqlalchemy import Connection, text

from mdm.entities import Customer
from mdm.rules import Rule, RuleSet, shown
from mdm.store import pending, rules

RECENT = RuleSet(rules={"phone": Rule(by=("recent",))})


def test_a_change_is_a_version_and_every_golden_record_waits(db: Connection) -> None:
    db.execute(text("INSERT INTO member (record_id, golden_id, entity, run_id) VALUES (1, 'g', 'customer', 0), (2, 'p', 'product', 0)"))
    assert rules.version(db, "customer") is None
    assert rules.in_force(db, Customer) == {}
    made = rules.put(db, Customer, RECENT, "why", "Awa")
    assert made is not None
    assert (made.rules, made.reason, made.made_by) == (RECENT, "why", "Awa")
    assert rules.in_force(db, Customer)["phone"].by == ("recent",)
    assert rules.in_force(db, Customer)["name"].by == ("frequent", "trust", "longest")
    assert (pending.count(db, "customer"), pending.count(db, "product")) == (1, 0)


def test_the_same_rules_again_make_no_version(db: Connection) -> None:
    first = rules.put(db, Customer, RECENT, None, "Awa")
    pending.clear(db, "customer")
    whole = RuleSet(rules=shown(rules.in_force(db, Customer), Customer))
    assert rules.put(db, Customer, whole, None, "Bea") == first
    assert pending.count(db, "customer") == 0


def test_nothing_happens_where_the_declarations_are_put_in_force(db: Connection) -> None:
    assert rules.put(db, Customer, RuleSet(rules=shown({}, Customer)), None, "Awa") is None
    rules.put(db, Customer, RECENT, None, "Awa")
    back = rules.put(db, Customer, RuleSet(), None, "Awa")
    assert back is not None
    assert rules.in_force(db, Customer)["phone"].by == ("trust", "frequent", "recent")


def test_what_was_in_force_is_known(db: Connection) -> None:
    made = rules.put(db, Customer, RECENT, None, "Awa")
    assert made is not None
    db.execute(text("UPDATE rule_set SET known_from = '2026-01-10Z'"))
    second = rules.put(db, Customer, RuleSet(rules={"phone": Rule(by=("longest",))}), None, "Awa")
    assert second is not None
    when = [rules.version(db, "customer", datetime(2026, 1, day, tzinfo=UTC)) for day in (9, 10)]
    assert [version and version.id for version in when] == [None, made.id]
    assert rules.version(db, "customer") == second


def test_a_field_that_the_declaration_has_lost_is_passed_over(db: Connection) -> None:
    db.execute(
        text("INSERT INTO rule_set (entity, rules, made_by) VALUES ('customer', CAST(:rules AS jsonb), 'Awa')"),
        {"rules": '{"fax": {"by": ["recent"]}}'},
    )
    assert "fax" not in rules.in_force(db, Customer)
