"""Which reminders to send today, to whom, and what is not reminded of and why.

In:  the facts invoice, payment, write_off and reminder, the golden records of customer, the holds; a policy.
Out: a `Proposal` for each golden customer that has something overdue, those with the highest level first, then by amount.

An invoice is due for the level after the last one that was sent for it, once it is overdue by the days of that level and the gap since the
last letter is over: no level is skipped. It is frozen while it is disputed (by the source's word or a hold) or a payment is promised; a
promise that has lapsed freezes nothing. One letter goes to a golden customer, whatever accounts it has; its tone is that of the highest
level for which one of its invoices is due. What the customer has on account (open credit notes, payments that settled nothing) is taken off.
Interest and indemnity are those of the law on what is open today, and null where the rate of a half-year is not known.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

import pyarrow as pa

from mdm.forecast.cash import open_documents
from mdm.forecast.dunning.policy import Policy
from mdm.forecast.exchange import exchange
from mdm.forecast.frames import Frames, query
from mdm.forecast.interest import INDEMNITY, UnknownRate, interest
from mdm.forecast.payments.outcomes import DISPUTED
from mdm.forecast.settlement import settlements
from mdm.forecast.terms import Buyer

Row = dict[str, Any]
Why = Literal["due", "too_early", "gap", "all_sent", "dispute", "promise"]
"""Of an invoice: due for a letter; not overdue by enough days; a letter went out lately; every level was sent; frozen."""


@dataclass(frozen=True)
class Claim:
    """An overdue invoice. `level` is the one that it is due for, counted from 1; null where it is not due for a letter."""

    source: str
    key: str
    account: str | None
    reference: str | None
    issued_on: date
    due_on: date
    days_overdue: int
    currency: str
    gross: Decimal
    open: Decimal
    interest: Decimal | None
    indemnity: Decimal
    sent_level: int
    sent_on: date | None
    level: int | None
    why: Why
    until: date | None
    """When it thaws, or may be reminded of again."""
    reason: str | None
    """What was said where it was frozen."""


@dataclass(frozen=True)
class Credit:
    """What a customer has on account: an open credit note or a payment that settled nothing."""

    source: str
    key: str
    kind: Literal["credit_note", "payment"]
    on: date
    currency: str
    amount: Decimal


@dataclass(frozen=True)
class Total:
    """What a letter claims in a currency: `open` of its invoices, what is on account, and what is left."""

    currency: str
    open: Decimal
    credit: Decimal
    net: Decimal
    interest: Decimal | None


@dataclass(frozen=True)
class Proposal:
    """The letter to send to a golden customer today, or why there is none: then `level` is null."""

    golden_customer_id: str
    customer: str
    address: tuple[str, ...]
    country: str | None
    public: bool
    """Whether it is a public body, for which other rules of late payment hold."""
    email: str | None
    as_of: date
    level: int | None
    tone: str | None
    channel: str | None
    amount: Decimal
    """Claimed, net, in the company's currency."""
    why: str
    """`due`, `covered` (on account is as much), `minimum`, or what holds of the invoice that is overdue longest."""
    claims: tuple[Claim, ...]
    """Invoices that the letter is about."""
    waiting: tuple[Claim, ...]
    """Overdue and not due for a letter."""
    frozen: tuple[Claim, ...]
    credits: tuple[Credit, ...]
    totals: tuple[Total, ...]
    indemnity: Decimal
    """In EUR, of all invoices in the letter."""
    missing_rate: str | None
    """Why interest is null."""


_OVERDUE = """
    WITH last AS (
        SELECT source, invoice AS key, max(level)::INTEGER AS level, max(sent_on) AS sent_on FROM reminder WHERE sent_on <= $as_of GROUP BY ALL
    ), frozen AS (
        SELECT source, key, kind, until, reason FROM hold
        WHERE set_on <= $as_of AND coalesce(released_on > $as_of, true) AND coalesce(until >= $as_of, true)
        QUALIFY row_number() OVER (PARTITION BY source, key ORDER BY kind, until DESC NULLS FIRST) = 1
    ), worth AS (
        SELECT currency, arg_max(rate, since) AS rate FROM exchange WHERE since <= $as_of GROUP BY currency
    )
    SELECT d.*, i.customer AS account, i.reference, coalesce(l.level, 0) AS sent_level, l.sent_on,
        CASE WHEN f.kind IS NOT NULL THEN f.kind WHEN regexp_matches(lower(strip_accents(i.status)), $disputed) THEN 'dispute' END AS hold,
        f.until, coalesce(f.reason, if(f.kind IS NULL, i.status, NULL)) AS reason, x.rate
    FROM open_document d
    JOIN invoice i USING (source, key)
    LEFT JOIN last l USING (source, key)
    LEFT JOIN frozen f USING (source, key)
    LEFT JOIN worth x ON x.currency = d.currency
    WHERE d.kind = 'invoice' AND d.days_overdue > 0 AND d.open > 0 AND d.golden_customer_id IS NOT NULL
    ORDER BY d.due_on, d.source, d.key"""

_CREDITS = """
    SELECT golden_customer_id, source, key, 'credit_note' AS kind, issued_on AS "on", currency, -open AS amount
    FROM open_document WHERE kind = 'credit_note' AND open < 0 AND golden_customer_id IS NOT NULL
    UNION ALL
    SELECT p.customer_id, s.source, s.key, 'payment', s."on", p.currency, s.amount
    FROM settlement s JOIN payment p USING (source, key)
    WHERE s.kind = 'payment' AND s.invoice IS NULL AND s.amount > 0 AND p.customer_id IS NOT NULL
    ORDER BY "on", source, key"""


def proposals(
    frames: Frames,
    as_of: date,
    policy: Policy,
    currency: str = "EUR",
    rates: Mapping[date, Decimal] | None = None,
    customers: Iterable[str] | None = None,
) -> list[Proposal]:
    """The reminders of a day; `rates` are refinancing rates beside those known, `customers` the golden ones that are asked for."""
    settlement = settlements(frames, as_of)
    tables = {"settlement": settlement, "open_document": open_documents(frames, settlement, as_of), "exchange": exchange(frames, currency)}
    wanted = None if customers is None else frozenset(customers)
    overdue = _grouped(query(frames, _OVERDUE, tables=tables, as_of=as_of, disputed=DISPUTED), wanted)
    credits = _grouped(query(frames, _CREDITS, tables=tables), wanted)
    golden = {row["golden_id"]: row for row in frames.golden["customer"].to_pylist() if row["golden_id"] in overdue}
    made = [
        _proposal(golden.get(customer, {"golden_id": customer}), rows, credits.get(customer, []), as_of, policy, rates)
        for customer, rows in overdue.items()
    ]
    return sorted(made, key=lambda one: (-(one.level or 0), -one.amount, one.golden_customer_id))


def _grouped(table: pa.Table, wanted: frozenset[str] | None) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in table.to_pylist():
        if wanted is None or row["golden_customer_id"] in wanted:
            found[row["golden_customer_id"]].append(row)
    return found


def _proposal(
    golden: Row, rows: Sequence[Row], credits: Sequence[Row], as_of: date, policy: Policy, rates: Mapping[date, Decimal] | None
) -> Proposal:
    buyer: Buyer = "public" if str(golden.get("siren") or " ")[0] in "12" else "company"
    missing: list[str] = []
    claims = [_claim(row, as_of, policy, buyer, rates, missing) for row in rows]
    given = tuple(Credit(*(row[name] for name in ("source", "key", "kind", "on", "currency", "amount"))) for row in credits)
    worth = {row["currency"]: row["rate"] for row in rows}
    due, level, amount, why = _letter([claim for claim in claims if claim.why == "due"], given, worth, policy)
    step = policy.levels[level - 1] if level else None
    named = tuple(str(golden[part]) for part in ("street",) if golden.get(part))
    town = " ".join(str(golden[part]) for part in ("postcode", "city") if golden.get(part))
    return Proposal(
        golden_customer_id=golden["golden_id"],
        customer=golden.get("name") or golden["golden_id"],
        address=(*named, town) if town else named,
        country=golden.get("country"),
        public=buyer == "public",
        email=golden.get("email"),
        as_of=as_of,
        level=level,
        tone=step.tone if step else None,
        channel=step.channel if step else None,
        amount=amount,
        why=why or claims[0].why,
        claims=tuple(due),
        waiting=tuple(claim for claim in claims if claim not in due and claim.why not in ("dispute", "promise")),
        frozen=tuple(claim for claim in claims if claim.why in ("dispute", "promise")),
        credits=given,
        totals=_totals(due, given),
        indemnity=INDEMNITY * len(due),
        missing_rate=missing[0] if missing else None,
    )


def _claim(row: Row, as_of: date, policy: Policy, buyer: Buyer, rates: Mapping[date, Decimal] | None, missing: list[str]) -> Claim:
    sent = min(max(row["sent_level"], 0), len(policy.levels))
    why, until = _standing(row, sent, as_of, policy)
    try:
        owed = interest(row["open"], row["due_on"], as_of, rates, buyer=buyer)
    except UnknownRate as error:
        owed = None
        missing.append(str(error))
    same = ("source", "key", "account", "reference", "issued_on", "due_on", "days_overdue", "currency", "gross", "open", "sent_on")
    return Claim(
        **{name: row[name] for name in same},
        interest=owed,
        indemnity=INDEMNITY,
        sent_level=sent,
        level=sent + 1 if why == "due" else None,
        why=why,
        until=until,
        reason=row["reason"] if row["hold"] else None,
    )


def _standing(row: Row, sent: int, as_of: date, policy: Policy) -> tuple[Why, date | None]:
    """What holds of an overdue invoice, and until when."""
    if row["hold"] is not None:
        return row["hold"], row["until"]
    if sent >= len(policy.levels):
        return "all_sent", None
    begins = row["due_on"] + timedelta(days=policy.levels[sent].days)
    if begins > as_of:
        return "too_early", begins
    again = row["sent_on"] + timedelta(days=policy.gap_days) if row["sent_on"] else as_of
    return ("gap", again) if again > as_of else ("due", None)


def _letter(
    due: Sequence[Claim], credits: Sequence[Credit], rates: Mapping[str, Decimal | None], policy: Policy
) -> tuple[list[Claim], int | None, Decimal, str | None]:
    """What a letter is about, its level, what it claims in the company's currency, and why it goes out or not; of no claims nothing is said.

    It is of the highest level for which an invoice is due and whose minimum is reached by what is due for it and for the levels before.
    """
    if not due:
        return [], None, Decimal("0.00"), None
    for level in sorted({claim.level for claim in due if claim.level}, reverse=True):
        about = [claim for claim in due if claim.level and claim.level <= level]
        net = _worth(about, credits, rates)
        if net > 0 and net >= policy.levels[level - 1].minimum:
            return about, level, net, "due"
    net = _worth(due, credits, rates)
    return [], None, net, "minimum" if net > 0 else "covered"


def _worth(claims: Sequence[Claim], credits: Sequence[Credit], rates: Mapping[str, Decimal | None]) -> Decimal:
    """Claims net of what is on account, in the company's currency; a currency without a rate counts as that."""
    parts = (total.net * (rates.get(total.currency) or 1) for total in _totals(claims, credits))
    return sum(parts, Decimal(0)).quantize(Decimal("0.01"))


def _totals(claims: Sequence[Claim], credits: Sequence[Credit]) -> tuple[Total, ...]:
    """By currency; what is on account in a currency in which nothing is claimed does not count."""
    found = []
    for currency in sorted({claim.currency for claim in claims}):
        mine = [claim for claim in claims if claim.currency == currency]
        owed = sum((claim.open for claim in mine), Decimal(0))
        credit = sum((one.amount for one in credits if one.currency == currency), Decimal(0)).quantize(Decimal("0.01"))
        charged = [claim.interest for claim in mine if claim.interest is not None]
        interest_of = sum(charged, Decimal(0)) if len(charged) == len(mine) else None
        found.append(Total(currency, owed, credit, owed - credit, interest_of))
    return tuple(found)
