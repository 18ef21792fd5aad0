"""Arrow values as Python values, with nothing lost, and the order in which parts sort them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import pyarrow as pa

from tdmvc.arrow.far_times import time_texts
from tdmvc.arrow.types import map_type


def python_values(column: pa.Array | pa.ChunkedArray) -> list[object]:
    """Return Python values: instants in UTC, and dates beyond the year 9999, which Python lacks, as text.

    A value does not depend on the other values of its column.
    """
    local = map_type(column.type, _without_zone)
    # With a zone, PyArrow may silently wrap a distant instant around, and imports pandas if it is installed.
    naive = column if local == column.type else column.cast(local)
    try:
        values = naive.to_pylist()
    except (ValueError, OverflowError):
        values = [_value(naive.slice(row, 1)) for row in range(len(naive))]
    if local == column.type:
        return list(values)
    return [_with_zone(value, column.type) for value in values]


def json_value(value: object) -> str:
    """Return what stands in JSON for a value that JSON lacks: bytes as hexadecimal digits, all else as text."""
    return value.hex() if isinstance(value, bytes) else str(value)


def python_rows(table: pa.Table) -> list[dict[str, object]]:
    """Return the rows of a small table, each by column name; see `python_values`."""
    columns = [python_values(column) for column in table.columns]
    return [dict(zip(table.column_names, cells, strict=True)) for cells in zip(*columns, strict=True)]


def key_rank(values: Iterable[object]) -> tuple[tuple[bool, object], ...]:
    """Return what orders a key as parts are sorted: nulls first; values that Python cannot compare, by their text."""
    return tuple(
        (value is not None, ascii(value) if isinstance(value, dict | list) else value) for value in values
    )


def _value(cell: pa.Array | pa.ChunkedArray) -> object:
    """Return one cell, with its dates as text if one of them is beyond Python's years."""
    try:
        return cell.to_pylist()[0]
    except (ValueError, OverflowError):
        return _far_values(cell.combine_chunks() if isinstance(cell, pa.ChunkedArray) else cell)[0]


def _far_values(cells: pa.Array) -> Sequence[object]:
    type_ = cells.type
    if pa.types.is_date(type_) or pa.types.is_timestamp(type_):
        return time_texts(cells)
    if pa.types.is_struct(type_):
        columns = [_far_values(column) for column in cells.flatten()]
        names = [type_.field(place).name for place in range(type_.num_fields)]
        rows = zip(*columns, strict=True)
        return [
            dict(zip(names, row, strict=True)) if is_valid else None
            for row, is_valid in zip(rows, cells.is_valid().to_pylist(), strict=True)
        ]
    if pa.types.is_nested(type_):
        return [list(_far_values(cell.values)) if cell.is_valid else None for cell in cells]
    return list(cells.to_pylist())


def _without_zone(leaf: pa.DataType) -> pa.DataType:
    return pa.timestamp(leaf.unit) if pa.types.is_timestamp(leaf) and leaf.tz is not None else leaf


def _with_zone(value: object, type_: pa.DataType) -> object:
    """Return a value with UTC put back to its instants, nested ones too."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if pa.types.is_timestamp(type_) and type_.tz is not None else value
    if isinstance(value, list):
        return [_with_zone(item, type_.value_type) for item in value]
    if isinstance(value, dict):
        return {name: _with_zone(item, type_.field(name).type) for name, item in value.items()}
    return value
