"""The column types with which tables are made, for columns of any source."""

import re
from collections.abc import Collection
from dataclasses import dataclass

import pyarrow as pa

from tdmvc.arrow.compute import call_function
from tdmvc.arrow.types import SIMPLE
from tdmvc.databases.base import TableToWrite
from tdmvc.databases.mysql.catalog.types import GEOMETRIES, MysqlColumn, column_reading, timestamp_range
from tdmvc.model.schema import Column, TableSchema

_DECLARED = re.compile(r"(\w+)\s*(?:\((.*)\))?\s*((?:unsigned|zerofill|\s)*)", re.DOTALL)
_KINDS = frozenset(
    {"tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "float", "double", "bit", "year", "date"}
    | {"time", "datetime", "timestamp", "char", "varchar", "binary", "varbinary", "enum", "set", "json"}
    | {"tinytext", "text", "mediumtext", "longtext", "tinyblob", "blob", "mediumblob", "longblob"}
    | GEOMETRIES
)
_OF_MARIADB = {"uuid": "char(36)", "inet6": "varchar(39)", "inet4": "varchar(15)"}
_SIMPLE = {
    "bool": "tinyint(1)",
    "int8": "tinyint",
    "int16": "smallint",
    "int32": "int",
    "int64": "bigint",
    "uint8": "tinyint unsigned",
    "uint16": "smallint unsigned",
    "uint32": "int unsigned",
    "uint64": "bigint unsigned",
    "float32": "float",
    "float64": "double",
    "date": "date",
    "time": "time(6)",
    "timestamp": "datetime(6)",
    "timestamptz": "timestamp(6)",
}
_MOST_SCALE, _MOST_SCALE_OF_MARIADB = 30, 38
_KEY_CHARACTERS = 255
_MOST_KEY_CHARACTERS = 768
"""An index holds 3,072 bytes."""
_MOST_CHARACTERS = 16_383
_SHORT_TEXT_BYTES = 65_535


@dataclass(slots=True)
class Sizes:
    """How large the values of a column are."""

    characters: int = 0
    size_bytes: int = 0
    is_in_range: bool = True
    """Whether all instants are ones of `timestamp`."""


def parse_declared(name: str, text: str) -> MysqlColumn | None:
    """Return a type of MySQL or MariaDB as the catalog would describe it; None for any other text."""
    found = _DECLARED.fullmatch(" ".join(text.split()) if "'" not in text else text)
    if found is None:
        return None
    kind, inside = found[1].lower(), found[2]
    if kind not in _KINDS and kind not in _OF_MARIADB:
        return None
    numbers = [int(one) for one in (inside or "").split(",") if one.strip().isdigit()]
    precision = numbers[0] if numbers else {"decimal": 10, "bit": 1}.get(kind)
    scale = numbers[1] if len(numbers) > 1 else 0
    fraction = numbers[0] if numbers and kind in ("time", "datetime", "timestamp") else 0
    return MysqlColumn(name, text, kind, precision, scale, fraction, is_json=kind == "json")


def read_sizes(table: TableToWrite, names: Collection[str]) -> dict[str, Sizes]:
    """Return how large the values of some columns are; reads all rows if there is any."""
    sizes = {name: Sizes() for name in names}
    if not sizes:
        return sizes
    first, last = timestamp_range(is_long=False)
    for batch in table.read():
        for name, size in sizes.items():
            array = batch.column(batch.schema.names.index(name))
            if pa.types.is_string(array.type):
                size.characters = max(size.characters, _most("utf8_length", array))
            if pa.types.is_string(array.type) or pa.types.is_binary(array.type):
                size.size_bytes = max(size.size_bytes, _most("binary_length", array))
            elif pa.types.is_timestamp(array.type):
                bounds = call_function("min_max", [array.cast(pa.int64())]).as_py()
                if bounds["min"] is not None:
                    size.is_in_range &= first <= bounds["min"] and bounds["max"] <= last
    return sizes


def _most(function: str, array: pa.Array) -> int:
    return call_function("max", [call_function(function, [array])]).as_py() or 0


def needs_sizes(column: Column, keyed: Collection[str]) -> bool:
    """Whether the type of a column depends on its values."""
    own = own_type(column)
    if pa.types.is_timestamp(column.type) and column.type.tz is not None:
        return own is None
    if not (pa.types.is_string(column.type) or pa.types.is_binary(column.type)):
        return False
    if column.name in keyed:
        return own is None or "text" in own.kind or "blob" in own.kind
    return own is not None and own.kind in ("text", "blob")


def own_type(column: Column) -> MysqlColumn | None:
    """Return the declared type of a column, if it is one of MySQL that holds the values of the canonical type."""
    if column.physical_type is None:
        # Names of canonical types mean something else to MySQL: `binary` is one byte, `time` has no fractions.
        return None
    declared = parse_declared(column.name, column.physical_type)
    if declared is None or (declared.kind == "varchar" and declared.precision is None):
        return None
    reading = column_reading(declared)
    while reading.type != column.type:
        if reading.otherwise is None:
            return None
        reading = reading.otherwise
    return declared


def sql_type(column: Column, sizes: Sizes | None, *, is_keyed: bool, is_mariadb: bool) -> str:
    """Return the type with which a column is made."""
    own = own_type(column)
    size = sizes or Sizes()
    if own is not None and not (is_keyed and ("text" in own.kind or "blob" in own.kind)):
        if own.kind in _OF_MARIADB and not is_mariadb:
            return _OF_MARIADB[own.kind]
        if own.kind in ("text", "blob") and size.size_bytes > _SHORT_TEXT_BYTES:
            return f"long{own.kind}"
        return own.type
    if column.is_json:
        return "json"
    if pa.types.is_string(column.type):
        limit = column.length_limit
        if limit is not None and limit <= _MOST_CHARACTERS:
            return f"varchar({limit})"
        if is_keyed and size.characters <= _MOST_KEY_CHARACTERS:
            return (
                f"varchar({_KEY_CHARACTERS if size.characters <= _KEY_CHARACTERS else _MOST_KEY_CHARACTERS})"
            )
        return "longtext"
    if pa.types.is_binary(column.type):
        if is_keyed and size.size_bytes <= _MOST_KEY_CHARACTERS:
            return f"varbinary({_KEY_CHARACTERS if size.size_bytes <= _KEY_CHARACTERS else _MOST_KEY_CHARACTERS})"
        return "longblob"
    if pa.types.is_decimal(column.type):
        scale = column.type.scale
        most = _MOST_SCALE_OF_MARIADB if is_mariadb else _MOST_SCALE
        return f"decimal({column.type.precision},{scale})" if 0 <= scale <= most else "varchar(80)"
    if pa.types.is_nested(column.type):
        return "json"
    if column.type == SIMPLE["timestamptz"] and not size.is_in_range:
        return "datetime(6)"
    return _SIMPLE[column.type_text]


def keyed_columns(schema: TableSchema, others: Collection[TableSchema]) -> set[str]:
    """Return the columns by whose values rows are told apart or found: of keys and of references, of both ends."""
    found = {name for columns in schema.unique_sets for name in columns}
    for reference in schema.references:
        found |= set(reference.columns)
    for other in others:
        for reference in other.references:
            found |= set(reference.to) if reference.table == schema.name else set()
    return found
