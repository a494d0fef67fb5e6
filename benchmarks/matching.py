"""Accuracy and speed of matching on sets with truth: `python benchmarks/matching.py DATA [--only NAME ...] [--alone]`.

DATA holds a folder a set: `records.csv` (or `a.csv` and `b.csv` to link) and `truth.csv`. Each set is described by an entity declaration and
nothing else. Prints precision, recall and F1 of the pairs that are called a match, F1 by the pairs' own weight at the default threshold and at the
best one, F1 of clusters, and CPU seconds; where Splink is installed (the group `bench`), the same of Splink in the same run.
"""

import argparse
import importlib.util
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

HERE = Path(__file__).resolve().parent
sys.path = [*(entry for entry in sys.path if Path(entry).resolve() != HERE), str(HERE)]  # last: a file here has the name of the package

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
from pydantic import BaseModel

import matching
from matching.kinds import (
    ADDRESS,
    BIRTH_DATE,
    CATEGORY,
    CITY,
    DESCRIPTION,
    EMAIL,
    FAMILY_NAME,
    GIVEN_NAME,
    HOUSE_NUMBER,
    IDENTIFIER,
    ORG_NAME,
    PEOPLE,
    PHONE,
    PLACE,
    POSTCODE,
    PRICE,
    PRODUCT_LABEL,
    STREET,
    TITLE,
    WEBSITE,
    YEAR,
)  # fmt: skip


class Febrl(BaseModel):
    """People of Australia, synthetic."""

    given_name: Annotated[str | None, GIVEN_NAME] = None
    surname: Annotated[str | None, FAMILY_NAME] = None
    street_number: Annotated[str | None, HOUSE_NUMBER] = None
    address_1: Annotated[str | None, STREET] = None
    suburb: Annotated[str | None, CITY] = None
    postcode: Annotated[str | None, POSTCODE] = None
    date_of_birth: Annotated[str | None, BIRTH_DATE] = None
    soc_sec_id: Annotated[str | None, IDENTIFIER] = None


class Historical(BaseModel):
    """People in history."""

    first_name: Annotated[str | None, GIVEN_NAME] = None
    surname: Annotated[str | None, FAMILY_NAME] = None
    dob: Annotated[str | None, BIRTH_DATE] = None
    birth_place: Annotated[str | None, PLACE] = None
    postcode_fake: Annotated[str | None, POSTCODE] = None
    occupation: Annotated[str | None, CATEGORY] = None


class Fake(BaseModel):
    """People, synthetic."""

    first_name: Annotated[str | None, GIVEN_NAME] = None
    surname: Annotated[str | None, FAMILY_NAME] = None
    dob: Annotated[str | None, BIRTH_DATE] = None
    city: Annotated[str | None, CITY] = None
    email: Annotated[str | None, EMAIL] = None


class Chicago(BaseModel):
    """Sites of child care."""

    name: Annotated[str | None, ORG_NAME] = None
    address: Annotated[str | None, ADDRESS] = None
    zip: Annotated[str | None, POSTCODE] = None
    phone: Annotated[str | None, PHONE] = None


class Hard(BaseModel):
    """Companies, synthetic, hard."""

    org_name: Annotated[str | None, ORG_NAME] = None
    street: Annotated[str | None, STREET] = None
    city: Annotated[str | None, CITY] = None
    postcode: Annotated[str | None, POSTCODE] = None
    website: Annotated[str | None, WEBSITE] = None
    phone: Annotated[str | None, PHONE] = None
    industry: Annotated[str | None, CATEGORY] = None


class Restaurant(BaseModel):
    """Restaurants."""

    name: Annotated[str | None, ORG_NAME] = None
    phone_number: Annotated[str | None, PHONE] = None
    street: Annotated[str | None, STREET] = None


class Paper(BaseModel):
    """Papers."""

    title: Annotated[str | None, TITLE] = None
    authors: Annotated[str | None, PEOPLE] = None
    venue: Annotated[str | None, CATEGORY] = None
    year: Annotated[str | None, YEAR] = None


class Electronics(BaseModel):
    """Goods in two shops."""

    name: Annotated[str | None, PRODUCT_LABEL] = None
    description: Annotated[str | None, DESCRIPTION] = None
    price: Annotated[str | None, PRICE] = None


class Software(BaseModel):
    """Software in two shops."""

    title: Annotated[str | None, PRODUCT_LABEL] = None
    description: Annotated[str | None, DESCRIPTION] = None
    manufacturer: Annotated[str | None, ORG_NAME] = None
    price: Annotated[str | None, PRICE] = None


SETS: dict[str, type[BaseModel]] = {
    "febrl3": Febrl,
    "febrl4": Febrl,
    "historical_50k": Historical,
    "fake_1000": Fake,
    "chicago_orgs": Chicago,
    "orgs_hard": Hard,
    "restaurants": Restaurant,
    "dblp_acm": Paper,
    "abt_buy": Electronics,
    "amazon_google": Software,
}
"""Two tables are linked as sources that hold nothing twice."""


@dataclass(frozen=True)
class Score:
    """Pairwise precision and recall."""

    hit: int
    found: int
    true: int

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        return 2 * self.hit / max(self.found + self.true, 1)

    def __str__(self) -> str:
        """Precision, recall, F1."""
        return f"P {self.hit / max(self.found, 1):.3f} R {self.hit / self.true:.3f} F {self.f1:.4f}"


@dataclass(frozen=True)
class Outcome:
    """How a set came out."""

    default: Score
    """Pairs that are called a match."""
    by_weight: float
    """F1 of the pairs whose own weight says match."""
    best: float
    """F1 of pairs at the best weight of all."""
    clusters: float
    kept: float
    """Share of the true pairs that were compared and kept for review."""
    seconds: float

    def __str__(self) -> str:
        """A line of the table."""
        pairs = f"{self.default}  by weight {self.by_weight:.4f} best {self.best:.4f}"
        return f"{pairs}  clusters {self.clusters:.4f}  kept {self.kept:.3f}  {self.seconds:6.1f} CPU s"


Truth = set[tuple[str, ...]]


def table(path: Path) -> pa.Table:
    """A CSV file as text; empty cells say nothing."""
    with path.open(encoding="utf-8") as file:
        names = file.readline().strip().split(",")
    options = pc.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True)
    return pc.read_csv(path, convert_options=options, parse_options=pc.ParseOptions(newlines_in_values=True))


def opened(folder: Path) -> tuple[list[pa.Table], Truth]:
    """The tables of a set, one or two, and its true pairs."""
    files = ("a.csv", "b.csv") if (folder / "a.csv").exists() else ("records.csv",)
    return [table(folder / name) for name in files], {tuple(sorted(pair.values())) for pair in table(folder / "truth.csv").to_pylist()}


def outcome(folder: Path, declaration: type[BaseModel]) -> tuple[Outcome, matching.Matches]:
    """Match a set and hold it against its truth."""
    tables, truth = opened(folder)
    started = time.process_time()
    match tables:
        case [left, right]:
            found = matching.link(left, right, declaration, distinct=True)
        case _:
            found = matching.dedupe(tables[0], declaration)
    seconds = time.process_time() - started
    return scored(found.pairs, found.pairs["match"].to_numpy(), found.clusters, tables, truth, seconds), found


def peer(folder: Path, declaration: type[BaseModel]) -> Outcome:
    """The same by Splink."""
    from peer import matched  # beside this file

    tables, truth = opened(folder)
    started = time.process_time()
    pairs, clusters = matched(tables, declaration)
    seconds = time.process_time() - started
    pairs = pairs.sort_by([("weight", "descending")])
    return scored(pairs, pairs["weight"].to_numpy() >= 0, clusters, tables, truth, seconds)


def scored(pairs: pa.Table, match: np.ndarray, clusters: pa.Table, tables: list[pa.Table], truth: Truth, seconds: float) -> Outcome:
    """Scores of pairs at the default and at the best threshold, and of clusters."""
    ends = zip(pairs["left_id"].to_pylist(), pairs["right_id"].to_pylist(), strict=True)
    hit = np.array([tuple(sorted(pair)) in truth for pair in ends], bool)
    weight = pairs["weight"].to_numpy()
    f1 = 2 * np.cumsum(hit) / (np.arange(1, len(hit) + 1) + len(truth))
    label = dict(zip(clusters["id"].to_pylist(), clusters["cluster"].to_pylist(), strict=True))
    joined = sum(label[one] == label[other] for one, other in truth)
    sides = [Counter(label[record] for record in each["id"].to_pylist()) for each in tables]
    size = (
        sum(count * sides[1][name] for name, count in sides[0].items())
        if len(sides) > 1
        else sum(n * (n - 1) // 2 for n in sides[0].values())
    )
    above = weight >= 0
    return Outcome(
        Score(int(hit[match].sum()), int(match.sum()), len(truth)),
        Score(int(hit[above].sum()), int(above.sum()), len(truth)).f1,
        float(f1.max(initial=0)),
        Score(joined, size, len(truth)).f1,
        float(hit.sum() / len(truth)),
        seconds,
    )


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--only", nargs="*", default=list(SETS))
    parser.add_argument("--alone", action="store_true", help="without Splink, even where it is installed")
    asked = parser.parse_args()
    beside = importlib.util.find_spec("splink") is not None and not asked.alone
    ratios = []
    for name in asked.only:
        result, _ = outcome(asked.data / name, SETS[name])
        print(f"{name:15} ours   {result}", flush=True)
        if not beside:
            continue
        try:
            other = peer(asked.data / name, SETS[name])
        except Exception as error:  # noqa: BLE001 - of a peer, whatever it may be
            print(f"{'':15} Splink failed: {type(error).__name__} {str(error).strip().splitlines()[0]}", flush=True)
            continue
        ratios.append(other.seconds / result.seconds)
        print(f"{'':15} Splink {other}  {ratios[-1]:.1f} times our CPU", flush=True)
    if ratios:
        print(f"Splink takes {np.median(ratios):.1f} times our CPU seconds, in the median of the sets")


if __name__ == "__main__":
    main()
