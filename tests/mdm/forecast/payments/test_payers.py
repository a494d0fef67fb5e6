"""Habits are learned from what there is, and what is drawn from them is what they say."""

from datetime import date, timedelta

import numpy as np
import pytest

from mdm.forecast.frames import Frames
from mdm.forecast.payments import banking
from mdm.forecast.payments import payers as learning
from mdm.forecast.payments.habits import DAYS, DISPUTE, FIRST, HABIT, delays, dictionary
from mdm.forecast.payments.payers import NEVER_DAY, Payers, payers
from tests.mdm.forecast.payments.companies import START, company, invoice, payment, with_facts
from tests.mdm.forecast.worlds import frames, shuffled

TODAY = date(2026, 6, 30)


def median(how: Payers, customer: str | None) -> int:
    """The delay as likely exceeded as not, of a new invoice."""
    return int((how.delays([customer])[0].cumsum() < 0.5).sum()) + FIRST


def test_shapes_are_distributions() -> None:
    shapes, prior = dictionary()
    assert np.allclose(shapes.sum(1), 1)
    assert np.isclose(prior.sum(), 1)
    assert (shapes >= 0).all()


def test_customers_have_their_own_habits() -> None:
    habits = {f"prompt{at}": (1.0, 1.5) for at in range(8)} | {f"late{at}": (45.0, 8.0) for at in range(8)}
    how = payers(company(habits, 12), TODAY)
    assert abs(median(how, "prompt0") - 1) <= 2
    assert abs(median(how, "late0") - 45) <= 5
    spread = [np.subtract(*((how.delays([name])[0].cumsum() < level).sum() for level in (0.9, 0.1))) for name in ("prompt0", "late0")]
    assert spread[0] < spread[1]
    assert -2 < median(how, None) < 48
    assert np.allclose(how.delays(["prompt0", None]).sum(1), 1)


def test_the_more_invoices_the_less_others_count() -> None:
    others = {f"c{at}": (5.0, 3.0) for at in range(20)}
    world = company(others, 10)
    seen = {}
    for count in (0, 1, 3, 10):
        keys = [f"x{at}" for at in range(count)]
        days = [START + timedelta(days=14 * at) for at in range(count)]
        more = with_facts(
            world,
            invoice=[invoice(key, "x", day, day + timedelta(days=30)) for key, day in zip(keys, days, strict=True)],
            payment=[payment(key, day + timedelta(days=70)) for key, day in zip(keys, days, strict=True)],
        )
        seen[count] = median(payers(more, TODAY), "x")
    assert seen[0] <= 7
    assert seen[0] <= seen[1] <= seen[3] <= seen[10]
    assert 35 <= seen[10] <= 45


def test_open_invoices_are_censored_not_dropped() -> None:
    """Of a customer who pays most invoices late, those that are early are all that is paid yet."""
    as_of = START + timedelta(days=68)
    habits = {f"c{at}": (30.0, 15.0) for at in range(40)}
    world = company(habits, 9, until=as_of)
    paid = world.facts["payment"].num_rows
    assert 0 < paid < 0.5 * world.facts["invoice"].num_rows
    due = dict(zip(world.facts["invoice"]["key"].to_pylist(), world.facts["invoice"]["due_on"].to_pylist(), strict=True))
    told = [(row["received_on"] - due[row["invoices"]]).days for row in world.facts["payment"].to_pylist()]
    assert np.median(told) < 25
    assert 24 <= median(payers(world, as_of), None) <= 38


def test_what_is_written_off_raises_what_is_never_paid() -> None:
    world = company({f"c{at}": (5.0, 3.0) for at in range(10)}, 10)
    unpaid = [invoice(f"x{at}", "bad", START, START + timedelta(days=30)) for at in range(5)]
    lost = [{"key": f"W{at}", "invoice": f"x{at}", "on": date(2025, 9, 1), "amount": 100} for at in range(5)]
    how = payers(with_facts(world, invoice=unpaid, write_off=lost), TODAY)
    never = how.delays(["bad", "c0"])[:, -1]
    assert never[0] > 0.2 > 0.05 > never[1]


def test_nothing_that_comes_later_is_learned() -> None:
    world = company({f"c{at}": (10.0, 5.0) for at in range(6)}, 30)
    as_of = START + timedelta(days=120)
    known = company({f"c{at}": (10.0, 5.0) for at in range(6)}, 30, until=as_of)
    assert np.array_equal(payers(world, as_of).delays(["c0", None]), payers(known, as_of).delays(["c0", None]))


def test_the_order_of_facts_is_nothing() -> None:
    world = company({"a": (3.0, 2.0), "b": (20.0, 5.0)}, 8)
    assert np.allclose(payers(world, TODAY).delays(["a", "b", None]), payers(shuffled(world), TODAY).delays(["a", "b", None]))


def test_of_nothing_there_is_a_prior() -> None:
    how = payers(Frames.of(), TODAY)
    found = how.delays(["nobody", None])
    assert np.allclose(found.sum(1), 1)
    assert how.seen(how.rows([None])).tolist() == [0]
    assert 0 <= median(how, None) <= 15


def test_days_that_are_not_those_of_banks_are_taken_as_they_are() -> None:
    saturday = date(2026, 1, 3)
    world = frames(facts={"invoice": [invoice("F", "c", date(2025, 12, 1), saturday)], "payment": [payment("F", saturday)]})
    assert set(payers(world, TODAY).calendar) == {banking.PLAIN}
    assert set(payers(company({"c": (5.0, 3.0)}, 20), TODAY).calendar) == {banking.BANKS}


def test_samples_follow_the_distribution_given_the_age(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "_AT_ONCE", 1)  # in pieces, too
    how = payers(company({"a": (3.0, 2.0), "b": (30.0, 10.0)}, 12), TODAY)
    rows, after = how.rows(["a", "b", "b", None]), np.array([-1000, 20, 400, 10])
    drawn = how.sample(rows, after, 40_000, np.random.default_rng(3), np.array([False, False, False, True]))
    assert (drawn > after[:, None]).all()
    fresh, old = how.delays(["a", "b"])
    assert abs((drawn[0] <= 3).mean() - fresh[: 3 - FIRST + 1].sum()) < 0.01
    left = np.where(DAYS > 20, old[:-1], 0.0)
    whole = left.sum() + old[-1]
    assert abs((drawn[1] <= 35).mean() - left[: 35 - FIRST + 1].sum() / whole) < 0.01
    assert abs((drawn[1] == NEVER_DAY).mean() - old[-1] / whole) < 0.01
    assert (drawn[2] == NEVER_DAY).mean() > 0.5
    disputed = delays(how.habits, rows[3:], DISPUTE)[0]
    left = np.where(DAYS > 10, disputed[:-1], 0.0)
    assert abs((drawn[3] <= 60).mean() - left[: 60 - FIRST + 1].sum() / (left.sum() + disputed[-1])) < 0.01
    assert delays(how.habits, rows[:1], HABIT)[0][-1] < 1e-9


def test_invoices_of_a_customer_come_late_together() -> None:
    """One habit a customer and path: of a customer of whom little is known, delays go together; they do not across customers."""
    how = payers(company({f"p{at}": (0.0, 1.0) for at in range(10)} | {f"l{at}": (60.0, 1.0) for at in range(10)}, 6), TODAY)
    rows = np.concatenate([how.rows(["p0", "l0"]), how.rows([None, None], ["company", "company"])])
    drawn = how.sample(rows, np.full(4, -1000), 4_000, np.random.default_rng(5)).astype(float)
    late = drawn > 30
    assert np.corrcoef(late[2], late[3])[0, 1] > 0.7
    assert late[0].mean() < 0.2 < 0.8 < late[1].mean()


def test_the_same_seed_draws_the_same() -> None:
    how = payers(company({"a": (3.0, 2.0)}, 5), TODAY)
    draws = [how.sample(how.rows(["a"] * 3), np.full(3, -1000), 50, np.random.default_rng(1)) for _ in range(2)]
    assert np.array_equal(draws[0], draws[1])


def test_customers_who_pay_in_runs_are_known_by_their_days() -> None:
    """One pays on the 10th and the 25th, or the next day of business, another whenever."""
    days = [START + timedelta(days=11 * at) for at in range(14)]
    due = [day + timedelta(days=30) for day in days]
    wanted = [day + timedelta(days=4) for day in due]
    runs = [
        day.replace(day=10) if day.day <= 10 else day.replace(day=25) if day.day <= 25 else (day + timedelta(days=9)).replace(day=10)
        for day in wanted
    ]
    seen = [banking.day_of(banking.next_open(np.array([banking.number(day)]))[0]) for day in runs]
    bills = [invoice(f"r{at}", "r", issued, last) for at, (issued, last) in enumerate(zip(days, due, strict=True))]
    how = payers(
        with_facts(company({"c": (4.0, 3.0)}, 14), invoice=bills, payment=[payment(f"r{at}", day) for at, day in enumerate(seen)]), TODAY
    )
    run, plain = how.calendar[how.rows(["r", "c"])]
    assert banking.RUNS[run - banking.BANKS - 1] == (10, 25)
    assert plain == banking.BANKS
    asked = np.array([[banking.number(date(2026, 7, 3)), banking.number(date(2026, 7, 11))]] * 2)
    told = how.settled(how.rows(["r", "c"]), asked)
    assert [[banking.day_of(day) for day in row] for row in told] == [
        [date(2026, 7, 10), date(2026, 7, 27)], [date(2026, 7, 3), date(2026, 7, 13)],
    ]  # fmt: skip
