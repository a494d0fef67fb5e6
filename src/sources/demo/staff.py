"""The seller: Ambrelys Ingénierie, its salespersons and the people who work on projects."""

from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Final

from . import identifiers, names
from .model import Employee, Salesperson

DOMAIN: Final = "ambrelys.example"
GRADES: Final = {"JR": Decimal(36), "CF": Decimal(47), "SR": Decimal(60), "EX": Decimal(79)}
"""Grade -> mean cost of an hour."""
_TEAM: Final = ("JR", "CF", "SR", "EX", "CF", "JR", "SR", "CF", "EX", "CF", "JR", "SR", "CF")


@dataclass(frozen=True, slots=True)
class Staff:
    """Everyone on the payroll who matters here."""

    salespersons: list[Salesperson]
    employees: list[Employee]


def hire(rng: Random, customers: int) -> Staff:
    """8 salespersons and 17 people on projects for 300 customers, more for more."""
    users = identifiers.RecordIds(rng, "005")
    sellers = max(8, customers * 8 // 300)
    workers = max(17, customers * 17 // 300)
    return Staff(
        [_salesperson(rng, number, users.next(), sellers) for number in range(1, sellers + 1)],
        [_employee(rng, number) for number in range(1, workers + 1)],
    )


def _salesperson(rng: Random, number: int, user: str, team: int) -> Salesperson:
    return Salesperson(
        key=f"U{number:02d}",
        rep=f"REP{number:02d}",
        user=user,
        first=names.first_name(rng, rng.random() < 0.5),
        last=names.surname(rng),
        authority=rng.choice((10, 15, 15, 20)),
        optimism=rng.gauss(0.5, 0.6),
        skill=rng.gauss(0.0, 0.35),
        active=number != team,
    )


def _employee(rng: Random, number: int) -> Employee:
    grade = _TEAM[number % len(_TEAM)]
    cost = GRADES[grade] + Decimal(rng.randint(-6, 6)) / 2
    woman = rng.random() < 0.4
    return Employee(f"SAL{number:04d}", names.first_name(rng, woman), names.surname(rng), grade, cost)
