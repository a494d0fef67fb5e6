"""Accuracy on data with truth, that it stays as good as it is. Figures of today stand in docs/benchmarks.md; the bounds lie a little below."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ER = Path(__file__).parents[3] / "shared" / "er"

BOUNDS = {
    "febrl3": (0.998, 0.998),
    "febrl4": (0.999, 0.999),
    "historical_50k": (0.88, 0.92),
    "fake_1000": (0.95, 0.975),
    "chicago_orgs": (0.915, 0.905),
    "orgs_hard": (0.955, 0.955),
    "restaurants": (0.85, 0.85),
    "dblp_acm": (0.99, 0.99),
    "abt_buy": (0.935, 0.935),
    "amazon_google": (0.70, 0.70),
}
"""F1 of pairs and of clusters at the default threshold, no labels."""


@pytest.mark.parametrize("name", BOUNDS)
def test_what_is_found_without_labels(benchmark: Callable[[str], ModuleType], name: str) -> None:
    folder = ER / name
    if not folder.exists():
        pytest.skip("../shared/er is not here")
    measured = benchmark("matching")
    found, _ = measured.outcome(folder, measured.SETS[name])
    pairs, clusters = BOUNDS[name]
    assert found.default.f1 >= pairs
    assert found.clusters >= clusters
    assert found.best <= found.default.f1 + 0.03
