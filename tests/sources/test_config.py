"""Mistakes in `sources.toml`, said so that its owner can mend them."""

from pathlib import Path

import pytest

from sources import ConfigError, open_sources
from tests.sources.files.given import config

SOURCE = '[sources.crm]\nfolder = "."\n'
STREAM = '[[sources.crm.streams]]\nfile = "Account.csv"\nentity = "customer"\nkey = "Id"\n'
NAME = "fields.name = 'Name'\n"
GOOD = SOURCE + STREAM + NAME


def complaints(folder: Path, text: str) -> list[str]:
    """What is said about a config."""
    (folder / "sources.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        open_sources(folder / "sources.toml")
    assert all(line.startswith(f"{folder / 'sources.toml'}: ") for line in str(caught.value).splitlines())
    return list(caught.value.complaints)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("fields.sirem = 'x'", "field 'sirem' is not a field of customer; did you mean 'siren'? valid: name, siren, siret, vat_number"),
        ("versoin = 'At'", "unknown key 'versoin'; did you mean 'version'? valid: file, entity, name, key, key_ordinal"),
        ("complete = 'perhaps'", "complete: Input should be a valid boolean"),
        ("where = { A = { is = 'x' } }", "where.A: unknown key 'is'; valid: only, not"),
        ("where = { A = { only = 'x', not = 'y' } }", "where.A: give exactly one of only and not"),
        ("dialect = { dates = 'ymd' }", "dialect.dates: Input should be 'dmy', 'mdy' or 'iso' (found 'ymd')"),
        ("dialect = { date = 'dmy' }", "dialect: unknown key 'date'; did you mean 'dates'? valid: encoding, separator"),
        ("fields.city = { match = 'x' }", "fields.city: give exactly one of column, first, join, value, not none"),
        (
            "fields.city = { column = 'x', value = 'y' }",
            "fields.city: give exactly one of column, first, join, value, not column and value",
        ),
        ("fields.city = { column = 'x', by = ' ' }", "fields.city: by needs join"),
        ("fields.city = { column = 'x', otherwise = ' ' }", "fields.city: otherwise needs map"),
        ("fields.city = { colum = 'x' }", "fields.city: unknown key 'colum'; did you mean 'column'? valid: column, first"),
        ("fields.city = { column = 'x', match = '(' }", "fields.city.match: '(' is not a regular expression of RE2 ("),
        ("fields.city.first = ['x', { column = 'y', match = '(?=a)' }]", "fields.city.first.1.match: '(?=a)' is not a regular expression"),
        ("fields.city = { first = [] }", "fields.city.first: "),
        ("fields.city = 3", "fields.city: "),
    ],
)
def test_a_mistake_in_a_stream_is_said_with_its_place_and_the_valid_alternatives(tmp_path: Path, line: str, complaint: str) -> None:
    (found,) = complaints(tmp_path, f"{GOOD}{line}\n")
    assert found.startswith(f"crm.Account.csv: {complaint}")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('"customer"', '"custumer"', "crm.Account.csv: 'custumer' is not an entity; did you mean 'customer'? valid: "),
        ("fields.name", "fields.city", "crm.Account.csv: field 'name' of customer is required and not mapped; map it (Legal or trading"),
        ('key = "Id"\n', "", "crm.Account.csv: key 'key' is missing (The column that identifies a row"),
        ('file = "Account.csv"\n', "", "crm.streams[0]: key 'file' is missing (Name of a file in the folder"),
        (NAME, "", "crm.Account.csv: key 'fields' is missing (The entity's fields)"),
        (STREAM + NAME, "streams = ['x']", "crm.streams[0]: "),
        ("folder", "foldr", "crm: unknown key 'foldr'; did you mean 'folder'? valid: encoding"),
        ('folder = "."', 'folder = "../x"', "crm: folder: '../x' leaves the folder; write a path below it"),
        ('folder = "."', 'folder = "nowhere"', "crm: there is no folder "),
        ("Account.csv", "/etc/passwd", "crm./etc/passwd: file: '/etc/passwd' leaves the folder; write a path below it"),
        ('folder = "."', "folder = '.'\ndecimal = ';'", "crm: decimal: Input should be ',' or '.' (found ';')"),
        ('folder = "."', "folder = '.'\nencoding = 'utf-9'", "crm: encoding: 'utf-9' is not an encoding; usual ones are utf-8, cp1252"),
        ('folder = "."', "folder = '.'\nseparator = 'a'", "crm: separator: 'a' cannot separate columns; usual marks are ;"),
        ("crm", "'C R M'", "sources: 'C R M' is not a name for a source; write small letters, figures and _, as in crm_2"),
        (GOOD, "", "the file: key 'sources' is missing"),
        (GOOD, "[source.crm]", "the file: unknown key 'source'; did you mean 'sources'? valid: sources"),
        (GOOD, "[sources.crm", "is not TOML: "),
        (GOOD, "[sources]", "sources: "),
    ],
)
def test_a_mistake_anywhere_is_said_with_its_place(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    said = complaints(tmp_path, GOOD.replace(old, new))
    assert any(one.startswith(complaint) for one in said), said


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    text = SOURCE + STREAM + "fields = { nam = 'N', cty = 'C' }\n" + STREAM + "fields = { name = 'N', x = 'C' }\n"
    assert [found.split(" is ")[0] for found in complaints(tmp_path, text)] == [
        "crm.Account.csv: field 'nam'",
        "crm.Account.csv: field 'cty'",
        "crm.Account.csv: field 'name' of customer",
        "crm.Account.csv as customer: field 'x'",
    ]


def test_streams_of_one_file_have_names_of_their_own(tmp_path: Path) -> None:
    again = config(entity="contact", family_name='"N"').replace('[sources.s]\nfolder = "."\n', "")
    (tmp_path / "sources.toml").write_text(config() + again)
    (source,) = open_sources(tmp_path / "sources.toml")
    assert [stream.name for stream in source.streams()] == ["a.csv", "a.csv as contact"]
    assert complaints(tmp_path, config() + again + again)[0].startswith(
        "s.a.csv as contact: two streams are called 'a.csv as contact'; give one"
    )


def test_a_config_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read \(No such file or directory\); give the path of a sources.toml"):
        open_sources(tmp_path / "sources.toml")
    (tmp_path / "sources.toml").write_bytes("# é".encode("cp1252"))
    with pytest.raises(ConfigError, match=r"is not UTF-8 \(byte 3\); save it as UTF-8"):
        open_sources(tmp_path / "sources.toml")


def test_the_root_is_the_folder_of_the_config_unless_another_is_given(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text("Id;Name\n1;a\n")
    (tmp_path / "sources.toml").write_text(config())
    (source,) = open_sources(tmp_path / "sources.toml", tmp_path / "in")
    assert [batch.table.num_rows for batch in source.streams()[0].batches()] == [1]
    assert source.name == "s"


def test_complete_may_be_said_once_for_a_source(tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text(config(source="complete = true"))
    assert open_sources(tmp_path / "sources.toml")[0].streams()[0].complete
    (tmp_path / "sources.toml").write_text(config())
    assert not open_sources(tmp_path / "sources.toml")[0].streams()[0].complete
