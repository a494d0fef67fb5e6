"""Load and golden records at scale: `python benchmarks/pipeline.py RECORDS.parquet [--home DIR]`.

Loads a file of companies (columns id, name, siren, city, postcode, address, website, phone, as `gen_scale.py company` writes them)
into a fresh hub, matches, and loads it again; then a file of a thousand records that changed; then stewards merge fifty golden records into one and
take it back. Prints wall and CPU seconds, the largest resident size of this process, and each step beside
a floor taken in the same run: the COPY of the same rows into a bare table.
"""

import argparse
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import text

from api.hub import opened_hub
from mdm import pipeline, stewardship
from mdm.entities import Customer
from mdm.pipeline import Hub
from mdm.settings import Settings
from mdm.stewardship import Steward
from mdm.store import partition
from mdm.store.bulk import copy_in
from sources import open_sources

CONFIG = """
[sources.crm]
folder = "."
[[sources.crm.streams]]
file = "companies.parquet"
entity = "customer"
key = "id"
[sources.crm.streams.fields]
name = "name"
siren = "siren"
city = "city"
postcode = "postcode"
street = "address"
website = "website"
phone = "phone"
"""


@contextmanager
def measured(name: str, floor: float | None = None) -> Iterator[None]:
    """Print what a step took."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    beside = f"  {wall / floor:6.1f} x floor" if floor else ""
    print(f"{name:22} {wall:7.1f} s wall {cpu:7.1f} s CPU {largest:5.2f} GB{beside}", flush=True)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("records", type=Path)
    parser.add_argument("--home", type=Path)
    arguments = parser.parse_args()
    home = arguments.home or Path(tempfile.mkdtemp(prefix="mdm-bench-"))
    home.chmod(0o711)
    (home / "companies.parquet").symlink_to(arguments.records.resolve())
    (home / "sources.toml").write_text(CONFIG)
    try:
        run(home, arguments.records)
    finally:
        if arguments.home is None:
            shutil.rmtree(home, ignore_errors=True)


def run(home: Path, records: Path) -> None:
    """Load, resolve, load again."""
    with opened_hub(Settings(home=home)) as hub:
        rows = pq.read_table(records)
        started = time.perf_counter()
        with hub.engine.begin() as db:
            db.execute(text(f"CREATE TEMPORARY TABLE bare ({', '.join(f'{name} text' for name in rows.column_names)}) ON COMMIT DROP"))
            copy_in(db, "bare", rows)
        floor = time.perf_counter() - started
        print(f"{'floor: COPY':22} {floor:7.1f} s wall for {rows.num_rows:,} rows")
        del rows
        with measured("load", floor):
            loaded = pipeline.load(hub, open_sources(home / "sources.toml"))
        with measured("match and rebuild", floor), clocked(partition, "rewrite") as history:
            resolved = pipeline.resolve(hub)
        print(f"{'of that, history':22} {history[0]:7.1f} s wall")
        with measured("the same load again", floor):
            again = pipeline.load(hub, open_sources(home / "sources.toml"))
            pipeline.resolve(hub)
        print({**loaded[0].counts}, {item.entity: (item.records, item.golden) for item in resolved if item.records}, {**again[0].counts})
        changed(home, records)
        for name in ("1,000 changed", "the same again"):
            with measured(name):
                pipeline.load(hub, open_sources(home / "sources.toml"))
                done = pipeline.resolve(hub)
            print({item.entity: (item.records, item.pairs, dict(item.events)) for item in done if not item.skipped})
        unmerged(hub)


@contextmanager
def clocked(module: ModuleType, name: str) -> Iterator[list[float]]:
    """The seconds that a function of a module takes, all its calls together."""
    function, spent = getattr(module, name), [0.0]

    def timed(*given: Any, **named: Any) -> Any:
        started = time.perf_counter()
        try:
            return function(*given, **named)
        finally:
            spent[0] += time.perf_counter() - started

    setattr(module, name, timed)
    yield spent
    setattr(module, name, function)


def changed(home: Path, records: Path) -> None:
    """In place of the file: nine hundred of its records with another name or phone, and a hundred that are new."""
    rows = pq.read_table(records)
    step = rows.num_rows // 1000
    some = rows.take(pa.array(range(0, 1000 * step, step)))
    numbers = np.arange(1000)
    names = pa.array([f"{name} & fils" if at % 2 else name for at, name in enumerate(some["name"].to_pylist())])
    phones = pa.array([f"0{at % 5 + 1}{at:08d}" if at % 3 else phone for at, phone in enumerate(some["phone"].to_pylist())])
    ids = pa.array([f"new-{at}" if at >= 900 else str(given) for at, given in zip(numbers.tolist(), some["id"].to_pylist(), strict=True)])
    for name, column in (("name", names), ("phone", phones), ("id", ids)):
        some = some.set_column(some.column_names.index(name), name, column)
    (home / "companies.parquet").unlink()
    pq.write_table(some, home / "companies.parquet")


def unmerged(hub: Hub) -> None:
    """Golden records of fifty records taken apart: into fifty that were alone before, and into two of twenty-five. The median of seven."""
    apart: dict[str, list[float]] = {"fifty": [], "two halves": []}
    for at in range(7):
        ids = alone(hub, 50, 50 * at)
        apart["fifty"].append(undone(hub, joined(hub, ids)))
        halves = [joined(hub, ids[:25]), joined(hub, ids[25:])]
        apart["two halves"].append(undone(hub, joined(hub, [ids[0], ids[25]])))
        for half in halves:
            undone(hub, half)
    for name, took in apart.items():
        print(f"{'unmerge into ' + name:22} {statistics.median(took) * 1000:7.0f} ms wall, {max(took) * 1000:.0f} at most")


def alone(hub: Hub, count: int, after: int) -> list[str]:
    """Golden records of one record."""
    query = """SELECT golden_id FROM golden_version WHERE entity = 'customer' AND known_to IS NULL AND members = 1
               ORDER BY golden_id LIMIT :count OFFSET :after"""
    with hub.engine.begin() as db:
        return list(db.execute(text(query), {"count": count, "after": after}).scalars())


def joined(hub: Hub, ids: Sequence[str]) -> str:
    """Golden records made one: the number of the act."""
    with hub.engine.begin() as db:
        return stewardship.merge(hub, db, Customer, ids, Steward("a steward")).id


def undone(hub: Hub, act: str) -> float:
    """An act taken back: how long it took."""
    started = time.perf_counter()
    with hub.engine.begin() as db:
        stewardship.revert(hub, db, act, Steward("a steward"), {"customer": Customer})
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
