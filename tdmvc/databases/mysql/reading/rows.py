"""Reads a result as it arrives, in bounded memory, and takes rows apart by columns instead of one by one.

The driver makes a Python object of every value. This reads the packets of the text protocol itself, many at a
time, and finds the values of one column in all of them at once (docs/decisions/0065).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from tdmvc.databases.mysql.connection import MysqlConnection

_CHUNK_BYTES = 4 << 20
_READ_BYTES = 1 << 18
_HEADER_BYTES = 4
_CONTINUED = 0xFFFFFF
_NULL, _TWO, _THREE, _EIGHT = 251, 252, 253, 254
_LONG_VALUE_BYTES = 128
_PADDING = bytes(9)
"""So that the head of a column behind the last row can be read, too."""


def read_columns(connection: MysqlConnection, sql: str, columns: int) -> Iterator[list[pa.Array]]:
    """Yield the values of a query in chunks of a few megabytes, each column as one array of bytes.

    Only one result of a connection can be read at a time.

    Raises:
        DatabaseError: the server refuses the query, the connection is lost, or another query was started
            before all rows were read.
    """
    result = connection.start_query(sql)
    chunks = _row_chunks(connection, result)
    try:
        for data, starts in chunks:
            yield split_columns(data, starts, columns)
    except GeneratorExit:
        # The server sends all rows, whether anybody wants them or not.
        for _ in chunks:
            pass
        raise
    finally:
        if connection.active is result:
            connection.active = None


def _row_chunks(connection: MysqlConnection, result: Any) -> Iterator[tuple[bytes, list[int]]]:
    """Yield the payloads of rows within one piece of memory, and where each begins."""
    pending = bytearray()
    starts: list[int] = []
    position = 0
    while True:
        data = pending
        end = len(data)
        while position + _HEADER_BYTES < end:
            size = data[position] | data[position + 1] << 8 | data[position + 2] << 16
            start = position + _HEADER_BYTES
            first = data[start]
            if first == 0xFF or (first == 0xFE and size < 9):
                if start + size > end:
                    break
                yield bytes(data), starts
                connection.end_query(result, bytes(data[start : start + size]))
                return
            if size == _CONTINUED:
                break
            if start + size > end:
                break
            starts.append(start)
            position = start + size
        is_continued = position + _HEADER_BYTES <= end and data[position : position + 3] == b"\xff\xff\xff"
        if starts and (position >= _CHUNK_BYTES or is_continued):
            yield bytes(data[:position]), starts
            pending, position, starts = bytearray(data[position:]), 0, []
        elif is_continued:
            payload, pending = _join_continued(connection, data)
            yield payload, [0]
            position = 0
        else:
            pending += connection.receive(_READ_BYTES)


def _join_continued(connection: MysqlConnection, data: bytearray) -> tuple[bytes, bytearray]:
    """Return the payload of a row of 16 MB or more, which comes in several packets, and what follows it."""
    payload = bytearray()
    while True:
        while len(data) < _HEADER_BYTES:
            data += connection.receive(_READ_BYTES)
        size = data[0] | data[1] << 8 | data[2] << 16
        del data[:_HEADER_BYTES]
        while len(data) < size:
            data += connection.receive(_READ_BYTES)
        payload += data[:size]
        del data[:size]
        if size < _CONTINUED:
            return bytes(payload), data


def split_columns(data: bytes, starts: list[int], columns: int) -> list[pa.Array]:
    """Return the values of rows by columns.

    Args:
        data: the payloads of rows: each value with its length before it, or the mark of a null.
        starts: where each row begins.
    """
    view = np.frombuffer(data + _PADDING, dtype=np.uint8)
    position = np.array(starts, dtype=np.int64)
    arrays = []
    for _ in range(columns):
        begin, length, is_null = _bounds(view, position)
        position = begin + length
        arrays.append(_gather(data, view, begin, length, is_null))
    return arrays


def _bounds(view: Any, position: Any) -> tuple[Any, Any, Any]:
    """Return where each value begins, how long it is, and whether it is null."""
    first = view[position]
    length = first.astype(np.int64)
    begin = position + 1
    is_null = first == _NULL
    if (first >= _NULL).any():
        length[is_null] = 0
        for mark, size in ((_TWO, 2), (_THREE, 3), (_EIGHT, 8)):
            rows = np.flatnonzero(first == mark)
            if len(rows):
                heads = position[rows]
                length[rows] = sum(view[heads + 1 + i].astype(np.int64) << (8 * i) for i in range(size))
                begin[rows] += size
    return begin, length, is_null


def _gather(data: bytes, view: Any, begin: Any, length: Any, is_null: Any) -> pa.Array:
    count = len(begin)
    offsets = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(length, out=offsets[1:])
    total = int(offsets[-1])
    if total > _LONG_VALUE_BYTES * count:
        whole = memoryview(data)
        values: Any = b"".join(
            whole[one : one + size] for one, size in zip(begin.tolist(), length.tolist(), strict=True)
        )
    else:
        values = view[np.repeat(begin - offsets[:-1], length) + np.arange(total)]
    nulls = int(is_null.sum())
    validity = pa.py_buffer(np.packbits(~is_null, bitorder="little")) if nulls else None
    buffers = [validity, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(values)]
    return pa.Array.from_buffers(pa.binary(), count, buffers, nulls)
