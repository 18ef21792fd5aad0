"""Rows as the bytes of COPY: PostgreSQL's binary format, and its text format for what has no exact binary form."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from tdmvc.arrow.compute import ReplaceSubstringOptions, call_function, cast
from tdmvc.arrow.constants import constant, numbers_of, text

Numbers = np.ndarray[Any, np.dtype[Any]]
Encoder = Callable[[pa.Array], list[pa.Array]]
"""Returns binary arrays without nulls that, one after the other, are a column's fields: length and bytes."""
Writer = Callable[[pa.Array], pa.Array]
"""Returns the texts that PostgreSQL reads as the values of a column."""

BINARY_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
BINARY_END = b"\xff\xff"
_NULL_FIELD = b"\xff\xff\xff\xff"
_EMPTY = text(b"", pa.binary())
_ESCAPES = (("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"))
"""What the text format writes otherwise; the backslash first."""
_MOST_BYTES = 2**30
"""Above this, the rows of a batch are encoded in two halves: an Arrow array holds less than 2 GiB."""


def encode_rows(batch: pa.RecordBatch, encoders: Sequence[Encoder]) -> list[memoryview]:
    """Return the rows of a batch in COPY's binary format, without header and end."""
    if batch.nbytes > _MOST_BYTES and batch.num_rows > 1:
        return [part for half in _halves(batch) for part in encode_rows(half, encoders)]
    count = text(len(encoders).to_bytes(2, "big"), pa.binary())
    fields = [count]
    for encode, column in zip(encoders, batch.columns, strict=True):
        fields += encode(column)
    return [_joined(fields, _EMPTY, batch.num_rows)]


def write_rows(batch: pa.RecordBatch, writers: Sequence[Writer]) -> list[memoryview]:
    """Return the rows of a batch in COPY's text format."""
    if batch.nbytes > _MOST_BYTES // 4 and batch.num_rows > 1:
        return [part for half in _halves(batch) for part in write_rows(half, writers)]
    fields = [_escaped(write(column)) for write, column in zip(writers, batch.columns, strict=True)]
    if not fields:
        return [memoryview(b"\n" * batch.num_rows)]
    fields[-1] = call_function("binary_join_element_wise", [fields[-1], text(b"\n", pa.binary()), _EMPTY])
    return [_joined(fields, text(b"\t", pa.binary()), batch.num_rows)]


def _halves(batch: pa.RecordBatch) -> list[pa.RecordBatch]:
    middle = batch.num_rows // 2
    return [batch.slice(0, middle), batch.slice(middle)]


def _joined(fields: list[pa.Array], separator: pa.Scalar, rows: int) -> memoryview:
    if all(isinstance(field, pa.Scalar) for field in fields):
        return memoryview(b"".join(field.as_py() for field in fields) * rows)
    joined = call_function("binary_join_element_wise", [*fields, separator])
    return bytes_of(joined)


def bytes_of(array: pa.Array) -> memoryview:
    """Return the values of a binary array one after the other, without a copy."""
    _, offset_buffer, data = array.buffers()
    if not len(array) or data is None:
        return memoryview(b"")
    offsets = np.frombuffer(offset_buffer, np.int32, len(array) + 1, array.offset * 4)
    return memoryview(data)[offsets[0] : offsets[-1]]


def framed(values: pa.Array) -> list[pa.Array]:
    """Return the fields of binary values of any length, with nulls."""
    lengths = call_function("binary_length", [values])
    if values.null_count:
        lengths = call_function("coalesce", [lengths, constant(-1, pa.int32())])
        values = call_function("coalesce", [values, _EMPTY])
    numbers = numbers_of(lengths).astype(">i4")
    return [of_width(numbers.view(np.uint8), 4, len(values)), values]


def framed_numbers(values: Numbers, array: pa.Array) -> list[pa.Array]:
    """Return the fields of values that all take the same number of bytes.

    Args:
        values: big-endian numbers, or records; anything under nulls.
        array: where it is null, the field is null.
    """
    width = values.dtype.itemsize
    records = np.empty(len(values), np.dtype([("length", ">i4"), ("value", values.dtype)]))
    records["length"] = width
    records["value"] = values
    fields = of_width(records.view(np.uint8), 4 + width, len(values))
    if array.null_count:
        fields = call_function("if_else", [array.is_valid(), fields, text(_NULL_FIELD, pa.binary())])
    return [fields]


def of_width(data: Numbers, width: int, count: int) -> pa.Array:
    """Return bytes as a binary array whose values all have the same width."""
    offsets = (np.arange(count + 1) * width).astype(np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(data))]
    return pa.Array.from_buffers(pa.binary(), count, buffers)


def _escaped(texts: pa.Array) -> pa.Array:
    """Return texts as fields of the text format."""
    data = np.frombuffer(bytes_of(texts), np.uint8)
    if any((data == ord(sign)).any() for sign, _ in _ESCAPES):
        for sign, escape in _ESCAPES:
            options = ReplaceSubstringOptions(pattern=sign, replacement=escape)
            texts = call_function("replace_substring", [texts], options)
    texts = cast(texts, pa.binary())
    if texts.null_count:
        texts = call_function("coalesce", [texts, text(b"\\N", pa.binary())])
    return texts
