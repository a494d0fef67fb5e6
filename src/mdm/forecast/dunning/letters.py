"""Letters of reminder, as plain text and as HTML that prints on A4, in French and in English: one for a golden customer.

In:  a `Proposal` with a level, and who sends it.
Out: text. Whatever comes from data is escaped in HTML, and holds no line breaks in text.

A formal notice is a "mise en demeure": it asks for payment within some days, and says what the law adds meanwhile (C. civ. 1344, 1231-6; C. com.
L441-10 II and D441-5; of a public buyer CCP L2192-13, R2192-31 and D2192-35).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from html import escape
from typing import Literal

from mdm.forecast.dunning.policy import Policy, Tone
from mdm.forecast.dunning.proposals import Claim, Proposal

Language = Literal["fr", "en"]
FRENCH = frozenset({"FR", "BE", "LU", "MC", "CH", "GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF", "NC", "PF", "WF"})
"""Countries to which letters are in French where nothing else is said."""


@dataclass(frozen=True)
class _Words:
    subject: str
    opening: str
    closing: str


_TONES: dict[tuple[Language, Tone], _Words] = {
    ("fr", "friendly"): _Words(
        "Rappel de factures échues",
        "Sauf erreur de notre part, nous n'avons pas encore reçu le règlement des factures suivantes, dont l'échéance est passée. "
        "Il s'agit sans doute d'un oubli : nous vous remercions de bien vouloir les régler, ou de nous dire ce qui s'y oppose.",
        "Si votre règlement nous est parvenu entre-temps, ne tenez pas compte de ce rappel.",
    ),
    ("fr", "firm"): _Words(
        "Deuxième rappel : factures impayées",
        "Malgré notre rappel, les factures suivantes restent impayées. Nous vous demandons de les régler sans délai, ou de nous indiquer par "
        "écrit le motif de votre retard.",
        "À défaut de règlement, nous devrons vous mettre en demeure de payer.",
    ),
    ("fr", "formal"): _Words(
        "MISE EN DEMEURE DE PAYER",
        "Malgré nos rappels, vous restez nous devoir les factures suivantes. Par la présente, nous vous mettons en demeure, au sens de l'article 1344 "
        "du code civil, de nous régler la somme de {net} dans un délai de {days} jours à compter de la réception de cette lettre.",
        "À défaut de règlement intégral dans ce délai, nous saisirons la juridiction compétente, sans autre avis, pour obtenir le paiement des "
        "sommes dues, des intérêts et de tous les frais. Cette lettre fait courir les intérêts moratoires (article 1231-6 du code civil).",
    ),
    ("en", "friendly"): _Words(
        "Reminder of invoices past due",
        "According to our records the invoices below are past due and not paid yet. This is probably an oversight: please pay them, or "
        "tell us what prevents you from doing so.",
        "If you have paid in the meantime, please disregard this reminder.",
    ),
    ("en", "firm"): _Words(
        "Second reminder: unpaid invoices",
        "Despite our reminder, the invoices below remain unpaid. Please pay them without delay, or tell us in writing why they are late.",
        "Failing payment, we shall have to serve a formal notice.",
    ),
    ("en", "formal"): _Words(
        "FORMAL NOTICE TO PAY",
        "Despite our reminders, you still owe us the invoices below. We hereby give you formal notice (mise en demeure, article 1344 of the French "
        "civil code) to pay {net} within {days} days of receiving this letter.",
        "Failing full payment by then, we shall bring the matter before the competent court without further notice, to obtain payment of all "
        "sums due, interest and costs. This letter starts default interest (article 1231-6 of the French civil code).",
    ),
}

_LABELS: dict[Language, dict[str, str]] = {
    "fr": {
        "salutation": "Madame, Monsieur,", "regards": "Nous vous prions d'agréer, Madame, Monsieur, l'expression de nos salutations distinguées.",
        "invoice": "Facture", "issued": "Date", "due": "Échéance", "late": "Jours de retard", "open": "Reste dû TTC", "interest": "Intérêts",
        "total": "Total", "credit": "À déduire, sur votre compte", "net": "Reste à payer", "indemnity": "Indemnité forfaitaire de recouvrement",
        "each": "{count} x 40 EUR", "order": "votre référence {reference}", "pay_to": "À régler par virement : IBAN {iban}",
        "ask": "Pour toute question : {contact}",
        "law": "En cas de retard, sont dus de plein droit, sans rappel, des intérêts au taux de refinancement de la Banque centrale européenne majoré de "
        "10 points, dès le lendemain de l'échéance, et une indemnité forfaitaire de 40 EUR par facture (articles L441-10 II et D441-5 du code de "
        "commerce). Les montants ci-dessus sont arrêtés au {day}.",
        "law_public": "En cas de retard, sont dus de plein droit, sans rappel, des intérêts moratoires au taux de refinancement de la Banque centrale "
        "européenne majoré de 8 points et une indemnité forfaitaire de 40 EUR par facture (articles L2192-13, R2192-31 et D2192-35 du code de la "
        "commande publique). Les montants ci-dessus sont arrêtés au {day}.",
        "unknown": "à calculer",
    },
    "en": {
        "salutation": "Dear Sir or Madam,", "regards": "Yours faithfully,",
        "invoice": "Invoice", "issued": "Date", "due": "Due", "late": "Days late", "open": "Open, with tax", "interest": "Interest",
        "total": "Total", "credit": "Less, on your account", "net": "To be paid", "indemnity": "Fixed compensation for recovery costs",
        "each": "{count} x 40 EUR", "order": "your reference {reference}", "pay_to": "By transfer to IBAN {iban}",
        "ask": "Questions: {contact}",
        "law": "Late payment carries, by law and without a reminder, interest at the refinancing rate of the European Central Bank plus 10 points from "
        "the day after the due date, and compensation of 40 EUR for each invoice (articles L441-10 II and D441-5 of the French commercial code). The "
        "amounts above are as of {day}.",
        "law_public": "Late payment carries, by law and without a reminder, interest at the refinancing rate of the European Central Bank plus 8 points and "
        "compensation of 40 EUR for each invoice (articles L2192-13, R2192-31 and D2192-35 of the French public procurement code). The amounts above are "
        "as of {day}.",
        "unknown": "to be worked out",
    },
}  # fmt: skip

_STYLE = (
    "@page{size:A4;margin:22mm}body{font:11pt/1.45 Georgia,serif;color:#111;max-width:170mm;margin:0 auto}address{font-style:normal;margin:0 0 10mm}"
    ".to{margin-left:90mm}h1{font-size:13pt}table{border-collapse:collapse;width:100%;margin:5mm 0}th,td{padding:1mm 2mm;border-bottom:.3mm solid #bbb;"
    "text-align:left}.n{text-align:right;white-space:nowrap}.law{font-size:9pt}tfoot td{font-weight:bold}"
)


def language_of(proposal: Proposal) -> Language:
    """French for customers in countries where it is spoken, and where the country is not known; else English."""
    return "fr" if proposal.country is None or proposal.country in FRENCH else "en"


def text(proposal: Proposal, policy: Policy, language: Language | None = None) -> str:
    """The letter as plain text."""
    letter = _Letter(proposal, policy, language or language_of(proposal))
    rows = [letter.heads(), *letter.rows(), *([label, "", "", "", *amounts] for label, *amounts in letter.sums())]
    widths = [max(len(row[at]) for row in rows) for at in range(6)]
    lines = [
        "  ".join(cell.ljust(width) if at < 3 else cell.rjust(width) for at, (cell, width) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    ]
    parts = [
        "\n".join(letter.sender()), "\n".join(letter.recipient()), letter.day(proposal.as_of), letter.subject, letter.word("salutation"),
        letter.opening, "\n".join(line.rstrip() for line in lines), letter.indemnity(), *letter.ways(), letter.closing, letter.law(),
        letter.word("regards"), letter.sign(),
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part) + "\n"


def html(proposal: Proposal, policy: Policy, language: Language | None = None) -> str:
    """The letter as a page of HTML that needs nothing else and prints on A4."""
    letter = _Letter(proposal, policy, language or language_of(proposal))
    heads = "".join(_cell("th", head, at) for at, head in enumerate(letter.heads()))
    rows = "".join(f"<tr>{''.join(_cell('td', cell, at) for at, cell in enumerate(row))}</tr>" for row in letter.rows())
    sums = "".join(
        f'<tr><td colspan="4">{escape(label)}</td>{"".join(_cell("td", amount, 4) for amount in amounts)}</tr>'
        for label, *amounts in letter.sums()
    )
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody><tfoot>{sums}</tfoot></table>"
    address = '<address class="{}">{}</address>'
    parts = [
        address.format("from", "<br>".join(map(escape, letter.sender()))),
        address.format("to", "<br>".join(map(escape, letter.recipient()))),
        f"<p>{escape(letter.day(proposal.as_of))}</p>",
        f"<h1>{escape(letter.subject)}</h1>",
        *(f"<p>{escape(part)}</p>" for part in (letter.word("salutation"), letter.opening)),
        table,
        *(f"<p>{escape(part)}</p>" for part in (letter.indemnity(), *letter.ways(), letter.closing)),
        f'<p class="law">{escape(letter.law())}</p>',
        *(f"<p>{escape(part)}</p>" for part in (letter.word("regards"), letter.sign()) if part),
    ]
    head = f'<meta charset="utf-8"><title>{escape(letter.subject)}</title><style>{_STYLE}</style>'
    return f'<!doctype html>\n<html lang="{letter.language}"><head>{head}</head><body>\n' + "\n".join(parts) + "\n</body></html>\n"


def _cell(tag: str, content: str, place: int) -> str:
    kind = "" if place < 3 else ' class="n"'
    return f"<{tag}{kind}>{escape(content)}</{tag}>"


class _Letter:
    """What a letter says, in its language; nothing is escaped yet."""

    def __init__(self, proposal: Proposal, policy: Policy, language: Language) -> None:
        assert proposal.level is not None, "there is a letter only where a level is proposed"
        self.proposal, self.policy, self.language = proposal, policy, language
        self._words = _TONES[language, policy.levels[proposal.level - 1].tone]
        net = ", ".join(self.money(total.net, total.currency) for total in proposal.totals if total.net > 0)
        self.subject = self._words.subject
        self.opening = self._words.opening.format(net=net, days=policy.pay_within_days)
        self.closing = self._words.closing

    def word(self, name: str) -> str:
        return _LABELS[self.language][name]

    def sender(self) -> Sequence[str]:
        return [_line(part) for part in (self.policy.sender.name, *self.policy.sender.address) if part]

    def recipient(self) -> Sequence[str]:
        return [_line(part) for part in (self.proposal.customer, *self.proposal.address)]

    def sign(self) -> str:
        return _line(self.policy.sender.name)

    def ways(self) -> Iterator[str]:
        sender = self.policy.sender
        if sender.iban:
            yield self.word("pay_to").format(iban=_line(sender.iban))
        if sender.contact:
            yield self.word("ask").format(contact=_line(sender.contact))

    def heads(self) -> list[str]:
        return [self.word(name) for name in ("invoice", "issued", "due", "late", "open", "interest")]

    def rows(self) -> Iterator[list[str]]:
        for claim in self.proposal.claims:
            amounts = self.money(claim.open, claim.currency), self.interest(claim.interest, claim.currency)
            yield [self.named(claim), self.day(claim.issued_on), self.day(claim.due_on), str(claim.days_overdue), *amounts]

    def sums(self) -> Iterator[list[str]]:
        for total in self.proposal.totals:
            yield [self.word("total"), self.money(total.open, total.currency), self.interest(total.interest, total.currency)]
            if total.credit:
                yield [self.word("credit"), self.money(-total.credit, total.currency), ""]
            yield [self.word("net"), self.money(total.net, total.currency), ""]

    def named(self, claim: Claim) -> str:
        said = self.word("order").format(reference=_line(claim.reference)) if claim.reference else ""
        return f"{_line(claim.key)} ({said})" if said else _line(claim.key)

    def indemnity(self) -> str:
        count = self.word("each").format(count=len(self.proposal.claims))
        colon = "\u00a0:" if self.language == "fr" else ":"
        return f"{self.word('indemnity')}{colon} {count} = {self.money(self.proposal.indemnity, 'EUR')}"

    def law(self) -> str:
        return self.word("law_public" if self.proposal.public else "law").format(day=self.day(self.proposal.as_of))

    def interest(self, amount: Decimal | None, currency: str) -> str:
        return self.word("unknown") if amount is None else self.money(amount, currency)

    def money(self, amount: Decimal, currency: str) -> str:
        plain = f"{amount:,.2f}"
        written = plain.replace(",", "\u202f").replace(".", ",") if self.language == "fr" else plain
        return f"{written}\u00a0{_line(currency)}"

    def day(self, day: date) -> str:
        return f"{day:%d/%m/%Y}" if self.language == "fr" else day.isoformat()


def _line(said: str) -> str:
    """On one line, without control characters."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in said).split())
