"""What if: the clusters are those that the engine would make, the changes are told in full, and nothing is touched."""

from collections.abc import Sequence
from itertools import combinations
from typing import Annotated

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from matching.clustering import Constraints, Labels
from matching.declaration import Vetoes
from matching.engine import LocalEngine, Rulings, Thresholds
from matching.kinds import CITY, ORG_NAME, PHONE, SIREN
from matching.quality import Kept, kept
from matching.sources import Sources
from matching.whatif import Change, changes, curve, regrouped, what_if

Edge = tuple[int, int, float]
NONE, BITS = Constraints(), Thresholds(2.0, -3.0)


class Company(BaseModel):
    """A declaration of the test."""

    name: Annotated[str, ORG_NAME]
    siren: Annotated[str | None, SIREN, Vetoes()] = None
    city: Annotated[str | None, CITY] = None
    phone: Annotated[str | None, PHONE] = None


def companies() -> pa.Table:
    """Forty invented companies in three records each, one of them shorter and one without a telephone, and some with a company number."""
    kind = ("Menuiserie", "Transports", "Imprimerie", "Fonderie", "Scierie", "Verrerie", "Cartonnages", "Laboratoires")
    name = ("Labrousse", "Quéméner", "Sérafin", "Valcourt", "Mirabeau")
    numbers = ("732829320", "404833048", "552100554")
    rows: list[tuple[str, str | None, str | None, str | None]] = []
    for at, (first, last) in enumerate((first, last) for first in kind for last in name):
        town = ("Limoges", "Brest", "Tulle", "Niort")[at % 4]
        rows.append((f"{first} {last} SARL", numbers[at % 3] if at % 4 == 0 else None, town, f"+3319900{at:04d}"))
        rows.append((f"{last.upper()} {first}", numbers[(at + at % 8 // 4) % 3] if at % 4 == 0 else None, town, None))
        rows.append((f"{first[:6]} {last}", None, None if at % 3 else town, f"+3319900{at:04d}"))
    return pa.table(
        {name: pa.array(column, pa.string()) for name, column in zip(Company.model_fields, zip(*rows, strict=True), strict=True)}
    )


def stored(labels: Sequence[int], edges: Sequence[Edge], constraints: Constraints = NONE, *, silent: bool = False) -> Kept:
    """What a hub has kept: clusters, and weighed pairs; where `silent`, a pair that is not there does not speak against."""
    left, right, weight = (np.array([edge[at] for edge in edges]) for at in range(3)) if edges else (np.zeros(0),) * 3
    ends = left.astype(np.int64), right.astype(np.int64)
    return Kept(*ends, weight.astype(np.float64), np.array(labels, np.int64), BITS, constraints, across=silent)


@pytest.mark.parametrize("distinct", [False, True])
def test_the_clusters_are_those_that_the_engine_would_make(distinct: bool) -> None:
    table = companies()
    sources = Sources((np.arange(table.num_rows) % 3 > 0).astype(np.int32), frozenset({0}) if distinct else frozenset(), across=distinct)
    ruled = Rulings(frozenset({(0, 3)}), frozenset({(6, 7)}))
    found = LocalEngine(BITS).resolve(table, Company, sources=sources, rulings=ruled)
    known = kept(found, sources=sources, rulings=ruled)
    assert what_if(known).changes == ()
    seen = set()
    for match in (-3.0, 0.0, 2.0, 6.0, 14.0):
        again = LocalEngine(Thresholds(match, BITS.review)).resolve(table, Company, model=found.model, sources=sources, rulings=ruled)
        tried = what_if(known, match=match)
        assert tried.labels.tolist() == again.labels.tolist()
        assert tried.clusters == (len(set(found.labels.tolist())), len(set(again.labels.tolist())))
        seen.add(tried.clusters[1])
    assert len(seen) > 2, "thresholds that all give the same test nothing"


def test_a_lower_threshold_merges_and_a_higher_one_splits() -> None:
    known = stored([0, 0, 2, 2, 4], [(0, 1, 9.0), (2, 3, 3.0), (1, 4, 1.0)], silent=True)
    lower = what_if(known, match=1.0)
    assert lower.changes == (Change(((0, 1), (4,)), ((0, 1, 4),)),)
    assert (lower.count("merge"), lower.count("split"), lower.count("both")) == (1, 0, 0)
    assert (lower.clusters, lower.largest, lower.gained, lower.lost) == ((3, 2), (2, 3), 2, 0)
    higher = what_if(known, match=5.0)
    assert higher.changes == (Change(((2, 3),), ((2,), (3,))),)
    assert (higher.clusters, higher.largest, higher.gained, higher.lost) == ((3, 4), (2, 2), 0, 1)
    assert higher.changes[0].kind == "split"


def test_what_is_to_be_expected_before_and_after_rests_on_the_same_pairs() -> None:
    tried = what_if(stored([0, 0, 2, 2, 4], [(0, 1, 9.0), (2, 3, 3.0), (1, 4, 1.0)], silent=True), match=1.0)
    sure, likely, doubtful = 512 / 513, 8 / 9, 2 / 3
    total = sure + likely + doubtful + sure * doubtful
    assert tried.before.precision.value == pytest.approx((sure + likely) / 2)
    assert tried.before.recall.value == pytest.approx((sure + likely) / total)
    assert tried.after.precision.value == pytest.approx(total / 4)
    assert tried.after.recall.value == pytest.approx(1.0)


def test_rulings_are_tried_in_place_of_those_in_force() -> None:
    known = stored([0, 0, 2, 3], [(0, 1, 9.0), (2, 3, 1.0)])
    tried = what_if(known, rulings=Rulings(frozenset({(2, 3)}), frozenset({(0, 1)})))
    assert tried.labels.tolist() == [0, 1, 2, 2]
    assert [change.kind for change in tried.changes] == ["split", "merge"]
    assert tried.after.precision.value == 1.0
    assert tried.before.precision.value == 0.0
    ruled = stored([0, 1, 2, 3], [(0, 1, 9.0)], Constraints(apart=frozenset({(0, 1)})))
    assert what_if(ruled).changes == ()
    assert what_if(ruled, rulings=Rulings()).labels.tolist() == [0, 0, 2, 3]


def test_values_that_veto_hold_at_every_threshold() -> None:
    known = stored([0, 0, 2], [(0, 1, 9.0), (1, 2, 1.0)], Constraints(single=[np.array([7, -1, 8], np.int32)]))
    assert what_if(known, match=-3.0).labels.tolist() == [0, 0, 2]


def test_pairs_that_were_not_kept_cannot_be_tried() -> None:
    with pytest.raises(ValueError, match="below -3 bits were not kept"):
        what_if(stored([0, 1], [(0, 1, 1.0)]), match=-3.5)


def test_nothing_is_touched() -> None:
    known = stored([0, 0, 2], [(0, 1, 9.0), (1, 2, 1.0)])
    before = [part.copy() for part in (known.left, known.right, known.weight, known.labels)]
    what_if(known, match=0.0, rulings=Rulings(frozenset({(0, 2)})))
    curve(known)
    assert all(np.array_equal(one, other) for one, other in zip(before, (known.left, known.right, known.weight, known.labels), strict=True))


LABELS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=9)


@given(LABELS)
def test_changes_told_one_after_the_other_are_the_change(pairs: list[tuple[int, int]]) -> None:
    before, after = (smallest([pair[side] for pair in pairs]) for side in (0, 1))
    told = changes(before, after)
    groups = [{frozenset(np.flatnonzero(side == label).tolist()) for label in side} for side in (before, after)]
    gone, come = (
        {frozenset(group) for change in told for group in change.before},
        {frozenset(group) for change in told for group in change.after},
    )
    assert gone <= groups[0]
    assert groups[0] - gone | come == groups[1]
    assert gone & groups[1] == set(), "what stays as it is is not told"
    for change in told:
        assert sorted(at for group in change.before for at in group) == sorted(at for group in change.after for at in group)
    touched = [at for change in told for group in change.before for at in group]
    assert len(touched) == len(set(touched))


@given(
    st.lists(
        st.tuples(st.integers(0, 7), st.integers(0, 7), st.sampled_from([-2.0, 1.0, 3.0, 6.0])).filter(lambda e: e[0] < e[1]), max_size=12
    )
)
def test_pairs_gained_and_lost_are_those_joined_after_and_before(edges: list[Edge]) -> None:
    edges = list({edge[:2]: edge for edge in edges}.values())
    known = stored(range(8), edges)
    known = stored(regrouped(known, 2.0).tolist(), edges)
    for match in (-1.0, 4.0):
        tried = what_if(known, match=match)
        joined = [{pair for pair in combinations(range(8), 2) if side[pair[0]] == side[pair[1]]} for side in (known.labels, tried.labels)]
        assert (tried.gained, tried.lost) == (len(joined[1] - joined[0]), len(joined[0] - joined[1]))
        sizes = [np.bincount(side).max() for side in (known.labels, tried.labels)]
        assert tried.largest == tuple(sizes)


def smallest(labels: list[int]) -> Labels:
    """Every group named by its first record."""
    return np.array([labels.index(label) for label in labels])


def test_a_curve_shows_every_threshold_on_the_same_pairs() -> None:
    known = stored([0, 0, 2, 2, 4], [(0, 1, 9.0), (2, 3, 3.0), (1, 4, 1.0)], silent=True)
    rows = curve(known, [1.0, 2.0, 5.0, 10.0]).to_pylist()
    assert [(row["clusters"], row["largest"], row["pairs"]) for row in rows] == [(2, 3, 4), (3, 2, 2), (4, 2, 1), (5, 1, 0)]
    recall, precision = ([row[name] for row in rows] for name in ("recall", "precision"))
    assert recall == sorted(recall, reverse=True)
    assert precision == sorted(precision)
    tried = what_if(known, match=1.0)
    assert rows[0]["recall"] == pytest.approx(tried.after.recall.value)
    assert rows[1]["recall"] == pytest.approx(tried.before.recall.value)
    assert curve(known)["threshold"].to_pylist() == [float(bits) for bits in range(-3, 13)]
