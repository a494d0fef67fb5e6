"""Plots as SVG: bars, ranks, intervals and bands, drawn for their box, labelled on the line, with a title and a description for those who listen.

Colours are classes of the page (`d1` to `d6`, `axis`, `ink`, `faint`, `band`), so a theme or a printer changes them. Text is escaped.
"""

from collections.abc import Callable, Iterable, Sequence
from html import escape
from math import ceil, floor, log10

from api.reporting.report import Band, Bars, Intervals, Language, Plot, Ranks
from api.reporting.writing import amount, percent

WIDE = 720
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 140, 16, 26
_HIGH = 240
_LINE = 26
_NAMES = 210
_LETTERS = 30
_LETTER = 6.6
Write = Callable[[float], str]
Scale = Callable[[float], float]


def drawn(plot: Plot, language: Language, key: str) -> str:
    """A plot; `key` makes its ids those of nothing else on the page."""
    match plot:
        case Bars():
            body, high, told = _bars(plot, language)
        case Ranks():
            body, high, told = _ranks(plot, language)
        case Intervals():
            body, high, told = _intervals(plot, language)
        case Band():
            body, high, told = _band(plot, language)
    title = escape(plot.title(language))
    return (
        f'<svg viewBox="0 0 {WIDE} {high}" role="img" aria-labelledby="{key}-t {key}-d"><title id="{key}-t">{title}</title>'
        f'<desc id="{key}-d">{escape(told)}</desc>{"".join(body)}</svg>'
    )


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round values that hold a range: steps of 1, 2 or 5 times a power of ten."""
    if high <= low:
        high = low + 1
    rough = (high - low) / most
    power = 10 ** floor(log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))
    return [round(step * at, 12) for at in range(floor(low / step + 1e-9), ceil(high / step - 1e-9) + 1)]


def _bars(plot: Bars, language: Language) -> tuple[list[str], int, str]:
    """Those above zero are stacked upwards, those below it downwards."""
    stacks = [[values[at] or 0.0 for _, values in plot.series] for at in range(len(plot.labels))]
    tops, bottoms = [sum(max(v, 0) for v in stack) for stack in stacks], [sum(min(v, 0) for v in stack) for stack in stacks]
    marks, y = _scale(min([0.0, *bottoms]), max([0.0, *tops]))
    room = (WIDE - _LEFT - _RIGHT) / max(len(stacks), 1)
    width = min(38.0, room * 0.62)
    every = max(1, ceil(max(map(len, plot.labels), default=0) * _LETTER / room))
    body = list(_grid(marks, y, lambda value: amount(language, value, plot.unit)))
    for at, (label, stack) in enumerate(zip(plot.labels, stacks, strict=True)):
        middle, up, down = _LEFT + room * (at + 0.5), 0.0, 0.0
        for number, value in enumerate(stack):
            start = up if value >= 0 else down
            first, second = y(start + value), y(start)
            if value:
                body.append(_rect(middle - width / 2, min(first, second), width, abs(first - second), f"d{number % 6 + 1}"))
            up, down = (up + value, down) if value >= 0 else (up, down + value)
        if at % every == 0:
            body.append(_text(middle, _TOP + _HIGH + 18, label, "faint", "middle"))
    for number, (name, _) in enumerate(plot.series):
        place = _TOP + 12 + 30 * number
        body += [
            _rect(WIDE - _RIGHT + 8, place - 9, 10, 10, f"d{number % 6 + 1}"),
            *_wrapped(WIDE - _RIGHT + 24, place, name(language), 17),
        ]
    told = "; ".join(f"{label} {amount(language, sum(stack), plot.unit)}" for label, stack in zip(plot.labels, stacks, strict=True))
    return body, _TOP + _HIGH + _BOTTOM, told


def _ranks(plot: Ranks, language: Language) -> tuple[list[str], int, str]:
    most = max([*plot.values, 0.0]) or 1.0
    body, room = [], WIDE - _NAMES - 110
    for at, (label, value) in enumerate(zip(plot.labels, plot.values, strict=True)):
        place = _TOP + _LINE * at
        body += [
            _text(0, place + 13, _cut(label), "ink"),
            _rect(_NAMES, place + 2, max(room * value / most, 1), 14, "d1"),
            _text(_NAMES + max(room * value / most, 1) + 8, place + 13, amount(language, value, plot.unit), "ink strong"),
        ]
    told = "; ".join(f"{label} {amount(language, value, plot.unit)}" for label, value in zip(plot.labels, plot.values, strict=True))
    return body, _TOP + _LINE * len(plot.labels) + 8, told


def _intervals(plot: Intervals, language: Language) -> tuple[list[str], int, str]:
    lows, highs = [low for low, _, _ in plot.points], [high for _, _, high in plot.points]
    # One that is far off would make all others a point: the axis ends at 100 % either way; what lies beyond sits at its end, with its value.
    marks = ticks(max(min([*lows, plot.line, 0]), -1), min(max([*highs, plot.line, 0.1]), 1))
    left, right, high = _NAMES + 10, WIDE - 110, _TOP + 18 + _LINE * len(plot.labels)

    def x(value: float) -> float:
        share = (min(max(value, marks[0]), marks[-1]) - marks[0]) / (marks[-1] - marks[0])
        return left + (right - left) * share

    body = [_line(x(mark), _TOP + 14, x(mark), high, "axis") for mark in marks]
    body += [_text(x(mark), high + 16, percent(language, mark), "faint", "middle") for mark in marks]
    body += [
        _line(x(plot.line), _TOP + 8, x(plot.line), high, "ink dashed"),
        _text(x(plot.line), _TOP + 2, f"{plot.line_title(language)} {percent(language, plot.line)}", "ink strong", "middle"),
    ]
    for at, (label, (low, middle, top), beside) in enumerate(zip(plot.labels, plot.points, plot.beside, strict=True)):
        place = _TOP + 30 + _LINE * at
        colour = "d2" if middle < plot.line else "d5" if low < plot.line else "d1"
        body += [
            _text(0, place + 4, _cut(label), "ink"),
            f'<line class="{colour} interval" x1="{x(low):.1f}" x2="{x(top):.1f}" y1="{place}" y2="{place}"/>',
            f'<circle class="{colour}" cx="{x(middle):.1f}" cy="{place}" r="5"/>',
            _text(max(x(top), x(middle)) + 9, place + 4, percent(language, middle), "faint"),
        ]
        if beside is not None:
            body.append(_text(WIDE, place + 4, percent(language, beside), "ink strong", "end"))
    told = "; ".join(
        f"{label} {percent(language, middle)} ({percent(language, low)} – {percent(language, top)})"
        for label, (low, middle, top) in zip(plot.labels, plot.points, strict=True)
    )
    return body, high + _BOTTOM, told


def _band(plot: Band, language: Language) -> tuple[list[str], int, str]:
    marks, y = _scale(min([*plot.low, 0.0]), max([*plot.high, 0.0]))
    steps = max(len(plot.labels) - 1, 1)
    xs = [_LEFT + (WIDE - _LEFT - _RIGHT) * at / steps for at in range(len(plot.labels))]
    body = list(_grid(marks, y, lambda value: amount(language, value, plot.unit)))
    upper = [f"{place:.1f},{y(value):.1f}" for place, value in zip(xs, plot.high, strict=True)]
    lower = [f"{place:.1f},{y(value):.1f}" for place, value in zip(xs, plot.low, strict=True)]
    middle = [f"{place:.1f},{y(value):.1f}" for place, value in zip(xs, plot.middle, strict=True)]
    body += [
        f'<polygon class="band" points="{" ".join([*upper, *lower[::-1]])}"/>',
        f'<polyline class="d1 path" points="{" ".join(middle)}"/>',
    ]
    every = max(1, ceil(max(map(len, plot.labels), default=0) * _LETTER / ((WIDE - _LEFT - _RIGHT) / steps)))
    body += [_text(place, _TOP + _HIGH + 18, plot.labels[at], "faint", "middle") for at, place in enumerate(xs) if at % every == 0]
    if xs:
        for name, values, style in (("P90", plot.high, "faint"), ("P50", plot.middle, "ink strong"), ("P10", plot.low, "faint")):
            body.append(_text(xs[-1] + 8, y(values[-1]) + 4, f"{name} {amount(language, values[-1], plot.unit)}", style))
    told = "; ".join(
        f"{label} {amount(language, mid, plot.unit)} ({amount(language, low, plot.unit)} – {amount(language, high, plot.unit)})"
        for label, low, mid, high in zip(plot.labels, plot.low, plot.middle, plot.high, strict=True)
    )
    return body, _TOP + _HIGH + _BOTTOM, told


def _scale(low: float, high: float) -> tuple[list[float], Scale]:
    marks = ticks(low, high)
    return marks, lambda value: _TOP + _HIGH * (1 - (value - marks[0]) / (marks[-1] - marks[0]))


def _grid(marks: Sequence[float], y: Scale, write: Write) -> Iterable[str]:
    for mark in marks:
        yield _line(_LEFT, y(mark), WIDE - _RIGHT, y(mark), "ink" if mark == 0 else "axis")
        yield _text(_LEFT - 8, y(mark) + 4, write(mark), "faint", "end")


def _rect(x: float, y: float, width: float, height: float, style: str) -> str:
    return f'<rect class="{style}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'


def _line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    return f'<line class="{style}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, text: str, style: str, anchor: str = "start") -> str:
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _wrapped(x: float, y: float, text: str, letters: int) -> list[str]:
    """In as many lines as it takes; the first two are shown."""
    lines = [""]
    for part in text.split():
        if lines[-1] and len(lines[-1]) + len(part) >= letters:
            lines.append("")
        lines[-1] = f"{lines[-1]} {part}".strip()
    return [_text(x, y + 11 * at, line, "faint small") for at, line in enumerate(lines[:2])]


def _cut(label: str) -> str:
    return label if len(label) <= _LETTERS else label[: _LETTERS - 1] + "…"
