"""Everything that is read can be read as it was known, and reports asked for again are the same to the byte."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from mdm import pipeline
from mdm.entities import Project
from mdm.store import moment
from tests.api import world
from tests.api.served import Api
from tests.api.world import number, write_table
from tests.rulings import revoked, ruled


def at(api: Api) -> str:
    """An instant of which is settled what is known."""
    with api.hub.engine.connect() as db:
        return moment.settled(db).isoformat()


def changed(api: Api, root: Path) -> None:
    """A customer is called otherwise, another deleted; two that were joined are separated, two projects become one."""
    world.write(root)
    accounts = {row["id"]: row for row in world.accounts() if row["id"] not in {"gone", "a05"}}
    accounts["a01"] |= {"name": "Ponant Logistique", "city": "Nantes", "modified": "2026-11-01T08:00:00Z"}
    write_table(root / "crm/accounts.csv", accounts.values())
    clients = world.clients()
    clients[1] |= {"name": "Ponant Logistique"}
    write_table(root / "billing/clients.csv", clients)
    write_table(root / "billing/costs.csv", [{"id": "K1", "kind": "purchase", "date": "2026-04-01", "project": "P0", "amount": "9999.99"}])
    with api.hub.engine.begin() as db:
        revoked(api.hub, db, 1)
        pair = (number(db, "P1", "project", "billing"), number(db, "P2", "project", "billing"))
        ruled(api.hub, db, pair, "same", Project)
    world.read(api.hub, root)
    pipeline.resolve(api.hub, force=True)


def reads(api: Api) -> list[str]:
    """Addresses of everything that is kept, by ids that there are."""
    ids = {key: api.id_of(key) for key in ("a00", "a01", "a02", "a05", "gone")}
    old = api.get(f"/v1/ids/{ids['a02']}").json()["aliases"][0]
    paths = [f"/v1/golden/customer/{one}{part}" for one in (*ids.values(), old) for part in ("", "/members", "/lineage", "/history")]
    paths += [f"/v1/ids/{one}" for one in (*ids.values(), old)]
    paths += [f"/v1/xref?entity=customer&source=crm&key={key}" for key in ids]
    paths += [f"/v1/golden/{entity}?limit=1000" for entity in ("customer", "contact", "product", "project", "salesperson")]
    paths += ["/v1/golden/customer?sort=-name&filter[city]=Brest", "/v1/decisions", "/v1/decisions/1"]
    return paths


REPORTS = (
    "/v1/projects/profitability",
    "/v1/forecasts/billing",
    "/v1/forecasts/cash",
    "/v1/forecasts/pipeline",
    "/v1/leakage-findings",
    "/v1/forecasts/deals",
    "/v1/forecasts/salespeople",
    "/v1/forecasts/sales-process",
)


def asked(api: Api, path: str, **more: str) -> httpx.Response:
    """An address with more parameters."""
    return api.get(path if not more else f"{path}{'&' if '?' in path else '?'}{httpx.QueryParams(more)}")


def plain(answer: httpx.Response) -> dict[str, Any]:
    """Without the address of the old id's new place, which repeats the question."""
    return {"status": answer.status_code, "body": answer.json()}


def test_what_was_read_then_is_read_again_whatever_has_happened(own: Api, tmp_path: Path) -> None:
    then, paths = at(own), reads(own)
    before = {path: plain(asked(own, path)) for path in paths}
    changed(own, tmp_path)
    assert {path: plain(asked(own, path, known_at=then)) for path in paths} == before
    now = {path: plain(asked(own, path)) for path in paths}
    assert sum(now[path] != before[path] for path in paths) > 15


def test_reports_are_reprinted_to_the_byte(own: Api, tmp_path: Path) -> None:
    before = {path: own.get(path) for path in REPORTS}
    project = own.id_of("P0", "project", "billing")
    one = own.get(f"/v1/projects/{project}/profitability")
    changed(own, tmp_path)
    for path, answer in before.items():
        told = answer.json()
        again = own.get(path, params={"as_of": told["as_of"], "known_at": told["known_at"]})
        assert again.content == answer.content, path
    again = own.get(f"/v1/projects/{project}/profitability", params={"known_at": one.headers["Known-At"]})
    assert (again.content, again.headers["Known-At"]) == (one.content, one.headers["Known-At"])
    assert own.get(f"/v1/projects/{project}/profitability").json()["cost_to_date"] == "9999.99"


def test_a_report_holds_nothing_of_a_transaction_under_way_nor_does_it_change_when_that_ends(own: Api) -> None:
    with own.hub.engine.begin() as slow:
        slow.execute(text("SELECT now()"))
        slow.execute(text("""UPDATE record_version SET clean = clean WHERE id = 1"""))
        told = own.get("/v1/forecasts/cash").json()
        started = slow.execute(text("SELECT now()")).scalar_one()
        assert datetime.fromisoformat(told["known_at"]) < started
        pressed = own.get("/v1/forecasts/cash", params={"known_at": datetime.now(UTC).isoformat()}).json()
        assert pressed == told, "what is not settled yet is answered as of what is"
    assert datetime.fromisoformat(own.get("/v1/forecasts/cash").json()["known_at"]) > started


def test_pages_of_a_report_are_of_one_knowledge(own: Api, tmp_path: Path) -> None:
    first = own.get("/v1/projects/profitability", params={"limit": 1}).json()
    whole = own.get("/v1/projects/profitability", params={"known_at": first["known_at"]}).json()
    changed(own, tmp_path)
    second = own.get(first["next"]).json()
    assert (second["known_at"], second["items"]) == (first["known_at"], whole["items"][1:2])


def test_before_anything_was_known_nothing_is(api: Api) -> None:
    ids = api.id_of("a00")
    early = "2026-01-01T00:00:00Z"
    assert api.get("/v1/golden/customer", params={"known_at": early}).json()["items"] == []
    for path in (f"/v1/golden/customer/{ids}", f"/v1/ids/{ids}", "/v1/xref?entity=customer&source=crm&key=a00", "/v1/decisions/1"):
        assert asked(api, path, known_at=early).status_code == 404
    assert api.get("/v1/projects/profitability", params={"known_at": early}).json()["items"] == []


def test_the_future_and_what_is_no_instant_are_refused(api: Api) -> None:
    future = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    for path in (*reads(api), *REPORTS, f"/v1/golden/customer/{api.id_of('a00')}/relations"):
        answer = asked(api, path, known_at=future)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/query/known_at"), path
        assert asked(api, path, known_at="2026-01-01T00:00:00").status_code == 422, "without an offset it is no instant"
    batch = api.post(f"/v1/golden/customer:batch-get?known_at={future.replace('+', '%2B')}", {"ids": ["cus_none"]})
    assert batch.status_code == 422


@pytest.mark.parametrize("wrong", [{"q": "menuiserie"}, {"sort": "name"}, {"filter[city]": "Brest"}])
def test_a_list_as_of_the_world_has_neither_order_nor_filter(api: Api, wrong: dict[str, str]) -> None:
    assert api.get("/v1/golden/customer", params={"as_of": "2026-06-01", **wrong}).status_code == 422


def test_values_as_of_an_instant_of_the_world(own: Api, tmp_path: Path) -> None:
    changed(own, tmp_path)
    customer = own.id_of("a01")
    path = f"/v1/golden/customer/{customer}"
    assert own.get(path).json()["values"]["name"] == "Ponant Logistique"
    before = own.get(path, params={"as_of": "2026-10-31"}).json()
    assert (before["values"]["name"], before["values"]["city"], before["members"]) == ("Transports Quéméner", "Brest", 1)
    (listed,) = [item for item in own.get("/v1/golden/customer", params={"as_of": "2026-10-31"}).json()["items"] if item["id"] == customer]
    assert listed == before
    told = own.get(f"{path}/lineage", params={"as_of": "2026-10-31", "field": "city"}).json()["items"]
    assert [(item["value"], item["chosen"]["key"], item["chosen"]["agrees"]) for item in told] == [("Brest", "a01", True)]
    assert [item["key"] for item in own.get(f"{path}/members", params={"as_of": "2026-10-31"}).json()["items"]] == ["a01"]
    assert own.get(path, params={"as_of": "2020-01-01"}).status_code == 404
