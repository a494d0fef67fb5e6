"""The whole way on a synthetic company with its truth: what the hub finds is right, and stays as right as it was.

The bounds are what acceptance asks; the figures of today stand in docs/benchmarks.md.
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from itertools import combinations
from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import text

from mdm import exports, pipeline
from mdm.exports import EXPORTS, Wanted
from mdm.pipeline import Hub
from sources import open_sources

CONFIG = Path(__file__).parents[1] / "examples" / "village" / "sources.toml"
TODAY = date(2026, 11, 23)

Key = tuple[str, str]
Groups = dict[Key, str]


def truth(village: Path, file: str) -> Iterator[dict[str, str]]:
    with (village / "truth" / file).open(encoding="utf-8", newline="") as handle:
        yield from csv.DictReader(handle)


def pairs(groups: Groups) -> set[tuple[Key, Key]]:
    by_group: dict[str, list[Key]] = defaultdict(list)
    for key, group in groups.items():
        by_group[group].append(key)
    return {pair for keys in by_group.values() for pair in combinations(sorted(keys), 2)}


def scores(found: Groups, wanted: Groups) -> tuple[float, float]:
    """Precision and F1 over pairs of the records that the truth knows; every one of them must have a golden record."""
    assert wanted.keys() <= found.keys()
    got, want = pairs({key: found[key] for key in wanted}), pairs(wanted)
    hit = len(got & want)
    return hit / len(got), 2 * hit / (len(got) + len(want))


def rows(table: pa.Table) -> list[dict[str, object]]:
    return table.to_pylist()  # type: ignore[no-any-return]


def test_the_village_is_reconciled_and_its_projects_are_right_to_the_cent(hub: Hub, village: Path) -> None:
    pipeline.load(hub, open_sources(CONFIG, village))
    pipeline.resolve(hub)
    with hub.engine.connect() as db:

        def export(what: str, entity: str | None = None) -> list[dict[str, object]]:
            return rows(EXPORTS[what](db, Wanted(hub.settings, TODAY, exports.master(entity) if entity else None)))

        _check_masters(village, export)
        _check_projects(village, export)


Export = Callable[..., list[dict[str, object]]]


def _check_masters(village: Path, export: Export) -> None:
    bounds = {
        "customer": ("entity", "true_id", 0.95, 0.93),
        "contact": ("contact", "person_id", 0.85, 0.90),
        "product": ("product", "true_id", 0.95, 0.90),
    }
    for entity, (file, column, precision, f1) in bounds.items():
        wanted = {
            (row["source"], row["key"]): row[column]
            for row in truth(village, f"{file}_clusters.csv")
            if row["source"] in ("crm", "billing")
        }
        found = {(str(row["source"]), str(row["key"])): str(row["golden_id"]) for row in export("members", entity)}
        reached = scores(found, wanted)
        assert reached[0] >= precision, (entity, reached)
        assert reached[1] >= f1, (entity, reached)


def _check_projects(village: Path, export: Export) -> None:
    links = list(truth(village, "deal_project_links.csv"))
    wanted = {
        (source, row[f"{column}_key"]): row["project_id"]
        for row in links
        for source, column in (("billing", "billing"), ("time", "time"))
        if row[f"{column}_key"]
    }
    members = {(str(row["source"]), str(row["key"])): str(row["golden_id"]) for row in export("members", "project")}
    assert scores(members, wanted)[1] >= 0.93
    linked = {row["key"]: row["golden_project_id"] for row in export("links") if row["fact"] == "deal" and row["golden_project_id"]}
    deals = {row["crm_key"]: row["billing_key"] for row in links if row["crm_key"] and row["billing_key"]}
    right = sum(linked.get(deal) == members["billing", project] for deal, project in deals.items())
    assert right / len(deals) >= 0.92
    true = {row["billing_key"]: row for row in truth(village, "projects.csv")}
    exact = sum(_exact(row, true) for row in export("profitability"))
    assert exact / len(true) >= 0.90


def _exact(row: dict[str, object], true: dict[str, dict[str, str]]) -> bool:
    keys = [key.partition(":")[2] for key in str(row["source_keys"]).split(";") if key.startswith("billing:")]
    known = next((true[key] for key in keys if key in true), None)
    columns = {
        "contract": "contract_ht",
        "amendments": "amendments_ht",
        "invoiced": "invoiced_net_ht",
        "paid": "paid_ttc",
        "cost_to_date": "cost_to_date",
    }
    return known is not None and all(
        abs(Decimal(str(row[mine])) - Decimal(known[theirs])) <= Decimal("0.005") for mine, theirs in columns.items()
    )


def test_no_golden_customer_holds_two_valid_company_numbers(hub: Hub, village: Path) -> None:
    pipeline.load(hub, [source for source in open_sources(CONFIG, village) if source.name in ("crm", "billing")])
    pipeline.resolve(hub)
    with hub.engine.connect() as db:
        mixed = db.execute(
            text(
                """SELECT m.golden_id FROM member m JOIN record r ON r.id = m.record_id JOIN record_version v ON v.id = r.version_id
                   WHERE m.entity = 'customer' AND m.known_to IS NULL AND v.clean ? 'siren'
                   GROUP BY 1 HAVING count(DISTINCT v.clean->>'siren') > 1"""
            )
        ).all()
    assert mixed == []


@pytest.mark.parametrize("what", ["links", "profitability", "review"])
def test_an_empty_hub_exports_empty_tables_of_the_same_shape(hub: Hub, what: str) -> None:
    with hub.engine.connect() as db:
        table = EXPORTS[what](db, Wanted(hub.settings, TODAY))
    assert table.num_rows == 0
    assert {"links": "fact", "profitability": "golden_project_id", "review": "left"}[what] == table.column_names[0]
