"""What rulings teach, which pairs are asked about, and that every ruling stays a regression case."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Annotated

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

import matching
from matching import Rulings, cases, questions, saving, taught
from matching.declaration import Vetoes
from matching.engine import LocalEngine, Resolution, Thresholds
from matching.features import taken
from matching.kinds import CITY, DESCRIPTION, FAMILY_NAME, GIVEN_NAME, ORG_NAME, PHONE, PRODUCT_LABEL, SIREN
from matching.learning import contradicted, corrected
from matching.model import VETO, Model

ER = Path(__file__).parents[3] / "shared" / "er"
Pair = tuple[int, int]

GIVEN = ("Odile", "Basile", "Zelda", "Hippolyte", "Solveig", "Aubin", "Ninon", "Firmin", "Salomé")
FAMILY = ("Vergnaud", "Massart", "Brugiroux", "Arnaudet", "Ferrandou", "Lescure", "Quintin", "Tavernier", "Ollivier", "Pradel")
TOWNS = ("Limoges", "Brest", "Tulle", "Niort", "Vannes", "Agen")


class Person(BaseModel):
    """A declaration of the test."""

    given: Annotated[str | None, GIVEN_NAME] = None
    family: Annotated[str | None, FAMILY_NAME] = None
    city: Annotated[str | None, CITY] = None
    phone: Annotated[str | None, PHONE] = None


class Company(BaseModel):
    """A declaration of the test."""

    name: Annotated[str | None, ORG_NAME] = None
    siren: Annotated[str | None, SIREN, Vetoes()] = None
    phone: Annotated[str | None, PHONE] = None


class Product(BaseModel):
    """A declaration of the test."""

    label: Annotated[str | None, PRODUCT_LABEL] = None
    description: Annotated[str | None, DESCRIPTION] = None


def people() -> pa.Table:
    """Ninety invented people: two records each, which differ in many ways, and for some a brother or sister of the same town and telephone."""
    rows: list[tuple[str, str, str, str, str | None]] = []
    for at, (first, last) in enumerate((first, last) for first in GIVEN for last in FAMILY):
        town, phone = TOWNS[at % 6], f"+3319900{at:04d}"
        rows.append((f"{at:03d}", first, last, town, phone))
        misspelt, moved = last[:-1] if at % 3 == 0 else last, TOWNS[(at + 1) % 6] if at % 4 == 0 else town
        rows.append((f"{at:03d}b", first, misspelt, moved, None if at % 5 == 0 else f"+3326100{at:04d}" if at % 7 == 0 else phone))
        if at % 4 == 1:
            rows.append((f"{at:03d}x", GIVEN[(at + 5) % 9], last, town, phone))
    return pa.table(dict(zip(("id", "given", "family", "city", "phone"), map(list, zip(*rows, strict=True)), strict=True)))


@cache
def found() -> matching.Matches:
    """The people, matched without rulings."""
    return matching.dedupe(people(), Person)


def answered(pairs: Iterable[Pair]) -> Rulings:
    """What one who knows the people says of pairs: the letter in an id tells a second record, or another person."""
    ids = [name.removesuffix("b") for name in found().clusters["id"].to_pylist()]
    asked = frozenset(pairs)
    same = frozenset(pair for pair in asked if ids[pair[0]] == ids[pair[1]])
    return Rulings(same, asked - same)


def kept(resolution: Resolution) -> list[Pair]:
    """The pairs that were kept, by position."""
    return list(zip(resolution.pairs["left"].to_pylist(), resolution.pairs["right"].to_pylist(), strict=True))


def patterns(resolution: Resolution) -> dict[Pair, tuple[int, ...]]:
    """How pairs agree: a level a feature."""
    levels = [resolution.pairs[feature.name].to_pylist() for feature in resolution.kernel.features]
    return dict(zip(kept(resolution), zip(*levels, strict=True), strict=True))


def weights(resolution: Resolution, model: Model, pairs: Iterable[Pair]) -> list[float]:
    """Bits of pairs under a model."""
    left, right = np.array(list(pairs), np.int64).T
    kernel, both = replace(resolution.kernel, model=model), taken(resolution.columns, left, right)
    return [float(weight) for weight in kernel.weights(both, kernel.levels(both))]


def of_one_pattern() -> list[Pair]:
    """Pairs that agree in the same way, of which the model is in doubt: ten or more."""
    known = patterns(found().resolution)
    weight = dict(zip(known, found().resolution.pairs["weight"].to_pylist(), strict=True))
    alike: dict[tuple[int, ...], list[Pair]] = {}
    for pair, levels in known.items():
        alike.setdefault(levels, []).append(pair)
    return min(
        (pairs for pairs in alike.values() if len(pairs) >= 10), key=lambda pairs: abs(float(np.mean([weight[one] for one in pairs])))
    )


def rounds(count: int, each: int) -> tuple[list[Pair], Rulings]:
    """The questions of some rounds, in order, and the answers."""
    asked: list[Pair] = []
    now = found()
    for _ in range(count):
        asked += [(one.left, one.right) for one in questions(now.resolution, answered(asked), each)]
        now = matching.dedupe(people(), Person, model=taught(now.resolution, answered(asked)), rulings=answered(asked))
    return asked, answered(asked)


def same(one: Model, other: Model) -> bool:
    """Whether models weigh alike."""
    return one.prior == pytest.approx(other.prior, abs=1e-6) and all(
        one.bits(name) == pytest.approx(other.bits(name), abs=1e-6) for name in one.m
    )


# What is learnt


def test_without_rulings_the_model_stays_as_it_is() -> None:
    assert taught(found().resolution, Rulings()) is found().model


@pytest.mark.parametrize("together", [True, False])
def test_rulings_move_the_pairs_and_those_that_agree_like_them(together: bool) -> None:
    pairs = of_one_pattern()
    ruled, others = frozenset(pairs[:5]), pairs[5:]
    model = taught(found().resolution, Rulings(ruled, frozenset()) if together else Rulings(frozenset(), ruled))
    sign = 1 if together else -1
    for moved in (pairs[:5], others):
        before, after = weights(found().resolution, found().model, moved), weights(found().resolution, model, moved)
        assert min(sign * (late - early) for early, late in zip(before, after, strict=True)) > 0.5
    assert sign * (model.prior - found().model.prior) > 0


def test_more_rulings_move_further() -> None:
    pairs = of_one_pattern()
    by_count = [
        weights(found().resolution, taught(found().resolution, Rulings(frozenset(pairs[:count]))), pairs)[-1] for count in (1, 3, 9)
    ]
    assert by_count == sorted(by_count)
    assert by_count[-1] > by_count[0] + 0.5


def test_what_brothers_and_sisters_share_is_found_to_say_less() -> None:
    names = [feature.name for feature in found().resolution.kernel.features]
    given, phone = names.index("given"), names.index("phone")
    levels, apart = patterns(found().resolution), answered(kept(found().resolution)).apart
    shared = [pair for pair in apart if levels[pair][phone] == 3 and levels[pair][given] == 1]
    assert len(shared) > 10
    model = taught(found().resolution, Rulings(apart=frozenset(shared)))
    assert model.bits("phone")[-1] < found().model.bits("phone")[-1] - 0.5
    assert model.bits("given")[1] < found().model.bits("given")[1]


def test_answers_make_the_weights_better() -> None:
    truth, pairs = answered(kept(found().resolution)), kept(found().resolution)

    def wrong(model: Model) -> int:
        return sum(
            (weight >= 0) != (pair in truth.together) for pair, weight in zip(pairs, weights(found().resolution, model, pairs), strict=True)
        )

    _, rulings = rounds(3, 8)
    assert wrong(taught(found().resolution, rulings)) < wrong(found().model)


def test_a_pair_ruled_both_ways_breaks_nothing_and_is_for_the_stewards_to_settle() -> None:
    pair = of_one_pattern()[0]
    before = weights(found().resolution, found().model, [pair])[0]
    once = [weights(found().resolution, taught(found().resolution, rulings), [pair])[0] for rulings in both_ways(pair)]
    model = taught(found().resolution, Rulings(frozenset({pair}), frozenset({pair})))
    settled = weights(found().resolution, model, [pair])[0]
    assert once[1] < settled < once[0]
    assert abs(settled) <= abs(before)
    assert contradicted(found().resolution, Rulings(frozenset({pair}), frozenset({pair[::-1]}))) == []


def both_ways(pair: Pair) -> tuple[Rulings, Rulings]:
    """The two rulings there can be."""
    return Rulings(together=frozenset({pair})), Rulings(apart=frozenset({pair}))


@pytest.mark.parametrize("together", [True, False])
def test_a_slip_is_outweighed_and_is_what_the_model_contradicts(together: bool) -> None:
    slip, *pairs = of_one_pattern()
    most, one = frozenset(pairs), frozenset({slip})
    rulings = Rulings(most, one) if together else Rulings(one, most)
    model = taught(found().resolution, rulings)
    assert all((weight > 0) is together for weight in weights(found().resolution, model, [slip, *pairs]))
    again = matching.dedupe(people(), Person, model=model)
    assert [(wrong.left, wrong.right, wrong.together) for wrong in contradicted(again.resolution, rulings)] == [(*slip, not together)]


def test_one_slip_on_what_is_sure_does_not_undo_what_other_answers_say() -> None:
    sure, *others = [
        pair for _, pair in sorted(zip(found().resolution.pairs["weight"].to_pylist(), kept(found().resolution), strict=True))
    ][::-1]
    sound = answered(sorted(others)[:20])
    model = taught(found().resolution, Rulings(sound.together, sound.apart | {sure}))
    assert weights(found().resolution, model, [sure])[0] > 3
    assert abs(model.prior - found().model.prior) < 1


def test_the_order_of_rulings_and_the_order_in_a_pair_are_nothing() -> None:
    rulings = answered(kept(found().resolution)[:20])
    turned = Rulings(*(frozenset(pair[::-1] for pair in sorted(pairs, reverse=True)) for pairs in (rulings.together, rulings.apart)))
    models = [taught(found().resolution, each) for each in (rulings, rulings, turned)]
    assert models[0].m == models[1].m == models[2].m
    assert models[0].prior == models[1].prior == models[2].prior
    assert questions(found().resolution, rulings, 8) == questions(found().resolution, turned, 8)


def test_each_round_starts_from_the_model_that_no_ruling_corrected(tmp_path: Path) -> None:
    rulings = answered(kept(found().resolution)[:20])
    once = taught(found().resolution, rulings)
    saving.save(once, tmp_path / "model.json")
    for model in (once, saving.load(tmp_path / "model.json")):
        again = matching.dedupe(people(), Person, model=model, rulings=rulings)
        assert not same(again.model, found().model)
        assert same(taught(again.resolution, rulings), once)
        assert same(taught(again.resolution, Rulings()), found().model)


def test_what_a_veto_decides_teaches_nothing() -> None:
    names = [f"{first} {last}" for first in ("Menuiserie", "Transports", "Cabinet") for last in FAMILY]
    siren = ["732829320", "404833048", *[None] * 58]
    rows = {"id": [str(at) for at in range(60)], "name": [names[at // 2] for at in range(60)], "siren": siren}
    pairs = matching.dedupe(
        pa.table(rows | {"phone": [f"+3319900{at // 2:04d}" for at in range(60)]}), Company, engine=LocalEngine(Thresholds(review=VETO))
    ).resolution
    assert (0, 1) in kept(pairs)
    assert same(taught(pairs, Rulings(together=frozenset({(0, 1)}))), pairs.model)
    assert (0, 1) not in {(one.left, one.right) for one in questions(pairs, Rulings(), 1000)}


# What becomes of the corrections


@cache
def products() -> Resolution:
    """Goods whose description repeats the label, so that it counts in part."""
    names = [f"{what} Ostrova {'KV' if at % 2 else 'TM'}{100 + 7 * at}" for at in range(20) for what in ("Perceuse", "Scie")]
    rows = {"id": [str(at) for at in range(80)], "label": [*names, *(name.upper() for name in names)]}
    return matching.dedupe(pa.table(rows | {"description": [f"{name} robuste, avec mallette" for name in names] * 2}), Product).resolution


@pytest.mark.parametrize("resolution", [lambda: found().resolution, products], ids=["people", "products"])
def test_corrections_of_nought_correct_nothing(resolution: Callable[[], Resolution]) -> None:
    kernel = resolution().kernel
    size = 2 + len(kernel.features) + sum(feature.scale.exact for feature in kernel.features)
    model = corrected(kernel, np.zeros(size))
    assert same(model, kernel.model)
    lifts = [list(each.lifts()) for each in (model, kernel.model)]
    assert len(lifts[0]) == len(lifts[1])
    for (known, name, lift), (before, _, was) in zip(*lifts, strict=True):
        assert (known, name) == (before, name)
        assert lift == pytest.approx(was)


@given(st.lists(st.floats(-3, 3), min_size=21, max_size=60))
@settings(max_examples=30, deadline=None)
def test_corrected_bits_are_those_of_m_and_u_which_are_shares(drawn: list[float]) -> None:
    kernel = found().resolution.kernel
    exact = [feature.scale.exact for feature in kernel.features]
    likeliest = np.resize(drawn, 2 + len(exact) + sum(exact))
    likeliest[1 : 2 + len(exact)] /= 10
    model = corrected(kernel, likeliest)
    levels = np.split(likeliest[2 + len(exact) :], np.cumsum(exact)[:-1])
    for at, feature in enumerate(kernel.features):
        m, u = np.array(model.m[feature.name]), np.array(model.u[feature.name])
        assert (m > 0).all()
        assert (u > 0).all()
        assert [m.sum(), u.sum()] == pytest.approx([1, 1])
        wanted = kernel.model.bits(feature.name)[1:] * (1 + likeliest[1] + likeliest[2 + at]) + levels[at]
        inner = (wanted > wanted.min()) & (wanted < wanted.max())  # the extremes are held on their side
        assert np.log2(m / u)[inner] == pytest.approx(wanted[inner], abs=1e-6)


# Which pairs are asked about


def test_no_pair_is_asked_twice_and_none_that_rulings_decide() -> None:
    asked, rulings = rounds(4, 6)
    assert len(asked) == len(set(asked)) == 24
    assert len(rulings.together | rulings.apart) == 24
    assert rulings.together
    assert rulings.apart


def test_what_follows_from_rulings_is_not_asked() -> None:
    rows = people().to_pylist()[:24]
    every = matching.dedupe(
        pa.Table.from_pylist([*rows, *(row | {"id": row["id"] + "c", "phone": None} for row in rows)]), Person
    ).resolution
    pairs = set(kept(every))
    one, other, third = next(
        (one, other, third) for one, other in sorted(pairs) for third in range(48) if {(one, third), (other, third)} <= pairs
    )
    joined, follows = frozenset({(one, other)}), {(one, third), (other, third)}
    assert follows & asked_to_the_end(every, Rulings())
    for rulings in (Rulings(joined | {(other, third)}), Rulings(joined, frozenset({(other, third)}))):
        assert not follows & asked_to_the_end(every, rulings)


def asked_to_the_end(resolution: Resolution, rulings: Rulings) -> set[Pair]:
    """All that is ever asked, when every answer is that the two are not one."""
    asked: set[Pair] = set()
    while more := {(one.left, one.right) for one in questions(resolution, Rulings(rulings.together, rulings.apart | asked), 1000)}:
        assert not more & asked
        asked |= more
    return asked


def test_questions_end_when_every_pair_is_ruled_on() -> None:
    assert asked_to_the_end(found().resolution, Rulings()) == set(kept(found().resolution))


def test_there_are_as_many_questions_as_wanted_or_as_there_are() -> None:
    assert questions(found().resolution, Rulings(), 0) == []
    assert len(questions(found().resolution, Rulings(), 7)) == 7
    few = matching.dedupe(people().slice(0, 4), Person).resolution
    assert 0 < len(questions(few, Rulings(), 50)) <= few.pairs.num_rows
    alone = matching.dedupe(people().slice(0, 1), Person).resolution
    assert questions(alone, Rulings(), 50) == []


def test_questions_are_spread_over_the_ways_to_agree_and_over_records() -> None:
    known = patterns(found().resolution)
    asked = questions(found().resolution, Rulings(), 10)
    assert max(Counter(known[one.left, one.right] for one in asked).values()) <= 2
    assert len({known[one.left, one.right] for one in asked}) >= 6
    assert len({record for one in asked for record in (one.left, one.right)}) == 20


def test_a_question_says_how_many_pairs_agree_like_it() -> None:
    known = list(patterns(found().resolution).values())
    for one in questions(found().resolution, Rulings(), 10):
        assert one.alike == known.count(patterns(found().resolution)[one.left, one.right])


def test_one_in_five_checks_what_seems_sure() -> None:
    asked = questions(found().resolution, Rulings(), 10)
    assert [one.why for one in asked] == (["uncertain"] * 4 + ["check"]) * 2
    assert all(max(one.probability, 1 - one.probability) >= 0.9 for one in asked if one.why == "check")


def test_a_way_to_agree_that_was_ruled_on_often_is_asked_about_less() -> None:
    pairs, known = of_one_pattern(), patterns(found().resolution)
    ruled = answered(pairs[:9])
    rulings = Rulings(frozenset(sorted(ruled.together | ruled.apart)[::2]), frozenset(sorted(ruled.together | ruled.apart)[1::2]))
    now, before = (
        [known[one.left, one.right] for one in questions(found().resolution, each, 6)].count(known[pairs[0]])
        for each in (rulings, Rulings())
    )
    assert now < before


def test_what_is_asked_first_is_in_doubt() -> None:
    first, *_ = questions(found().resolution, Rulings(), 1)
    assert 0.05 < first.probability < 0.95


# Rulings hold, and stay as regression cases


def test_rulings_hold_in_clusters_whatever_is_learnt() -> None:
    ids = found().clusters["id"].to_pylist()
    alike, unlike = (ids.index("002"), ids.index("002b")), (ids.index("010"), ids.index("055"))
    rulings = Rulings(frozenset({unlike}), frozenset({alike}))
    label = matching.dedupe(people(), Person, model=taught(found().resolution, rulings), rulings=rulings).resolution.labels
    assert found().resolution.labels[alike[0]] == found().resolution.labels[alike[1]]
    assert label[alike[0]] != label[alike[1]]
    assert label[unlike[0]] == label[unlike[1]]


def test_contradicted_are_the_rulings_that_the_weights_decide_otherwise() -> None:
    weight = dict(zip(kept(found().resolution), found().resolution.pairs["weight"].to_pylist(), strict=True))
    for opposite in (False, True):
        rulings = Rulings(*(frozenset(pair for pair in weight if (weight[pair] >= 0) is (side is not opposite)) for side in (True, False)))
        wrong = contradicted(found().resolution, rulings)
        assert {(one.left, one.right) for one in wrong} == (set(weight) if opposite else set())
        assert all(one.weight == pytest.approx(weight[one.left, one.right]) for one in wrong)
        assert all(one.together is (one.weight < 0) for one in wrong)
    strict = replace(found().resolution, thresholds=Thresholds(match=1e3))
    assert len(contradicted(strict, Rulings(frozenset(weight)))) == len(weight)
    assert contradicted(found().resolution, Rulings()) == []


def test_a_pair_that_is_not_compared_is_a_case_as_well() -> None:
    ids = found().clusters["id"].to_pylist()
    pair = (ids.index("010"), ids.index("055"))
    assert pair not in kept(found().resolution)
    [case] = contradicted(found().resolution, Rulings(together=frozenset({pair})))
    assert case[:3] == (*pair, True)
    assert case.weight == pytest.approx(weights(found().resolution, found().model, [pair])[0])


def test_cases_are_replayed_by_id_against_a_new_model_and_other_rows(tmp_path: Path) -> None:
    slip, *pairs = of_one_pattern()
    rulings = Rulings(frozenset(pairs), frozenset({slip}))
    cases.save(rulings, found(), tmp_path / "rulings.csv")
    assert cases.load(tmp_path / "rulings.csv", found()) == rulings
    turned = people().take(list(range(people().num_rows))[::-1])
    again = matching.dedupe(turned, Person, model=taught(found().resolution, rulings))
    wrong = contradicted(again.resolution, cases.load(tmp_path / "rulings.csv", again))
    ids, before = again.clusters["id"].to_pylist(), found().clusters["id"].to_pylist()
    assert [{ids[one.left], ids[one.right]} for one in wrong] == [{before[at] for at in slip}]


def test_cases_of_two_tables_tell_left_from_right(tmp_path: Path) -> None:
    left, right = people().slice(0, 30), people().slice(10, 30)
    linked = matching.link(left, right, Person)
    rulings = Rulings(frozenset({(10, 30)}), frozenset({(11, 31), (0, 59)}))
    cases.save(rulings, linked, tmp_path / "rulings.csv")
    assert cases.load(tmp_path / "rulings.csv", linked) == rulings


@pytest.mark.parametrize("line", ["000,nobody,true", "nobody,000,true", "000,000b,yes", "000"])
def test_a_line_that_is_no_case_is_told(tmp_path: Path, line: str) -> None:
    path = tmp_path / "rulings.csv"
    path.write_text(f"left_id,right_id,together\n000,000b,true\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"rulings\.csv, line 3"):
        cases.load(path, found())


@pytest.mark.parametrize("distinct", [False, True])
def test_two_tables_learn_from_rulings_by_position_left_rows_first(distinct: bool) -> None:
    rows = people().filter(np.array([not name.endswith("x") for name in people()["id"].to_pylist()]))
    left, right = (rows.take(list(range(side, rows.num_rows, 2))) for side in (0, 1))
    linked = matching.link(left, right, Person, distinct=distinct)
    count = left.num_rows
    asked = questions(linked.resolution, Rulings(), 12)
    assert all(one.left < count <= one.right for one in asked)
    same = frozenset((one.left, one.right) for one in asked if one.right - one.left == count)
    rulings = Rulings(same, frozenset((one.left, one.right) for one in asked) - same)
    again = matching.link(left, right, Person, distinct=distinct, model=taught(linked.resolution, rulings), rulings=rulings)
    labels = again.resolution.labels
    assert all(labels[one] == labels[other] for one, other in rulings.together)
    assert all(labels[one] != labels[other] for one, other in rulings.apart)
    assert not {(one.left, one.right) for one in questions(again.resolution, rulings, 30)} & (rulings.together | rulings.apart)
    paired = [matches.resolution.labels[:count] == matches.resolution.labels[count:] for matches in (linked, again)]
    assert paired[1].sum() >= paired[0].sum()


# Accuracy after sixty answers

BOUNDS = {"orgs_hard": 0.985, "chicago_orgs": 0.93, "fake_1000": 0.95}
"""F1 of pairs."""


@pytest.mark.parametrize("name", BOUNDS)
def test_what_sixty_answers_bring(benchmark: Callable[[str], ModuleType], name: str) -> None:
    folder = ER / name
    if not folder.exists():
        pytest.skip("../shared/er is not here")
    measured = benchmark("learning")
    first, *_, last = measured.stands(folder, measured.by_engine, 10)
    assert last.answers == 60
    assert last.pairs >= BOUNDS[name]
    assert last.pairs > first.pairs
    assert last.by_weight > first.by_weight + 0.01
