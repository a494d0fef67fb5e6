"""What if, through the API: the base, levers beside it, kept scenarios, targets, floors; mistakes say what they are."""

from decimal import Decimal
from typing import Any

import pytest

from tests.api.served import Api
from tests.api.world import NOW

FEWER = {"name": "A fifth fewer wins", "levers": [{"kind": "probability", "value": -0.2}]}
DEARER = {"name": "Dearer", "levers": [{"kind": "price", "value": 0.1}]}


def simulated(api: Api, **asked: Any) -> dict[str, Any]:
    """The answer of the simulator."""
    found: dict[str, Any] = api.post("/v1/simulations", asked).json()
    return found


def total(answer: dict[str, Any], measure: str) -> Decimal:
    """What is known of a measure, on average."""
    return next(Decimal(one["total"]["mean"]) for one in answer["measures"] if one["measure"] == measure)


def test_the_months_ahead_and_what_levers_do_to_them(api: Api) -> None:
    found = simulated(api, scenarios=[FEWER, DEARER], periods=24, tornado="bookings", drivers="bookings")
    base, fewer, dearer = found["answers"]
    assert [base["name"], fewer["name"], dearer["name"]] == ["base", "A fifth fewer wins", "Dearer"]
    assert [one["measure"] for one in base["measures"]] == ["bookings", "revenue", "cost", "margin", "billing", "cash"]
    assert found["as_of"] == NOW.date().isoformat()
    assert len(base["measures"][0]["periods"]) == 24
    before = total(base, "bookings")
    assert before > 0
    assert total(fewer, "bookings") < before < total(dearer, "bookings")
    assert abs(total(dearer, "bookings") / before - Decimal("1.1")) < Decimal("0.001")
    assert found["tornado"][0]["lever"]
    assert [driver["deal"] for driver in found["drivers"]] == ["crm:d1"]


def test_the_same_question_is_answered_the_same(api: Api) -> None:
    assert simulated(api, scenarios=[FEWER]) == simulated(api, scenarios=[FEWER])


def test_a_kept_scenario_is_answered_as_when_it_was_kept(own: Api) -> None:
    kept = own.post("/v1/scenarios", {**DEARER, "periods": 6}).json()
    assert kept["id"].startswith("scn_")
    first = own.get(f"/v1/scenarios/{kept['id']}/answer").json()
    assert [one["name"] for one in first["answers"]] == ["base", "Dearer"]
    assert own.get(f"/v1/scenarios/{kept['id']}").json() == kept
    assert own.get("/v1/scenarios").json() == {"items": [kept], "next": None}
    with own.hub.engine.begin() as db:
        db.exec_driver_sql("UPDATE record SET deleted = true WHERE entity = 'deal'")
    assert own.get(f"/v1/scenarios/{kept['id']}/answer").json() == first
    assert own.get("/v1/scenarios/scn_nothing").status_code == 404


def test_a_target_is_reached_with_the_chance_that_was_asked(api: Api) -> None:
    wanted = float(total(simulated(api)["answers"][0], "bookings")) * 1.05
    asked = {"lever": {"kind": "price", "value": 0}, "low": 0, "high": 2, "measure": "bookings", "target": wanted, "confidence": 0.3}
    value = api.post("/v1/goal-seeks", asked).json()["value"]
    assert value is not None
    reached = simulated(api, scenarios=[{"name": "so", "levers": [{"kind": "price", "value": value}]}], targets={"bookings": wanted})
    assert next(one["reached"] for one in reached["answers"][1]["measures"] if one["measure"] == "bookings") >= 0.3


def test_how_far_a_price_may_go_down(api: Api) -> None:
    """A quote that no system knows; the sentence is in the language that was asked for. A deal whose cost nobody knows is told."""
    asked = {"lines": [{"product": api.id_of("x0", "product"), "quantity": 10, "price": 9500}], "overhead": 0, "margin": 0.3}
    found = api.post("/v1/negotiations", {**asked, "language": "fr"}).json()
    floors = {level: Decimal(value) for level, value in found["floors"].items()}
    assert floors["cash"] <= floors["contribution"] <= floors["full"]
    assert Decimal(found["price"]) - floors["full"] == Decimal(found["room"]["full"])
    assert "Vous pouvez descendre" in found["sentence"]
    assert Decimal(found["cost"]) > 4000
    dearer = api.post("/v1/negotiations", {**asked, "price": 19_000}).json()
    assert dearer["floors"] == found["floors"]
    assert dearer["margin_sure"] > found["margin_sure"]
    unknown = api.post("/v1/negotiations", {"deal": "crm:d1"})
    assert unknown.status_code == 422
    assert "nobody knows the cost" in unknown.text


@pytest.mark.parametrize(
    ("path", "asked", "said"),
    [
        ("/v1/simulations", {"scenarios": [FEWER] * 4}, "scenarios"),
        ("/v1/simulations", {"scenarios": [{"name": "x", "levers": [{"kind": "magic", "value": 1}]}]}, "kind"),
        ("/v1/simulations", {"scenarios": [{"name": "x", "levers": [{"kind": "outcome", "value": 0.5}]}]}, "outcome"),
        ("/v1/simulations", {"periods": 0}, "periods"),
        ("/v1/simulations", {"known_at": "2999-01-01T00:00:00Z"}, "not known yet"),
        ("/v1/goal-seeks", {"lever": {"kind": "outcome", "value": 1}, "low": 0, "high": 1, "target": 1}, "outcome"),
        ("/v1/negotiations", {}, "one of the two"),
        ("/v1/negotiations", {"deal": "nothing"}, "source:key"),
    ],
)
def test_a_mistake_is_told(api: Api, path: str, asked: dict[str, Any], said: str) -> None:
    found = api.post(path, asked)
    assert found.status_code == 422
    assert said in found.text


def test_a_deal_that_there_is_not(api: Api) -> None:
    assert api.post("/v1/negotiations", {"deal": "crm:nothing"}).status_code == 404
