"""What speaks against an open deal, in words.

A deal is at risk that has been in its stage for longer than nine in ten of the deals that were won took there, whose closing date is past,
which nobody has touched for 60 days, or which was put off three times. Where no history tells of its stage, its age stands for the time in it.
"""

from collections import defaultdict
from datetime import date

import numpy as np
import pyarrow as pa

from mdm.forecast.deals.features import Columns
from mdm.forecast.pipeline import STALE_DAYS

OFTEN = 3
"""Times that a closing date was put off."""
ENOUGH = 5
"""Won deals from which one can tell how long a stage takes."""
LONG = 0.9


def reasons(entries: pa.Table, now: Columns, as_of: date) -> tuple[list[bool], list[str | None], list[str | None]]:
    """For every open deal whether it is at risk, and why, in French and in English."""
    usual = usual_days(entries)
    french, english = [], []
    for stage, since, closes_on, touched_on, created_on, slips in zip(
        *(now[name] for name in ("stage", "stage_since", "closes_on", "last_activity_on", "created_on", "slips")), strict=True
    ):
        why: list[tuple[str, str]] = []
        days = (as_of - since).days if since else 0
        in_stage = stage if stage in usual else None
        most = usual.get(in_stage or "")
        if most is not None and days > most:
            named = f"« {in_stage} »" if in_stage else "en cours"
            why.append(
                (
                    f"{named} depuis {days} jours, alors que 9 affaires gagnées sur 10 y sont restées {most} jours au plus",
                    f"{f'in “{in_stage}”' if in_stage else 'open'} for {days} days, where 9 won deals in 10 took {most} at most",
                )
            )
        if closes_on is not None and closes_on < as_of:
            late = (as_of - closes_on).days
            why.append((f"date de clôture dépassée de {late} jours", f"closing date passed {late} days ago"))
        quiet = (as_of - (touched_on or created_on)).days if touched_on or created_on else 0
        if touched_on is not None and quiet >= STALE_DAYS:
            why.append((f"aucune activité depuis {quiet} jours", f"no activity for {quiet} days"))
        if slips >= OFTEN:
            why.append((f"repoussée {slips} fois", f"put off {slips} times"))
        french.append(" ; ".join(one for one, _ in why) or None)
        english.append("; ".join(other for _, other in why) or None)
    return [why is not None for why in english], french, english


def usual_days(entries: pa.Table) -> dict[str, int]:
    """By stage, the days within which nine in ten of the deals that were won left it."""
    rows = entries.filter(entries["first"]).select(["source", "key", "stage", "seen_on", "status", "closed_on"]).to_pydict()
    deals = list(zip(rows["source"], rows["key"], strict=True))
    stays: dict[str, list[int]] = defaultdict(list)
    for at, deal in enumerate(deals):
        if rows["status"][at] == "won":
            left = rows["seen_on"][at + 1] if at + 1 < len(deals) and deals[at + 1] == deal else rows["closed_on"][at]
            stays[rows["stage"][at] or ""].append((left - rows["seen_on"][at]).days)
    return {stage: int(np.ceil(np.quantile(days, LONG))) for stage, days in stays.items() if len(days) >= ENOUGH}
