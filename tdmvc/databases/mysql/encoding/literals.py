"""Rows as literals of INSERT, made column by column, without a Python object for each value."""

import json
import math
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from tdmvc.arrow.compute import JoinOptions, ReplaceSubstringOptions, call_function
from tdmvc.arrow.types import SIMPLE
from tdmvc.arrow.values import json_value, python_values
from tdmvc.databases.mysql.catalog.types import GEOMETRIES, MysqlColumn

_BATCH_BYTES = 16 << 20
_NULL = b"NULL"
_SRID_FLAG = 0x20000000
_HEADER_DIGITS = 10

Encoder = Callable[[pa.Array], pa.Array]
"""Returns SQL as bytes, with nulls where there are nulls."""


@dataclass(frozen=True, slots=True)
class InsertFrame:
    """What goes before the rows of a statement and after them."""

    prefix: bytes
    suffix: bytes = b""


def encoder(type_: pa.DataType, column: MysqlColumn) -> Encoder:
    """Return how values of a canonical type are written for a column, whose server converts them exactly or refuses."""
    if pa.types.is_nested(type_):
        return _json
    if pa.types.is_boolean(type_):
        return _boolean
    if pa.types.is_integer(type_):
        return _bytes
    if pa.types.is_floating(type_):
        return _float
    if pa.types.is_timestamp(type_):
        return _timestamp
    if pa.types.is_binary(type_):
        return _binary
    if pa.types.is_string(type_) and column.kind == "bit":
        return _bits
    if pa.types.is_string(type_) and column.kind in GEOMETRIES:
        return _geometry
    return _text


def statements(
    batch: pa.RecordBatch, encoders: Sequence[Encoder], statement: InsertFrame, most_bytes: int
) -> Iterator[tuple[bytes, int]]:
    """Yield statements for all rows of a batch, each with its rows, and none too long unless a single row is."""
    for part in _parts(batch):
        rows = _rows([encode(array) for encode, array in zip(encoders, part.columns, strict=True)])
        offsets = memoryview(rows.buffers()[1]).cast("i")
        data = memoryview(rows.buffers()[2])
        first, count = 0, len(rows)
        while first < count:
            last = _last_row(
                offsets, first, count, most_bytes - len(statement.prefix) - len(statement.suffix)
            )
            # Each row ends with a comma.
            values = data[offsets[first] : offsets[last] - 1]
            yield b"".join((statement.prefix, values, statement.suffix)), last - first
            first = last


def _last_row(offsets: Sequence[int], first: int, count: int, most_bytes: int) -> int:
    """Return the end of the longest run of rows that fits; at least one row."""
    low, high = first + 1, count
    while low < high:
        middle = (low + high + 1) // 2
        if offsets[middle] - offsets[first] <= most_bytes:
            low = middle
        else:
            high = middle - 1
    return low


def _parts(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    rows = max(1, batch.num_rows * _BATCH_BYTES // max(batch.nbytes, 1))
    for start in range(0, batch.num_rows, rows):
        yield batch.slice(start, rows)


def _rows(columns: list[pa.Array]) -> pa.Array:
    """Return `(1,'a',NULL),` for each row."""
    filled = [call_function("coalesce", [column, pa.scalar(_NULL)]) for column in columns]
    values = call_function("binary_join_element_wise", [*filled, pa.scalar(b",")], JoinOptions())
    return _join([pa.scalar(b"("), values, pa.scalar(b"),")])


def _join(pieces: list[pa.Array | pa.Scalar]) -> pa.Array:
    return call_function("binary_join_element_wise", [*pieces, pa.scalar(b"")], JoinOptions())


def _bytes(array: pa.Array) -> pa.Array:
    return array.cast(pa.string()).cast(pa.binary())


def _quoted(array: pa.Array, before: bytes = b"'") -> pa.Array:
    # Backslashes mean themselves in the sessions that write.
    doubled = call_function("replace_substring", [array], ReplaceSubstringOptions("'", "''"))
    return _join([pa.scalar(before), doubled, pa.scalar(b"'")])


def _text(array: pa.Array) -> pa.Array:
    return _quoted(_bytes(array))


def _boolean(array: pa.Array) -> pa.Array:
    return _bytes(array.cast(pa.uint8()))


def _float(array: pa.Array) -> pa.Array:
    # As a number without exponent, it would be a decimal.
    return _quoted(_bytes(array.cast(pa.float64())))


def _timestamp(array: pa.Array) -> pa.Array:
    return _quoted(_bytes(array.cast(pa.int64()).cast(SIMPLE["timestamp"])))


def _binary(array: pa.Array) -> pa.Array:
    return _quoted(array, b"_binary'")


def _bits(array: pa.Array) -> pa.Array:
    return _quoted(_bytes(array), b"b'")


def _json(array: pa.Array) -> pa.Array:
    texts = [None if value is None else json_text(value) for value in python_values(array)]
    return _text(pa.array(texts, pa.string()))


def json_text(value: object) -> str:
    """Return a value of a list or struct as JSON; what JSON has no form for is a text: `"NaN"`."""
    return json.dumps(_finite(value), ensure_ascii=False, default=json_value)


def _finite(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return json.dumps(value)
    if isinstance(value, dict):
        return {name: _finite(inner) for name, inner in value.items()}
    return [_finite(inner) for inner in value] if isinstance(value, list) else value


def _geometry(array: pa.Array) -> pa.Array:
    values = [None if text is None else internal_geometry(text) for text in array.to_pylist()]
    return _binary(pa.array(values, pa.binary()))


def internal_geometry(ewkb: str) -> bytes:
    """Return a geometry as the server keeps it (the SRID in four bytes, then WKB) for EWKB in hexadecimal digits.

    Raises:
        ValueError: it is no EWKB in little endian.
    """
    data = bytes.fromhex(ewkb)
    if len(data) < _HEADER_DIGITS // 2 or data[0] != 1:
        raise ValueError(ewkb)
    (kind,) = struct.unpack_from("<I", data, 1)
    if not kind & _SRID_FLAG:
        return bytes(4) + data
    return data[5:9] + data[:1] + struct.pack("<I", kind & ~_SRID_FLAG) + data[9:]
