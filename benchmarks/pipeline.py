"""Load and golden records at scale: `python benchmarks/pipeline.py RECORDS.parquet [--home DIR]`.

Loads a file of companies (columns id, name, siren, city, postcode, address, website, phone, as `gen_scale.py company` writes them)
into a fresh hub, matches, and loads it again. Prints wall and CPU seconds, the largest resident size of this process, and each step beside
a floor taken in the same run: the COPY of the same rows into a bare table.
"""

import argparse
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet as pq
from sqlalchemy import text

from api.hub import opened_hub
from mdm import pipeline
from mdm.settings import Settings
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
        with measured("match and rebuild", floor):
            resolved = pipeline.resolve(hub)
        with measured("the same load again", floor):
            again = pipeline.load(hub, open_sources(home / "sources.toml"))
            pipeline.resolve(hub)
        print({**loaded[0].counts}, {item.entity: (item.records, item.golden) for item in resolved if item.records}, {**again[0].counts})


if __name__ == "__main__":
    sys.exit(main())
