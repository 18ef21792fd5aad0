"""Which canonical type holds the values of each DuckDB type, and the SQL that brings them there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast

import pyarrow as pa

from tdmvc.model.types import MAX_DECIMAL_DIGITS, SIMPLE, duckdb_type
from tdmvc.sql.quoting import quote_name, quote_text


class DuckType(Protocol):
    """What is needed of a `duckdb.DuckDBPyType`, so that this module needs no DuckDB."""

    @property
    def id(self) -> str: ...

    @property
    def children(self) -> Sequence[tuple[str, object]]: ...


@dataclass(frozen=True, slots=True)
class CanonicalForm:
    """How a DuckDB column enters a table."""

    type: pa.DataType
    physical_type: str | None = None
    """The DuckDB type in lower case, where it is more than the canonical type says."""
    may_lose: bool = False
    """Some values of the DuckDB type have no place in the canonical one: ask `loss_condition`."""
    has_map: bool = False

    def expression(self, sql: str, source: DuckType) -> str:
        """Return the SQL that turns `sql`, of the DuckDB type `source`, into the canonical type."""
        value = _rebuilt(sql, source, depth=0) if self.has_map else sql
        return f"CAST({value} AS {duckdb_type(self.type)})"

    def loss_condition(self, sql: str, source: DuckType) -> str:
        """Return an SQL condition that is true for a value that the canonical type cannot hold."""
        there = f"TRY_CAST({sql} AS {duckdb_type(self.type)})"
        return f"TRY_CAST({there} AS {source}) IS DISTINCT FROM {sql}"


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
_AS_TEXT = {"uuid", "enum", "interval", "bit", "time with time zone", "bignum", "varint"}
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
_NEVER_LOSES = {"timestamp_s", "timestamp_ms"}


def canonical_form(source: DuckType) -> CanonicalForm | None:
    """Return how a column of this DuckDB type is kept, or None where no canonical type holds it.

    Unions, variants, and nanoseconds or huge integers inside of maps have no form.
    """
    kind = source.id.lower()
    match kind:
        case "varchar" if str(source) == "JSON":
            return CanonicalForm(pa.string(), "json")
        case "decimal":
            sizes = dict(source.children)
            return CanonicalForm(pa.decimal128(cast(int, sizes["precision"]), cast(int, sizes["scale"])))
        case "list" | "array":
            return _list_form(source)
        case "struct":
            return _struct_form(source)
        case "map":
            return _map_form(source)
    if kind in _EXACT:
        return CanonicalForm(SIMPLE[_EXACT[kind]])
    if kind in _AS_TEXT or kind in _AS_TEXT_IF_SAME:
        return CanonicalForm(pa.string(), kind, may_lose=kind in _AS_TEXT_IF_SAME)
    if kind in _FINER_OR_WIDER:
        return CanonicalForm(_FINER_OR_WIDER[kind], kind, may_lose=kind not in _NEVER_LOSES)
    return None


def _list_form(source: DuckType) -> CanonicalForm | None:
    inner = canonical_form(_child(source, "child"))
    if inner is None:
        return None
    is_plain = inner.physical_type is None and source.id.lower() == "list"
    return _nested(pa.list_(inner.type), source, [inner], is_plain=is_plain)


def _struct_form(source: DuckType) -> CanonicalForm | None:
    names = [name for name, _ in source.children]
    forms = [canonical_form(cast(DuckType, child)) for _, child in source.children]
    known = [form for form in forms if form is not None]
    if len(known) < len(forms) or not all(names):
        return None
    type_ = pa.struct([pa.field(name, form.type) for name, form in zip(names, known, strict=True)])
    return _nested(type_, source, known, is_plain=all(form.physical_type is None for form in known))


def _map_form(source: DuckType) -> CanonicalForm | None:
    key, value = canonical_form(_child(source, "key")), canonical_form(_child(source, "value"))
    if key is None or value is None or key.may_lose or value.may_lose:
        return None
    entry = pa.struct([pa.field("key", key.type), pa.field("value", value.type)])
    return CanonicalForm(pa.list_(entry), str(source).lower(), has_map=True)


def _nested(
    type_: pa.DataType, source: DuckType, inner: list[CanonicalForm], *, is_plain: bool
) -> CanonicalForm | None:
    may_lose = any(form.may_lose for form in inner)
    has_map = any(form.has_map for form in inner)
    if may_lose and has_map:
        return None
    return CanonicalForm(type_, None if is_plain else str(source).lower(), may_lose, has_map)


def _rebuilt(sql: str, source: DuckType, *, depth: int) -> str:
    """Spell out a nested value, since DuckDB casts no map to a list of its entries."""
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
                + _rebuilt(f"struct_extract({sql}, {quote_text(name)})", cast(DuckType, child), depth=depth)
                for name, child in source.children
            )
            return f"CASE WHEN {sql} IS NULL THEN NULL ELSE struct_pack({fields}) END"
    return sql


def _child(source: DuckType, name: str) -> DuckType:
    return cast(DuckType, dict(source.children)[name])
