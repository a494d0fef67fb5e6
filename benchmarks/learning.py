"""What stewards' rulings teach: `python benchmarks/learning.py DATA [--only NAME ...] [--each N] [--draws N]`.

DATA holds the sets of `benchmarks/matching.py`. Starting from the model without labels, an oracle that knows the truth answers a few questions a
round; the model is taught by all answers so far, and the set is matched again with that model and the answers. Prints for 0, 20, 40 and 60 answers,
over the WHOLE set: F1 of pairs as clustered, F1 of pairs by their weight alone at the default and at the best threshold, F1 of clusters, how many
answers were `together`, how many of them the model contradicts, and CPU seconds of questions, teaching and matching so far. Beside it, the mean of
some draws of as many random pairs worth a look.
"""

import argparse
import importlib.util
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

sys.path = [
    entry for entry in sys.path if Path(entry).resolve() != Path(__file__).resolve().parent
]  # a file here has the name of the package

import numpy as np
import pyarrow as pa

import matching
from matching.learning import contradicted

Pair = tuple[int, int]
Asks = Callable[[matching.Matches, matching.Rulings, int], list[Pair]]

ANSWERS = 60
SHOWN = 20
"""Answers from one line to the next."""
SETS = ("orgs_hard", "chicago_orgs", "fake_1000")


def _beside(name: str) -> ModuleType:
    """A benchmark of this folder."""
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


sets = _beside("matching")


@dataclass(frozen=True)
class Stand:
    """How a set comes out after some answers."""

    answers: int
    pairs: float
    by_weight: float
    best: float
    clusters: float
    together: int
    contradicted: int
    seconds: float


def by_engine(found: matching.Matches, rulings: matching.Rulings, count: int) -> list[Pair]:
    """The questions of the engine."""
    return [(question.left, question.right) for question in matching.questions(found.resolution, rulings, count)]


def by_chance(seed: int) -> Asks:
    """Random pairs worth a look."""

    def ask(found: matching.Matches, rulings: matching.Rulings, count: int) -> list[Pair]:
        pairs = found.resolution.pairs
        ruled = rulings.together | rulings.apart
        open_ = [pair for pair in zip(pairs["left"].to_pylist(), pairs["right"].to_pylist(), strict=True) if pair not in ruled]
        drawn = np.random.default_rng([seed, len(ruled)]).permutation(len(open_))[:count]
        return [open_[at] for at in drawn]

    return ask


def stands(folder: Path, asks: Asks, each: int) -> Iterator[Stand]:
    """What comes out after every few answers."""
    tables, truth = sets.opened(folder)
    ids = [name for table in tables for name in table["id"].to_pylist()]
    rulings, started = matching.Rulings(), time.process_time()
    found = matched(folder, tables)
    spent = time.process_time() - started
    while True:
        answers = len(rulings.together | rulings.apart)
        yield _stand(found, rulings, tables, truth, spent)
        if answers >= ANSWERS:
            return
        started = time.process_time()
        asked = asks(found, rulings, min(each, ANSWERS - answers))
        if not asked:
            return
        same = frozenset(pair for pair in asked if tuple(sorted((ids[pair[0]], ids[pair[1]]))) in truth)
        rulings = matching.Rulings(rulings.together | same, rulings.apart | (frozenset(asked) - same))
        found = matched(folder, tables, matching.taught(found.resolution, rulings), rulings)
        spent += time.process_time() - started


def matched(
    folder: Path, tables: Sequence[pa.Table], model: matching.Model | None = None, rulings: matching.Rulings | None = None
) -> matching.Matches:
    """One table without its twins, or two that hold nothing twice."""
    match tables:
        case [left, right]:
            return matching.link(left, right, sets.SETS[folder.name], distinct=True, model=model, rulings=rulings)
    return matching.dedupe(tables[0], sets.SETS[folder.name], model=model, rulings=rulings)


def _stand(
    found: matching.Matches, rulings: matching.Rulings, tables: Sequence[pa.Table], truth: set[tuple[str, ...]], seconds: float
) -> Stand:
    result = sets.scored(found.pairs, found.pairs["match"].to_numpy(), found.clusters, tables, truth, seconds)
    answers, wrong = len(rulings.together | rulings.apart), len(contradicted(found.resolution, rulings))
    return Stand(answers, result.default.f1, result.by_weight, result.best, result.clusters, len(rulings.together), wrong, seconds)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--only", nargs="*", default=list(SETS))
    parser.add_argument("--each", type=int, default=10, help="questions a round")
    parser.add_argument("--draws", type=int, default=3, help="random runs beside it")
    arguments = parser.parse_args()
    for name in arguments.only:
        folder = arguments.data / name
        _print(name, "asked", [list(stands(folder, by_engine, arguments.each))])
        if arguments.draws:
            _print(name, "random", [list(stands(folder, by_chance(seed), arguments.each)) for seed in range(arguments.draws)])


def _print(name: str, how: str, runs: list[list[Stand]]) -> None:
    for several in zip(*runs, strict=False):
        if several[0].answers % SHOWN == 0:
            values = np.mean([list(vars(stand).values()) for stand in several], axis=0)
            print(
                f"{name:14}{how:8}{values[0]:3.0f} answers  pairs {values[1]:.4f}  by weight {values[2]:.4f} best {values[3]:.4f}  "
                f"clusters {values[4]:.4f}  together {values[5]:4.1f}  contradicted {values[6]:3.1f}  {values[7]:5.1f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
