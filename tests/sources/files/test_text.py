"""CSV files as they come."""

from pathlib import Path

import pytest

from sources import StreamUnreadable
from sources.files import records, text
from sources.files.table import ROWS
from tests.sources.files.given import names, problems, rows, stream, told


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends_are_found_out(tmp_path: Path, separator: str, newline: str) -> None:
    lines = [["Id", "Name", "City"], ["1", "Ets Dupont", "Lyon"], ["2", "Bernard", ""]]
    found = rows(stream(tmp_path, newline.join(separator.join(line) for line in lines), name='"Name"', city='"City"'))
    assert [(row["key"], row["name"], row["city"]) for row in found] == [("1", "Ets Dupont", "Lyon"), ("2", "Bernard", None)]


def test_a_decimal_comma_is_not_a_separator(tmp_path: Path) -> None:
    assert names(stream(tmp_path, "Id;Name\n1,5;a, b, c\n2,5;d, e, f\n")) == ["a, b, c", "d, e, f"]


def test_a_declared_separator_and_the_one_that_excel_writes(tmp_path: Path) -> None:
    assert names(stream(tmp_path, "Id~Name;x\n1~a;b\n", source='separator = "~"', name='"Name;x"')) == ["a;b"]
    assert names(stream(tmp_path, "sep=|\nId|Name\n1|a,b;c\n")) == ["a,b;c"]


def test_raw_is_the_whole_row_and_null_where_empty(tmp_path: Path) -> None:
    assert rows(stream(tmp_path, 'Id,Name,Né à\n1, x ,"say ""hi"""\n2,y,\n'))[0]["raw"] == '{"Id":"1","Name":" x ","Né à":"say \\"hi\\""}'
    assert rows(stream(tmp_path, 'Id,Name,Né à\n1, x ,"say ""hi"""\n2,y,\n'))[1]["raw"] == '{"Id":"2","Name":"y","Né à":null}'


def test_line_numbers_count_lines_of_the_file(tmp_path: Path) -> None:
    content = 'Id;Name\n1;"two\nlines"\n\n2;"three\r\nlines\n"\n3;x\n'
    found = rows(stream(tmp_path, content))
    assert [(row["key"], row["line"]) for row in found] == [("1", 2), ("2", 5), ("3", 8)]
    assert found[0]["name"] == "two\nlines"


def test_a_header_may_span_lines(tmp_path: Path) -> None:
    found = rows(stream(tmp_path, '\nId;"Na\nme"\n1;x\n', name='"Na me"'))
    assert [(row["name"], row["line"]) for row in found] == [("x", 4)]


def test_torn_lines_are_rejected_with_their_line_and_the_others_load(tmp_path: Path) -> None:
    content = 'Id;Name\n1;"a\nb"\n2\n3;c;d\n4;e\n5;f\0g\n6;h\n'
    torn = stream(tmp_path, content)
    assert [row["key"] for row in rows(torn)] == ["1", "4", "6"]
    assert list(told(torn)) == [
        ("rejected", 4, "too few columns: 1 instead of 2"),
        ("rejected", 5, "too many columns: 3 instead of 2"),
        ("rejected", 7, "it holds a NUL byte"),
    ]
    assert problems(torn)[1].value == "3;c;d"
    assert problems(torn)[1].place == "./a.csv"
    assert problems(torn)[1].fix == "quote values that hold ';' or line breaks"


@pytest.mark.parametrize(
    ("content", "good", "line", "reason"),
    [
        ('Id;Name\n1;"never closed\n2;b\n3;c\n', ["b", "c"], 2, "a quote is opened and never closed"),
        ('Id;Name\n1;"never closed\n2;"b"\n3;c\n', ["b", "c"], 2, "text follows a closing quote"),
        ('Id;Name\n1;"never closed\n2;b\n3;"";c\n4;d\n', ["b", "d"], 2, "a quote is opened and never closed"),
        ('Id;Name\n1;"Le "Petit" SA"\n2;b\n', ["b"], 2, "text follows a closing quote"),
        ('Id;Name\n1;a\n2;b\n3;"last', ["a", "b"], 4, "a quote is opened and never closed"),
        ('Id;Name\n1;"x\n2;b\n3;c"\n4;d\n', ['"x'.strip('"') + "\n2;b\n3;c", "d"], None, ""),
        ('Id;Name\n1;"x";"\n2;b\n3;c";y\n4;d\n', ["b", "d"], 2, "too many columns: 4 instead of 2"),
        ('Id;Name\n1;"x";"\ny\n";y\n4;d\n', ["d"], 2, "too many columns: 4 instead of 2"),
    ],
)
def test_quotes_that_make_no_sense_cost_one_record(tmp_path: Path, content: str, good: list[str], line: int | None, reason: str) -> None:
    torn = stream(tmp_path, content)
    assert names(torn) == good
    assert list(told(torn))[:1] == ([] if line is None else [("rejected", line, reason)])


def test_quotes_inside_plain_values_and_blanks_behind_quoted_ones_are_fine(tmp_path: Path) -> None:
    assert names(stream(tmp_path, 'Id;Name\n1;Écran 24" noir\n2;"b" \n3;"c"\t\r\n4;12" et 14"\n')) == [
        'Écran 24" noir',
        "b",
        "c",
        '12" et 14"',
    ]


def test_a_stray_carriage_return_is_a_character(tmp_path: Path) -> None:
    found = rows(stream(tmp_path, 'Id;Name\n1;a\rb\n2;"c\rd"\n3;e\r\r\n4;f\n'))
    assert [row["name"] for row in found] == ["a\rb", "c\rd", "e", "f"]
    assert [row["line"] for row in found] == [2, 3, 4, 5]


def test_rows_without_any_value_are_no_rows_and_an_empty_key_is_a_problem(tmp_path: Path) -> None:
    found = stream(tmp_path, "Id;Name\n;;\n1;a\n;\n;b\n  ;c\n".replace(";;", ";"))
    assert names(found) == ["a"]
    assert list(told(found)) == [("rejected", 5, "is empty"), ("rejected", 6, "is empty")]


def test_a_record_that_is_too_long_is_rejected_and_the_rest_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "LONGEST", 2 << 20)
    monkeypatch.setattr(text, "BLOCK", 1 << 19)
    long = "x" * (5 << 20)
    torn = stream(tmp_path, f'Id;Name\n1;a\n2;{long}\n3;b\n4;"{long}"\n5;"c\nd"\n6;"{long}\n7;e\n8;"\n{long}\n"\n9;f')
    assert names(torn) == ["a", "b", "c\nd", "e", "f"]
    assert {problem.line for problem in problems(torn)} >= {3, 5, 8}
    assert all(len(problem.value or "") <= 200 for problem in problems(torn))


def test_a_large_field_loads(tmp_path: Path) -> None:
    long = "é" * (2 << 20)
    assert names(stream(tmp_path, f'Id;Name\n1;{long}\n2;"{long}"\n')) == [long, long]


def test_names_of_columns_that_are_doubled_or_empty(tmp_path: Path) -> None:
    found = stream(tmp_path, "Id;Name;Name;;id\n1;a;b;c;d\n", name='"Name"', city='"Name (2)"', notes='"column 4"', email='"id"')
    row = rows(found)[0]
    assert (row["name"], row["city"], row["notes"], row["email"]) == ("a", "b", "c", "d")
    assert list(told(found)) == [("warning", 1, "stands in the header more than once")]


@pytest.mark.parametrize(
    ("content", "reason"), [("", "is empty"), ("\n \n", "is empty"), (";;\n1;2;3\n", "column"), ('"Id;Name\n1;a', "quotes")]
)
def test_files_without_a_header(tmp_path: Path, content: str, reason: str) -> None:
    with pytest.raises(StreamUnreadable, match=reason) as caught:
        rows(stream(tmp_path, content))
    assert caught.value.problems[0].place == "./a.csv"
    assert caught.value.problems[0].fix


def test_a_header_without_rows_is_told(tmp_path: Path) -> None:
    found = stream(tmp_path, "Id;Name\n")
    assert rows(found) == []
    assert list(told(found)) == [("warning", None, "has a header and no rows")]
    assert found.count() == 0


def test_batches_are_even_and_in_order(tmp_path: Path) -> None:
    count = 2 * ROWS + 2
    found = stream(tmp_path, "Id;Name\n" + "".join(f"{number};n{number}\n" for number in range(count)))
    batches = list(found.batches())
    assert [batch.table.num_rows for batch in batches] == [66668, 66668, 66666]
    assert [line for batch in batches for line in batch.table["line"].to_pylist()] == list(range(2, count + 2))
    assert abs((found.count() or 0) - count) < count * 0.1
