"""Which reminders go out: no level skipped, nothing frozen claimed, one letter for a golden customer."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from mdm.forecast.dunning.policy import USUAL
from mdm.forecast.dunning.proposals import Proposal, proposals
from mdm.forecast.frames import HOLDS, Frames
from tests.mdm.forecast.payments.companies import invoice, payment
from tests.mdm.forecast.worlds import Row, euros, frames

TODAY = date(2025, 11, 24)


def late(key: str, days: int, gross: Any = 100, customer: str | None = "a", **more: Any) -> Row:
    """An invoice that is overdue by so many days."""
    due = TODAY - timedelta(days=days)
    return invoice(key, customer, due - timedelta(days=30), due, gross, **more)


def reminder(invoice: str, level: int, days_ago: int) -> Row:
    return {"key": f"R-{invoice}-{level}", "invoice": invoice, "level": level, "sent_on": TODAY - timedelta(days=days_ago)}


def proposed(facts: dict[str, list[Row]], holds: list[Row] | None = None, as_of: date = TODAY, **golden: Any) -> dict[str, Proposal]:
    world = frames(facts=facts, golden={"customer": [{"golden_id": name, "name": name.upper(), **golden} for name in ("a", "b")]})
    rows = [{"source": "billing", "kind": "dispute", "set_on": TODAY, "reason": "price", "set_by": "x", **one} for one in holds or []]
    held = Frames(world.facts, world.golden, world.members, world.edges, pa.Table.from_pylist(rows, schema=HOLDS))
    return {one.golden_customer_id: one for one in proposals(held, as_of, USUAL)}


@pytest.mark.parametrize(
    ("days", "sent", "level", "why"),
    [
        (6, [], None, "too_early"), (7, [], 1, "due"), (400, [], 1, "due"),
        (19, [(1, 12)], None, "too_early"), (20, [(1, 12)], 2, "due"), (400, [(1, 300)], 2, "due"),
        (25, [(1, 9)], None, "gap"), (25, [(1, 10)], 2, "due"),
        (60, [(1, 50), (2, 30)], 3, "due"), (60, [(2, 30)], 3, "due"), (90, [(1, 80), (2, 60), (3, 40)], None, "all_sent"),
        (90, [(7, 40)], None, "all_sent"), (25, [(1, -1)], 1, "due"),
    ],
)  # fmt: skip
def test_levels_follow_one_another(days: int, sent: list[tuple[int, int]], level: int | None, why: str) -> None:
    found = proposed({"invoice": [late("F", days)], "reminder": [reminder("F", *one) for one in sent]})["a"]
    assert (found.level, found.why) == (level, why)
    (claim,) = found.claims or found.waiting
    assert (claim.level, claim.days_overdue, claim.sent_level) == (level, days, min(max([*(at for at, ago in sent if ago >= 0), 0]), 3))
    assert (found.tone, found.channel) == ((USUAL.levels[level - 1].tone, USUAL.levels[level - 1].channel) if level else (None, None))


def test_it_is_told_when_a_letter_is_due() -> None:
    facts = {"invoice": [late("early", 3), late("lately", 25)], "reminder": [reminder("lately", 1, 4)]}
    until = {claim.key: claim.until for claim in proposed(facts)["a"].waiting}
    assert until == {"early": TODAY + timedelta(days=4), "lately": TODAY + timedelta(days=6)}


@pytest.mark.parametrize(
    ("hold", "frozen"),
    [
        ({}, True), ({"kind": "promise", "until": TODAY}, True), ({"kind": "promise", "until": TODAY - timedelta(days=1)}, False),
        ({"released_on": TODAY}, False), ({"set_on": TODAY + timedelta(days=1)}, False), ({"source": "other"}, False),
    ],
)  # fmt: skip
def test_what_is_held_is_frozen(hold: Row, frozen: bool) -> None:
    found = proposed({"invoice": [late("F", 30), late("G", 30)]}, [{"key": "F", **hold}])["a"]
    assert [claim.key for claim in found.claims] == (["G"] if frozen else ["F", "G"])
    told = [(claim.key, claim.why, claim.reason) for claim in found.frozen]
    assert told == ([("F", hold.get("kind", "dispute"), "price")] if frozen else [])


def test_what_the_source_calls_disputed_is_frozen() -> None:
    found = proposed({"invoice": [late("F", 30, status="En litige")]})["a"]
    assert (found.level, found.why, found.frozen[0].reason) == (None, "dispute", "En litige")


def test_one_letter_for_a_golden_customer_at_its_highest_level() -> None:
    facts = {
        "invoice": [
            late("new", 8, customer_id="a"),
            late("old", 45),
            late("other", 9, 30, "b"),
            late("early", 2),
            late("nobody", 90, 10, None),
        ],
        "reminder": [reminder("old", 2, 15)],
    }
    facts["invoice"][0]["customer"], facts["invoice"][1]["customer"] = "C1", "C2"
    found = proposed(facts)
    assert list(found) == ["a", "b"]
    assert (found["a"].level, found["a"].tone, found["a"].amount) == (3, "formal", euros(200))
    assert {(claim.key, claim.account, claim.level) for claim in found["a"].claims} == {("old", "C2", 3), ("new", "C1", 1)}
    assert [claim.key for claim in found["a"].waiting] == ["early"]
    assert found["a"].indemnity == 80
    assert found["b"].amount == euros(30)


def test_a_level_whose_minimum_is_not_reached_waits_and_lower_ones_do_not() -> None:
    facts = {"invoice": [late("old", 45, 20), late("new", 8, 15)], "reminder": [reminder("old", 2, 15)]}
    found = proposed(facts)["a"]
    assert (found.level, found.amount, [claim.key for claim in found.claims]) == (1, euros(15), ["new"])
    assert [(claim.key, claim.why) for claim in found.waiting] == [("old", "due")]
    assert (proposed({"invoice": [late("F", 30, 9)]})["a"].level, proposed({"invoice": [late("F", 30, 9)]})["a"].why) == (None, "minimum")


def test_what_is_on_account_is_taken_off() -> None:
    credit = {**late("A", 5, -30), "kind": "credit_note"}
    facts = {"invoice": [late("F", 30), credit], "payment": [{**payment("?", TODAY, 20), "customer_id": "a", "invoices": None}]}
    found = proposed(facts)["a"]
    (total,) = found.totals
    assert (total.open, total.credit, total.net, found.amount) == (euros(100), euros(50), euros(50), euros(50))
    assert [(one.kind, one.amount) for one in found.credits] == [("credit_note", euros(30)), ("payment", Decimal(20))]
    covered = proposed({"invoice": [late("F", 30), {**credit, "gross": Decimal(-100)}]})["a"]
    assert (covered.level, covered.why, [claim.key for claim in covered.waiting]) == (None, "covered", ["F"])


def test_currencies_are_not_added_in_a_letter() -> None:
    facts = {
        "invoice": [
            late("F", 30),
            late("D", 30, 50, currency="USD", rate="0.9"),
            {**late("A", 5, -10, currency="USD"), "kind": "credit_note"},
        ]
    }
    found = proposed(facts)["a"]
    assert [(total.currency, total.net) for total in found.totals] == [("EUR", euros(100)), ("USD", euros(40))]
    assert found.amount == euros(136)


def test_interest_is_that_of_the_law_or_it_is_told_why_not() -> None:
    found = proposed({"invoice": [late("F", 30, 1200)]})["a"]
    assert (found.claims[0].interest, found.totals[0].interest) == (Decimal("11.98"), Decimal("11.98"))  # 30 days at 12.15 %
    assert proposed({"invoice": [late("F", 30, 1200)]}, siren="213500002")["a"].claims[0].interest == Decimal("10.01")  # at 10.15 %
    far = proposed({"invoice": [late("F", 30)]}, as_of=date(2099, 1, 15))["a"]
    assert far.claims[0].interest is None
    assert far.totals[0].interest is None
    assert "MDM_REFINANCING_RATES" in (far.missing_rate or "")
    assert found.missing_rate is None


def test_nothing_after_the_day_changes_a_proposal() -> None:
    after = TODAY + timedelta(days=1)
    facts = {"invoice": [late("F", 30)], "reminder": [reminder("F", 1, 15)]}
    more = {
        "invoice": [*facts["invoice"], invoice("later", "a", after, after)], "reminder": [*facts["reminder"], reminder("F", 2, -1)],
        "payment": [payment("F", after)], "write_off": [{"key": "W", "invoice": "F", "on": after, "amount": 100}],
    }  # fmt: skip
    assert proposed(more) == proposed(facts)


def test_what_is_paid_not_due_or_nothing_is_not_reminded_of() -> None:
    assert proposed({"invoice": [late("F", 30), late("G", 0)], "payment": [payment("F", TODAY)]}) == {}
    assert proposals(Frames.of(), TODAY, USUAL) == []
