"""A report on a terminal: the columns that there is room for, the first rows, the totals."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from api.reporting.report import Language, Report, Row, Sheet, totals
from api.reporting.writing import TOTAL, cell, standing

ROWS = 15
"""Rows of a sheet that are shown."""
MORE = {"fr": "… et {count} de plus : --format xlsx les montre toutes", "en": "… and {count} more: --format xlsx shows them all"}


def shown(report: Report, language: Language) -> RenderableType:
    """All sheets, each readable alone."""
    head = Text(report.title(language), style="bold")
    parts: list[RenderableType] = [head, Text(standing(language, report), style="dim")]
    for sheet in report.sheets:
        parts += [Text(f"\n{sheet.title(language)}", style="bold cyan"), _table(report, sheet, language)]
        if hidden := len(sheet.rows) - len(_chosen(report, sheet)):
            parts.append(Text(MORE[language].format(count=hidden), style="dim"))
        if sheet.note is not None:
            parts.append(Text(sheet.note(language), style="dim"))
    return Group(*parts)


def _table(report: Report, sheet: Sheet, language: Language) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    columns = [column for column in sheet.columns if column.brief]
    for column in columns:
        right = column.kind not in ("text", "date", "month")
        table.add_column(
            escape(column.title(language)),
            justify="right" if right else "left",
            no_wrap=right,
            overflow="ellipsis",
            max_width=None if right else 72,
        )
    for row in _chosen(report, sheet):
        table.add_row(*(escape(cell(language, column, row, report.currency)) for column in columns))
    sums = totals(sheet, report.currency)
    if sums:
        table.add_section()
    for total in sums:
        written = [cell(language, column, total, report.currency) if column.name in total else "" for column in columns]
        table.add_row(*[TOTAL(language), *written[1:]], style="bold")
    return table


def _chosen(report: Report, sheet: Sheet) -> Sequence[Row]:
    """The first rows; of months, those to come, or where none are, the last ones."""
    if sheet.columns[0].kind != "month":
        return sheet.rows[:ROWS]
    name, start = sheet.columns[0].name, report.as_of.replace(day=1)
    ahead = [row for row in sheet.rows if row[name] is not None and row[name] >= start]
    return (ahead or sheet.rows[-ROWS:])[:ROWS]
