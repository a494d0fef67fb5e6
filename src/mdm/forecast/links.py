"""Deals and invoices to their golden project and customer: the stable export `links.csv`.

In:  the facts deal, invoice and amendment, the members of project, the edges.
Out: fact (`deal`, `invoice`), source, key, golden_project_id, golden_customer_id, how, probability; in the order of the first three.

A won deal is landed as a project record too: its project is the golden one that this record belongs to, unless nothing but deals
belongs to it, for then nobody has opened it yet. An amendment belongs to the project of the deal that it amends. `how` says what the link
rests on, by the strongest pair of records (`reference`, `code`, `name`, `amount_period`), or `amendment`, or `key` where a document
names its project; `probability` is that of the pair, 1 for keys, null where there is no project.
"""

import json
from typing import Any

import pyarrow as pa

from matching.declaration import fields
from mdm.entities import Project
from mdm.forecast.frames import Frames, query

BY_AMOUNT_ALONE = 0.95
"""Probability that an amendment of the same customer, amount and month is the deal's."""

SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("fact", "source", "key", "golden_project_id", "golden_customer_id", "how")]
    + [("probability", pa.float64())]
)

_DIRECT = """
    WITH direct AS (
        SELECT d.source, d.key, m.golden_id AS project
        FROM deal d JOIN members_project m USING (source, key)
        WHERE EXISTS (
            SELECT 1 FROM members_project o
            WHERE o.golden_id = m.golden_id AND NOT EXISTS (SELECT 1 FROM deal x WHERE x.source = o.source AND x.key = o.key)
        )
    ), sided AS (
        SELECT left_source AS source, left_key AS key, right_source AS other_source, right_key AS other_key, weight, levels FROM edges
        UNION ALL SELECT right_source, right_key, left_source, left_key, weight, levels FROM edges
    ), evidence AS (
        SELECT d.source, d.key, s.weight, s.levels
        FROM direct d
        JOIN sided s USING (source, key)
        JOIN members_project m ON m.source = s.other_source AND m.key = s.other_key AND m.golden_id = d.project
        QUALIFY row_number() OVER (PARTITION BY d.source, d.key ORDER BY s.weight DESC, s.other_source, s.other_key) = 1
    )
    SELECT d.source, d.key, d.project, e.weight, e.levels FROM direct d LEFT JOIN evidence e USING (source, key)"""

_AMENDMENTS = r"""
    WITH told AS (
        SELECT *, regexp_extract(reference, '^(.+)-A[0-9]+$', 1) AS base_reference,
            coalesce(regexp_matches(lower(strip_accents(kind)), '^(avenant|amendment|change order)'), false) AS named,
            list_distinct(regexp_extract_all(lower(strip_accents(name)), '[a-z0-9]+')) AS words
        FROM deal
    ), amending AS (
        SELECT * FROM told WHERE parent IS NOT NULL OR base_reference <> '' OR named
    ), referred AS (
        SELECT a.source, a.key, min(b.key) AS base
        FROM amending a JOIN deal b ON b.source = a.source AND b.reference = a.base_reference AND b.key <> a.key
        GROUP BY ALL HAVING count(*) = 1
    ), entitled AS (
        SELECT a.source, a.key, b.key AS base
        FROM amending a JOIN told b ON b.source = a.source AND b.customer_id = a.customer_id AND b.key <> a.key AND NOT b.named
            AND b.status = 'won' AND b.closes_on <= a.closes_on AND len(b.words) > 0 AND list_has_all(a.words, b.words)
        WHERE a.named
        QUALIFY row_number() OVER (PARTITION BY a.source, a.key ORDER BY len(b.words) DESC, b.closes_on DESC, b.key) = 1
    ), agreed AS (
        SELECT a.source, a.key, min(c.project_id) AS project
        FROM amending a
        JOIN golden_project p ON p.customer = a.customer_id
        JOIN amendment c ON c.project_id = p.golden_id AND c.amount = a.amount AND abs(c.signed_on - a.closes_on) <= 31
        GROUP BY ALL HAVING count(DISTINCT c.project_id) = 1
    )
    SELECT a.source, a.key, coalesce(a.parent, r.base, e.base) AS base, g.project
    FROM amending a
    LEFT JOIN referred r USING (source, key) LEFT JOIN entitled e USING (source, key) LEFT JOIN agreed g USING (source, key)"""

_ALL = """
    SELECT 'deal' AS fact, d.source, d.key, f.project AS golden_project_id, d.customer_id AS golden_customer_id, f.how, f.probability
    FROM deal d LEFT JOIN found f USING (source, key)
    UNION ALL
    SELECT 'invoice', source, key, project_id, customer_id, if(project_id IS NULL, NULL, 'key'), if(project_id IS NULL, NULL, 1.0)
    FROM invoice
    ORDER BY fact, source, key"""

Found = dict[tuple[str, str], tuple[str, str, float]]
"""Deal -> project, how, probability."""


def links(frames: Frames) -> pa.Table:
    """The project and customer of every deal and every invoice."""
    found = _direct(frames)
    amendments = {(row["source"], row["key"]): row for row in query(frames, _AMENDMENTS).to_pylist()}
    amended = {deal: link for deal in amendments if (link := _amended(deal, amendments, found))}
    return query(frames, _ALL, tables={"found": _table(found | amended)}).cast(SCHEMA)


def _direct(frames: Frames) -> Found:
    return {
        (row["source"], row["key"]): (row["project"], _how(row["levels"]), probability(row["weight"]))
        for row in query(frames, _DIRECT).to_pylist()
    }


def probability(weight: float | None) -> float:
    """Of a pair's weight in bits; where no pair was weighed, a person put the records together."""
    return 1.0 if weight is None else round(1 / (1 + 2 ** -max(weight, -60.0)), 4)


_SCALES = {field.name: field.kind.comparison for field in fields(Project) if field.kind.comparison}
_MUCH = _SCALES["label"].labels.index("much in common") + 1
"""The level from which a link rests on the label."""


def _how(levels: str | None) -> str:
    """What a pair rests on, by its levels; what a person put together is as good as a key."""
    if levels is None:
        return "key"
    said: dict[str, int] = json.loads(levels)
    for field in ("reference", "code"):
        if said.get(field, 0) >= _SCALES[field].exact:
            return field
    return "name" if said.get("label", 0) >= _MUCH else "amount_period"


def _amended(deal: tuple[str, str], amendments: dict[tuple[str, str], dict[str, Any]], found: Found) -> tuple[str, str, float] | None:
    """The link of an amendment: that of the deal at the end of its chain, or the project whose amendment it equals."""
    at, seen = deal, {deal}
    while (base := (at[0], amendments[at]["base"] or "")) in amendments and base not in seen:
        at = base
        seen.add(base)
    if base in found:
        project, _, chance = found[base]
        return project, "amendment", chance
    project = amendments[deal]["project"]
    return (project, "amendment", BY_AMOUNT_ALONE) if project else None


def _table(found: Found) -> pa.Table:
    rows = [(*deal, *link) for deal, link in sorted(found.items())]
    names = ("source", "key", "project", "how", "probability")
    kinds = (pa.string(), pa.string(), pa.string(), pa.string(), pa.float64())
    return pa.table({name: pa.array([row[at] for row in rows], kind) for at, (name, kind) in enumerate(zip(names, kinds, strict=True))})
