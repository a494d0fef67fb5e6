"""How one record is read: its forms as `encode` makes them, its keys as `blocking.filed` does, without arrays of one element.

The arrays of `encode` and `blocking` cost ten milliseconds, for one record as for a hundred; this costs a part of one. Tests hold both to the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa
from pydantic import BaseModel

from matching import blocking
from matching.blocking import MOST_REFINERS, Part, Rule
from matching.declaration import fields
from matching.encode import ABSENT, Column, Columns, encode, one_record
from matching.forms import Forms
from matching.hashing import Hashes
from matching.model import Model
from matching.sources import Positions

REMEMBERED = 50_000
"""Forms whose blocking parts are kept: names and towns come again."""


class Reading:
    """Reads records of a declaration under a model."""

    def __init__(self, declaration: type[BaseModel], model: Model) -> None:
        self.declared = fields(declaration)
        self.evidence = [item for item in self.declared if item.kind.comparison is not None or item.vetoes]
        self._blocking, self._common = model.blocking, frozenset(model.blocking.common.tolist())
        self._wanted = frozenset(part for rule in model.blocking.rules for part in rule.parts) | frozenset(model.blocking.refiners)
        self._finer = [[part for part in model.blocking.refiners if part[0] not in rule.columns] for rule in model.blocking.rules]
        self._rule_hashes = [hashed_one(rule.name) for rule in model.blocking.rules]
        self._kinds = {item.name: item.kind for item in self.declared}
        self.forms = one_record(declaration).forms
        self._filed_under = lru_cache(REMEMBERED)(self._hashes)

    def columns(self, records: pa.Table) -> dict[str, Column]:
        """The columns of many records; a field that is not there may follow from another."""
        return encode(records, self.declared, every=True)

    def filed(self, columns: Columns, count: int) -> tuple[Positions, Hashes]:
        """The keys of many records: their places, and the hashes."""
        nothing = Column(np.full(count, ABSENT, np.int32), Forms(np.zeros(0, object)))
        every = {item.name: columns.get(item.name, nothing) for item in self.evidence}
        return blocking.filed(blocking.filings(every, self.evidence, self._wanted), self._blocking, count)

    def keys(self, forms: Mapping[str, str]) -> Hashes:
        """The keys under which a record of these forms is filed."""
        hashes: dict[Part, Sequence[int]] = {}
        for name, form in forms.items():
            hashes |= self._filed_under(name, form)
        return np.array([key for number in range(len(self._blocking.rules)) for key in self._keys(number, hashes)], np.uint64)

    def _hashes(self, name: str, form: str) -> dict[Part, list[int]]:
        """The hashes of what each blocking part of a field makes of a form; as in `blocking`, 0 stands for none."""
        made = {(name, part): make for part, make in self._kinds[name].keys.items() if (name, part) in self._wanted}
        texts = {part: make(pa.array([form], pa.string()))[0].as_py() for part, make in made.items()}
        several = {part: text if isinstance(text, list) else [text] if text else [] for part, text in texts.items()}
        return {part: [hashed_one(text or "") or 1 for text in each] for part, each in several.items()}

    def _keys(self, number: int, hashes: Mapping[Part, Sequence[int]]) -> Iterator[int]:
        """The keys of one rule, common ones refined."""
        for key in _combined(self._blocking.rules[number], hashes):
            found = mixed_one(key, self._rule_hashes[number])
            if found not in self._common:
                yield found
            else:
                finer = self._finer[number][:MOST_REFINERS]
                refined = (mixed_one(found, other) for part in finer for other in hashes.get(part, ()))
                yield from (each for each in refined if each not in self._common)


def _combined(rule: Rule, hashes: Mapping[Part, Sequence[int]]) -> Sequence[int]:
    """Every combination of a rule's parts; two parts of one name in no order."""
    first, *others = rule.parts
    several = hashes.get(first, ())
    for part in others:
        mix = mixed_one if part[1] != first[1] else _in_no_order
        several = [mix(one, other) for one in several for other in hashes.get(part, ())]
    return several


_ALL, _ODD, _MIX = 0xFFFFFFFFFFFFFFFF, 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9


def hashed_one(text: str) -> int:
    """As `hashed`, for one string."""
    data = text.encode()
    out = scrambled_one(len(data))
    for start in range(0, len(data), 8):
        out = scrambled_one(out ^ int.from_bytes(data[start : start + 8], "little"))
    return out


def scrambled_one(number: int) -> int:
    """As `scrambled`, for one number."""
    number = (number + _ODD) * _MIX & _ALL
    number = (number ^ number >> 29) * _ODD & _ALL
    return number ^ number >> 32


def mixed_one(one: int, other: int) -> int:
    """As `mixed`, for two numbers."""
    return scrambled_one(one * _ODD & _ALL ^ other)


def _in_no_order(one: int, other: int) -> int:
    return scrambled_one(one + other & _ALL)
