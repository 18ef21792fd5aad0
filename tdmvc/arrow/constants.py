"""Single Arrow values, and few or plain ones, built from buffers.

`pa.scalar` and `pa.array` import pandas wherever it is installed, which takes longer than a small diff.
"""

import struct
import sys
from array import array
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import pyarrow as pa

from tdmvc.arrow.compute import CastOptions, call_function


def flag(*, is_set: bool) -> pa.Scalar:
    """Return one flag."""
    return pa.Array.from_buffers(pa.bool_(), 1, [None, pa.py_buffer(bytes([is_set]))])[0]


def number(value: int) -> pa.Scalar:
    """Return one signed 64-bit number."""
    data = pa.py_buffer(value.to_bytes(8, sys.byteorder, signed=True))
    return pa.Array.from_buffers(pa.int64(), 1, [None, data])[0]


def text(value: str | bytes, type_: pa.DataType | None = None) -> pa.Scalar:
    """Return one text, as a string unless `type_` says binary."""
    data = value.encode() if isinstance(value, str) else value
    offsets = pa.py_buffer(b"".join(end.to_bytes(4, sys.byteorder) for end in (0, len(data))))
    return pa.Array.from_buffers(type_ or pa.string(), 1, [None, offsets, pa.py_buffer(data)])[0]


def constant(value: object, type_: pa.DataType) -> pa.Scalar:
    """Return a boolean, number, text, bytes or null as a scalar of any type that its text can be cast to."""
    match value:
        case None:
            return pa.nulls(1, type_)[0]
        case bool():
            found = flag(is_set=value)
        case str() | bytes() if pa.types.is_string(type_) or pa.types.is_binary(type_):
            return text(value, type_)
        case float():
            data = pa.py_buffer(struct.pack("=d", value))
            found = pa.Array.from_buffers(pa.float64(), 1, [None, data])[0]
        case _:
            found = text(str(value))
    return found if found.type == type_ else call_function("cast", [found], CastOptions(target_type=type_))


def text_array(values: Iterable[str | bytes | None], type_: pa.DataType | None = None) -> pa.Array:
    """Return texts, or bytes if `type_` says so, as an array."""
    cells = [value.encode() if isinstance(value, str) else value for value in values]
    ends = accumulate((len(cell or b"") for cell in cells), initial=0)
    offsets = pa.py_buffer(array("i", ends))
    is_valid = None
    if None in cells:
        is_valid = pa.py_buffer(np.packbits([cell is not None for cell in cells], bitorder="little"))
    data = pa.py_buffer(b"".join(cell or b"" for cell in cells))
    return pa.Array.from_buffers(type_ or pa.string(), len(cells), [is_valid, offsets, data])


def number_array(values: np.ndarray[Any, np.dtype[Any]], type_: pa.DataType) -> pa.Array:
    """Return numbers in the machine's form as an array."""
    return pa.Array.from_buffers(type_, len(values), [None, pa.py_buffer(np.ascontiguousarray(values))])


def numbers_of(array: pa.Array) -> np.ndarray[Any, np.dtype[Any]]:
    """Return booleans and numbers, or what counts moments, without a copy; under nulls may be anything.

    `to_numpy` would import pandas if it is installed.
    """
    type_, data = array.type, array.buffers()[1]
    if data is None:
        return np.zeros(len(array), np.int8)
    if pa.types.is_boolean(type_):
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
        return bits[array.offset : array.offset + len(array)]
    width = type_.bit_width // 8
    kind = "f" if pa.types.is_floating(type_) else "u" if pa.types.is_unsigned_integer(type_) else "i"
    return np.frombuffer(data, f"{kind}{width}", len(array), array.offset * width)


def values_array(values: Sequence[Any], type_: pa.DataType) -> pa.Array:
    """Return Python values of one type, or None, as an array: dates and times as numbers, in the type's unit.

    Raises:
        pa.ArrowInvalid: a decimal does not fit the type.
    """
    if pa.types.is_string(type_) or pa.types.is_binary(type_):
        return text_array(values, type_)
    if pa.types.is_decimal(type_):
        return text_array(None if value is None else str(value) for value in values).cast(type_)
    is_valid = None
    if None in values:
        is_valid = pa.py_buffer(np.packbits([value is not None for value in values], bitorder="little"))
        values = [0 if value is None else value for value in values]
    if pa.types.is_boolean(type_):
        data = np.packbits(np.array(values, bool), bitorder="little")
    else:
        data = np.array(values, f"{'f' if pa.types.is_floating(type_) else 'i'}{type_.bit_width // 8}")
    return pa.Array.from_buffers(type_, len(values), [is_valid, pa.py_buffer(data)])


def empty_table(schema: pa.Schema) -> pa.Table:
    """Return a table without rows; the schema's own `empty_table` imports pandas."""
    return pa.Table.from_arrays([pa.nulls(0, field.type) for field in schema], schema=schema)
