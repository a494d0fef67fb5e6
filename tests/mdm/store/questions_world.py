"""Small worlds for the queue, written straight into the tables: records with facts, pairs, golden records, rulings, problems."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any

from sqlalchemy import Connection, insert, text

from mdm.store.tables import decision, edge, load, member, problem, record, record_version, run

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


class World:
    """A database that is filled by hand."""

    def __init__(self, db: Connection) -> None:
        self.db = db
        self._numbers = count(1)
        run_id = db.execute(insert(run).values(kind="load").returning(run.c.id)).scalar_one()
        values = {"run_id": run_id, "source": "crm", "stream": "s", "entity": "customer", "fingerprint": "f"}
        self.load_id = int(db.execute(insert(load).values(values).returning(load.c.id)).scalar_one())

    def record(self, entity: str = "customer", source: str = "crm", key: str | None = None, **clean: Any) -> int:
        """A live record; its number."""
        values = {"entity": entity, "source": source, "key": key or f"k{next(self._numbers)}", "version_id": 0}
        found = int(self.db.execute(insert(record).values(values).returning(record.c.id)).scalar_one())
        self.version(found, **clean)
        return found

    def version(self, record_id: int, **clean: Any) -> None:
        """Another version of a record comes into force."""
        values = {"record_id": record_id, "load_id": self.load_id, "hash": "h", "raw": {}, "clean": clean}
        version = self.db.execute(insert(record_version).values(values).returning(record_version.c.id)).scalar_one()
        self.db.execute(text("UPDATE record SET version_id = :version WHERE id = :id"), {"version": version, "id": record_id})

    def customers(self, number: int) -> list[int]:
        """Customers k1, k2, ... of the CRM, each a golden record of its own: g1, g2, ..."""
        made = [self.record(name=f"Customer {at}") for at in range(number)]
        self.members({f"g{at}": [one] for at, one in enumerate(made, 1)})
        return made

    def members(self, golden: Mapping[str, Iterable[int]]) -> None:
        """Records move to golden records."""
        for golden_id, records in golden.items():
            for one in records:
                self.db.execute(text("UPDATE member SET known_to = now() WHERE record_id = :id AND known_to IS NULL"), {"id": one})
                self.db.execute(insert(member).values(record_id=one, golden_id=golden_id, entity="customer", run_id=1))

    def edge(self, left: int, right: int, weight: float) -> None:
        """A pair with its weight, in place of the one that it had."""
        pair = {"left_id": min(left, right), "right_id": max(left, right)}
        self.db.execute(text("DELETE FROM edge WHERE left_id = :left_id AND right_id = :right_id"), pair)
        self.db.execute(insert(edge).values(**pair, entity="customer", weight=weight, alone=weight, levels={}))

    def rule(self, left: int, right: int, verdict: str) -> None:
        """A ruling in force, in place of the one that there was."""
        pair = {"left_id": min(left, right), "right_id": max(left, right)}
        self.revoke(left, right)
        self.db.execute(insert(decision).values(**pair, entity="customer", verdict=verdict, decided_by="somebody"))

    def revoke(self, left: int, right: int) -> None:
        """No ruling on the two is in force any more."""
        pair = {"left": min(left, right), "right": max(left, right)}
        self.db.execute(
            text("UPDATE decision SET revoked_at = now() WHERE left_id = :left AND right_id = :right AND revoked_at IS NULL"), pair
        )

    def invoice(self, customer: str, net: str, **more: str) -> int:
        """An invoice of a customer of the CRM, by its key."""
        return self.record("invoice", customer=customer, net=net, gross=str(float(net) * 1.2), **more)

    def problem(self, key: str, field: str = "siren", value: str = "12") -> None:
        """A value of a customer that was set aside."""
        values = {
            "fingerprint": f"p{next(self._numbers)}", "source": "crm", "stream": "s", "entity": "customer", "severity": "quarantined",
            "place": "f:1", "key": key, "field": field, "value": value, "reason": "it is wrong", "fix": "correct it at the source",
            "first_load_id": self.load_id, "last_load_id": self.load_id,
        }  # fmt: skip
        self.db.execute(insert(problem).values(values))

    def later_load(self) -> None:
        """What is written from now on comes with another load."""
        values = {"run_id": 1, "source": "crm", "stream": "s", "entity": "customer", "fingerprint": "f"}
        made = text(
            "INSERT INTO load (run_id, source, stream, entity, fingerprint) SELECT run_id, source, stream, entity, fingerprint FROM load LIMIT 1 RETURNING id"
        )
        self.load_id = int(self.db.execute(made, values).scalar_one())
