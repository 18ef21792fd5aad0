"""Cells as values of JSON, exactly."""

import base64
import math
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal

import numpy as np
import pyarrow as pa

from tdmvc.arrow.types import fields_of
from tdmvc.arrow.values import python_values
from tdmvc.documents.json_text import Json, as_integer, parse_json
from tdmvc.model.schema import Column


class NoJson:
    """What stands for a cell that JSON has no value for: NaN, an infinity, a text that is no JSON."""


NO_JSON = NoJson()
JsonCell = Json | float | NoJson
"""A cell: floating-point numbers are as they are, decimals exact."""


def json_cells(column: Column, cells: pa.Array, *, is_text: bool = False) -> Sequence[JsonCell]:
    """Return cells as JSON has them.

    Whole numbers and decimals keep all digits, a float32 is the shortest number that means it; dates and times are
    texts of RFC 3339, instants in UTC with a Z; bytes are Base64. A null inside of a struct is an absent property.

    Args:
        is_text: whether the column holds JSON texts, even if its type does not say so.
    """
    if is_text or column.is_json:
        return [None if text is None else _parsed(str(text)) for text in cells.to_pylist()]
    convert = _converter(cells.type)
    return [None if value is None else convert(value) for value in python_values(cells)]


def with_whole_numbers(value: JsonCell) -> JsonCell:
    """Return a value with each number that has no fraction as a whole one."""
    if isinstance(value, list):
        return [with_whole_numbers(one) for one in value]  # type: ignore[misc]
    if isinstance(value, dict):
        return {name: with_whole_numbers(one) for name, one in value.items()}  # type: ignore[misc]
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, Decimal):
        whole = as_integer(value)
        return value if whole is None else whole
    return value


def _parsed(text: str) -> JsonCell:
    try:
        return parse_json(text)
    except ValueError:
        return NO_JSON


def _converter(type_: pa.DataType) -> Callable[[object], JsonCell]:
    if pa.types.is_float32(type_):
        return _single
    if pa.types.is_floating(type_):
        return lambda value: value if isinstance(value, float) and math.isfinite(value) else NO_JSON
    if pa.types.is_list(type_):
        inner = _converter(type_.value_type)
        return lambda value: _list(value, inner)
    if pa.types.is_struct(type_):
        fields = {field.name: _converter(field.type) for field in fields_of(type_)}
        return lambda value: _object(value, fields)
    return _scalar


def _single(value: object) -> JsonCell:
    if not isinstance(value, float) or not math.isfinite(value):
        return NO_JSON
    return float(str(np.float32(value)))


def _list(value: object, inner: Callable[[object], JsonCell]) -> JsonCell:
    assert isinstance(value, list)
    found = [None if one is None else inner(one) for one in value]
    return NO_JSON if any(one is NO_JSON for one in found) else found  # type: ignore[return-value]


def _object(value: object, fields: dict[str, Callable[[object], JsonCell]]) -> JsonCell:
    assert isinstance(value, dict)
    found = {name: fields[name](one) for name, one in value.items() if one is not None}
    return NO_JSON if any(one is NO_JSON for one in found.values()) else found  # type: ignore[return-value]


def _scalar(value: object) -> JsonCell:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date | time):
        return value.isoformat()
    return value  # type: ignore[return-value]
