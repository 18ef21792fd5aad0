"""Single Arrow values, built from buffers.

`pa.scalar` and `pa.array` import pandas wherever it is installed, which takes longer than a small diff.
"""

import sys

import pyarrow as pa


def flag(*, is_set: bool) -> pa.Scalar:
    """Return one flag."""
    return pa.Array.from_buffers(pa.bool_(), 1, [None, pa.py_buffer(bytes([is_set]))])[0]


def number(value: int) -> pa.Scalar:
    """Return one signed 64-bit number."""
    data = pa.py_buffer(value.to_bytes(8, sys.byteorder, signed=True))
    return pa.Array.from_buffers(pa.int64(), 1, [None, data])[0]


def text(value: str, type_: pa.DataType | None = None) -> pa.Scalar:
    """Return one text, as a string unless `type_` says binary."""
    data = value.encode()
    offsets = pa.py_buffer(b"".join(end.to_bytes(4, sys.byteorder) for end in (0, len(data))))
    return pa.Array.from_buffers(type_ or pa.string(), 1, [None, offsets, pa.py_buffer(data)])[0]
