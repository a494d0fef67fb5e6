"""Blocking parts: from normal forms to the strings under which they are filed, many at once."""

from collections.abc import Callable, Iterable

import pyarrow as pa
import pyarrow.compute as pc

Part = Callable[[pa.Array], pa.Array]
"""Of an array of forms: the string under which each is filed, or a list of strings; null for none."""


def whole(forms: pa.Array) -> pa.Array:
    """The form as it is."""
    return forms


def prefix(length: int) -> Part:
    """The first letters."""
    return lambda forms: pc.utf8_slice_codeunits(forms, 0, length)


def suffix(length: int) -> Part:
    """The last letters."""
    return lambda forms: pc.utf8_slice_codeunits(forms, -length)


def one(key: Callable[[str], str | None]) -> Part:
    """What a function says of each form."""
    return lambda forms: pa.array([key(form) for form in forms.to_pylist()], pa.string())


def several(keys: Callable[[str], Iterable[str]]) -> Part:
    """Any number of strings a form."""
    return lambda forms: pa.array([list(keys(form)) for form in forms.to_pylist()], pa.list_(pa.string()))
