"""Finds columns that come back from SQLite with another type, because SQLite has only texts and numbers."""

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from tdmvc.arrow.compute import call_function
from tdmvc.arrow.types import leaf_types
from tdmvc.databases.base import TableToWrite
from tdmvc.databases.sqlite.storage import is_number_text, may_convert
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.schema import Column
from tdmvc.sql.nested_texts import is_json_type

_DAYS = (-719_162, 2_932_896)
"""The years 1 to 9999, whose dates have four digits for the year."""
_DAY_MICROSECONDS = 86_400_000_000
_BYTES = (
    "has bytes in lists or structs, which are stored as hexadecimal digits in JSON: it reads back as text"
)
_FAR = "has dates before the year 1 or after 9999, infinite ones, or times of 24:00: it reads back as text"
_NUMBERS = "has texts that its declared type makes numbers: it reads back as numbers"


def find_type_changes(
    table: TableToWrite, columns: Sequence[Column], types: Mapping[str, str]
) -> list[Finding]:
    """Return the columns that would read back with another type; rows are read only if it depends on them.

    Args:
        types: the declared type of each column.
    """
    found = {
        column.name: _BYTES
        for column in columns
        if pa.types.is_nested(column.type) and not is_json_type(column.type)
    }
    found |= dict.fromkeys(_far_columns(table, columns), _FAR)
    found |= dict.fromkeys(_number_columns(table, columns, types), _NUMBERS)
    return [
        Finding(
            "value-replaced",
            Severity.WARNING,
            f"{table.schema.name}.{name} {why}.",
            table=table.schema.name,
            columns=(name,),
        )
        for name, why in found.items()
    ]


def _far_columns(table: TableToWrite, columns: Sequence[Column]) -> Iterator[str]:
    doubtful = {column.name for column in columns if any(map(pa.types.is_temporal, leaf_types(column.type)))}
    if not doubtful:
        return
    for batch in table.read():
        for name in sorted(doubtful):
            if any(map(_is_far, _leaves(batch.column(name)))):
                doubtful.remove(name)
                yield name


def _number_columns(table: TableToWrite, columns: Sequence[Column], types: Mapping[str, str]) -> list[str]:
    """Return the columns of texts that are all numbers to SQLite."""
    doubtful = {
        column.name: False
        for column in columns
        if pa.types.is_string(column.type) and may_convert(column, types[column.name])
    }
    if not doubtful:
        return []
    texts = dict.fromkeys(doubtful, 0)
    for batch in table.read():
        for name in doubtful:
            values = batch.column(name).drop_null().to_pylist()
            texts[name] += len(values)
            doubtful[name] |= not all(is_number_text(value) for value in values)
    return [name for name, has_other in doubtful.items() if texts[name] and not has_other]


def _leaves(array: pa.Array) -> Iterator[pa.Array]:
    if pa.types.is_list(array.type) or pa.types.is_struct(array.type):
        flat = array.flatten()
        for child in flat if isinstance(flat, list) else [flat]:
            yield from _leaves(child)
    else:
        yield array


def _is_far(array: pa.Array) -> bool:
    if not pa.types.is_temporal(array.type):
        return False
    is_date = pa.types.is_date(array.type)
    bounds = call_function("min_max", [array.cast(pa.int32() if is_date else pa.int64())]).as_py()
    if bounds["min"] is None:
        return False
    if pa.types.is_time(array.type):
        return bool(bounds["max"] >= _DAY_MICROSECONDS)
    unit = 1 if is_date else _DAY_MICROSECONDS
    return bool(bounds["min"] < _DAYS[0] * unit or bounds["max"] >= (_DAYS[1] + 1) * unit)
