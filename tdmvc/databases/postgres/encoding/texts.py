"""Arrow values as the texts that PostgreSQL's types read."""

import json

import numpy as np
import pyarrow as pa

from tdmvc.arrow.compute import MatchSubstringOptions, TrimOptions, call_function, cast
from tdmvc.arrow.constants import constant, number, numbers_of, text, text_array
from tdmvc.arrow.far_times import time_texts
from tdmvc.arrow.values import json_value, python_values
from tdmvc.databases.postgres.encoding.copy_format import Writer, bytes_of

_DAY_MICROSECONDS = 86_400_000_000
_ODD = MatchSubstringOptions("^(<|-|0000)")
"""What Arrow writes of times that are infinite, far or before the year 1."""
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)


def as_text(array: pa.Array) -> pa.Array:
    """Return texts as they are, and numbers and booleans in the usual form."""
    return array if pa.types.is_string(array.type) else cast(array, pa.string())


def bytes_as_text(array: pa.Array) -> pa.Array:
    """Return bytes as hexadecimal digits, as bytea reads them."""
    filled = call_function("coalesce", [array, text(b"", pa.binary())]) if array.null_count else array
    data = np.frombuffer(bytes_of(filled), np.uint8)
    digits = np.empty(2 * len(data), np.uint8)
    digits[0::2], digits[1::2] = _HEX[data >> 4], _HEX[data & 15]
    lengths = numbers_of(call_function("binary_length", [filled]))
    offsets = np.zeros(len(array) + 1, np.int32)
    np.cumsum(2 * lengths, out=offsets[1:])
    texts = pa.Array.from_buffers(
        pa.string(), len(array), [None, pa.py_buffer(offsets), pa.py_buffer(digits)]
    )
    texts = call_function("binary_join_element_wise", [text("\\x"), texts, text("")])
    if array.null_count:
        texts = call_function("if_else", [array.is_valid(), texts, constant(None, pa.string())])
    return texts


def time_as_text(array: pa.Array) -> pa.Array:
    """Return dates, times and timestamps, with BC and infinity as PostgreSQL writes them; instants in UTC."""
    has_zone = pa.types.is_timestamp(array.type) and array.type.tz is not None
    if has_zone:
        array = cast(cast(array, pa.int64()), pa.timestamp("us"))
    is_odd = False
    if pa.types.is_time(array.type):
        # PostgreSQL has the end of the day, which Arrow cannot write.
        is_end = call_function("equal", [cast(array, pa.int64()), number(_DAY_MICROSECONDS)])
        midnight = cast(constant(0, pa.int64()), array.type)
        texts = cast(call_function("if_else", [is_end, midnight, array]), pa.string())
        texts = call_function("if_else", [is_end, text("24:00:00."), texts])
    else:
        texts = cast(array, pa.string())
        is_odd = bool(call_function("any", [call_function("match_substring_regex", [texts], _ODD)]).as_py())
        if is_odd:
            texts = text_array(time_texts(array))
    if not pa.types.is_date(array.type):
        for end in ("0", "."):
            texts = call_function("ascii_rtrim", [texts], TrimOptions(end))
    if is_odd:
        return text_array(_dated(one, "+00" if has_zone else "") for one in texts.to_pylist())
    if has_zone:
        texts = call_function("binary_join_element_wise", [texts, text("+00"), text("")])
    return texts


def _dated(text: str | None, zone: str) -> str | None:
    """Return a moment of the astronomical calendar, which has a year 0, in the one of people, which has none."""
    if text is None or text in ("infinity", "-infinity"):
        return text
    sign = text.startswith("-")
    year, dash, rest = text[sign:].partition("-")
    number = -int(year) if sign else int(year)
    return f"{text}{zone}" if number > 0 else f"{1 - number:04}{dash}{rest}{zone} BC"


def lists_as_text(element: Writer) -> Writer:
    """Return what writes arrays of one dimension, from what writes their elements."""

    def write(array: pa.Array) -> pa.Array:
        flat = iter(element(array.flatten()).to_pylist())
        counts = call_function("list_value_length", [array]).to_pylist()
        return text_array(
            None if count is None else "{" + ",".join(_element(next(flat)) for _ in range(count)) + "}"
            for count in counts
        )

    return write


def nested_lists_as_text(inner: Writer) -> Writer:
    """Return what writes arrays of several dimensions, from what writes those of one fewer."""

    def write(array: pa.Array) -> pa.Array:
        flat = iter(inner(array.flatten()).to_pylist())
        counts = call_function("list_value_length", [array]).to_pylist()
        return text_array(
            None if count is None else "{" + ",".join(next(flat) or "NULL" for _ in range(count)) + "}"
            for count in counts
        )

    return write


def _element(text: str | None) -> str:
    if text is None:
        return "NULL"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def structs_as_text(fields: list[Writer]) -> Writer:
    """Return what writes composite values, from what writes each of their fields."""

    def write(array: pa.Array) -> pa.Array:
        columns = [one(column).to_pylist() for one, column in zip(fields, array.flatten(), strict=True)]
        rows = zip(*columns, strict=True) if columns else ((),) * len(array)
        texts = [
            f"({','.join('' if text is None else _element(text) for text in row)})" if is_valid else None
            for row, is_valid in zip(rows, array.is_valid().to_pylist(), strict=True)
        ]
        return text_array(texts)

    return write


def json_as_text(array: pa.Array) -> pa.Array:
    """Return lists and structs as JSON; what JSON has no form for, such as dates and decimals, as text."""
    return text_array(
        None if value is None else json.dumps(value, ensure_ascii=False, default=json_value)
        for value in python_values(array)
    )


def writer_of(type_: pa.DataType) -> Writer:
    """Return what writes values of an Arrow type."""
    if pa.types.is_binary(type_):
        return bytes_as_text
    if pa.types.is_temporal(type_):
        return time_as_text
    if pa.types.is_list(type_):
        inner = writer_of(type_.value_type)
        return nested_lists_as_text(inner) if pa.types.is_list(type_.value_type) else lists_as_text(inner)
    if pa.types.is_struct(type_):
        return structs_as_text([writer_of(type_.field(i).type) for i in range(type_.num_fields)])
    return as_text
