"""Survivorship: which value of which record becomes golden. A pure function of the records, ended by a total order."""

import pyarrow as pa
import pyarrow.compute as pc

from matching.declaration import Field
from matching.frames import as_json, literal, query, quoted
from mdm.entities import Master, Survive, golden_fields
from mdm.errors import BadInput


def survive(records: pa.Table, entity: type[Master]) -> pa.Table:
    """Choose one value for every field of every golden record.

    In:  golden_id, record_id, source, key, event_at, and the entity's fields.
    Out: golden_id, members, data (JSON of the chosen values), lineage (JSON: by field, the record that gave it), in order of golden_id.
    """
    present = [field for field in golden_fields(entity) if field.name in records.column_names]
    rows = query("SELECT *, row_number() OVER () - 1 AS n, count(*) OVER (PARTITION BY golden_id) AS members FROM r", r=records)
    rows = rows.sort_by("n")
    heads = query("SELECT golden_id, min(n) AS n, count(*) AS members FROM r GROUP BY 1 ORDER BY 1", r=rows)
    place = {name: winner for unit in _units(present) for winner in [_winners(rows, heads, unit, present)] for name in unit}
    golden = {"golden_id": heads["golden_id"], "members": heads["members"]}
    values = {f"v_{name}": rows[name].take(winner) for name, winner in place.items()}
    origin = {f"o_{name}": _origin(rows, name, winner) for name, winner in place.items()}
    table = pa.table(golden | values | origin)
    return query(
        f"SELECT golden_id, members, {as_json(place, 'v_')} AS data, {as_json(place, 'o_')} AS lineage FROM t ORDER BY golden_id", t=table
    )


def _units(present: list[Field]) -> list[tuple[str, ...]]:
    """Fields that survive together: a group, or a field alone."""
    units: dict[str, tuple[str, ...]] = {}
    for field in present:
        rule = rule_of(field)
        label = f"group {rule.group}" if rule.group else field.name
        units[label] = (*units.get(label, ()), field.name)
    return list(units.values())


def rule_of(field: Field) -> Survive:
    """How a field survives; by default the most trusted source, then what most say, then the newest."""
    return field.mark(Survive) or Survive()


def _winners(rows: pa.Table, heads: pa.Table, unit: tuple[str, ...], present: list[Field]) -> pa.Array:
    """For every golden record, the row that gives the unit; null where none holds it. Records alone need no contest."""
    rule = rule_of(next(field for field in present if field.name == unit[0]))
    contest = rows.filter(pc.greater(rows["members"], 1)).select(list({"golden_id", "n", "source", "key", "event_at", *unit}))
    held = " OR ".join(f"{quoted(name)} IS NOT NULL" for name in unit)
    order = ", ".join([*_filled(unit), *(_order(strategy, unit[0], rule) for strategy in rule.by), "source", "key", "n"])
    won = query(f"SELECT DISTINCT ON (golden_id) golden_id, n FROM c WHERE {held} ORDER BY golden_id, {order}", c=contest)
    places = query("SELECT w.n AS winner FROM heads LEFT JOIN w USING (golden_id) ORDER BY golden_id", heads=heads, w=won)["winner"]
    return pc.if_else(pc.equal(heads["members"], 1), heads["n"], places).combine_chunks()


def _filled(unit: tuple[str, ...]) -> list[str]:
    """A group that says more wins before anything else: an address with its street over a city alone."""
    return [] if len(unit) == 1 else [" + ".join(f"({quoted(name)} IS NULL)::INTEGER" for name in unit)]


def _order(strategy: str, field: str, rule: Survive) -> str:
    if strategy == "trust":
        cases = " ".join(f"WHEN {literal(source)} THEN {rank}" for rank, source in enumerate(rule.trust))
        return f"CASE source {cases} ELSE {len(rule.trust)} END" if rule.trust else "0::INTEGER + 0"
    column = quoted(field)
    orders = {
        "recent": "event_at DESC NULLS LAST",
        "frequent": f"count(*) OVER (PARTITION BY golden_id, {column}) DESC",
        "longest": f"length({column}) DESC NULLS LAST, {column}",
        "minimum": f"{column} ASC NULLS LAST",
        "maximum": f"{column} DESC NULLS LAST",
    }
    if strategy not in orders:
        raise BadInput(f"there is no survivorship strategy {strategy!r}; there are trust, {', '.join(orders)}")
    return orders[strategy]


def _origin(rows: pa.Table, name: str, winner: pa.Array) -> pa.Array:
    """The record that gave a value, null where the value is null."""
    given = rows["record_id"].take(winner)
    empty = rows[name].take(winner).is_null()
    return pc.if_else(empty, pa.scalar(None, pa.int64()), given)


__all__ = ["rule_of", "survive"]
