"""What verdicts come to: at once, with a second steward, with a third; and what is refused."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier

import pyarrow as pa
import pytest
from sqlalchemy import Connection, select

from mdm import judgement
from mdm.agreement import Verdict
from mdm.entities import Customer
from mdm.errors import BadInput, Conflict, NotFound
from mdm.judgement import Judged, judge
from mdm.pipeline import Hub
from mdm.settings import Settings
from mdm.store import masters, tasks
from mdm.store.questions import refresh
from mdm.store.tables import decision
from mdm.store.tasks import Task, Wanted
from tests.mdm.store.questions_world import NOW, World

ALONE = Settings(language="en")
TWO = Settings(language="en", second_steward_above=Decimal(1000))


@pytest.fixture
def world(db: Connection) -> World:
    return World(db)


def pair(world: World, net: str = "5000") -> Task:
    """A pair of customers with an invoice each."""
    left, right = world.customers(2)
    world.edge(left, right, 0.5)
    for key in ("k1", "k2"):
        world.invoice(key, net)
    return the_task(world)


def the_task(world: World) -> Task:
    refresh(world.db, Customer, ALONE, NOW)
    (found,) = tasks.page(world.db, Wanted(), None, 10)
    return found


def say(world: World, found: Task, steward: str, verdict: Verdict, settings: Settings = TWO, reason: str | None = None) -> Judged:
    return judge(hub_of(world.db, settings), world.db, found.id, steward, verdict, reason)


def hub_of(db: Connection, settings: Settings) -> Hub:
    return Hub(db.engine, settings, now=lambda: NOW)


def ruled(world: World) -> list[str]:
    return [verdict for _, _, verdict in masters.rulings(world.db, "customer")]


def test_one_steward_is_enough_by_default(world: World) -> None:
    found = pair(world)
    done = say(world, found, "ann", "same", ALONE, "one letterhead")
    assert (done.outcome, done.task.status, done.task.closed_at) == ("settled", "done", NOW)
    row = world.db.execute(select(decision.c.verdict, decision.c.reason, decision.c.decided_by)).one()
    assert tuple(row) == ("same", "one letterhead", "ann")
    assert len(set(masters.golden_of(world.db, (found.left_id or 0, found.right_id or 0)).values())) == 1
    assert refresh(world.db, Customer, ALONE, NOW) == (0, 0, 0)


def test_above_the_limit_two_have_to_agree(world: World) -> None:
    found = pair(world)
    assert judgement.needed(TWO, found) == 2
    first = say(world, found, "ann", "same", reason="one letterhead")
    assert (first.outcome, first.task.status, first.task.leased_by, ruled(world)) == ("second", "second", None, [])
    assert tasks.claim(world.db, "ann", (), (), 5, NOW, 5) == []
    with pytest.raises(Conflict, match="another steward"):
        say(world, found, "ann", "same")
    second = say(world, found, "bob", "same")
    assert (second.outcome, second.task.status, ruled(world)) == ("settled", "done", ["same"])
    assert tuple(world.db.execute(select(decision.c.decided_by, decision.c.reason)).one()) == ("ann, bob", "one letterhead")


def test_at_the_limit_one_is_enough(world: World) -> None:
    assert judgement.needed(TWO, pair(world, "1000")) == 1


def test_where_two_disagree_a_third_decides(world: World) -> None:
    found = pair(world)
    say(world, found, "ann", "same")
    assert say(world, found, "bob", "different").outcome == "third"
    assert say(world, found, "cyd", "unsure").outcome == "third"
    assert ruled(world) == []
    assert say(world, found, "dan", "different").outcome == "settled"
    assert ruled(world) == ["different"]
    assert [one.verdict for one in tasks.opinions(world.db, found)] == ["same", "different", "unsure", "different"]


def test_who_is_unsure_leaves_it_to_another(world: World) -> None:
    found = pair(world)
    assert say(world, found, "ann", "unsure", ALONE).outcome == "second"
    assert tasks.claim(world.db, "ann", (), (), 5, NOW, 5) == []
    assert [one.id for one in tasks.claim(world.db, "bob", (), (), 5, NOW, 5)] == [found.id]
    assert say(world, found, "bob", "different", ALONE).outcome == "settled"


def test_what_others_hold_is_refused(world: World) -> None:
    found = pair(world)
    tasks.claim(world.db, "ann", (), (), 1, NOW, 5)
    with pytest.raises(Conflict, match="'ann' looks at"):
        say(world, found, "bob", "same")
    assert judgement.release(world.db, NOW, found.id, "ann").leased_by is None
    judgement.assign(world.db, found.id, "cyd")
    with pytest.raises(Conflict, match="kept for 'cyd'"):
        say(world, found, "bob", "same")
    with pytest.raises(BadInput, match="same, different, unsure"):
        say(world, found, "cyd", "keep")
    with pytest.raises(NotFound):
        judge(hub_of(world.db, TWO), world.db, found.id + 1000, "cyd", "same", None)
    say(world, found, "cyd", "same", ALONE)
    with pytest.raises(Conflict, match="decided"):
        say(world, found, "bob", "same")
    with pytest.raises(Conflict, match="closed"):
        judgement.assign(world.db, found.id, "bob")


def test_skipped_snoozed_assigned(world: World) -> None:
    found = pair(world)
    assert judgement.skip(world.db, NOW, found.id, "ann").skips == 1
    assert judgement.snooze(world.db, NOW, found.id, "ann", 2).snoozed_until == NOW + timedelta(hours=2)
    assert judgement.assign(world.db, found.id, "bob").assignee == "bob"
    assert judgement.assign(world.db, found.id, None).assignee is None


def test_a_verdict_that_rulings_contradict_is_refused(world: World) -> None:
    left, middle, right = world.customers(3)
    world.edge(left, middle, 0.5)
    found = the_task(world)
    world.rule(left, right, "same")
    world.rule(middle, right, "different")
    with pytest.raises(Conflict, match="crm:k1 - crm:k3 - crm:k2"):
        say(world, found, "ann", "same", ALONE)


def test_a_golden_record_is_judged_by_the_records_that_make_it_look_broken(world: World) -> None:
    made = world.customers(4)
    world.members({"g1": made})
    world.edge(made[0], made[1], 9)
    world.edge(made[2], made[3], 9)
    world.edge(made[1], made[2], 3.5)
    world.edge(made[0], made[3], -1)
    found = the_task(world)
    assert [sign["sign"] for sign in found.detail["signs"]] == ["contradiction", "bridge"]
    say(world, found, "ann", "different", ALONE)
    assert masters.rulings(world.db, "customer") == [(made[0], made[3], "different")]


def test_a_value_is_kept_or_dropped_and_not_asked_again(world: World) -> None:
    (one,) = world.customers(1)
    world.problem("k1")
    found = the_task(world)
    assert say(world, found, "ann", "drop", ALONE).outcome == "settled"
    assert ruled(world) == []
    assert refresh(world.db, Customer, ALONE, NOW, pa.array([one])) == (0, 0, 0)


def test_of_two_who_judge_at_once_one_is_told_that_it_is_decided(hub: Hub) -> None:
    with hub.engine.begin() as db:
        found = pair(World(db))
    start = Barrier(2)

    def judged(steward: str) -> str:
        start.wait()
        try:
            with hub.engine.begin() as db:
                return judge(hub_of(db, ALONE), db, found.id, steward, "same", None).outcome
        except Conflict as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(judged, ("ann", "bob")))
    assert said == ["settled", f"task {found.id} is closed: it is decided"]
