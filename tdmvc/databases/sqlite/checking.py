"""What the columns of a SQLite table would make of values, before any is written."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing

import pyarrow as pa

from tdmvc.arrow.types import SIMPLE
from tdmvc.databases.base import TableToWrite
from tdmvc.databases.findings import triggers_finding, value_finding, values_finding
from tdmvc.databases.sqlite.catalog import declared_types, is_strict_table
from tdmvc.databases.sqlite.creating import converted_columns
from tdmvc.databases.sqlite.indexes import read_triggers
from tdmvc.databases.sqlite.inserting import nan_finding
from tdmvc.databases.sqlite.storage import Affinity, affinity, count_nan, format_values
from tdmvc.databases.sqlite.type_changes import find_type_changes
from tdmvc.model.finding import Finding
from tdmvc.model.schema import Column, TableSchema

_STRICT = {"int": ("INT", "INTEGER", "REAL"), "real": ("REAL",), "text": ("TEXT",), "blob": ("BLOB",)}
"""The types that columns of a STRICT table may have for each kind of value that is not converted."""


def check_columns(
    database: sqlite3.Connection, table: TableToWrite, target: TableSchema
) -> Iterator[Finding]:
    """Yield what the columns of a table cannot hold, and what does not happen while rows are loaded."""
    types = declared_types(database, target.name)
    columns = [
        column
        for column in table.schema.columns
        if (other := target.column(column.name)) is not None and other.generated is None
    ]
    if is_strict_table(database, target.name):
        yield from _refused(table.schema.name, columns, types)
    for name in converted_columns(table, {column.name: types[column.name] for column in columns}):
        what = f"Some values of {table.schema.name}.{name} are texts or decimals"
        yield value_finding(table.schema.name, name, f"{what} that {_as(types[name])} would change.")
    yield from find_type_changes(table, columns, types)
    yield from _changed_numbers(table, columns, types)
    triggers = read_triggers(database, target.name)
    if triggers:
        yield triggers_finding(table.schema.name, target.name, triggers)


def _refused(table: str, columns: Sequence[Column], types: dict[str, str]) -> Iterator[Finding]:
    for column in columns:
        declared = types[column.name].upper()
        if declared and declared not in _STRICT[_kind(column.type)]:
            message = f"Values of {table}.{column.name} cannot be stored as {declared}, because the table is STRICT."
            yield value_finding(table, column.name, message)


def _kind(type_: pa.DataType) -> str:
    if pa.types.is_integer(type_) or type_ == SIMPLE["bool"]:
        return "int"
    if pa.types.is_floating(type_):
        return "real"
    return "blob" if type_ == SIMPLE["binary"] else "text"


def _changed_numbers(
    table: TableToWrite, columns: Sequence[Column], types: dict[str, str]
) -> Iterator[Finding]:
    """Yield the columns of numbers that their declared type would round, and those with NaN."""
    casts: dict[str, str] = {}
    for column in columns:
        kind = affinity(types[column.name])
        if pa.types.is_integer(column.type) and column.type.bit_width == 64 and kind is Affinity.REAL:
            casts[column.name] = "SELECT CAST(CAST(? AS REAL) AS INTEGER)"
        elif pa.types.is_floating(column.type) and kind is Affinity.TEXT:
            casts[column.name] = "SELECT CAST(CAST(? AS TEXT) AS REAL)"
    floats = [column for column in columns if pa.types.is_floating(column.type)]
    if not casts and not floats:
        return
    changed = dict.fromkeys(casts, 0)
    nans = dict.fromkeys((column.name for column in floats), 0)
    names = table.schema.column_names
    with closing(sqlite3.connect(":memory:")) as scratch:
        for batch in table.read():
            for name in nans:
                nans[name] += count_nan(batch.column(names.index(name)))
            for name, cast in casts.items():
                place = names.index(name)
                for value in format_values(batch.column(place), table.schema.columns[place]):
                    if value is not None and scratch.execute(cast, (value,)).fetchone()[0] != value:
                        changed[name] += 1
    for name, count in changed.items():
        if count:
            yield values_finding(table.schema.name, name, count, f"rounded by {_as(types[name])}")
    for name, count in nans.items():
        if count:
            yield nan_finding(table.schema.name, name, count)


def _as(declared: str) -> str:
    return f"the declared type {declared}" if declared else "a column without a type"
