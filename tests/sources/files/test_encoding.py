"""Encodings: found out, declared, declared wrongly, mixed."""

from pathlib import Path

import pytest

from tests.sources.files.given import names, problems, stream, told

NAME = "Société Œuvre & Cie – l’été"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("declared", [True, False])
def test_each_encoding_is_read(tmp_path: Path, encoding: str, declared: bool) -> None:
    found = stream(tmp_path, f"Id;Name\n1;{NAME}\n2;b\n".encode(encoding), source=f'encoding = "{encoding}"' if declared else "")
    assert names(found) == [NAME, "b"]
    assert problems(found) == []


def test_latin_9_is_told_from_cp1252_by_its_euro_and_ligatures(tmp_path: Path) -> None:
    assert names(stream(tmp_path, "Id;Name\n1;Cœur à 5 €\n".encode("iso8859-15"))) == ["Cœur à 5 €"]
    assert names(stream(tmp_path, "Id;Name\n1;Cœur à 5 €\n".encode("cp1252"))) == ["Cœur à 5 €"]
    assert names(stream(tmp_path, "Id;Name\n1;4½ été\n".encode("cp1252"))) == ["4½ été"]


def test_cp1252_text_that_looks_like_utf_8_in_places(tmp_path: Path) -> None:
    assert names(stream(tmp_path, "Id;Name\n1;MARCHÉ\xa0: prix\n".encode("cp1252"))) == ["MARCHÉ\xa0: prix"]


def test_the_first_accent_may_come_late(tmp_path: Path) -> None:
    content = "Id;Name\n" + "".join(f"{number};{'plain' * 20}\n" for number in range(12_000)) + "x;café\n"
    assert names(stream(tmp_path, content.encode("cp1252")))[-1] == "café"
    assert names(stream(tmp_path, content.encode("utf-8")))[-1] == "café"


def test_stray_bytes_in_utf_8_are_read_and_told_with_their_line(tmp_path: Path) -> None:
    content = 'Id;Name\n1;"é\né"\n2;à\n'.encode() + "3;hôtel\n".encode("cp1252") + "4;ü\n".encode()
    found = stream(tmp_path, content)
    assert names(found) == ["é\né", "à", "hôtel", "ü"]
    assert list(told(found)) == [("warning", 5, "byte 0xF4 is not UTF-8; such bytes were read as cp1252")]


@pytest.mark.parametrize(
    ("declared", "actual", "reason"),
    [
        ("utf-8", "cp1252", "is not utf-8 as declared: line 2: byte 0xE9 is not utf-8"),
        ("ascii", "utf-8", "is not ascii as declared: line 2: byte 0xC3 is not ascii"),
        ("cp1252", "utf-8", "is not cp1252 as declared: its text is valid UTF-8"),
        ("cp1252", "utf-16", "is not cp1252 as declared: it begins with the byte order mark of utf-16"),
        ("utf-16", "utf-8-sig", "is not utf-16 as declared: it begins with the byte order mark of utf-8"),
    ],
)
def test_a_wrong_declaration_is_told_and_the_text_read_all_the_same(tmp_path: Path, declared: str, actual: str, reason: str) -> None:
    found = stream(tmp_path, "Id;Name\n1;été là\n".encode(actual), source=f'encoding = "{declared}"')
    assert names(found) == ["été là"]
    assert list(told(found)) == [("warning", None, reason)]
    assert "declare that" in problems(found)[0].fix


def test_a_declared_encoding_that_could_be_is_believed(tmp_path: Path) -> None:
    assert names(stream(tmp_path, "Id;Name\n1;été\n".encode("cp850"), source='encoding = "cp850"')) == ["été"]
    assert names(stream(tmp_path, "Id;Name\n1;ˆ\n".encode(), source='encoding = "utf-8"')) == ["ˆ"]


def test_a_byte_that_is_no_character_is_told(tmp_path: Path) -> None:
    found = stream(tmp_path, b"Id;Name\n1;\xe9t\xe9\n2;a\x81b\n")
    assert names(found) == ["été", "a\ufffdb"]
    assert list(told(found)) == [("warning", 3, "a byte is no character of cp1252; it became '\ufffd'")]
