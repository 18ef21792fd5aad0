"""Which canonical type and physical type a declared column has, as the catalog of each engine says it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa

from tdmvc.arrow.types import MAX_DECIMAL_DIGITS, SIMPLE, format_type
from tdmvc.contracts.physical_types import canonical_type
from tdmvc.model.declarations import TypeKind, UserType
from tdmvc.sql.declared_types import POSTGRES_TYPES, SQLITE_DECIMAL, SQLITE_NO_INTEGER, SQLITE_TYPES

_POSTGRES_NAMES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("int", "int4", "serial", "serial4"), "integer"),
    **dict.fromkeys(("int8", "bigserial", "serial8"), "bigint"),
    **dict.fromkeys(("int2", "smallserial", "serial2"), "smallint"),
    **dict.fromkeys(("decimal", "dec"), "numeric"),
    **dict.fromkeys(("varchar", "char varying", "national character varying"), "character varying"),
    **dict.fromkeys(("char", "nchar", "national character"), "character"),
    **dict.fromkeys(("float", "float8"), "double precision"),
    "bool": "boolean",
    "float4": "real",
    "timestamptz": "timestamp with time zone",
    "timestamp": "timestamp without time zone",
    "timetz": "time with time zone",
    "time": "time without time zone",
    "varbit": "bit varying",
}
_POSTGRES: Final[Mapping[str, str]] = {**POSTGRES_TYPES, "oid": "int64"}
SERIALS: Final = frozenset({"serial", "serial4", "bigserial", "serial8", "smallserial", "serial2"})
_DUCKDB: Final[Mapping[str, str]] = {
    **dict.fromkeys(("boolean", "bool", "logical"), "bool"),
    **dict.fromkeys(("tinyint", "int1"), "int8"),
    **dict.fromkeys(("smallint", "int2", "short"), "int16"),
    **dict.fromkeys(("integer", "int", "int4", "signed"), "int32"),
    **dict.fromkeys(("bigint", "int8", "long"), "int64"),
    **dict.fromkeys(("utinyint", "uint8"), "uint8"),
    **dict.fromkeys(("usmallint", "uint16"), "uint16"),
    **dict.fromkeys(("uinteger", "uint32"), "uint32"),
    **dict.fromkeys(("ubigint", "uint64"), "uint64"),
    **dict.fromkeys(("float", "float4", "real"), "float32"),
    **dict.fromkeys(("double", "float8", "double precision"), "float64"),
    **dict.fromkeys(("varchar", "text", "string", "char", "bpchar", "character varying"), "string"),
    **dict.fromkeys(("blob", "bytea", "binary", "varbinary"), "binary"),
    "date": "date",
    "time": "time",
    **dict.fromkeys(("timestamp", "datetime", "timestamp_us"), "timestamp"),
    **dict.fromkeys(("timestamptz", "timestamp with time zone"), "timestamptz"),
}
_DUCKDB_OTHERS: Final[Mapping[str, tuple[str, str]]] = {
    "timestamp_s": ("timestamp", "timestamp_s"),
    "timestamp_ms": ("timestamp", "timestamp_ms"),
    "timestamp_ns": ("timestamp", "timestamp_ns"),
    "hugeint": ("decimal", "hugeint"),
    "int128": ("decimal", "hugeint"),
    "uhugeint": ("decimal", "uhugeint"),
    "uint128": ("decimal", "uhugeint"),
    "json": ("string", "json"),
    "uuid": ("string", "uuid"),
    "interval": ("string", "interval"),
    "bit": ("string", "bit"),
    "bitstring": ("string", "bit"),
    "timetz": ("string", "time with time zone"),
    "time with time zone": ("string", "time with time zone"),
}
_MYSQL_NAMES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("integer", "int4"), "int"),
    **dict.fromkeys(("int1",), "tinyint"),
    **dict.fromkeys(("int2",), "smallint"),
    **dict.fromkeys(("int3", "middleint"), "mediumint"),
    "int8": "bigint",
    **dict.fromkeys(("dec", "numeric", "fixed"), "decimal"),
    **dict.fromkeys(("double precision", "real", "float8"), "double"),
    "float4": "float",
    **dict.fromkeys(("character varying", "nvarchar", "national varchar"), "varchar"),
    **dict.fromkeys(("character", "nchar", "national char"), "char"),
    **dict.fromkeys(("bool", "boolean"), "tinyint(1)"),
}
_MYSQL_INTEGERS: Final = {
    "tinyint": "int8",
    "smallint": "int16",
    "mediumint": "int32",
    "int": "int32",
    "bigint": "int64",
}
_MYSQL: Final = {
    **dict.fromkeys(
        ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "vector"), "binary"
    ),
    "float": "float32",
    "double": "float64",
    "year": "int16",
    "date": "date",
    "datetime": "timestamp",
    "timestamp": "timestamptz",
    "time": "time",
}
_WIDTH = re.compile(r"\b(tinyint|smallint|mediumint|int|bigint|year)\(\d+\)")
_SQLITE_SAME: Final = frozenset({"bool", "date", "time", "timestamp"})


@dataclass(frozen=True, slots=True)
class WrittenType:
    """A type as CREATE TABLE writes it."""

    words: str
    """The name in lower case, unless it is in quotes: `character varying`, `"Mood"`."""
    arguments: tuple[str, ...] = ()
    tail: str = ""
    """What follows the arguments: `without time zone`, `unsigned`."""
    dimensions: int = 0
    text: str = ""
    """All of it, as written."""


@dataclass(frozen=True, slots=True)
class KnownTypes:
    """The types that a script makes."""

    types: dict[str, UserType] = field(default_factory=dict)
    bases: dict[str, WrittenType] = field(default_factory=dict)
    """What a domain or a DuckDB type stands for."""

    def chain(self, name: str) -> tuple[UserType, ...]:
        """Return a type and those that it is made of, in an order in which they can be made."""
        found: list[UserType] = []
        while (own := self.types.get(name)) is not None and own not in found:
            found.insert(0, own)
            base = self.bases.get(name)
            if base is None:
                break
            name = base.words
        return tuple(found)


def column_type(written: WrittenType, dialect: str, known: KnownTypes) -> tuple[pa.DataType, str | None]:
    """Return the canonical type, and the physical type unless the canonical one says the same."""
    match dialect:
        case "postgresql":
            return _postgres(written, known)
        case "mysql":
            return _mysql(written)
        case "duckdb":
            return _duckdb(written, known)
    return _sqlite(written.text)


def _postgres(written: WrittenType, known: KnownTypes) -> tuple[pa.DataType, str | None]:
    declared = _postgres_name(written)
    shown = declared + "[]" * min(written.dimensions, 1)
    base, is_plain = written, True
    for _ in range(len(known.bases) + 1):
        own = known.bases.get(base.words)
        if own is None:
            break
        base, is_plain = own, False
    if base.dimensions > 1:
        return SIMPLE["string"], shown
    type_ = _postgres_scalar(base)
    if base.dimensions and not (written.dimensions and not is_plain):
        type_ = pa.list_(type_)
    elif written.dimensions:
        type_ = pa.list_(type_) if not base.dimensions else SIMPLE["string"]
    is_named = declared in _POSTGRES and declared != "oid"
    is_decimal = pa.types.is_decimal(type_) and declared == f"numeric({type_.precision},{type_.scale})"
    return type_, None if is_named or is_decimal else shown


def _postgres_name(written: WrittenType) -> str:
    """Return a type as PostgreSQL shows it, without brackets of arrays."""
    words = f"{written.words} {written.tail}".strip()
    name = _POSTGRES_NAMES.get(words, words)
    arguments = written.arguments
    if name == "character" and not arguments:
        arguments = ("1",)
    if name == "bit" and not arguments:
        arguments = ("1",)
    if written.words == "float" and arguments:
        return "real" if int(arguments[0]) <= 24 else "double precision"
    if name == "numeric" and len(arguments) == 1:
        arguments = (*arguments, "0")
    if not arguments:
        return name
    first, space, rest = name.partition(" ")
    listed = f"({','.join(arguments)})"
    is_time = first in ("time", "timestamp")
    return f"{first}{listed}{space}{rest}" if is_time else f"{name}{listed}"


def _postgres_scalar(written: WrittenType) -> pa.DataType:
    words = f"{written.words} {written.tail}".strip()
    name = _POSTGRES_NAMES.get(words, words)
    if written.words == "float" and written.arguments:
        return SIMPLE["float32" if int(written.arguments[0]) <= 24 else "float64"]
    if name == "money":
        return pa.decimal128(19, 2)
    if name == "numeric" and written.arguments:
        precision = int(written.arguments[0])
        scale = int(written.arguments[1]) if len(written.arguments) > 1 else 0
        digits = max(precision, scale) if scale >= 0 else precision - scale
        return pa.decimal128(digits, max(scale, 0)) if digits <= MAX_DECIMAL_DIGITS else SIMPLE["string"]
    return SIMPLE[_POSTGRES.get(name, "string")]


def _mysql(written: WrittenType) -> tuple[pa.DataType, str | None]:
    name = _MYSQL_NAMES.get(written.words, written.words)
    tail = written.tail
    arguments = written.arguments
    if written.words == "serial":
        name, tail = "bigint", "unsigned"
    if name == "tinyint(1)":
        name, arguments = "tinyint", ("1",)
    if name == "decimal":
        arguments = (*arguments, "10", "0")[:1] + ((*arguments, "0")[1:2] if arguments else ("0",))
    if name in ("char", "binary", "bit") and not arguments:
        arguments = ("1",)
    if "zerofill" in tail and "unsigned" not in tail:
        tail = f"unsigned {tail}"
    listed = f"({','.join(arguments)})" if arguments else ""
    declared = f"{name}{listed} {tail}".strip()
    is_flag = declared.startswith("tinyint(1)") and "zerofill" not in declared
    if name == "time":
        declared = f"time({arguments[0] if arguments else 0})"
    if not is_flag and "zerofill" not in declared and name not in ("enum", "set"):
        declared = _WIDTH.sub(r"\1", declared)
    type_ = _mysql_scalar(name, arguments, is_flag=is_flag, is_unsigned="unsigned" in tail)
    return type_, None if declared == format_type(type_) else declared


def _mysql_scalar(name: str, arguments: Sequence[str], *, is_flag: bool, is_unsigned: bool) -> pa.DataType:
    if is_flag:
        return SIMPLE["bool"]
    if name in _MYSQL_INTEGERS:
        return SIMPLE[("u" if is_unsigned else "") + _MYSQL_INTEGERS[name]]
    if name == "decimal":
        precision, scale = int(arguments[0]), int(arguments[1])
        return pa.decimal128(precision, scale) if precision <= MAX_DECIMAL_DIGITS else SIMPLE["string"]
    if name == "bit":
        return SIMPLE["bool" if arguments[0] == "1" else "string"]
    return SIMPLE[_MYSQL.get(name, "string")]


def _duckdb(written: WrittenType, known: KnownTypes) -> tuple[pa.DataType, str | None]:
    own = known.types.get(written.words)
    if own is not None and own.kind is TypeKind.ENUM and not written.dimensions:
        labels = ", ".join("'" + label.replace("'", "''") + "'" for label in own.labels)
        return SIMPLE["string"], f"enum({labels})"
    if written.words in known.bases and not written.dimensions:
        return _duckdb(known.bases[written.words], known)
    words = f"{written.words} {written.tail}".strip()
    if written.dimensions:
        inner = WrittenType(written.words, written.arguments, written.tail, written.dimensions - 1)
        type_, physical = _duckdb(inner, known)
        return pa.list_(type_), f"{physical}[]" if physical is not None else None
    if words in ("decimal", "numeric", "dec"):
        sizes = [int(one) for one in written.arguments] or [18, 3]
        return pa.decimal128(sizes[0], sizes[1] if len(sizes) > 1 else 0), None
    if words in _DUCKDB_OTHERS:
        name, physical = _DUCKDB_OTHERS[words]
        return pa.decimal128(MAX_DECIMAL_DIGITS, 0) if name == "decimal" else SIMPLE[name], physical
    if words == "enum":
        return SIMPLE["string"], f"enum({', '.join(written.arguments)})"
    if words in _DUCKDB:
        return SIMPLE[_DUCKDB[words]], None
    found = canonical_type(None, written.text.strip())
    return found if found is not None else SIMPLE["string"], written.text.lower()


def _sqlite(text: str) -> tuple[pa.DataType, str | None]:
    """Return what the declaration proposes; its values may decide otherwise."""
    upper = text.upper()
    type_ = _sqlite_proposal(upper) or SIMPLE["string"]
    # A canonical name that SQLite reads as what it means says it all.
    is_same = text == format_type(type_) and (text in _SQLITE_SAME or pa.types.is_decimal(type_))
    return type_, None if is_same else text


def _sqlite_proposal(upper: str) -> pa.DataType | None:
    if SQLITE_NO_INTEGER.search(upper):
        return SIMPLE["string"]
    for words, name in SQLITE_TYPES:
        if any(word in upper for word in words):
            return SIMPLE[name]
    found = SQLITE_DECIMAL.match(upper)
    if found is not None:
        precision, scale = int(found[1] or 18), int(found[2] or 0)
        is_possible = 0 < precision <= MAX_DECIMAL_DIGITS and scale <= precision
        return pa.decimal128(precision, scale) if is_possible else SIMPLE["string"]
    if "TIMESTAMP" in upper or "DATETIME" in upper:
        return SIMPLE["timestamp"]
    if "DATE" in upper:
        return SIMPLE["date"]
    return SIMPLE["time"] if upper.startswith("TIME") else None
