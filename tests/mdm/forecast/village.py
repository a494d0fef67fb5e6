"""The village as frames: its exports read as they are, its truth taken for golden ids."""

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path

from matching.declaration import fields
from matching.kinds import Refused
from mdm.entities import ENTITIES, Refers
from mdm.forecast.frames import Frames, refers_to_master
from tests.mdm.forecast.worlds import Row, frames

VILLAGE = Path(__file__).resolve().parents[4] / "shared" / "village"
TODAY = date(2026, 11, 23)

Cell = str | Callable[[Mapping[str, str]], str]
_DIALECTS: dict[str, dict[str, str]] = {
    "crm": {"folder": "crm", "encoding": "utf-8-sig", "delimiter": ","},
    "billing": {"folder": "billing", "encoding": "cp1252", "delimiter": ";"},
    "time": {"folder": "temps", "encoding": "utf-8-sig", "delimiter": ","},
}
_STATES = {"A venir": "planned", "Réalisé": "done", "Facturé": "invoiced", "Annulé": "cancelled"}
_OUTCOMES = {"Closed Won": "won", "Closed Lost": "lost"}
_DOCUMENT: dict[str, Cell] = {
    "issued_on": "Date", "net": "Total HT", "gross": "Total TTC", "tax": "Total TVA", "currency": "Devise", "rate": "Taux",
    "customer": "Code client", "project": "Code affaire", "due_on": "Date échéance", "payment_terms": "Condition règlement",
    "status": "Etat", "lettering": "Lettrage",
}  # fmt: skip
_PROJECT: dict[str, Cell] = {
    "label": "Libellé", "code": "Code affaire", "reference": "Référence", "customer": "Code client", "amount": "Montant marché HT",
    "currency": "Devise", "ordered_on": "Date création", "starts_on": "Date début", "ends_on": "Date fin prévue",
    "nature": "Nature", "status": "Etat", "indexation": "Indexation % an",
}  # fmt: skip


def _joined(*columns: str) -> Callable[[Mapping[str, str]], str]:
    return lambda row: "/".join(row[column] for column in columns)


STREAMS: tuple[tuple[str, str, str, Cell | None, dict[str, Cell]], ...] = (
    ("customer", "crm", "Account", "Id", {"name": "Name", "payment_terms": "Payment_Terms__c", "currency": "CurrencyIsoCode"}),
    ("customer", "billing", "clients", "Code client", {
        "name": "Raison sociale", "payment_terms": "Condition règlement", "currency": "Devise"}),
    ("salesperson", "crm", "User", "Id", {
        "given_name": "FirstName", "family_name": "LastName", "discount_authority": "Discount_Authority__c"}),
    ("product", "crm", "Product2", "Id", {"label": "Name", "price": "UnitPrice", "unit": "QuantityUnitOfMeasure", "family": "Family"}),
    ("product", "billing", "articles", "Code article", {"label": "Désignation", "price": "PV HT", "cost": "PR"}),
    ("project", "billing", "affaires", "Code affaire", _PROJECT),
    ("project", "time", "projets", "projet", {"label": "libelle", "code": "code_affaire", "customer_name": "client"}),
    ("deal", "crm", "Opportunity", "Id", {
        "name": "Name", "status": lambda row: _OUTCOMES.get(row["StageName"], "open"), "customer": "AccountId", "salesperson": "OwnerId",
        "contact": "ContactId", "stage": "StageName", "kind": "Type", "amount": "Amount", "currency": "CurrencyIsoCode",
        "probability": "Probability", "reference": "Reference__c", "parent": "Parent_Opportunity__c", "created_on": "CreatedDate",
        "closes_on": "CloseDate", "last_activity_on": "LastActivityDate", "payment_terms": "Payment_Terms__c",
        "term_months": "Term_Months__c", "billing_period_months": "Billing_Period_Months__c",
        "discount_approved_by": "Discount_Approved_By__c"}),
    ("deal_line", "crm", "OpportunityLineItem", "Id", {
        "deal": "OpportunityId", "product": "Product2Id", "quantity": "Quantity", "list_price": "ListPrice", "discount": "Discount",
        "unit_price": "UnitPrice", "amount": "TotalPrice", "probability": "Probability__c", "label": "Description"}),
    ("deal_phase", "crm", "OpportunityLineItemSchedule", "Id", {
        "deal_line": "OpportunityLineItemId", "due_on": "ScheduleDate", "amount": "Revenue", "label": "Description"}),
    ("plan_line", "billing", "echeancier", _joined("Code affaire", "N°"), {
        "project": "Code affaire", "planned_on": "Date prévue", "amount": "Montant HT", "status": lambda row: _STATES[row["Etat"]],
        "label": "Libellé", "kind": "Type", "done_on": "Date réalisation", "invoice": "N° facture"}),
    ("invoice", "billing", "factures", "N° pièce", {**_DOCUMENT, "kind": lambda row: "invoice", "reference": "Référence"}),
    ("invoice", "billing", "avoirs", "N° pièce", {
        **_DOCUMENT, "kind": lambda row: "credit_note", "origin": "Facture d'origine", "reason": "Motif"}),
    ("invoice_line", "billing", "lignes_factures", _joined("N° pièce", "N° ligne"), {
        "invoice": "N° pièce", "amount": "Montant HT", "product": "Code article", "label": "Désignation", "quantity": "Quantité",
        "unit_price": "PU HT", "account": "Compte"}),
    ("payment", "billing", "reglements", "N° règlement", {
        "received_on": "Date", "amount": "Montant", "currency": "Devise", "customer": "Code client", "invoices": "Pièces réglées",
        "method": "Mode", "label": "Libellé", "lettering": "Lettrage"}),
    ("write_off", "billing", "pertes", _joined("N° pièce", "Date"), {"invoice": "N° pièce", "on": "Date", "amount": "Montant TTC"}),
    ("reminder", "billing", "relances", _joined("N° pièce", "Niveau"), {
        "invoice": "N° pièce", "sent_on": "Date", "level": "Niveau", "channel": "Canal"}),
    ("amendment", "billing", "avenants", _joined("Code affaire", "N° avenant"), {
        "project": "Code affaire", "amount": "Montant HT", "signed_on": "Date", "label": "Libellé", "signed": "Signé"}),
    ("budget", "billing", "affaires", "Code affaire", {"project": "Code affaire", "cost": "Budget coût", "hours": "Budget heures"}),
    ("employee", "time", "salaries", "matricule", {
        "name": lambda row: f"{row['prenom']} {row['nom']}", "hourly_cost": "cout_horaire", "grade": "grade"}),
    ("cost", "time", "temps", None, {
        "kind": lambda row: "labour", "spent_on": "date", "project": "projet", "hours": "heures", "employee": "matricule",
        "category": "activite", "billable": "facturable", "approved": "valide"}),
    ("cost", "time", "achats", None, {
        "kind": lambda row: "purchase", "spent_on": "date", "project": "projet", "amount": "montant_ht", "category": "nature",
        "supplier": "nom_fournisseur", "label": "libelle"}),
)  # fmt: skip


def truth(name: str) -> list[dict[str, str]]:
    """A table of the answers."""
    with (VILLAGE / "truth" / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@cache
def village() -> Frames:
    """The village, clean, with the true entities and projects as golden ids."""
    records: dict[str, list[Row]] = defaultdict(list)
    for entity, source, file, key, mapping in STREAMS:
        for row in _read(source, file, key, mapping, entity):
            records[entity].append({"record_id": len(records[entity]) + 1, **row})
    records["project"] += _projects_of(records["deal"])
    ids = {entity: of(records[entity]) for entity, of in _IDS.items()}
    facts = {name: [_referred(name, row, ids) for row in rows] for name, rows in records.items() if name not in ids}
    golden = {entity: _golden(entity, records[entity], ids) for entity in ids}
    members = {
        entity: [{"golden_id": ids[entity][row["source"], row["key"]], **_keyed(row)} for row in records[entity]] for entity in ids
    }
    return frames(facts=facts, golden=golden, members=members, edges=list(_edges()))


def _read(source: str, file: str, key: Cell | None, mapping: Mapping[str, Cell], entity: str) -> Iterator[Row]:
    dialect = _DIALECTS[source]
    path = VILLAGE / dialect["folder"] / f"{file}.csv"
    kinds = {field.name: field.kind.clean for field in fields(ENTITIES[entity])}
    clean = cache(lambda name, text: kinds[name](text))
    numbers: Counter[str] = Counter()
    with path.open(encoding=dialect["encoding"], newline="") as handle:
        for at, row in enumerate(csv.DictReader(handle, delimiter=dialect["delimiter"]), 1):
            name = f"{file}/{at}" if key is None else _cell(row, key)
            numbers[name] += 1
            cleaned: Row = {"source": source, "key": name if numbers[name] == 1 else f"{name}#{numbers[name]}"}
            for field, cell in mapping.items():
                text = _cell(row, cell)
                try:
                    cleaned[field] = clean(field, text) if text else None
                except Refused:
                    cleaned[field] = None
            yield cleaned


def _cell(row: Mapping[str, str], cell: Cell) -> str:
    return row[cell] if isinstance(cell, str) else cell(row)


def _projects_of(deals: list[Row]) -> Iterator[Row]:
    """A won deal lands as a project record too."""
    for deal in deals:
        if deal["status"] == "won" and deal["kind"] != "Avenant":
            yield {**_keyed(deal), "label": deal["name"], "reference": deal["reference"], "customer": deal["customer"],
                   "amount": deal["amount"], "currency": deal["currency"], "ordered_on": deal["closes_on"]}  # fmt: skip


def _keyed(row: Row) -> Row:
    return {name: row[name] for name in ("source", "key", "record_id")}


def _customer_ids(records: list[Row]) -> dict[tuple[str, str], str]:
    known = {(row["source"], row["key"]): row["true_id"] for row in truth("entity_clusters")}
    return {(row["source"], row["key"]): known[row["source"], row["key"]] for row in records}


def _salesperson_ids(records: list[Row]) -> dict[tuple[str, str], str]:
    return {("crm", row["crm_key"]): row["true_id"] for row in truth("salespersons")}


def _product_ids(records: list[Row]) -> dict[tuple[str, str], str]:
    return {(row["source"], row["key"]): row["true_id"] for row in truth("product_clusters")}


def _project_ids(records: list[Row]) -> dict[tuple[str, str], str]:
    ids = {}
    for row in truth("deal_project_links"):
        for source in ("billing", "time", "crm"):
            if row[f"{source}_key"] and (source != "crm" or row["how"] != "amendment"):
                ids[source, row[f"{source}_key"]] = row["project_id"]
    return {(row["source"], row["key"]): ids.get((row["source"], row["key"]), f"alone:{row['key']}") for row in records}


_IDS = {"customer": _customer_ids, "salesperson": _salesperson_ids, "product": _product_ids, "project": _project_ids}
_TRUST = {"billing": 0, "crm": 1, "time": 2}


def _referred(entity: str, row: Row, ids: Mapping[str, Mapping[tuple[str, str], str]]) -> Row:
    """The fact with the golden ids of what it refers to."""
    extra = {}
    for field in fields(ENTITIES[entity]):
        mark = field.mark(Refers)
        if mark is not None and refers_to_master(field) and row.get(field.name):
            extra[f"{field.name}_id"] = ids.get(mark.to, {}).get((row["source"], row[field.name]))
    return {**row, **extra}


def _golden(entity: str, records: list[Row], ids: Mapping[str, Mapping[tuple[str, str], str]]) -> list[Row]:
    """For every field the value of the most trusted source that has one."""
    found: dict[str, Row] = {}
    for row in sorted(records, key=lambda row: (_TRUST[row["source"]], row["key"])):
        record = found.setdefault(ids[entity][row["source"], row["key"]], {})
        for field in fields(ENTITIES[entity]):
            value = row.get(field.name)
            mark = field.mark(Refers)
            if value is not None and mark is not None:
                value = ids.get(mark.to, {}).get((row["source"], value))
            if value is not None:
                record.setdefault(field.name, value)
    return [{"golden_id": golden_id, **record} for golden_id, record in found.items()]


_LEVELS = {"reference": {"reference": 2, "label": 1, "amount": 5}, "name": {"label": 5, "amount": 5}, "amount_period": {"label": 1, "amount": 5}}


def _edges() -> Iterator[Row]:
    """What a matcher would have said of the true links."""
    for row in truth("deal_project_links"):
        if row["crm_key"] and row["how"] in _LEVELS:
            yield {"left_source": "crm", "left_key": row["crm_key"], "right_source": "billing", "right_key": row["billing_key"],
                   "weight": 9.0, "levels": json.dumps(_LEVELS[row["how"]])}  # fmt: skip
