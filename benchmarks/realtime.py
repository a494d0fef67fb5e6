"""One new record against many, at once: `python benchmarks/realtime.py PERSONS.parquet [--queries N]`.

PERSONS holds columns id, first_name, surname, dob, city, postcode, address, email, phone (as benchmarks/scale.py declares them). The last records are
held back; a model is trained on the others, which are indexed. Then stored records with a slip of the pen are matched one by one, the best candidate
is explained, and the records held back are added in batches. Beside it stand two floors taken in the same run: rapidfuzz, one name against all names
(no blocking, one field), and rapidfuzz on each field of as many records as the index compares (what no lookup could do without). Prints wall and CPU
milliseconds; on a machine that others use, CPU says more.
"""

import argparse
import ctypes
import gc
import random
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path = [*(entry for entry in sys.path if Path(entry).resolve() != HERE), str(HERE)]  # last: a file here has the name of the package

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler
from scale import Person  # beside this file

from matching.engine import LocalEngine
from matching.explanation import explain
from matching.index import Candidate, Index

Record = dict[str, str | None]
HELD_BACK = (1,) * 100 + (100,) * 10 + (1000,) * 5
"""Batches that are added."""
LETTERS = "abcdefghijklmnopqrstuvwxyz"
WARM = 50
"""Queries before the clock starts."""
FLOOR = 100
"""Queries of one name against all: each takes long."""


FIELDS = tuple(Person.model_fields)


class Clock:
    """Wall and CPU milliseconds of many short calls."""

    def __init__(self) -> None:
        self.times: list[tuple[float, float]] = []

    def start(self) -> None:
        """Begin a call."""
        self.began = time.perf_counter(), time.process_time()

    def stop(self) -> None:
        """End it."""
        self.times.append(((time.perf_counter() - self.began[0]) * 1e3, (time.process_time() - self.began[1]) * 1e3))

    def __str__(self) -> str:
        """Percentiles, and calls a second."""
        wall, cpu = np.array(self.times[WARM if len(self.times) > WARM else 0 :]).T
        p50, p95, p99 = np.percentile(wall, [50, 95, 99])
        c50, c95, c99 = np.percentile(cpu, [50, 95, 99])
        return (
            f"wall p50 {p50:7.2f} p95 {p95:7.2f} p99 {p99:7.2f} ms   CPU p50 {c50:7.2f} p95 {c95:7.2f} p99 {c99:7.2f} ms"
            f"   {1e3 / wall.mean():8.1f} a second"
        )


def slipped(record: Record, draw: random.Random) -> Record:
    """A record with one or two fields mistyped and one left out at times."""
    out = dict(record)
    for name in draw.sample([name for name in FIELDS if out[name]], 2):
        value = out[name] or ""
        at = draw.randrange(len(value))
        letter = draw.choice("0123456789") if value[at].isdigit() else draw.choice(LETTERS)
        out[name] = value[:at] + letter + value[at + draw.randint(0, 1) :]
    if draw.random() < 0.3:
        out[draw.choice(FIELDS)] = None
    return out


def resident() -> float:
    """Gigabytes in memory now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e9


def settle() -> None:
    """Give back what is not used any more."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)


def timed(name: str, call: Callable[[], Index]) -> Index:
    """Print what a step takes."""
    before, wall, cpu = resident(), time.perf_counter(), time.process_time()
    made = call()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{name:28} {wall:7.1f} s wall {cpu:7.1f} s CPU   {resident():5.2f} GB, {resident() - before:5.2f} more", flush=True)
    return made


def one_against_all(queries: Sequence[Record], records: Sequence[Record]) -> Clock:
    """One name against all names, without blocking."""
    names = [_name(record) for record in records]
    clock = Clock()
    for query in queries:
        clock.start()
        process.extractOne(_name(query), names, scorer=JaroWinkler.normalized_similarity, score_cutoff=0.8)
        clock.stop()
    return clock


def fields_alone(queries: Sequence[Record], counts: Sequence[int], records: Sequence[Record]) -> Clock:
    """rapidfuzz on every field of as many records as the index compares."""
    texts = {name: [record[name] or "" for record in records[: max(counts)]] for name in FIELDS}
    clock = Clock()
    for query, count in zip(queries, counts, strict=True):
        clock.start()
        for name in FIELDS:
            process.cdist([query[name] or ""], texts[name][:count], scorer=JaroWinkler.normalized_similarity)
        clock.stop()
    return clock


def _name(record: Record) -> str:
    return f"{record['first_name'] or ''} {record['surname'] or ''}".lower()


def matched(index: Index, queries: Sequence[Record]) -> tuple[Clock, list[list[Candidate]]]:
    """Every query by itself."""
    clock, found = Clock(), []
    for query in queries:
        clock.start()
        found.append(index.match(query))
        clock.stop()
    return clock, found


def explained(index: Index, queries: Sequence[Record], records: Sequence[Record]) -> Clock:
    """Every query by itself, and why the best candidate is one: the sentences that a person reads."""
    clock = Clock()
    for query in queries:
        clock.start()
        best = index.match(query)[:1]
        for candidate in best:
            explain(index.kernel, Person, query, records[candidate.position], thresholds=index.thresholds).sentences("en")
        clock.stop()
    return clock


def added(index: Index, held_back: pa.Table) -> None:
    """Batches, one behind the other."""
    start, clocks = 0, {size: Clock() for size in sorted(set(HELD_BACK))}
    for size in HELD_BACK:
        clocks[size].start()
        index.add(held_back.slice(start, size))
        clocks[size].stop()
        start += size
    for size, clock in clocks.items():
        print(f"add {size:4} {'':19} {clock}", flush=True)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("persons", type=Path)
    parser.add_argument("--queries", type=int, default=2000)
    arguments = parser.parse_args()
    table = pq.read_table(arguments.persons)
    table = table.select(["id", *FIELDS]).set_column(0, "id", table["id"].cast(pa.string()))
    count = table.num_rows - sum(HELD_BACK)
    stored, held_back = table.slice(0, count), table.slice(count)
    settle()
    before, wall, cpu = resident(), time.perf_counter(), time.process_time()
    resolution = LocalEngine().resolve(stored, Person)
    print(f"{'train, match, cluster':28} {time.perf_counter() - wall:7.1f} s wall {time.process_time() - cpu:7.1f} s CPU")
    print(
        f"{count:,} records, {len(resolution.model.blocking.rules)} rules, {resolution.compared / count:.1f} pairs a record; {resident():.2f} GB"
    )
    ids = stored["id"].to_pylist()
    index = timed("index", partial(Index.of, resolution, Person, ids=ids))
    del resolution
    settle()
    print(f"{'the index alone':28} {resident() - before:5.2f} GB", flush=True)
    records = stored.to_pylist()
    draw = random.Random(7)
    places = [draw.randrange(count) for _ in range(arguments.queries + WARM)]
    queries = [slipped(records[at], draw) for at in places]
    clock, found = matched(index, queries)
    counts = [len(index.compared(query)) for query in queries]
    first = np.mean([bool(several) and several[0].position == at for several, at in zip(found, places, strict=True)])
    joined = np.mean([any(item.position == at and item.joined for item in several) for several, at in zip(found, places, strict=True)])
    print(
        f"found first {first:.3f}, joined {joined:.3f}; compared with p50 {np.percentile(counts, 50):.0f} p99 {np.percentile(counts, 99):.0f} records"
    )
    print(f"{'match':28} {clock}")
    print(f"{'match and explain the best':28} {explained(index, queries, records)}")
    print(f"{'floor: a name against all':28} {one_against_all(queries[: WARM + FLOOR], records)}")
    print(f"{'floor: the fields compared':28} {fields_alone(queries, counts, records)}", flush=True)
    added(index, held_back)


if __name__ == "__main__":
    main()
