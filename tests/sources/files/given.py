"""Small files with the streams that read them."""

from collections.abc import Iterator
from pathlib import Path

from mdm.ports import Problem
from sources import open_sources
from sources.files.streams import FileStream

Row = dict[str, object]


def config(*, file: str = "a.csv", entity: str = "customer", key: str = '"Id"', more: str = "", source: str = "", **fields: str) -> str:
    """A config with one stream; fields as they stand in TOML."""
    mapped = "\n".join(f"{name} = {made}" for name, made in (fields or {"name": '"Name"'}).items())
    return (
        f'[sources.s]\nfolder = "."\n{source}\n[[sources.s.streams]]\nfile = "{file}"\nentity = "{entity}"\nkey = {key}\n{more}\n'
        f"[sources.s.streams.fields]\n{mapped}\n"
    )


def stream(folder: Path, content: str | bytes, *, file: str = "a.csv", more: str = "", source: str = "", **fields: str) -> FileStream:
    """A stream over a file with this content."""
    (folder / file).write_bytes(content.encode() if isinstance(content, str) else content)
    return over(folder, config(file=file, more=more, source=source, **fields))


def over(folder: Path, text: str) -> FileStream:
    """The first stream of a config."""
    path = folder / "sources.toml"
    path.write_text(text, encoding="utf-8")
    found = open_sources(path)[0].streams()[0]
    assert isinstance(found, FileStream)
    return found


def rows(stream: FileStream, cursor: str | None = None) -> list[Row]:
    """Everything that it delivers."""
    return [row for batch in stream.batches(cursor) for row in batch.table.to_pylist()]


def problems(stream: FileStream) -> list[Problem]:
    """Everything that it complains of."""
    return [problem for batch in stream.batches() for problem in batch.problems]


def names(stream: FileStream) -> list[object]:
    """The names that it delivers."""
    return [row["name"] for row in rows(stream)]


def told(stream: FileStream) -> Iterator[tuple[str, int | None, str]]:
    """Severity, line and reason of every problem."""
    for problem in problems(stream):
        yield problem.severity, problem.line, problem.reason
