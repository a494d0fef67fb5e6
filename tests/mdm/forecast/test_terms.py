"""Payment terms as people write them."""

from datetime import date

import pytest

from mdm.forecast.terms import Terms, due, read


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
