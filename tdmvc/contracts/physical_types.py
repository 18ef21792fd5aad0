"""Maps a database's own type names to canonical types, and canonical types to ODCS categories."""

import re
from typing import Final

import pyarrow as pa

from tdmvc.arrow.types import MAX_DECIMAL_DIGITS, SIMPLE, is_canonical, parse_type

_WORDS: Final[dict[str, str]] = {
    **dict.fromkeys(["bool", "boolean", "logical"], "bool"),
    **dict.fromkeys(
        ["integer", "int", "int2", "int4", "smallint", "tinyint", "mediumint", "bigint"], "int64"
    ),
    **dict.fromkeys(["serial", "smallserial", "bigserial", "serial4", "serial8", "long", "short"], "int64"),
    **dict.fromkeys(["byte", "signed", "year", "identity", "autoincrement", "rowversion"], "int64"),
    **dict.fromkeys(["hugeint", "int128", "uhugeint", "uint128"], "decimal(38,0)"),
    **dict.fromkeys(["ubigint", "bigint unsigned"], "uint64"),
    **dict.fromkeys(["utinyint", "usmallint", "uinteger"], "int64"),
    **dict.fromkeys(["real", "float4", "single", "halffloat"], "float32"),
    **dict.fromkeys(["double", "double precision", "float", "float8", "binary_double"], "float64"),
    "binary_float": "float32",
    **dict.fromkeys(["smallmoney", "money"], "decimal(19,4)"),
    **dict.fromkeys(["blob", "tinyblob", "mediumblob", "longblob", "bytea", "varbinary", "image"], "binary"),
    **dict.fromkeys(["binary varying", "bytes", "raw", "long raw", "bfile"], "binary"),
    **dict.fromkeys(["date", "date32", "date64"], "date"),
    **dict.fromkeys(["time", "time without time zone", "time64"], "time"),
    **dict.fromkeys(["timestamp", "datetime", "datetime2", "smalldatetime"], "timestamp"),
    **dict.fromkeys(["timestamp without time zone", "timestamp_ntz", "timestampntz"], "timestamp"),
    **dict.fromkeys(["timestamp_s", "timestamp_ms", "timestamp_us", "timestamp_ns"], "timestamp"),
    **dict.fromkeys(["timestamptz", "timestamp with time zone", "datetimeoffset"], "timestamptz"),
    **dict.fromkeys(
        ["timestamp_tz", "timestamp_ltz", "timestamp with local time zone", "instant"], "timestamptz"
    ),
    **dict.fromkeys(["string", "text", "varchar", "varchar2", "nvarchar", "nvarchar2", "char"], "string"),
    **dict.fromkeys(
        ["nchar", "bpchar", "character", "character varying", "clob", "nclob", "ntext"], "string"
    ),
    **dict.fromkeys(["tinytext", "mediumtext", "longtext", "citext", "name", "uuid"], "string"),
    **dict.fromkeys(["uniqueidentifier", "json", "jsonb", "variant", "xml", "enum", "set", "inet"], "string"),
    **dict.fromkeys(["cidr", "macaddr", "interval", "tsvector", "tsquery", "bit", "varbit"], "string"),
    **dict.fromkeys(
        ["time with time zone", "timetz", "hstore", "int4range", "int8range", "numrange"], "string"
    ),
    **dict.fromkeys(["tsrange", "tstzrange", "daterange", "ltree", "point", "national character"], "string"),
}
_DECIMALS = frozenset({"decimal", "numeric", "number", "dec", "fixed", "bigdecimal"})
_PARAMETRIC = r"([a-z_][a-z0-9_ ]*?)\s*\(\s*([^()]*?)\s*\)\s*([a-z ]*)"
_FORMATS: Final = {
    **{f"i{bits}": SIMPLE[f"int{bits}"] for bits in (8, 16, 32, 64)},
    **{f"u{bits}": SIMPLE[f"uint{bits}"] for bits in (8, 16, 32, 64)},
    "i128": pa.decimal128(38, 0),
    "u128": pa.decimal128(38, 0),
    "f32": SIMPLE["float32"],
    "f64": SIMPLE["float64"],
}
_LOGICAL: Final = {
    "string": SIMPLE["string"],
    "date": SIMPLE["date"],
    "timestamp": SIMPLE["timestamp"],
    "time": SIMPLE["time"],
    "number": SIMPLE["float64"],
    "integer": SIMPLE["int64"],
    "object": SIMPLE["string"],
    "array": SIMPLE["string"],
    "map": SIMPLE["string"],
    "boolean": SIMPLE["bool"],
    "vector": pa.list_(SIMPLE["float32"]),
}
"""The canonical types of logical types alone; objects and arrays of unknown elements are kept as JSON text."""


def logical_type(type_: pa.DataType) -> str:
    """Return the ODCS logicalType of a canonical type."""
    if pa.types.is_boolean(type_):
        return "boolean"
    if pa.types.is_integer(type_):
        return "integer"
    if pa.types.is_floating(type_) or pa.types.is_decimal(type_):
        return "number"
    if pa.types.is_list(type_):
        return "array"
    if pa.types.is_struct(type_):
        return "object"
    for name in ("date", "time", "timestamp"):
        if type_ == SIMPLE[name]:
            return name
    return "timestamp" if type_ == SIMPLE["timestamptz"] else "string"


def number_format(type_: pa.DataType) -> str | None:
    """Return the ODCS format (`i32`, `f64`) of an integer or float type."""
    return next((name for name, known in _FORMATS.items() if known == type_), None)


def integer_bounds(format: str, logical: str) -> tuple[int | None, int | None] | None:
    """Return the least and the greatest value of an ODCS format; without bounds for floats, None if it is unknown."""
    if format not in _FORMATS or format.startswith("f") != (logical == "number"):
        return None
    if format.startswith("f"):
        return None, None
    bits = int(format[1:])
    return (0, 2**bits - 1) if format.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def canonical_type(
    logical: str | None, physical: str | None, *, format: str | None = None, is_zoned: bool = False
) -> pa.DataType | None:
    """Return the canonical type that an ODCS property means, or None if it has no type.

    The logical type decides the category, the physical type what is meant within it,
    and a number's format its width. An unknown physical type is text: what Arrow
    lacks is kept as text.
    """
    wanted = logical.strip().lower() if logical else None
    found = physical_type(physical) if physical else None
    if found is not None and (wanted is None or _is_within(found, wanted)):
        # A bare `integer` has no width: int64 holds all of them unless a format is given.
        is_open = found in (SIMPLE["int64"], SIMPLE["float64"]) and physical not in SIMPLE
        chosen = _FORMATS.get(format or "") if is_open else None
        return chosen if chosen is not None and logical_type(chosen) == logical_type(found) else found
    if wanted is None:
        return SIMPLE["string"] if physical else None
    if wanted in ("integer", "number") and format in _FORMATS:
        return _FORMATS[format]
    if wanted == "timestamp" and is_zoned:
        return SIMPLE["timestamptz"]
    return _LOGICAL.get(wanted)


def physical_type(text: str) -> pa.DataType | None:
    """Return the canonical type of a database's type name, or None if it is unknown."""
    if len(text) > 10_000:
        return None
    try:
        exact = parse_type(text)
    except RecursionError:
        return None
    if exact is not None:
        return exact if is_canonical(exact) else None
    word = " ".join(text.lower().split())
    if word.endswith("[]"):
        inner = physical_type(word[:-2])
        return None if inner is None else pa.list_(inner)
    # Compiled on first use: canonical types, as contracts have, never need it.
    match = re.fullmatch(_PARAMETRIC, word, re.IGNORECASE)
    base, arguments, tail = (match[1], match[2], match[3]) if match else (word, "", "")
    if base in _DECIMALS:
        return _decimal(arguments)
    if base == "float" and arguments.isdigit():
        return SIMPLE["float32" if int(arguments) <= 24 else "float64"]
    name = f"{base} {tail}".strip()
    for candidate in (name, name.removesuffix(" unsigned"), base):
        if candidate in _WORDS:
            return parse_type(_WORDS[candidate])
    return None


def _is_within(type_: pa.DataType, wanted: str) -> bool:
    """Return whether a type found by its physical name is of the wanted category."""
    category = logical_type(type_)
    if category == wanted or (category, wanted) == ("integer", "number"):
        return True
    if wanted == "integer":
        return bool(pa.types.is_decimal(type_)) and type_.scale == 0
    # A JSON column is an object to people and text to Parquet.
    return category == "string" and type_ == SIMPLE["string"] and wanted in ("object", "array", "map")


def _decimal(arguments: str) -> pa.DataType:
    """Return the decimal of `10,2`; without digits, one wide enough for money that loses nothing unseen."""
    numbers = re.findall(r"-?\d+", arguments)
    precision = int(numbers[0]) if numbers else MAX_DECIMAL_DIGITS
    scale = int(numbers[1]) if len(numbers) > 1 else (0 if numbers else 10)
    if not 1 <= precision <= MAX_DECIMAL_DIGITS or not 0 <= scale <= precision:
        return SIMPLE["string"]
    return pa.decimal128(precision, scale)
