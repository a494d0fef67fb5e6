"""The past as it was known: what is read at an instant equals what was read then, whatever has happened since."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from io import StringIO
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rich.console import Console
from sqlalchemy import Connection, select, text

from api.page import page
from mdm import pipeline
from mdm.entities import MASTERS, Project
from mdm.errors import Conflict
from mdm.exports import EXPORTS, Wanted
from mdm.pipeline import Hub
from mdm.store import decisions, facts, golden, moment
from mdm.store.golden import Order
from mdm.store.moment import NOW, Moment
from mdm.store.tables import golden as ids
from mdm.store.tables import record
from sources import open_sources
from sources.demo import generate
from tests.api import world
from tests.api.world import write_table
from tests.rulings import revoked, ruled
from tests.test_village import CONFIG

NAMES = ("Ateliers Vauquelin", "Brasserie du Ponant", "Corderie Salvat")
PAIRS = (("a02", "a03"), ("a04", "a07"), ("a07", "a08"), ("a02", "a08"))
TODAY = date(2026, 11, 23)

Step = Callable[["Company"], None]


class Company:
    """Two systems whose files change."""

    def __init__(self, hub: Hub, root: Path) -> None:
        self.hub, self.root = hub, root
        self.accounts = {row["id"]: row for row in world.accounts()}
        self._numbers = count(1)
        world.write(root)
        world.read(hub, root)

    def rename(self, key: str, name: str) -> None:
        """An account is called otherwise."""
        held = self.accounts.get(key) or {row["id"]: row for row in world.accounts()}[key]
        self.accounts[key] = {**held, "name": name, "modified": f"2026-10-15T08:00:{next(self._numbers) % 60:02d}Z"}

    def delete(self, key: str) -> None:
        """An account is deleted."""
        self.accounts.pop(key, None)

    def bill(self, key: str, net: str) -> None:
        """An invoice is another one."""
        cells = {
            "number": key,
            "kind": "invoice",
            "date": "2026-04-30",
            "net": net,
            "gross": net,
            "client": "C1",
            "project": "P0",
            "due": "",
        }
        write_table(self.root / "billing/invoices.csv", [cells])

    def rule(self, pair: tuple[str, str], verdict: decisions.Verdict) -> None:
        """A steward rules, where nothing says otherwise."""
        with self.hub.engine.begin() as db, suppress(Conflict):
            ruled(self.hub, db, (world.number(db, pair[0]), world.number(db, pair[1])), verdict)

    def revoke(self) -> None:
        """The last ruling in force is revoked."""
        with self.hub.engine.begin() as db:
            last = next((one for one in decisions.page(db, "customer", None, 10) if one.revoked_at is None), None)
            if last is not None:
                revoked(self.hub, db, last.id)

    def read(self) -> None:
        """All is loaded and matched."""
        write_table(self.root / "crm/accounts.csv", self.accounts.values())
        world.read(self.hub, self.root)


STEPS = st.one_of(
    st.builds(lambda key, name: lambda company: company.rename(key, name), st.sampled_from(["a02", "a07", "a08"]), st.sampled_from(NAMES)),
    st.builds(lambda key: lambda company: company.delete(key), st.sampled_from(["a02", "a04", "a07", "gone"])),
    st.builds(lambda net: lambda company: company.bill("F1", net), st.sampled_from(["10", "6000", "7000.5"])),
    st.builds(
        lambda pair, verdict: lambda company: company.rule(pair, verdict), st.sampled_from(PAIRS), st.sampled_from(["same", "different"])
    ),
    st.just(lambda company: company.revoke()),
)


def known(db: Connection, at: Moment) -> dict[str, Any]:
    """All that can be read of an instant."""
    every = list(db.execute(select(ids.c.id).where(ids.c.entity == "customer").order_by(ids.c.id)).scalars())
    records = db.execute(select(record.c.source, record.c.key).where(record.c.entity == "customer").order_by(record.c.id)).all()
    found = golden.many(db, "customer", every, at)
    return {
        "frames": facts.frames(db, at),
        "pages": {entity.entity: golden.page(db, entity.entity, {}, Order(), None, 1000, at) for entity in MASTERS},
        "ids": found,
        "identified": {one: what_became_of(db, one, at) for one in found},
        "aliases": {one: golden.aliases(db, one, at) for one in found},
        "members": {one: golden.members(db, one, at) for one in found},
        "evidence": {
            one: golden.evidence(db, one, [said for said in row.lineage.values() if isinstance(said, int)], at)
            for one, row in found.items()
        },
        "versions": {one: [row._mapping for row in golden.versions(db, one, None, 100, at)] for one in found},
        "crosswalk": {key: crossing for key in records if (crossing := golden.crosswalk(db, "customer", *key, at)) is not None},
        "decisions": decisions.page(db, None, None, 100, at),
        "rulings": facts.rulings(db, "customer", at),
    }


def what_became_of(db: Connection, golden_id: str, at: Moment) -> tuple[Any, ...]:
    """What is told of an id."""
    found = golden.identified(db, golden_id, at)
    assert found is not None
    return (found.id, found.entity, found.status, found.merged_into, found.born_at, found.known_to)


def told(seen: dict[str, Any]) -> dict[str, Any]:
    """With rows by column, for what is read of now has its columns in another order."""

    def plain(value: Any) -> Any:
        if hasattr(value, "_mapping"):
            return dict(value._mapping)
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        return [plain(item) for item in value] if isinstance(value, list) else value

    return {name: plain(value) for name, value in seen.items()}


@pytest.fixture
def company(hub: Hub, tmp_path: Path) -> Company:
    """Loaded and matched."""
    return Company(hub, tmp_path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=4, phases=[Phase.generate])
@given(steps=st.lists(STEPS, min_size=2, max_size=5))
def test_the_past_is_what_it_was_when_it_was_now(company: Company, steps: list[Step]) -> None:
    seen: list[tuple[datetime, dict[str, Any]]] = []
    for step in steps:
        step(company)
        company.read()
        with company.hub.engine.connect() as db:
            seen.append((moment.settled(db), told(known(db, NOW))))
    with company.hub.engine.connect() as db:
        for at, then in seen:
            again = told(known(db, Moment(at)))
            for part, value in then.items():
                assert again[part] == value, part


def printed(hub: Hub, known_at: datetime) -> str:
    """The page for a director."""
    with hub.engine.connect() as db:
        console = Console(file=StringIO(), width=160)
        console.print(page(hub.settings, db, TODAY, 160, known_at))
        return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def exported(hub: Hub, known_at: datetime | None) -> dict[str, Any]:
    """Every export that is kept."""
    with hub.engine.connect() as db:
        single = {what: EXPORTS[what](db, Wanted(hub.settings, TODAY, known_at=known_at)) for what in ("links", "profitability", "rulings")}
        wanted = [Wanted(hub.settings, TODAY, entity, known_at) for entity in MASTERS]
        return single | {f"{what} {one.entity}": EXPORTS[what](db, one) for what in ("members", "golden") for one in wanted}


def test_a_report_is_reprinted_to_the_cent_and_to_the_word(hub: Hub, tmp_path: Path) -> None:
    """Records are changed and deleted, two projects become one, everything is matched anew by another model: the old report is the same."""
    generate(tmp_path, seed=5, customers=40, today=TODAY)
    pipeline.load(hub, open_sources(CONFIG, tmp_path))
    pipeline.resolve(hub)
    with hub.engine.connect() as db:
        at = moment.settled(db)
    text_then, files_then = printed(hub, at), exported(hub, None)
    assert {"name", "reference"} & set(files_then["links"]["how"].to_pylist())
    happened(hub)
    assert printed(hub, at) == text_then
    again = exported(hub, at)
    for name, table in files_then.items():
        assert again[name] == table, name
    with hub.engine.connect() as db:
        now = moment.settled(db)
    assert printed(hub, now) != text_then


def happened(hub: Hub) -> None:
    """What comes in the days after a report."""
    with hub.engine.begin() as db:
        for entity, what in (("invoice", "net"), ("cost", "amount"), ("project", "label"), ("customer", "name")):
            db.execute(
                text(_CHANGED), {"entity": entity, "path": [what], "value": "7777.77" if what in {"net", "amount"} else "Autre chose"}
            )
        db.execute(text(_DELETED))
        left, right = db.execute(
            text("SELECT min(record_id), max(record_id) FROM member WHERE entity = 'project' AND known_to IS NULL")
        ).one()
        ruled(hub, db, (left, right), "same", Project)
    pipeline.resolve(hub, force=True)


_CHANGED = """
WITH chosen AS (SELECT r.id, v.clean, v.load_id FROM record r JOIN record_version v ON v.id = r.version_id
                WHERE r.entity = :entity AND v.clean ? (CAST(:path AS text[]))[1] ORDER BY r.id LIMIT 25),
     landed AS (INSERT INTO record_version (record_id, load_id, hash, raw, clean)
                SELECT id, load_id, 'changed', '{}', jsonb_set(clean, CAST(:path AS text[]), to_jsonb(CAST(:value AS text))) FROM chosen
                RETURNING id, record_id)
UPDATE record r SET version_id = l.id FROM landed l WHERE l.record_id = r.id"""
_DELETED = """
WITH chosen AS (SELECT id, entity, row_number() OVER (PARTITION BY entity ORDER BY id DESC) AS n FROM record),
     landed AS (INSERT INTO record_version (record_id, load_id, hash, deleted, raw, clean)
                SELECT id, 1, 'deleted', true, '{}', '{}' FROM chosen WHERE n <= 3 RETURNING id, record_id)
UPDATE record r SET version_id = l.id, deleted = true FROM landed l WHERE l.record_id = r.id"""
