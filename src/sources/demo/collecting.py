"""Cash: payments and their lettering, short and unallocated ones, reminders, write-offs."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from random import Random
from typing import Final

from .dates import after, monday, workday
from .model import Client, Entity, Invoice, Payment, Reminder
from .money import ZERO, euros, total

_LEVELS: Final = ((1, 8), (2, 30), (3, 60))
"""Level of reminder, days overdue."""
_MODES: Final = ("Virement", "Virement", "Virement", "Virement", "Chèque", "LCR", "Prélèvement")
_INSTALMENTS_FROM: Final = Decimal(6_000)


@dataclass(slots=True)
class Ledger:
    """What happened to the invoices."""

    payments: list[Payment] = field(default_factory=list)
    reminders: list[Reminder] = field(default_factory=list)
    losses: list[tuple[date, Invoice, Decimal]] = field(default_factory=list)


def collect(rng: Random, invoices: list[Invoice], today: date) -> Ledger:
    """Settle every invoice as its customer does, until `today`."""
    ledger = Ledger()
    letters = _Letters()
    credits = {id(note.origin): note for note in invoices if note.kind == "Avoir" and note.origin is not None}
    batches: dict[tuple[str, date], list[Invoice]] = defaultdict(list)
    for invoice in invoices:
        if invoice.kind != "Avoir":
            _settle(rng, ledger, letters, batches, invoice, credits.get(id(invoice)), today)
    for (_, day), batch in sorted(batches.items()):
        ledger.payments.append(_pay_batch(rng, letters, batch, credits, day))
    for note in invoices:
        if note.kind == "Avoir":
            note.state = "Imputé" if note.lettering else "Ouvert"
    ledger.payments.sort(key=lambda one: (one.on, one.client.code, one.amount))
    ledger.losses.sort(key=lambda loss: (loss[0], loss[1].number))
    ledger.reminders = _remind(invoices, today)
    return ledger


class _Letters:
    """Lettering codes of each client: AA, AB, ... AZ, BA."""

    def __init__(self) -> None:
        self._used: dict[str, int] = defaultdict(int)

    def next(self, client: Client) -> str:
        rank = self._used[client.code]
        self._used[client.code] += 1
        return chr(65 + rank // 26 % 26) + chr(65 + rank % 26)


def _settle(
    rng: Random,
    ledger: Ledger,
    letters: _Letters,
    batches: dict[tuple[str, date], list[Invoice]],
    invoice: Invoice,
    credit: Invoice | None,
    today: date,
) -> None:
    """Decide how one invoice is settled: with others in a payment, in parts, short, unmatched, written off or not at all."""
    day = _payment_day(rng, invoice)
    leak = _payment_leak(invoice, today)
    if leak:
        invoice.leak = leak
    if leak in ("duplicate_invoice", "overdue_without_reminder"):
        return
    if _is_bad(invoice.client.entity, day):
        _write_off(ledger, letters, invoice, today)
    elif day > today:
        return
    elif leak in ("short_payment", "unallocated_payment"):
        ledger.payments.append(_faulty(rng, invoice, day, leak))
    elif credit is None and invoice.gross > _INSTALMENTS_FROM and rng.random() < 0.04:
        _pay_in_parts(rng, ledger, letters, invoice, day, today)
    else:
        batches[invoice.client.code, day].append(invoice)


def _payment_leak(invoice: Invoice, today: date) -> str:
    """The fault of a deal's payment falls on its last invoice."""
    if invoice.leak:
        return invoice.leak if invoice.leak == "duplicate_invoice" else ""
    project = invoice.project
    if project is None or project.plan[-1].invoice is not invoice:
        return ""
    leak = project.deal.leak
    overdue = (today - invoice.due).days
    if leak == "overdue_without_reminder":
        return leak if overdue > 62 else ""
    if leak in ("short_payment", "unallocated_payment") and overdue > 40:
        return leak
    return ""


def _payment_day(rng: Random, invoice: Invoice) -> date:
    """Due date and the customer's usual delay; half the customers pay on two days a month."""
    entity = invoice.client.entity
    mean, spread = entity.lateness
    day = after(invoice.due, max(-3, round(rng.gauss(mean, spread))))
    day = max(day, after(invoice.on, 2))
    if int(entity.key[1:]) % 2:
        day = day.replace(day=10) if day.day <= 10 else day.replace(day=25) if day.day <= 25 else day
    return workday(day)


def _is_bad(entity: Entity, day: date) -> bool:
    return entity.bankrupt_on is not None and day >= entity.bankrupt_on


def _write_off(ledger: Ledger, letters: _Letters, invoice: Invoice, today: date) -> None:
    broke = invoice.client.entity.bankrupt_on
    if broke is None:
        return
    day = workday(after(max(broke, invoice.due), 95))
    if day <= today:
        invoice.lettering, invoice.state, invoice.settled_on = letters.next(invoice.client), "Soldée", day
        ledger.losses.append((day, invoice, invoice.gross))


def _faulty(rng: Random, invoice: Invoice, day: date, leak: str) -> Payment:
    """A payment that is 1 to 3 % short, or one that nobody matched to its invoice."""
    mode = rng.choice(_MODES)
    if leak == "unallocated_payment":
        return Payment(day, invoice.client, invoice.gross, [], mode)
    amount = euros(invoice.gross * Decimal(100 - rng.randint(1, 3)) / 100)
    invoice.state, invoice.paid = "Partielle", amount
    return Payment(day, invoice.client, amount, [invoice], mode)


def _pay_in_parts(rng: Random, ledger: Ledger, letters: _Letters, invoice: Invoice, day: date, today: date) -> None:
    first = euros(invoice.gross / 2)
    second_day = workday(after(day, rng.randint(20, 35)))
    mode = rng.choice(_MODES)
    ledger.payments.append(Payment(day, invoice.client, first, [invoice], mode))
    invoice.paid, invoice.state = first, "Partielle"
    if second_day > today:
        return
    letter = letters.next(invoice.client)
    ledger.payments[-1].lettering = letter
    ledger.payments.append(Payment(second_day, invoice.client, invoice.gross - first, [invoice], mode, letter))
    _close(invoice, letter, second_day)


def _pay_batch(rng: Random, letters: _Letters, batch: list[Invoice], credits: dict[int, Invoice], day: date) -> Payment:
    """One payment for several invoices, less the credit notes they gave rise to."""
    client = batch[0].client
    letter = letters.next(client)
    notes = [note for note in map(credits.get, map(id, batch)) if note is not None and note.on <= day]
    for document in [*batch, *notes]:
        _close(document, letter, day)
    amount = total([document.gross for document in [*batch, *notes]])
    return Payment(day, client, amount, batch, "Carte bancaire" if amount < 600 and rng.random() < 0.2 else rng.choice(_MODES), letter)


def _close(invoice: Invoice, letter: str, day: date) -> None:
    invoice.lettering, invoice.state, invoice.settled_on = letter, "Soldée", day
    invoice.paid = invoice.gross


def _remind(invoices: list[Invoice], today: date) -> list[Reminder]:
    """Reminders go out on Mondays, level after level, while the invoice is open."""
    sent = []
    for invoice in invoices:
        if invoice.kind == "Avoir" or invoice.leak == "overdue_without_reminder" or invoice.gross == ZERO:
            continue
        until = min(today, invoice.settled_on or today)
        for level, overdue in _LEVELS:
            day = monday(after(invoice.due, overdue))
            if day < until:
                sent.append(Reminder(day, invoice, level))
    sent.sort(key=lambda one: (one.on, one.invoice.number))
    return sent
