"""Reminders over the API: what is proposed, the letter, and invoices that are held."""

from typing import Any

import pytest
from sqlalchemy import text

from tests.api.served import Api

DAY = {"as_of": "2027-01-15"}
"""F2 of Transports Quéméner, due on 2 December 2026, is 44 days overdue."""
HOLD = {"source": "billing", "key": "F2", "kind": "dispute", "reason": "wrong quantity"}


def customer(api: Api) -> str:
    return api.id_of("C2", source="billing")


def proposals(api: Api) -> list[dict[str, Any]]:
    found = api.get("/v1/dunning/proposals", "analyst", params=DAY)
    assert found.status_code == 200, found.text
    return list(found.json()["items"])


def test_what_is_overdue_is_proposed_for_the_first_letter(api: Api) -> None:
    (found,) = proposals(api)
    assert (found["golden_customer_id"], found["level"], found["tone"], found["amount"]) == (customer(api), 1, "friendly", "1200.12")
    (claim,) = found["claims"]
    assert (claim["key"], claim["days_overdue"], claim["open"], claim["indemnity"]) == ("F2", 44, "1200.12", "40.00")
    assert claim["interest"] is None
    assert "MDM_REFINANCING_RATES" in found["missing_rate"]
    assert api.get("/v1/dunning/proposals").json()["items"] == []


def test_the_letter_in_both_forms_and_languages(api: Api) -> None:
    address = f"/v1/dunning/letters/{customer(api)}"
    page = api.get(address, params=DAY | {"language": "fr"})
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "<h1>Rappel de factures échues</h1>" in page.text
    assert "F2" in page.text
    plain = api.get(address, params=DAY | {"language": "en", "form": "text"})
    assert plain.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "Reminder of invoices past due" in plain.text
    assert "1,200.12" in plain.text


@pytest.mark.parametrize(
    ("key", "params", "status"),
    [
        ("C1", DAY, 404),
        ("C2", {}, 404),
        ("C2", DAY | {"form": "pdf"}, 422),
        ("C2", DAY | {"language": "de"}, 422),
        ("C2", DAY | {"more": "x"}, 422),
    ],
)
def test_there_is_no_letter(api: Api, key: str, params: dict[str, str], status: int) -> None:
    assert api.get(f"/v1/dunning/letters/{api.id_of(key, source='billing')}", params=params).status_code == status


def test_a_hold_freezes_an_invoice_until_it_is_released(own: Api) -> None:
    before = own.get("/v1/forecasts/receivables", params=DAY).json()["items"]
    made = own.post("/v1/dunning/holds", HOLD, "steward")
    assert made.status_code == 201, made.text
    hold = made.json()
    assert (hold["set_by"], hold["set_on"], hold["released_on"]) == ("a steward", "2026-11-23", None)
    (found,) = proposals(own)
    assert (found["level"], found["why"], found["claims"]) == (None, "dispute", [])
    assert [(one["key"], one["why"], one["reason"]) for one in found["frozen"]] == [("F2", "dispute", "wrong quantity")]
    assert own.get(f"/v1/dunning/letters/{customer(own)}", params=DAY).status_code == 404
    after = own.get("/v1/forecasts/receivables", params=DAY).json()["items"]
    assert after[0]["expected_on"] > before[0]["expected_on"]
    again = own.post("/v1/dunning/holds", HOLD | {"reason": "price"}, "steward").json()
    assert [one["id"] for one in own.get("/v1/dunning/holds", "analyst").json()["items"]] == [again["id"]]
    ended = own.delete(f"/v1/dunning/holds/{again['id']}", "steward").json()
    assert (ended["released_by"], ended["released_on"]) == ("a steward", "2026-11-23")
    assert proposals(own)[0]["level"] == 1
    assert own.delete(f"/v1/dunning/holds/{again['id']}").status_code == 409
    assert own.delete("/v1/dunning/holds/999").status_code == 404
    with own.hub.engine.connect() as db:
        assert db.execute(text("SELECT action FROM audit ORDER BY id")).scalars().all() == ["hold.set", "hold.set", "hold.released"]


def test_what_was_known_is_told_as_it_was_known(own: Api) -> None:
    known = own.get("/v1/dunning/proposals", params=DAY).json()
    own.post("/v1/dunning/holds", HOLD)
    assert proposals(own)[0]["level"] is None
    assert own.get("/v1/dunning/proposals", params=DAY | {"known_at": known["known_at"]}).json() == known


def test_lists_come_in_pages(own: Api) -> None:
    """Two holds of an invoice; of customers that owe, all together and one by one."""
    made = [own.post("/v1/dunning/holds", HOLD | {"kind": kind}).json()["id"] for kind in ("dispute", "promise")]
    first = own.get("/v1/dunning/holds", params={"limit": 1}).json()
    assert [one["id"] for one in first["items"]] == made[1:]
    second = own.get(first["next"]).json()
    assert ([one["id"] for one in second["items"]], second["next"]) == (made[:1], None)
    later = {"as_of": "2027-12-15"}
    wanted, address = own.get("/v1/dunning/proposals", params=later).json(), "/v1/dunning/proposals?as_of=2027-12-15&limit=1"
    found: list[dict[str, Any]] = []
    while address:
        page = own.get(address).json()
        assert (page["as_of"], len(page["items"])) == (later["as_of"], 1)
        found, address = [*found, *page["items"]], page["next"]
    assert found == wanted["items"]
    assert own.get("/v1/dunning/proposals", params=later | {"cursor": "x"}).status_code == 422


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"key": "F9"}, 404), ({"source": "crm"}, 404), ({"kind": "mood"}, 422), ({"until": "2026-11-22"}, 422), ({"reason": ""}, 422),
        ({"until": "soon"}, 422), ({"why": "x"}, 422),
    ],
)  # fmt: skip
def test_holds_that_cannot_be_are_refused(api: Api, changed: dict[str, str], status: int) -> None:
    assert api.post("/v1/dunning/holds", HOLD | changed).status_code == status


def test_receivables_are_listed_with_what_they_rest_on(api: Api) -> None:
    found = api.get("/v1/forecasts/receivables", "analyst", params={"filter[golden_customer_id]": customer(api)})
    (row,) = found.json()["items"]
    assert (row["document"], row["open"], row["bucket"], row["rests_on"]) == ("billing:F2", "1200.12", "not due", "all")
    assert row["expected_p10"] <= row["expected_on"] <= row["expected_p90"]
    assert api.get("/v1/forecasts/receivables", params={"filter[rests_on]": "customer"}).json()["items"] == []


def test_ageing_and_days_of_sales(api: Api) -> None:
    total, of_customer = api.get("/v1/forecasts/ageing", params=DAY).json()["items"]
    assert (total["golden_customer_id"], total["days_31_60"], of_customer["golden_customer_id"]) == (None, "1200.12", customer(api))
    assert api.get("/v1/forecasts/ageing-history", params=DAY).json()["items"][-1]["on"] == "2027-01-15"
    assert api.get("/v1/forecasts/dso", params=DAY).json()["items"][-1]["dso"] == 75.0
    weeks = [row for row in api.get("/v1/forecasts/collections", params=DAY).json()["items"] if row["period"] == "week"]
    assert len(weeks) == 52
    assert weeks[0]["due"] == 1200.12
