"""From columns to fields."""

from pathlib import Path

import pytest

from sources import StreamUnreadable
from tests.sources.files.given import problems, rows, stream, told

CONTENT = "Id;A;B;C\n1; x ;;OPP-12 and more\n2;;y;none\n3;;;\n"


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ('"A"', ["x", None, None]),
        ('{ column = "A" }', ["x", None, None]),
        ('{ first = ["A", "B"] }', ["x", "y", None]),
        ('{ first = ["A", { column = "C", match = "^n.*" }] }', ["x", "none", None]),
        ('{ first = ["B", "C"], match = "(OPP-\\\\d+)" }', ["OPP-12", None, None]),
        ("""{ column = "C", match = '(\\p{Lu}+)-(\\d+)' }""", ["OPP", None, None]),
        ("""{ column = "C", match = '\\d+' }""", ["12", None, None]),
        ('{ join = ["A", "B", "Id"] }', ["x 1", "y 2", "3"]),
        ('{ join = ["A", "B"], by = "" }', ["x", "y", None]),
        ('{ value = "it" }', ["it", "it", "it"]),
        ('{ column = "C", replace = { " and " = "+", OPP = "Opp" } }', ["Opp-12+more", "none", None]),
        ('{ column = "A", map = { X = "cross" } }', ["cross", None, None]),
        ('{ first = ["A", "B"], map = { x = "cross", "" = "nothing" }, otherwise = "other" }', ["cross", "other", "nothing"]),
        ('{ column = "B", map = { y = "yes" }, otherwise = "no" }', ["no", "yes", "no"]),
        ('{ first = [{ column = "A", map = { x = "cross" } }, "B"] }', ["cross", "y", None]),
    ],
)
def test_each_form_of_expression(tmp_path: Path, expression: str, values: list[str | None]) -> None:
    found = stream(tmp_path, CONTENT, name=expression)
    assert [row["name"] for row in rows(found)] == values
    assert problems(found) == []


def test_a_value_without_translation_is_quarantined_and_the_valid_ones_listed(tmp_path: Path) -> None:
    found = stream(tmp_path, "Id;A\n1;x\n2;Z\n", name='{ column = "A", map = { x = "cross", y = "why" } }')
    assert [row["name"] for row in rows(found)] == ["cross", None]
    (problem,) = problems(found)
    assert (problem.severity, problem.line, problem.key, problem.field, problem.value) == ("quarantined", 3, "2", "name", "Z")
    assert str(problem) == "./a.csv:3: name: has no translation; add it to the map of this field, which knows 'x', 'y'"


@pytest.mark.parametrize(
    ("where", "keys"),
    [
        ('{ A = "yes" }', ["1", "4"]),
        ('{ A = ["yes", "no"] }', ["1", "2", "4"]),
        ('{ A = { not = "yes" } }', ["2", "3"]),
        ('{ A = { not = ["no", ""] } }', ["1", "4"]),
        ('{ A = "" }', ["3"]),
        ('{ A = "yes", B = { not = "b" } }', ["4"]),
    ],
)
def test_where(tmp_path: Path, where: str, keys: list[str]) -> None:
    found = stream(tmp_path, "Id;A;B\n1;Yes ;b\n2;no;b\n3;;b\n4;YES;c\n", more=f"where = {where}", name='"B"')
    assert [row["key"] for row in rows(found)] == keys


def test_deleted_and_version(tmp_path: Path) -> None:
    content = "Id;Name;Gone;At\n1;a;true;2024-01-22T07:46:31Z\n2;b;Non;22/01/2024\n3;c;;\n4;d;perhaps;soon\n"
    found = stream(tmp_path, content, more='deleted = "Gone"\nversion = "At"')
    assert [row["deleted"] for row in rows(found)] == [True, False, False, False]
    assert [row["version"] for row in rows(found)] == ["2024-01-22T07:46:31.000000+00:00", "2024-01-22T00:00:00.000000+00:00", None, None]
    assert [(problem.severity, problem.field, problem.value) for problem in problems(found)] == [
        ("quarantined", "version", "soon"),
        ("quarantined", "deleted", "perhaps"),
    ]


def test_values_are_delivered_uncleaned(tmp_path: Path) -> None:
    found = stream(tmp_path, "Id;Name;SIREN\n1;  dupont   SA ;123 456 789 (faux)\n", name='"Name"', siren='"SIREN"')
    assert (rows(found)[0]["name"], rows(found)[0]["siren"]) == ("dupont   SA", "123 456 789 (faux)")


def test_columns_are_found_whatever_their_case_and_blanks(tmp_path: Path) -> None:
    found = stream(tmp_path, "ID;Raison  Sociale\n1;a\n".encode("utf-8-sig"), name='"raison sociale"')
    assert [row["name"] for row in rows(found)] == ["a"]


def test_columns_that_are_not_there_are_all_told_with_those_that_are(tmp_path: Path) -> None:
    found = stream(tmp_path, "Id;Name\n1;a\n", more='version = "Modified"', name='"Nam"')
    with pytest.raises(StreamUnreadable) as caught:
        rows(found)
    assert str(caught.value).splitlines() == [
        "./a.csv: version: there is no column 'Modified'; correct the config; valid: Id, Name",
        "./a.csv: field 'name': there is no column 'Nam'; correct the config; did you mean 'Name'? valid: Id, Name",
    ]


def test_keys_of_several_columns(tmp_path: Path) -> None:
    content = "Day;Who;Hours\n1;a;2\n1;a;3\n2;;4\n;;5\n1;a;6\n"
    fields = {"kind": '{ value = "labour" }', "spent_on": '"Day"', "hours": '"Hours"'}
    numbered = stream(tmp_path, content, entity="cost", key='["Day", "Who"]', more="key_ordinal = true", **fields)
    assert [(row["key"], row["hours"]) for row in rows(numbered)] == [("1/a", "2"), ("1/a#2", "3"), ("2/", "4"), ("1/a#3", "6")]
    assert list(told(numbered)) == [("rejected", 5, "is empty")]


def test_a_doubled_key_is_rejected_unless_a_version_can_tell(tmp_path: Path) -> None:
    content = "Id;Name;At\n1;a;2024-01-01\n1;b;2024-01-02\n2;c;2024-01-01\n"
    once = stream(tmp_path, content)
    assert [row["name"] for row in rows(once)] == ["a", "c"]
    assert list(told(once)) == [("rejected", 3, "stands in this file already; the first row was taken")]
    assert [row["name"] for row in rows(stream(tmp_path, content, more='version = "At"'))] == ["a", "b", "c"]


def test_keys_have_single_blanks_as_references_to_them_do(tmp_path: Path) -> None:
    found = stream(tmp_path, "Id;Name\n A  1\u00a0b ;a\n" + "x" * 201 + ";b\n")
    assert [row["key"] for row in rows(found)] == ["A 1 b"]
    assert list(told(found)) == [("rejected", 3, "is longer than 200 characters")]
