"""Accuracy and speed of comparing names alone: `python benchmarks/names.py DATA`.

DATA holds `name_bench/pairs.csv`: pairs of names of people and of organisations, and whether they name the same. Prints F1 at the default and at
the best cut, and microseconds of CPU a pair, of our kinds and of rapidfuzz's WRatio in the same run. Each pair is seen once; encoding is counted.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path = [*(entry for entry in sys.path if Path(entry).resolve() != HERE), str(HERE)]  # last: a file here has the name of the package

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
from rapidfuzz import fuzz, process, utils

from matching.encode import _column
from matching.kinds import ORG_NAME, PERSON_NAME, Kind

BITS = 5.0
"""The default: names are the same from the lowest level that their kind itself, untrained, holds to be so many bits of evidence for it."""
PEER_CUT = 85.0
"""The default of WRatio, of 100."""
RUNS = 5
"""The quickest counts: others work on the machine."""

Names = tuple[pa.Array, pa.Array]


@dataclass(frozen=True)
class Judged:
    """What a method says of pairs: how alike they are, and whether they are the same by its default."""

    similarity: np.ndarray
    same: np.ndarray


def ours(names: Names, kind: Kind) -> Judged:
    """By a kind: its normal forms, its levels."""
    comparison = kind.comparison
    assert comparison is not None
    column = _column(pa.concat_arrays(names), kind)
    left, right = np.split(column.codes, 2)
    fitted = comparison.fit(column.forms) if comparison.fit else None
    similarity = np.where(left == right, 1, comparison.similarity(column.forms, left, right, fitted))
    bits = np.log2(np.array(comparison.m) / np.array(comparison.u))
    level = int(np.argmax(bits >= BITS))  # 0 is `different`, and level k above it begins at cut k - 1
    return Judged(similarity, similarity >= np.float32(comparison.cuts[level - 1]))


def peer(names: Names, kind: Kind) -> Judged:
    """By rapidfuzz, which knows no kinds."""
    one, other = ([utils.default_process(name) for name in side.to_pylist()] for side in names)
    similarity = process.cpdist(one, other, scorer=fuzz.WRatio, dtype=np.float32)
    return Judged(similarity, similarity >= PEER_CUT)


METHODS: dict[str, Callable[[Names, Kind], Judged]] = {"ours": ours, "rapidfuzz WRatio": peer}


def timed(method: Callable[[Names, Kind], Judged], names: Names, kind: Kind) -> tuple[Judged, float]:
    """What a method says, and CPU seconds of its quickest run."""
    seconds = []
    for _ in range(RUNS):
        started = time.process_time()
        judged = method(names, kind)
        seconds.append(time.process_time() - started)
    return judged, min(seconds)


def f1(true: np.ndarray, found: np.ndarray) -> float:
    """Harmonic mean of precision and recall."""
    return float(2 * (true & found).sum() / max(true.sum() + found.sum(), 1))


def best(true: np.ndarray, similarity: np.ndarray) -> float:
    """F1 at the best cut."""
    return max(f1(true, similarity >= cut) for cut in np.unique(similarity))


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    pairs = pc.read_csv(parser.parse_args().data / "name_bench" / "pairs.csv", parse_options=pc.ParseOptions(newlines_in_values=True))
    true, people = np.array(pairs["is_match"].to_pylist()), np.array(pairs["schema"].to_pylist()) == "Person"
    for name, method in METHODS.items():
        similarity, same, total = np.zeros(len(true)), np.zeros(len(true), bool), 0.0
        for title, kind, chosen in (("organisations", ORG_NAME, ~people), ("persons", PERSON_NAME, people)):
            some = pairs.filter(pa.array(chosen))
            judged, seconds = timed(method, (some["name1"].combine_chunks(), some["name2"].combine_chunks()), kind)
            similarity[chosen], same[chosen], total = judged.similarity, judged.same, total + seconds
            print(line(name, title, true[chosen], judged.similarity, judged.same, seconds))
        print(line(name, "all", true, similarity, same, total), flush=True)


def line(method: str, title: str, true: np.ndarray, similarity: np.ndarray, same: np.ndarray, seconds: float) -> str:
    """A line of the table."""
    scores = f"default F {f1(true, same):.4f}  best F {best(true, similarity):.4f}"
    return f"{method:17} {title:14} {len(true):4} pairs  {scores}  {seconds / len(true) * 1e6:6.1f} us a pair"


if __name__ == "__main__":
    main()
