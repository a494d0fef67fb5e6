"""Writes the billing export: a French invoicing package, Windows-1252, semicolons, decimal comma."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random
from typing import Final

from . import dirt, words
from .dates import TERMS
from .delivery import NATURES
from .model import Client, Invoice, Payment, Product, Project
from .money import euros
from .tables import BILLING, Cell, Row, write
from .world import World, stream

COLUMNS: Final = {
    "affaires": "Code affaire;Libellé;Code client;Nature;Représentant;Date création;Date début;Date fin prévue;Montant marché HT;"
    "Devise;Indexation % an;Référence;Etat;Budget heures;Budget coût",
    "articles": "Code article;Désignation;Famille;Unité;PV HT;PR;TVA %;Code barre;Compte vente;Actif",
    "avenants": "Code affaire;N° avenant;Date;Libellé;Montant HT;Signé",
    "avoirs": "N° pièce;Type;Date;Code client;Nom client;Code affaire;Condition règlement;Date échéance;Total HT;Total TVA;"
    "Total TTC;Devise;Taux;Etat;Lettrage;Facture d'origine;Motif",
    "clients": "Code client;Raison sociale;Complément;Adresse;CP;Ville;Pays;SIREN/SIRET;N° TVA;Téléphone;E-mail;"
    "Condition règlement;Mode règlement;Représentant;Devise;Actif;Date création;Notes",
    "echeancier": "Code affaire;N°;Libellé;Type;Date prévue;Montant HT;Etat;Date réalisation;N° facture",
    "factures": "N° pièce;Type;Date;Code client;Nom client;Code affaire;Condition règlement;Date échéance;Total HT;Total TVA;"
    "Total TTC;Devise;Taux;Etat;Lettrage;Référence",
    "lignes_factures": "N° pièce;N° ligne;Code article;Désignation;Quantité;PU HT;Montant HT;TVA %;Compte",
    "pertes": "Date;N° pièce;Code client;Montant TTC;Lettrage",
    "reglements": "N° règlement;Date;Code client;Mode;Montant;Devise;Montant EUR;Pièces réglées;Lettrage;Libellé",
    "relances": "Date;N° pièce;Niveau;Canal",
    "representants": "Code;Nom",
}
_FAMILIES: Final = {
    "Services": ("PRESTATION", "J", "706000"),
    "Abonnements": ("ABONNEMENT", "MOIS", "706200"),
    "Matériel": ("MATERIEL", "U", "707000"),
}
_CHANNELS: Final = {1: "E-mail", 2: "Courrier", 3: "Lettre recommandée"}
_SHORT_MODES: Final = {"Virement": "VIR", "Chèque": "CHQ", "LCR": "LCR", "Prélèvement": "PRLV", "Carte bancaire": "CB"}


def export(world: World, folder: Path) -> dict[str, int]:
    """Write all tables; returns rows a table."""
    ledger = world.ledger
    rows: dict[str, Iterator[Row]] = {
        "affaires": _projects(world),
        "articles": _articles(world),
        "avenants": _amendments(world.projects),
        "avoirs": (_credit(one) for one in world.invoices if one.kind == "Avoir"),
        "clients": _clients(world),
        "echeancier": _plans(world),
        "factures": (_invoice(one) for one in world.invoices if one.kind != "Avoir"),
        "lignes_factures": _items(world.invoices),
        "pertes": (
            {"Date": day, "N° pièce": one.number, "Code client": one.client.code, "Montant TTC": amount, "Lettrage": one.lettering}
            for day, one, amount in ledger.losses
        ),
        "reglements": (_payment(number, payment) for number, payment in enumerate(ledger.payments, 1)),
        "relances": (
            {"Date": one.on, "N° pièce": one.invoice.number, "Niveau": one.level, "Canal": _CHANNELS[one.level]} for one in ledger.reminders
        ),
        "representants": ({"Code": one.rep, "Nom": f"{dirt.shouted(one.last)} {one.first}"} for one in world.staff.salespersons),
    }
    return {table: write(folder / f"{table}.csv", COLUMNS[table], rows[table], BILLING) for table in COLUMNS}


def _clients(world: World) -> Iterator[Row]:
    for client in world.clients:
        rng = stream(world.seed, client.code)
        entity = client.entity
        yield {
            "Code client": client.code,
            "Raison sociale": client.name,
            "Complément": rng.choice(("", "", "", "SERVICE COMPTABILITE", "COMPTABILITE FOURNISSEURS", "A L'ATTENTION DE LA DIRECTION")),
            **_address(rng, client),
            **_numbers(rng, client),
            "Téléphone": dirt.telephone(rng, client.site.phone) if rng.random() < 0.76 else "",
            "E-mail": (entity.accountant or _accounts_mail(rng, client)) if rng.random() < 0.73 else "",
            "Condition règlement": TERMS[client.terms][1],
            "Mode règlement": rng.choice(("Virement", "Virement", "Virement", "Virement", "LCR", "Chèque")),
            "Représentant": rng.choice(world.staff.salespersons).rep,
            "Devise": "EUR",
            "Actif": "N" if entity.bankrupt_on else "O",
            "Date création": client.created,
        }


def _address(rng: Random, client: Client) -> dict[str, str]:
    site, entity = client.site, client.entity
    street = entity.old_street if entity.old_street and rng.random() < 0.3 else site.street
    if rng.random() < 0.45:
        street = dirt.shortened(street)
    loud = rng.random() < 0.7
    place = rng.choice(("", "", "", "", "", "BAT. B, ", "CS 40117, ", "1er étage, "))
    country = "FRANCE" if entity.country == "FR" else dirt.shouted(words.FOREIGN[entity.country][0])
    street = place + (dirt.shouted(street) if loud else street)
    return {
        "Adresse": street if rng.random() < 0.88 else "",
        "CP": site.postcode.lstrip("0") if rng.random() < 0.01 else site.postcode,
        "Ville": dirt.shouted(site.town) if loud else site.town,
        "Pays": country,
    }


def _numbers(rng: Random, client: Client) -> dict[str, str]:
    entity = client.entity
    cells = {"SIREN/SIRET": "", "N° TVA": "", "Notes": ""}
    draw = rng.random()
    if not entity.siren:
        return {**cells, "N° TVA": dirt.vat(rng, entity.vat) if draw < 0.92 else ""}
    number = client.site.siret if rng.random() < 0.35 else entity.siren
    if draw < 0.68:
        cells["SIREN/SIRET"] = dirt.official(rng, number if rng.random() < 0.985 else dirt.wrong_digit(rng, number))
    elif draw < 0.72:
        cells["Notes"] = f"SIRET {number}"
    if rng.random() < 0.66:
        cells["N° TVA"] = dirt.vat(rng, entity.vat) if rng.random() < 0.9 else dirt.official(rng, entity.siren)
    return cells


def _accounts_mail(rng: Random, client: Client) -> str:
    entity = client.entity
    return f"comptabilite@{entity.domain}" if entity.domain and rng.random() < 0.5 else entity.email


def _articles(world: World) -> Iterator[Row]:
    retired = {product.key: (code, price) for product, code, price in world.catalogue.retired}
    rng = stream(world.seed, "articles")
    for product in world.catalogue.products:
        yield _article(product, bar_code=product.ean if rng.random() < 0.8 else "")
        if product.key in retired:
            code, price = retired[product.key]
            yield {**_article(product, bar_code=""), "Code article": code, "PV HT": price, "Actif": "N"}


def _article(product: Product, bar_code: str) -> dict[str, Cell]:
    family, unit, account = _FAMILIES[product.family]
    return {
        "Code article": product.article,
        "Désignation": product.designation,
        "Famille": family,
        "Unité": unit,
        "PV HT": product.price,
        "PR": product.cost,
        "TVA %": euros(20),
        "Code barre": bar_code,
        "Compte vente": account,
        "Actif": "O",
    }


def _projects(world: World) -> Iterator[Row]:
    for year in range(world.start.year, world.today.year + 1):
        yield {
            "Code affaire": f"DIV-{year % 100:02d}",
            "Libellé": f"VENTES AU COMPTOIR {year}",
            "Nature": "Divers",
            "Date création": date(year, 1, 1),
            "Date début": date(year, 1, 1),
            "Date fin prévue": date(year, 12, 31),
            "Devise": "EUR",
            "Etat": "En cours" if year == world.today.year else "Clôturée",
        }
    for project in world.projects:
        yield _project(project, world.today)


def _project(project: Project, today: date) -> Row:
    deal = project.deal
    return {
        "Code affaire": project.code,
        "Libellé": project.label,
        "Code client": project.client.code,
        "Nature": NATURES[deal.kind],
        "Représentant": deal.owner.rep,
        "Date création": project.created,
        "Date début": project.start,
        "Date fin prévue": project.end_planned,
        "Montant marché HT": project.contract,
        "Devise": "EUR",
        "Référence": project.reference,
        "Etat": "Terminée" if project.end <= today else "En cours",
        "Budget heures": project.budget_hours,
        "Budget coût": project.budget_cost,
    }


def _amendments(projects: list[Project]) -> Iterator[Row]:
    for project in projects:
        for number, deal in enumerate(project.amendments, 1):
            label = deal.title if int(project.key[1:]) % 2 else f"Avenant {number}"
            yield {
                "Code affaire": project.code,
                "N° avenant": number,
                "Date": deal.closes,
                "Libellé": label,
                "Montant HT": deal.amount,
                "Signé": "O",
            }


def _plans(world: World) -> Iterator[Row]:
    for project in world.projects:
        for line in project.plan:
            yield {
                "Code affaire": project.code,
                "N°": line.number,
                "Libellé": line.label,
                "Type": line.kind,
                "Date prévue": line.planned,
                "Montant HT": line.amount,
                "Etat": line.state,
                "Date réalisation": line.done if line.state in ("Réalisé", "Facturé") else "",
                "N° facture": line.invoice.number if line.invoice else "",
            }


def _document(invoice: Invoice) -> dict[str, Cell]:
    return {
        "N° pièce": invoice.number,
        "Type": invoice.kind,
        "Date": invoice.on,
        "Code client": invoice.client.code,
        "Nom client": invoice.client.name,
        "Code affaire": invoice.code,
        "Condition règlement": TERMS[invoice.terms][1],
        "Date échéance": invoice.due,
        "Total HT": invoice.net,
        "Total TVA": invoice.vat,
        "Total TTC": invoice.gross,
        "Devise": "EUR",
        "Taux": 1,
        "Etat": invoice.state,
        "Lettrage": invoice.lettering,
    }


def _invoice(invoice: Invoice) -> Row:
    return {**_document(invoice), "Référence": invoice.reference}


def _credit(invoice: Invoice) -> Row:
    origin = invoice.origin.number if invoice.origin else ""
    return {**_document(invoice), "Facture d'origine": origin, "Motif": invoice.cause}


def _items(invoices: list[Invoice]) -> Iterator[Row]:
    for invoice in invoices:
        for number, item in enumerate(invoice.items, 1):
            yield {
                "N° pièce": invoice.number,
                "N° ligne": number,
                "Code article": item.article,
                "Désignation": item.label,
                "Quantité": item.quantity,
                "PU HT": item.unit,
                "Montant HT": item.amount,
                "TVA %": invoice.vat_rate,
                "Compte": item.account,
            }


def _payment(number: int, payment: Payment) -> Row:
    return {
        "N° règlement": f"RG{number:06d}",
        "Date": payment.on,
        "Code client": payment.client.code,
        "Mode": payment.mode,
        "Montant": payment.amount,
        "Devise": "EUR",
        "Montant EUR": payment.amount,
        "Pièces réglées": ",".join(invoice.number for invoice in payment.invoices),
        "Lettrage": payment.lettering,
        "Libellé": f"{_SHORT_MODES[payment.mode]} {payment.client.name[:22]}".strip(),
    }
