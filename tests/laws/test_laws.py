"""The laws of one truth, over generated worlds: TRUTH in the design; each says which."""

from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mdm import pipeline, stewardship
from mdm.entities import MASTERS, Customer
from mdm.errors import Conflict
from mdm.pipeline import Hub
from mdm.stewardship import Steward
from tests.laws.world import Key, Row, World, deliver, empty, numbers, state, worlds

ALICE = Steward("Alice", "she knows them")
ENTITIES = {master.entity: master for master in MASTERS}


def rule(hub: Hub, world: World, pair: tuple[Key, Key]) -> None:
    """A steward who knows the companies rules on two records that are there."""
    with hub.engine.begin() as db:
        known = numbers(db)
        if pair[0] == pair[1] or not {*pair} <= known.keys():
            return
        verdict = "same" if world.company[pair[0]] == world.company[pair[1]] else "different"
        with suppress(Conflict):
            stewardship.rule(hub, db, Customer, (known[pair[0]], known[pair[1]]), verdict, ALICE)


def pairs_of(draw: st.DrawFn, world: World, most: int = 3) -> list[tuple[Key, Key]]:
    keys = st.sampled_from(world.customers)
    return draw(st.lists(st.tuples(keys, keys), max_size=most))


def in_batches(draw: st.DrawFn, rows: Sequence[Row]) -> list[list[Row]]:
    """Cut somewhere, some of it delivered twice."""
    cuts = sorted(draw(st.sets(st.integers(0, len(rows)), max_size=3)))
    batches = [list(rows[one:other]) for one, other in pairwise([0, *cuts, len(rows)])]
    again = draw(st.lists(st.sampled_from(rows), max_size=3))
    return [*[batch for batch in batches if batch], *([again] if again else [])]


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
