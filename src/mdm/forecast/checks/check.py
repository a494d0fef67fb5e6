"""What a check is: a question in SQL and how its answer is said."""

from dataclasses import dataclass


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
