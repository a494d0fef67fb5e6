"""Payment terms as people write them."""

from datetime import date

import pytest

from mdm.forecast.terms import Buyer, Terms, ceiling, due, excess, read, usual


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("30 jours", Terms(30)), ("30 jours net", Terms(30)), ("30J", Terms(30)), ("60 j.", Terms(60)), ("net 45 days", Terms(45)),
        ("Net 30", Terms(30)), ("45 jours fin de mois", Terms(45, True)), ("30FDM", Terms(30, True)), ("30 fdm le 10", Terms(30, True, 10)),
        ("30 days end of month", Terms(30, True)), ("Comptant à réception", Terms(0)), ("comptant", Terms(0)), ("Due on receipt", Terms(0)),
        ("", None), (None, None), ("selon devis", None),
    ],
)  # fmt: skip
def test_a_text_says_terms(text: str | None, terms: Terms | None) -> None:
    assert read(text) == terms


@pytest.mark.parametrize(
    ("terms", "days"),
    [
        (Terms(0), [date(2026, 1, 20)]),
        (Terms(30), [date(2026, 2, 19)]),
        (Terms(45, True), [date(2026, 3, 31), date(2026, 3, 17)]),
        (Terms(30, True, 10), [date(2026, 3, 10)]),
    ],
)
def test_the_end_of_the_month_is_read_in_two_ways(terms: Terms, days: list[date]) -> None:
    assert list(due(date(2026, 1, 20), terms)) == days


@pytest.mark.parametrize(
    ("buyer", "month_end", "last"),
    [
        ("company", False, date(2026, 3, 21)), ("company", True, date(2026, 3, 31)), ("periodic", False, date(2026, 3, 6)),
        ("public", False, date(2026, 2, 19)),
    ],
)  # fmt: skip
def test_the_law_sets_a_ceiling(buyer: Buyer, month_end: bool, last: date) -> None:
    assert ceiling(date(2026, 1, 20), buyer, month_end=month_end) == last


@pytest.mark.parametrize(
    ("terms", "buyer", "beyond"),
    [
        (Terms(60), "company", 0), (Terms(61), "company", 1), (Terms(90), "company", 30), (Terms(45, True), "company", 0),
        (Terms(60, True), "company", 15), (Terms(30, True, 10), "company", 0), (Terms(30), "public", 0), (Terms(45), "public", 15),
        (Terms(45), "periodic", 0), (Terms(60), "periodic", 15),
    ],
)  # fmt: skip
def test_terms_beyond_the_ceiling_are_told(terms: Terms, buyer: Buyer, beyond: int) -> None:
    assert excess(terms, buyer) == beyond


def test_where_nothing_is_agreed_the_law_says_thirty_days() -> None:
    assert usual("selon devis") == Terms(30)
    assert usual("45 jours fin de mois") == Terms(45, True)
