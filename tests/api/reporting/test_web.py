"""Pages as a browser reads them: whole, escaped, alone; and their plots."""

import re
from html.parser import HTMLParser
from io import StringIO
from xml.etree import ElementTree

import pytest
from rich.console import Console

from api.reporting.contents import REPORTS, report
from api.reporting.report import Band, Bars, Intervals, Language, Ranks, Said
from api.reporting.svg import drawn, ticks
from api.reporting.terminal import shown
from api.reporting.web import page
from mdm.forecast.frames import Frames
from tests.api.reporting.told import DANGEROUS, company, told

VOID = {"meta", "br", "link", "img"}
NAMED = Said("Titre <b> & « x »", "Title <b> & “x”")


class Reader(HTMLParser):
    """Reads a page: tags must close in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(name: str, world: Frames, language: Language = "en") -> Reader:
    reader = Reader()
    reader.feed(page(report(name, told(world, language)), language))
    reader.close()
    assert reader.open == []
    return reader


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_page_is_whole_and_needs_nothing_else(name: str, language: Language) -> None:
    found = read(name, company(), language)
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in found.seen}
    assert not [attrs for _, attrs in found.seen if (attrs.get("href") or "#")[0] != "#" or "src" in attrs]
    ids = [attrs["id"] for _, attrs in found.seen if "id" in attrs]
    assert len(set(ids)) == len(ids)
    named = {one for _, attrs in found.seen for one in (attrs.get("aria-labelledby") or "").split()}
    assert named <= set(ids)
    plots = [attrs for tag, attrs in found.seen if tag == "svg"]
    assert plots
    assert all(attrs["role"] == "img" and attrs["aria-labelledby"] for attrs in plots)
    assert ("html", {"lang": language}) in found.seen


def test_whatever_a_customer_is_called_is_text() -> None:
    found = read("profitability", company())
    assert DANGEROUS in "".join(found.text)
    assert "<script>alert" not in page(report("profitability", told(company())), "en")


def test_figures_are_written_as_the_language_has_them() -> None:
    french, english = ("".join(read("profitability", company(), language).text) for language in ("fr", "en"))
    assert "1\u202f000,00\u00a0€" in french
    assert "€1,000.00" in english
    assert "Au 23 nov. 2026" in french
    assert "As of 23 Nov 2026" in english


@pytest.mark.parametrize("name", REPORTS)
def test_of_nothing_there_is_a_page_too(name: str) -> None:
    assert "Nothing to show." in "".join(read(name, Frames.of()).text)


PLOTS = (
    Bars(NAMED, ["a", "b"], [(NAMED, [1.0, None]), (NAMED, [-2.0, 3e6])], "EUR"),
    Ranks(NAMED, ["<a>", "b"], [10.0, 0.0], "GBP"),
    Intervals(NAMED, ["a", "b"], [(-30.0, -25.0, 0.1), (0.1, 0.2, 0.2)], [0.7, None], 0.15, NAMED),
    Band(NAMED, ["a", "b"], [0.0, -5.0], [1.0, 2.0], [3.0, 9.0], "EUR"),
    Bars(NAMED, [], [], "EUR"), Ranks(NAMED, [], [], "EUR"), Intervals(NAMED, [], [], [], 0, NAMED), Band(NAMED, [], [], [], [], "EUR"),
)  # fmt: skip


@pytest.mark.parametrize("plot", PLOTS)
def test_a_plot_is_well_formed_described_and_inside_its_box(plot: Bars | Ranks | Intervals | Band) -> None:
    svg = ElementTree.fromstring(drawn(plot, "en", "k"))
    assert [child.tag for child in svg][:2] == ["title", "desc"]
    assert svg.find("title").text == NAMED.en  # type: ignore[union-attr]
    _, _, wide, high = (float(part) for part in svg.attrib["viewBox"].split())
    for shape in svg.iter():
        for name, most in (("x", wide), ("x1", wide), ("x2", wide), ("cx", wide), ("y", high), ("y1", high), ("y2", high), ("cy", high)):
            if name in shape.attrib:
                assert -1 <= float(shape.attrib[name]) <= most + 1, (shape.tag, shape.attrib)
        assert float(shape.attrib.get("height", 0)) >= 0
        assert "nan" not in "".join(shape.attrib.values())


def test_bars_stand_on_each_other_to_scale() -> None:
    svg = ElementTree.fromstring(drawn(Bars(NAMED, ["a"], [(NAMED, [100.0]), (NAMED, [300.0])], "EUR"), "en", "k"))
    first, second = (shape for shape in svg.iter("rect") if float(shape.attrib["width"]) > 10)
    assert float(second.attrib["height"]) == pytest.approx(3 * float(first.attrib["height"]), rel=0.01)
    assert float(second.attrib["y"]) + float(second.attrib["height"]) == pytest.approx(float(first.attrib["y"]), abs=0.2)


def test_ticks_are_round_and_hold_the_range() -> None:
    for low, high in ((0, 7), (-3, 12), (0.02, 0.31), (0, 1234567), (5, 5)):
        found = ticks(low, high)
        assert found[0] <= low
        assert found[-1] >= high
        assert 2 <= len(found) <= 8
    assert ticks(0, 100) == [0, 20, 40, 60, 80, 100]


def test_a_terminal_shows_what_there_is_room_for() -> None:
    console = Console(width=140, record=True, file=StringIO())
    console.print(shown(report("profitability", told(company(), "fr")), "fr"))
    text = re.sub(r"\s+", " ", console.export_text())
    for part in ("Rentabilité", "Par client", "Marge à terminaison", "Total", "de plus : --format xlsx"):
        assert part in text, part
