"""The canonical column types: the few Arrow types that a part may hold, and their spellings.

One spelling serves contracts, JSON output and messages: `int64`, `decimal(10,2)`,
`timestamp` (no zone), `timestamptz` (an instant, kept in UTC), `list<string>`,
`struct<a: int64, "odd name": string>`.
"""

import re
from collections.abc import Callable

import pyarrow as pa

SIMPLE: dict[str, pa.DataType] = {
    "bool": pa.bool_(),
    "int8": pa.int8(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "uint8": pa.uint8(),
    "uint16": pa.uint16(),
    "uint32": pa.uint32(),
    "uint64": pa.uint64(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "string": pa.string(),
    "binary": pa.binary(),
    "date": pa.date32(),
    "time": pa.time64("us"),
    "timestamp": pa.timestamp("us"),
    "timestamptz": pa.timestamp("us", tz="UTC"),
}
"""Every canonical type without parameters, by its spelling."""

_SPELLING = {type_: name for name, type_ in SIMPLE.items()}

_DUCKDB = {
    "bool": "BOOLEAN",
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "uint8": "UTINYINT",
    "uint16": "USMALLINT",
    "uint32": "UINTEGER",
    "uint64": "UBIGINT",
    "float32": "FLOAT",
    "float64": "DOUBLE",
    "string": "VARCHAR",
    "binary": "BLOB",
    "date": "DATE",
    "time": "TIME",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMPTZ",
}

MAX_DECIMAL_DIGITS = 38
"""DuckDB, Spark and polars read no wider decimal from Parquet."""


def spell(type_: pa.DataType) -> str:
    """Return the canonical spelling of a canonical type.

    Raises:
        ValueError: the type is not canonical.
    """
    if type_ in _SPELLING:
        return _SPELLING[type_]
    if pa.types.is_decimal(type_):
        return f"decimal({type_.precision},{type_.scale})"
    if pa.types.is_list(type_):
        return f"list<{spell(type_.value_type)}>"
    if pa.types.is_struct(type_):
        fields = ", ".join(f"{_spell_name(f.name)}: {spell(f.type)}" for f in _fields(type_))
        return f"struct<{fields}>"
    raise ValueError(f"{type_} is not a canonical type")


def parse(text: str) -> pa.DataType | None:
    """Return the type that a canonical spelling names, or None for any other text."""
    try:
        type_, rest = _parse(text.strip())
    except (ValueError, IndexError):
        return None
    return type_ if not rest.strip() else None


def is_canonical(type_: pa.DataType) -> bool:
    """Tell whether parts may hold this type as it is."""
    try:
        spell(type_)
    except ValueError:
        return False
    return True


def duckdb_type(type_: pa.DataType) -> str:
    """Return the DuckDB spelling of a canonical type, safe to put into SQL."""
    if type_ in _SPELLING:
        return _DUCKDB[_SPELLING[type_]]
    if pa.types.is_decimal(type_):
        return f"DECIMAL({type_.precision},{type_.scale})"
    if pa.types.is_list(type_):
        return f"{duckdb_type(type_.value_type)}[]"
    if pa.types.is_struct(type_):
        fields = ", ".join(
            '"' + f.name.replace('"', '""') + '" ' + duckdb_type(f.type) for f in _fields(type_)
        )
        return f"STRUCT({fields})"
    raise ValueError(f"{type_} is not a canonical type")


def is_widening(old: pa.DataType, new: pa.DataType) -> bool:
    """Tell whether every value of `old` has an equal value in `new`."""
    if old == new:
        return True
    if pa.types.is_integer(old):
        bits = old.bit_width - (0 if pa.types.is_signed_integer(old) else -1)
        if pa.types.is_integer(new):
            if pa.types.is_signed_integer(old):
                return bool(pa.types.is_signed_integer(new) and new.bit_width >= old.bit_width)
            room = new.bit_width - (1 if pa.types.is_signed_integer(new) else 0)
            return bool(room >= old.bit_width)
        if pa.types.is_floating(new):
            return bool(bits <= (25 if new.bit_width == 32 else 54))
        if pa.types.is_decimal(new):
            return bool(new.precision - new.scale >= len(str(2**old.bit_width)))
        return False
    if pa.types.is_floating(old):
        return bool(pa.types.is_floating(new) and new.bit_width >= old.bit_width)
    if pa.types.is_decimal(old) and pa.types.is_decimal(new):
        return bool(new.scale >= old.scale and new.precision - new.scale >= old.precision - old.scale)
    if pa.types.is_date(old):
        return bool(new == SIMPLE["timestamp"])
    if pa.types.is_list(old) and pa.types.is_list(new):
        return is_widening(old.value_type, new.value_type)
    if pa.types.is_struct(old) and pa.types.is_struct(new):
        fields = {f.name: f.type for f in _fields(new)}
        return all(f.name in fields and is_widening(f.type, fields[f.name]) for f in _fields(old))
    return False


def _fields(type_: pa.DataType) -> list[pa.Field]:
    return [type_.field(i) for i in range(type_.num_fields)]


def _spell_name(name: str) -> str:
    if re.fullmatch(r"\w+", name):
        return name
    return '"' + name.replace('"', '""') + '"'


def _parse(text: str) -> tuple[pa.DataType, str]:
    decimal = re.match(r"decimal\((\d+),\s*(-?\d+)\)", text)
    if decimal:
        return pa.decimal128(int(decimal[1]), int(decimal[2])), text[decimal.end() :]
    if text.startswith("list<"):
        inner, rest = _parse(text[len("list<") :])
        return pa.list_(inner), _expect(rest, ">")
    if text.startswith("struct<"):
        return _parse_struct(text[len("struct<") :])
    word = re.match(r"[a-z0-9]+", text)
    if not word or word[0] not in SIMPLE:
        raise ValueError(text)
    return SIMPLE[word[0]], text[word.end() :]


def _parse_struct(text: str) -> tuple[pa.DataType, str]:
    fields: list[pa.Field] = []
    rest = text
    while not rest.startswith(">"):
        name, rest = _parse_name(rest)
        type_, rest = _parse(_expect(rest, ":").lstrip())
        fields.append(pa.field(name, type_))
        if rest.startswith(","):
            rest = rest[1:].lstrip()
    return pa.struct(fields), rest[1:]


def _parse_name(text: str) -> tuple[str, str]:
    plain = re.match(r"\w+", text)
    if plain:
        return plain[0], text[plain.end() :]
    quoted = re.match(r'"((?:[^"]|"")*)"', text)
    if not quoted:
        raise ValueError(text)
    return quoted[1].replace('""', '"'), text[quoted.end() :]


def _expect(text: str, mark: str) -> str:
    if not text.startswith(mark):
        raise ValueError(text)
    return text[len(mark) :]


def map_type(type_: pa.DataType, leaf: Callable[[pa.DataType], pa.DataType]) -> pa.DataType:
    """Return the type with `leaf` applied to every type inside lists and structs."""
    if pa.types.is_list(type_):
        return pa.list_(map_type(type_.value_type, leaf))
    if pa.types.is_struct(type_):
        return pa.struct([pa.field(f.name, map_type(f.type, leaf)) for f in _fields(type_)])
    return leaf(type_)
