"""Columns of any Arrow type, in canonical types: equal values, or an error that names the column."""

import pyarrow as pa
import pyarrow.compute as pc

from tdmvc.arrow.types import MAX_DECIMAL_DIGITS, SIMPLE, fields_of, is_canonical
from tdmvc.errors import SourceError
from tdmvc.sources.base import check_field_names
from tdmvc.sources.frames.columns import chunked, column_fault

_TEXT = "make it text, numbers or several columns."
_NO_TYPE = {
    pa.types.is_duration: ("a dataset has no durations", "add it in seconds, such as `.dt.total_seconds()`."),
    pa.types.is_interval: ("a dataset has no intervals", _TEXT),
    pa.types.is_map: ("a dataset has no maps", "make it a list of structs with key and value, or JSON text."),
    pa.types.is_union: ("a dataset has no unions", "give it one type, or write it as JSON text."),
}
_EXTENSION_REMEDY = "cast it to text, or to the type that it is stored as."


class _NoTypeError(Exception):
    """Why no canonical type holds a type, and what to do."""


def canonical_column(table: str, name: str, values: pa.ChunkedArray) -> tuple[pa.ChunkedArray, str | None]:
    """Return a column in its canonical type, and a note if that is not the type it had.

    Large texts, views and lists of fixed size only lie differently in memory: they get no note.

    Raises:
        SourceError: no canonical type holds its type, or one of its values.
    """
    try:
        target = _target(values.type)
    except _NoTypeError as error:
        why, remedy = error.args
        raise column_fault(table, name, f"its type is {values.type}, and {why}", remedy) from None
    check_field_names(target, f"table {table}, column {name}")
    try:
        values.validate(full=True)
        return _cast(values, target), _note(values.type, target)
    except (pa.ArrowException, UnicodeDecodeError, ValueError, OverflowError):
        # What Arrow says contains the value.
        raise _lost(table, name, values.type, target) from None


def _lost(table: str, name: str, source: pa.DataType, target: pa.DataType) -> SourceError:
    return column_fault(
        table,
        name,
        f"a value of the type {source} is damaged, or has no equal one in {target}, which is what a dataset keeps",
        "round it on purpose (`.dt.floor('us')` in pandas), or make it text.",
    )


def _target(type_: pa.DataType) -> pa.DataType:
    """Return the canonical type for a type.

    Raises:
        _NoTypeError: there is none.
    """
    for is_kind, why in _NO_TYPE.items():
        if is_kind(type_):
            raise _NoTypeError(*why)
    if isinstance(type_, pa.BaseExtensionType):
        if type_.extension_name == "arrow.json":
            return pa.string()
        raise _NoTypeError("a dataset has no such type", _EXTENSION_REMEDY)
    if pa.types.is_dictionary(type_) or pa.types.is_run_end_encoded(type_):
        return _target(type_.value_type)
    if pa.types.is_decimal(type_):
        return _decimal(type_)
    if pa.types.is_struct(type_):
        if not type_.num_fields:
            raise _NoTypeError("a struct needs fields", _TEXT)
        return pa.struct([pa.field(field.name, _target(field.type)) for field in fields_of(type_)])
    if hasattr(type_, "value_type"):  # every kind of list
        return pa.list_(_target(type_.value_type))
    for is_kind, target in _LAYOUTS.items():
        if is_kind(type_):
            return target
    if pa.types.is_timestamp(type_):
        return SIMPLE["timestamp" if type_.tz is None else "timestamptz"]
    if is_canonical(type_):
        return type_
    raise _NoTypeError("a dataset has no such type", _TEXT)


_LAYOUTS = {
    pa.types.is_null: SIMPLE["string"],
    pa.types.is_large_string: SIMPLE["string"],
    pa.types.is_string_view: SIMPLE["string"],
    pa.types.is_large_binary: SIMPLE["binary"],
    pa.types.is_binary_view: SIMPLE["binary"],
    pa.types.is_fixed_size_binary: SIMPLE["binary"],
    pa.types.is_float16: SIMPLE["float32"],
    pa.types.is_date: SIMPLE["date"],
    pa.types.is_time: SIMPLE["time"],
}


def _decimal(type_: pa.DataType) -> pa.DataType:
    """Return the decimal of 38 digits at most; values decide whether a wider one fits."""
    scale = max(type_.scale, 0)
    digits = type_.precision - type_.scale + scale
    if scale > MAX_DECIMAL_DIGITS:
        raise _NoTypeError("a dataset keeps 38 digits at most", "add it as text, or with fewer digits.")
    return pa.decimal128(min(max(digits, scale), MAX_DECIMAL_DIGITS), scale)


def _cast(values: pa.ChunkedArray, target: pa.DataType) -> pa.ChunkedArray:
    if values.type == target:
        return values
    if pa.types.is_run_end_encoded(values.type):
        decoded = [pc.run_end_decode(chunk) for chunk in values.chunks]
        return _cast(pa.chunked_array(decoded, values.type.value_type), target)
    if pa.types.is_dictionary(values.type):
        decoded = [chunk.dictionary_decode() for chunk in values.chunks]
        return _cast(pa.chunked_array(decoded, values.type.value_type), target)
    if _has_view_or_runs(values.type):
        # Arrow's own cast of a list view gives other values.
        return pa.chunked_array([pa.array(chunk.to_pylist(), target) for chunk in values.chunks], target)
    return chunked(values.cast(target))


def _has_view_or_runs(type_: pa.DataType) -> bool:
    if (
        pa.types.is_list_view(type_)
        or pa.types.is_large_list_view(type_)
        or pa.types.is_run_end_encoded(type_)
    ):
        return True
    return any(_has_view_or_runs(type_.field(i).type) for i in range(type_.num_fields))


def _note(source: pa.DataType, target: pa.DataType) -> str | None:
    """Return how a canonical type differs from the type of a column, for a person who knows that one."""
    if pa.types.is_dictionary(source) and pa.types.is_string(target):
        return "categories, kept as text"
    if pa.types.is_dictionary(source):
        return f"categories, kept as their values ({target})"
    if pa.types.is_timestamp(source) and source.tz not in (None, "UTC"):
        return f"times of the zone {source.tz}, kept as the same instants in UTC"
    if pa.types.is_timestamp(source) or pa.types.is_time(source):
        return "times in nanoseconds, kept in microseconds" if source.unit == "ns" else None
    if pa.types.is_float16(source) or (pa.types.is_decimal(source) and source != target):
        return f"{source}, kept as {target}"
    return "null in all rows, so its type is not known yet" if pa.types.is_null(source) else None
