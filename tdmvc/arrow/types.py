"""The canonical column types: the few Arrow types of a part's columns, and their names.

Contracts, JSON output and messages use the same names: `int64`, `decimal(10,2)`,
`timestamp` (no zone), `timestamptz` (an instant, kept in UTC), `list<string>`,
`struct<a: int64, "odd name": string>`.
"""

import re
from collections.abc import Callable, Iterator

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
"""Every canonical type without parameters, by name."""

_NAMES = {type_: name for name, type_ in SIMPLE.items()}

MAX_DECIMAL_DIGITS = 38
"""The widest decimal that DuckDB, Spark and polars read from Parquet."""

MAX_EXACT_FLOAT_INTEGER = 2**53
"""Up to here, every whole number has a float64 of its own."""

MIN_INT64, MAX_INT64 = -(2**63), 2**63 - 1

_SHORT_DECIMAL_DIGITS = 18


def decimal_type(digits: int, scale: int) -> pa.DataType | None:
    """Return the decimal for numbers of so many digits in all, or None if there are too many.

    There are only two precisions, so that a slightly longer number does not change a column's type.
    """
    if digits > MAX_DECIMAL_DIGITS:
        return None
    return pa.decimal128(
        _SHORT_DECIMAL_DIGITS if digits <= _SHORT_DECIMAL_DIGITS else MAX_DECIMAL_DIGITS, scale
    )


def format_type(type_: pa.DataType) -> str:
    """Return the name of a canonical type.

    Raises:
        ValueError: the type is not canonical.
    """
    if type_ in _NAMES:
        return _NAMES[type_]
    if pa.types.is_decimal(type_):
        return f"decimal({type_.precision},{type_.scale})"
    if pa.types.is_list(type_):
        return f"list<{format_type(type_.value_type)}>"
    if pa.types.is_struct(type_):
        fields = ", ".join(f"{_format_name(f.name)}: {format_type(f.type)}" for f in fields_of(type_))
        return f"struct<{fields}>"
    raise ValueError(f"{type_} is not a canonical type")


_MAX_DEPTH = 60
"""How many lists and structs a type may have; no table needs more."""


def parse_type(text: str) -> pa.DataType | None:
    """Return the canonical type of this name, or None for any other text."""
    if text.count("<") > _MAX_DEPTH:
        return None
    try:
        type_, rest = _parse(text.strip())
    except (ValueError, IndexError, OverflowError):
        return None
    return type_ if not rest.strip() else None


def is_canonical(type_: pa.DataType) -> bool:
    """Return whether a part may hold a column of this type."""
    try:
        format_type(type_)
    except ValueError:
        return False
    return True


def is_widening(old: pa.DataType, new: pa.DataType) -> bool:
    """Return whether every value of `old` has an equal value in `new`."""
    if old == new:
        return True
    if pa.types.is_integer(old):
        bits = old.bit_width - (0 if pa.types.is_signed_integer(old) else -1)
        if pa.types.is_integer(new):
            if pa.types.is_signed_integer(old):
                return bool(pa.types.is_signed_integer(new) and new.bit_width >= old.bit_width)
            bits_left = new.bit_width - (1 if pa.types.is_signed_integer(new) else 0)
            return bool(bits_left >= old.bit_width)
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
        fields = {f.name: f.type for f in fields_of(new)}
        return all(f.name in fields and is_widening(f.type, fields[f.name]) for f in fields_of(old))
    return False


def map_type(type_: pa.DataType, leaf: Callable[[pa.DataType], pa.DataType]) -> pa.DataType:
    """Return the type with `leaf` applied to every type inside lists and structs."""
    if pa.types.is_list(type_):
        return pa.list_(map_type(type_.value_type, leaf))
    if pa.types.is_struct(type_):
        return pa.struct([pa.field(f.name, map_type(f.type, leaf)) for f in fields_of(type_)])
    return leaf(type_)


def is_number(type_: pa.DataType) -> bool:
    """Return whether the type is an integer, a float or a decimal."""
    return bool(pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_))


def leaf_types(type_: pa.DataType) -> Iterator[pa.DataType]:
    """Yield the types inside lists and structs; other types are leaves themselves."""
    if pa.types.is_nested(type_):
        for i in range(type_.num_fields):
            yield from leaf_types(type_.field(i).type)
    else:
        yield type_


def fields_of(type_: pa.DataType) -> list[pa.Field]:
    """Return the fields of a struct type."""
    return [type_.field(i) for i in range(type_.num_fields)]


def _format_name(name: str) -> str:
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


def unify(a: pa.DataType, b: pa.DataType) -> pa.DataType:
    """Return a type that contains every value of both; text if there is no closer one."""
    if is_widening(a, b):
        return b
    if is_widening(b, a):
        return a
    if _is_exact(a) and _is_exact(b):
        scale = max(_scale(a), _scale(b))
        whole = max(_whole_digits(a), _whole_digits(b))
        if whole + scale <= 38:
            return pa.decimal128(max(18, whole + scale), scale)
    if {a, b} == {SIMPLE["timestamp"], SIMPLE["timestamptz"]}:
        return SIMPLE["timestamptz"]
    return SIMPLE["string"]


def _is_exact(type_: pa.DataType) -> bool:
    return bool(pa.types.is_integer(type_) or pa.types.is_decimal(type_))


def _scale(type_: pa.DataType) -> int:
    return int(type_.scale) if pa.types.is_decimal(type_) else 0


def _whole_digits(type_: pa.DataType) -> int:
    if pa.types.is_decimal(type_):
        return int(type_.precision - type_.scale)
    return len(str(2**type_.bit_width))
