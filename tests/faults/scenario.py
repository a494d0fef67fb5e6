"""A day of a hub, step by step, in a process that may be killed at any commit.

`python -m tests.faults.scenario`: waits on standard input for lines of JSON {url, home, files, first, kill, when}, and forks for each a process that goes
through the steps from `first` on and kills itself with SIGKILL right before or after its commit number `kill`. It answers with the numbers of the steps
that the process had acknowledged, and whether it was killed. Modules are imported once; nothing is open when it forks.
"""

import json
import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, create_engine, event, text

from mdm import exports, pipeline, stewardship
from mdm.entities import MASTERS, Customer
from mdm.errors import Conflict
from mdm.exports import Wanted
from mdm.pipeline import Hub
from mdm.settings import Settings
from mdm.stewardship import Steward
from mdm.store import decisions, masters, operations
from mdm.store.decisions import RecordKey
from sources import open_sources

ALICE = Steward("Alice", "a day's work")
ENTITIES = {master.entity: master for master in MASTERS}
FIRST = "id,name,siren,phone,street,zip,city,changed\n" + "".join(
    f"a{at},Maison {name}{form},{siren},01 99 00 11 {at:02d},{at} rue du Moulin,35000,Rennes,2026-01-0{1 + at % 9}\n"
    for at, (name, form, siren) in enumerate((
        ("Roussel", " SARL", "732829320"), ("Keller", "", "404833048"), ("Ferrand", "", ""), ("Valcourt", " SAS", ""), ("Mirabeau", "", ""),
    ))
)  # fmt: skip
SECOND = FIRST.replace("a1,Maison Keller,", "a1,Maison Keller et fils,").replace("2026-01-02", "2026-02-02").replace("a4,", "a9,")
CLIENTS = (
    "code;nom;siren;cp;ville\nC1;MAISON ROUSSEL;732 829 320;35000;RENNES\nC2;MAISON KELLER;404833048;35000;RENNES\nC3;PETIT;;59000;LILLE\n"
)
INVOICES = "number;date;client;net\nF1;2026-03-01;C1;100,10\nF2;2026-03-02;C2;20,02\n"
CONFIG = """
[sources.crm]
folder = "crm"
complete = true
[[sources.crm.streams]]
file = "accounts.csv"
entity = "customer"
key = "id"
version = "changed"
fields = { name = "name", siren = "siren", phone = "phone", street = "street", postcode = "zip", city = "city" }
[sources.billing]
folder = "billing"
[[sources.billing.streams]]
file = "clients.csv"
entity = "customer"
key = "code"
fields = { name = "nom", siren = "siren", postcode = "cp", city = "ville" }
[[sources.billing.streams]]
file = "invoices.csv"
entity = "invoice"
key = "number"
fields = { kind = { value = "invoice" }, issued_on = "date", net = "net", gross = "net", customer = "client" }
"""


def write(files: Path) -> None:
    """The files of the first morning."""
    for folder in ("crm", "billing"):
        (files / folder).mkdir(parents=True, exist_ok=True)
    (files / "sources.toml").write_text(CONFIG)
    (files / "crm/accounts.csv").write_text(FIRST)
    (files / "billing/clients.csv").write_text(CLIENTS)
    (files / "billing/invoices.csv").write_text(INVOICES)


def steps(hub: Hub, files: Path) -> list[Callable[[], Any]]:
    """What is done, in order; each may be done again by whoever does not know whether it was."""

    def load() -> None:
        pipeline.load(hub, open_sources(files / "sources.toml"))

    def later() -> None:
        (files / "crm/accounts.csv").write_text(SECOND)
        load()

    def match() -> None:
        pipeline.resolve(hub)

    def rebuild() -> None:
        pipeline.resolve(hub, force=True)

    def merge() -> None:
        with suppress(Conflict), hub.engine.begin() as db:  # whoever asks again is told that it was done
            stewardship.merge(hub, db, Customer, [_golden(db, "crm", "a2"), _golden(db, "crm", "a3")], ALICE)

    def revert() -> None:
        with suppress(Conflict), hub.engine.begin() as db:
            (merge,) = [act for act in operations.page(db, None, None, 100) if act.kind == "merge"]
            stewardship.revert(hub, db, merge.id, ALICE, ENTITIES)

    def export() -> None:
        with hub.engine.connect() as db:
            exports.write(exports.members(db, Wanted(hub.settings, date(2026, 6, 1), Customer)), files / "members.csv")

    return [load, match, later, match, merge, rebuild, revert, rebuild, export]


def _golden(db: Connection, source: str, key: str) -> str:
    """The golden record of a record, or the one that it was in before it was merged: a client keeps the id that it saw."""
    number = decisions.record_id(db, "customer", RecordKey(source, key))
    assert number is not None
    (first,) = db.execute(text("SELECT golden_id FROM member WHERE record_id = :id ORDER BY known_from LIMIT 1"), {"id": number}).scalars()
    assert masters.golden_of(db, [number])
    return str(first)


def watched(engine: Engine, kill: int, when: str) -> None:
    """Kill this process at a commit."""
    seen = 0

    def before(connection: Connection) -> None:
        nonlocal seen
        seen += 1
        if seen == kill and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)

    class Dialect(engine.dialect.__class__):  # type: ignore[name-defined, misc]
        def do_commit(self, connection: Any) -> None:
            super().do_commit(connection)
            if seen == kill and when == "after":
                os.kill(os.getpid(), signal.SIGKILL)

    engine.dialect.__class__ = Dialect
    event.listen(engine, "commit", before)


def go(url: str, home: str, files: str, first: int, kill: int, when: str, pipe: int) -> None:
    """Go through the steps; write the number of each to the pipe when it is done."""
    engine = create_engine(url)
    watched(engine, kill, when)
    hub = Hub(engine, Settings(home=Path(home), language="en"))
    for number, step in enumerate(steps(hub, Path(files))):
        if number >= first:
            step()
            os.write(pipe, bytes([number]))


def main() -> None:
    """Fork for each line."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    for line in sys.stdin:
        asked = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            try:
                go(**asked, pipe=writing)
            except BaseException as error:  # noqa: BLE001 a child must not go on as its parent
                sys.stderr.write(f"{error!r}\n")
                os._exit(1)
            os._exit(0)
        os.close(writing)
        acknowledged = list(os.read(reading, 1000)) if (_ := os.waitpid(child, 0)) else []
        os.close(reading)
        status = os.waitstatus_to_exitcode(_[1])
        sys.stdout.write(json.dumps({"done": acknowledged, "status": status}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
