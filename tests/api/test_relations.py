"""Groups, sites, people and what was sold: dated, and summed for a customer with or without its group."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mdm import pipeline
from sources import open_sources
from tests.api import world
from tests.api.served import Api
from tests.api.test_golden import page
from tests.api.world import write_table


def related(api: Api, entity: str, golden_id: str, **params: str) -> dict[str, Any]:
    """The relations of a golden record."""
    answer = api.get(f"/v1/golden/{entity}/{golden_id}/relations", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def of_kind(found: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Those of a kind."""
    return [item for item in found["items"] if item["kind"] == kind]


def test_what_hangs_on_a_customer(api: Api) -> None:
    customer, below = api.id_of("a00"), api.id_of("a06")
    found = related(api, "customer", customer)
    assert [(item["source"], item["key"]) for item in of_kind(found, "site")] == [("billing", "C1"), ("crm", "a00")]
    assert of_kind(found, "site")[1]["address"] == "3 rue des Tilleuls, 10000 Limoges, FR"
    assert [(item["id"], item["since"]) for item in of_kind(found, "subsidiary")] == [(below, "2026-07-15T08:00:00Z")]
    assert [item["name"] for item in of_kind(found, "contact")] == ["Odile Vergnaud"]
    assert {item["id"] for item in of_kind(found, "project")} == {api.id_of(key, "project", "billing") for key in ("P0", "P2")}
    assert [(item["key"], item["amount"]) for item in of_kind(found, "deal")] == [("d1", "5000.00")]
    (invoice,), (payment,) = of_kind(found, "invoice"), of_kind(found, "payment")
    assert (invoice["key"], invoice["of"], payment["key"], payment["of"]) == (
        "F1", api.id_of("P0", "project", "billing"), "R1", "billing:F1",
    )  # fmt: skip
    assert page(api, f"/v1/golden/customer/{customer}/relations", limit=2) == found["items"]
    assert [item["id"] for item in of_kind(related(api, "customer", below), "parent")] == [customer]


def test_a_customer_is_summed_with_and_without_its_group(api: Api) -> None:
    customer, below = api.id_of("a00"), api.id_of("a06")
    own = related(api, "customer", customer)
    assert own["rollup"] == [
        {
            "currency": "EUR", "invoiced": "6000.00", "paid": "7200.00", "outstanding": "0.00", "pipeline": "5000.00",
            "weighted": "2000.00", "cost": "2500.25", "margin": "3499.75",
        }
    ]  # fmt: skip
    assert own["group"] == {"top": customer, "members": [customer, below], "ring": []}
    assert related(api, "customer", below)["rollup"] == []
    assert related(api, "customer", below, rollup="group")["rollup"] == own["rollup"]


def test_what_hangs_on_a_project_and_a_contact(api: Api) -> None:
    found = related(api, "project", api.id_of("P0", "project", "billing"))
    assert [item["kind"] for item in found["items"]] == ["invoice", "payment"]
    (employer,) = related(api, "contact", api.id_of("p1", "contact"))["items"]
    assert (employer["kind"], employer["id"]) == ("employer", api.id_of("a01"))
    assert api.get(f"/v1/golden/product/{api.id_of('x0', 'product')}/relations").status_code == 422


def test_the_sums_of_all_customers_are_those_of_the_invoices(api: Api) -> None:
    every = page(api, "/v1/golden/customer")
    rows = [row for one in every for row in related(api, "customer", one["id"])["rollup"]]
    assert sum(Decimal(row["invoiced"]) for row in rows) == Decimal("7000.10")
    assert sum(Decimal(row["paid"]) for row in rows) == Decimal("7200.00")


DATED = 'version = "modified", fields = { given_name = "first", family_name = "last", email = "email", customer = "account" }'


@pytest.fixture
def moving(own: Api, tmp_path: Path) -> Api:
    """Maxence goes from a00 to a01 in May, and a07 and a08 each say that the other is above it."""
    world.write(tmp_path)
    plain = 'fields = { given_name = "first", family_name = "last", email = "email", customer = "account" }'
    config = tmp_path / "sources.toml"
    config.write_text(config.read_text(encoding="utf-8").replace(plain, DATED), encoding="utf-8")
    person = {"id": "p9", "first": "Maxence", "last": "Delorme", "email": "maxence.delorme@mail.example"}
    accounts = [row for row in world.accounts() if row["id"] != "gone"]
    rings = {"a07": "a08", "a08": "a07"}
    for at, account in (("2026-02-01T00:00:00Z", "a00"), ("2026-05-01T00:00:00Z", "a01")):
        write_table(tmp_path / "crm/people.csv", [{**person, "account": account, "modified": at}])
        pipeline.load(own.hub, open_sources(config))
    told = [{**row, "parent": rings.get(row["id"], row["parent"]), "modified": "2026-11-01T00:00:00Z"} for row in accounts]
    write_table(tmp_path / "crm/accounts.csv", told)
    world.read(own.hub, tmp_path)
    return own


def test_where_a_person_worked_from_when_to_when(moving: Api) -> None:
    person, before, after = moving.id_of("p9", "contact"), moving.id_of("a00"), moving.id_of("a01")
    found = related(moving, "contact", person)["items"]
    assert [(item["id"], item["since"], item["until"]) for item in found] == [
        (before, "2026-02-01T00:00:00Z", "2026-05-01T00:00:00Z"), (after, "2026-05-01T00:00:00Z", None),
    ]  # fmt: skip
    for day, employer in (("2026-03-01", before), ("2026-06-01", after)):
        assert [item["id"] for item in related(moving, "contact", person, as_of=day)["items"]] == [employer]
        values = moving.get(f"/v1/golden/contact/{person}", params={"as_of": day}).json()["values"]
        assert values["customer"] == employer
    assert person in {item["id"] for item in of_kind(related(moving, "customer", before), "contact")}
    assert person not in {item["id"] for item in of_kind(related(moving, "customer", before, as_of="2026-06-01"), "contact")}


def test_companies_above_each_other_are_one_group_and_it_is_told(moving: Api) -> None:
    ring = sorted([moving.id_of("a07"), moving.id_of("a08")])
    for one in ring:
        found = related(moving, "customer", one, rollup="group")["group"]
        assert (found["ring"], found["members"]) == (ring, ring)
    then = related(moving, "customer", ring[0], as_of="2026-10-15")["group"]
    assert then == {"top": ring[0], "members": [ring[0]], "ring": []}
