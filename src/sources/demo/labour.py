"""What projects cost: hours worked by grade, goods and licences bought, travel, subcontracting; within budget or not."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from random import Random
from typing import Final

from . import words
from .dates import add_months, after, between, month_end, workday
from .model import Employee, Hours, Line, Project, Purchase
from .money import euros
from .plans import monthly_days

_SUPPLIERS: Final = {
    nature: [(f"F{10 * rank + at:04d}", name) for at, name in enumerate(known)]
    for rank, (nature, known) in enumerate(words.SUPPLIERS.items(), 1)
}
_DAY: Final = 8
_TRAVEL: Final = ("Hôtel et repas", "Train", "Location de voiture", "Carburant et péages")


def work(rng: Random, projects: list[Project], employees: list[Employee], today: date) -> None:
    """Fill hours and purchases of every project from start to true end, beyond `today` too: `truth` needs the whole."""
    roster = _Roster(rng, employees, today)
    for project in projects:
        _HOURS[project.deal.kind](rng, project, roster)
        _buy(rng, project)
        project.hours.sort(key=lambda entry: (entry.on, entry.employee.badge, entry.activity))
        project.purchases.sort(key=lambda one: (one.on, one.label))


class _Roster:
    """Who is free: nobody works more than 8 hours a day unless everyone is taken for months."""

    def __init__(self, rng: Random, employees: list[Employee], today: date) -> None:
        self.rng, self.everyone, self.unapproved_from = rng, employees, after(today, -9)
        self.by_grade: dict[str, list[Employee]] = defaultdict(list)
        for employee in employees:
            self.by_grade[employee.grade].append(employee)
        self.load: dict[tuple[str, date], int] = defaultdict(int)

    def book(self, project: Project, day: date, hours: int, grade: str, activity: str) -> None:
        """Put hours on the first free day from `day`: of the grade for two weeks, then of anyone."""
        day = workday(day)
        employee = self._free(day, hours, self.by_grade[grade])
        for waited in range(60):
            if employee is not None:
                break
            day = workday(after(day, 1))
            employee = self._free(day, hours, self.by_grade[grade] if waited < 10 else self.everyone)
        employee = employee or self.rng.choice(self.everyone)
        self.load[employee.badge, day] += hours
        approved = day < self.unapproved_from or self.rng.random() < 0.5
        project.hours.append(Hours(day, employee, activity, hours, approved))

    def _free(self, day: date, hours: int, known: list[Employee]) -> Employee | None:
        """Someone with room that day, among a few asked."""
        asked = self.rng.sample(known, min(5, len(known)))
        return next((one for one in asked if self.load[one.badge, day] + hours <= _DAY), None)


def _spread(rng: Random, project: Project, roster: _Roster, hours: int, grade: str, activity: str) -> None:
    """Hours in whole and half days over the project's life."""
    while hours > 0:
        piece = min(hours, 8 if rng.random() < 0.72 else 4)
        roster.book(project, between(rng, project.start, project.end), piece, grade, activity)
        hours -= piece


def _on_fixed_price(rng: Random, project: Project, roster: _Roster, activity: str = "PRODUCTION") -> None:
    factor = rng.uniform(1.75, 2.5) if project.fate else min(1.5, rng.lognormvariate(0.02, 0.11))
    for line in project.deal.lines:
        if line.product.grade:
            _spread(rng, project, roster, round(8 * line.quantity * factor), line.product.grade, activity)
    for deal in project.amendments:
        grade = deal.lines[0].product.grade
        _spread(rng, project, roster, round(8 * deal.lines[0].quantity * rng.uniform(0.9, 1.1)), grade, "AVENANT")
    if project.deal.leak == "scope_creep":
        grade = project.deal.lines[0].product.grade
        extra = 4 * max(4, round(project.budget_hours * rng.uniform(0.35, 0.6) / 4))
        _spread(rng, project, roster, extra, grade, "HORS PERIMETRE CLIENT")


def _on_delivery(rng: Random, project: Project, roster: _Roster) -> None:
    _on_fixed_price(rng, project, roster, "INSTALLATION")


def _on_months(rng: Random, project: Project, roster: _Roster) -> None:
    """Exactly the days sold, month by month, and coordination that no one pays; a bad project needs a lot of it."""
    lines: list[Line] = project.deal.lines
    for at, days in enumerate(monthly_days(lines)):
        last = month_end(add_months(project.start, at))
        first = project.start if at == 0 else last.replace(day=1)
        for line, count in zip(lines, days, strict=True):
            grade = line.product.grade
            for _ in range(count):
                roster.book(project, between(rng, first, after(last, -3)), 8, grade, f"REGIE {grade}")
    slack = rng.uniform(0.6, 1.0) if project.fate else rng.uniform(0.0, 0.08)
    _spread(rng, project, roster, round(project.budget_hours * slack), "CF", "SUPPORT")


def _on_periods(rng: Random, project: Project, roster: _Roster) -> None:
    hours = round(project.budget_hours * (rng.uniform(5, 8) if project.fate else rng.uniform(0.7, 1.5)))
    while hours > 0:
        piece = min(hours, rng.randint(1, 4))
        roster.book(project, between(rng, project.start, project.end), piece, "CF", "SUPPORT")
        hours -= piece


_HOURS: Final = {"forfait": _on_fixed_price, "equip": _on_delivery, "regie": _on_months, "abo": _on_periods}


def _buy(rng: Random, project: Project) -> None:
    kind = project.deal.kind
    if kind == "equip":
        _goods(rng, project)
    elif kind == "abo":
        _licences(rng, project)
    elif kind == "forfait" and rng.random() < 0.06:
        amount = project.contract * Decimal(rng.randint(5, 12)) / 100
        _purchase(rng, project, between(rng, project.start, project.end), "SOUS-TRAITANCE", "Sous-traitance études", amount)
    if kind != "abo":
        for _ in range(rng.choice((0, 0, 1, 1, 2, 3) if project.contract > 4_000 else (0, 0, 0, 1))):
            amount = Decimal(rng.randint(4_500, 32_000)) / 100
            _purchase(rng, project, between(rng, project.start, project.end), "DEPLACEMENT", rng.choice(_TRAVEL), amount)


def _goods(rng: Random, project: Project) -> None:
    """Bought before delivery; a bad project pays an express price."""
    dearer = rng.randint(138, 160) if project.fate else 100
    for line in project.deal.lines:
        if not line.product.grade:
            amount = line.quantity * line.product.cost * Decimal(dearer + rng.randint(-3, 4)) / 100
            day = workday(between(rng, project.start, after(project.end, -4)))
            _purchase(rng, project, day, "MATERIEL", f"{line.quantity} x {line.product.name}", amount)


def _licences(rng: Random, project: Project) -> None:
    """A year in advance, each year."""
    for year in range(-(-project.deal.months // 12)):
        months = min(12, project.deal.months - 12 * year)
        for line in project.deal.lines:
            units = line.quantity // project.deal.months * months
            amount = units * line.product.cost * Decimal(rng.randint(96, 105)) / 100
            day = workday(after(add_months(project.start, 12 * year), rng.randint(0, 3)))
            _purchase(rng, project, day, "LICENCE", f"Licences {line.product.name}", amount)


def _purchase(rng: Random, project: Project, day: date, nature: str, label: str, amount: Decimal) -> None:
    supplier = rng.choice(_SUPPLIERS[nature])
    project.purchases.append(Purchase(workday(day), supplier, nature, label, euros(amount)))
