"""Back-test of the estimate at completion: closed projects, estimated anew as of the day on which they were so far done.

In:  the facts plan_line, invoice, cost, employee, budget and amendment, the golden records of project.
Out: `replayed`: golden_project_id, done_at (the share asked for), day, progress, spent, budget (as it stood then), estimate, low, high (80 %),
     final (what it cost in the end, by `as_of`); a row a project and share.
     `completing`: done_at, model (`shrunk`: ours; `bac/cpi`: AC / progress, the earned value standard; `budget`), n, mape, bias (both shares of
     the final cost), and of ours coverage of its 80 % interval with the range in which 80 % of n would lie (binomial, 95 %).

Rolling origin: on every day only that counts which was known then. A project is closed from the day after its last cost or delivery on; a line
of a plan is delivered from the day on which it was done; what is usual is learnt from the projects that were closed by then. Plans are as they
stand now, for sources keep no older ones. A project whose first known progress is far beyond a share was never seen there, and does not count.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mdm.forecast.backtest.probability import binomial_range
from mdm.forecast.completion import Usual, completion
from mdm.forecast.frames import Frames, query
from mdm.forecast.profitability import money
from mdm.forecast.progress import CLOSED, progress

STEP = 7
"""Days between origins."""
SHARES = (0.1, 0.2, 0.5)
"""How far projects are when they are estimated anew."""
SEEN = 0.15
"""How far beyond a share a project may be when it is first seen behind it."""
HELD = 0.8

SCHEMA = pa.schema(
    [
        ("done_at", pa.float64()),
        ("model", pa.string()),
        ("n", pa.int64()),
        ("mape", pa.float64()),
        ("bias", pa.float64()),
        ("coverage", pa.float64()),
        ("coverage_low", pa.float64()),
        ("coverage_high", pa.float64()),
    ]
)
_REPLAYED = pa.schema(
    [
        ("golden_project_id", pa.string()),
        ("done_at", pa.float64()),
        ("day", pa.date32()),
        *((name, pa.float64()) for name in ("progress", "spent", "budget", "estimate", "low", "high", "final")),
    ]
)

_ENDED = """
    WITH last AS (
        SELECT project_id, max(day) AS day FROM (
            SELECT project_id, spent_on AS day FROM cost WHERE spent_on <= $as_of
            UNION ALL SELECT project_id, done_on FROM plan_line WHERE done_on <= $as_of
        ) GROUP BY ALL
    )
    SELECT p.golden_id, l.day AS ended_on, coalesce(p.starts_on, p.ordered_on) AS began_on
    FROM golden_project p LEFT JOIN last l ON l.project_id = p.golden_id
    WHERE regexp_matches(lower(strip_accents(p.status)), $ended) AND NOT regexp_matches(lower(p.status), 'won|gagn')"""

_PROJECT = """
    SELECT p.* REPLACE (if(e.ended_on >= $day, NULL, p.status) AS status)
    FROM golden_project p LEFT JOIN ended e USING (golden_id)
    WHERE coalesce(p.ordered_on, p.starts_on, $day) <= $day"""

_PLAN = """
    SELECT l.* REPLACE (
        CASE
            WHEN l.status IN ('planned', 'cancelled') THEN l.status
            WHEN i.issued_on <= $day THEN 'invoiced'
            WHEN coalesce(l.done_on, i.issued_on) <= $day THEN 'done'
            ELSE 'planned'
        END AS status,
        if(l.done_on <= $day, l.done_on, NULL) AS done_on,
        if(i.issued_on <= $day, l.invoice, NULL) AS invoice)
    FROM plan_line l LEFT JOIN invoice i ON i.source = l.source AND i.key = l.invoice"""


def completing(
    frames: Frames, as_of: date, currency: str = "EUR", shares: Sequence[float] = SHARES, usual: Usual | None = None
) -> pa.Table:
    """How far off estimates at completion were, ours and those of the earned value standard."""
    rows = replayed(frames, as_of, currency, shares, usual).to_pylist()
    return pa.Table.from_pylist(
        [found for share in shares for found in _measures(share, [r for r in rows if r["done_at"] == share])], SCHEMA
    )


def replayed(frames: Frames, as_of: date, currency: str = "EUR", shares: Sequence[float] = SHARES, usual: Usual | None = None) -> pa.Table:
    """Every closed project as it was estimated when it was first known to be so far done."""
    ended = query(frames, _ENDED, as_of=as_of, ended=CLOSED)
    final = {row["golden_project_id"]: float(row["cost_to_date"]) for row in money(frames, as_of, currency).to_pylist()}
    wanted = [row for row in ended.to_pylist() if row["ended_on"] and row["began_on"] and final.get(row["golden_id"], 0) > 0]
    rows: list[dict[str, Any]] = []
    for day, found in _origins(frames, ended, wanted, shares):
        then = rewound(frames, ended, day)
        sums = money(then, day, currency)
        done = progress(then, day)
        rest = {row["golden_project_id"]: row for row in completion(then, sums, done, usual or Usual()).to_pylist()}
        spent = {row["golden_project_id"]: row for row in sums.to_pylist()}
        rows += [
            {
                "golden_project_id": project, "done_at": share, "day": day, "progress": share_done, "spent": (cost := float(spent[project]["cost_to_date"])),
                "budget": _budget(spent[project]), "estimate": cost + rest[project]["rest"], "low": cost + rest[project]["rest_p10"],
                "high": cost + rest[project]["rest_p90"], "final": final[project],
            }
            for project, share, share_done in found
            if spent[project]["budget_cost"] and rest[project]["rest"] is not None
        ]  # fmt: skip
    return pa.Table.from_pylist(sorted(rows, key=lambda row: (row["done_at"], row["golden_project_id"])), _REPLAYED)


def rewound(frames: Frames, ended: pa.Table, day: date) -> Frames:
    """Projects and plans as they stood on a day; other facts have a day of their own, by which reports leave them out."""
    tables = {"ended": ended}
    return replace(
        frames,
        facts={**frames.facts, "plan_line": query(frames, _PLAN, day=day)},
        golden={**frames.golden, "project": query(frames, _PROJECT, tables=tables, day=day)},
    )


def _origins(frames: Frames, ended: pa.Table, wanted: Sequence[dict[str, Any]], shares: Sequence[float]) -> list[tuple[date, list[Any]]]:
    """The days on which projects were first known to be so far done: project, share, progress."""
    if not wanted:
        return []
    ids = pa.array([row["golden_id"] for row in wanted])
    only = replace(
        frames,
        facts={**frames.facts, "plan_line": _those(frames.facts["plan_line"], "project_id", ids)},
        golden={**frames.golden, "project": _those(frames.golden["project"], "golden_id", ids)},
    )
    last = {row["golden_id"]: row["ended_on"] for row in wanted}
    passed: dict[str, float] = {}
    day, end, found = min(row["began_on"] for row in wanted), max(last.values()), []
    while day <= end:
        here = []
        for row in progress(rewound(only, ended, day), day).to_pylist():
            known, done = row["golden_id"], row["progress"]
            if done is None or row["progress_by"] == "closed" or day > last[known]:
                continue
            here += [(known, share, done) for share in shares if passed.get(known, 0) < share <= done <= share + SEEN]
            passed[known] = max(passed.get(known, 0), done)
        found += [(day, here)] if here else []
        day += timedelta(days=STEP)
    return found


def _those(table: pa.Table, column: str, ids: pa.Array) -> pa.Table:
    return table.filter(pc.is_in(table[column], ids))


def _budget(row: dict[str, Any]) -> float:
    """At completion, as it stood: amendments raise it in proportion to the contract."""
    growth = max(0.0, 1 + float(row["amendments"] / row["contract"])) if row["contract"] else 1.0
    return float(row["budget_cost"]) * growth


def _measures(share: float, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    models = {
        "shrunk": [row["estimate"] for row in rows],
        "bac/cpi": [row["spent"] / row["progress"] if row["spent"] > 0 else row["budget"] for row in rows],
        "budget": [row["budget"] for row in rows],
    }
    n = len(rows)
    told = []
    for model, estimates in models.items():
        off = [estimate / row["final"] - 1 for estimate, row in zip(estimates, rows, strict=True)]
        held = [row["low"] <= row["final"] <= row["high"] for row in rows] if model == "shrunk" else []
        low, high = binomial_range(n, HELD) if held else (None, None)
        told.append(
            {
                "done_at": share, "model": model, "n": n,
                "mape": sum(map(abs, off)) / n if n else None, "bias": sum(off) / n if n else None,
                "coverage": sum(held) / n if held else None,
                "coverage_low": low, "coverage_high": high,
            }
        )  # fmt: skip
    return told
