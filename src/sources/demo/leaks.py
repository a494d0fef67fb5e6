"""Which deal leaks how: the faults put in on purpose, two or three of a kind for 300 customers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Final

from .market import Market
from .model import Deal, Entity
from .selling import discounted

KINDS: Final = {
    1: "won_deal_without_project",
    2: "project_without_deal",
    3: "project_without_invoice_plan",
    4: "plan_differs_from_contract",
    5: "milestone_done_not_invoiced",
    6: "unbilled_time",
    7: "invoice_without_deal_or_project",
    8: "price_below_contract",
    9: "discount_over_authority",
    10: "over_billing",
    11: "scope_creep",
    12: "missed_recurrence_or_indexation",
    13: "terms_mismatch",
    14: "late_issue",
    15: "duplicate_invoice",
    16: "credit_note_without_cause",
    17: "overdue_without_reminder",
    18: "unallocated_or_short_payment",
    19: "stale_or_inconsistent_deal",
    20: "identity_break",
}


@dataclass(frozen=True, slots=True)
class _Rule:
    """Where a fault can sit: deal kinds, and days since the deal was won."""

    leak: str
    kinds: tuple[str, ...]
    youngest: int
    oldest: int
    suits: Callable[[Deal], bool] = lambda deal: True


_RULES: Final = (
    _Rule("milestone_done_not_invoiced", ("forfait",), 170, 600),
    _Rule("unbilled_time", ("regie",), 150, 600),
    _Rule("scope_creep", ("forfait",), 200, 700),
    _Rule("missed_recurrence_or_indexation", ("abo",), 200, 700, lambda deal: deal.period < 12),
    _Rule("price_below_contract", ("equip",), 185, 650),
    _Rule("over_billing", ("forfait",), 200, 650),
    _Rule("late_issue", ("forfait",), 220, 650),
    _Rule("duplicate_invoice", ("abo", "equip"), 130, 500),
    _Rule("credit_note_without_cause", ("equip", "forfait"), 150, 500),
    _Rule("plan_differs_from_contract", ("forfait",), 60, 400),
    _Rule("terms_mismatch", ("forfait", "equip"), 110, 400, lambda deal: deal.entity.terms in ("30J", "COMPTANT")),
    _Rule("inconsistent_lost", ("forfait", "equip"), 120, 600),
    _Rule("discount_over_authority", ("forfait", "equip"), 40, 500),
    _Rule("approved_discount", ("forfait", "equip"), 40, 700),
    _Rule("project_without_deal", ("equip", "abo"), 80, 600),
    _Rule("project_without_invoice_plan", ("forfait", "equip"), 60, 400),
    _Rule("won_deal_without_project", ("forfait", "equip", "regie"), 40, 500),
    _Rule("overdue_without_reminder", ("equip",), 190, 260),
    _Rule("short_payment", ("equip", "forfait"), 170, 600),
    _Rule("unallocated_payment", ("equip", "forfait"), 170, 600),
)


def per_kind(customers: int) -> int:
    """How many faults of each kind: 3 for 300 customers."""
    return max(1, round(customers / 100))


def spring(rng: Random, deals: list[Deal], count: int, today: date) -> None:
    """Mark deals with the leak they will have; the other modules carry it out."""
    parents = {id(deal.parent) for deal in deals if deal.parent is not None}
    won = [deal for deal in deals if deal.outcome == "won" and deal.kind != "avenant" and id(deal) not in parents]
    for rule in _RULES:
        fit = [deal for deal in won if not deal.leak and _fits(rule, deal, today)]
        share = -(-count // 2) if rule.leak in ("inconsistent_lost", "short_payment", "unallocated_payment") else count
        for deal in rng.sample(fit, min(share, len(fit))):
            deal.leak = rule.leak
            if rule.leak in ("discount_over_authority", "approved_discount"):
                _discount(rng, deal)
    still_open = [deal for deal in deals if deal.outcome == "open"]
    for leak in ("stale", "inconsistent"):
        free = [deal for deal in still_open if not deal.leak]
        for deal in rng.sample(free, min(count, len(free))):
            deal.leak = leak
    for deal in deals:
        if deal.leak == "inconsistent_lost":
            deal.crm_outcome = "lost"


def _fits(rule: _Rule, deal: Deal, today: date) -> bool:
    return (
        deal.kind in rule.kinds
        and rule.youngest <= (today - deal.closes).days <= rule.oldest
        and deal.entity.in_billing
        and deal.entity.bankrupt_on is None
        and rule.suits(deal)
    )


def _discount(rng: Random, deal: Deal) -> None:
    """Beyond the salesperson's authority; with an approver it is a decoy."""
    line = max(deal.lines, key=lambda line: line.amount)
    line.discount = rng.choice((25, 30))
    line.unit = discounted(line.product.price, line.discount)
    line.option = False


def break_identities(rng: Random, market: Market, deals: list[Deal], count: int, today: date) -> list[Entity]:
    """Entities that will have two billing accounts with different terms."""
    wins: dict[str, int] = {}
    for deal in deals:
        if deal.outcome == "won" and not deal.leak and not deal.parent and (today - deal.closes).days > 110:
            wins[deal.entity.key] = wins.get(deal.entity.key, 0) + 1
    fit = [entity for entity in market.entities if wins.get(entity.key, 0) >= 2 and entity.in_billing and len(entity.sites) == 1]
    return rng.sample(fit, min(count, len(fit)))
