"""The public CRM sample of Maven Analytics as frames: no history, no probabilities, a list price and a first and a last day of each deal."""

import csv
from datetime import date, datetime
from pathlib import Path

from mdm.forecast.frames import Frames
from tests.mdm.forecast.village import PROJECT
from tests.mdm.forecast.worlds import frames

MAVEN = PROJECT.parent / "shared" / "samples" / "maven_crm"
QUARTERS = (date(2017, 3, 31), date(2017, 6, 30), date(2017, 9, 30))
LAST = date(2017, 12, 31)


def maven(folder: Path = MAVEN) -> Frames:
    """The sample as a company's CRM: a deal has one line, at its list price."""
    prices = {row["product"]: row["sales_price"] for row in _read(folder / "products.csv")}
    deals, lines = [], []
    for row in _read(folder / "sales_pipeline.csv"):
        product = {"GTXPro": "GTX Pro"}.get(row["product"], row["product"])
        keyed = {"source": "crm", "key": row["opportunity_id"]}
        status = {"Won": "won", "Lost": "lost"}.get(row["deal_stage"], "open")
        people = {"customer_id": row["account"] or None, "salesperson_id": row["sales_agent"]}
        days = {"created_on": _day(row["engage_date"]), "closes_on": _day(row["close_date"])}
        told = {"name": product, "status": status, "stage": row["deal_stage"], "currency": "USD", "amount": row["close_value"] or None}
        deals.append({**keyed, **told, **people, **days})
        price = {"quantity": 1, "list_price": prices[product], "amount": prices[product]}
        lines.append({**keyed, "deal": row["opportunity_id"], "product_id": product, **price})
    products = [{"golden_id": product, "label": product, "price": price} for product, price in prices.items()]
    return frames(facts={"deal": deals, "deal_line": lines}, golden={"product": products})


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _day(text: str) -> date | None:
    return datetime.strptime(text, "%m/%d/%Y").date() if text else None  # noqa: DTZ007 a day has no zone
