"""Open deals, salespeople and the process of selling: as the forecasts say them."""

from decimal import Decimal

from mdm import cards
from mdm.forecast.deals.process import conformance
from mdm.forecast.deals.winning import winning
from mdm.store import facts, moment
from tests.api.served import Api
from tests.api.test_reports import TODAY, everything


def test_open_deals_are_those_of_the_forecast(api: Api) -> None:
    with api.hub.engine.connect() as db:
        told = winning(facts.frames(db), TODAY).to_pylist()
    found = everything(api, "/v1/forecasts/deals", limit=1)
    assert [row["deal"] for row in found] == [f"{row['source']}:{row['key']}" for row in told]
    for row, said in zip(found, told, strict=True):
        assert (row["probability"], row["rung"], row["closed"]) == (said["probability"], said["rung"], said["closed"])
        assert row["months"] == said["months"]
        assert Decimal(row["amount"]) == said["amount"]


def test_deals_are_filtered_and_sorted(api: Api) -> None:
    at_risk = everything(api, "/v1/forecasts/deals", **{"filter[at_risk]": "true"})
    rest = everything(api, "/v1/forecasts/deals", **{"filter[at_risk]": "false"})
    assert len(at_risk) + len(rest) == len(everything(api, "/v1/forecasts/deals", sort="-at_risk", limit=1)) > 0
    chances = [row["probability"] for row in everything(api, "/v1/forecasts/deals", sort="-probability")]
    assert chances == sorted(chances, reverse=True)
    assert api.get("/v1/forecasts/deals", params={"sort": "months"}).status_code == 422
    assert api.get("/v1/forecasts/deals", params={"filter[months]": "1"}).status_code == 422


def test_salespeople_and_the_process(api: Api) -> None:
    calibrated = api.get("/v1/forecasts/salespeople", params={"as_of": "2026-11-23"}).json()
    assert (calibrated["as_of"], calibrated["items"]) == ("2026-11-23", [])  # nobody enters probabilities of deals there
    found = api.get("/v1/forecasts/sales-process").json()
    with api.hub.engine.connect() as db:
        steps = conformance(facts.frames(db), TODAY).to_pylist()
    assert [(row["step"], row["deviation"], row["deals"]) for row in found["conformance"]] == [
        (row["step"], row["deviation"], row["deals"]) for row in steps
    ]
    assert {row["golden_salesperson_id"] for row in found["stages"]} > {None}


def test_the_model_card_is_what_was_found_last(own: Api) -> None:
    assert own.get("/v1/model-card").json() == {"parts": []}
    with own.hub.engine.begin() as db:
        before = moment.now(db)
    cards.renew(own.hub, "1.0", ["payments"])
    cards.renew(own.hub, "1.1", ["orders", "payments"])
    found = own.get("/v1/model-card").json()["parts"]
    assert [(part["part"], part["version"], part["as_of"]) for part in found] == [
        ("payments", "1.1", "2026-11-23"),
        ("orders", "1.1", "2026-11-23"),
    ]
    assert all(score["n"] > 0 for part in found for score in part["scores"])
    assert own.get("/v1/model-card", params={"known_at": before.isoformat()}).json() == {"parts": []}
