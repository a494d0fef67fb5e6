"""A report as one page of HTML that needs nothing else: plots as SVG, a table for each, light and dark, and as it is to be printed."""

from html import escape
from pathlib import Path

from api.reporting.report import Language, Report, Row, Sheet, totals
from api.reporting.svg import drawn
from api.reporting.writing import TOTAL, cell, standing

NONE = {"fr": "Rien à montrer.", "en": "Nothing to show."}
SHEETS = {"fr": "Sommaire", "en": "Contents"}
LEGEND = {"fr": "Légende", "en": "Legend"}

STYLE = """
:root { color-scheme: light dark; --canvas: #f7f7f5; --surface: #fff; --line: #e5e5e0; --strong: #cfcfc8; --ink: #1a1d23; --ink-2: #474c56; --ink-3: #5f646e;
  --link: #1d4fb8; --bad: #ae231c; --axis: #d9d9d3; --band: #cfe0f4; --d1: #2a6ebb; --d2: #d9702a; --d3: #1c8573; --d4: #8a4c93; --d5: #a67a0a; --d6: #6d7480; }
@media (prefers-color-scheme: dark) { :root { --canvas: #0f1113; --surface: #16191d; --line: #262b31; --strong: #3a4149; --ink: #eceef1; --ink-2: #b9bfc8;
  --ink-3: #959da8; --link: #8fb4ff; --bad: #ff9b91; --axis: #2c3239; --band: #1c3048; --d1: #5f9fe3; --d2: #e58a4a; --d3: #3fae97; --d4: #b980c2;
  --d5: #c79a2c; --d6: #8b93a0; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--canvas); color: var(--ink); font: .8125rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif; }
main { max-width: 1440px; margin: 0 auto; padding: 24px; }
h1 { font-size: 1.25rem; font-weight: 600; margin: 0; }
h2 { font-size: .9375rem; font-weight: 600; margin: 0 0 4px; }
p { margin: 0 0 8px; color: var(--ink-2); max-width: 80ch; }
nav { margin: 12px 0 20px; } nav a { margin-right: 16px; }
a { color: var(--link); } a:focus-visible, .scroll:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
section { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: 16px; margin: 0 0 16px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--ink-3); padding: 0 0 4px; }
th, td { padding: 6px 12px 6px 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; font-weight: 400; }
thead th { color: var(--ink-2); font-size: .75rem; font-weight: 500; border-bottom-color: var(--strong); vertical-align: bottom; }
.n { text-align: right; white-space: nowrap; } .below { color: var(--bad); }
tfoot th, tfoot td { font-weight: 600; border-top: 1px solid var(--strong); border-bottom: 0; }
figure { margin: 8px 0 16px; } figcaption { color: var(--ink-2); }
svg { width: 100%; max-width: 960px; height: auto; font-size: 11px; display: block; }
svg .ink { fill: var(--ink); stroke: none; } svg .faint { fill: var(--ink-3); stroke: none; } svg .small { font-size: 10px; } svg .strong { font-weight: 600; }
svg line.axis { stroke: var(--axis); } svg line.ink { stroke: var(--ink); } svg .dashed { stroke-dasharray: 3 3; }
svg line.interval { stroke-width: 5; stroke-linecap: round; opacity: .4; } svg polyline.path { fill: none; stroke-width: 2; } svg .band { fill: var(--band); }
svg .d1 { fill: var(--d1); stroke: var(--d1); } svg .d2 { fill: var(--d2); stroke: var(--d2); } svg .d3 { fill: var(--d3); stroke: var(--d3); }
svg .d4 { fill: var(--d4); stroke: var(--d4); } svg .d5 { fill: var(--d5); stroke: var(--d5); } svg .d6 { fill: var(--d6); stroke: var(--d6); }
svg rect { stroke: none !important; } svg polyline.path { fill: none !important; }
@media print { @page { size: A4 landscape; margin: 12mm; } :root { color-scheme: light; --canvas: #fff; --surface: #fff; --line: #ddd; --strong: #999; --ink: #000;
  --ink-2: #222; --ink-3: #444; --axis: #ccc; --band: #cfe0f4; } body { font-size: 8pt; } main { padding: 0; max-width: none; } nav { display: none; }
  section { border: 0; padding: 0; margin: 0 0 8mm; } .scroll { overflow: visible; } thead { display: table-header-group; } tr, figure { break-inside: avoid; }
  h2 { break-after: avoid; } th, td { padding: 2px 6px 2px 0; } }
"""


def write(report: Report, language: Language, out: Path) -> None:
    """Write a report; the file appears whole or not at all."""
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(out.name + ".partial")
    partial.write_text(page(report, language), encoding="utf-8")
    partial.replace(out)


def page(report: Report, language: Language) -> str:
    """The page."""
    title = escape(report.title(language))
    links = "".join(f'<a href="#{escape(sheet.name)}">{escape(sheet.title(language))}</a>' for sheet in report.sheets)
    legend = "".join(f"<p>{escape(line(language))}</p>" for line in report.legend)
    return f"""<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{escape(standing(language, report))}</p>
<nav aria-label="{SHEETS[language]}">{links}</nav>
{"".join(_section(report, sheet, language) for sheet in report.sheets)}
<section aria-labelledby="legend"><h2 id="legend">{LEGEND[language]}</h2>{legend}</section>
</main>
</body>
</html>
"""


def _section(report: Report, sheet: Sheet, language: Language) -> str:
    key, title = escape(sheet.name), escape(sheet.title(language))
    note = f"<p>{escape(sheet.note(language))}</p>" if sheet.note else ""
    plots = "".join(
        f"<figure><figcaption>{escape(plot.title(language))}</figcaption>{drawn(plot, language, f'{key}-{at}')}</figure>"
        for at, plot in enumerate(sheet.plots)
    )
    body = _table(report, sheet, language) if sheet.rows else f"<p>{NONE[language]}</p>"
    return f'<section aria-labelledby="{key}"><h2 id="{key}">{title}</h2>{note}{plots}{body}</section>\n'


def _table(report: Report, sheet: Sheet, language: Language) -> str:
    title = escape(sheet.title(language))
    heads = "".join(f'<th scope="col"{_style(column.kind)}>{escape(column.title(language))}</th>' for column in sheet.columns)
    rows = "".join(f"<tr>{_cells(report, sheet, row, language)}</tr>\n" for row in sheet.rows)
    sums = "".join(f"<tr>{_sums(report, sheet, total, language)}</tr>" for total in totals(sheet, report.currency))
    foot = f"<tfoot>{sums}</tfoot>" if sums else ""
    return (
        f'<div class="scroll" tabindex="0" role="group" aria-label="{title}"><table><caption>{title}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody>{foot}</table></div>"
    )


def _cells(report: Report, sheet: Sheet, row: Row, language: Language) -> str:
    written = []
    for at, column in enumerate(sheet.columns):
        text = escape(cell(language, column, row, report.currency))
        below = column.kind == "money" and (row.get(column.name) or 0) < 0
        tag, scope = ("th", ' scope="row"') if at == 0 else ("td", "")
        written.append(f"<{tag}{scope}{_style(column.kind, below=below)}>{text}</{tag}>")
    return "".join(written)


def _sums(report: Report, sheet: Sheet, total: Row, language: Language) -> str:
    head = f'<th scope="row">{TOTAL(language)}</th>'
    cells = [
        f"<td{_style(column.kind)}>{escape(cell(language, column, total, report.currency)) if column.name in total else ''}</td>"
        for column in sheet.columns[1:]
    ]
    return head + "".join(cells)


def _style(kind: str, *, below: bool = False) -> str:
    names = [*(["n"] if kind in ("money", "rate", "number") else []), *(["below"] if below else [])]
    return f' class="{" ".join(names)}"' if names else ""
