"""A small company with two systems: what its files hold, how they are read, and what happens to it before the tests."""

import csv
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, insert

from mdm import pipeline
from mdm.pipeline import Hub
from mdm.store import decisions
from mdm.store.decisions import RecordKey, Verdict
from mdm.store.tables import edge
from sources import open_sources
from tests.rulings import written

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)

CONFIG = """
[sources.crm]
folder = "crm"
complete = true
streams = [
  { file = "users.csv", entity = "salesperson", key = "id", fields = { given_name = "first", family_name = "last", email = "email" } },
  { file = "accounts.csv", entity = "customer", key = "id", version = "modified", fields = { name = "name", siren = "siren", email = "email", street = "street", postcode = "zip", city = "city", country = "country", salesperson = "owner", active = "active", parent = "parent" } },
  { file = "people.csv", entity = "contact", key = "id", fields = { given_name = "first", family_name = "last", email = "email", customer = "account" } },
  { file = "products.csv", entity = "product", key = "id", fields = { label = "label", code = "code", price = "price", cost = "cost" } },
  { file = "deals.csv", entity = "deal", key = "id", fields = { name = "name", status = "status", customer = "account", salesperson = "owner", amount = "amount", created_on = "created", closes_on = "closes" } },
  { file = "lines.csv", entity = "deal_line", key = "id", fields = { deal = "deal", product = "product", amount = "amount", probability = "probability" } },
]

[sources.billing]
folder = "billing"
streams = [
  { file = "clients.csv", entity = "customer", key = "code", fields = { name = "name", siren = "siren", street = "street", postcode = "zip", city = "city" } },
  { file = "projects.csv", entity = "project", key = "code", fields = { label = "label", customer = "client", amount = "amount", currency = "currency", ordered_on = "ordered" } },
  { file = "invoices.csv", entity = "invoice", key = "number", fields = { kind = "kind", issued_on = "date", net = "net", gross = "gross", customer = "client", project = "project", due_on = "due" } },
  { file = "payments.csv", entity = "payment", key = "id", fields = { received_on = "date", amount = "amount", customer = "client", invoices = "invoices" } },
  { file = "costs.csv", entity = "cost", key = "id", fields = { kind = "kind", spent_on = "date", project = "project", amount = "amount" } },
]
"""  # noqa: E501 a stream a line

Cells = dict[str, str]
_NAMES = (
    "Menuiserie Labrousse", "Transports Quéméner", "Atelier Bois Vif", "Menuiserie Corbel", "Imprimerie Sérafin", "Pâtisserie Orchidée",
    "Fonderie Valcourt", "Laboratoires Tisserand", "Scierie Mirabeau", "Verrerie Amblard", "Cartonnages Lestrade", "Éclipse Éditions",
)  # fmt: skip
_CITIES = ("Limoges", "Brest", "Tulle", "Aurillac", "Niort", "Vannes", "Creil", "Lyon", "Agen", "Albi", "Dax", "Pau")


def siren(start: int) -> str:
    """A company number that ends on its check digit (Luhn)."""
    figures = [int(figure) for figure in f"{start:08d}"]
    doubled = [figure if place % 2 == 0 else sum(divmod(figure * 2, 10)) for place, figure in enumerate(figures)]
    return f"{start:08d}{-sum(doubled) % 10}"


def accounts() -> list[Cells]:
    """Customers of the CRM: `a00` to `a11`, and one that will be deleted."""
    rows = [
        {
            "id": f"a{at:02d}", "name": name, "siren": siren(40000000 + 97 * at) if at not in (2, 3) else "", "email": f"contact@firm{at}.example",
            "street": f"{at + 3} rue des Tilleuls", "zip": f"{10 + at}000", "city": _CITIES[at], "country": "FR",
            "owner": f"u{at % 2}", "active": "oui" if at != 5 else "non", "parent": "a00" if at == 6 else "",
            "modified": f"2026-0{1 + at % 9}-15T08:00:00Z",
        }
        for at, name in enumerate(_NAMES)
    ]  # fmt: skip
    rows[4]["email"] = "not an address"
    gone = dict(
        rows[0],
        id="gone",
        name="Forges Oubliées",
        siren=siren(51000000),
        email="",
        parent="",
        street="1 quai Perdu",
        zip="99000",
        city="Nulle",
    )
    return [*rows, gone]


def clients() -> list[Cells]:
    """Customers of billing: the first two are those of the CRM, one has no name."""
    return [
        {
            "code": "C1",
            "name": "MENUISERIE LABROUSSE SARL",
            "siren": siren(40000000),
            "street": "3 r. des Tilleuls",
            "zip": "10000",
            "city": "LIMOGES",
        },
        {"code": "C2", "name": "Transports Quemener", "siren": siren(40000097), "street": "", "zip": "11000", "city": "Brest"},
        {"code": "C3", "name": "", "siren": siren(40000388), "street": "", "zip": "", "city": "Tulle"},
    ]


def write(root: Path) -> None:
    """The files of both systems, and how they are read."""
    (root / "sources.toml").write_text(CONFIG, encoding="utf-8")
    write_table(root / "crm/users.csv", [
        {"id": "u0", "first": "Solveig", "last": "Arnaudet", "email": "s.arnaudet@us.example"},
        {"id": "u1", "first": "Basile", "last": "Ferrandou", "email": "b.ferrandou@us.example"},
    ])  # fmt: skip
    write_table(root / "crm/accounts.csv", accounts())
    write_table(root / "crm/people.csv", [
        {"id": f"p{at}", "first": first, "last": last, "email": f"{first}.{last}@firm{at}.example".lower(), "account": f"a{at:02d}"}
        for at, (first, last) in enumerate((("Odile", "Vergnaud"), ("Hippolyte", "Massart"), ("Zelda", "Brugiroux")))
    ])  # fmt: skip
    write_table(root / "crm/products.csv", [
        {"id": f"x{at}", "label": label, "code": f"REF-{at}", "price": price, "cost": "400" if at == 0 else ""}
        for at, (label, price) in enumerate((("Audit énergie", "950,00"), ("Maintenance annuelle", "1 200"), ("Formation opérateurs", "480.5")))
    ])  # fmt: skip
    write_table(root / "crm/deals.csv", [
        {"id": "d1", "name": "Audit Labrousse", "status": "open", "account": "a00", "owner": "u0", "amount": "5000", "created": "2026-10-01", "closes": "2026-12-15"},
        {"id": "d2", "name": "Maintenance Quéméner", "status": "won", "account": "a01", "owner": "u1", "amount": "1200", "created": "2026-05-01", "closes": "2026-06-30"},
    ])  # fmt: skip
    write_table(root / "crm/lines.csv", [
        {"id": "l1", "deal": "d1", "product": "x0", "amount": "5000", "probability": "40"},
        {"id": "l2", "deal": "d2", "product": "x1", "amount": "1200", "probability": "100"},
    ])  # fmt: skip
    write_table(root / "billing/clients.csv", clients())
    write_table(root / "billing/projects.csv", [
        {"code": f"P{at}", "label": label, "client": client, "amount": amount, "currency": "EUR", "ordered": "2026-03-01"}
        for at, (label, client, amount) in enumerate((("Rénovation atelier", "C1", "12000"), ("Suivi flotte", "C2", "4800.50"), ("Chantier neuf", "C1", "")))
    ])  # fmt: skip
    write_table(root / "billing/invoices.csv", [
        {"number": "F1", "kind": "invoice", "date": "2026-04-30", "net": "6000", "gross": "7200", "client": "C1", "project": "P0", "due": "2026-05-30"},
        {"number": "F2", "kind": "invoice", "date": "2026-11-02", "net": "1000.10", "gross": "1200.12", "client": "C2", "project": "P1", "due": "2026-12-02"},
    ])  # fmt: skip
    write_table(root / "billing/payments.csv", [{"id": "R1", "date": "2026-06-10", "amount": "7200", "client": "C1", "invoices": "F1"}])
    write_table(root / "billing/costs.csv", [{"id": "K1", "kind": "purchase", "date": "2026-04-01", "project": "P0", "amount": "2500.25"}])


def write_table(path: Path, rows: Iterable[Cells]) -> None:
    """Rows as a CSV file."""
    listed = list(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(listed[0]))
        writer.writeheader()
        writer.writerows(listed)


def happen(hub: Hub, root: Path) -> None:
    """Everything is loaded and matched; then an account is deleted, and a steward joins two others that nothing else would."""
    write(root)
    read(hub, root)
    write_table(root / "crm/accounts.csv", [row for row in accounts() if row["id"] != "gone"])
    with hub.engine.begin() as db:
        decide(db, "a02", "a03", "same")
    read(hub, root)
    with hub.engine.begin() as db:
        left, right = sorted(number(db, key) for key in ("a08", "a09"))
        db.execute(insert(edge).values(left_id=left, right_id=right, entity="customer", weight=0.5, alone=0.5, levels={"name": 1}))


def read(hub: Hub, root: Path) -> None:
    """Load and match."""
    pipeline.load(hub, open_sources(root / "sources.toml"))
    pipeline.resolve(hub)


def decide(db: Connection, left: str, right: str, verdict: Verdict) -> None:
    """A steward rules on two accounts; the next match knows it."""
    written(db, (number(db, left), number(db, right)), verdict)


def number(db: Connection, key: str, entity: str = "customer", source: str = "crm") -> int:
    """The number of a record."""
    found = decisions.record_id(db, entity, RecordKey(source, key))
    assert found is not None
    return found
