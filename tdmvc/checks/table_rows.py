"""SQL about the rows of a table, and the keys of the first few of them as text."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase

import pyarrow as pa

from tdmvc.arrow.types import SIMPLE
from tdmvc.model.diff import TableSide
from tdmvc.model.masking import MASK
from tdmvc.model.schema import Column, TableSchema
from tdmvc.model.sensitive_values import kind_of_value
from tdmvc.model.text import format_key
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.quoting import quote_name, scan_parquet
from tdmvc.sql.types import no_rows

SHOWN_KEYS = 5
"""How many keys of rows a message names."""

Tables = Mapping[str, TableSide]
"""The tables of a state, by name."""


def locate_parts(side: TableSide) -> list[Path]:
    """Return the file of every part; twice if a table without a key holds the part twice."""
    counts = Counter(side.parts)
    if not counts:
        return []
    names = sorted(counts)
    paths = list(side.locate(names))
    for name in names:
        if counts[name] > 1:
            paths.extend(list(side.locate([name])) * (counts[name] - 1))
    return paths


def rows_sql(schema: TableSchema, paths: Sequence[Path]) -> str:
    """Return SQL to put behind FROM: the rows, under the names of their columns."""
    return scan_parquet(paths) if paths else no_rows(schema.arrow_schema())


def side_sql(side: TableSide) -> str:
    """Return SQL to put behind FROM: all rows of a side."""
    return rows_sql(side.schema, locate_parts(side))


def repeated_sql(
    columns: Sequence[Column], source: str, more: str = "", *, nulls_distinct: bool = True
) -> str:
    """Return a SELECT of the values of columns that appear more than once, as the columns' collations compare them.

    Args:
        source: SQL to put behind FROM.
        more: SQL behind the columns: `, count(*)`.
        nulls_distinct: whether a value with a null never repeats.
    """
    forms = [compared_sql(column, quote_name(column.name)) for column in columns]
    names = ", ".join(
        form if form == quote_name(column.name) else f"{form} AS {quote_name(column.name)}"
        for column, form in zip(columns, forms, strict=True)
    )
    where = f" WHERE {_is_whole(columns)}" if nulls_distinct else ""
    return f"SELECT {names}{more} FROM {source}{where} GROUP BY {', '.join(forms)} HAVING count(*) > 1"


def compared_sql(column: Column, sql: str) -> str:
    """Return SQL for a value in the form in which the collation of its column compares it.

    A floating-point number is compared as a text: by the statistics of Parquet files, which leave NaN out, DuckDB
    finds no NaN that is equal to another one. Both zeros are one number, as in the unique keys of databases.
    """
    if pa.types.is_floating(column.type):
        # It may be such a text already.
        text = f"CAST({sql} AS VARCHAR)"
        return f"CASE {text} WHEN '-0.0' THEN '0.0' ELSE {text} END"
    collation = column.collation
    if collation is None or collation.dialect != "sqlite" or not pa.types.is_string(column.type):
        return sql
    if collation.name.upper() == "NOCASE":  # of ASCII letters only
        return f"translate({sql}, '{ascii_uppercase}', '{ascii_lowercase}')"
    return f"rtrim({sql}, ' ')" if collation.name.upper() == "RTRIM" else sql


def join_sql(columns: Sequence[Column], left: str, right: str, *, nulls_distinct: bool = True) -> str:
    """Return an SQL condition for two rows that a unique key takes for equal."""
    equals = "=" if nulls_distinct else "IS NOT DISTINCT FROM"
    pairs = (
        [compared_sql(column, f"{side}.{quote_name(column.name)}") for side in (left, right)]
        for column in columns
    )
    return " AND ".join(f"{one} {equals} {other}" for one, other in pairs)


def _is_whole(columns: Sequence[Column]) -> str:
    return " AND ".join(f"{quote_name(column.name)} IS NOT NULL" for column in columns)


def first_keys(
    con: DuckDBConnection, schema: TableSchema, source: str, *, is_personal: bool
) -> tuple[str, ...]:
    """Return the keys of the first rows in key order as texts; none for a table without a key.

    Args:
        source: SQL to put behind FROM, with its WHERE; it has the key columns.
        is_personal: return a mask instead of each key.
    """
    if not schema.key:
        return ()
    order = ", ".join(f"{quote_name(name)} NULLS FIRST" for name in schema.key)
    texts = ", ".join(text_sql(column, quote_name(column.name)) for column in key_columns(schema))
    rows = con.execute(f"SELECT {texts} FROM {source} ORDER BY {order} LIMIT {SHOWN_KEYS}").fetchall()
    open_columns = [not column.is_classified for column in key_columns(schema)]
    is_personal = is_personal or any(
        is_open and kind_of_value(cell) is not None
        for row in rows
        for cell, is_open in zip(row, open_columns, strict=True)
    )
    return (MASK,) * len(rows) if is_personal else tuple(format_key(row) for row in rows)


def format_keys(key: Sequence[str], keys: Sequence[str], count: int) -> str:
    """Return the shown keys for a message: ` (id: 1, 3, …)`; nothing for masks, which would only repeat the count."""
    if not keys or keys[0] == MASK:
        return ""
    return f" ({', '.join(key)}: {list_keys(keys, count)})"


def list_keys(keys: Sequence[str], count: int) -> str:
    """Return the shown keys for a message: `7, 9, …`."""
    return f"{', '.join(keys)}{', …' if count > len(keys) else ''}"


def key_columns(schema: TableSchema) -> list[Column]:
    """Return the columns of the key, in key order."""
    by_name = {column.name: column for column in schema.columns}
    return [by_name[name] for name in schema.key]


def has_personal_key(schema: TableSchema) -> bool:
    return any(column.is_personal for column in key_columns(schema))


def text_sql(column: Column, sql: str) -> str:
    """Return the SQL of a value's text, the same in every time zone."""
    if column.type == SIMPLE["timestamptz"]:
        return f"CAST(({sql} AT TIME ZONE 'UTC') AS VARCHAR) || '+00'"
    return f"CAST({sql} AS VARCHAR)"
