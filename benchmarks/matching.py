"""Accuracy and speed of matching on sets with truth: `python benchmarks/matching.py DATA [--only NAME ...] [--splink]`.

DATA holds a folder a set: `records.csv` (or `a.csv` and `b.csv` to link) and `truth.csv`. Each set is described by an entity declaration and
nothing else. Prints pairwise precision, recall and F1 at the default threshold, F1 at the best one, F1 of clusters, and CPU seconds.
"""

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

sys.path = [
    entry for entry in sys.path if Path(entry).resolve() != Path(__file__).resolve().parent
]  # this file has the name of the package

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
    best: float
    at: float
    clusters: float
    candidates: float
    """Share of the true pairs that were compared and kept for review."""
    seconds: float


def table(path: Path) -> pa.Table:
    """A CSV file as text; empty cells say nothing."""
    with path.open(encoding="utf-8") as file:
        names = file.readline().strip().split(",")
    options = pc.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True)
    return pc.read_csv(path, convert_options=options, parse_options=pc.ParseOptions(newlines_in_values=True))


def outcome(folder: Path, declaration: type[BaseModel]) -> tuple[Outcome, matching.Matches]:
    """Match a set and hold it against its truth."""
    linked = (folder / "a.csv").exists()
    tables = [table(folder / name) for name in (("a.csv", "b.csv") if linked else ("records.csv",))]
    started = time.process_time()
    found = matching.link(*tables, declaration, distinct=True) if linked else matching.dedupe(*tables, declaration)
    seconds = time.process_time() - started
    truth = {tuple(sorted(pair.values())) for pair in table(folder / "truth.csv").to_pylist()}
    return scored(found, truth, seconds), found


def scored(found: matching.Matches, truth: set[tuple[str, ...]], seconds: float) -> Outcome:
    """Scores of pairs at the default and at the best threshold, and of clusters."""
    pairs = found.pairs
    hit = np.array(
        [tuple(sorted(pair)) in truth for pair in zip(pairs["left_id"].to_pylist(), pairs["right_id"].to_pylist(), strict=True)], bool
    )
    match, weight = pairs["match"].to_numpy(), pairs["weight"].to_numpy()
    f1 = 2 * np.cumsum(hit) / (np.arange(1, len(hit) + 1) + len(truth))
    best = int(f1.argmax()) if len(f1) else 0
    ids, cluster = found.clusters["id"].to_pylist(), found.clusters["cluster"].to_numpy()
    label = dict(zip(ids, cluster.tolist(), strict=True))
    joined = sum(label[one] == label[other] for one, other in truth)
    if "side" in found.clusters.column_names:
        left = found.clusters["side"].to_numpy(zero_copy_only=False) == "left"
        size = np.bincount(cluster[left], minlength=len(cluster)) * np.bincount(cluster[~left], minlength=len(cluster))
    else:
        count = np.bincount(cluster)
        size = count * (count - 1) // 2
    return Outcome(
        Score(int(hit[match].sum()), int(match.sum()), len(truth)),
        float(f1.max(initial=0)),
        float(weight[best]) if len(weight) else 0.0,
        Score(int(joined), int(size.sum()), len(truth)).f1,
        float(hit.sum() / len(truth)),
        seconds,
    )


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--only", nargs="*", default=list(SETS))
    arguments = parser.parse_args()
    for name in arguments.only:
        result, found = outcome(arguments.data / name, SETS[name])
        print(
            f"{name:16} {result.default}  best {result.best:.4f} at {result.at:5.1f} clusters {result.clusters:.4f} "
            f"kept {result.candidates:.3f}  {result.seconds:5.1f} s  compared {found.resolution.compared:,} refused {dict(found.refused)}",
            flush=True,
        )


if __name__ == "__main__":
    main()
