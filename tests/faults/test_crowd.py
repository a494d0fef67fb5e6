"""Law 4 under a crowd: many stewards and loads at once on the same fifty customers; nothing is lost, no record is in two places, no id leads in a circle."""

import os
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import pytest
from sqlalchemy import create_engine, text

from mdm import pipeline, stewardship
from mdm.entities import MASTERS, Customer
from mdm.errors import HubError
from mdm.pipeline import Hub
from mdm.stewardship import Steward
from mdm.store import golden
from mdm.verification import verify
from tests.laws.conftest import _schooling
from tests.laws.world import Row, deliver, empty

WORKERS = 16
OPERATIONS = 5_000 if os.environ.get("MDM_TEST_PROFILE") == "nightly" else 320
ENTITIES = {master.entity: master for master in MASTERS}


@pytest.fixture
def crowded(lawful: Hub) -> Iterator[Hub]:
    """A hub of fifty customers, two records each, that sixteen may use at once."""
    engine = create_engine(lawful.engine.url, pool_size=WORKERS, max_overflow=2)
    hub = Hub(engine, lawful.settings)
    empty(engine)
    deliver(hub, [Row("customer", source, row.key, 0, row.values) for row in islice(_schooling(), 50) for source in ("crm", "billing")])
    pipeline.resolve(hub)
    yield hub
    engine.dispose()


def work(hub: Hub, seed: int) -> tuple[Counter[str], list[str]]:
    """One steward's share: what came of each try, and the numbers of the acts that were acknowledged."""
    chance, came, acts, standing = random.Random(seed), Counter[str](), list[str](), list[str]()
    for number in range(OPERATIONS // WORKERS):
        try:
            came[_one(hub, chance, acts, standing, Steward(f"steward {seed}", f"try {number}"))] += 1
        except HubError as error:
            came[error.code] += 1
    return came, acts


def _one(hub: Hub, chance: random.Random, acts: list[str], standing: list[str], by: Steward) -> str:
    """One try. What stands is taken back again before it is too much, or after a while nothing would be possible any more."""
    kind = chance.choice(("merge", "merge", "split", "move", "version", "deliver", *["revert"] * len(standing)))
    if kind == "deliver":
        row = chance.choice(list(islice(_schooling(), 50)))
        note = {"notes": f"{by.name} {by.reason}"}
        deliver(hub, [Row("customer", chance.choice(("crm", "billing")), row.key, chance.randrange(1, 1000), {**row.values, **note})])
        pipeline.resolve(hub)
        return kind
    with hub.engine.begin() as db:
        live = [row.id for row in db.execute(text("SELECT id FROM golden WHERE status = 'live' AND entity = 'customer' ORDER BY id"))]
        one, other = chance.sample(live, 2)
        if kind == "revert":
            done = stewardship.revert(hub, db, standing.pop(chance.randrange(len(standing))), by, ENTITIES)
        elif kind in {"split", "move"}:
            records = [row.record_id for row in golden.members(db, one)]
            some = chance.sample(records, min(chance.randrange(1, 3), len(records)))
            split = kind == "split"
            done = (
                stewardship.split(hub, db, Customer, one, some, by) if split else stewardship.move(hub, db, Customer, one, some, other, by)
            )
        else:
            found = golden.many(db, "customer", [one, other])
            versions = {golden_id: row.version for golden_id, row in found.items()}
            done = stewardship.merge(hub, db, Customer, [one, other], by, versions)
    acts.append(done.id)
    if kind != "revert":
        standing.append(done.id)
    return kind


def test_4_a_crowd_loses_nothing(crowded: Hub) -> None:
    with ThreadPoolExecutor(WORKERS) as crowd:
        several = list(crowd.map(lambda seed: work(crowded, seed), range(WORKERS)))
    came, acts = sum((one for one, _ in several), Counter[str]()), [act for _, mine in several for act in mine]
    assert sum(came.values()) == OPERATIONS // WORKERS * WORKERS
    assert set(came) <= {
        "merge",
        "split",
        "move",
        "revert",
        "version",
        "deliver",
        "conflict",
        "bad_input",
        "not_found",
        "precondition_failed",
    }
    assert len(acts) > sum(came.values()) / 4
    pipeline.resolve(crowded)
    with crowded.engine.connect() as db:
        assert set(db.execute(text("SELECT id FROM operation")).scalars()) == set(acts)
        assert not [(found.entity, told) for found in verify(crowded, db) for told in found.differences]
        chains = text("SELECT count(*) FROM golden a JOIN golden b ON b.id = a.merged_into WHERE b.merged_into IS NOT NULL")
        assert db.execute(chains).scalar_one() == 0
        twice = text("SELECT count(*) FROM (SELECT record_id FROM member WHERE known_to IS NULL GROUP BY 1 HAVING count(*) > 1) AS twice")
        assert db.execute(twice).scalar_one() == 0
