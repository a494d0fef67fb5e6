"""A demo company from a seed: three exports with the dirt of real life, and the truth beside them.

`generate` writes `crm/`, `billing/` and `temps/` as the three systems would export them, and `truth/` for tests and benchmarks:
the hub never reads `truth/`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from . import billing, crm, timesheets, truth
from .world import build

__all__ = ["Summary", "generate"]


@dataclass(frozen=True, slots=True)
class Summary:
    """What was written."""

    entities: int
    accounts: int
    contacts: int
    clients: int
    deals: int
    open_deals: int
    projects: int
    invoices: int
    credit_notes: int
    payments: int
    time_entries: int
    purchases: int
    faults: int


def generate(out: Path, *, seed: int = 1, customers: int = 300, today: date, progress: Callable[[str], None] | None = None) -> Summary:
    """Write the demo company into `out`; the same seed, size and day give the same bytes."""
    say = progress or (lambda message: None)
    say(f"living through 28 months with {customers} customers")
    world = build(seed, customers, today)
    counts: dict[str, int] = {}
    for folder, export in (("crm", crm.export), ("billing", billing.export), ("temps", timesheets.export), ("truth", truth.export)):
        say(f"writing {folder}")
        counts.update({f"{folder}/{table}": rows for table, rows in export(world, out / folder).items()})
    return Summary(
        entities=len(world.market.entities),
        accounts=counts["crm/Account"],
        contacts=counts["crm/Contact"],
        clients=counts["billing/clients"],
        deals=counts["crm/Opportunity"],
        open_deals=sum(deal.crm_outcome == "open" for deal in world.deals),
        projects=len(world.projects),
        invoices=counts["billing/factures"],
        credit_notes=counts["billing/avoirs"],
        payments=counts["billing/reglements"],
        time_entries=counts["temps/temps"],
        purchases=counts["temps/achats"],
        faults=counts["truth/faults"],
    )
