"""Speed of the checks of leakage: `python benchmarks/leakage.py [--invoices 100000] [--customers 300] [--seed 11]`.

Makes a demo company and lays copies of it side by side, each with keys and golden ids of its own, until there are so many invoices. Prints CPU and
wall seconds of what the checks read, of each check, and of all; the bar is 10 s for 100,000 invoices.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path = [
    *(entry for entry in sys.path if Path(entry).resolve() != HERE),
    str(HERE),
    str(HERE.parent),
]  # last: a file here has the name of a package

import pyarrow as pa
import pyarrow.compute as pc
from tests.mdm.forecast.village import TODAY, village

from matching.declaration import fields
from mdm.entities import ENTITIES, Refers
from mdm.forecast import leakage
from mdm.forecast.checks import CHECKS
from mdm.forecast.frames import Frames
from mdm.forecast.leakage import TABLES
from sources.demo import generate

TEXTS = ("reference", "code")
"""What names a thing beside its key."""


def copied(frames: Frames, times: int) -> Frames:
    """So many companies side by side."""
    facts = {name: _many(table, times, _named(name)) for name, table in frames.facts.items()}
    golden = {name: _many(table, times, _named(name)) for name, table in frames.golden.items()}
    members = {name: _many(table, times, ("golden_id", "key")) for name, table in frames.members.items()}
    return Frames(facts, golden, members, _many(frames.edges, times, ("left_key", "right_key")))


def _named(entity: str) -> tuple[str, ...]:
    """The columns that name something."""
    referring = [field.name for field in fields(ENTITIES[entity]) if field.mark(Refers)]
    return ("golden_id", "key", "invoices", *TEXTS, *referring, *(f"{name}_id" for name in referring))


def _many(table: pa.Table, times: int, named: tuple[str, ...]) -> pa.Table:
    found = [table]
    for copy in range(1, times):
        own = table
        for at, column in enumerate(table.schema):
            if column.name in named and pa.types.is_string(column.type):
                suffix = f"~{copy}"
                text = pc.replace_substring_regex(own[column.name], r"(\S+)", rf"\1{suffix}") if column.name == "invoices" else None
                joined = text if text is not None else pc.binary_join_element_wise(own[column.name], suffix, "")
                own = own.set_column(at, column.name, joined)
        found.append(own)
    return pa.concat_tables(found).combine_chunks()


@contextmanager
def measured(name: str) -> Iterator[None]:
    """Print what a step took."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    print(f"{name:32} {time.process_time() - cpu:8.2f} s CPU {time.perf_counter() - wall:8.2f} s wall", flush=True)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--invoices", type=int, default=100_000)
    parser.add_argument("--customers", type=int, default=300)
    parser.add_argument("--seed", type=int, default=11)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder), seed=asked.seed, customers=asked.customers, today=TODAY)
        one = village(Path(folder))
    frames = copied(one, -(-asked.invoices // one.facts["invoice"].num_rows))
    print(", ".join(f"{table.num_rows:,} {name}" for name, table in frames.facts.items() if table.num_rows))
    tables: dict[str, pa.Table] = {}
    with measured("all"):
        for name, made in TABLES.items():
            with measured(f"  {name}"):
                tables[name] = made(frames, tables, TODAY, "EUR")
        for check in CHECKS:
            with measured(f"  {check.number:2} {check.slug}"):
                found = leakage.asked(check, frames, tables, TODAY).num_rows
            print(f"     {found:6} found")


if __name__ == "__main__":
    main()
