"""The lines of a figure sum to it, to the cent, for every project, month and figure."""

from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import pytest

from mdm.errors import BadInput
from mdm.forecast.billing import billing
from mdm.forecast.cash import cash
from mdm.forecast.frames import Frames
from mdm.forecast.lines import MONTHS, PROJECT, month_lines, month_parts, project_lines, project_parts, total
from mdm.forecast.profitability import profitability
from sources.demo import generate
from tests.mdm.forecast.village import TODAY, VILLAGE, village
from tests.mdm.forecast.worlds import frames

CENT = Decimal("0.01")


def cents(amount: Decimal) -> Decimal:
    """Rounded as reports are."""
    return amount.quantize(CENT, ROUND_HALF_EVEN)


def check(world: Frames, days: tuple[date, ...], most: int = 1000) -> int:
    """Compare every figure with the sum of its lines; how many lines there were."""
    seen = 0
    for day in days:
        parts = project_parts(world, day)
        for row in profitability(world, day).to_pylist()[:most]:
            for figure in PROJECT:
                lines = project_lines(parts, row["golden_project_id"], figure)
                seen += lines.num_rows
                assert cents(total(lines)) == (row[figure] or 0), (row["golden_project_id"], figure)
        for report, table in (("billing", billing(world, day)), ("cash", cash(world, day))):
            parts = month_parts(world, report, day)
            for row in table.to_pylist()[-most:]:
                for figure in MONTHS[report]:
                    lines = month_lines(parts, report, figure, row["month"], row["currency"])
                    seen += lines.num_rows
                    assert cents(total(lines)) == row[figure], (report, row["month"], figure)
    return seen


@pytest.mark.skipif(not VILLAGE.is_dir(), reason=f"the sample company is not at {VILLAGE}")
def test_the_lines_of_every_figure_of_the_sample_company_sum_to_it() -> None:
    assert check(village(VILLAGE), (TODAY,)) > 1000


def test_so_do_those_of_a_company_made_from_a_seed(tmp_path: Path) -> None:
    generate(tmp_path, seed=5, customers=40, today=TODAY)
    assert check(village(tmp_path), (TODAY, date(2026, 3, 31)), most=12) > 200


JOB = {"golden_id": "p", "label": "P", "amount": "100", "currency": "USD", "ordered_on": "2026-01-01"}


def test_what_no_plan_says_is_what_was_ordered_and_not_billed() -> None:
    sold = {"key": "i", "kind": "invoice", "issued_on": "2026-02-01", "currency": "USD", "rate": "0.9", "project_id": "p"}
    for net, open_, count in (("40", "54", 2), ("140", "0", 0)):
        world = frames(golden={"project": [JOB]}, facts={"invoice": [{**sold, "net": net, "gross": net}]})
        lines = project_lines(project_parts(world, TODAY), "p", "to_invoice")
        assert (cents(total(lines)), lines.num_rows) == (Decimal(open_), count)


def test_a_fact_without_a_rate_is_told_and_does_not_count() -> None:
    world = frames(
        golden={"project": [JOB]},
        facts={
            "invoice": [
                {"key": "i", "kind": "invoice", "issued_on": "2026-02-01", "currency": "USD", "net": "5", "gross": "5", "project_id": "p"}
            ]
        },
    )
    (line,) = project_lines(project_parts(world, TODAY), "p", "invoiced").to_pylist()
    assert (line["key"], line["amount"]) == ("i", None)


def test_what_is_no_sum_of_facts_is_said() -> None:
    with pytest.raises(BadInput, match="cost_to_date"):
        project_lines(project_parts(frames(), TODAY), "p", "estimate_at_completion")
    with pytest.raises(BadInput, match="received"):
        month_lines(month_parts(frames(), "cash", TODAY), "cash", "invoiced", TODAY, "EUR")
