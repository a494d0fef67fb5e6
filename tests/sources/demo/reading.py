"""Reads back what the demo writes, as strings."""

import csv
import io
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

Row = dict[str, str]
ENCODINGS = {"crm": "utf-8", "billing": "cp1252", "temps": "utf-8-sig", "truth": "utf-8"}


@dataclass(frozen=True)
class Demo:
    """A generated folder."""

    folder: Path

    @cache  # noqa: B019 - lives as long as the test session
    def rows(self, table: str) -> list[Row]:
        """`crm/Account`, `billing/clients` ..."""
        source = table.split("/")[0]
        text = (self.folder / f"{table}.csv").read_bytes().decode(ENCODINGS[source])
        return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if source == "billing" else ","))


def euros(text: str) -> Decimal:
    """An amount of any of the sources."""
    return Decimal(text.replace(",", "."))
