"""How good deals are foretold: `python benchmarks/deals.py VILLAGE MAVEN`.

VILLAGE is a sample company with its truth, MAVEN the public CRM sample of Maven Analytics (sales_pipeline.csv, products.csv, sales_teams.csv),
which has no history, no probabilities, only a list price, a first and a last day of each deal. Of the village it prints the back-test at the
ends of months, by rung, and of the deals open today the scores against what will come of them and against their true chances; of Maven what
is won in the quarter after a quarter's end beside what was foretold. Bars: skill >= .10 against the stage's rate, slope .9-1.1, ECE <= .05;
on Maven within 15 % where list price x win rate is 95 % off. CPU seconds count the whole of each part.
"""

import argparse
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path = [*(entry for entry in sys.path if Path(entry).resolve() != PROJECT / "benchmarks"), str(PROJECT)]

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from tests.mdm.forecast.maven import LAST, QUARTERS, maven
from tests.mdm.forecast.village import TODAY, truth, village

from mdm.forecast.backtest.probability import Score, score, skill
from mdm.forecast.backtest.winning import quarters, rolled, scored
from mdm.forecast.deals.winning import winning

WAYS = {"model": "model", "list x win rate": "rate", "list x stage's rate": "stage_rate"}


def main() -> None:
    """Print all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("village", type=Path)
    parser.add_argument("maven", type=Path)
    asked = parser.parse_args()
    on_the_village(asked.village)
    on_maven(asked.maven)


def on_the_village(folder: Path) -> None:
    """Rolling origins, then the deals that are open today."""
    company, started = village(folder), time.process_time()
    said = rolled(company, TODAY)
    print(f"Village: every deal that was open at the end of a month, {time.process_time() - started:.0f} CPU s")
    show(scored(said))
    for rung in ("stage_table", "logit", "empirical_bayes", "competing_risks"):
        part = said.filter(pc.equal(said["rung"], rung))
        if part.num_rows:
            print(f"  by the rung {rung}")
            show(scored(part))
    started = time.process_time()
    now = winning(company, TODAY).to_pylist()
    print(f"Village: deals open today, {time.process_time() - started:.1f} CPU s")
    true = {row["crm_key"]: row for row in truth("open_deals", folder)}
    outcome = np.array([true[row["key"]]["future_outcome"] == "won" for row in now], dtype=float)
    chance = np.array([float(true[row["key"]]["true_win_prob"]) for row in now])
    last = said.filter(pc.equal(said["origin"], pc.max(said["origin"])))
    by_stage = dict(zip(last["stage"].to_pylist(), last["stage_rate"].to_pylist(), strict=True))
    ways = {
        "model": np.array([row["probability"] for row in now]),
        "recalibrated": np.array([np.nan if row["recalibrated"] is None else row["recalibrated"] for row in now]),
        "entered": np.array([np.nan if row["entered"] is None else row["entered"] for row in now]),
        "stage rate": np.array([by_stage.get(row["stage"], outcome.mean()) for row in now]),
        "true chance": chance,
    }
    for way, values in ways.items():
        used = ~np.isnan(values)
        found, reference = score(values[used], outcome[used]), score(ways["stage rate"][used], outcome[used])
        distance = float(np.sqrt(np.mean((values[used] - chance[used]) ** 2)))
        line(way, found, skill(found.brier, reference.brier), f"root mean square from the true chance {distance:.3f}")


def show(table: pa.Table) -> None:
    """A line a way."""
    for row in table.to_pylist():
        values = {name: row[name] for name in ("brier", "log_loss", "slope", "intercept", "ece", "bias")}
        line(row["model"], Score(row["deals"], row["wins"], **values), row["skill"], f"{row['origins']} origins")


def line(way: str, found: Score, against_stage: float, more: str) -> None:
    """One way's measures."""
    print(
        f"    {way:13} n {found.count:5}  Brier {found.brier:.3f}  log-loss {found.log_loss:.3f}  skill {against_stage:+.3f}"
        f"  slope {found.slope:.2f}  ECE {found.ece:.3f}  bias {found.bias:+.3f}  {more}"
    )


def on_maven(folder: Path) -> None:
    """What is won in the next quarter."""
    crm, started = maven(folder), time.process_time()
    found = quarters(crm, LAST, QUARTERS).to_pylist()
    print(f"Maven: won in the quarter after, of deals that were open, {time.process_time() - started:.0f} CPU s")
    for row in found:
        off = "  ".join(f"{name} {row[way] / row['won'] - 1:+.0%}" for name, way in WAYS.items())
        print(f"    {row['origin']}  open {row['open']:5}  listed {row['listed']:11,.0f}  won {row['won']:11,.0f}  {off}")


if __name__ == "__main__":
    main()
