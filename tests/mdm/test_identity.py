"""Golden ids outlive every change of the clusters behind them."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from mdm.identity import Identities, assign, new_ids

Clusters = dict[int, str]


def fresh(count: int) -> pa.Array:
    return pa.array([f"new{number}" for number in range(count)], pa.string())


def table(rows: Clusters, column: str) -> pa.Table:
    return pa.table({"record_id": pa.array(list(rows), pa.int64()), column: pa.array(list(rows.values()), pa.string())})


def named(clusters: Clusters, before: Clusters) -> tuple[dict[int, str], Identities]:
    found = assign(table(clusters, "cluster"), table(before, "golden_id"), fresh)
    by_cluster = dict(zip(found.clusters["cluster"].to_pylist(), found.clusters["golden_id"].to_pylist(), strict=True))
    return {record: by_cluster[cluster] for record, cluster in clusters.items()}, found


def test_an_id_stays_where_the_cluster_stays() -> None:
    assert named({1: "x", 2: "x"}, {1: "g1", 2: "g1"})[0] == {1: "g1", 2: "g1"}


def test_of_two_ids_that_meet_the_oldest_survives() -> None:
    members, found = named({1: "x", 2: "x", 3: "x"}, {1: "g2", 2: "g2", 3: "g1"})
    assert set(members.values()) == {"g1"}
    assert found.absorbed.to_pylist() == [{"golden_id": "g2", "into": "g1"}]


def test_a_split_leaves_the_id_with_the_larger_part() -> None:
    members, _ = named({1: "x", 2: "y", 3: "y"}, {1: "g1", 2: "g1", 3: "g1"})
    assert members == {1: "new0", 2: "g1", 3: "g1"}


def test_a_split_in_halves_leaves_the_id_with_the_oldest_record() -> None:
    assert named({1: "x", 2: "y"}, {1: "g1", 2: "g1"})[0] == {1: "g1", 2: "new0"}


def test_an_id_without_records_is_retired() -> None:
    _, found = named({1: "x"}, {1: "g1", 2: "g2"})
    assert found.retired.to_pylist() == [{"golden_id": "g2"}]
    assert found.absorbed.num_rows == 0


WORLDS = st.dictionaries(st.integers(1, 12), st.tuples(st.sampled_from("xyz"), st.sampled_from(["g1", "g2", "g3", None])), min_size=1)


@given(WORLDS)
def test_every_cluster_has_one_id_and_no_id_two_clusters(world: dict[int, tuple[str, str | None]]) -> None:
    clusters = {record: cluster for record, (cluster, _) in world.items()}
    before = {record: golden for record, (_, golden) in world.items() if golden}
    members, found = named(clusters, before)
    assert len(set(members.values())) == len(set(clusters.values()))
    kept = set(members.values())
    assert set(before.values()) <= kept | set(found.absorbed["golden_id"].to_pylist()) | set(found.retired["golden_id"].to_pylist())
    assert set(found.absorbed["into"].to_pylist()) <= kept


@given(WORLDS)
def test_the_same_clusters_again_change_nothing(world: dict[int, tuple[str, str | None]]) -> None:
    clusters = {record: cluster for record, (cluster, _) in world.items()}
    members, _ = named(clusters, {record: golden for record, (_, golden) in world.items() if golden})
    again, found = named({record: f"other {cluster}" for record, cluster in clusters.items()}, members)
    assert again == members
    assert not any(found.clusters["fresh"].to_pylist())


def test_ids_are_opaque_distinct_and_sort_by_age() -> None:
    random = np.random.default_rng(1)
    early = new_ids("cus", 500, now_ms=1_000, random=random).to_pylist()
    late = new_ids("cus", 500, now_ms=1_001, random=random).to_pylist()
    assert early == sorted(early)
    assert max(early) < min(late)
    assert len(set(early + late)) == 1000
    assert all(len(found) == 30 and found.startswith("cus_") for found in early)
    assert new_ids("cus", 0, now_ms=1, random=random).to_pylist() == []
