"""Findings over the API: what people say of them, what the data say, and what they come to."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import text

from mdm import pipeline
from sources import open_sources
from tests.api import world
from tests.api.served import Api

PATH = "/v1/leakage-findings"


def listed(api: Api, **params: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(PATH, params=params).json()["items"]
    return found


def test_a_finding_tells_who_is_to_do_what_since_when(api: Api) -> None:
    found = listed(api)
    assert found
    for row in found:
        assert row["state"] == "open"
        assert row["owner_role"] in {"salesperson", "lead", "accounting"}
        assert row["first_seen"] is not None
        assert row["action_fr"] != row["action_en"]
        assert row["link_first"] is False
        assert row["age_days"] >= 0


def test_what_is_said_of_a_finding_is_kept_and_shown(own: Api) -> None:
    first, *_ = listed(own)
    path = f"{PATH}/{first['id']}"
    assert own.call("PATCH", path, "analyst", json={"state": "accepted"}).status_code == 403
    answer = own.call("PATCH", path, "steward", json={"state": "accepted", "reason": "next month", "owner": "Claire"})
    assert answer.status_code == 200, answer.text
    (row,) = listed(own, **{"filter[state]": "accepted"})
    assert (row["id"], row["owner"], row["reason"], row["marked_by"]) == (first["id"], "Claire", "next month", "a steward")
    own.call("PATCH", path, "steward", json={"state": "false_alarm", "reason": "billed by the parent"})
    history = own.get(f"{path}/history", "analyst").json()
    assert [(one["state"], one["owner"], one["reason"]) for one in history["items"]] == [
        ("accepted", "Claire", "next month"),
        ("false_alarm", "Claire", "billed by the parent"),
    ]
    with own.hub.engine.connect() as db:
        assert db.execute(text("SELECT object FROM audit WHERE action = 'finding.marked'")).scalars().all() == [first["id"]] * 2


def test_what_cannot_be_said(own: Api) -> None:
    first, *_ = listed(own)
    for wrong in ({"state": "false_alarm"}, {"state": "lost"}, {}, {"colour": "red"}, {"owner": ""}):
        assert own.call("PATCH", f"{PATH}/{first['id']}", "steward", json=wrong).status_code == 422, wrong
    assert own.call("PATCH", f"{PATH}/leak_none", "steward", json={"state": "accepted"}).status_code == 404
    assert own.get(f"{PATH}/leak_none/history").status_code == 404


def test_a_finding_whose_data_were_mended_is_fixed_and_open_again_when_it_returns(own: Api, tmp_path: Path) -> None:
    world.write(tmp_path)
    won = (tmp_path / "crm/deals.csv").read_text(encoding="utf-8")
    before = {row["id"] for row in listed(own)}
    (first,) = [row for row in listed(own) if row["slug"] == "won_deal_without_project"]
    load(own, tmp_path, won.replace(",won,", ",open,"))
    now = {row["id"] for row in listed(own)}
    assert first["id"] not in now
    (fixed,) = listed(own, **{"filter[state]": "fixed", "filter[slug]": "won_deal_without_project"})
    assert (fixed["id"], fixed["marked_by"], fixed["recovered"], fixed["amount"]) == (first["id"], "hub", None, first["amount"])
    load(own, tmp_path, won)
    assert {row["id"] for row in listed(own)} >= before
    assert [one["state"] for one in own.get(f"{PATH}/{first['id']}/history").json()["items"]] == ["fixed", "open"]


def load(api: Api, root: Path, deals: str) -> None:
    (root / "crm/deals.csv").write_text(deals, encoding="utf-8")
    pipeline.load(api.hub, open_sources(root / "sources.toml"))


def test_totals_are_those_of_the_list(own: Api) -> None:
    rows = listed(own)
    own.call("PATCH", f"{PATH}/{rows[0]['id']}", "steward", json={"state": "accepted"})
    found = own.get(f"{PATH}/totals", "analyst").json()
    totals = {(one["by"], one["value"]): one for one in found["items"]}
    everything = totals["all", None]
    assert Decimal(everything["at_risk"]) == sum(Decimal(row["amount"]) for row in rows[1:])
    assert Decimal(everything["accepted"]) == Decimal(rows[0]["amount"])
    assert everything["open"] == len(rows) - 1
    for by in ("check", "owner"):
        assert sum(Decimal(one["at_risk"]) for (sort, _), one in totals.items() if sort == by) == Decimal(everything["at_risk"])
    assert found["currency"] == "EUR"


def test_as_it_was_known_before_it_was_said(own: Api) -> None:
    first, *_ = listed(own)
    own.call("PATCH", f"{PATH}/{first['id']}", "steward", json={"state": "accepted"})
    then = {row["id"]: row["state"] for row in listed(own, known_at="2026-11-23T08:59:00Z")}
    assert then.get(first["id"], "open") == "open"


def test_asked_for_again_at_its_instant_a_list_is_the_same(own: Api) -> None:
    first, *_ = listed(own)
    own.call("PATCH", f"{PATH}/{first['id']}", "steward", json={"state": "accepted", "owner": "Claire"})
    told = own.get(PATH).json()
    own.call("PATCH", f"{PATH}/{first['id']}", "steward", json={"state": "open", "owner": "Paul"})
    again = own.get(PATH, params={"as_of": told["as_of"], "known_at": told["known_at"]}).json()
    assert again == told
    assert own.get(PATH).json()["items"] != told["items"]
