"""What hangs on records: counted, summed by currency, never added across them."""

from decimal import Decimal

import pytest
from sqlalchemy import Connection

from mdm.entities import FACTS, Contact, Customer, Invoice, Payment, Product, Project
from mdm.entities.delivery import Budget
from mdm.entities.selling import DealLine
from mdm.store import stakes
from mdm.store.stakes import Hanging, Impact
from tests.mdm.store.questions_world import World


@pytest.fixture
def world(db: Connection) -> World:
    return World(db)


def test_the_amount_of_a_fact_is_its_amount_without_tax() -> None:
    named = {fact.entity: (field.name if (field := stakes.amount_of(fact)) else None) for fact in FACTS}
    assert (named["invoice"], named["deal_line"], named["budget"], named["reminder"]) == ("net", "amount", "cost", None)
    assert stakes.amount_of(Payment) == stakes.amount_of(Payment) is not None
    assert {fact for fact, _ in stakes.references(Customer)} >= {Invoice, Payment}
    assert {fact for fact, _ in stakes.references(Product)} >= {DealLine}
    assert {fact for fact, _ in stakes.references(Project)} >= {Budget, Invoice}
    assert {field.name for _, field in stakes.references(Contact)} == {"contact"}


def test_facts_are_counted_and_summed_by_currency(world: World) -> None:
    one, other, third = (world.record(key=key) for key in ("a", "b", "c"))
    world.invoice("a", "1000.10")
    world.invoice("a", "-200", kind="credit_note")
    world.invoice("b", "500", currency="USD", rate="0.9")
    world.invoice("b", "70", currency="CHF")
    world.invoice("c", "9999")
    world.record("payment", customer="a", amount="300.00")
    world.record("deal", customer="b")
    world.record("invoice", "billing", customer="a", net="77")  # another source's customer a
    found = stakes.impact(world.db, Customer, [one, other], "EUR")
    assert {hanging.fact: hanging for hanging in found.facts} == {
        "invoice": Hanging("invoice", 4, {"CHF": Decimal(70), "EUR": Decimal("800.10"), "USD": Decimal(500)}),
        "payment": Hanging("payment", 1, {"EUR": Decimal("300.00")}),
        "deal": Hanging("deal", 1, {}),
    }
    assert found.stake == Decimal("1250.10")
    assert stakes.impact(world.db, Customer, [third], "EUR").stake == 9999
    assert stakes.impact(world.db, Customer, [], "EUR") == Impact((), Decimal(0))


def test_only_the_version_in_force_of_what_is_live_counts(world: World) -> None:
    one, other = world.record(key="a"), world.record(key="b")
    invoice = world.invoice("a", "100")
    world.version(invoice, customer="b", net="150")
    gone = world.invoice("a", "33")
    world.db.exec_driver_sql(f"UPDATE record SET deleted = true WHERE id = {gone}")
    assert stakes.impact(world.db, Customer, [one], "EUR") == Impact((), Decimal(0))
    assert stakes.impact(world.db, Customer, [other], "EUR") == Impact((Hanging("invoice", 1, {"EUR": Decimal(150)}),), Decimal(150))


def test_records_whose_facts_have_landed_since(world: World) -> None:
    one, other, third = (world.record(key=key) for key in ("a", "b", "c"))
    moved = world.invoice("a", "100")
    world.invoice("c", "100")
    newest = world.db.exec_driver_sql("SELECT max(id) FROM record_version").scalar_one()
    assert stakes.referred_since(world.db, Customer, newest).to_pylist() == []
    world.version(moved, customer="b", net="100")
    assert stakes.referred_since(world.db, Customer, newest).to_pylist() == [one, other]
    assert stakes.referred_since(world.db, Customer, 0).to_pylist() == [one, other, third]


def test_a_part_is_in_the_currency_of_its_whole(world: World) -> None:
    product = world.record("product", key="x")
    world.record("deal", key="d", currency="GBP")
    world.record("deal_line", deal="d", product="x", amount="12")
    world.record("deal_line", deal="none", product="x", amount="13")
    found = stakes.impact(world.db, Product, [product], "EUR")
    assert found.facts == (Hanging("deal_line", 2, {"EUR": Decimal(13), "GBP": Decimal(12)}),)
    assert found.stake == 13
    project = world.record("project", key="p")
    world.record("plan_line", project="p", amount="5")
    assert stakes.impact(world.db, Project, [project], "CHF").facts == (Hanging("plan_line", 1, {"CHF": Decimal(5)}),)


def test_a_lookup_goes_by_the_index(world: World) -> None:
    ids = [world.record(key=f"c{at}") for at in range(3)]
    many = """WITH made AS (INSERT INTO record (entity, source, key, version_id) SELECT 'invoice', 'crm', 'F' || i, 0 FROM generate_series(1, 20000) i
                            RETURNING id),
                   said AS (INSERT INTO record_version (record_id, load_id, hash, raw, clean)
                            SELECT id, 1, 'h', '{}', jsonb_build_object('customer', 'c' || id, 'net', '1') FROM made RETURNING id, record_id)
              SELECT count(*) FROM said"""
    assert world.db.exec_driver_sql(many).scalar_one() == 20000
    world.db.exec_driver_sql("UPDATE record SET version_id = v.id FROM record_version v WHERE v.record_id = record.id")
    world.db.exec_driver_sql("ANALYZE record, record_version")
    query = stakes.impact_query(Customer).replace(":ids", "'{" + ",".join(map(str, ids)) + "}'").replace(":own", "'EUR'")
    plan = "\n".join(world.db.exec_driver_sql("EXPLAIN " + query).scalars())
    assert "Index Scan using ix_record_version_customer" in plan
    assert "Seq Scan on record_version" not in plan
