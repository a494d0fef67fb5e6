"""Estimates rest on probabilities as they say, intervals hold what they should, and measures are those of their definitions."""

from collections.abc import Sequence
from itertools import combinations
from typing import Annotated

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import BaseModel

from matching.clustering import Constraints
from matching.engine import LocalEngine, Resolution, Rulings, Thresholds
from matching.kinds import CITY, FAMILY_NAME, GIVEN_NAME, PHONE
from matching.quality import (
    JOINED,
    STRATA,
    Kept,
    Share,
    allotted,
    believed,
    concealed,
    estimated,
    judged,
    kept,
    likelihood,
    measured,
    pairs_within,
    sample_to_judge,
    upheld,
    wilson,
)  # fmt: skip

Edge = tuple[int, int, float]
NONE, BITS = Constraints(), Thresholds(2.0, -3.0)


class Person(BaseModel):
    """A declaration of the test."""

    given: Annotated[str, GIVEN_NAME]
    family: Annotated[str, FAMILY_NAME]
    city: Annotated[str | None, CITY] = None
    phone: Annotated[str | None, PHONE] = None


def people() -> pa.Table:
    """Ninety invented people, two records each; every fifth one has the second record misspelt and without a telephone."""
    given = ("Odile", "Basile", "Zelda", "Hippolyte", "Solveig", "Aubin", "Ninon", "Firmin", "Salomé")
    family = ("Vergnaud", "Massart", "Brugiroux", "Arnaudet", "Ferrandou", "Lescure", "Quintin", "Tavernier", "Ollivier", "Pradel")
    city = ("Limoges", "Brest", "Tulle", "Niort", "Vannes", "Agen")
    rows: list[tuple[str, str, str, str | None]] = []
    for at, (first, last) in enumerate((first, last) for first in given for last in family):
        rows.append((first, last, city[at % 6], f"+3319900{at:04d}"))
        slip = at % 5 == 0
        rows.append((first, last[:-1] if slip else last, city[at % 6], None if slip else f"+3319900{at:04d}"))
    return pa.table(
        {name: pa.array(column, pa.string()) for name, column in zip(Person.model_fields, zip(*rows, strict=True), strict=True)}
    )


@pytest.fixture(scope="module")
def resolved() -> Resolution:
    return LocalEngine(BITS).resolve(people(), Person)


def stored(labels: Sequence[int], edges: Sequence[Edge], constraints: Constraints = NONE) -> Kept:
    """What a hub has kept: clusters, and weighed pairs."""
    left, right, weight = (np.array([edge[at] for edge in edges]) for at in range(3)) if edges else (np.zeros(0),) * 3
    return Kept(
        left.astype(np.int64), right.astype(np.int64), weight.astype(np.float64), np.array(labels, np.int64), BITS, constraints,
        constraints.single,
    )  # fmt: skip


def chance(bits: float) -> float:
    return 1 / (1 + 2**-bits)


# Without labels.


def test_precision_is_the_mean_of_joined_pairs_and_recall_what_is_joined_of_all_that_is_expected() -> None:
    good = estimated(stored([0, 0, 2, 2, 4], [(0, 1, 5.0), (1, 4, 1.0), (2, 3, 3.0)])).pairs
    joined, missed = chance(5) + chance(3), chance(1)
    assert good.precision.value == pytest.approx(joined / 2)
    assert good.recall.value == pytest.approx(joined / (joined + missed))
    assert good.f1.value == pytest.approx(2 * joined / (2 + joined + missed))
    assert good.precision.low < good.precision.value < good.precision.high


def test_records_joined_through_others_are_as_likely_as_the_likeliest_chain() -> None:
    edges = [(0, 1, 4.0), (1, 2, 3.0), (2, 3, 2.0), (0, 2, 1.0)]
    found = believed(stored([0, 0, 0, 0], edges))
    known = {(int(left), int(right)): likely for left, right, likely in zip(*found, strict=True)}
    assert known[0, 2] == pytest.approx(chance(1)), "a pair that was compared stands for itself"
    assert known[0, 3] == pytest.approx(chance(4) * chance(3) * chance(2))
    assert known[1, 3] == pytest.approx(chance(3) * chance(2))


def test_what_stewards_ruled_is_known() -> None:
    edges = [(0, 1, 3.0), (2, 3, 3.0)]
    ruled = Constraints(frozenset({(0, 1), (4, 5)}), frozenset({(2, 3)}))
    good = estimated(stored([0, 0, 2, 3, 4, 4], edges, ruled)).pairs
    assert good.precision == Share(1.0, 1.0, 1.0)
    assert good.recall == Share(1.0, 1.0, 1.0)


def test_two_pairs_that_cannot_both_be_right_share_their_chance() -> None:
    edges = [(0, 1, 6.0), (1, 2, 6.0), (3, 4, 6.0)]
    siren = np.array([7, -1, 8, 9, -1], np.int32)
    contested, other, alone = likelihood(stored([0, 0, 2, 3, 3], edges, Constraints(single=[siren])))
    assert contested == other == pytest.approx(64 / 129)
    assert alone == pytest.approx(64 / 65)


def test_golden_records_are_right_where_their_pairs_hold_and_nothing_leads_out_of_them() -> None:
    clusters = estimated(stored([0, 0, 2, 2, 4], [(0, 1, 5.0), (1, 4, 1.0), (2, 3, 3.0)])).clusters
    assert clusters is not None
    right = chance(5) * (1 - chance(1)) + chance(3)
    assert clusters.precision.value == pytest.approx(right / 2)
    assert clusters.recall.value == pytest.approx(right / (chance(5) + chance(3)))


def test_where_the_probabilities_are_right_so_are_the_estimates() -> None:
    random, inside, off = np.random.default_rng(5), 0, []
    for _ in range(60):
        weight = random.normal(3, 4, 400).clip(-3)
        true = random.random(400) < chance_of(weight)
        labels = np.arange(800)
        labels[1::2][weight >= 2] = labels[::2][weight >= 2]
        good = estimated(stored(labels.tolist(), [(2 * at, 2 * at + 1, bits) for at, bits in enumerate(weight.tolist())])).pairs
        precision, recall = true[weight >= 2].mean(), true[weight >= 2].sum() / true.sum()
        off.append((good.precision.value - precision, good.recall.value - recall))
        inside += good.precision.low <= precision <= good.precision.high
        inside += good.recall.low <= recall <= good.recall.high
    assert np.abs(np.mean(off, axis=0)).max() < 0.005
    assert inside >= 0.95 * 120


def chance_of(weight: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp2(-weight))


@pytest.mark.parametrize("catch", [0.25, 0.5])
def test_what_no_rule_found_is_estimated_from_what_few_rules_found(catch: float) -> None:
    random, true, rules = np.random.default_rng(3), 3000, 5
    found_by = random.binomial(rules, catch, true)
    caught = np.flatnonzero(found_by)
    left = 2 * caught
    labels = np.arange(2 * true)
    labels[left + 1] = left
    none = np.zeros(0, np.int64)
    known = Kept(left, left + 1, np.full(len(left), 20.0), labels, BITS, found_by=found_by[caught], rules=rules, others=none)
    hidden = concealed(known)
    assert abs(hidden.expected - (true - len(caught))) < 3 * hidden.variance**0.5
    good = estimated(known).pairs.recall
    assert good.low < len(caught) / true < good.high
    assert estimated(stored(labels.tolist(), [(at, at + 1, 20.0) for at in left.tolist()])).pairs.recall.value > 0.999


def test_with_the_declaration_pairs_that_were_not_kept_count_too(resolved: Resolution) -> None:
    known = kept(resolved, Person)
    assert known.found_by is not None
    assert known.others is not None
    assert known.found_by.min() >= 1
    assert len(known.left) + len(known.others) <= resolved.compared
    assert not np.isin(known.others, known.left * len(known.labels) + known.right).any()
    without = estimated(resolved).pairs
    complete = estimated(resolved, Person).pairs
    assert complete.recall.value < without.recall.value
    assert complete.precision == without.precision
    assert "maximum" in estimated(resolved).rests_on.fr
    assert "Chao" in estimated(resolved, Person).rests_on.fr


@pytest.mark.parametrize("labels", [[], [0], [0, 1]])
def test_of_nothing_nothing_is_known(labels: list[int]) -> None:
    good = estimated(stored(labels, []))
    assert good.pairs.precision == good.pairs.recall == Share(1.0, 0.0, 1.0)


def test_rulings_that_the_weights_uphold_are_told_from_those_that_they_do_not() -> None:
    known = stored([0, 0, 2, 3], [(0, 1, 5.0), (2, 3, 1.0)])
    assert upheld(known, [(1, 0, "same"), (2, 3, "different"), (0, 3, "different")]) == (3, 0)
    assert upheld(known, [(0, 1, "different"), (2, 3, "same"), (0, 3, "same")]) == (0, 3)


# Judged.


def frame() -> tuple[Kept, NDArray[np.bool_]]:
    """Six thousand pairs with their truth, by weights that are wrong: the model is far surer than it should be."""
    random = np.random.default_rng(11)
    weight = random.normal(2.5, 4.5, 6000).clip(-2.9)
    labels = np.arange(12_000)
    labels[1::2][weight >= 2] = labels[::2][weight >= 2]
    known = Kept(np.arange(0, 12_000, 2), np.arange(1, 12_000, 2), weight, labels, BITS)
    return known, random.random(6000) < chance_of(0.6 * weight - 0.5)


def test_intervals_of_what_was_judged_hold_the_truth_nineteen_times_in_twenty() -> None:
    known, true = frame()
    joined = known.weight >= 2
    precision, recall = true[joined].mean(), true[joined].sum() / true.sum()
    hit, values, widths = np.zeros(2), [], []
    for seed in range(300):
        sample = sample_to_judge(known, 150, seed)
        good = judged(sample, true[sample["left"].to_numpy() // 2].tolist()).pairs
        hit += (good.precision.low <= precision <= good.precision.high, good.recall.low <= recall <= good.recall.high)
        values.append((good.precision.value, good.recall.value))
        widths.append((good.precision.high - good.precision.low, good.recall.high - good.recall.low))
    assert (hit / 300 >= 0.93).all()
    assert (hit / 300 <= 0.99).all(), "intervals that hold everything tell nothing"
    assert np.abs(np.mean(values, axis=0) - (precision, recall)).max() < 0.01
    assert np.mean(widths, axis=0).max() < 0.2


def test_a_sample_is_drawn_from_every_stratum_as_likely_as_it_says(resolved: Resolution) -> None:
    sample = sample_to_judge(resolved, 60, 4, Person)
    assert sample.equals(sample_to_judge(resolved, 60, 4, Person))
    assert not sample.equals(sample_to_judge(resolved, 60, 5, Person))
    rows = sample.to_pylist()
    assert len({(row["left"], row["right"]) for row in rows}) == len(rows) == 60
    for stratum in {row["stratum"] for row in rows}:
        mine = [row for row in rows if row["stratum"] == stratum]
        assert sum(1 / row["inclusion"] for row in mine) == pytest.approx(mine[0]["pairs"])
    joined = [row for row in rows if row["stratum"] < JOINED]
    assert all((resolved.labels[row["left"]] == resolved.labels[row["right"]]) == (row in joined) for row in rows)
    sizes = {row["stratum"]: row["pairs"] for row in rows}
    assert sum(size for at, size in sizes.items() if at < JOINED) == pairs_within(resolved.labels)
    assert "compared, not kept" in [STRATA[at] for at in sizes]


def test_a_sample_too_small_for_its_strata_is_refused() -> None:
    with pytest.raises(ValueError, match="too few to judge"):
        sample_to_judge(frame()[0], 10, 0)


def test_more_is_judged_where_there_is_more_doubt() -> None:
    sizes, given = np.array([1000, 1000, 3, 0]), np.array([0.02, 0.5, 0.5, 0.5])
    wanted = allotted(sizes, given, 100)
    assert wanted.sum() == 100
    assert wanted[1] > 2 * wanted[0]
    assert wanted[2:].tolist() == [3, 0]
    assert allotted(sizes, given, 10**6).tolist() == sizes.tolist()


def test_where_everything_is_judged_nothing_is_in_doubt() -> None:
    edges = [(2 * at, 2 * at + 1, 3.0 if at < 6 else 0.0) for at in range(10)]
    labels = [at - at % 2 if at < 12 else at for at in range(20)]
    sample = sample_to_judge(stored(labels, edges), 10, 0)
    good = judged(sample, [left // 2 not in (0, 7, 8) for left in sample["left"].to_pylist()]).pairs
    assert good.precision == pytest.approx((5 / 6,) * 3)
    assert good.recall == pytest.approx((5 / 7,) * 3)


def test_a_stratum_without_verdicts_leaves_the_interval_open() -> None:
    edges = [(2 * at, 2 * at + 1, 3.0 if at < 40 else 0.0) for at in range(80)]
    labels = [at - at % 2 if at < 80 else at for at in range(160)]
    sample = sample_to_judge(stored(labels, edges), 80, 0)
    joined = sample["stratum"].to_numpy() < JOINED
    good = judged(sample, [True if mine else None for mine in joined.tolist()]).pairs
    assert good.precision == Share(1.0, 1.0, 1.0)
    assert good.recall.low == pytest.approx(0.5)
    assert good.recall.high == 1.0


def test_wilson_knows_that_a_part_of_a_small_stratum_is_known() -> None:
    wide, narrow = wilson(0.5, 20, 10**9), wilson(0.5, 20, 25)
    assert (wide.low, wide.high) == pytest.approx((0.2993, 0.7007), abs=1e-4)
    assert narrow.high - narrow.low < 0.5 * (wide.high - wide.low)
    assert wilson(0.0, 20, 10**9).high == pytest.approx(0.1611, abs=1e-4)


# Against the truth.

LABELS = st.lists(st.integers(0, 4), min_size=1, max_size=9)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=9))
@settings(max_examples=60)
def test_measures_are_those_of_their_definitions(records: list[tuple[int, int]]) -> None:
    labels, truth = (np.array(side) for side in zip(*records, strict=True))
    good = measured(labels, truth)
    found, true = ({pair for pair in combinations(range(len(labels)), 2) if side[pair[0]] == side[pair[1]]} for side in (labels, truth))
    assert good.pairs.precision.value == pytest.approx(len(found & true) / len(found) if found else 1)
    assert good.pairs.recall.value == pytest.approx(len(found & true) / len(true) if true else 1)
    groups = [[frozenset(np.flatnonzero(side == label).tolist()) for label in set(side.tolist())] for side in (labels, truth)]
    several = [{group for group in side if len(group) > 1} for side in groups]
    assert good.clusters is not None
    assert good.clusters.precision.value == pytest.approx(len(several[0] & several[1]) / len(several[0]) if several[0] else 1)
    assert good.clusters.recall.value == pytest.approx(len(several[0] & several[1]) / len(several[1]) if several[1] else 1)
    of = [{record: group for group in side for record in group} for side in groups]
    both = [len(of[0][record] & of[1][record]) for record in range(len(labels))]
    assert good.records is not None
    assert good.records.precision.value == pytest.approx(np.mean([held / len(of[0][at]) for at, held in enumerate(both)]))
    assert good.records.recall.value == pytest.approx(np.mean([held / len(of[1][at]) for at, held in enumerate(both)]))
    for share in (*good.pairs, *good.clusters, *good.records):
        assert 0 <= share.low <= share.value <= share.high <= 1


def test_pairs_are_a_truth_as_clusters_are() -> None:
    labels, truth = np.array([0, 0, 2, 2, 4, 4]), np.array([0, 0, 0, 3, 4, 4])
    by_clusters = measured(labels, truth)
    assert measured(labels, truth_pairs=[(0, 1), (1, 2), (4, 5)]) == by_clusters
    assert by_clusters.pairs.precision.value == pytest.approx(2 / 3)
    assert by_clusters.pairs.recall.value == pytest.approx(2 / 4)
    with pytest.raises(ValueError, match="true clusters"):
        measured(labels)


def test_the_same_seed_draws_the_same_interval_and_what_never_fails_is_not_beyond_doubt() -> None:
    labels = np.repeat(np.arange(40), 2)
    good = measured(labels, labels)
    assert good == measured(labels, labels)
    assert good.pairs.precision.value == 1
    assert good.pairs.precision.low == pytest.approx(wilson(1.0, 40, 10**12).low)


def test_an_interval_of_measures_holds_the_share_from_which_the_clusters_came() -> None:
    random, inside = np.random.default_rng(8), 0
    for _ in range(60):
        wrong = random.random(150) < 0.2
        truth = np.repeat(np.arange(150), 2)
        labels = truth.copy()
        labels[1::2][wrong] = 150 + np.flatnonzero(wrong)
        recall = measured(labels, truth).pairs.recall
        inside += recall.low <= 0.8 <= recall.high
    assert 53 <= inside <= 60


def test_a_resolution_is_estimated_as_what_is_kept_of_it(resolved: Resolution) -> None:
    pairs = frozenset({(0, 3)})
    known = kept(resolved, rulings=Rulings(together=pairs))
    assert known.constraints.together == pairs
    assert kept(known) is known
    assert estimated(kept(resolved)) == estimated(resolved)
