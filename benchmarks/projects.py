"""Estimates at completion against what came of them: `python benchmarks/projects.py VILLAGE`.

VILLAGE holds `crm/`, `billing/`, `temps/` and, for the answers, `truth/`. Prints the back-test on its closed projects, and the score of its running
ones against the true cost at completion: share by which estimates are off, and how many true costs lie in the 80 % interval.
"""

import argparse
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path = [
    *(entry for entry in sys.path if Path(entry).resolve() != HERE),
    str(HERE),
    str(HERE.parent),
]  # last: a file here has the name of a package

from tests.mdm.forecast.village import TODAY, truth, village

from mdm.forecast.backtest.completing import HELD, SHARES, completing
from mdm.forecast.backtest.probability import binomial_range
from mdm.forecast.margins import risk
from mdm.forecast.profitability import profitability


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("village", type=Path)
    folder = parser.parse_args().village.resolve()
    frames = village(folder)
    started = time.process_time()
    print("closed projects, as of the day on which they were so far done")
    for row in completing(frames, TODAY, shares=(*SHARES, 0.8)).to_pylist():
        held = (
            "" if row["coverage"] is None else f"  80 % held {row['coverage']:.1%} ({row['coverage_low']:.0%}-{row['coverage_high']:.0%})"
        )
        mape, bias = ("-" if row[name] is None else f"{row[name]:+.1%}" for name in ("mape", "bias"))
        print(f"  {row['done_at']:4.0%}  {row['model']:8} n {row['n']:4}  off {mape:>8}  bias {bias:>8}{held}")
    print(f"  {time.process_time() - started:.1f} s of CPU")
    running(folder, {row["golden_project_id"]: row for row in profitability(frames, TODAY).to_pylist()})


def running(folder: Path, found: dict[str, dict[str, object]]) -> None:
    """The score of running projects."""
    wanted = [row for row in truth("projects", folder) if row["ended"] == "0"]
    ours = [found[row["project_id"]] for row in wanted]
    true = [float(row["cost_at_completion_true"]) for row in wanted]
    n = len(wanted)
    print(f"running projects, {n}")
    models = {
        "shrunk": [float(str(row["estimate_at_completion"])) for row in ours],
        "bac/cpi": [_plain(row) for row in ours],
        "budget": [float(str(row["budget_cost"])) for row in ours],
    }
    for name, estimates in models.items():
        off = [estimate / cost - 1 for estimate, cost in zip(estimates, true, strict=True)]
        print(f"  {name:8} off {sum(map(abs, off)) / n:+8.1%}  bias {sum(off) / n:+8.1%}")
    held = sum(float(str(row["eac_p10"])) <= cost <= float(str(row["eac_p90"])) for row, cost in zip(ours, true, strict=True)) / n
    low, high = binomial_range(n, HELD)
    print(f"  80 % held {held:.1%} ({low:.0%}-{high:.0%})")
    losing = [float(row["margin_at_completion_true"]) < 0 for row in wanted]
    chances = [one["below_floor"] for one in risk(ours)]
    known = [(chance, lost) for chance, lost in zip(chances, losing, strict=True) if chance is not None]
    brier, base = sum((chance - lost) ** 2 for chance, lost in known) / len(known), sum(lost for _, lost in known) / len(known)
    skill = f", skill {1 - brier / (base * (1 - base)):+.2f} against the base rate of {base:.0%}" if 0 < base < 1 else ""
    print(f"  P(loss): Brier {brier:.3f}{skill}, n {len(known)}")


def _plain(row: dict[str, object]) -> float:
    spent, done = float(str(row["cost_to_date"])), row["progress"]
    return spent / float(str(done)) if spent and done else float(str(row["budget_cost"]))


if __name__ == "__main__":
    main()
