"""Small worlds for the laws: companies that two systems write each in their own way, people who work there, invoices; what is delivered, and rulings.

A company of the world is known to the generator alone. Records of one company share enough to be joined, or too little; records of two may share
what is generic. Deliveries carry event times, so that the newest version wins whenever it comes.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text

from matching.declaration import fields
from mdm.entities import ENTITIES
from mdm.landing import land
from mdm.pipeline import Hub
from mdm.ports import Batch
from mdm.store import runs
from mdm.store.decisions import RecordKey

START = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = ("Menuiserie Roussel", "Transports Keller", "Cabinet Ferrand", "Fonderie Valcourt", "Imprimerie Sérafin", "Scierie Mirabeau")
SIRENS = ("732829320", "404833048", "552100554", "542051180", "662042449", "775670417")
CITIES = (("35000", "Rennes"), ("67000", "Strasbourg"), ("44000", "Nantes"), ("59000", "Lille"), ("69003", "Lyon"), ("31000", "Toulouse"))
FORMS = ("{}", "{} SARL", "SARL {}", "{} S.A.S.")
GENERIC = {"phone": "01 44 00 00 00", "email": "info@comptable.example", "website": "annuaire.example"}
PEOPLE = (("Odile", "Vergnaud"), ("Hippolyte", "Massart"), ("O.", "Vergnaud"))

Key = tuple[str, str, str]
"""Entity, source, key."""


@dataclass(frozen=True)
class Row:
    """A version of a record as its source delivers it."""

    entity: str
    source: str
    key: str
    day: int
    """When the source says that it changed."""
    values: Mapping[str, str] = field(default_factory=dict)
    deleted: bool = False

    @property
    def of(self) -> Key:
        """The record."""
        return self.entity, self.source, self.key


@dataclass(frozen=True)
class World:
    """Versions in the order in which they arose, and which company each customer record is of."""

    rows: tuple[Row, ...]
    company: Mapping[Key, int]

    @property
    def customers(self) -> list[Key]:
        """Customer records, each once."""
        return sorted({row.of for row in self.rows if row.entity == "customer"})


@dataclass
class Delivery:
    """Rows of one entity and source as a stream."""

    source: str
    entity: str
    rows: Sequence[Row]
    name: str = "delivery"
    fingerprint: str = "laws"
    complete: bool = False
    distinct: bool = False

    def batches(self, cursor: str | None = None) -> Iterator[Batch]:
        """All of them at once."""
        names = [item.name for item in fields(ENTITIES[self.entity])]
        table = {
            "key": pa.array([row.key for row in self.rows], pa.string()),
            "line": pa.array(range(2, len(self.rows) + 2), pa.int64()),
            "version": pa.array([(START + timedelta(days=row.day)).isoformat() for row in self.rows], pa.string()),
            "deleted": pa.array([row.deleted for row in self.rows], pa.bool_()),
            "raw": pa.array([json.dumps(dict(row.values)) for row in self.rows], pa.string()),
            **{name: pa.array([row.values.get(name) for row in self.rows], pa.string()) for name in names},
        }
        yield Batch(pa.table(table), (), "end")

    def count(self) -> int:
        """Rows."""
        return len(self.rows)


def deliver(hub: Hub, rows: Sequence[Row]) -> None:
    """Land rows, those of one source and entity together, masters first."""
    with runs.noted(hub.engine, "load") as (run_id, _):
        for entity in ENTITIES:
            for source in sorted({row.source for row in rows if row.entity == entity}):
                mine = [row for row in rows if (row.entity, row.source) == (entity, source)]
                land(hub.engine, run_id, Delivery(source, entity, mine))


@st.composite
def _customer(draw: st.DrawFn, number: int) -> tuple[Row, int]:
    company = draw(st.integers(0, len(NAMES) - 1))
    values = {"name": draw(st.sampled_from(FORMS)).format(NAMES[company])}
    if draw(st.booleans()):
        values["siren"] = SIRENS[company]
    if draw(st.integers(0, 3)):
        values["postcode"], values["city"] = CITIES[company]
        values["street"] = f"{company + 3} rue du Moulin"
    values |= {name: value for name, value in GENERIC.items() if not draw(st.integers(0, 5))}
    return Row("customer", draw(st.sampled_from(("billing", "crm"))), f"k{number}", draw(st.integers(0, 9)), values), company


@st.composite
def worlds(draw: st.DrawFn, most: int = 7) -> World:
    """A world of a few customers, with people, invoices, later versions and deletions."""
    made = [draw(_customer(number)) for number in range(draw(st.integers(2, most)))]
    rows = [row for row, _ in made]
    for number, row in enumerate(rows[: draw(st.integers(0, 3))]):
        given, family = draw(st.sampled_from(PEOPLE))
        values = {"given_name": given, "family_name": family, "customer": row.key, "email": f"{family.lower()}@firm.example"}
        rows.append(Row("contact", row.source, f"p{number}", draw(st.integers(0, 9)), values))
    for number, (row, _) in enumerate(made):
        if draw(st.booleans()):
            amount = f"{draw(st.integers(-5000, 90000)) / 100:.2f}"
            values = {"kind": "invoice", "issued_on": "2026-03-01", "net": amount, "gross": amount, "customer": row.key}
            rows.append(Row("invoice", row.source, f"F{number}", 1, values | {"currency": draw(st.sampled_from(("EUR", "CHF")))}))
    for row, company in made:
        if not draw(st.integers(0, 2)):
            again, _ = draw(_customer(0))
            later = row.day + 1 + draw(st.integers(0, 5))
            rows.append(draw(st.sampled_from((
                replace(row, day=later, values={**row.values, "notes": "called", "name": FORMS[1].format(NAMES[company])}),
                replace(row, day=later, values=dict(again.values)),
                replace(row, day=later, values={}, deleted=True),
            ))))  # fmt: skip
    return World(tuple(rows), {row.of: company for row, company in made})


def empty(engine: Engine, keep: Sequence[str] = ("alembic_version", "model")) -> None:
    """Everything out of the database but the models. Rows are deleted one table after the other: for a few that is quicker than to truncate."""
    with engine.begin() as db:
        names = db.execute(
            text("SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE relkind IN ('r', 'p') AND NOT relispartition "
                 "AND n.nspname = 'public' AND relname NOT LIKE 'procrastinate%'")
        ).scalars()  # fmt: skip
        deletes = "; ".join(f'DELETE FROM "{name}"' for name in names if name not in keep)
        db.exec_driver_sql(f"SET LOCAL session_replication_role = replica; {deletes}")  # keys that refer are not looked at


State = Mapping[str, Any]


def state(db: Connection) -> State:
    """All that a hub says, ids apart: partition, golden values and where each came from, links of facts."""
    members: dict[str, set[str]] = {}
    names: dict[int, str] = {}
    for record, entity, source, key, golden_id in db.execute(
        text(
            "SELECT r.id, r.entity, r.source, r.key, m.golden_id FROM record r LEFT JOIN member m ON m.record_id = r.id AND m.known_to IS NULL"
        )
    ):
        names[record] = f"{entity} {source}:{key}"
        if golden_id is not None:
            members.setdefault(golden_id, set()).add(names[record])
    called = {golden_id: "|".join(sorted(held)) for golden_id, held in members.items()}
    values = {
        called.get(row.golden_id, row.golden_id): (
            {name: called.get(value, value) if isinstance(value, str) else value for name, value in row.data.items()},
            _renamed(row.lineage, names),
        )
        for row in db.execute(text("SELECT golden_id, data, lineage FROM golden_version WHERE known_to IS NULL"))
    }
    return {"partition": sorted(called.values()), "values": values}


def _renamed(said: Any, names: Mapping[int, str]) -> Any:
    """Lineage by the names of records."""
    if isinstance(said, dict):
        return {name: _renamed(one, names) for name, one in said.items()}
    if isinstance(said, list):
        return [_renamed(one, names) for one in said]
    return names[said] if isinstance(said, int) else said


def numbers(db: Connection) -> dict[Key, int]:
    """The number of every record."""
    return {(row.entity, row.source, row.key): row.id for row in db.execute(text("SELECT id, entity, source, key FROM record"))}


def record_key(key: Key) -> RecordKey:
    """How decisions speak of a record."""
    return RecordKey(key[1], key[2])
