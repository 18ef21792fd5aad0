"""Arrow arrays as plain buffers that depend only on their values.

An Arrow array may be a slice, may contain arbitrary bytes under its nulls, and has two
representations of "no nulls". Hashes must not depend on that, so both hashes read arrays through
this module.
"""

from typing import Any

import numpy as np
import pyarrow as pa

from tdmvc.arrow.compute import call_function
from tdmvc.arrow.constants import text

Numbers = np.ndarray[Any, np.dtype[Any]]


def validity(array: pa.Array) -> Numbers | None:
    """Return one boolean per value, false for nulls; None if there are no nulls."""
    if array.null_count == 0:
        return None
    return _flags(array.is_valid())


def is_fixed_width(type_: pa.DataType) -> bool:
    """Return whether every value takes the same number of bytes."""
    return not (
        pa.types.is_string(type_)
        or pa.types.is_binary(type_)
        or pa.types.is_list(type_)
        or pa.types.is_struct(type_)
    )


def fixed_values(array: pa.Array) -> Numbers:
    """Return the values of a fixed-width array, zero under nulls.

    Booleans are uint8; decimals are two little-endian int64 words per row, low word
    first; dates, times and timestamps are their integers.
    """
    type_ = array.type
    if pa.types.is_boolean(type_):
        values = _buffer(array.cast(pa.uint8()), np.dtype("u1"))
    elif pa.types.is_decimal(type_):
        values = _buffer(array, np.dtype("<i8"), words=2)
    elif pa.types.is_floating(type_):
        values = _buffer(array, np.dtype(f"<f{type_.bit_width // 8}"))
    else:
        sign = "u" if pa.types.is_unsigned_integer(type_) else "i"
        values = _buffer(array, np.dtype(f"<{sign}{type_.bit_width // 8}"))
    mask = validity(array)
    if mask is not None:
        values = np.where(mask[:, None] if values.ndim == 2 else mask, values, values.dtype.type(0))
    return values


def text_values(array: pa.Array) -> tuple[Numbers, Numbers]:
    """Return (offsets, bytes) of a string or binary array; nulls are empty, offsets start at 0."""
    if array.null_count:
        array = call_function("coalesce", [array, text("", array.type)])
    length = len(array)
    _, offset_buffer, data_buffer = array.buffers()
    if length == 0 or offset_buffer is None:
        return np.zeros(length + 1, np.int64), np.zeros(0, np.uint8)
    offsets = np.frombuffer(offset_buffer, np.dtype("<i4"), count=length + 1, offset=array.offset * 4)
    offsets = offsets.astype(np.int64)
    if data_buffer is None:
        return offsets - offsets[0], np.zeros(0, np.uint8)
    data = np.frombuffer(data_buffer, np.uint8)[offsets[0] : offsets[-1]]
    return offsets - offsets[0], data


def list_values(array: pa.Array) -> tuple[Numbers, pa.Array]:
    """Return (offsets, child) of a list array; nulls are empty, offsets start at 0."""
    lengths = fixed_values(call_function("list_value_length", [array]))
    offsets = np.zeros(len(array) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets, array.flatten()


def struct_fields(array: pa.Array) -> list[pa.Array]:
    """Return the child arrays of a struct array, null wherever the struct is."""
    children: list[pa.Array] = array.flatten()
    return children


def _flags(array: pa.BooleanArray) -> Numbers:
    return _buffer(array.cast(pa.uint8()), np.dtype("u1")).view(np.bool_)


def _buffer(array: pa.Array, dtype: "np.dtype[Any]", *, words: int = 1) -> Numbers:
    length = len(array)
    data = array.buffers()[1]
    if length == 0 or data is None:
        return np.zeros((length, words) if words > 1 else length, dtype)
    start = array.offset * dtype.itemsize * words
    values = np.frombuffer(data, dtype, count=length * words, offset=start)
    return values.reshape(length, words) if words > 1 else values
