"""What projects earn, what is ahead, where money leaks: as the reports say it, and no figure rounded on the way."""

from datetime import date
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import text

from api import figures
from mdm import pipeline
from mdm.entities import Project
from mdm.forecast.leakage import leakage
from mdm.forecast.profitability import profitability
from mdm.store import facts
from tests.api.served import Api
from tests.api.world import NOW, number
from tests.rulings import ruled

TODAY = NOW.date()


def everything(api: Api, path: str, **params: object) -> list[dict[str, Any]]:
    """Every row of a report, page after page."""
    answer = api.get(path, params=params).json()
    found: list[dict[str, Any]] = list(answer["items"])
    while answer["next"] is not None:
        answer = api.get(answer["next"]).json()
        found += answer["items"]
    return found


def test_profitability_is_that_of_the_report(api: Api) -> None:
    with api.hub.engine.connect() as db:
        told = profitability(facts.frames(db), TODAY, "EUR").to_pylist()
    found = everything(api, "/v1/projects/profitability", limit=1)
    assert len(found) == 3
    for row, item in zip(told, found, strict=True):
        for name, value in row.items():
            shown = item[name]
            if isinstance(value, Decimal):
                assert isinstance(shown, str)
                assert Decimal(shown) == value
            else:
                assert shown == (value.isoformat() if isinstance(value, date) else value)


def test_one_project(api: Api) -> None:
    golden_id = api.id_of("P0", "project", "billing")
    found = api.get(f"/v1/projects/{golden_id}/profitability").json()
    assert (found["contract"], found["invoiced"], found["paid"], found["cost_to_date"]) == ("12000.00", "6000.00", "7200.00", "2500.25")
    assert (found["currency"], found["margin_to_date"]) == ("EUR", "3499.75")
    assert found in everything(api, "/v1/projects/profitability")
    before = api.get(f"/v1/projects/{golden_id}/profitability", params={"as_of": "2026-04-15"}).json()
    assert (before["invoiced"], before["cost_to_date"]) == ("0.00", "2500.25")


def test_the_project_of_an_old_id_is_elsewhere(own: Api) -> None:
    with own.hub.engine.begin() as db:
        pair = (number(db, "P1", "project", "billing"), number(db, "P2", "project", "billing"))
        ruled(own.hub, db, pair, "same", Project)
    pipeline.resolve(own.hub)
    events = own.get("/v1/changes", params={"limit": 1000}).json()["items"]
    old, survivor = next(
        (item["golden_id"], item["merged_into"]) for item in events if item["event"] == "absorbed" and item["entity"] == "project"
    )
    answer = own.get(f"/v1/projects/{old}/profitability", params={"as_of": "2026-11-23"})
    assert (answer.status_code, answer.headers["Location"]) == (308, f"/v1/projects/{survivor}/profitability?as_of=2026-11-23")
    assert own.get(answer.headers["Location"]).json()["golden_project_id"] == survivor


@pytest.mark.parametrize("sort", ["contract", "-contract", "margin_to_date", "label", "-starts_on", "id", "-id"])
def test_pages_of_a_report_follow_each_other_in_order(api: Api, sort: str) -> None:
    pages = everything(api, "/v1/projects/profitability", sort=sort, limit=1)
    assert pages == everything(api, "/v1/projects/profitability", sort=sort)
    assert len({row["golden_project_id"] for row in pages}) == 3
    name = sort.removeprefix("-")
    if name in {"contract", "margin_to_date"}:
        values = [Decimal(row[name]) for row in pages if row[name] is not None]
        assert values == sorted(values, reverse=sort.startswith("-"))
        assert [row[name] for row in pages][len(values) :] == [None] * (3 - len(values))


def test_a_report_is_filtered_by_what_is_not_a_measure(api: Api) -> None:
    customer = api.id_of("a01")
    (found,) = everything(api, "/v1/projects/profitability", **{"filter[golden_customer_id]": customer})
    assert found["golden_customer_id"] == customer
    wrong = api.get("/v1/projects/profitability", params={"filter[contract]": "12000"})
    assert wrong.status_code == 422
    assert "status" in wrong.json()["detail"]


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/v1/projects/profitability", {"sort": "colour"}),
        ("/v1/projects/profitability", {"as_of": "yesterday"}),
        ("/v1/projects/profitability", {"as_of": "0001-01-01"}),
        ("/v1/projects/profitability", {"cursor": "x"}),
        ("/v1/forecasts/cash", {"as_of": "2200-01-01"}),
        ("/v1/forecasts/cash", {"more": "x"}),
        ("/v1/leakage-findings", {"limit": "0"}),
    ],
)
def test_what_a_report_cannot_be_asked(api: Api, path: str, params: dict[str, str]) -> None:
    assert api.get(path, params=params).status_code == 422


def test_a_project_that_there_is_not(api: Api) -> None:
    assert api.get("/v1/projects/prj_none/profitability").status_code == 404
    assert api.get(f"/v1/projects/{api.id_of('a00')}/profitability").status_code == 404


def test_the_pipeline_ahead(api: Api) -> None:
    found = api.get("/v1/forecasts/pipeline", params={"as_of": "2026-11-23"}).json()
    assert found["as_of"] == "2026-11-23"
    (total,) = [row for row in found["items"] if row["basis"] == "closing" and row["scope"] == "total"]
    assert (total["month"], total["amount"], total["weighted"], total["currency"]) == ("2026-12-01", "5000.00", "2000.00", "EUR")


def test_billing_by_month(api: Api) -> None:
    months = {row["month"]: row for row in api.get("/v1/forecasts/billing").json()["items"]}
    assert (months["2026-04-01"]["invoiced"], months["2026-11-01"]["invoiced"]) == ("6000.00", "1000.10")
    assert months["2026-11-01"]["currency"] == "EUR"


def test_cash_by_month(api: Api) -> None:
    months = {row["month"]: row for row in api.get("/v1/forecasts/cash").json()["items"]}
    assert months["2026-06-01"]["received"] == "7200.00"
    assert months["2026-12-01"]["due"] == "1200.12"


def test_leaks_are_those_of_the_report_what_weighs_most_first(api: Api) -> None:
    with api.hub.engine.connect() as db:
        told = leakage(facts.frames(db), TODAY, "EUR").to_pylist()
    found = everything(api, "/v1/leakage-findings", limit=1)
    assert len(found) == len(told) > 0
    assert {(row["slug"], row["evidence"], row["en"]) for row in found} == {(row["slug"], row["evidence"], row["en"]) for row in told}
    assert len({row["id"] for row in found}) == len(found)
    amounts = [Decimal(row["amount"]) for row in found]
    assert amounts == sorted(amounts, reverse=True)
    assert {row["currency"] for row in found} == {"EUR"}
    slug = found[0]["slug"]
    assert {row["slug"] for row in everything(api, "/v1/leakage-findings", **{"filter[slug]": slug})} == {slug}


def test_a_report_is_worked_out_once_for_a_state_of_the_hub(own: Api) -> None:
    with patch.dict(figures.REPORTS, {"billing": (counted := Counted(figures.REPORTS["billing"]))}):
        answers = [own.get("/v1/forecasts/billing").json() for _ in range(3)]
        assert counted.calls == 1
        own.get("/v1/forecasts/billing", params={"as_of": "2026-11-22"})
        assert counted.calls == 2
        with own.hub.engine.begin() as db:
            db.execute(text("UPDATE load SET finished_at = NULL WHERE id = (SELECT max(id) FROM load)"))
        assert answers[0] == answers[2]
        assert own.get("/v1/forecasts/billing").json()["items"] == answers[0]["items"]
        assert counted.calls == 3


class Counted:
    """A report that counts how often it is worked out."""

    def __init__(self, report: Any) -> None:
        self.report, self.calls = report, 0

    def __call__(self, *given: Any) -> Any:
        """The report."""
        self.calls += 1
        return self.report(*given)


def test_how_likely_a_project_ends_below_a_floor(api: Api) -> None:
    golden_id = api.id_of("P0", "project", "billing")
    usual = api.get(f"/v1/projects/{golden_id}/profitability").json()
    assert usual["floor"] == api.hub.settings.margin_floor == 0
    asked = everything(api, "/v1/projects/profitability", floor=0.2)
    assert {row["floor"] for row in asked} == {0.2}
    assert all(0 <= row["below_floor"] <= 1 for row in asked if row["below_floor"] is not None)
    assert api.get("/v1/projects/profitability", params={"floor": "1"}).status_code == 422


@pytest.mark.parametrize("dimension", ["customer", "group", "product", "salesperson", "nature", "order_month", "revenue_year"])
def test_projects_are_summed_and_tie_to_the_cent(api: Api, dimension: str) -> None:
    projects = everything(api, "/v1/projects/profitability")
    sums = everything(api, f"/v1/projects/profitability/by/{dimension}", limit=1)
    shares = everything(api, f"/v1/projects/profitability/by/{dimension}/projects", limit=2)
    for amount in ("invoiced", "paid", "cost_to_date", "margin_to_date"):
        total = sum(Decimal(row[amount]) for row in projects)
        assert sum(Decimal(row[amount]) for row in sums) == sum(Decimal(row[amount]) for row in shares) == total
    assert {row["golden_project_id"] for row in shares} == {row["golden_project_id"] for row in projects}
    for row in sums:
        behind = everything(api, f"/v1/projects/profitability/by/{dimension}/projects", **{"filter[value]": row["id"]})
        assert sum(Decimal(part["invoiced"]) for part in behind) == Decimal(row["invoiced"])
        assert len(behind) == row["projects"]


def test_projects_are_not_summed_by_anything(api: Api) -> None:
    assert api.get("/v1/projects/profitability/by/colour").status_code == 422
