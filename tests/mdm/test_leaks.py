"""Findings over time, on a real database: found, marked, mended by the data, found again; and what they come to."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Connection, insert

from mdm import leaks
from mdm.errors import BadInput, NotFound
from mdm.forecast.findings import findings
from mdm.store import findings as stored
from mdm.store.tables import golden
from tests.mdm.forecast.test_leakage import TODAY, Company, faulty
from tests.mdm.forecast.worlds import Row, frames

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)


def look(db: Connection, company: Company, days: int = 0) -> list[Row]:
    """What is found on a day, kept."""
    world = frames(company.facts, company.golden, company.members)
    rows: list[Row] = findings(world, TODAY).to_pylist()
    leaks.refresh(db, rows, lambda: world, TODAY, "EUR", NOW + timedelta(days=days))
    return rows


def milestone(rows: list[Row]) -> str:
    return next(str(row["id"]) for row in rows if row["slug"] == "milestone_done_not_invoiced")


def invoiced() -> Company:
    """The company, in which the milestone was invoiced since."""
    company = faulty()
    company.invoice("5", 1, 1000, "2026-11-10", "2026-12-10")
    (line,) = [line for line in company.facts["plan_line"] if line["key"] == "A5/1"]
    line.update(status="invoiced", invoice="F5/1", done_on="2026-11-09")
    return company


def test_what_is_found_is_open_since_it_was_first_seen(db: Connection) -> None:
    rows = look(db, faulty())
    look(db, faulty(), days=3)
    told = leaks.standing(rows, stored.known(db))
    assert {(row["state"], row["first_seen"], row["recovered"]) for row in told} == {("open", NOW, None)}
    assert len(told) == len(rows)


def test_what_is_mended_is_fixed_with_what_came_back_and_open_again_when_it_returns(db: Connection) -> None:
    rows = look(db, faulty())
    known = milestone(rows)
    after = look(db, invoiced(), days=1)
    assert known not in {row["id"] for row in after}
    (done,) = leaks.fixed(stored.known(db), [row["id"] for row in after])
    assert (done["id"], done["state"], done["recovered"], done["marked_by"]) == (known, "fixed", Decimal("1000.00"), "hub")
    assert (done["slug"], done["amount"], done["since"]) == ("milestone_done_not_invoiced", Decimal("1000.00"), date(2026, 11, 1))
    look(db, faulty(), days=2)
    again = stored.known(db)[known]
    assert (again.state, again.gone_at, again.first_seen) == ("open", None, NOW)
    assert [(mark.state, mark.at) for mark in stored.history(db, known)] == [
        ("fixed", NOW + timedelta(days=1)),
        ("open", NOW + timedelta(days=2)),
    ]


def test_as_it_was_known_then(db: Connection) -> None:
    known = milestone(look(db, faulty()))
    leaks.judge(db, known, "ines", NOW + timedelta(days=1), state="accepted")
    assert stored.known(db, NOW)[known].state == "open"
    assert stored.known(db, NOW + timedelta(days=1))[known].state == "accepted"
    assert stored.known(db, NOW - timedelta(days=1)) == {}


def test_a_false_alarm_needs_a_reason_and_stays_one(db: Connection) -> None:
    known = milestone(look(db, faulty()))
    with pytest.raises(BadInput, match="needs a reason"):
        leaks.judge(db, known, "ines", NOW, state="false_alarm", reason=" ")
    leaks.judge(db, known, "ines", NOW, state="false_alarm", reason="billed by the parent company")
    look(db, invoiced(), days=1)
    look(db, faulty(), days=2)
    assert [mark.state for mark in stored.history(db, known)] == ["false_alarm"]


def test_who_called_it_fixed_is_believed_until_the_data_say_so(db: Connection) -> None:
    known = milestone(look(db, faulty()))
    leaks.judge(db, known, "ines", NOW, state="fixed", reason="invoice goes out tomorrow")
    look(db, faulty(), days=1)
    assert stored.known(db)[known].state == "fixed"
    look(db, invoiced(), days=2)
    assert [(mark.state, mark.recovered) for mark in stored.history(db, known)] == [("fixed", None), ("fixed", Decimal("1000.00"))]
    look(db, faulty(), days=3)
    assert stored.known(db)[known].state == "open"


def test_an_owner_that_was_named_stays_through_all_marks(db: Connection) -> None:
    rows = look(db, faulty())
    known = milestone(rows)
    leaks.judge(db, known, "ines", NOW, owner="Claire")
    leaks.judge(db, known, "paul", NOW, state="accepted", reason="next month")
    look(db, invoiced(), days=1)
    assert [(mark.state, mark.owner, mark.actor) for mark in stored.history(db, known)] == [
        ("open", "Claire", "ines"),
        ("accepted", "Claire", "paul"),
        ("fixed", "Claire", "hub"),
    ]


def merged(db: Connection, company: Company, old: str, new: str) -> None:
    """A golden id leads to another one, and everything refers to that."""
    for golden_id, into in ((new, None), (old, new)):
        values = {"id": golden_id, "entity": "customer", "status": "merged" if into else "live", "merged_into": into, "born_at": NOW}
        db.execute(insert(golden).values(values))
    for rows in (*company.facts.values(), *company.golden.values(), *company.members.values()):
        for row in rows:
            row.update({name: new for name, value in row.items() if value == old})


def test_a_finding_goes_on_when_its_customer_is_merged(db: Connection) -> None:
    (known,) = [row for row in look(db, faulty()) if row["slug"] == "identity_break"]
    leaks.judge(db, known["id"], "ines", NOW, state="false_alarm", reason="two payers", owner="Claire")
    company = faulty()
    merged(db, company, known["golden_customer_id"], "survivor")
    (heir,) = [row for row in look(db, company, days=2) if row["slug"] == "identity_break"]
    assert heir["id"] != known["id"]
    found = stored.known(db)
    assert (found[heir["id"]].state, found[heir["id"]].first_seen) == ("false_alarm", NOW)
    assert [(one.state, one.owner, one.reason, one.actor) for one in stored.history(db, heir["id"])] == [
        ("false_alarm", "Claire", "two payers", "ines")
    ]
    assert [one.state for one in stored.history(db, known["id"])] == ["false_alarm"]
    look(db, company, days=3)
    assert len(stored.history(db, heir["id"])) == 1


def test_a_finding_of_which_nothing_was_said_goes_on_too(db: Connection) -> None:
    (known,) = [row for row in look(db, faulty()) if row["slug"] == "identity_break"]
    company = faulty()
    merged(db, company, known["golden_customer_id"], "survivor")
    (heir,) = [row for row in look(db, company, days=2) if row["slug"] == "identity_break"]
    assert (stored.known(db)[heir["id"]].first_seen, stored.history(db, heir["id"]), stored.history(db, known["id"])) == (NOW, [], [])


def test_what_there_is_not_cannot_be_judged(db: Connection) -> None:
    with pytest.raises(NotFound):
        leaks.judge(db, "leak_none", "ines", NOW, state="accepted")
    known = milestone(look(db, faulty()))
    with pytest.raises(BadInput, match="say the state"):
        leaks.judge(db, known, "ines", NOW)


def test_totals_tie_to_the_findings(db: Connection) -> None:
    rows = look(db, faulty())
    known = milestone(rows)
    leaks.judge(db, known, "ines", NOW, state="accepted")
    told = leaks.standing(rows, stored.known(db))
    totals = {(one.by, one.value): one for one in leaks.totals(told)}
    everything = sum((row["amount"] for row in rows), Decimal(0))
    assert totals["all", None].at_risk + totals["all", None].accepted == everything
    assert totals["all", None].accepted == Decimal("1000.00")
    for by in ("check", "owner"):
        assert sum((one.at_risk for (sort, _), one in totals.items() if sort == by), Decimal(0)) == totals["all", None].at_risk
    assert totals["owner", "Eva Roy"].open > 0
    assert totals["owner", "accounting"].at_risk > 0


def test_what_rests_on_a_doubtful_link_is_in_no_sum() -> None:
    row = {"slug": "a", "owner": None, "owner_role": "lead", "amount": Decimal(5), "state": "open", "recovered": None, "link_first": True}
    (total, *_) = leaks.totals([row, {**row, "link_first": False, "amount": Decimal(7)}])
    assert (total.open, total.at_risk, total.link_first) == (1, Decimal(7), 1)
    assert leaks.totals([]) == []
