"""Which encoding a text file is in, and its text as UTF-8, block by block.

A file is in one encoding, or in UTF-8 with stray bytes of an 8-bit one, as when exports were glued together.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SAMPLE = 1 << 20
_MULTIBYTE = re.compile(rb"[\xc2-\xc8\xcc-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
"""Characters of UTF-8; those that begin with É, Ê or Ë in 8-bit encodings are phonetic signs, which nobody writes."""
_HIGH = re.compile(rb"[\x80-\xff]")
_ONLY_CP1252 = re.compile(rb"[\x80-\x9f]")
_LATIN9 = re.compile(rb"\xa4|(?<=[A-Za-z])[\xbc-\xbe]|[\xbc-\xbe](?=[A-Za-z])")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_UNKNOWN = "\ufffd"
_ESCAPED = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True)
class Encoding:
    """What a file is decoded by."""

    name: str
    stray: str = "cp1252"
    """What bytes that are not UTF-8 are read as, in a file that is."""
    doubt: str | None = None
    """Why the declared encoding was not taken."""


@dataclass(frozen=True)
class Block:
    """Some text of a file, as UTF-8; blocks may end anywhere between two characters."""

    data: bytes
    odd: tuple[int, str] | None = None
    """The first odd character: newlines before it in the block, and what was done about it."""


def detect(path: Path, declared: str | None) -> Encoding:
    """The encoding of a file: its BOM, else the declared one if the text fits it, else by the bytes that occur."""
    sample = _telling(path)
    found = _found(sample)
    if declared is None:
        return found
    name = codecs.lookup(declared).name
    if sample.startswith(tuple(bom for bom, _ in _BOMS)):
        same = name.replace("-sig", "").startswith(found.name)
        return found if same else Encoding(found.name, found.stray, f"it begins with the byte order mark of {found.name}")
    if name in ("utf-8", "utf-8-sig") and found.name != "utf-8" and (found.name.startswith("utf") or not _valid(sample)):
        return Encoding(found.name, found.stray, _first_misfit(path))
    if (misfit := _undecodable(sample, name)) is not None:
        return Encoding(found.name, found.stray, misfit)
    if name not in ("utf-8", "utf-8-sig") and found.name == "utf-8" and _MULTIBYTE.search(sample) and not name.startswith("utf"):
        return Encoding("utf-8", name, "its text is valid UTF-8")
    stray = found.stray if found.name == "utf-8" else found.name
    return Encoding("utf-8" if name == "utf-8-sig" else name, stray)


def blocks(path: Path, encoding: Encoding, size: int) -> Iterator[Block]:
    """The text of a file as UTF-8 without BOM and with `\\n` or `\\r\\n` at the end of lines."""
    utf8 = encoding.name == "utf-8"
    decoder = codecs.getincrementaldecoder("utf-8-sig" if utf8 else encoding.name)("surrogateescape" if utf8 else "replace")
    mac: bool | None = None
    with path.open("rb") as file:
        while True:
            raw = file.read(size)
            if text := decoder.decode(raw, final=not raw):
                mac = "\r" in text and "\n" not in text if mac is None else mac
                yield _block(text.replace("\r", "\n") if mac else text, encoding)
            if not raw:
                return


def _block(text: str, encoding: Encoding) -> Block:
    if (at := text.find(_UNKNOWN)) >= 0 and encoding.name != "utf-8":
        return Block(text.encode(), (text.count("\n", 0, at), f"a byte is no character of {encoding.name}; it became {_UNKNOWN!r}"))
    try:
        return Block(text.encode())
    except UnicodeEncodeError as error:
        reason = f"byte 0x{ord(text[error.start]) - 0xDC00:02X} is not UTF-8; such bytes were read as {encoding.stray}"
        strays = {0xDC00 + byte: bytes([byte]).decode(encoding.stray, "replace") for byte in range(0x80, 0x100)}
        return Block(text.translate(strays).encode(), (text.count("\n", 0, error.start), reason))


def _telling(path: Path) -> bytes:
    """The start of the file if it says something about the encoding, else the first stretch that does."""
    with path.open("rb") as file:
        sample = file.read(_SAMPLE)
        while sample.isascii() and b"\0" not in sample and (more := file.read(_SAMPLE)):
            sample = more
    return sample


def _found(sample: bytes) -> Encoding:
    for bom, name in _BOMS:
        if sample.startswith(bom):
            return Encoding(name)
    if sample.count(b"\0") * 3 > len(sample):
        return Encoding("utf-16-le" if sample[1::2].count(b"\0") > sample[::2].count(b"\0") else "utf-16-be")
    rest, multibyte = _MULTIBYTE.subn(b"", sample)
    strays = len(_HIGH.findall(rest))
    legacy = "iso8859-15" if not _ONLY_CP1252.search(rest) and _LATIN9.search(rest) else "cp1252"
    return Encoding("utf-8", legacy) if multibyte >= strays - 3 * _cut(sample) else Encoding(legacy)


def _valid(sample: bytes) -> bool:
    """Whether a sample is UTF-8 from its first byte to its last, an unfinished character aside."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return False
    return True


def _cut(sample: bytes) -> bool:
    """Whether the sample may end inside a character."""
    return len(sample) == _SAMPLE and sample[-1] >= 0x80


def _undecodable(sample: bytes, name: str) -> str | None:
    if name == "utf-8":
        return None
    try:
        codecs.getincrementaldecoder(name)().decode(sample)
    except UnicodeDecodeError as error:
        return _misfit(sample, error.start, name)
    return None


def _first_misfit(path: Path) -> str:
    line, decoder = 1, codecs.getincrementaldecoder("utf-8")("surrogateescape")
    with path.open("rb") as file:
        while raw := file.read(_SAMPLE):
            text = decoder.decode(raw)
            if stray := _ESCAPED.search(text):
                line += text.count("\n", 0, stray.start())
                return f"line {line}: byte 0x{ord(stray.group()) - 0xDC00:02X} is not utf-8"
            line += text.count("\n")
    return "the text is not utf-8"


def _misfit(sample: bytes, at: int, name: str) -> str:
    line = sample.count(b"\n", 0, at) + 1
    return f"line {line}: byte 0x{sample[at]:02X} is not {name}"
