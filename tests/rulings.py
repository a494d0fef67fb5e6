"""Rulings as a steward gives and takes back, with effect at once; and as a file of them leaves them, for the next match."""

import pyarrow as pa
from sqlalchemy import Connection

from mdm import stewardship
from mdm.entities import Customer, Master
from mdm.pipeline import Hub
from mdm.stewardship import Steward
from mdm.store import decisions, pending
from mdm.store.decisions import Verdict

AWA = Steward("a steward", "she knows them")


def ruled(hub: Hub, db: Connection, pair: tuple[int, int], verdict: Verdict, entity: type[Master] = Customer) -> int:
    """Rule on two records: the number of the ruling."""
    _, (number,) = stewardship.rule(hub, db, entity, [pair], verdict, AWA)
    return number


def written(db: Connection, pair: tuple[int, int], verdict: Verdict, entity: type[Master] = Customer) -> None:
    """Write a ruling down that waits to be matched."""
    decisions.record(db, entity.entity, pair, verdict, AWA.reason, AWA.name)
    pending.add(db, entity.entity, pa.chunked_array([pa.array(pair, pa.int64())]))


def revoked(hub: Hub, db: Connection, number: int, entity: type[Master] = Customer) -> None:
    """Take a ruling back."""
    stewardship.revoke(hub, db, entity, number, AWA)
