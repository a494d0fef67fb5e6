"""What hangs on records of masters: the facts that refer to them, counted, and summed by currency.

The amount of a fact is its field `amount`, or else the first one of money that it declares: of an invoice that is `net`, for every other
amount is without tax too, and tax is not ours. Its currency is its own field, or else that of the document or project that it is a part
of. Currencies are never added up. Only to rank are they brought into the company's: a fact at the rate that it tells itself, and one that
tells none does not count there.

A sale is a deal, then an invoice, then a payment: what is at stake is the largest of those sums and not their total, which would count
one euro three times.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa
from sqlalchemy import Connection, text

from matching.declaration import Field, fields
from matching.frames import literal
from matching.kinds import CURRENCY, MONEY
from mdm.entities import ENTITIES, FACTS, Entity, Fact, Master, Refers
from mdm.store.bulk import read

FEW = 20_000
"""Records up to which it is quicker to look up the facts of each than to read all facts."""
CENTS = Decimal("0.01")
IN_FORCE = "coalesce(r.version_id = v.id, false)"
"""That a version is in force, said so that the planner does not take it, beside the record's number, for one chance in a million more."""


@dataclass(frozen=True)
class Hanging:
    """Facts of one entity that refer to the records: how many, and their amounts by currency."""

    fact: str
    count: int
    amounts: dict[str, Decimal]


@dataclass(frozen=True)
class Impact:
    """What moves when records go to another golden record; `stake` is in the company's currency."""

    facts: tuple[Hanging, ...]
    stake: Decimal

    @property
    def facts_count(self) -> int:
        """How many facts move."""
        return sum(hanging.count for hanging in self.facts)


def impact(db: Connection, entity: type[Master], ids: Collection[int], currency: str) -> Impact:
    """What hangs on some records. `currency` is the company's."""
    query = impact_query(entity)
    if not query:
        return Impact((), Decimal(0))
    _as_it_is(db)
    found: dict[str, tuple[int, dict[str, Decimal], Decimal]] = {}
    for row in db.execute(text(query), {"ids": list(ids), "own": currency}):
        count, amounts, own = found.get(row.fact, (0, {}, Decimal(0)))
        more = {} if row.amount is None else {row.currency: amounts.get(row.currency, Decimal(0)) + row.amount}
        found[row.fact] = count + row.facts, amounts | more, own + (row.own or 0)
    facts = tuple(Hanging(name, count, dict(sorted(amounts.items()))) for name, (count, amounts, _) in found.items())
    return Impact(facts, max((abs(own) for _, _, own in found.values()), default=Decimal(0)).quantize(CENTS))


def impact_query(entity: type[Master]) -> str:
    """Sums of what hangs on records :ids, by fact and currency, in the company's currency :own too."""
    hung = "(SELECT '' AS part, source, key FROM record WHERE id = ANY(CAST(:ids AS bigint[])) OFFSET 0) AS hung"
    return " UNION ALL ".join(_grouped(fact, field, hung, few=True) for fact, field in references(entity))


def weigh(db: Connection, entity: type[Master], currency: str) -> None:
    """What is at stake of each part, in one pass. In: table hung (part, source, key). Out: temporary table stakes (part, stake)."""
    few = db.execute(text("SELECT count(*) FROM hung")).scalar_one() < FEW
    query = " UNION ALL ".join(_grouped(fact, field, "hung", few=few) for fact, field in references(entity))
    sums = query or "SELECT '' AS part, '' AS fact, 0 AS own WHERE false"
    _as_it_is(db)
    db.execute(
        text(
            f"""CREATE TEMPORARY TABLE stakes ON COMMIT DROP AS
                SELECT part, round(max(abs(own)), 2) AS stake
                FROM (SELECT part, fact, sum(own) AS own FROM ({sums}) AS one GROUP BY part, fact) AS summed
                WHERE own IS NOT NULL GROUP BY part"""
        ),
        {"own": currency} if query else {},
    )


def referred_since(db: Connection, entity: type[Master], version_id: int) -> pa.Array:
    """Records of a master to which facts refer, or did, that have landed after a version: those whose stakes may have changed."""
    found = [
        f"""SELECT t.id FROM record_version landed JOIN record r ON r.id = landed.record_id AND r.entity = {literal(fact.entity)}
            JOIN record_version v ON v.record_id = r.id AND v.clean ? {literal(field.name)}
            JOIN record t ON t.entity = {literal(entity.entity)} AND t.source = r.source AND t.key = v.clean->>{literal(field.name)}
            WHERE landed.id > %(after)s"""
        for fact, field in references(entity)
    ]
    if not found:
        return pa.array([], pa.int64())
    numbers = read(db, " UNION ".join(found) + " ORDER BY 1", pa.schema([("record_id", pa.int64())]), {"after": version_id})
    return numbers["record_id"].combine_chunks()


def _as_it_is(db: Connection) -> None:
    """Run what follows in this transaction without compiling it first: the planner, who cannot know how rare a key is, thinks it long."""
    db.execute(text("SET LOCAL jit = off"))


def references(entity: type[Master]) -> Iterable[tuple[type[Fact], Field]]:
    """Every fact that refers to a master, with the field that does."""
    for fact in FACTS:
        for field in fields(fact):
            if (refers := field.mark(Refers)) and refers.to == entity.entity:
                yield fact, field


def amount_of(entity: type[Entity]) -> Field | None:
    """The field that says how much a fact is about, if any does."""
    money = [field for field in fields(entity) if field.kind is MONEY]
    return next((field for field in money if field.name == "amount"), money[0] if money else None)


def _grouped(fact: type[Fact], field: Field, hung: str, *, few: bool) -> str:
    """Sums by part and currency: part, fact, currency, facts, amount, own (in the company's currency, null where there is no rate).

    In: `hung`, a table of that name with part, source and key of the records referred to. Of few, each is looked up by the index of its
    reference: the planner has no statistics of it, since it is of a part of the table, and would read all facts instead.
    """
    name, amount = literal(field.name), amount_of(fact)
    value = "NULL::numeric" if amount is None else f"(v.clean->>{literal(amount.name)})::numeric"
    currency, joins = _currency(fact)
    rate = "(v.clean->>'rate')::numeric" if any(item.name == "rate" for item in fields(fact)) else "NULL::numeric"
    way, stop = ("CROSS JOIN LATERAL", "OFFSET 0") if few else ("JOIN", "")
    referred = f"v.clean ? {name} AND v.clean->>{name} = hung.key AND r.source = hung.source"
    within, on = (f"AND {referred}", "") if few else ("", "ON told.key = hung.key AND told.source = hung.source")
    return f"""
        SELECT part, {literal(fact.entity)} AS fact, currency, count(*) AS facts, sum(amount) AS amount,
               sum(amount * CASE WHEN currency = :own THEN 1 ELSE rate END) AS own
        FROM {hung} {way} (
            SELECT r.source, v.clean->>{name} AS key, {currency} AS currency, {value} AS amount, {rate} AS rate
            FROM record_version v JOIN record r ON r.id = v.record_id AND {IN_FORCE} {joins}
            WHERE r.entity = {literal(fact.entity)} AND NOT r.deleted AND v.clean ? {name} {within} {stop}) AS told {on}
        GROUP BY part, currency"""


def _currency(fact: type[Fact]) -> tuple[str, str]:
    """How a fact `r`, `v` says its currency, and what has to be joined for it."""
    if field := _told(fact):
        return _or_default(fact, field, "v"), ""
    for field in fields(fact):
        refers = field.mark(Refers)
        if refers is not None and (whole := _told(ENTITIES[refers.to])):
            joins = f"""LEFT JOIN record w ON w.entity = {literal(refers.to)} AND w.source = r.source AND w.key = v.clean->>{literal(field.name)}
                        LEFT JOIN record_version x ON x.id = w.version_id"""
            return _or_default(ENTITIES[refers.to], whole, "x"), joins
    return ":own", ""


def _told(entity: type[Entity]) -> Field | None:
    return next((field for field in fields(entity) if field.kind is CURRENCY), None)


def _or_default(entity: type[Entity], field: Field, version: str) -> str:
    """The currency that a version tells; where it tells none, the declared one, and else the company's own."""
    declared = entity.model_fields[field.name].default
    return f"coalesce({version}.clean->>{literal(field.name)}, {literal(declared) if isinstance(declared, str) else ':own'})"
