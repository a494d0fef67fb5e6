"""How far a price may go down: worked examples, what must hold of every quote, and what thin data says."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdm.errors import BadInput, NotFound
from mdm.forecast.negotiation import LEVELS, Habits, Offered, Policy, Quote, words
from mdm.forecast.simulator.ahead import Late
from tests.mdm.forecast.worlds import frames

TODAY = date(2026, 11, 23)
LATE = Late({None: np.bincount([60], [1.0]).astype(np.float64), "risky": np.bincount([100], [0.9]).astype(np.float64)})
PRODUCTS = [
    {"golden_id": "day", "label": "A day of work", "unit": "jour", "cost": "400"},
    {"golden_id": "box", "label": "A box", "unit": "pièce", "cost": "50"},
    {"golden_id": "new", "label": "A new thing"},
]
DEAL = {
    "key": "d",
    "source": "crm",
    "name": "Deal",
    "status": "open",
    "customer": "1",
    "customer_id": "risky",
    "kind": "Forfait",
    "amount": "10000",
}
LINES = [
    {"key": "l1", "source": "crm", "deal": "d", "product": "1", "product_id": "day", "quantity": "10", "amount": "8000"},
    {"key": "l2", "source": "crm", "deal": "d", "product": "2", "product_id": "box", "quantity": "20", "amount": "2000"},
]


def habits(projects: int = 0) -> Habits:
    """With so many closed projects that cost a tenth more than their budgets."""
    golden = [
        {
            "golden_id": f"p{at}",
            "label": f"Project {at}",
            "amount": "10000",
            "status": "Terminé",
            "nature": "Forfait",
            "ordered_on": "2026-01-01",
        }
        for at in range(projects)
    ]
    budget = [{"key": f"b{at}", "project": str(at), "project_id": f"p{at}", "cost": "6000"} for at in range(projects)]
    cost = [
        {"key": f"c{at}", "kind": "purchase", "spent_on": "2026-03-01", "project": str(at), "project_id": f"p{at}", "amount": "6600"}
        for at in range(projects)
    ]
    world = frames({"deal": [DEAL], "deal_line": LINES, "budget": budget, "cost": cost}, {"product": PRODUCTS, "project": golden})
    return Habits(world, TODAY, LATE)


def test_a_worked_example() -> None:
    """Without history a project costs 1 / .93 of its budget, with a spread of .15; money waits 60 days at 5 % of it with tax."""
    found = habits().negotiate(Quote(10_000, 1_000, 4_000, 0), Policy(quantile=0.8, margin=0.2, overhead=0.15, capital=0.05))
    cost, sure, waiting = 5_000 / 0.93, np.exp(0.8416212335729143 * 0.15), 0.05 * 1.2 * 60 / 365
    assert found.floors["cash"] == pytest.approx(1_000 / 0.93 * sure / (1 - waiting))
    assert found.floors["contribution"] == pytest.approx(cost * sure / (1 - waiting))
    assert found.floors["full"] == pytest.approx(cost * 1.15 * sure / (1 - 0.2 - waiting))
    assert found.room["full"] == pytest.approx(10_000 - found.floors["full"])
    assert found.each_percent == pytest.approx(100 * (1 - waiting))


def test_at_the_floor_the_margin_is_as_sure_as_was_asked() -> None:
    policy = Policy(quantile=0.8, margin=0.2)
    floor = habits().negotiate(Quote(10_000, 1_000, 4_000, 0), policy).floors["full"]
    assert habits().negotiate(Quote(floor, 1_000, 4_000, 0), policy).margin_sure == pytest.approx(0.8)
    discount = habits().discount(Quote(10_000, 1_000, 4_000, 0), policy, 0.2, 0.8)
    assert 10_000 * (1 - discount) == pytest.approx(floor)


def test_a_deal_is_a_quote_and_its_customer_pays_as_it_does() -> None:
    some = habits()
    quote = some.deal("crm", "d")
    assert (quote.price, quote.goods, quote.work, quote.unknown, quote.customer, quote.nature) == (
        10_000,
        1_000,
        4_000,
        0,
        "risky",
        "Forfait",
    )
    found = some.negotiate(quote, Policy())
    assert [found.days, found.never] == pytest.approx([100, 0.1])
    assert found.floors["full"] > some.negotiate(Quote(10_000, 1_000, 4_000, 0), Policy()).floors["full"]


def test_past_projects_of_the_same_nature_tell_what_quotes_cost() -> None:
    few, many = (habits(count).spread("Forfait") for count in (0, 200))
    assert few.ratio == pytest.approx(1 / 0.93)
    assert many.ratio == pytest.approx(1.1, abs=0.005)
    assert many.sigma < few.sigma
    assert (few.projects, many.projects) == (0, 200)
    assert habits(200).spread("Régie").projects == 0


def test_a_line_whose_cost_nobody_knows_costs_what_projects_did() -> None:
    quote = habits(50).quote([Offered("new", 1, 1_000), Offered("box", 2, 200)])
    assert (quote.unknown, quote.goods) == (1_000, 100)
    found = habits(50).negotiate(quote, Policy())
    assert found.cost_unknown == pytest.approx(1_000 / 1_200)
    assert found.floors["cash"] > 660
    with pytest.raises(BadInput, match="nobody knows the cost"):
        habits().negotiate(quote, Policy())


@given(
    price=st.floats(1_000, 1e6), goods=st.floats(0, 1e5), work=st.floats(1, 1e5), quantile=st.floats(0.05, 0.95), margin=st.floats(0, 0.6)
)
def test_floors_stand_in_their_order_and_rise_with_what_is_wanted(
    price: float, goods: float, work: float, quantile: float, margin: float
) -> None:
    some, quote = _HABITS, Quote(price, goods, work, 0)
    found, surer = (some.negotiate(quote, Policy(quantile=at, margin=margin)) for at in (quantile, quantile + 0.04))
    assert found.floors["cash"] <= found.floors["contribution"] <= found.floors["full"]
    assert all(surer.floors[level] >= found.floors[level] for level in LEVELS)
    assert (found.margin_sure >= quantile) == (price >= found.floors["full"] * (1 - 1e-9)) or abs(price / found.floors["full"] - 1) < 1e-6


_HABITS = habits()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_it_is_said_in_words(language: str) -> None:
    above = habits().negotiate(Quote(10_000, 1_000, 2_000, 0), Policy())
    below = habits().negotiate(Quote(4_000, 1_000, 2_000, 0), Policy())
    told = {name: words(found, "EUR", language) for name, found in (("above", above), ("below", below))}
    floor = f"{above.floors['full']:,.0f}"
    assert (floor if language == "en" else floor.replace(",", "\u202f")) in told["above"]
    assert ("below" if language == "en" else "sous le plancher") in told["below"]


def test_what_makes_no_sense_is_refused_with_a_reason() -> None:
    some = habits()
    with pytest.raises(NotFound):
        some.deal("crm", "nothing")
    with pytest.raises(BadInput, match="needs lines"):
        some.quote([])
    with pytest.raises(BadInput, match="no price leaves"):
        some.negotiate(Quote(10_000, 1_000, 4_000, 0), Policy(margin=0.99, commission=0.02))
    with pytest.raises(BadInput):
        Policy(quantile=1.0)
