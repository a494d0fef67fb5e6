"""Splink on the same data: one comparison a field by its kind, blocking on every field and on pairs of them, as its guides advise; no labels."""

import logging
from collections import Counter
from itertools import combinations
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel

from matching.declaration import Field, fields

DATES, NAMES = {"birth date", "date"}, {"given name", "family name", "organisation name", "person name", "people"}
FEW = 3_000_000
"""Pairs that a blocking rule may make."""


def comparison(field: Field) -> Any:
    """What Splink's guides advise for a field of its kind."""
    import splink.comparison_library as library

    if field.kind.name in NAMES:
        return library.JaroWinklerAtThresholds(field.name, [0.95, 0.88, 0.7]).configure(term_frequency_adjustments=True)
    if field.kind.name in DATES:
        return library.DamerauLevenshteinAtThresholds(field.name, [1, 2])
    if field.kind.name in {"postcode", "phone", "identifier", "SIREN", "year", "category"}:
        return library.ExactMatch(field.name).configure(term_frequency_adjustments=True)
    return library.JaroWinklerAtThresholds(field.name, [0.9, 0.7])


def size(tables: list[pa.Table], names: tuple[str, ...]) -> float:
    """Pairs that agree on some fields: within one table, or across two."""
    counted = [Counter(zip(*(table[name].to_pylist() for name in names), strict=True)) for table in tables]
    filled = [{key: count for key, count in each.items() if None not in key} for each in counted]
    if len(tables) == 1:
        return sum(count * (count - 1) / 2 for count in filled[0].values())
    return sum(count * filled[1].get(key, 0) for key, count in filled[0].items())


def matched(tables: list[pa.Table], declaration: type[BaseModel]) -> tuple[pa.Table, pa.Table]:
    """Pairs (left_id, right_id, weight in bits) and clusters (id, cluster)."""
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    logging.getLogger("splink").setLevel(logging.ERROR)
    known = [field for field in fields(declaration) if all(field.name in table.column_names for table in tables)]
    lower = [pa.table({"unique_id": t["id"]} | {f.name: pc.utf8_lower(t[f.name]) for f in known}) for t in tables]
    filled = [field for field in known if any(table[field.name].null_count < table.num_rows for table in lower)]
    names = [field.name for field in filled]
    usable = [key for key in [*((name,) for name in names), *combinations(names, 2)] if 0 < size(lower, key) <= FEW]
    rules = [block_on(*key) for key in usable]
    settings = SettingsCreator(
        link_type="link_only" if len(tables) > 1 else "dedupe_only",
        comparisons=[comparison(field) for field in filled],
        blocking_rules_to_generate_predictions=rules,
    )
    api = DuckDBAPI()
    linker = Linker([api.register(table) for table in lower], settings, log_level=logging.ERROR)
    linker.training.estimate_probability_two_random_records_match(rules[:3], recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1_000_000)
    for key in [key for key in usable if len(key) == 1][:3] or usable[:2]:
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*key))
    found = linker.inference.predict(threshold_match_weight=-3)
    joined = linker.clustering.cluster_pairwise_predictions_at_threshold(found, threshold_match_probability=0.5)
    pairs, clusters = found.as_pyarrow_table(), joined.as_pyarrow_table()
    named = {"left_id": pairs["unique_id_l"], "right_id": pairs["unique_id_r"], "weight": pairs["match_weight"]}
    return pa.table(named), pa.table({"id": clusters["unique_id"], "cluster": clusters["cluster_id"]})
