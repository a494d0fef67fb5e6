"""What a check is: a question in SQL and how its answer is said."""

from dataclasses import dataclass
from decimal import Decimal

from mdm.forecast.progress import PERIOD


@dataclass(frozen=True)
class Check:
    """A leak or an inconsistency that joins can find.

    `sql` selects golden_project_id, golden_customer_id, evidence (`source:key` separated by `;`), amount (at risk, in the company's
    currency), confidence (of the link that it rests on, 1 without one), since (a day), and whatever the sentences name. It reads the
    frames and the tables of `leakage`.
    """

    number: int
    slug: str
    fr: str
    """A sentence with the columns of the answer in braces; `{customer}` and `{project}` are names."""
    en: str
    sql: str


CONSTANTS: dict[str, object] = {
    "cost_of_cash": Decimal("0.05"),
    "hours_a_day": 8,
    "period": PERIOD,
    "time_and_material": "mensuel|regie|time|material|heures|hourly",
    "out_of_scope": "hors.?perimetre|hors.?forfait|hors.?contrat|out.?of.?scope|extra.?scope",
}
"""What the checks name beside the day: the yearly cost of money that comes late, and how sources speak of lines and activities."""
