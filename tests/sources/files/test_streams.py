"""Files found, read, left and taken up again."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources import StreamUnreadable, open_sources
from sources.contract import hold_to_contract
from sources.files import text
from sources.files.streams import FileStream
from tests.sources.files.given import Row, config, names, over, rows, stream, told

DIRTY = 'Id;Name\n1;"a\nb"\n2\n;x\n1;again\n3;"open\n4;c"d\n' + "".join(f'{number};"n\n{number}"\n' for number in range(10, 60)) + "x;y;z\n"


def many(folder: Path) -> FileStream:
    """A stream over three files of which one is empty of rows."""
    (folder / "e_1.csv").write_text(DIRTY)
    (folder / "e_2.csv").write_text("Id;Name\n")
    (folder / "e_3.csv").write_text("Id,Name\n" + "".join(f"{number},m{number}\n" for number in range(40)))
    (folder / "other.csv").write_text("x")
    return over(folder, config(file="e_*.csv"))


@pytest.mark.parametrize("block", [80, 300])
def test_the_contract_holds_on_dirty_files_in_small_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(text, "BLOCK", block)
    hold_to_contract(many(tmp_path))


@pytest.mark.parametrize("block", [80, 300])
def test_the_size_of_blocks_is_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    found = many(tmp_path)
    whole = rows(found), list(told(found))
    monkeypatch.setattr(text, "BLOCK", block)
    assert (rows(found), list(told(found))) == whole
    assert len(whole[0]) == 52 + 40


def test_ordinals_go_on_after_a_resume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "BLOCK", 16)
    found = stream(tmp_path, "Id;Name\n" + "k;same\n" * 20, more="key_ordinal = true")
    batches = list(found.batches())
    assert len(batches) > 3
    assert [row["key"] for row in rows(found)] == ["k", *(f"k#{number}" for number in range(2, 21))]
    assert rows(found, batches[2].cursor)[0]["key"] == f"k#{sum(batch.table.num_rows for batch in batches[:3]) + 1}"


def test_a_file_that_changed_is_read_anew(tmp_path: Path) -> None:
    found = stream(tmp_path, "Id;Name\n1;a\n")
    (batch,) = found.batches()
    assert rows(found, batch.cursor) == []
    (tmp_path / "a.csv").write_text("Id;Name\n1;A\n")
    assert len(rows(found, batch.cursor)) == 1


def test_a_new_file_of_a_pattern_is_all_that_is_read(tmp_path: Path) -> None:
    found = many(tmp_path)
    last = list(found.batches())[-1].cursor
    assert json.loads(last)["file"] == "e_3.csv"
    (tmp_path / "e_4.csv").write_text("Id;Name\n1;new\n")
    assert [row["name"] for row in rows(found, last)] == ["new"]
    (tmp_path / "e_0.csv").write_text("Id;Name\n1;new\n")
    assert len(rows(found, last)) > 90


def test_files_that_can_be_read_are_read_before_the_others_are_told(tmp_path: Path) -> None:
    found = many(tmp_path)
    (tmp_path / "e_2.csv").write_text("Ident;Name\n1;a\n")
    delivered: list[Row] = []
    with pytest.raises(StreamUnreadable, match=r"\./e_2\.csv: key: there is no column 'Id'"):
        delivered.extend(row for batch in found.batches() for row in batch.table.to_pylist())
    assert len(delivered) == 52 + 40


def test_fingerprints_follow_the_mapping(tmp_path: Path) -> None:
    same = [stream(tmp_path, "Id;Name\n"), stream(tmp_path, "Id;Name\n1;a\n", more='complete = true\nname = "x"')]
    other = [
        stream(tmp_path, "Id;Name\n", name='"Id"'),
        stream(tmp_path, "Id;Name\n", key='"Name"'),
        stream(tmp_path, "Id;Name\n", more='where = { Id = "1" }'),
        stream(tmp_path, "Id;Name\n", source='decimal = ","'),
    ]
    assert len({one.fingerprint for one in same}) == 1
    assert len({one.fingerprint for one in [same[0], *other]}) == 1 + len(other)


def test_a_dialect_of_a_stream_is_over_that_of_its_source(tmp_path: Path) -> None:
    found = stream(tmp_path, "Id|Name\n1|a;b\n", source='separator = ";"', more='dialect = { separator = "|" }')
    assert names(found) == ["a;b"]


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("acount.csv", "./acount.csv: matches no file; put it there, or correct the name; did you mean 'Account.csv'? valid: Account.csv"),
        ("x_*.csv", "./x_*.csv: matches no file; put it there, or correct the name; valid: Account.csv"),
    ],
)
def test_files_that_are_not_there(tmp_path: Path, file: str, message: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "Account.csv").write_text("Id;Name\n")
    found = over(tmp_path, config(file=file).replace('folder = "."', 'folder = "in"'))
    with pytest.raises(StreamUnreadable) as caught:
        list(found.batches())
    assert str(caught.value) == message.replace("./", "in/")


def test_a_folder_without_files_or_gone_meanwhile(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    found = over(tmp_path, config().replace('folder = "."', 'folder = "in"'))
    with pytest.raises(StreamUnreadable, match=r"in: is a folder without files; put a\.csv there"):
        list(found.batches())
    (tmp_path / "in").rmdir()
    with pytest.raises(StreamUnreadable, match="in: is not there; create the folder"):
        list(found.batches())


@pytest.mark.parametrize(
    ("file", "reason"), [("a.xls", "is the old Excel format; save it as .xlsx"), ("a.csv.gz", "is packed; unpack it first")]
)
def test_formats_that_are_not_read_say_what_to_do(tmp_path: Path, file: str, reason: str) -> None:
    with pytest.raises(StreamUnreadable, match=reason):
        rows(stream(tmp_path, "x", file=file))


def test_one_stream_that_fails_does_not_touch_the_others(tmp_path: Path) -> None:
    second = '[[sources.s.streams]]\nfile = "b.csv"\nentity = "customer"\nkey = "Id"\nfields = { name = "Name" }\n'
    (tmp_path / "b.csv").write_text("Id;Name\n1;b\n")
    (tmp_path / "sources.toml").write_text(config() + second)
    first, other = open_sources(tmp_path / "sources.toml")[0].streams()
    with pytest.raises(StreamUnreadable):
        list(first.batches())
    assert [batch.table["name"].to_pylist() for batch in other.batches()] == [["b"]]


CELL = st.text(st.characters(codec="cp1252", exclude_characters="\0\r"), max_size=12)


@given(
    st.lists(st.tuples(CELL, CELL), max_size=12),
    st.sampled_from(";,\t|"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_whatever_is_written_in_a_dialect_comes_back(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, str]], separator: str, encoding: str, crlf: bool
) -> None:
    folder = tmp_path_factory.mktemp("dialect")
    lines = [("Id", "Name", "Note"), *((str(index), *pair) for index, pair in enumerate(cells))]

    def quoted(value: str) -> str:
        return '"' + value.replace('"', '""') + '"' if any(mark in value for mark in f'"{separator}\n') else value

    content = ("\r\n" if crlf else "\n").join(separator.join(map(quoted, line)) for line in lines) + "\n"
    source = f'encoding = "{encoding}"\nseparator = {json.dumps(separator)}'
    found = rows(stream(folder, content.encode(encoding), source=source, name='"Name"', notes='"Note"'))
    expected = [{"Id": str(index), "Name": name or None, "Note": note or None} for index, (name, note) in enumerate(cells)]
    assert [json.loads(str(row["raw"])) for row in found] == expected
