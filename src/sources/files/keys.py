"""Keys of rows: never empty, never too long, never twice in a file."""

import json
from collections.abc import Iterator
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mdm.ports import Problem
from sources.files.table import LINE

HASH = "#hash"
"""Column of mapped rows with a hash of their key."""
LONGEST = 200
"""Characters of a key, as references to it are cut to so many."""

Doubled = Literal["number", "reject", "pass"]
"""Later rows of a key: number them `#2` and on; reject them; or pass them on, where the hub can tell the newest."""
Hashes = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.int64]


class KeyRegister:
    """Counts keys by their 64-bit hashes. Sixteen bytes a key, the only thing that grows with the file."""

    def __init__(self) -> None:
        self._runs: list[tuple[Hashes, Counts]] = []

    def ordinals(self, hashes: Hashes) -> Counts:
        """How many times each key has occurred by now, itself included; then remembers them."""
        order = np.argsort(hashes, kind="stable")
        keys, starts, counts = np.unique(hashes[order], return_index=True, return_counts=True)
        seen = sum((_counts_in(run, keys) for run in self._runs), start=np.zeros(len(keys), np.int64))
        ordinals = np.empty(len(hashes), np.int64)
        ordinals[order] = np.arange(len(hashes)) - np.repeat(starts - seen, counts) + 1
        self._remember(keys, counts)
        return ordinals

    def _remember(self, keys: Hashes, counts: Counts) -> None:
        """Keep sorted runs, each at least twice as long as the next, so that every key is merged a few times only."""
        while self._runs and len(self._runs[-1][0]) < 2 * len(keys):
            older, times = self._runs.pop()
            together, where = np.unique(np.concatenate((older, keys)), return_inverse=True)
            counts = np.bincount(where, np.concatenate((times, counts)), len(together)).astype(np.int64)
            keys = together
        self._runs.append((keys, counts))


def _counts_in(run: tuple[Hashes, Counts], keys: Hashes) -> Counts:
    known, times = run
    at = np.minimum(np.searchsorted(known, keys), max(len(known) - 1, 0))
    return np.where(known[at] == keys, times[at], 0) if len(known) else np.zeros(len(keys), np.int64)


def judged(rows: pa.Table, register: KeyRegister, place: str, doubled: Doubled) -> tuple[pa.Table, tuple[Problem, ...]]:
    """The rows that have a key, and the problems with the others; later rows of a key as `doubled` says."""
    bad = pc.or_kleene(pc.is_null(rows["key"]), pc.greater(pc.utf8_length(rows["key"]), LONGEST))
    problems = list(_rejected(rows.filter(bad), place)) if pc.any(bad).as_py() else []
    rows = rows.filter(pc.invert(bad)) if problems or pc.any(bad).as_py() else rows
    ordinals = register.ordinals(rows[HASH].to_numpy())
    if doubled == "pass" or not (ordinals > 1).any():
        return rows, tuple(problems)
    if doubled == "number":
        numbered = pc.binary_join_element_wise(rows["key"], pa.array(ordinals).cast(pa.string()), "#")
        key = pc.if_else(pa.array(ordinals > 1), numbered, rows["key"])
        return rows.set_column(rows.column_names.index("key"), "key", key), tuple(problems)
    problems.extend(_doubled(rows.filter(pa.array(ordinals > 1)), place))
    return rows.filter(pa.array(ordinals == 1)), tuple(problems)


def _rejected(rows: pa.Table, place: str) -> Iterator[Problem]:
    for row in rows.to_pylist():
        if row["key"] is not None:
            yield Problem(
                "rejected",
                place,
                row[LINE],
                None,
                "key",
                row["key"][:LONGEST],
                f"is longer than {LONGEST} characters",
                "choose another key",
            )
        elif "raw" not in row or any(value is not None for value in json.loads(row["raw"]).values()):
            yield Problem(
                "rejected", place, row[LINE], None, "key", None, "is empty", "fill in the key at the source, or choose another column"
            )


def _doubled(rows: pa.Table, place: str) -> Iterator[Problem]:
    fix = "make keys unique at the source, add a column to the key, or set key_ordinal = true"
    for row in rows.select([LINE, "key"]).to_pylist():
        yield Problem(
            "rejected", place, row[LINE], row["key"], "key", row["key"], "stands in this file already; the first row was taken", fix
        )
