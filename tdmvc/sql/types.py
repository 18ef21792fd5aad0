"""DuckDB's names for the canonical types, and the SQL that casts its other types to them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

import pyarrow as pa

from tdmvc.arrow.types import MAX_DECIMAL_DIGITS, SIMPLE, fields_of
from tdmvc.errors import SourceError
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.quoting import quote_name, quote_text

_DUCKDB: dict[pa.DataType, str] = {
    SIMPLE["bool"]: "BOOLEAN",
    SIMPLE["int8"]: "TINYINT",
    SIMPLE["int16"]: "SMALLINT",
    SIMPLE["int32"]: "INTEGER",
    SIMPLE["int64"]: "BIGINT",
    SIMPLE["uint8"]: "UTINYINT",
    SIMPLE["uint16"]: "USMALLINT",
    SIMPLE["uint32"]: "UINTEGER",
    SIMPLE["uint64"]: "UBIGINT",
    SIMPLE["float32"]: "FLOAT",
    SIMPLE["float64"]: "DOUBLE",
    SIMPLE["string"]: "VARCHAR",
    SIMPLE["binary"]: "BLOB",
    SIMPLE["date"]: "DATE",
    SIMPLE["time"]: "TIME",
    SIMPLE["timestamp"]: "TIMESTAMP",
    SIMPLE["timestamptz"]: "TIMESTAMPTZ",
}


def no_rows(schema: pa.Schema) -> str:
    """Return SQL to put behind FROM: the columns, and no row."""
    columns = ", ".join(f"CAST(NULL AS {duckdb_type(f.type)}) AS {quote_name(f.name)}" for f in schema)
    return f"(SELECT {columns or 'NULL'} WHERE false)"


def duckdb_type(type_: pa.DataType) -> str:
    """Return the DuckDB name of a canonical type, safe to put into SQL."""
    if type_ in _DUCKDB:
        return _DUCKDB[type_]
    if pa.types.is_decimal(type_):
        return f"DECIMAL({type_.precision},{type_.scale})"
    if pa.types.is_list(type_):
        return f"{duckdb_type(type_.value_type)}[]"
    if pa.types.is_struct(type_):
        fields = ", ".join(
            f"{quote_name(field.name)} {duckdb_type(field.type)}" for field in fields_of(type_)
        )
        return f"STRUCT({fields})"
    raise ValueError(f"{type_} is not a canonical type")


class DuckDBType(Protocol):
    """The part of `duckdb.DuckDBPyType` that is used here; this module does not import DuckDB."""

    @property
    def id(self) -> str: ...

    @property
    def children(self) -> Sequence[tuple[str, object]]: ...


@dataclass(frozen=True, slots=True)
class CanonicalForm:
    """The canonical type that a DuckDB column is read as."""

    source: DuckDBType
    """The column's own type."""
    type: pa.DataType
    physical_type: str | None = None
    """The DuckDB type in lower case, if the canonical type does not say it all."""
    may_lose: bool = False
    """Whether the canonical type cannot hold some values of the DuckDB type."""
    has_map: bool = False

    def expression(self, sql: str) -> str:
        """Return SQL that casts `sql`, an expression of the source's type, to the canonical type."""
        value = _rebuilt(sql, self.source, depth=0) if self.has_map else sql
        return f"CAST({value} AS {duckdb_type(self.type)})"

    def loss_condition(self, sql: str) -> str:
        """Return an SQL condition that is true for a value that the canonical type cannot hold."""
        cast_value = f"TRY_CAST({sql} AS {duckdb_type(self.type)})"
        return f"TRY_CAST({cast_value} AS {self.source}) IS DISTINCT FROM {sql}"


def check_losses(con: DuckDBConnection, scan: str, table: str, forms: Mapping[str, CanonicalForm]) -> None:
    """Refuse a table with a value that its column's canonical type cannot hold; reads only columns that may have one.

    Args:
        scan: what to read, as SQL that can follow FROM.
        forms: of each column.

    Raises:
        SourceError: there is such a value.
    """
    doubtful = {name: form for name, form in forms.items() if form.may_lose}
    if not doubtful:
        return
    tests = ", ".join(
        f"coalesce(bool_or({form.loss_condition(quote_name(name))}), false)"
        for name, form in doubtful.items()
    )
    row = con.execute(f"SELECT {tests} FROM {scan}").fetchall()[0]
    for (name, form), is_lossy in zip(doubtful.items(), row, strict=True):
        if is_lossy:
            raise loss_error(table, name, str(form.source))


def loss_error(table: str, column: str, source: str) -> SourceError:
    """Return the error for a value of the type `source` that no canonical type can hold."""
    return SourceError.would_lose(
        table,
        column,
        f"a value of the type {source} has more digits than the canonical type (microseconds; 38 digits).",
        remedy="round the column, or make it text.",
    )


_EXACT = {
    "boolean": "bool",
    "tinyint": "int8",
    "smallint": "int16",
    "integer": "int32",
    "bigint": "int64",
    "utinyint": "uint8",
    "usmallint": "uint16",
    "uinteger": "uint32",
    "ubigint": "uint64",
    "float": "float32",
    "double": "float64",
    "varchar": "string",
    "blob": "binary",
    "date": "date",
    "time": "time",
    "timestamp": "timestamp",
    "timestamp with time zone": "timestamptz",
    '"null"': "string",
    "null": "string",
    "sqlnull": "string",
}
_AS_TEXT = {"uuid", "interval", "bit", "time with time zone", "bignum", "varint"}
_AS_TEXT_IF_SAME = {"geometry"}
_FINER_OR_WIDER: dict[str, pa.DataType] = {
    "timestamp_s": SIMPLE["timestamp"],
    "timestamp_ms": SIMPLE["timestamp"],
    "timestamp_ns": SIMPLE["timestamp"],
    "timestamptz_ns": SIMPLE["timestamptz"],
    "time_ns": SIMPLE["time"],
    "hugeint": pa.decimal128(MAX_DECIMAL_DIGITS, 0),
    "uhugeint": pa.decimal128(MAX_DECIMAL_DIGITS, 0),
}
_PIECE = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[^'"]+""")
_NEVER_LOSES = {"timestamp_s", "timestamp_ms"}


def canonical_form(source: DuckDBType, column: str, where: str) -> CanonicalForm:
    """Return how to read a column of this DuckDB type.

    Args:
        column: its name, for the error.
        where: the file or table, for the error.

    Raises:
        SourceError: no canonical type can hold the column.
    """
    form = find_canonical_form(source)
    if form is None:
        raise SourceError.unreadable(
            where,
            f"the type of column {column} is {source}, which no table can hold.",
            remedy="make it text, JSON or several columns.",
        )
    return form


def find_canonical_form(source: DuckDBType) -> CanonicalForm | None:
    """Return how to read a column of this DuckDB type, or None if no canonical type can hold it.

    Unions, variants, and nanoseconds or huge integers inside maps have no canonical form.
    """
    kind = source.id.lower()
    match kind:
        case "varchar" if str(source) == "JSON":
            return CanonicalForm(source, pa.string(), "json")
        case "decimal":
            sizes = dict(source.children)
            type_ = pa.decimal128(cast(int, sizes["precision"]), cast(int, sizes["scale"]))
            return CanonicalForm(source, type_)
        case "list" | "array":
            return _list_form(source)
        case "struct":
            return _struct_form(source)
        case "map":
            return _map_form(source)
    if kind in _EXACT:
        return CanonicalForm(source, SIMPLE[_EXACT[kind]])
    if kind == "enum":
        return CanonicalForm(source, pa.string(), _type_text(source))
    if kind in _AS_TEXT or kind in _AS_TEXT_IF_SAME:
        return CanonicalForm(source, pa.string(), kind, may_lose=kind in _AS_TEXT_IF_SAME)
    if kind in _FINER_OR_WIDER:
        return CanonicalForm(source, _FINER_OR_WIDER[kind], kind, may_lose=kind not in _NEVER_LOSES)
    return None


def _type_text(source: DuckDBType) -> str:
    """Return a type in lower case, except for names and labels in quotes."""
    return _PIECE.sub(lambda found: found[0] if found[0][0] in "'\"" else found[0].lower(), str(source))


def _list_form(source: DuckDBType) -> CanonicalForm | None:
    inner = find_canonical_form(_child(source, "child"))
    if inner is None:
        return None
    is_plain = inner.physical_type is None and source.id.lower() == "list"
    return _nested(pa.list_(inner.type), source, [inner], is_plain=is_plain)


def _struct_form(source: DuckDBType) -> CanonicalForm | None:
    names = [name for name, _ in source.children]
    forms = [find_canonical_form(cast(DuckDBType, child)) for _, child in source.children]
    known = [form for form in forms if form is not None]
    if len(known) < len(forms) or not all(names):
        return None
    type_ = pa.struct([pa.field(name, form.type) for name, form in zip(names, known, strict=True)])
    return _nested(type_, source, known, is_plain=all(form.physical_type is None for form in known))


def _map_form(source: DuckDBType) -> CanonicalForm | None:
    key, value = find_canonical_form(_child(source, "key")), find_canonical_form(_child(source, "value"))
    if key is None or value is None or key.may_lose or value.may_lose:
        return None
    entry = pa.struct([pa.field("key", key.type), pa.field("value", value.type)])
    return CanonicalForm(source, pa.list_(entry), _type_text(source), has_map=True)


def _nested(
    type_: pa.DataType, source: DuckDBType, inner: list[CanonicalForm], *, is_plain: bool
) -> CanonicalForm | None:
    may_lose = any(form.may_lose for form in inner)
    has_map = any(form.has_map for form in inner)
    if may_lose and has_map:
        return None
    return CanonicalForm(source, type_, None if is_plain else _type_text(source), may_lose, has_map)


def _rebuilt(sql: str, source: DuckDBType, *, depth: int) -> str:
    """Rebuild a nested value field by field, because DuckDB cannot cast a map to a list of entries."""
    item = f"e{depth}"
    match source.id.lower():
        case "map":
            key = _rebuilt(f'{item}."key"', _child(source, "key"), depth=depth + 1)
            value = _rebuilt(f'{item}."value"', _child(source, "value"), depth=depth + 1)
            entry = f'struct_pack("key" := {key}, "value" := {value})'
            return f"list_transform(map_entries({sql}), lambda {item}: {entry})"
        case "list" | "array":
            inner = _rebuilt(item, _child(source, "child"), depth=depth + 1)
            return f"list_transform({sql}, lambda {item}: {inner})"
        case "struct":
            fields = ", ".join(
                f"{quote_name(name)} := "
                + _rebuilt(f"struct_extract({sql}, {quote_text(name)})", cast(DuckDBType, child), depth=depth)
                for name, child in source.children
            )
            return f"CASE WHEN {sql} IS NULL THEN NULL ELSE struct_pack({fields}) END"
    return sql


def _child(source: DuckDBType, name: str) -> DuckDBType:
    return cast(DuckDBType, dict(source.children)[name])
