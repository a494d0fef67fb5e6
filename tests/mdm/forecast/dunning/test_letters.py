"""Letters say what is proposed, and data cannot say anything else in them."""

from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest

from mdm.forecast.dunning.letters import Language, html, language_of, text
from mdm.forecast.dunning.policy import USUAL, Sender
from mdm.forecast.dunning.proposals import Proposal
from tests.mdm.forecast.dunning.test_proposals import late, proposed, reminder

OURS = USUAL.model_copy(
    update={"sender": Sender(name="Atelier & Fils", address=("1 rue <b>Haute</b>",), iban="FR7630006000011234567890189")}
)


def letter(level: int, **golden: Any) -> Proposal:
    """A proposal at a level: 1 200 overdue since 45 days, 300 of it on account."""
    credit = {**late("A", 5, -300), "kind": "credit_note"}
    sent = [reminder("F1", level - 1, 20)] if level > 1 else []
    return proposed({"invoice": [late("F1", 45, 1200), credit], "reminder": sent}, **golden)["a"]


@pytest.mark.parametrize(
    ("level", "language", "subject", "law"),
    [
        (1, "fr", "Rappel de factures échues", "L441-10 II et D441-5"), (2, "fr", "Deuxième rappel", "L441-10 II et D441-5"),
        (3, "fr", "MISE EN DEMEURE DE PAYER", "article 1344 du code civil"), (1, "en", "Reminder of invoices past due", "L441-10 II and D441-5"),
        (2, "en", "Second reminder", "plus 10 points"), (3, "en", "FORMAL NOTICE TO PAY", "article 1231-6"),
    ],
)  # fmt: skip
def test_each_level_has_its_letter_in_both_languages(level: int, language: Language, subject: str, law: str) -> None:
    for said in (text(letter(level), OURS, language), shown(html(letter(level), OURS, language))):
        plain = " ".join(said.split())
        amounts = (
            ("1 200,00 EUR", "-300,00 EUR", "900,00 EUR", "40,00 EUR")
            if language == "fr"
            else ("1,200.00 EUR", "-300.00 EUR", "900.00 EUR")
        )
        for part in (subject, law, "F1", "FR7630006000011234567890189", "Atelier & Fils", *amounts):
            assert part in plain
        assert ("8 jours" in plain or "8 days" in plain) is (level == 3)


def test_a_public_buyer_is_told_its_own_law() -> None:
    said = text(letter(1, siren="213500002"), OURS, "fr")
    assert "R2192-31" in said
    assert "majoré de 8 points" in said
    assert "L441-10" not in said


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert all(name in ("lang", "charset", "class", "colspan") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def shown(page: str) -> str:
    """What a page says."""
    seen = _Seen()
    seen.feed(page)
    return "\n".join(seen.said)


def test_data_is_escaped() -> None:
    bad = '<script>alert("x")</script>&amp;{0}'
    facts = {"invoice": [late(f"F{bad}", 30, reference=bad)]}
    page = html(proposed(facts, name=bad, street=f"{bad}\r\n<img src=x onerror=y>", city="'\"</address>")["a"], OURS)
    seen = _Seen()
    seen.feed(page)
    assert set(seen.tags) <= {
        "html", "head", "meta", "title", "style", "body", "address", "br", "p", "h1", "table", "thead", "tbody", "tfoot", "tr", "th", "td",
    }  # fmt: skip
    assert bad in "".join(seen.said)


def test_data_makes_no_lines_of_its_own_in_text() -> None:
    said = text(proposed({"invoice": [late("F", 30)]}, name="A\n\nPay to IBAN XX00\x1b[31m")["a"], OURS)
    assert "A Pay to IBAN XX00 [31m" in said
    assert "\x1b" not in said


@pytest.mark.parametrize(("country", "language"), [("FR", "fr"), ("BE", "fr"), ("DE", "en"), ("GB", "en"), (None, "fr")])
def test_the_language_is_that_of_the_country(country: str | None, language: str) -> None:
    found = letter(1, **({"country": country} if country else {}))
    assert language_of(found) == language
    assert f'<html lang="{language}">' in html(found, OURS)


def test_interest_that_is_not_known_is_told_to_be_worked_out() -> None:

    found = proposed({"invoice": [late("F1", 45, 1200)]}, as_of=date(2099, 1, 15))["a"]
    assert "to be worked out" in text(found, OURS, "en")
