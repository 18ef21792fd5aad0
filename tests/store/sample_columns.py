"""One column of every canonical type, with a null, and what both hashes must say of it for ever."""

import math
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow as pa

from tdmvc.arrow.types import parse_type

VALUES: dict[str, list[object]] = {
    "bool": [True, None, False],
    "int8": [-128, None, 127],
    "int16": [-32768, None, 32767],
    "int32": [-(2**31), None, 2**31 - 1],
    "int64": [-(2**63), None, 2**63 - 1],
    "uint8": [0, None, 255],
    "uint16": [0, None, 65535],
    "uint32": [0, None, 2**32 - 1],
    "uint64": [0, None, 2**64 - 1],
    "float32": [1.5, None, math.inf],
    "float64": [0.1, None, -math.inf],
    "decimal(9,2)": [Decimal("-1234567.89"), None, Decimal("0.00")],
    "decimal(38,10)": [Decimal("1234567890123456789012345678.0123456789"), None, Decimal("-0.0000000001")],
    "string": ["", None, "naïve 名 a\x00b"],
    "binary": [b"", None, b"\x00\xff"],
    "date": [date(1, 1, 1), None, date(9999, 12, 31)],
    "time": [time(0), None, time(23, 59, 59, 999999)],
    "timestamp": [datetime(1969, 12, 31, 23, 59, 59, 999999), None, datetime(9999, 12, 31)],
    "timestamptz": [datetime(1970, 1, 1, tzinfo=UTC), None, datetime(2024, 3, 31, 2, 30, tzinfo=UTC)],
    "list<int32>": [[], None, [1, None, 3]],
    "list<list<string>>": [[["a"], None, []], None, []],
    "struct<a: int64, b: string>": [{"a": 1, "b": None}, None, {"a": None, "b": "x"}],
    "list<struct<n: float64, deep: list<bool>>>": [[{"n": 0.5, "deep": [True, None]}, None], None, []],
}
"""By type; the middle value is null, so that what lies under a null is seen not to matter."""


def canonical_type(spelling: str) -> pa.DataType:
    """Return the type that a spelling names."""
    type_ = parse_type(spelling)
    assert type_ is not None, spelling
    return type_


def sample(spelling: str) -> pa.Array:
    """Return the sample values of a type."""
    return pa.array(VALUES[spelling], canonical_type(spelling))
