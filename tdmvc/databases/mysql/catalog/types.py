"""Column types of MySQL and MariaDB: which canonical type holds their values, and how they are selected."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from tdmvc.arrow.compute import call_function
from tdmvc.arrow.types import MAX_DECIMAL_DIGITS, SIMPLE
from tdmvc.databases.mysql.names import quoted

_BINARY = frozenset({"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "vector"})
GEOMETRIES = frozenset(
    {"geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon"}
    | {"geometrycollection", "geomcollection"}
)
_INTEGERS = {"tinyint": "int8", "smallint": "int16", "mediumint": "int32", "int": "int32", "bigint": "int64"}
INTEGER_BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
_WIDTH = re.compile(r"\b(tinyint|smallint|mediumint|int|bigint|year)\(\d+\)")
_LENGTH = re.compile(r"\((\d+)\)")
_SECOND = 1_000_000
_LAST_32_BITS = 2**31 - 1
_LAST_UNSIGNED = 2**32 - 1
FIRST_DATETIME = -62_135_596_800 * _SECOND
"""The year 1: earlier ones are not in the calendar of MySQL, and dates of the year 0 are read as texts."""
LAST_DATETIME = 253_402_300_800 * _SECOND - 1


@dataclass(frozen=True, slots=True)
class MysqlColumn:
    """A column as the catalog of the server describes it."""

    name: str
    type: str
    """In full: `bigint(20) unsigned`, `enum('a','b')`."""
    kind: str
    """The type's name: `bigint`."""
    precision: int | None = None
    scale: int | None = None
    fraction: int = 0
    """The digits of a fraction of a second."""
    charset: str | None = None
    collation: str | None = None
    required: bool = False
    default: str | None = None
    """As the catalog writes it, which differs between MySQL and MariaDB."""
    extra: str = ""
    """In lower case: `auto_increment`, `on update current_timestamp()`, `invisible`, `default_generated`."""
    comment: str = ""
    generation: str = ""
    """The expression of a generated column."""
    is_json: bool = False

    @property
    def length(self) -> int | None:
        """The number in brackets: how many characters or bytes a value may have."""
        found = _LENGTH.search(self.type)
        return int(found[1]) if found else None

    @property
    def is_unsigned(self) -> bool:
        return " unsigned" in self.type.lower()

    @property
    def largest_integer(self) -> int:
        """The largest number that fits; for a type without a limit of its own, that of `bigint`."""
        return int(2 ** (INTEGER_BITS.get(self.kind, 64) - (0 if self.is_unsigned else 1)) - 1)

    @property
    def is_flag(self) -> bool:
        """Whether it is `tinyint(1)`, which `BOOLEAN` stands for."""
        return self.type.lower().startswith("tinyint(1)") and "zerofill" not in self.type.lower()

    @property
    def physical_type(self) -> str:
        """The type without the widths in which MariaDB displays numbers, which MySQL no longer has."""
        if self.is_json:
            return "json"
        if self.kind == "time":
            return f"time({self.fraction})"
        if self.is_flag or "zerofill" in self.type:
            return self.type
        return self.type if self.kind in ("enum", "set") else _WIDTH.sub(r"\1", self.type)


@dataclass(frozen=True, slots=True)
class ColumnReading:
    """How the values of a column are read."""

    type: pa.DataType
    """A canonical type."""
    select: str
    """SQL for the value."""
    convert: Callable[[pa.Array], pa.Array]
    """Returns values of the type for what the server sends: bytes."""
    probe: str | None = None
    """SQL that is true for a value that only the other way holds."""
    otherwise: "ColumnReading | None" = None
    reason: str = ""
    """Why the other way is needed, for a note."""


def column_reading(column: MysqlColumn) -> ColumnReading:
    """Return how a column is read; every value of every type has a form that holds it exactly."""
    name, kind = quoted(column.name), column.kind
    if kind in _INTEGERS:
        return _integer(column, name)
    if kind in _BINARY:
        return ColumnReading(pa.binary(), name, _bytes)
    if kind in GEOMETRIES:
        return ColumnReading(pa.string(), ewkb_sql(name), as_text)
    match kind:
        case "decimal" if (column.precision or 0) <= MAX_DECIMAL_DIGITS:
            return _number(pa.decimal128(column.precision or 10, column.scale or 0), name)
        case "float":
            # As itself, the server shows only six digits.
            return ColumnReading(pa.float32(), f"{name} * 1e0", _float32)
        case "double":
            return _number(pa.float64(), name)
        case "bit":
            if column.precision == 1:
                return ColumnReading(pa.bool_(), f"{name} + 0", _cast(pa.bool_()))
            return ColumnReading(pa.string(), f"LPAD(BIN({name} + 0), {column.precision}, '0')", as_text)
        case "year":
            return _number(pa.int16(), name)
        case "date":
            return _with_zero_dates(column, name, SIMPLE["date"], _cast(SIMPLE["date"]))
        case "datetime":
            return _with_zero_dates(column, name, SIMPLE["timestamp"], _cast(SIMPLE["timestamp"]))
        case "timestamp":
            # Its only value without a day is 0000-00-00 00:00:00.
            return ColumnReading(
                SIMPLE["timestamptz"],
                name,
                _instants,
                f"{name} = 0",
                ColumnReading(pa.string(), name, as_text),
                "has dates such as 0000-00-00, which only text holds",
            )
        case "time":
            return ColumnReading(
                SIMPLE["time"],
                name,
                _times,
                f"{name} < '00:00:00' OR {name} >= '24:00:00'",
                ColumnReading(pa.string(), name, as_text),
                "has times below 0 or of 24 hours and more, which only text holds",
            )
    return ColumnReading(pa.string(), name, as_text)


def timestamp_range(*, is_long: bool) -> tuple[int, int]:
    """Return the first and the last instant of `timestamp`.

    Args:
        is_long: whether it goes on until 2106, as in MariaDB 11.5 and later on 64 bits.
    """
    return _SECOND, (_LAST_UNSIGNED if is_long else _LAST_32_BITS) * _SECOND + _SECOND - 1


def ewkb_sql(name: str) -> str:
    """Return SQL for a geometry as PostGIS writes it: EWKB in hexadecimal digits, with the SRID unless it is 0."""
    digits = f"HEX({name})"
    plain = f"SUBSTR({digits}, 9)"
    # The server keeps the SRID in four bytes, then WKB in little endian.
    with_srid = (
        f"CONCAT(SUBSTR({digits}, 9, 8), HEX(CHAR(CONV(SUBSTR({digits}, 17, 2), 16, 10) | 32)), "
        f"SUBSTR({digits}, 1, 8), SUBSTR({digits}, 19))"
    )
    return f"IF(SUBSTR({digits}, 1, 8) = '00000000', {plain}, {with_srid})"


def _integer(column: MysqlColumn, name: str) -> ColumnReading:
    type_ = SIMPLE[("u" if column.is_unsigned else "") + _INTEGERS[column.kind]]
    reading = _number(type_, name)
    if not column.is_flag:
        return reading
    return ColumnReading(
        pa.bool_(),
        name,
        _cast(pa.bool_()),
        f"{name} NOT IN (0, 1)",
        reading,
        "has numbers other than 0 and 1",
    )


def _with_zero_dates(
    column: MysqlColumn, name: str, type_: pa.DataType, convert: Callable[[pa.Array], pa.Array]
) -> ColumnReading:
    return ColumnReading(
        type_,
        name,
        convert,
        f"{name} IS NOT NULL AND (YEAR({name}) = 0 OR LAST_DAY({name}) IS NULL OR DAYOFMONTH({name}) = 0 "
        f"OR DAYOFMONTH({name}) > DAYOFMONTH(LAST_DAY({name})))",
        ColumnReading(pa.string(), name, as_text),
        "has dates such as 0000-00-00 or 2024-02-31, which only text holds",
    )


def _number(type_: pa.DataType, name: str) -> ColumnReading:
    return ColumnReading(type_, name, _cast(type_))


def _cast(type_: pa.DataType) -> Callable[[pa.Array], pa.Array]:
    return lambda array: _unchecked(array).cast(type_)


def _unchecked(array: pa.Array) -> pa.Array:
    """Return bytes as texts; what is cast further shows by itself whether it is a number."""
    return pa.Array.from_buffers(pa.string(), len(array), array.buffers())


def as_text(array: pa.Array) -> pa.Array:
    """Return bytes as texts.

    Raises:
        pyarrow.ArrowInvalid: they are not UTF-8.
    """
    texts = _unchecked(array)
    texts.validate(full=True)
    return texts


def _bytes(array: pa.Array) -> pa.Array:
    return array


def _float32(array: pa.Array) -> pa.Array:
    return _unchecked(array).cast(pa.float64()).cast(pa.float32())


def _instants(array: pa.Array) -> pa.Array:
    return _unchecked(array).cast(SIMPLE["timestamp"]).cast(pa.int64()).cast(SIMPLE["timestamptz"])


def _times(array: pa.Array) -> pa.Array:
    # Arrow reads no times from text, but timestamps.
    moments = prefixed(_unchecked(array), "1970-01-01 ").cast(SIMPLE["timestamp"])
    return moments.cast(pa.int64()).cast(SIMPLE["time"])


def prefixed(texts: pa.Array, prefix: str) -> pa.Array:
    """Return texts with something before each of them; nulls stay null."""
    return call_function("binary_join_element_wise", [pa.scalar(prefix), texts, pa.scalar("")])
