"""Time, memory and accuracy of matching as data grow: `python benchmarks/scale.py person|company FILE.parquet ...`.

Each file has a column `id`, the fields of the declaration below and `cluster`, the truth. Every file is matched in a process of its own; the
last line says how cost grows with the number of records: the exponent b of CPU seconds ~ N^b between the smallest file and the largest.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

HERE = Path(__file__).resolve().parent
sys.path = [*(entry for entry in sys.path if Path(entry).resolve() != HERE), str(HERE)]  # last: a file here has the name of the package

import numpy as np
import pyarrow.parquet as pq
from pydantic import BaseModel

import matching
from matching.declaration import Vetoes
from matching.kinds import (
    BIRTH_DATE,
    CITY,
    EMAIL,
    FAMILY_NAME,
    GIVEN_NAME,
    ORG_NAME,
    PHONE,
    POSTCODE,
    SIREN,
    STREET,
    WEBSITE,
)  # fmt: skip


class Person(BaseModel):
    """People."""

    first_name: Annotated[str | None, GIVEN_NAME] = None
    surname: Annotated[str | None, FAMILY_NAME] = None
    dob: Annotated[str | None, BIRTH_DATE] = None
    city: Annotated[str | None, CITY] = None
    postcode: Annotated[str | None, POSTCODE] = None
    address: Annotated[str | None, STREET] = None
    email: Annotated[str | None, EMAIL] = None
    phone: Annotated[str | None, PHONE] = None


class Company(BaseModel):
    """Companies."""

    name: Annotated[str | None, ORG_NAME] = None
    siren: Annotated[str | None, SIREN, Vetoes()] = None
    city: Annotated[str | None, CITY] = None
    postcode: Annotated[str | None, POSTCODE] = None
    address: Annotated[str | None, STREET] = None
    website: Annotated[str | None, WEBSITE] = None
    phone: Annotated[str | None, PHONE] = None


DECLARATIONS: dict[str, type[BaseModel]] = {"person": Person, "company": Company}


def pairs_of(labels: np.ndarray) -> float:
    """How many pairs are within groups."""
    count = np.unique(labels, return_counts=True)[1].astype(np.float64)
    return float((count * (count - 1) / 2).sum())


def f1(hit: float, found: float, true: float) -> dict[str, float]:
    """Precision, recall and their harmonic mean."""
    return {"P": hit / max(found, 1), "R": hit / max(true, 1), "F": 2 * hit / max(found + true, 1)}


def measured(what: str, path: str) -> dict[str, object]:
    """Match one file in this process."""
    started, cpu = time.perf_counter(), time.process_time()
    found = matching.dedupe(path, DECLARATIONS[what])
    seconds, wall = time.process_time() - cpu, time.perf_counter() - started
    truth = pq.read_table(path, columns=["cluster"])["cluster"].to_numpy()
    labels, resolution = found.clusters["cluster"].to_numpy(), found.resolution
    true = pairs_of(truth)
    both = pairs_of(np.unique(np.stack([truth, labels]), axis=1, return_inverse=True)[1])
    left, right, weight = (resolution.pairs[name].to_numpy() for name in ("left", "right", "weight"))
    joined = weight >= resolution.thresholds.match
    hit = float((truth[left[joined]] == truth[right[joined]]).sum())
    return {
        "records": len(labels),
        "cpu": seconds,
        "wall": wall,
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "compared": resolution.compared,
        "pairs": f1(hit, float(joined.sum()), true),
        "clusters": f1(both, pairs_of(labels), true),
    }


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=DECLARATIONS)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measured(asked.what, asked.files[0])))
        return
    points = []
    for path in asked.files:
        done = subprocess.run([sys.executable, __file__, asked.what, path, "--one"], capture_output=True, text=True, check=True)
        one = json.loads(done.stdout.splitlines()[-1])
        points.append((one["records"], one["cpu"]))
        scores = "  ".join(f"{what} P {s['P']:.3f} R {s['R']:.3f} F {s['F']:.4f}" for what in ("pairs", "clusters") for s in [one[what]])
        cost = f"{one['cpu']:7.1f} CPU s {one['wall']:7.1f} s {one['peak_gb']:6.2f} GB"
        print(f"{asked.what:8} {one['records']:>12,} {cost}  {one['compared']:>13,} compared  {scores}", flush=True)
    if len(points) > 1:
        (small, less), (large, more) = min(points), max(points)
        print(f"{asked.what:8} CPU grows as N^{np.log(more / less) / np.log(large / small):.2f} from {small:,} to {large:,} records")


if __name__ == "__main__":
    main()
