"""Hashes of strings: 64 bits, the same on every machine, in every process, for ever."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

_ODD = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_SHIFT = np.uint64(29)
_END = np.uint64(32)


def hashed(values: pa.Array) -> Hashes:
    """A hash a string; null is as the empty string. Eight bytes a step of multiply and shift, after Vigna's splitmix64."""
    plain = values.cast(pa.large_string())
    if plain.null_count:
        plain = plain.fill_null("")
    _, offsets_buffer, data_buffer = plain.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int64, len(plain) + 1, plain.offset * 8)
    data = np.zeros(int(offsets[-1] if len(offsets) else 0) + 8, np.uint8)
    if data_buffer is not None:
        data[:-8] = np.frombuffer(data_buffer, np.uint8, len(data) - 8)
    words = np.ndarray((len(data) - 7,), np.dtype("<u8"), data.data, strides=(1,))
    starts, lengths = offsets[:-1], np.diff(offsets)
    out = scrambled(lengths.astype(np.uint64))
    rows = np.flatnonzero(lengths)
    step = 0
    while len(rows):
        left = lengths[rows] - step
        kept = np.where(
            left >= 8, np.uint64(0xFFFFFFFFFFFFFFFF), (np.uint64(1) << (np.minimum(left, 7) * 8).astype(np.uint64)) - np.uint64(1)
        )
        out[rows] = scrambled(out[rows] ^ (words[starts[rows] + step] & kept))
        step += 8
        rows = rows[left > 8]
    return out


def scrambled(hashes: Hashes) -> Hashes:
    """Every bit spread over all; one to one."""
    with np.errstate(over="ignore"):
        mixed = (hashes + _ODD) * _MIX
        mixed ^= mixed >> _SHIFT
        mixed *= _ODD
        return mixed ^ (mixed >> _END)


def mixed(one: Hashes, other: Hashes) -> Hashes:
    """A hash of two, in this order."""
    with np.errstate(over="ignore"):
        return scrambled(one * _ODD ^ other)
