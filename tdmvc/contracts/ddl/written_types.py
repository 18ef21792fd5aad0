"""The type of a column in a script for an engine: the one that the contract records if the engine has it."""

import re
from collections.abc import Mapping
from typing import Final

import pyarrow as pa

from tdmvc.arrow.types import format_type
from tdmvc.contracts.ddl.cursor import Cursor
from tdmvc.contracts.ddl.script import DdlScript
from tdmvc.contracts.ddl.type_words import read_type, typed
from tdmvc.contracts.ddl.types import KnownTypes
from tdmvc.model.schema import Column, TableSchema
from tdmvc.sql.types import duckdb_type

_PLAIN: Final[Mapping[str, Mapping[str, str]]] = {
    "sqlite": {
        **dict.fromkeys(
            ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"), "INTEGER"
        ),
        **{"bool": "bool", "float32": "REAL", "float64": "REAL", "string": "TEXT", "binary": "BLOB"},
        **{name: name for name in ("date", "time", "timestamp", "timestamptz")},
    },
    "postgresql": {
        **{"bool": "boolean", "int8": "smallint", "int16": "smallint", "int32": "integer", "int64": "bigint"},
        **{"uint8": "smallint", "uint16": "integer", "uint32": "bigint", "uint64": "numeric(20,0)"},
        **{
            "float32": "real",
            "float64": "double precision",
            "string": "text",
            "binary": "bytea",
            "date": "date",
        },
        **{"time": "time", "timestamp": "timestamp", "timestamptz": "timestamp with time zone"},
    },
    "mysql": {
        **{"bool": "tinyint(1)", "int8": "tinyint", "int16": "smallint", "int32": "int", "int64": "bigint"},
        **{"uint8": "tinyint unsigned", "uint16": "smallint unsigned", "uint32": "int unsigned"},
        **{"uint64": "bigint unsigned", "float32": "float", "float64": "double", "string": "longtext"},
        **{"binary": "longblob", "date": "date", "time": "time(6)", "timestamp": "datetime(6)"},
        "timestamptz": "timestamp(6)",
    },
}
_OWN: Final = {
    "postgresql": re.compile(
        r"(?:character varying|character|varchar|char|bit|bit varying)\(\d+\)|numeric(?:\(\d+, ?-?\d+\))?"
        r"|smallint|bigint|real|double precision|text"
        r"|uuid|jsonb?|inet|cidr|macaddr|interval|money|xml|tsvector|oid|bit varying"
        r"|(?:time|timestamp)(?:\(\d\))? with(?:out)? time zone"
        r"|(?:text|integer|bigint|smallint|boolean|uuid|double precision|numeric|real|date)\[\]"
    ),
    "mysql": re.compile(
        r"(?:var)?(?:char|binary)\(\d+\)|(?:tiny|medium|long)?(?:text|blob)|json|year|mediumint(?: unsigned)?"
        r"|(?:enum|set)\((?:'(?:[^']|'')*'(?:, ?(?='))?)+\)|decimal\(\d+,\d+\)|(?:datetime|timestamp|time)(?:\(\d\))?"
        r"|bit\(\d+\)|(?:tiny|small|big)int|(?:tiny|small|big)?int unsigned|double|float"
    ),
    "duckdb": re.compile(
        r"smallint|tinyint|bigint|uuid|json|interval|hugeint|uhugeint|timestamp_(?:s|ms|ns)|time with time zone|bit"
        r"|enum\((?:'(?:[^']|'')*'(?:, ?(?='))?)+\)"
    ),
}
_SQLITE_OWN = re.compile(r"[A-Za-z][A-Za-z0-9_ ]*(?:\(\s*\d+\s*(?:,\s*\d+\s*)?\))?")
_SHORT: Final = 255


def written_type(column: Column, dialect: str, *, is_keyed: bool) -> str:
    """Return the type of a column as a script for an engine writes it.

    Args:
        is_keyed: whether a key or an index has the column, for which MySQL needs a length.
    """
    physical = " ".join((column.physical_type or "").split())
    if (
        dialect == "postgresql"
        and column.user_types
        and all(one.dialect == dialect for one in column.user_types)
    ):
        return physical
    if dialect == "sqlite":
        if column.physical_type == "":
            return ""
        if physical and not column.is_untyped and _SQLITE_OWN.fullmatch(physical):
            return physical
    elif _OWN[dialect].fullmatch(physical) or _OWN[dialect].fullmatch(physical.lower()):
        return physical
    if dialect == "duckdb":
        return duckdb_type(column.type)
    if pa.types.is_decimal(column.type):
        return f"{'numeric' if dialect == 'postgresql' else 'decimal'}({column.type.precision},{column.type.scale})"
    if pa.types.is_nested(column.type):
        if (
            dialect == "postgresql"
            and pa.types.is_list(column.type)
            and not pa.types.is_nested(column.type.value_type)
        ):
            return _PLAIN[dialect].get(format_type(column.type.value_type), "text") + "[]"
        return {"postgresql": "jsonb", "mysql": "json", "sqlite": "JSON"}[dialect]
    name = format_type(column.type)
    if dialect == "mysql" and name in ("string", "binary"):
        limit = column.length_limit
        if is_keyed or (name == "string" and limit is not None and limit <= 16_383):
            return f"var{'char' if name == 'string' else 'binary'}({limit or _SHORT})"
    if dialect == "postgresql" and name == "string" and (limit := column.length_limit) is not None:
        return f"varchar({limit})"
    return _PLAIN[dialect][name]


def is_keyed(table: TableSchema, column: Column) -> bool:
    """Whether a key, a unique key or a reference has a column."""
    keyed = {*table.key, *(name for one in table.unique_sets for name in one)}
    return column.name in keyed | {name for one in table.references for name in one.columns}


def type_read_back(type_: str, dialect: str) -> pa.DataType:
    """Return the canonical type of a column whose type a script writes so."""
    script = DdlScript(type_, dialect)
    tokens = next((one.tokens for one in script.statements()), ())
    cursor = Cursor(script, tokens, "")
    return typed(cursor, read_type(cursor), KnownTypes())[0]
