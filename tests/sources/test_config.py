"""Mistakes in `sources.toml`, said so that its owner can mend them."""

from pathlib import Path

import pytest

from sources import ConfigError, open_sources
from tests.sources.files.given import config

STREAM = '[sources.crm]\nfolder = "."\n[[sources.crm.streams]]\nfile = "Account.csv"\nentity = "customer"\nkey = "Id"\n'
FIELDS = '[sources.crm.streams.fields]\nname = "Name"\n'


def complaints(folder: Path, text: str) -> list[str]:
    """What is said about a config."""
    (folder / "sources.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        open_sources(folder / "sources.toml")
    assert all(line.startswith(f"{folder / 'sources.toml'}: ") for line in str(caught.value).splitlines())
    return list(caught.value.complaints)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            STREAM + FIELDS + 'sirem = "SIREN__c"\n',
            "crm.Account.csv: field 'sirem' is not a field of customer; did you mean 'siren'? valid: name, siren, siret, vat_number",
        ),
        (STREAM.replace('"customer"', '"custumer"') + FIELDS, "crm.Account.csv: 'custumer' is not an entity; did you mean 'customer'? valid: "),
        (
            STREAM + '[sources.crm.streams.fields]\ncity = "City"\n',
            "crm.Account.csv: field 'name' of customer is required and not mapped; map it (Legal or trading name, as the source writes it)",
        ),
        (STREAM + 'versoin = "At"\n' + FIELDS, "crm.Account.csv: unknown key 'versoin'; did you mean 'version'? valid: file, entity, name, key"),
        (STREAM.replace('key = "Id"\n', "") + FIELDS, "crm.Account.csv: key 'key' is missing (The column that identifies a row"),
        (STREAM.replace('file = "Account.csv"\n', "") + FIELDS, "crm.streams[0]: key 'file' is missing"),
        (STREAM, "crm.Account.csv: key 'fields' is missing"),
        (STREAM.replace('folder = "."', 'foldr = "."') + FIELDS, "crm: unknown key 'foldr'; did you mean 'folder'? valid: encoding"),
        (STREAM.replace('folder = "."', 'folder = "../x"') + FIELDS, "crm: folder: '../x' leaves the folder; write a path below it"),
        (STREAM.replace('"Account.csv"', '"/etc/passwd"') + FIELDS, "crm./etc/passwd: file: '/etc/passwd' leaves the folder"),
        (
            STREAM.replace('folder = "."', 'folder = "."\ndecimal = ";"') + FIELDS,
            "crm: decimal: Input should be ',' or '.' (found ';')",
        ),
        (STREAM.replace('folder = "."', 'folder = "."\nencoding = "utf-9"') + FIELDS, "crm: encoding: 'utf-9' is not an encoding; usual ones are utf-8"),
        (STREAM.replace('folder = "."', 'folder = "."\nseparator = "a"') + FIELDS, "crm: separator: 'a' cannot separate columns; usual marks are ;"),
        (STREAM + "dialect = { dates = 'ymd' }\n" + FIELDS, "crm.Account.csv: dialect.dates: Input should be 'dmy', 'mdy' or 'iso' (found 'ymd')"),
        (STREAM + "dialect = { date = 'dmy' }\n" + FIELDS, "crm.Account.csv: dialect.date: unknown key 'date'; did you mean 'dates'? valid: encoding"),
        (STREAM + FIELDS + "city = { match = 'x' }\n", "crm.Account.csv: fields.city: give exactly one of column, first, join, value, not none"),
        (STREAM + FIELDS + "city = { column = 'x', value = 'y' }\n", "crm.Account.csv: fields.city: give exactly one of column, first, join, value, not column and value"),
        (STREAM + FIELDS + "city = { column = 'x', by = ' ' }\n", "crm.Account.csv: fields.city: by needs join"),
        (STREAM + FIELDS + "city = { column = 'x', otherwise = ' ' }\n", "crm.Account.csv: fields.city: otherwise needs map"),
        (STREAM + FIELDS + "city = { colum = 'x' }\n", "crm.Account.csv: fields.city.colum: unknown key 'colum'; did you mean 'column'? valid: column, first"),
        (STREAM + FIELDS + "city = { column = 'x', match = '(' }\n", "crm.Account.csv: fields.city.match: '(' is not a regular expression of RE2 ("),
        (STREAM + FIELDS + "city = { first = ['x', { column = 'y', match = '(?=a)' }] }\n", "crm.Account.csv: fields.city.first.1.match: '(?=a)' is not a regular expression of RE2 ("),
        (STREAM + FIELDS + "city = { first = [] }\n", "crm.Account.csv: fields.city.first: "),
        (STREAM + FIELDS + "city = 3\n", "crm.Account.csv: fields.city: "),
        (STREAM + "where = { A = { is = 'x' } }\n" + FIELDS, "crm.Account.csv: where.A: "),
        (STREAM + "complete = 'perhaps'\n" + FIELDS, "crm.Account.csv: complete: Input should be a valid boolean"),
        (STREAM.replace("crm", "C R M").replace("[sources.C R M", '[sources."C R M"').replace("[[sources.C R M", '[[sources."C R M"') + FIELDS.replace("crm", '"C R M"'), "'C R M' "),
        ("", "key 'sources' is missing"),
        ("[source.crm]\n", "unknown key 'source'; did you mean 'sources'? valid: sources"),
        ("[sources.crm\n", "is not TOML: "),
        ("[sources]\n", "sources: "),
        ("[sources.crm]\nfolder = '.'\nstreams = ['x']\n", "crm.streams[0]: "),
        ("[sources.crm]\nfolder = 'nowhere'\n[[sources.crm.streams]]\nfile = 'a'\nentity = 'customer'\nkey = 'Id'\nfields = { name = 'N' }\n", "crm: there is no folder "),
    ],
)  # fmt: skip
def test_every_mistake_is_said_with_its_place_and_the_valid_alternatives(tmp_path: Path, text: str, complaint: str) -> None:
    assert any(found.startswith(complaint) for found in complaints(tmp_path, text)), complaints(tmp_path, text)


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    text = STREAM.replace("crm", "erp") + 'fields = { nam = "N", cty = "C" }\n' + STREAM.replace("[sources.crm]\nfolder = \".\"\n", "").replace("crm", "erp") + 'fields = { name = "N", x = "C" }\n'
    assert [found.split(" is not")[0] for found in complaints(tmp_path, text)] == [
        "erp.Account.csv: field 'nam'",
        "erp.Account.csv: field 'cty'",
        "erp.Account.csv: field 'name' of customer is required and not mapped; map it (Legal or trading name, as the source writes it)",
        "erp.Account.csv as customer: field 'x'",
    ]


def test_streams_of_one_file_have_names_of_their_own(tmp_path: Path) -> None:
    again = config(entity="contact", family_name='"N"').replace('[sources.s]\nfolder = "."\n', "")
    (tmp_path / "sources.toml").write_text(config() + again)
    (source,) = open_sources(tmp_path / "sources.toml")
    assert [stream.name for stream in source.streams()] == ["a.csv", "a.csv as contact"]
    assert complaints(tmp_path, config() + again + again)[0].startswith("s.a.csv as contact: two streams are called 'a.csv as contact'; give one")


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
