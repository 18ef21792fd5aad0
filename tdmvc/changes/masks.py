"""Flags and positions of slots, as Arrow arrays: which slots, and how many.

A mask is a boolean array without nulls; positions are whole numbers, ascending unless told otherwise.
Constants are built from buffers here, because `pa.scalar` and `pa.array` import pandas wherever it is
installed, which takes longer than a small diff.
"""

import sys
from collections.abc import Iterable
from typing import TypeAlias

import pyarrow as pa

from tdmvc.arrow.compute import CumulativeOptions, IndexOptions, call_function

Mask: TypeAlias = pa.BooleanArray
Positions: TypeAlias = pa.Array

NOWHERE: Positions = pa.nulls(0, pa.int64())


def flag(*, is_set: bool) -> pa.Scalar:
    """Return one flag."""
    return pa.Array.from_buffers(pa.bool_(), 1, [None, pa.py_buffer(bytes([is_set]))])[0]


def number(value: int) -> pa.Scalar:
    """Return one signed 64-bit number."""
    data = pa.py_buffer(value.to_bytes(8, sys.byteorder, signed=True))
    return pa.Array.from_buffers(pa.int64(), 1, [None, data])[0]


def text(value: str) -> pa.Scalar:
    """Return one text."""
    data = value.encode()
    offsets = pa.py_buffer(b"".join(end.to_bytes(4, sys.byteorder) for end in (0, len(data))))
    return pa.Array.from_buffers(pa.string(), 1, [None, offsets, pa.py_buffer(data)])[0]


def uniform(length: int, *, is_set: bool) -> Mask:
    """Return a mask whose flags are all alike."""
    return pa.repeat(flag(is_set=is_set), length)


def mask_at(positions: Iterable[int], length: int) -> Mask:
    """Return a mask that is set at the positions, in whatever order they come. Cost: Python's for each."""
    bits = bytearray((length + 7) // 8)
    for position in positions:
        bits[position >> 3] |= 1 << (position & 7)
    return pa.Array.from_buffers(pa.bool_(), length, [None, pa.py_buffer(bits)])


def set_flags(flags: pa.BooleanArray) -> Mask:
    """Return the flags as a mask; null is not set."""
    return call_function("coalesce", [flags, flag(is_set=False)]) if flags.null_count else flags


def both(left: Mask, right: Mask) -> Mask:
    """Return where both are set."""
    return call_function("and", [left, right])


def either(left: Mask, right: Mask) -> Mask:
    """Return where at least one is set."""
    return call_function("or", [left, right])


def only(left: Mask, right: Mask) -> Mask:
    """Return where the left one is set and the right one is not."""
    return call_function("and_not", [left, right])


def inverse(mask: Mask) -> Mask:
    """Return where the mask is not set."""
    return call_function("invert", [mask])


def first_of(mask: Mask) -> int:
    """Return the first position that is set, -1 where none is."""
    return int(call_function("index", [mask], IndexOptions(value=flag(is_set=True))).as_py())


def positions_of(mask: Mask) -> Positions:
    """Return the positions that are set."""
    return call_function("indices_nonzero", [mask])


def count_up(length: int) -> Positions:
    """Return 0, 1, 2, … below the length."""
    ones = pa.repeat(number(1), length)
    return call_function("cumulative_sum", [ones], CumulativeOptions(start=number(-1)))


def take(array: pa.Array, positions: Positions) -> pa.Array:
    """Return the values at the positions."""
    return call_function("array_take", [array, positions])


def chosen(array: pa.Array, mask: Mask) -> pa.Array:
    """Return the values where the mask is set."""
    return call_function("array_filter", [array, mask])


def in_one(chunked: pa.ChunkedArray) -> pa.Array:
    """Return all chunks as one array."""
    if chunked.num_chunks == 1:
        return chunked.chunk(0)
    return pa.concat_arrays(chunked.chunks) if chunked.num_chunks else pa.nulls(0, chunked.type)
