"""The schedule of a deal line as the salesperson foresees it: phases that sum to the line."""

from datetime import date
from decimal import Decimal

from .dates import add_months, after
from .model import Deal, Line
from .money import split


def of(deal: Deal, line: Line) -> list[tuple[date, Decimal, str]]:
    """Date, revenue and label of each phase of a line."""
    if deal.kind == "abo":
        first = add_months(deal.closes.replace(day=1), 1)
        count = deal.months // deal.period
        days = [add_months(first, at * deal.period) for at in range(count)]
        return _cut(line, days, [1] * count, [f"Échéance {at}" for at in range(1, count + 1)])
    if deal.kind == "regie":
        count = max(1, -(-line.quantity // 17))
        days = [add_months(deal.closes, at) for at in range(1, count + 1)]
        return _cut(line, days, [1] * count, [f"Mois {at}" for at in range(1, count + 1)])
    start = after(deal.closes, 20)
    if deal.kind == "equip":
        return _cut(line, [start, after(start, 40)], [30, 70], ["Acompte", "Livraison"])
    if deal.kind == "avenant":
        return _cut(line, [after(start, 30)], [1], ["Avenant"])
    days_sold = sum(one.quantity for one in deal.lines)
    span = 25 + min(200, round(days_sold * 1.5))
    return _cut(line, [start, after(start, span // 2), after(start, span)], [30, 50, 20], ["Acompte", "Jalons", "Solde"])


def _cut(line: Line, days: list[date], weights: list[int], labels: list[str]) -> list[tuple[date, Decimal, str]]:
    return list(zip(days, split(line.amount, weights), labels, strict=True))
