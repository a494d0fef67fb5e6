"""Regression cases: rulings as CSV by the ids of the records, to be replayed against any later model.

left_id,right_id,together
A17,B4,true
A17,B5,false

Of two tables, the first id is one of the left table and the second one of the right.
"""

import csv
from collections.abc import Mapping
from os import PathLike
from pathlib import Path

from matching.engine import Rulings
from matching.tables import ID, Matches

COLUMNS = ("left_id", "right_id", "together")
VERDICTS = {"true": True, "false": False}


def save(rulings: Rulings, found: Matches, path: str | PathLike[str]) -> None:
    """Write rulings on the records that were matched. Raises OSError where the file cannot be written."""
    ids = found.clusters[ID].to_pylist()
    ruled = [(*sorted(pair), verdict) for verdict, pairs in (("true", rulings.together), ("false", rulings.apart)) for pair in pairs]
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *((ids[left], ids[right], verdict) for left, right, verdict in sorted(ruled))])


def load(path: str | PathLike[str], found: Matches) -> Rulings:
    """Read rulings on the records that were matched now.

    Raises OSError where the file cannot be read, ValueError where a line is no ruling or names a record that is not there.
    """
    lefts, rights = _places(found)
    ruled: dict[bool, set[tuple[int, int]]] = {True: set(), False: set()}
    with Path(path).open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            try:
                ruled[VERDICTS[row["together"]]].add((lefts[row["left_id"]], rights[row["right_id"]]))
            except KeyError as error:
                raise ValueError(
                    f"{path}, line {number}: {error} is no record, or neither true nor false; mend the line or take it out"
                ) from error
    return Rulings(frozenset(ruled[True]), frozenset(ruled[False]))


def _places(found: Matches) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Positions by id, of what is on the left of a pair and of what is on its right."""
    ids = found.clusters[ID].to_pylist()
    if "side" not in found.clusters.column_names:
        places = {name: at for at, name in enumerate(ids)}
        return places, places
    sides = found.clusters["side"].to_pylist()
    left, right = ({name: at for at, name in enumerate(ids) if sides[at] == side} for side in ("left", "right"))
    return left, right
