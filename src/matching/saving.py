"""Models as JSON files: what a person wants to read first, what only the machine needs behind it.

saving.save(found.model, "people.model.json")
matching.dedupe("more.parquet", Person, model=saving.load("people.model.json"))
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from matching.blocking import Blocking, Rule
from matching.labels import LabelWeights, Weights
from matching.model import Frequencies, Model
from matching.wording import WordWeights

FORMAT = 1
"""Raised where a file of before would be read wrongly."""
COMMON = "<u8"
CORRECTED = ("prior_bits", "features", "given")
"""What rulings correct in a model."""


def save(model: Model, path: str | PathLike[str]) -> None:
    """Write a model. Raises OSError where the file cannot be written."""
    Path(path).write_text(json.dumps(as_json(model), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def load(path: str | PathLike[str]) -> Model:
    """Read a model. Raises OSError where the file cannot be read, ValueError where it holds no model of this format."""
    try:
        return from_json(json.loads(Path(path).read_text(encoding="utf-8")))
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} does not hold a model: {error!r}; train again, or take the file that `save` wrote") from error


def as_json(model: Model) -> dict[str, Any]:
    """A model as JSON values."""
    return {
        "format": FORMAT,
        "trained_on": model.trained_on,
        "prior_bits": model.prior,
        "features": {
            name: {
                "bits": [round(float(bits), 2) for bits in model.bits(name)[1:]],
                "m": model.m[name],
                "u": model.u[name],
                "own": model.own.get(name, 1.0),
            }
            for name in model.m
        },
        "given": [
            {"agree": list(known), "feature": feature, "u": u} for known, tables in model.given.items() for feature, u in tables.items()
        ],
        "blocking": {
            "rules": [[list(part) for part in rule.parts] for rule in model.blocking.rules],
            "refiners": [list(part) for part in model.blocking.refiners],
            "common": b64encode(model.blocking.common.astype(COMMON).tobytes()).decode("ascii"),
        },
        "frequencies": {
            name: {"total": known.total, "expected": known.expected, "counts": known.counts} for name, known in model.frequencies.items()
        },
        "words": {name: _words(weights) for name, weights in model.words.items()},
    } | ({"unruled": {name: as_json(model.unruled)[name] for name in CORRECTED}} if model.unruled else {})


def _words(weights: WordWeights | LabelWeights) -> dict[str, Any]:
    if isinstance(weights, WordWeights):
        return {"unseen": weights.unseen, "weights": weights.weights}
    return {
        part: {"unseen": found.unseen, "weights": found.known} for part, found in (("words", weights.words), ("groups", weights.groups))
    }


def from_json(said: Mapping[str, Any]) -> Model:
    """The model that JSON values describe. Raises ValueError where they are of another format, KeyError or TypeError where they are no model."""
    if said["format"] != FORMAT:
        raise ValueError(f"the model is of format {said['format']!r}, and this version reads {FORMAT}; train again")
    given: dict[tuple[str, ...], dict[str, tuple[float, ...]]] = {}
    for one in said["given"]:
        given.setdefault(tuple(one["agree"]), {})[one["feature"]] = tuple(one["u"])
    blocking = said["blocking"]
    return Model(
        m={name: tuple(feature["m"]) for name, feature in said["features"].items()},
        u={name: tuple(feature["u"]) for name, feature in said["features"].items()},
        own={name: feature["own"] for name, feature in said["features"].items() if feature["own"] < 1},
        given=given,
        prior=float(said["prior_bits"]),
        frequencies={name: Frequencies(known["total"], known["counts"], known["expected"]) for name, known in said["frequencies"].items()},
        words={name: _weights(weights) for name, weights in said["words"].items()},
        blocking=Blocking(
            tuple(Rule(tuple((field, part) for field, part in parts)) for parts in blocking["rules"]),
            tuple((field, part) for field, part in blocking["refiners"]),
            np.frombuffer(b64decode(blocking["common"]), COMMON).astype(np.uint64),
        ),
        trained_on=int(said["trained_on"]),
        unruled=from_json({**said, **said["unruled"], "unruled": None}) if said.get("unruled") else None,
    )


def _weights(said: Mapping[str, Any]) -> WordWeights | LabelWeights:
    if "weights" in said:
        return WordWeights(said["weights"], said["unseen"])
    return LabelWeights(*(Weights(said[part]["weights"], said[part]["unseen"]) for part in ("words", "groups")))
