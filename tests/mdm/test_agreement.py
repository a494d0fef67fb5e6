"""Agreement of stewards, against figures worked out by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from mdm.agreement import NOTHING, Opinion, Verdict, agreed, overall, per_hour, records

START = datetime(2026, 11, 23, 9, tzinfo=UTC)


def said(task: int, steward: str, verdict: Verdict, minute: float = 0, round: int = 1) -> Opinion:
    return Opinion(task, round, steward, verdict, None, START + timedelta(minutes=minute))


def test_kappa_is_that_of_cohen() -> None:
    """20 both same, 5 only the first, 10 only the second, 15 both different: raw .7, by chance .5 x .6 + .5 x .4 = .5, kappa .4."""
    table = [("same", "same")] * 20 + [("same", "different")] * 5 + [("different", "same")] * 10 + [("different", "different")] * 15
    found = agreed(table)
    assert found.pairs == 50
    assert found.kappa is not None
    assert list(found.raw) == pytest.approx([0.7, 0.5625, 0.8090], abs=1e-3)
    assert list(found.kappa) == pytest.approx([0.4, 0.125, 0.618], abs=2e-3)


def test_what_tells_nothing() -> None:
    assert agreed([]).raw == NOTHING
    always = agreed([("same", "same")] * 3)
    assert (always.raw.value, always.kappa) == (1, None)
    assert always.raw.low < 0.5
    two = agreed([("same", "same"), ("different", "different")])
    assert two.kappa is not None
    assert (two.kappa.value, two.kappa.low < 0) == (1, True)


def test_only_tasks_that_two_have_judged_count_and_unsure_is_no_judgement() -> None:
    opinions = [
        said(1, "ann", "same"), said(1, "bob", "same", 1),
        said(2, "bob", "different"), said(2, "ann", "same", 1), said(2, "cyd", "different", 2),
        said(3, "ann", "unsure"), said(3, "bob", "same", 1),
        said(4, "ann", "different"), said(4, "bob", "different", 1),
        said(5, "ann", "same"), said(5, "bob", "different", 1, round=2),
    ]  # fmt: skip
    found = overall(opinions)
    assert found.pairs == 3
    assert found.raw.value == pytest.approx(2 / 3)
    assert found.kappa is not None
    assert found.kappa.value == pytest.approx((2 / 3 - 4 / 9) / (1 - 4 / 9))
    by_name = {one.steward: one for one in records(opinions)}
    assert {name: one.opinions for name, one in by_name.items()} == {"ann": 5, "bob": 5, "cyd": 1}
    assert by_name["ann"].unsure == 1
    assert (by_name["ann"].agreement.pairs, by_name["ann"].agreement.raw.value) == (4, 0.5)
    assert (by_name["cyd"].agreement.pairs, by_name["cyd"].agreement.raw.value) == (2, 0.5)


def test_speed_is_that_of_working_time() -> None:
    minutes = [0, 1, 2, 3, 120, 121]
    assert per_hour([START + timedelta(minutes=at) for at in minutes]) == pytest.approx(60)
    assert per_hour([START]) is None
    assert per_hour([START, START + timedelta(hours=3)]) is None
