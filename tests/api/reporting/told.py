"""What reports are made of, of a small invented company."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import cache

from api.figures import REPORTS, Row
from api.reporting.contents import Told
from api.reporting.report import Language
from mdm import leaks
from mdm.forecast.frames import Frames
from mdm.settings import Settings
from mdm.store.cards import Card
from tests.mdm.forecast.test_leakage import TODAY, Company, faulty
from tests.mdm.forecast.worlds import frames

AT = datetime(2026, 11, 23, 9, 0, 0, 5, tzinfo=UTC)
DANGEROUS = '=HYPERLINK("http://evil.example","<script>alert(1)</script>")'


def _scores(model: str, **values: float | None) -> list[dict[str, object]]:
    held = {"coverage": {"low": 0.71, "high": 0.88}}
    none = {"low": None, "high": None}
    return [{"model": model, "measure": name, "value": value, "n": 52, **held.get(name, none)} for name, value in values.items()]


CARDS = [
    Card("orders", TODAY, AT, "1.2", [*_scores("simulator", wape=0.321, bias=-0.01, coverage=0.75), *_scores("usual", wape=0.35)], AT),
    Card("projects", TODAY, AT, "1.2", [*_scores("shrunk at 20%", mape=0.1, coverage=None), *_scores("bac/cpi at 20%", mape=0.79)], AT),
    Card("winning", TODAY, AT, "1.2", [*_scores("model", brier=0.206, slope=None), *_scores("sooth", brier=0.2)], AT),
    Card("payments", TODAY, AT, "1.2", [], AT),
]
"""Of an invented past; a model that nobody knows, a measure that nothing tells, a part of which the past tells nothing."""


def told(world: Frames, language: Language = "en", day: date = TODAY) -> Told:
    """Reports of frames."""

    @cache
    def rows(name: str) -> Sequence[Row]:
        found: list[Row] = REPORTS[name](world, day, "EUR").to_pylist()
        return found

    def cards() -> Sequence[Card]:
        return CARDS if world.golden["customer"].num_rows else []

    return Told(Settings(language=language, margin_floor=0.1), day, AT, rows, lambda: leaks.standing(rows("leakage"), {}), cards)


def company() -> Frames:
    """The company with a fault of each kind; a customer with a dangerous name; a project and its bills in pounds; a deal that is open."""
    made: Company = faulty()
    made.golden["customer"][0]["name"] = DANGEROUS
    made.golden["project"][0]["label"] = DANGEROUS
    made.golden["project"].append({"golden_id": "pound", "label": "+44 London", "customer": "c0", "amount": 200, "currency": "GBP"})
    made.fact("invoice", key="G1", kind="invoice", issued_on="2026-05-02", due_on="2026-06-01", net=100, gross=120, currency="GBP",
              rate="1.17", project_id="pound", customer_id="c0", project="G")  # fmt: skip
    made.fact("plan_line", key="G/2", project="G", project_id="pound", planned_on="2027-01-05", amount=100, status="planned")
    made.fact("deal", source="crm", key="O1", name="Suite", status="open", amount=500, probability=50, closes_on="2027-02-01",
              created_on="2026-11-01", last_activity_on="2026-11-20", customer_id="c0", salesperson_id="s")  # fmt: skip
    return frames(made.facts, made.golden, made.members)
