"""What if, on the command line: the simulator, floor prices, the model card."""

from pathlib import Path

import pytest

from tests.api.cli.test_reports import Run, company, run

__all__ = ["company", "run"]
DAY = ("--as-of", "2026-11-23")


def test_the_months_ahead_with_a_lever_and_a_target(run: Run) -> None:
    code, said = run("simulate", *DAY, "--months", "6", "--lever", "price=0.1:customer=nobody,deal=crm:d1", "--target", "bookings=1")
    assert code == 0, said
    for told in ("The months ahead", "with levers", "target reached", "bookings", "1 open deals, 5,000 paths", "Apr 2027"):
        assert told in said, told
    code, said = run("simulate", *DAY, "--months", "3")
    assert (code, "with levers" in said) == (0, False)


def test_how_far_a_price_may_go_down(run: Run) -> None:
    code, said = run("negotiate", "crm:d1", *DAY)
    assert (code, "nobody knows the cost" in said) == (2, True)
    code, said = run("negotiate", "crm:none", *DAY)
    assert (code, "there is no deal crm:none" in said) == (1, True)


def test_the_model_card_says_what_it_rests_on(run: Run, tmp_path: Path) -> None:
    """A company with two deals and two invoices has not enough past for most of it, and is told so."""
    out = tmp_path / "card.csv"
    code, said = run("backtest", "payments", "orders", *DAY, "--out", out)
    assert code == 0, said
    assert "Not enough past to tell." in said
    assert out.read_text(encoding="utf-8").startswith('"part","model","measure"')


def test_what_is_found_by_what_is_known_now_is_the_report(run: Run) -> None:
    for _ in range(2):
        assert "No back-test yet" in run("report", "card")[1]
        assert run("backtest", "orders", *DAY)[0] == 0  # of the past, so it is not kept
    assert run("backtest", "orders")[0] == 0
    code, said = run("report", "card")
    assert (code, "Orders by month" in said, "No back-test yet" in said) == (0, True, False)
    assert "Not enough past to tell." in said


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("simulate", "--lever", "magic=1"), "is no lever"),
        (("simulate", "--lever", "price=0.1:colour"), "chooses no deals"),
        (("simulate", "--lever", "price=0.1:colour=red"), "cannot be chosen by colour"),
        (("simulate", "--target", "happiness=1"), "is no target"),
        (("simulate", "--target", "cash=much"), "is no target"),
        (("negotiate", "d1"), "source:key"),
        (("backtest", "weather"), "there is no part weather"),
    ],
)
def test_a_mistake_is_told(run: Run, asked: tuple[str, ...], told: str) -> None:
    code, said = run(*asked)
    assert code == 2
    assert told in " ".join(said.split())
