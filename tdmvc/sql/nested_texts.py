"""Lists and structs that come as JSON text, as from SQLite: read as what they were, if nothing changes its meaning."""

import datetime as dt
import json
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa

from tdmvc.arrow.types import SIMPLE, fields_of, leaf_types
from tdmvc.sql.types import duckdb_type

_NOT_FINITE = ("NaN", "Infinity", "-Infinity")


def is_json_type(type_: pa.DataType) -> bool:
    """Whether JSON text can hold every value of a list or struct: one without bytes."""
    return bool(pa.types.is_nested(type_)) and not any(map(pa.types.is_binary, leaf_types(type_)))


def json_reader(type_: pa.DataType) -> Callable[[pa.Array], pa.Array]:
    """Return a function that gives JSON text that DuckDB casts to the type; null for a text with another meaning."""

    def read(texts: pa.Array) -> pa.Array:
        return pa.array([_read(text, type_) for text in texts.to_pylist()], pa.string())

    return read


def as_json(value: str, type_: pa.DataType) -> str:
    """Return SQL for the text of a list or struct: JSON, if that has a form for all that is in it."""
    has_form = is_json_type(type_) and not any(map(pa.types.is_decimal, leaf_types(type_)))
    return f"CAST({f'to_json({value})' if has_form else value} AS VARCHAR)"


def from_json(text: str, type_: pa.DataType) -> str:
    """Return SQL that casts a text of a `json_reader` to the type."""
    return f"CAST(CAST({text} AS JSON) AS {duckdb_type(type_)})"


def _read(text: str | None, type_: pa.DataType) -> str | None:
    if text is None:
        return None
    try:
        value = json.loads(text, parse_float=Decimal, object_pairs_hook=_without_repeats)
        # The text `null` is no null.
        return None if value is None else json.dumps(_value(value, type_), ensure_ascii=False)
    except (ValueError, TypeError, ArithmeticError, RecursionError):
        return None


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a name is repeated")
    return value


def _value(value: object, type_: pa.DataType) -> object:
    """Return a JSON value that DuckDB reads as the same value of the type.

    Raises:
        ValueError: the type would change it; so do TypeError and ArithmeticError.
    """
    if value is None:
        return None
    if pa.types.is_list(type_):
        return [_value(item, type_.value_type) for item in _need(value, list)]
    if pa.types.is_struct(type_):
        fields = {field.name: field.type for field in fields_of(type_)}
        inner = _need(value, dict)
        if inner.keys() != fields.keys():
            raise ValueError("other fields")
        return {name: _value(inner[name], field) for name, field in fields.items()}
    if pa.types.is_boolean(type_):
        return _need(value, bool)
    if pa.types.is_string(type_):
        return _need(value, str)
    if pa.types.is_temporal(type_):
        return _moment(_need(value, str), type_)
    if pa.types.is_decimal(type_):
        number = Decimal(_need(value, int, Decimal, str))
        return format(pa.scalar(number, type_).as_py(), "f")
    if pa.types.is_floating(type_) and (isinstance(value, float) or value in _NOT_FINITE):
        return value  # a bare NaN, as Python and JSON5 write it, or a text, because JSON has none
    number = _need(value, int, Decimal)
    if pa.types.is_integer(type_):
        return pa.scalar(_need(number, int), type_).as_py()
    found = pa.scalar(float(number), type_).as_py()
    if not math.isfinite(found) or Decimal(repr(found)) != number:
        raise ValueError("a float with other digits")
    return found


def _need(value: object, *kinds: type) -> Any:
    if type(value) not in kinds:
        raise TypeError("another kind of value")
    return value


def _moment(text: str, type_: pa.DataType) -> str:
    """Return a date or time that is written as SQLite gets it."""
    if pa.types.is_date(type_):
        found: object = dt.date.fromisoformat(text)
    elif pa.types.is_time(type_):
        found = dt.time.fromisoformat(text)
    else:
        moment = dt.datetime.fromisoformat(text)
        if (moment.tzinfo is not None) is not (type_ == SIMPLE["timestamptz"]):
            raise ValueError("with or without a zone")
        found = moment
    if str(found) != text:
        raise ValueError("another form")
    return text
