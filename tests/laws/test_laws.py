"""The laws of one truth, over generated worlds: TRUTH in the design; each says which."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from mdm import pipeline, stewardship
from mdm.entities import MASTERS, Customer
from mdm.entities.billing import Invoice
from mdm.errors import BadInput, Conflict, NotFound
from mdm.pipeline import Hub
from mdm.stewardship import Steward
from mdm.store import facts, golden, masters
from mdm.store.decisions import Verdict
from mdm.verification import verify
from tests.laws.world import FORMS, GENERIC, NAMES, Key, Row, World, deliver, empty, numbers, state, worlds

ALICE = Steward("Alice", "she knows them")
at_once = settings(phases=[Phase.explicit, Phase.reuse, Phase.generate])
"""A world that breaks a law is told as it was found: to shrink it takes minutes, for each try is a hub."""
ENTITIES = {master.entity: master for master in MASTERS}


def rule(hub: Hub, world: World, pair: tuple[Key, Key]) -> None:
    """A steward who knows the companies rules on two records that are there."""
    with hub.engine.begin() as db:
        known = numbers(db)
        if pair[0] == pair[1] or not {*pair} <= known.keys():
            return
        verdict: Verdict = "same" if world.company[pair[0]] == world.company[pair[1]] else "different"
        with suppress(Conflict):
            stewardship.rule(hub, db, Customer, [(known[pair[0]], known[pair[1]])], verdict, ALICE)


def pairs_of(draw: st.DrawFn, world: World, most: int = 3) -> list[tuple[Key, Key]]:
    keys = st.sampled_from(world.customers)
    return draw(st.lists(st.tuples(keys, keys), max_size=most))


def in_batches(draw: st.DrawFn, rows: Sequence[Row]) -> list[list[Row]]:
    """Cut somewhere, some of it delivered twice."""
    cuts = sorted(draw(st.sets(st.integers(0, len(rows)), max_size=2)))
    batches = [list(rows[one:other]) for one, other in pairwise([0, *cuts, len(rows)])]
    again = draw(st.lists(st.sampled_from(rows), max_size=3))
    return [*[batch for batch in batches if batch], *([again] if again else [])]


@at_once
@given(data=st.data())
def test_1_order_batches_doubles_and_lateness_are_nothing(lawful: Hub, data: Any) -> None:
    world = data.draw(worlds())
    pairs = data.draw(st.composite(pairs_of)(world))
    told = []
    for rows in (world.rows, data.draw(st.permutations(world.rows))):
        empty(lawful.engine)
        ahead = data.draw(st.booleans())
        for batch in data.draw(st.composite(in_batches)(rows)):
            deliver(lawful, batch)
            if ahead:
                pipeline.resolve(lawful)
                for pair in pairs[:1]:
                    rule(lawful, world, pair)
        for pair in pairs:
            rule(lawful, world, pair)
        pipeline.resolve(lawful)
        with lawful.engine.connect() as db:
            told.append(state(db))
    assert told[0] == told[1]


@at_once
@given(data=st.data())
def test_2_4_5_6_7_9_after_every_step_all_is_as_if_made_anew(lawful: Hub, data: Any) -> None:
    """Incremental is full rebuild; one golden record a record; rulings hold; every id ever given out resolves.

    Then the same again changes nothing, and acts move no sum.
    """
    world = data.draw(worlds())
    empty(lawful.engine)
    pairs = iter(data.draw(st.composite(pairs_of)(world)))
    for batch in data.draw(st.composite(in_batches)(data.draw(st.permutations(world.rows)))):
        deliver(lawful, batch)
        pipeline.resolve(lawful)
        if (pair := next(pairs, None)) is not None:
            rule(lawful, world, pair)
        lawful_now(lawful)
    with lawful.engine.connect() as db:
        before, held = rows_of(db), sums(db)
    deliver(lawful, world.rows)
    assert all(item.skipped for item in pipeline.resolve(lawful))
    with lawful.engine.connect() as db:
        assert rows_of(db) == before
    for _ in range(2):
        with lawful.engine.begin() as db:
            act(data, lawful, db)
            assert sums(db) == held


def lawful_now(hub: Hub) -> None:
    """What must hold at any time."""
    with hub.engine.connect() as db:
        assert [(found.entity, told) for found in verify(hub, db) for told in found.differences] == []
        for left, right, verdict in masters.rulings(db, "customer"):
            golden = masters.golden_of(db, (left, right))
            if len(golden) == 2:
                assert (golden[left] == golden[right]) == (verdict == "same")


@at_once
@given(data=st.data())
def test_3_what_is_taken_back_was_never_done_but_for_history(lawful: Hub, data: Any) -> None:
    """Any act, not only the last; ids, members and values come back, and the feed tells of both."""
    world = data.draw(worlds())
    empty(lawful.engine)
    deliver(lawful, world.rows)
    pipeline.resolve(lawful)
    acts: list[str] = []
    before: dict[int, dict[str, Any]] = {}
    for _ in range(data.draw(st.integers(1, 3))):
        with lawful.engine.begin() as db:
            before[len(acts)] = identities(db)
            done = act(data, lawful, db)
            acts += [done] if done else []
    for number in sorted(range(len(acts)), key=lambda at: -at):
        with lawful.engine.begin() as db:
            told = len(checks_of_feed(db))
            told_now = stewardship.revert(lawful, db, acts[number], ALICE, ENTITIES).events
            assert identities(db) == before[number]
            assert len(checks_of_feed(db)) == told + len(told_now)
        lawful_now(lawful)


def act(data: Any, hub: Hub, db: Connection) -> str | None:
    """A steward does something to golden customers: the number of the act, None where rulings forbid it or there is nothing to do it to."""
    live = [row.id for row in db.execute(text("SELECT id FROM golden WHERE entity = 'customer' AND status = 'live' ORDER BY id"))]
    kind = data.draw(st.sampled_from(("merge", "split", "move", "confirm")))
    one, other = (live[data.draw(st.integers(0, 6)) % len(live)] for _ in range(2)) if live else ("", "")
    with suppress(Conflict, BadInput, NotFound), db.begin_nested():
        if kind == "merge":
            return stewardship.merge(hub, db, Customer, [one, other], ALICE).id
        if kind == "confirm":
            return stewardship.confirm(hub, db, Customer, one, ALICE).id
        records = [row.record_id for row in golden.members(db, one)]
        chosen = data.draw(st.sets(st.integers(0, 6), min_size=1, max_size=3))
        some = sorted({records[at % len(records)] for at in chosen})
        if kind == "split":
            return stewardship.split(hub, db, Customer, one, some, ALICE).id
        return stewardship.move(hub, db, Customer, one, some, other, ALICE).id
    return None


def identities(db: Connection) -> dict[str, Any]:
    """Ids in use with their members and values, and where the others lead that were ever in use for something else than an act taken back."""
    members = db.execute(text("SELECT golden_id, record_id FROM member WHERE known_to IS NULL ORDER BY 1, 2")).all()
    values = db.execute(text("SELECT golden_id, data, lineage FROM golden_version WHERE known_to IS NULL ORDER BY 1")).all()
    return {"members": [tuple(row) for row in members], "values": [tuple(row) for row in values]}


def checks_of_feed(db: Connection) -> list[Any]:
    """The outbox."""
    return list(db.execute(text("SELECT seq, golden_id, event FROM outbox ORDER BY seq")))


@at_once
@given(data=st.data())
def test_3_an_act_of_long_ago_is_taken_back_from_under_later_ones(lawful: Hub, data: Any) -> None:
    """In any order, all acts taken back leave what there was, and nothing that stewards said."""
    world = data.draw(worlds())
    empty(lawful.engine)
    deliver(lawful, world.rows)
    pipeline.resolve(lawful)
    acts: list[str] = []
    with lawful.engine.begin() as db:
        before = partition(db)
    for _ in range(data.draw(st.integers(2, 3))):
        with lawful.engine.begin() as db:
            done = act(data, lawful, db)
            acts += [done] if done else []
    waiting = data.draw(st.permutations(acts))
    while waiting:
        still = [number for number in waiting if not taken_back(lawful, number)]
        assert len(still) < len(waiting)
        waiting = still
    with lawful.engine.begin() as db:
        assert masters.rulings(db, "customer") == []
        assert partition(db) == before


def test_3_a_ruling_that_came_back_goes_with_the_act_that_made_it(lawful: Hub) -> None:
    """A merge, a split of it, the split taken back, and that again; then the merge taken back."""
    empty(lawful.engine)
    deliver(lawful, [Row("customer", "crm", f"k{at}", 1, {"name": NAMES[at], "city": f"Town {at}"}) for at in range(3)])
    pipeline.resolve(lawful)
    with lawful.engine.begin() as db:
        before, known = identities(db), numbers(db)
        one, two, three = (known["customer", "crm", f"k{at}"] for at in range(3))
        held = masters.golden_of(db, (one, two, three))
        merge = stewardship.merge(lawful, db, Customer, [held[one], held[two], held[three]], ALICE).id
        split = stewardship.split(lawful, db, Customer, held[one], [one], ALICE).id
        back = stewardship.revert(lawful, db, split, ALICE, ENTITIES).id
        again = stewardship.revert(lawful, db, back, ALICE, ENTITIES).id
        assert partition(db) == {frozenset({one}), frozenset({two, three})}
        stewardship.revert(lawful, db, again, ALICE, ENTITIES)
        assert partition(db) == {frozenset({one, two, three})}
        stewardship.revert(lawful, db, merge, ALICE, ENTITIES)
        assert masters.rulings(db, "customer") == []
        assert identities(db) == before


def taken_back(hub: Hub, number: str) -> bool:
    """Whether an act could be taken back; not where a later one that is still in force says otherwise."""
    with hub.engine.begin() as db, suppress(Conflict), db.begin_nested():
        stewardship.revert(hub, db, number, ALICE, ENTITIES)
        return True
    return False


def partition(db: Connection) -> set[frozenset[int]]:
    """Which records are one."""
    held: dict[str, set[int]] = {}
    for row in db.execute(text("SELECT golden_id, record_id FROM member WHERE known_to IS NULL")):
        held.setdefault(row.golden_id, set()).add(row.record_id)
    return {frozenset(records) for records in held.values()}


def rows_of(db: Connection) -> dict[str, int]:
    """How many rows there are of all that grows when something changes."""
    tables = ("record", "record_version", "member", "golden", "golden_version", "outbox", "edge", "blocking_key", "pending")
    return {name: int(db.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()) for name in tables}


@at_once
@given(world=worlds(), others=worlds(most=4))
def test_8_unrelated_records_break_no_cluster(lawful: Hub, world: World, others: World) -> None:
    empty(lawful.engine)
    deliver(lawful, world.rows)
    pipeline.resolve(lawful)
    with lawful.engine.connect() as db:
        before = state(db)
    strangers = [
        replace(row, source="elsewhere", values={"name": f"Zwölf {number} Kjeldsen", "postcode": f"9{number}999", "city": f"Øby {number}"})
        for number, row in enumerate(others.rows)
        if row.entity == "customer"
    ]
    deliver(lawful, strangers)
    pipeline.resolve(lawful)
    with lawful.engine.connect() as db:
        after = state(db)
    assert set(before["partition"]) <= set(after["partition"])
    assert {name: after["values"][name] for name in before["values"]} == before["values"]


def sums(db: Connection) -> dict[str, Decimal]:
    """Invoices by currency, as reports join them to golden customers."""
    found: dict[str, Decimal] = {}
    for row in facts.facts(db, Invoice).to_pylist():
        found[row["currency"]] = found.get(row["currency"], Decimal(0)) + row["net"]
    return found


@at_once
@given(several=st.lists(st.sets(st.sampled_from(sorted(GENERIC)), min_size=1), min_size=2, max_size=6), form=st.sampled_from(FORMS))
def test_10_what_is_generic_alone_merges_nothing(lawful: Hub, several: list[set[str]], form: str) -> None:
    empty(lawful.engine)
    rows = [
        Row(
            "customer",
            ("crm", "billing")[at % 2],
            f"k{at}",
            1,
            {"name": form.format(NAMES[at]), **{name: GENERIC[name] for name in sorted(shared)}},
        )
        for at, shared in enumerate(several)
    ]
    deliver(lawful, rows)
    pipeline.resolve(lawful)
    with lawful.engine.connect() as db:
        assert all("|" not in cluster for cluster in state(db)["partition"])
