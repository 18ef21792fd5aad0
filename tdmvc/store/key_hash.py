"""The key hash: 64 bits per row that decide where parts end.

It never changes, whatever the library versions: integers are mixed with the
finaliser of splitmix64, texts with a polynomial over their bytes modulo 2⁶⁴.
All integer widths have the same hash, so that widening a key column moves no boundary. The hash is
no defence against rows chosen to fall into one part; the maximum length of a part is.
"""

import hashlib

import numpy as np
import pyarrow as pa

from tdmvc.store.arrays import Numbers, fixed_values, list_values, struct_fields, text_values, validity

_NULL = np.uint64(0x9E3779B97F4A7C15)
_START = np.uint64(0x2545F4914F6CDD1D)
_BASE = 0x5851F42D4C957F2D
"""The polynomial's base: odd, so that it has an inverse modulo 2⁶⁴."""
_LONG_TEXT_BYTES = 1024
"""Longer texts are hashed one by one, so that memory does not grow with them."""


class _Powers:
    """Powers of the base and of its inverse modulo 2⁶⁴, computed on demand."""

    def __init__(self) -> None:
        self.up = np.ones(1, np.uint64)
        self.down = np.ones(1, np.uint64)

    def grow(self, size: int) -> None:
        if len(self.up) >= size:
            return
        size = max(size, 2 * len(self.up))
        inverse = pow(_BASE, -1, 1 << 64)
        for name, base in (("up", _BASE), ("down", inverse)):
            values = np.full(size, base, np.uint64)
            values[0] = 1
            setattr(self, name, np.multiply.accumulate(values))


_powers = _Powers()


def key_hash(columns: list[pa.Array]) -> Numbers:
    """Return one uint64 per row over the key columns, in key order.

    Args:
        columns: arrays of canonical types and of equal length, at least one.
    """
    combined = np.full(len(columns[0]), _START, np.uint64)
    for array in columns:
        combined = _mix(combined * np.uint64(31) + _hash(array))
    return combined


def _hash(array: pa.Array) -> Numbers:
    type_ = array.type
    if pa.types.is_list(type_):
        offsets, child = list_values(array)
        hashes = _segments(offsets, _hash(child))
    elif pa.types.is_struct(type_):
        fields = struct_fields(array)
        hashes = key_hash(fields) if fields else np.zeros(len(array), np.uint64)
    elif pa.types.is_string(type_) or pa.types.is_binary(type_):
        hashes = _hash_texts(*text_values(array))
    else:
        hashes = _hash_numbers(array)
    mask = validity(array)
    return hashes if mask is None else np.where(mask, hashes, _NULL)


def _hash_numbers(array: pa.Array) -> Numbers:
    values = fixed_values(array)
    if values.ndim == 2:
        low, high = values[:, 0].astype(np.uint64), values[:, 1].astype(np.uint64)
        return _mix(_mix(low) + high)
    if values.dtype.kind == "f":
        return _mix(values.astype(np.float64).view(np.uint64))
    return _mix(values.astype(np.int64).astype(np.uint64))


def _hash_texts(offsets: Numbers, data: Numbers) -> Numbers:
    lengths = np.diff(offsets)
    long = np.flatnonzero(lengths > _LONG_TEXT_BYTES)
    if not len(long):
        return _segments(offsets, data)
    # Long texts are left out here and hashed one by one.
    keep = np.ones(len(data), bool)
    for row in long:
        keep[offsets[row] : offsets[row + 1]] = False
    short_offsets = np.zeros(len(offsets), np.int64)
    np.cumsum(np.where(lengths > _LONG_TEXT_BYTES, 0, lengths), out=short_offsets[1:])
    hashes = _segments(short_offsets, data[keep])
    for row in long:
        text = data[offsets[row] : offsets[row + 1]].tobytes()
        hashes[row] = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")
    return hashes


def _segments(offsets: Numbers, values: Numbers) -> Numbers:
    """Hash each run of values between two offsets: Σ (value + 1) · base^i, mixed with its length."""
    count = len(values)
    _powers.grow(count + 1)
    sums = np.zeros(count + 1, np.uint64)
    np.cumsum((values.astype(np.uint64) + np.uint64(1)) * _powers.up[:count], out=sums[1:])
    totals = (sums[offsets[1:]] - sums[offsets[:-1]]) * _powers.down[offsets[:-1]]
    return _mix(totals + np.diff(offsets).astype(np.uint64) * _NULL)


def _mix(x: Numbers) -> Numbers:
    """The finaliser of splitmix64 (Steele, Lea, Flood 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: Numbers = x ^ (x >> np.uint64(31))
    return mixed
