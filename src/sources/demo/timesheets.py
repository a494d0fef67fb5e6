"""Writes the time and purchases tool's export: CSV with a byte order mark."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

from . import crm_accounts, dirt
from .model import Project
from .tables import TIMESHEETS, Row, write
from .world import World, stream

COLUMNS: Final = {
    "achats": "date,fournisseur,nom_fournisseur,nature,projet,libelle,montant_ht",
    "projets": "projet,libelle,client,code_affaire,actif",
    "salaries": "matricule,nom,prenom,grade,cout_horaire",
    "temps": "date,matricule,projet,activite,heures,facturable,valide",
}
_NOT_BILLABLE: Final = ("SUPPORT", "HORS PERIMETRE CLIENT")


def export(world: World, folder: Path) -> dict[str, int]:
    """Write all tables, up to today; returns rows a table."""
    rows: dict[str, Iterator[Row]] = {
        "achats": _purchases(world),
        "projets": (_project(stream(world.seed, project.time_code), project, world) for project in world.projects),
        "salaries": (
            {
                "matricule": one.badge,
                "nom": one.last,
                "prenom": one.first,
                "grade": one.grade,
                "cout_horaire": f"{one.cost:.2f}",
            }
            for one in world.staff.employees
        ),
        "temps": _hours(world),
    }
    return {table: write(folder / f"{table}.csv", COLUMNS[table], rows[table], TIMESHEETS) for table in COLUMNS}


def _project(rng: Random, project: Project, world: World) -> Row:
    """Its own code, a label of its own, the customer in free text, the billing code most of the time."""
    client = rng.choice((project.client.name, crm_accounts.spell(rng, project.deal.entity)))
    coded = project.how == "none" or rng.random() < 0.86
    return {
        "projet": project.time_code,
        "libelle": project.label
        if rng.random() < 0.25
        else dirt.mistyped(rng, project.deal.title)
        if rng.random() < 0.04
        else project.deal.title,
        "client": client[:30].strip(),
        "code_affaire": project.code if coded else "",
        "actif": "oui" if project.end >= world.today else "non",
    }


def _hours(world: World) -> Iterator[Row]:
    for project in world.projects:
        for entry in project.hours:
            if entry.on <= world.today:
                yield {
                    "date": entry.on,
                    "matricule": entry.employee.badge,
                    "projet": project.time_code,
                    "activite": entry.activity,
                    "heures": entry.hours,
                    "facturable": "non" if entry.activity in _NOT_BILLABLE else "oui",
                    "valide": "oui" if entry.approved else "non",
                }


def _purchases(world: World) -> Iterator[Row]:
    for project in world.projects:
        for purchase in project.purchases:
            if purchase.on <= world.today:
                code, name = purchase.supplier
                yield {
                    "date": purchase.on,
                    "fournisseur": code,
                    "nom_fournisseur": name,
                    "nature": purchase.nature,
                    "projet": project.time_code,
                    "libelle": purchase.label,
                    "montant_ht": purchase.amount,
                }
