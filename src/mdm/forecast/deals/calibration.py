"""What salespeople enter beside what comes of it.

In:  the facts deal and deal_change, the golden records of salesperson.
Out: golden_salesperson_id (null for all together), salesperson, deals (that ended and of which something had been entered), entered (mean of
     the first entry of each, 0 to 1), won (share of them), bias (log-odds entered above those that came: positive where somebody hopes too
     much), low, high (80 % of the bias), brier (of what was entered), base_brier (of the share won itself), verdict (`optimistic`,
     `pessimistic`, `as_it_comes`, `too_few`), fr, en. All together first, then by id.

A deal counts once, by the first probability entered for it: later ones are of those that got so far. 0 and 100 % are no estimate. A bias of few
deals leans on that of all together, which leans on none.
"""

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
from scipy.stats import norm

from mdm.forecast.deals.features import ON_EFFECT, columns
from mdm.forecast.deals.history import entries
from mdm.forecast.deals.ridge import expit, fit, logit
from mdm.forecast.deals.shrinkage import BAND
from mdm.forecast.frames import Frames

Array = np.ndarray
FEW_DEALS = 10
"""Ended deals below which nothing is said of a salesperson."""
SCHEMA = pa.schema(
    [("golden_salesperson_id", pa.string()), ("salesperson", pa.string()), ("deals", pa.int64())]
    + [(name, pa.float64()) for name in ("entered", "won", "bias", "low", "high", "brier", "base_brier")]
    + [(name, pa.string()) for name in ("verdict", "fr", "en")]
)


def calibration(frames: Frames, as_of: date) -> pa.Table:
    """How every salesperson's entries came true until a day."""
    rows = columns(entries(frames, as_of))
    used: dict[tuple[str, str], int] = {}
    for at, (status, said) in enumerate(zip(rows["status"], rows["entered"], strict=True)):
        if status != "open" and said is not None and 0 < said < 1:
            used.setdefault((rows["source"][at], rows["key"][at]), at)
    if not used:
        return SCHEMA.empty_table()
    who = np.array([rows["salesperson"][at] or "" for at in used.values()], dtype=object)
    said = np.array([rows["entered"][at] for at in used.values()], dtype=float)
    won = np.array([rows["status"][at] == "won" for at in used.values()], dtype=float)
    pooled, names = _row(None, None, said, won, 0.0), names_of(frames)
    people = [_row(one, names.get(one), said[who == one], won[who == one], pooled["bias"]) for one in sorted(set(who) - {""})]
    return pa.Table.from_pylist([pooled, *people], schema=SCHEMA)


def _row(one: str | None, name: str | None, said: Array, won: Array, prior: float) -> dict[str, Any]:
    # What came is what was entered, less a bias.
    found = fit(np.ones((len(said), 1)), won, np.ones(len(said)), np.array([ON_EFFECT]), np.array([-prior]), logit(said))
    bias, spread = -float(found.coefficients[0]), float(np.sqrt(found.covariance[0, 0]))
    low, high = (bias + float(norm.ppf(quantile)) * spread for quantile in BAND)
    share, count = float(won.mean()), len(said)
    verdict = "too_few" if count < FEW_DEALS else "optimistic" if low > 0 else "pessimistic" if high < 0 else "as_it_comes"
    row = {
        "golden_salesperson_id": one,
        "salesperson": name,
        "deals": count,
        "entered": float(said.mean()),
        "won": share,
        "verdict": verdict,
    }
    row |= {"bias": bias, "low": low, "high": high, "brier": float(np.mean((said - won) ** 2)), "base_brier": share * (1 - share)}
    french, english = _said(row, float(expit(logit(np.array(0.6)) - bias)))
    rounded = {name: round(value, 4) if isinstance(value, float) else value for name, value in row.items()}
    return rounded | {"fr": french, "en": english}


def _said(row: dict[str, Any], of_sixty: float) -> tuple[str, str]:
    came = round(100 * of_sixty)
    counted = f"({row['deals']} affaires closes)", f"({row['deals']} ended deals)"
    match row["verdict"]:
        case "too_few":
            return f"Trop peu d'affaires closes pour en dire quelque chose {counted[0]}.", f"Too few deals have ended to say {counted[1]}."
        case "as_it_comes":
            return f"Ce qui est saisi se réalise {counted[0]}.", f"What is entered comes true {counted[1]}."
        case "optimistic":
            return (
                f"Saisit trop haut : 60 % saisis valent {came} % {counted[0]}.",
                f"Enters too high: 60% entered are worth {came}% {counted[1]}.",
            )
    return f"Saisit trop bas : 60 % saisis valent {came} % {counted[0]}.", f"Enters too low: 60% entered are worth {came}% {counted[1]}."


def names_of(frames: Frames) -> dict[str, str]:
    """Names of salespeople by golden id."""
    people = frames.golden["salesperson"].select(["golden_id", "given_name", "family_name"]).to_pylist()
    return {row["golden_id"]: " ".join(part for part in (row["given_name"], row["family_name"]) if part) for row in people}
