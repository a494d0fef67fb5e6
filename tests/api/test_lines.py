"""From every figure of a report to the files in two steps, and the lines sum to the figure."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import pytest

from mdm.forecast.lines import MONTHS, PROJECT
from tests.api.served import Api
from tests.api.test_golden import page


def total(items: list[dict[str, Any]]) -> Decimal:
    """The sum of lines, to the cent."""
    exact = sum((Decimal(item["amount"]) for item in items if item["amount"] is not None), Decimal(0))
    return exact.quantize(Decimal("0.01"), ROUND_HALF_EVEN)


def test_every_figure_of_a_project_leads_to_its_files(api: Api) -> None:
    seen = 0
    for row in api.get("/v1/projects/profitability").json()["items"]:
        path = f"/v1/projects/{row['golden_project_id']}/profitability/lines"
        for figure in PROJECT:
            found = api.get(path, params={"figure": figure}).json()
            assert total(found["items"]) == Decimal(found["total"]) == Decimal(row[figure] or 0), figure
            assert all(item["file"] and item["load"] and item["line"] for item in found["items"])
            assert page(api, path, figure=figure, limit=1) == found["items"]
            seen += len(found["items"])
    assert seen > 10


def test_a_cost_and_a_contract_stand_in_a_line(api: Api) -> None:
    path = f"/v1/projects/{api.id_of('P0', 'project', 'billing')}/profitability/lines"
    (cost,) = api.get(path, params={"figure": "cost_to_date"}).json()["items"]
    assert (cost["entity"], cost["source"], cost["key"], cost["on"], cost["amount"], cost["file"], cost["line"]) == (
        "cost", "billing", "K1", "2026-04-01", "2500.25", "costs.csv", 2,
    )  # fmt: skip
    (contract,) = api.get(path, params={"figure": "contract"}).json()["items"]
    assert (contract["entity"], contract["key"], contract["amount"], contract["file"]) == ("project", "P0", "12000.00", "projects.csv")
    margin = api.get(path, params={"figure": "margin_to_date"}).json()
    assert (margin["total"], [item["amount"] for item in margin["items"]]) == ("3499.75", ["-2500.25", "6000.00"])


@pytest.mark.parametrize("report", ["billing", "cash"])
def test_every_figure_of_a_month_leads_to_its_files(api: Api, report: str) -> None:
    rows = api.get(f"/v1/forecasts/{report}").json()["items"]
    for row in rows:
        for figure in MONTHS[report]:
            asked = {"month": row["month"], "currency": row["currency"], "figure": figure}
            found = api.get(f"/v1/forecasts/{report}/lines", params=asked).json()
            assert total(found["items"]) == Decimal(found["total"]) == Decimal(row[figure]), (row["month"], figure)
            assert all(item["file"] and item["line"] for item in found["items"])


def test_a_finding_leads_to_its_evidence(api: Api) -> None:
    for finding in api.get("/v1/leakage-findings").json()["items"]:
        found = api.get(f"/v1/leakage-findings/{finding['id']}/lines").json()["items"]
        assert {f"{item['source']}:{item['key']}" for item in found} == set(finding["evidence"].split(";"))
        assert all(item["file"] for item in found)


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("/v1/projects/prj_none/profitability/lines", {"figure": "paid"}, 404),
        ("/v1/projects/{project}/profitability/lines", {"figure": "progress"}, 422),
        ("/v1/projects/{project}/profitability/lines", {}, 422),
        ("/v1/projects/{project}/profitability/lines", {"figure": "paid", "known_at": "2999-01-01T00:00:00Z"}, 422),
        ("/v1/forecasts/pipeline/lines", {"figure": "amount", "month": "2026-01-01", "currency": "EUR"}, 422),
        ("/v1/forecasts/cash/lines", {"figure": "invoiced", "month": "2026-01-01", "currency": "EUR"}, 422),
        ("/v1/leakage-findings/leak_none/lines", {}, 404),
    ],
)
def test_what_has_no_lines(api: Api, path: str, params: dict[str, str], status: int) -> None:
    assert api.get(path.format(project=api.id_of("P0", "project", "billing")), params=params).status_code == status
