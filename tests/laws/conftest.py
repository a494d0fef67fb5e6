"""A hub whose models were trained once, on a company like those of the worlds; a world begins with nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mdm import pipeline
from mdm.pipeline import Hub
from mdm.settings import Settings
from tests.conftest import _database
from tests.laws.world import CITIES, FORMS, GENERIC, Row, deliver, empty


@pytest.fixture(scope="session")
def lawful(server: str, template: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """The hub; `empty` it before each world."""
    with schooled(server, f"laws_{worker_id}", template, tmp_path_factory.mktemp("laws")) as hub:
        yield hub


@contextmanager
def schooled(server: str, name: str, template: str, home: Path) -> Iterator[Hub]:
    """Such a hub, on a database of that name."""
    with _database(server, name, template) as engine:
        hub = Hub(engine, Settings(home=home, language="en"))
        deliver(hub, list(_schooling()))
        pipeline.resolve(hub)
        empty(engine)
        yield hub


def _schooling() -> Iterator[Row]:
    """Three hundred records of two hundred companies, and two of each ten people."""
    for number in range(300):
        company = number % 200
        word = "".join("bcdfglmnprst"[(company // 12**at) % 12] + "aeiou"[(company * 7 + at) % 5] for at in range(4)).title()
        trade = ("Menuiserie", "Transports", "Cabinet", "Fonderie", "Imprimerie", "Scierie")[company % 6]
        code, city = CITIES[(company * 5) % 6]
        values = {
            "name": FORMS[number % 4].format(f"{trade} {word}"),
            "street": f"{company % 90 + 1} rue {word[:4]}",
            "postcode": code,
            "city": city,
        }
        if number % 3:
            values["siren"] = _siren(10_000_000 + 37 * company)
        if not number % 11:
            values |= GENERIC
        yield Row("customer", ("crm", "billing")[number // 200], f"s{number}", 0, values)
        if number < 100:
            person = {
                "given_name": word[:4],
                "family_name": word[2:] + "ot",
                "email": f"{word.lower()}@firm.example",
                "customer": f"s{number}",
            }
            yield Row("contact", "crm", f"c{number}", 0, person)
            if number % 2:
                yield Row("contact", "crm", f"d{number}", 0, person | {"given_name": word[:1] + "."})


def _siren(start: int) -> str:
    figures = [int(figure) for figure in f"{start:08d}"]
    doubled = [figure if place % 2 == 0 else sum(divmod(figure * 2, 10)) for place, figure in enumerate(figures)]
    return f"{start:08d}{-sum(doubled) % 10}"
