"""Survivorship: which value of which record becomes golden. A pure function of the records, ended by a total order."""

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from matching.declaration import Field
from matching.frames import as_json, query, quoted
from mdm.entities import Master, Survive, golden_fields
from mdm.entities.declare import own_references
from mdm.pinning import pinned
from mdm.strategies import Unit, flag, order, windows

Rules = Mapping[str, Survive]
"""By field, how it survives; a field without survives as it is declared."""
DECLARED: Rules = {}
Places = NDArray[np.int64]


def survive(records: pa.Table, entity: type[Master], rules: Rules = DECLARED, pins: pa.Table | None = None) -> pa.Table:
    """Choose one value for every field of every golden record.

    In:  golden_id, record_id, source, key, event_at, and the entity's fields; pins as `mdm.pinning` has them.
    Out: golden_id, members, data (JSON of the chosen values), lineage (JSON: by field, the record that gave it), in order of golden_id.

    A field that is collected has its further values, best first, and their records under the name of the list where there is more than
    one; one that is pinned has the pin in place of the record.
    """
    present = [field for field in golden_fields(entity) if field.name in records.column_names]
    units = units_of(present, rules)
    heads, of = _heads(records)
    contested = np.flatnonzero(heads["members"].to_numpy()[of] > 1)
    contest = _contest(records, contested, of, present, units) if len(contested) else None
    columns: dict[str, pa.Array] = {}
    winners = {} if contest is None else _winners(contest, heads, units)
    for unit in units:
        winner = heads["first"] if contest is None else winners[unit.names[0]]
        for name in unit.names:
            columns[f"v_{name}"], columns[f"o_{name}"] = records[name].take(winner), _origin(records, name, winner)
    collecting = [unit for unit in units if unit.rule.collect]
    if contest is not None and collecting:
        columns |= _collected(contest, heads.num_rows, collecting)
    names = [column.removeprefix("v_") for column in columns if column.startswith("v_")]
    golden = query(
        f"SELECT golden_id, members, {as_json(names, 'v_')} AS data, {as_json(names, 'o_')} AS lineage FROM t ORDER BY golden_id",
        t=pa.table({"golden_id": heads["golden_id"], "members": heads["members"]} | columns),
    )
    return golden if pins is None else pinned(golden, records, entity, pins)


def gathered(records: pa.Table, crosswalk: pa.Table, entity: type[Master], known: pa.Table | None = None) -> pa.Table:
    """Records under their golden ids, those of the same entity that they refer to as golden ids too.

    In: records as the store gives them, crosswalk (record_id, golden_id), and `known`, the same of the records referred to too.
    Out: as `survive` takes them.
    """
    own = own_references(entity)
    settled = "".join(f", x{at}.golden_id AS {name}" for at, name in enumerate(own))
    joins = "".join(f" LEFT JOIN k x{at} ON x{at}.record_id::VARCHAR = r.{name}" for at, name in enumerate(own))
    excluded = f"EXCLUDE ({', '.join(own)})" if own else ""
    return query(
        f"SELECT x.golden_id, r.* {excluded}{settled} FROM r JOIN x USING (record_id){joins} ORDER BY r.record_id",
        r=records,
        x=crosswalk,
        k=crosswalk if known is None else known,
    )


def rule_of(field: Field, rules: Rules = DECLARED) -> Survive:
    """How a field survives; by default the most trusted source, then what most say, then the newest."""
    return rules.get(field.name) or field.mark(Survive) or Survive()


def units_of(present: list[Field], rules: Rules) -> list[Unit]:
    """Fields that survive together: a group, or a field alone."""
    units: dict[str, Unit] = {}
    for field in present:
        rule = rule_of(field, rules)
        label = f"group {rule.group}" if rule.group else field.name
        before = units.get(label)
        units[label] = Unit((field,), rule) if before is None else Unit((*before.fields, field), before.rule)
    return list(units.values())


def _heads(records: pa.Table) -> tuple[pa.Table, Places]:
    """The golden records in order: golden_id, first (the place of one of its records), members; and of every record the place of its golden record."""
    coded = pc.dictionary_encode(records["golden_id"].combine_chunks())
    order = pc.sort_indices(coded.dictionary).to_numpy()
    rank = np.empty_like(order, np.int64)
    rank[order] = np.arange(len(order))
    of = rank[coded.indices.to_numpy()]
    _, first, members = np.unique(of, return_index=True, return_counts=True)
    return pa.table({"golden_id": coded.dictionary.take(order), "first": first, "members": members}), of


def _contest(records: pa.Table, places: Places, of: Places, present: list[Field], units: list[Unit]) -> pa.Table:
    """The records at some places as strategies look at them; n is their place among all, head that of their golden record."""
    contest = records.take(places).append_column("n", pa.array(places)).append_column("head", pa.array(of[places]))
    filled = " + ".join(["0", *(f"({quoted(field.name)} IS NOT NULL)::INTEGER" for field in present)])
    contest = query(
        f"""SELECT *, {filled} AS filled,
                   coalesce(epoch(max(moment) OVER golden - coalesce(moment, min(moment) OVER golden)) / 86400.0, 0) AS age_days
            FROM (SELECT *, TRY_CAST(event_at AS TIMESTAMP) AS moment FROM c) WINDOW golden AS (PARTITION BY head) ORDER BY n""",
        c=contest,
    )
    wanted: dict[str, tuple[Field, Callable[[str], bool]]] = {}
    for unit in units:
        for field in unit.fields:
            if field.kind.doubtful:
                wanted[flag("doubtful", field)] = field, field.kind.doubtful
            if field.kind.verified and "verified" in unit.rule.by:
                wanted[flag("verified", field)] = field, field.kind.verified
    return _flags(contest, wanted)


def _flags(contest: pa.Table, wanted: Mapping[str, tuple[Field, Callable[[str], bool]]]) -> pa.Table:
    """The contest with columns that say in which rows something holds of a field's value; asked once a value, and only of those that are disputed.

    In: `wanted`, by column the field and what is to hold.
    """
    names = list(dict.fromkeys(field.name for field, _ in wanted.values()))
    golden = "OVER (PARTITION BY head)"
    columns = ", ".join(
        f"CASE WHEN min({quoted(name)}) {golden} <> max({quoted(name)}) {golden} THEN {quoted(name)} END AS {quoted(name)}"
        for name in names
    )
    disputed = query(f"SELECT {columns} FROM c", c=contest.select(["head", *names])) if names else None
    for column, (field, holds) in wanted.items():
        assert disputed is not None
        found = [value for value in pc.unique(disputed[field.name]).to_pylist() if value is not None and holds(value)]
        contest = contest.append_column(column, pc.is_in(contest[field.name], value_set=pa.array(found, pa.string())))
    return contest


def _winners(contest: pa.Table, heads: pa.Table, units: list[Unit]) -> dict[str, pa.Array]:
    """For every golden record, the place of the record that gives each unit, by its first field; null where none holds it.

    Records alone need no contest. All units are one query, for a query takes longer than the contest of a few records.
    """
    counted = {name: sql for unit in units for name, sql in windows(unit).items()}
    shown = "".join(f", {sql} AS {quoted(name)}" for name, sql in counted.items())
    chosen = ", ".join(f"first(n ORDER BY {order(unit)}) FILTER (WHERE {_held(unit)}) AS {quoted(unit.names[0])}" for unit in units)
    won = query(f"SELECT head, {chosen} FROM (SELECT *{shown} FROM c) GROUP BY head ORDER BY head", c=contest)
    alone = np.where(heads["members"].to_numpy() == 1, heads["first"].to_numpy(), -1)
    winners = {}
    for unit in units:
        winner = alone.copy()
        winner[won["head"].to_numpy()] = pc.fill_null(won[unit.names[0]], -1).to_numpy()
        winners[unit.names[0]] = pa.array(winner, mask=winner < 0)
    return winners


def _held(unit: Unit) -> str:
    return " OR ".join(f"{quoted(name)} IS NOT NULL" for name in unit.names)


def _collected(contest: pa.Table, count: int, units: list[Unit]) -> dict[str, pa.Array]:
    """By field that is collected, its distinct values and their records, best first, where a golden record has more than one."""
    shown = "".join(f", {sql} AS {quoted(column)}" for unit in units for column, sql in windows(unit).items())
    ranked = " UNION ALL ".join(
        f"""SELECT {at} AS unit, head, {quoted(unit.names[0])} AS said, record_id, row_number() OVER (ORDER BY head, {order(unit)}) AS place
            FROM seen WHERE said IS NOT NULL"""
        for at, unit in enumerate(units)
    )
    lists = query(
        f"""WITH seen AS (SELECT *{shown} FROM c), ranked AS ({ranked})
            SELECT unit, head, list(said ORDER BY place) AS said, list(record_id ORDER BY place) AS given
            FROM (SELECT unit, head, said, min(place) AS place, arg_min(record_id, place) AS record_id FROM ranked GROUP BY unit, head, said)
            GROUP BY unit, head HAVING count(*) > 1 ORDER BY unit, head""",
        c=contest,
    )
    unit, head = lists["unit"].to_numpy(), lists["head"].to_numpy()
    columns: dict[str, pa.Array] = {}
    for number, one in enumerate(units):
        at = np.full(count, -1)
        at[head[unit == number]] = np.flatnonzero(unit == number)
        where = pa.array(at, mask=at < 0)
        columns |= {f"v_{one.rule.collect}": lists["said"].take(where), f"o_{one.rule.collect}": lists["given"].take(where)}
    return columns


def _origin(records: pa.Table, name: str, winner: pa.Array) -> pa.Array:
    """The record that gave a value, null where the value is null."""
    given = records["record_id"].take(winner)
    empty = records[name].take(winner).is_null()
    return pc.if_else(empty, pa.scalar(None, pa.int64()), given)


__all__ = ["DECLARED", "Rules", "gathered", "rule_of", "survive", "units_of"]
