"""Invoice plans: deposit, milestones and balance; delivery; months; periods. Every plan sums to the contract and its amendments."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from random import Random
from typing import Final

from .dates import add_months, after, month_end, workday
from .model import Deal, Line, PlanLine, Project
from .money import split, total

DEPOSIT: Final = 30
_MILESTONES: Final = ("Dossier d'études validé", "Maquette acceptée", "Essais en atelier", "Mise en service partielle")


def calendar(rng: Random, deal: Deal, created: date) -> tuple[date, date, date]:
    """Start, planned end and true end of the project of a deal."""
    if deal.kind == "abo":
        start = add_months(created.replace(day=1), 1)
        end = after(add_months(start, deal.months), -1)
        return start, end, end
    start = workday(after(created, rng.randint(3, 20)))
    if deal.kind == "equip":
        planned = workday(after(start, rng.randint(14, 70)))
        return start, planned, workday(after(planned, rng.randint(-3, 12)))
    if deal.kind == "regie":
        end = month_end(add_months(start, len(monthly_days(deal.lines)) - 1))
        return start, end, end
    days = sum(line.quantity for line in deal.lines)
    span = 21 + round(days * rng.uniform(1.0, 2.2))
    planned = workday(after(start, min(span, 260)))
    slip = round(span * max(0.0, rng.gauss(0.08, 0.1)))
    return start, planned, workday(after(planned, slip))


def monthly_days(lines: list[Line]) -> list[list[int]]:
    """Days of each line in each month, at most 17 a month and line; they sum to the days sold."""
    months = max(1, max(-(-line.quantity // 17) for line in lines))
    return [[(line.quantity * (at + 1)) // months - (line.quantity * at) // months for line in lines] for at in range(months)]


def draw_up(rng: Random, project: Project) -> list[PlanLine]:
    """The plan of a project, its amendments at the end."""
    plan = _PLANS[project.deal.kind](rng, project)
    for number, deal in enumerate(project.amendments, 1):
        done = max(workday(after(project.end, -rng.randint(0, 10))), workday(after(deal.closes, 10)))
        line = deal.lines[0]
        sold = [(line.product, line.quantity, line.unit)]
        plan.append(PlanLine(len(plan) + 1, f"Avenant {number}", "Avenant", done, deal.amount, done, sold=sold))
    return plan


def _fixed_price(rng: Random, project: Project) -> list[PlanLine]:
    """Deposit 30 %, 1 to 4 milestones for half, the balance at acceptance."""
    amount = project.contract
    count = 1 if amount < 8_000 else 2 if amount < 25_000 else 3 if amount < 60_000 else 4
    parts = split(amount, [DEPOSIT * count, *[50] * count, 20 * count])
    planned = _between(project.start, project.end_planned, count)
    done = _between(project.start, project.end, count)
    plan = [_deposit(project, parts[0])]
    for at in range(count):
        label = f"Jalon {at + 1} - {_MILESTONES[at]}"
        plan.append(PlanLine(at + 2, label, "Jalon", planned[at], parts[at + 1], done[at]))
    plan.append(PlanLine(count + 2, "Solde à la réception", "Solde", project.end_planned, parts[-1], project.end))
    return plan


def _between(first: date, last: date, count: int) -> list[date]:
    span = (last - first).days
    return [workday(after(first, span * (at + 1) // (count + 1))) for at in range(count)]


def _deposit(project: Project, amount: Decimal) -> PlanLine:
    return PlanLine(1, f"Acompte {DEPOSIT}% à la commande", "Acompte", project.start, amount, project.start)


def _delivery(rng: Random, project: Project) -> list[PlanLine]:
    """Goods: a deposit on the larger orders, the rest on delivery."""
    sold = [(line.product, line.quantity, line.unit) for line in project.deal.lines]
    label, amount = "Livraison et mise en service", project.contract
    if amount < 3_000 or rng.random() < 0.35:
        return [PlanLine(1, label, "Livraison", project.end_planned, amount, project.end, sold=sold)]
    deposit, rest = split(amount, [DEPOSIT, 100 - DEPOSIT])
    return [_deposit(project, deposit), PlanLine(2, label, "Livraison", project.end_planned, rest, project.end, sold=sold)]


def _months(rng: Random, project: Project) -> list[PlanLine]:
    """Time-based work: the days of each month at the month's end."""
    lines, plan = project.deal.lines, []
    for at, days in enumerate(monthly_days(lines)):
        day = month_end(add_months(project.start, at))
        sold = [(line.product, count, line.unit) for line, count in zip(lines, days, strict=True) if count]
        amount = total([count * unit for _, count, unit in sold])
        plan.append(PlanLine(at + 1, f"Régie {day:%m/%Y}", "Mensuel", day, amount, day, sold=sold))
    return plan


def _periods(rng: Random, project: Project) -> list[PlanLine]:
    """Subscriptions: each period in advance."""
    deal, plan = project.deal, []
    for at in range(deal.months // deal.period):
        day = add_months(project.start, at * deal.period)
        sold = [(line.product, line.quantity // deal.months * deal.period, line.unit) for line in deal.lines]
        amount = total([count * unit for _, count, unit in sold])
        plan.append(PlanLine(at + 1, f"Période du {day:%d/%m/%Y}", "Période", day, amount, day, sold=sold))
    return plan


_PLANS: Final[dict[str, Callable[[Random, Project], list[PlanLine]]]] = {
    "forfait": _fixed_price,
    "equip": _delivery,
    "regie": _months,
    "abo": _periods,
}
