"""How deals are sold: progress through the stages, closing dates put off, and whether what follows a won deal follows in order.

`stages`: by salesperson and stage.
Out: golden_salesperson_id (null for all together), salesperson, stage, position (mean place in a deal's way), entered (deals), moved_on, won,
     lost, open (from it), median_days, p90_days (in it; null where it is not known yet), conversion (to a later stage or won), low, high.

`slips`: by salesperson, of closing dates.
Out: golden_salesperson_id, salesperson, deals, put_off, share, low, high, times (mean, of those put off), days (median, of those put off).

`conformance`: the chain contact - deal - project - invoice - payment behind won deals.
Out: step, deviation (`complete`, `missing`, `out_of_order`), deals, of (of how many), share, examples (`source:key`, at most five), fr, en.

Time in a stage is censored by deals that are still in it (Kaplan and Meier, 1958). Shares are beta-binomial: those of a salesperson lean on
those of all together, by as much as salespeople resemble each other, and `low` and `high` bound 80 %.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from mdm.forecast.deals.calibration import names_of
from mdm.forecast.deals.history import entries, known
from mdm.forecast.deals.shrinkage import interval, strength
from mdm.forecast.frames import Frames, query
from mdm.forecast.links import links
from mdm.forecast.settlement import settlements

Array = np.ndarray
Row = dict[str, Any]
EXAMPLES = 5
OPENED_WITHIN = 10
"""Days from a win to its project."""
BILLED_WITHIN = 60
"""Days from a win to its first invoice, where no plan says otherwise."""

_WHO = [("golden_salesperson_id", pa.string()), ("salesperson", pa.string())]
_STAGES = pa.schema(
    [*_WHO, ("stage", pa.string()), ("position", pa.float64())]
    + [(name, pa.int64()) for name in ("entered", "moved_on", "won", "lost", "open")]
    + [(name, pa.float64()) for name in ("median_days", "p90_days", "conversion", "low", "high")]
)
_SLIPS = pa.schema(
    [*_WHO, ("deals", pa.int64()), ("put_off", pa.int64())] + [(name, pa.float64()) for name in ("share", "low", "high", "times", "days")]
)
_STEPS = pa.schema(
    [("step", pa.string()), ("deviation", pa.string()), ("deals", pa.int64()), ("of", pa.int64()), ("share", pa.float64())]
    + [(name, pa.string()) for name in ("examples", "fr", "en")]
)


def stages(frames: Frames, as_of: date) -> pa.Table:
    """How far deals come from each stage, and how long they take there."""
    stays = _stays(entries(frames, as_of), as_of)
    names, rows = names_of(frames), []
    place: dict[str, list[int]] = defaultdict(list)
    for stay in stays:
        place[stay["stage"]].append(stay["position"])
    order = sorted(place, key=lambda stage: (float(np.mean(place[stage])), stage))
    for stage in order:
        there = [stay for stay in stays if stay["stage"] == stage]
        people = sorted({stay["salesperson"] for stay in there if stay["salesperson"]})
        groups = [there, *([stay for stay in there if stay["salesperson"] == one] for one in people)]
        left = np.array([sum(stay["ends"] != "open" for stay in group) for group in groups], dtype=float)
        passed = np.array([sum(stay["ends"] in {"moved", "won"} for stay in group) for group in groups], dtype=float)
        share, low, high = _shares(passed, left)
        for at, (one, group) in enumerate(zip([None, *people], groups, strict=True)):
            count = {end: sum(stay["ends"] == end for stay in group) for end in ("moved", "won", "lost", "open")}
            days = np.array([stay["days"] for stay in group], dtype=float)
            ended = np.array([stay["ends"] != "open" for stay in group], dtype=bool)
            told = {"golden_salesperson_id": one, "salesperson": names.get(one or ""), "stage": stage or None}
            told |= {"position": round(float(np.mean(place[stage])), 2), "entered": len(group), "moved_on": count.pop("moved"), **count}
            told |= {"median_days": _lasted(days, ended, 0.5), "p90_days": _lasted(days, ended, 0.9)}
            rows.append(told | {"conversion": share[at], "low": low[at], "high": high[at]})
    return pa.Table.from_pylist(rows, schema=_STAGES)


def _stays(table: pa.Table, as_of: date) -> list[Row]:
    rows = table.filter(table["first"]).select(["source", "key", "salesperson", "stage", "seen_on", "status", "closed_on"]).to_pylist()
    stays: list[Row] = []
    position = 0
    for at, row in enumerate(rows):
        deal = (row["source"], row["key"])
        position = position + 1 if at and (rows[at - 1]["source"], rows[at - 1]["key"]) == deal else 0
        following = rows[at + 1] if at + 1 < len(rows) and (rows[at + 1]["source"], rows[at + 1]["key"]) == deal else None
        until = following["seen_on"] if following else row["closed_on"] or as_of
        ends = "moved" if following else row["status"]
        told = {"salesperson": row["salesperson"], "stage": row["stage"] or "", "position": position, "ends": ends}
        stays.append(told | {"days": (until - row["seen_on"]).days})
    return stays


def _shares(wins: Array, counts: Array) -> tuple[list[float], list[float], list[float]]:
    """Shares with their intervals; the first is of all together, and the others lean on it."""
    total = (wins[0] + 1) / (counts[0] + 2)
    k = strength(wins[1:], counts[1:], np.full(len(counts) - 1, total))
    leaning = np.append([2.0], np.full(len(counts) - 1, k))
    expected = np.append([0.5], np.full(len(counts) - 1, total))
    share, weight = (wins + leaning * expected) / (counts + leaning), counts + leaning
    low, high = interval(share, weight)
    rounded: tuple[list[float], ...] = tuple([round(float(value), 4) for value in values] for values in (share, low, high))
    return rounded[0], rounded[1], rounded[2]


def _lasted(days: Array, ended: Array, share: float) -> float | None:
    """The days by which so many had left, those that are still there counted for as long as they were; null where too few have."""
    left = 1.0
    for day in np.unique(days[ended]):
        left *= 1 - float(np.sum((days == day) & ended)) / float(np.sum(days >= day))
        if left <= 1 - share + 1e-9:
            return float(day)
    return None


def slips(frames: Frames, as_of: date) -> pa.Table:
    """How often closing dates were put off, and by how much."""
    states = [row for row in known(frames, as_of).to_pylist() if row["closes_on"] is not None]
    people, names = sorted({row["salesperson"] for row in states if row["salesperson"]}), names_of(frames)
    groups = [states, *([row for row in states if row["salesperson"] == one] for one in people)] if states else []
    counts, late = (np.array(values, dtype=float) for values in ([len(group) for group in groups], [_late(group) for group in groups]))
    share, low, high = _shares(late, counts) if groups else ([], [], [])
    rows = []
    for at, (one, group) in enumerate(zip([None, *people], groups, strict=True) if groups else ()):
        slipped = [row for row in group if row["slips"]]
        told = {"golden_salesperson_id": one, "salesperson": names.get(one or ""), "deals": len(group), "put_off": len(slipped)}
        told |= {"share": share[at], "low": low[at], "high": high[at]}
        told |= {"times": round(float(np.mean([row["slips"] for row in slipped])), 2) if slipped else None}
        rows.append(told | {"days": float(np.median([row["slipped_days"] for row in slipped])) if slipped else None})
    return pa.Table.from_pylist(rows, schema=_SLIPS)


def _late(group: Iterable[Row]) -> int:
    return sum(row["slips"] > 0 for row in group)


_CHAIN = """
    WITH paid AS (
        SELECT s.source, s.invoice, min(s."on") AS paid_on FROM settlement s WHERE s.kind = 'payment' AND s.invoice IS NOT NULL GROUP BY ALL
    ), billed AS (
        SELECT i.project_id, min(i.issued_on) AS billed_on, min(p.paid_on) AS paid_on, min(coalesce(i.due_on, i.issued_on + 30)) AS due_on,
            min(p.paid_on - i.issued_on) AS paid_after
        FROM invoice i LEFT JOIN paid p ON p.source = i.source AND p.invoice = i.key
        WHERE i.kind = 'invoice' AND i.issued_on <= $as_of AND i.project_id IS NOT NULL GROUP BY ALL
    ), planned AS (
        SELECT project_id, min(planned_on) AS planned_on FROM plan_line WHERE status <> 'cancelled' AND project_id IS NOT NULL GROUP BY ALL
    )
    SELECT d.source, d.key, d.contact IS NOT NULL AS has_contact, k.created_on, k.closed_on, l.golden_project_id AS project, l.how,
        p.ordered_on, b.billed_on, b.paid_on, b.due_on, b.paid_after, n.planned_on
    FROM state k JOIN deal d USING (source, key)
    LEFT JOIN link l ON l.fact = 'deal' AND l.source = d.source AND l.key = d.key
    LEFT JOIN golden_project p ON p.golden_id = l.golden_project_id
    LEFT JOIN billed b ON b.project_id = l.golden_project_id
    LEFT JOIN planned n ON n.project_id = l.golden_project_id
    WHERE k.status = 'won'
    ORDER BY d.source, d.key"""

_SAID = {
    ("contact", "missing"): ("n'ont pas de contact", "have no contact"),
    ("project", "missing"): ("n'ont pas de projet", "have no project"),
    ("invoice", "missing"): ("ont un projet et aucune facture", "have a project and no invoice"),
    ("payment", "missing"): (
        "sont facturées, l'échéance est passée, et rien n'est payé",
        "are billed, past the due date, and nothing is paid",
    ),
    ("project", "out_of_order"): ("ont un projet ouvert avant d'être gagnées", "have a project opened before they were won"),
    ("invoice", "out_of_order"): ("sont facturées avant d'être gagnées", "are billed before they were won"),
    ("payment", "out_of_order"): ("sont payées avant d'être facturées", "are paid before they were billed"),
    ("chain", "complete"): ("suivent la chaîne sans écart", "follow the chain without a deviation"),
}


def conformance(frames: Frames, as_of: date) -> pa.Table:
    """Which steps behind won deals are missing or out of order."""
    tables = {"state": known(frames, as_of), "link": links(frames), "settlement": settlements(frames, as_of)}
    deals = query(frames, _CHAIN, tables=tables, as_of=as_of).to_pylist()
    found = [(f"{row['source']}:{row['key']}", _deviations(row, as_of)) for row in deals]
    rows = []
    for (step, deviation), (french, english) in _SAID.items():
        wanted = [key for key, deviations in found if ((step, deviation) in deviations if deviation != "complete" else not deviations)]
        share = round(len(wanted) / len(found), 4) if found else None
        told = {"step": step, "deviation": deviation, "deals": len(wanted), "of": len(found), "share": share}
        told |= {"examples": ";".join(wanted[:EXAMPLES]), "fr": f"{len(wanted)} affaires gagnées sur {len(found)} {french}."}
        rows.append(told | {"en": f"{len(wanted)} won deals of {len(found)} {english}."})
    return pa.Table.from_pylist(rows, schema=_STEPS)


def _deviations(row: Row, as_of: date) -> set[tuple[str, str]]:
    """What is not as it should be behind a won deal, where its time has come; an amendment comes after its project."""
    found = set()
    passed = (as_of - row["closed_on"]).days if row["closed_on"] else 0
    billing_starts = row["planned_on"] is None or (as_of - row["planned_on"]).days > OPENED_WITHIN
    if not row["has_contact"]:
        found.add(("contact", "missing"))
    if row["project"] is None:
        if passed > OPENED_WITHIN:
            found.add(("project", "missing"))
    elif row["billed_on"] is None:
        if passed > BILLED_WITHIN and billing_starts:
            found.add(("invoice", "missing"))
    elif row["paid_on"] is None and row["due_on"] < as_of:
        found.add(("payment", "missing"))
    if row["how"] != "amendment" and row["closed_on"]:
        if row["ordered_on"] and row["ordered_on"] < row["closed_on"]:
            found.add(("project", "out_of_order"))
        if row["billed_on"] and row["billed_on"] < row["closed_on"]:
            found.add(("invoice", "out_of_order"))
    if row["paid_after"] is not None and row["paid_after"] < 0:
        found.add(("payment", "out_of_order"))
    return found
