"""Leaks as something to act on: known again by an id, with an owner, an action and an age; and what came back of those that were mended.

`findings`: in, what `leakage` finds. Out: id, its columns, link_first (the link that it rests on is below `SURE`, so it is no finding yet: first
     the pair is to be reviewed), pair (that pair, `source:key;source:key`), age_days (since `since`), owner_role, owner (a name, where facts tell
     one), action_fr, action_en.
`recovered`: in, findings that are gone. Out: id -> the amount that came back, in the company's currency; those of which nothing tells are left out.

An id lasts as long as its check and what it is about: a document, a project, a customer. The salesperson is that of the deal, else of the project;
the lead of a project is whoever has booked most hours on it. What came back is what was invoiced of the plan line, credited of the duplicate,
paid of the invoice, allocated of the payment, signed in amendments or invoiced of the deal's project since, and never more than was at risk.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pyarrow as pa

from mdm.forecast.checks.acting import ACTIONS
from mdm.forecast.exchange import exchange
from mdm.forecast.frames import Frames, query, to_cents
from mdm.forecast.leakage import SCHEMA as LEAKS
from mdm.forecast.leakage import leakage
from mdm.forecast.links import links
from mdm.forecast.settlement import settlements

SURE = 0.95
"""Probability of a link from which on what rests on it is a finding."""

SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        *LEAKS,
        ("link_first", pa.bool_()),
        ("pair", pa.string()),
        ("age_days", pa.int64()),
        *((name, pa.string()) for name in ("owner_role", "owner", "action_fr", "action_en")),
    ]
)

_PEOPLE = """
    WITH named AS (
        SELECT golden_id, nullif(concat_ws(' ', given_name, family_name), '') AS name FROM golden_salesperson
    ), sold AS (
        SELECT r.id, min(n.name) AS name
        FROM reference r JOIN deal d ON d.source || ':' || d.key = r.reference JOIN named n ON n.golden_id = d.salesperson_id
        GROUP BY ALL
    ), leader AS (
        SELECT c.project_id, e.name
        FROM cost c JOIN employee e ON e.source = c.source AND e.key = c.employee
        WHERE c.spent_on <= $as_of AND c.hours IS NOT NULL
        GROUP BY c.project_id, e.name QUALIFY row_number() OVER (PARTITION BY c.project_id ORDER BY sum(c.hours) DESC, e.name) = 1
    )
    SELECT f.id, coalesce(s.name, n.name) AS salesperson, l.name AS lead
    FROM finding f
    LEFT JOIN sold s ON s.id = f.id
    LEFT JOIN golden_project p ON p.golden_id = f.golden_project_id
    LEFT JOIN named n ON n.golden_id = p.salesperson
    LEFT JOIN leader l ON l.project_id = f.golden_project_id"""

_PAIRS = """
    WITH sided AS (
        SELECT left_source || ':' || left_key AS one, right_source || ':' || right_key AS other, weight FROM edges
        UNION ALL SELECT right_source || ':' || right_key, left_source || ':' || left_key, weight FROM edges
    ), best AS (
        SELECT l.golden_project_id, s.one, s.other, s.weight
        FROM link l
        JOIN sided s ON l.fact = 'deal' AND s.one = l.source || ':' || l.key
        JOIN members_project m ON m.golden_id = l.golden_project_id AND m.source || ':' || m.key = s.other
        QUALIFY row_number() OVER (PARTITION BY s.one ORDER BY s.weight DESC, s.other) = 1
    )
    SELECT golden_project_id, one || ';' || other AS pair
    FROM best QUALIFY row_number() OVER (PARTITION BY golden_project_id ORDER BY weight, one) = 1"""

_RECOVERED = """
    WITH told AS (
        SELECT g.*, r.reference FROM gone g JOIN reference r USING (id)
    ), document AS (
        SELECT i.*, abs(i.net) * x.rate AS value, x.rate AS euros
        FROM invoice i ASOF LEFT JOIN exchange x ON x.currency = i.currency AND i.issued_on >= x.since WHERE i.issued_on <= $as_of
    ), back AS (
        SELECT t.id, d.value AS amount
        FROM told t
        JOIN plan_line l ON l.source || ':' || l.key = t.reference AND l.status = 'invoiced'
        JOIN document d ON d.source = l.source AND d.key = l.invoice
        WHERE t.slug IN ('milestone_done_not_invoiced', 'unbilled_time', 'missed_recurrence_or_indexation')
        UNION ALL
        SELECT t.id, if(d.kind = 'credit_note', -d.value, d.value)
        FROM told t
        JOIN link l ON l.fact = 'deal' AND l.source || ':' || l.key = t.reference
        JOIN document d ON d.project_id = l.golden_project_id
        WHERE t.slug = 'won_deal_without_project'
        UNION ALL
        SELECT t.id, c.value
        FROM told t JOIN document c ON c.kind = 'credit_note' AND c.source || ':' || c.origin = t.reference
        WHERE t.slug = 'duplicate_invoice'
        UNION ALL
        SELECT t.id, s.amount * d.euros
        FROM told t
        JOIN settlement s ON s.kind = 'payment' AND s.source || ':' || s.invoice = t.reference AND s."on" >= t.first_seen
        JOIN document d ON d.source = s.source AND d.key = s.invoice
        WHERE t.slug IN ('overdue_without_reminder', 'unallocated_or_short_payment') AND NOT t.loose
        UNION ALL
        SELECT t.id, s.amount * d.euros
        FROM told t
        JOIN settlement s ON s.kind = 'payment' AND s.source || ':' || s.key = t.reference AND s.invoice IS NOT NULL
        JOIN document d ON d.source = s.source AND d.key = s.invoice
        WHERE t.slug = 'unallocated_or_short_payment' AND t.loose
        UNION ALL
        SELECT g.id, a.amount * x.rate
        FROM gone g
        JOIN amendment a ON a.project_id = g.golden_project_id AND coalesce(a.signed, true) AND a.signed_on BETWEEN g.since AND $as_of
        JOIN golden_project p ON p.golden_id = a.project_id
        ASOF LEFT JOIN exchange x ON x.currency = coalesce(p.currency, $currency) AND a.signed_on >= x.since
        WHERE g.slug IN ('over_billing', 'scope_creep')
    )
    SELECT g.id, least(sum(b.amount), min(g.amount))::DECIMAL(24, 6) AS amount
    FROM back b JOIN gone g USING (id) GROUP BY ALL HAVING sum(b.amount) > 0 ORDER BY g.id"""


def findings(frames: Frames, as_of: date, currency: str = "EUR") -> pa.Table:
    """What leaks, with all that it takes to act on it."""
    rows = identified(leakage(frames, as_of, currency).to_pylist())
    people = query(frames, _PEOPLE, tables=_referring(rows), as_of=as_of).to_pylist()
    named: Mapping[str, Mapping[str, Any]] = {row["id"]: row for row in people}
    doubtful = any(row["confidence"] < SURE for row in rows)
    pairs = query(frames, _PAIRS, tables={"link": links(frames)}).to_pylist() if doubtful else []
    pair_of = {row["golden_project_id"]: row["pair"] for row in pairs}
    return pa.Table.from_pylist([_acted(row, as_of, named[row["id"]], pair_of) for row in rows], SCHEMA)


def identified(leaks: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Leaks with their ids, in their order."""
    seen: Counter[tuple[str, str]] = Counter()
    rows = []
    for leak in leaks:
        about = (leak["slug"], subject(leak))
        rows.append({"id": f"leak_{sha256(repr((*about, seen[about])).encode()).hexdigest()[:20]}", **leak})
        seen[about] += 1
    return rows


def recovered(frames: Frames, gone: Iterable[Mapping[str, Any]], as_of: date, currency: str = "EUR") -> dict[str, Decimal]:
    """What came back of findings that are gone. In: id, slug, golden_project_id, evidence, amount, since, first_seen (a day)."""
    rows = [{**row, "loose": _is_loose(frames, row["evidence"])} for row in gone]
    wanted = ("id", "slug", "golden_project_id", "amount", "since", "first_seen", "loose")
    kinds = (pa.string(), pa.string(), pa.string(), pa.decimal128(24, 2), pa.date32(), pa.date32(), pa.bool_())
    table = pa.table({name: pa.array([row[name] for row in rows], kind) for name, kind in zip(wanted, kinds, strict=True)})
    tables = {
        "gone": table,
        "reference": _references(rows),
        "exchange": exchange(frames, currency),
        "link": links(frames),
        "settlement": settlements(frames, as_of),
    }
    found = to_cents(query(frames, _RECOVERED, tables=tables, as_of=as_of, currency=currency))
    return {row["id"]: row["amount"] for row in found.to_pylist()}


def _is_loose(frames: Frames, evidence: str) -> bool:
    """Whether a payment is what a finding is about."""
    source, _, key = evidence.partition(";")[0].partition(":")
    payments = frames.facts["payment"]
    return (source, key) in zip(payments["source"].to_pylist(), payments["key"].to_pylist(), strict=True)


def subject(leak: Mapping[str, Any]) -> str:
    """What a leak is about: the id of a project or a customer, or a document."""
    first = str(leak["evidence"] or "").partition(";")[0]
    match ACTIONS[leak["slug"]].of:
        case "project":
            return leak["golden_project_id"] or leak["golden_customer_id"] or first
        case "customer":
            return leak["golden_customer_id"] or first
        case _:
            return first


def _referring(rows: Iterable[Mapping[str, Any]]) -> dict[str, pa.Table]:
    kept = list(rows)
    finding = {name: pa.array([row[name] for row in kept], pa.string()) for name in ("id", "golden_project_id")}
    return {"finding": pa.table(finding), "reference": _references(kept)}


def _references(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """A row a finding and record of its evidence."""
    named = [(row["id"], reference) for row in rows for reference in (row["evidence"] or "").split(";")]
    return pa.table({"id": pa.array([one[0] for one in named], pa.string()), "reference": pa.array([one[1] for one in named], pa.string())})


def _acted(row: Mapping[str, Any], as_of: date, people: Mapping[str, Any], pair_of: Mapping[str, str]) -> dict[str, Any]:
    action, doubtful = ACTIONS[row["slug"]], row["confidence"] < SURE
    return {
        **row,
        "link_first": doubtful,
        "pair": pair_of.get(row["golden_project_id"] or "") if doubtful else None,
        "age_days": None if row["since"] is None else (as_of - row["since"]).days,
        "owner_role": action.owner,
        "owner": people.get(action.owner),
        "action_fr": action.fr,
        "action_en": action.en,
    }
